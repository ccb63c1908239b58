//! Which suites of phase 1 an IKEv1 responder accepts.
//!
//! A transform of IKEv1 is a whole suite, and the answer to many of them names the one that was chosen. So that one is taken
//! out, and the rest asked for again, until all of it is refused. The likeliest suites are asked for first, in one packet;
//! the others in datagrams as large as a proposal can be, for it counts its transforms in one byte.

use std::collections::VecDeque;

use shakedown_wire::ike::Phase1Suite;

use super::suites::method;

/// How many suites are asked for in a datagram that is not to be fragmented on its way.
pub(super) const SMALL: usize = 40;
/// The most transforms of a proposal.
const LARGE: usize = 255;

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OldReply {
    /// This one is chosen.
    Chosen(Phase1Suite),
    /// None of them.
    Refused,
    /// No answer came.
    Silent,
    /// It was not asked, or cannot be told.
    Unknown,
}

/// Who answers.
pub(super) trait OldResponder {
    /// Which of these suites would be chosen.
    async fn ask(&mut self, suites: &[Phase1Suite]) -> OldReply;
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct OldFound {
    /// Suites that are accepted, in the order in which the responder chose them.
    pub(super) accepted: Vec<Phase1Suite>,
    /// Whether no other suite is, with a pre-shared key or RSA signatures.
    pub(super) complete: bool,
    /// Whether it was answered at all.
    pub(super) answered: bool,
    /// Whether the responder tells methods apart so early; `None` where that was not found out.
    pub(super) judges_method: Option<bool>,
    /// Methods besides that of the accepted suites, with which the first of them is accepted too.
    pub(super) other_methods: Vec<u16>,
    /// Whether it says nothing to methods that it has no connection for, as libreswan does.
    pub(super) silent_to_methods: bool,
}

/// Methods that are only tried with a suite that is accepted.
const OTHERS: [u16; 6] = [9, 10, 11, 64221, method::XAUTH_SHARED_KEY, 65005];

fn with(suites: &[Phase1Suite], method: u16) -> Vec<Phase1Suite> {
    suites.iter().map(|suite| Phase1Suite { method, ..*suite }).collect()
}

/// Looks through all suites, given with the likeliest first. Where it is to be brief, the others are only asked for if one of
/// those is accepted.
pub(super) async fn search(responder: &mut impl OldResponder, all: &[Phase1Suite], brief: bool) -> OldFound {
    let (likely, others) = all.split_at_checked(SMALL).unwrap_or((all, &[]));
    let mut waiting: VecDeque<(u16, Vec<Phase1Suite>)> = VecDeque::new();
    for own in [method::SHARED_KEY, method::RSA] {
        waiting.push_back((own, with(likely, own)));
    }
    for own in [method::SHARED_KEY, method::RSA] {
        waiting.extend(others.chunks(LARGE).map(|chunk| (own, with(chunk, own))));
    }
    let mut found = OldFound::default();
    let (mut asked, first) = (0, waiting.len().min(2));
    while let Some((own, mut suites)) = waiting.pop_front() {
        if brief && asked == first && found.accepted.is_empty() {
            return found;
        }
        asked += 1;
        // With whom methods count for nothing, all was asked for with the first.
        if found.judges_method == Some(false) && own != method::SHARED_KEY {
            continue;
        }
        while !suites.is_empty() {
            match responder.ask(&suites).await {
                OldReply::Chosen(suite) if suites.contains(&suite) => {
                    found.answered = true;
                    suites.retain(|one| *one != suite);
                    found.accepted.push(suite);
                    if found.judges_method.is_none() && methods(responder, suite, &mut found).await.is_none() {
                        return found;
                    }
                }
                OldReply::Refused => {
                    found.answered = true;
                    break;
                }
                // It is there, and says nothing to this method.
                OldReply::Silent if found.silent_to_methods && answers_still(responder, &found, own).await => {
                    waiting.retain(|(method, _)| *method != own);
                    break;
                }
                // A long datagram may be lost on the way where shorter ones are not.
                OldReply::Silent if suites.len() > SMALL && found.answered => {
                    let short: Vec<_> = suites.chunks(SMALL).map(|chunk| (own, chunk.to_vec())).collect();
                    for chunk in short.into_iter().rev() {
                        waiting.push_front(chunk);
                    }
                    break;
                }
                OldReply::Chosen(_) | OldReply::Silent | OldReply::Unknown => return found,
            }
        }
    }
    found.complete = true;
    found
}

/// Whether the method counts, and which others go with this suite; `None` where no further question can be answered.
async fn methods(responder: &mut impl OldResponder, suite: Phase1Suite, found: &mut OldFound) -> Option<()> {
    // Who takes even this one, which nobody has keys for, does not look at methods yet.
    match responder.ask(&with(&[suite], method::DSS)).await {
        OldReply::Chosen(_) => {
            found.judges_method = Some(false);
            return Some(());
        }
        OldReply::Refused => found.judges_method = Some(true),
        OldReply::Silent if answers_still(responder, found, method::DSS).await => {
            found.judges_method = Some(true);
            found.silent_to_methods = true;
            // Each further method would have to be waited for.
            return Some(());
        }
        OldReply::Silent | OldReply::Unknown => return None,
    }
    let mut left: Vec<Phase1Suite> = OTHERS.iter().flat_map(|other| with(&[suite], *other)).collect();
    while !left.is_empty() {
        match responder.ask(&left).await {
            OldReply::Chosen(chosen) if left.contains(&chosen) => {
                left.retain(|one| *one != chosen);
                found.other_methods.push(chosen.method);
            }
            OldReply::Refused => break,
            _ => return None,
        }
    }
    Some(())
}

/// Whether a suite that was accepted, with another method than the one that there is no answer to, still is.
async fn answers_still(responder: &mut impl OldResponder, found: &OldFound, silent: u16) -> bool {
    if found.accepted.iter().any(|suite| suite.method == silent) {
        return false;
    }
    let Some(known) = found.accepted.first() else { return false };
    responder.ask(&[*known]).await == OldReply::Chosen(*known)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Configured {
        own: Vec<Phase1Suite>,
        judges_method: bool,
        longest: usize,
        asked: usize,
        most: usize,
        /// It answers only where a suite has a method of its own.
        silent: bool,
    }

    impl OldResponder for Configured {
        async fn ask(&mut self, suites: &[Phase1Suite]) -> OldReply {
            if self.asked >= self.most {
                return OldReply::Unknown;
            }
            self.asked += 1;
            if suites.len() > self.longest {
                return OldReply::Silent;
            }
            let is_own = |one: &Phase1Suite| self.own.iter().any(|own| own.method == one.method);
            if self.silent && !suites.iter().any(is_own) {
                return OldReply::Silent;
            }
            let fits = |own: &&Phase1Suite| {
                suites.iter().any(|one| match self.judges_method {
                    true => one == *own,
                    false => Phase1Suite { method: own.method, ..*one } == **own,
                })
            };
            match self.own.iter().find(fits) {
                Some(own) if self.judges_method => OldReply::Chosen(*own),
                Some(own) => OldReply::Chosen(Phase1Suite { method: suites[0].method, ..*own }),
                None => OldReply::Refused,
            }
        }
    }

    fn universe() -> Vec<Phase1Suite> {
        let mut all = Vec::new();
        for cipher in 1..9 {
            for hash in 1..6 {
                for group in 1..23 {
                    all.push(Phase1Suite { cipher, key_length: None, hash, group, method: 1 });
                }
            }
        }
        all
    }

    fn run(own: Vec<Phase1Suite>, judges_method: bool, longest: usize, most: usize) -> (OldFound, usize) {
        ask(Configured { own, judges_method, longest, asked: 0, most, silent: false })
    }

    fn ask(mut responder: Configured) -> (OldFound, usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(search(&mut responder, &universe(), false));
        (found, responder.asked)
    }

    #[test]
    fn silence_to_a_method_is_no_end() {
        let all = universe();
        let own = vec![all[3], all[700]];
        let responder =
            Configured { own: own.clone(), judges_method: true, longest: 255, asked: 0, most: 99, silent: true };
        let (found, asked) = ask(responder);
        assert!(found.complete && found.silent_to_methods && asked <= 16, "{asked} {found:?}");
        assert_eq!((found.accepted, found.judges_method), (own, Some(true)));
    }

    #[test]
    fn tuples_are_found_exactly() {
        let all = universe();
        for own in [vec![], vec![all[0]], vec![all[39], all[40], all[800]], vec![all[5], all[700], all[701], all[879]]]
        {
            for judges in [true, false] {
                for longest in [40, 255] {
                    let (found, asked) = run(own.clone(), judges, longest, 200);
                    assert!(found.complete && found.answered, "{own:?}");
                    let mut accepted = found.accepted.clone();
                    accepted.sort();
                    let mut expected = own.clone();
                    expected.sort();
                    assert_eq!(accepted, expected);
                    assert_eq!(found.judges_method, Some(judges).filter(|_| !own.is_empty()));
                    assert!(longest == 40 || asked <= 16, "{asked}");
                }
            }
        }
    }

    #[test]
    fn each_method_has_its_own_suites() {
        let all = universe();
        let (one, other) = (all[3], Phase1Suite { method: method::RSA, ..all[300] });
        let xauth = Phase1Suite { method: method::XAUTH_SHARED_KEY, ..one };
        let (found, _) = run(vec![xauth, one, other], true, 255, 200);
        assert_eq!((found.accepted, found.other_methods), (vec![one, other], vec![method::XAUTH_SHARED_KEY]));
    }

    #[test]
    fn what_ends_early_is_not_complete() {
        let all = universe();
        for most in 0..10 {
            let (found, asked) = run(vec![all[1], all[600]], true, 255, most);
            assert!(asked <= most && !found.complete, "{most}");
        }
        // Silent from the beginning: nothing speaks it.
        assert_eq!(run(Vec::new(), true, 0, 99), (OldFound::default(), 1));
    }
}
