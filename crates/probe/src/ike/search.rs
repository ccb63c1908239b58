//! Which offers a responder accepts, by questions that each have the answer "this group of it" or "none of it".
//!
//! What a responder is set up with are proposals: of each type of transform some, of which any goes with any of the others.
//! One such proposal is found by narrowing an offer that was accepted down to a single suite, and trying for each type what
//! else goes with that suite. Then all that was not in it is offered at once: where that is refused, everything is known.

use super::Candidates;
use super::region::{GROUP, Region, join, packs};

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Something of it would be accepted, with this group.
    Accepted(usize),
    /// Nothing of it.
    Refused,
    /// It was not asked, or cannot be told.
    Unknown,
}

/// Who answers.
pub(super) trait Responder {
    /// Whether one of these regions would be accepted.
    async fn ask(&mut self, offer: &[Region]) -> Reply;
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Everything in them is accepted.
    pub(super) regions: Vec<Region>,
    /// Whether nothing else is.
    pub(super) complete: bool,
}

/// No further question can be answered.
struct Stopped;

pub(super) struct Search<'a, R> {
    pub(super) candidates: &'a Candidates,
    pub(super) responder: &'a mut R,
    /// What was found whole.
    found: Vec<Region>,
    /// What is being looked into: all of it is accepted so far.
    begun: Option<Region>,
    /// What waits until everything else was asked for, the next one last.
    later: Vec<Vec<Region>>,
}

/// How many transforms of a type are looked for before other types and proposals have their turn: who takes more of them
/// takes almost anything, and the datagrams may not last.
const MANY: usize = 4;

impl<'a, R: Responder> Search<'a, R> {
    pub(super) fn new(candidates: &'a Candidates, responder: &'a mut R) -> Self {
        Self { candidates, responder, found: Vec::new(), begun: None, later: Vec::new() }
    }

    /// Looks through the regions of each list, which are asked for in one message.
    pub(super) async fn run(mut self, lists: Vec<Vec<Region>>) -> Found {
        let mut complete = true;
        let mut lists: std::collections::VecDeque<Vec<Region>> = lists.into();
        while let Some(list) = lists.pop_front().or_else(|| self.later.pop()) {
            if self.explore(list).await.is_err() {
                complete = false;
                self.found.extend(self.begun.take());
                break;
            }
        }
        Found { regions: join(self.found), complete }
    }

    async fn explore(&mut self, regions: Vec<Region>) -> Result<(), Stopped> {
        // The next one stands last.
        let mut waiting = vec![regions];
        while let Some(mut pack) = waiting.pop() {
            let Some(group) = self.ask(&pack).await? else { continue };
            if pack.len() > 1 {
                // One of them: each is asked for by itself.
                pack.reverse();
                waiting.extend(pack.into_iter().map(|region| vec![region]));
                continue;
            }
            let Some(region) = pack.pop() else { continue };
            let part = self.one(&region, group).await?;
            let mut rest = packs(region.without(&part));
            rest.reverse();
            let many = part.types().any(|of| part.list(of).len() >= MANY);
            if many {
                self.later.extend(rest)
            } else {
                waiting.extend(rest)
            }
            self.found.push(part);
            self.begun = None;
        }
        Ok(())
    }

    async fn ask(&mut self, offer: &[Region]) -> Result<Option<usize>, Stopped> {
        match self.responder.ask(offer).await {
            Reply::Accepted(group) => Ok(Some(group)),
            Reply::Refused => Ok(None),
            Reply::Unknown => Err(Stopped),
        }
    }

    /// The largest part of a region that is accepted as a whole, around a suite with this group.
    async fn one(&mut self, region: &Region, group: usize) -> Result<Region, Stopped> {
        let mut suite = region.with(GROUP, vec![group]);
        let mut others: Vec<(usize, Vec<usize>)> = Vec::new();
        for of in region.types().filter(|of| *of != GROUP) {
            let mut pending =
                Pending { list: region.list(of).to_vec(), holds: Some(region.list(of).len()), halved: false };
            let first = self.next(&suite, of, &mut pending).await?.ok_or(Stopped)?;
            suite = suite.with(of, vec![first]);
            others.push((of, pending.list));
        }
        self.begun = Some(suite.clone());
        let mut whole = suite.clone();
        for (of, list) in others {
            let mut pending = Pending { list, holds: None, halved: true };
            while whole.list(of).len() < MANY {
                let Some(further) = self.next(&suite, of, &mut pending).await? else { break };
                let mut list = whole.list(of).to_vec();
                list.push(further);
                whole = whole.with(of, list);
                // It goes with the first suite; with the others only if they are of one proposal.
                if whole.types().filter(|of| whole.list(*of).len() > 1).count() == 1 {
                    self.begun = Some(whole.clone());
                }
            }
        }
        let mut groups: Vec<usize> = region.list(GROUP).iter().copied().filter(|other| *other != group).collect();
        while !groups.is_empty() && whole.list(GROUP).len() < MANY {
            let Some(further) = self.ask(&[suite.with(GROUP, groups.clone())]).await? else { break };
            groups.retain(|other| *other != further);
            let mut list = whole.list(GROUP).to_vec();
            list.push(further);
            whole = whole.with(GROUP, list);
        }
        // Each goes with the first suite. Whether they go with each other too is tried two by two: for up to two proposals
        // that overlap this decides it (of the three pairs of any three transforms two are then of one proposal).
        for corner in whole.corners() {
            if self.ask(&[corner]).await?.is_none() {
                // Several proposals share the suite. One type at a time is certain; the rest is found later.
                let longest = whole.types().max_by_key(|of| whole.list(*of).len()).unwrap_or(GROUP);
                let line = suite.with(longest, whole.list(longest).to_vec());
                self.begun = Some(line.clone());
                return Ok(line);
            }
        }
        self.begun = Some(whole.clone());
        Ok(whole)
    }

    /// The next transform of the list that goes with the suite; `None` where no further one does. What is decided is
    /// taken from the list.
    async fn next(&mut self, suite: &Region, of: usize, pending: &mut Pending) -> Result<Option<usize>, Stopped> {
        loop {
            if pending.list.is_empty() {
                return Ok(None);
            }
            if pending.holds == Some(1) {
                pending.holds = None;
                return Ok(Some(pending.list.remove(0)));
            }
            let size = pending.block(self.candidates);
            let block = pending.list.get(..size).unwrap_or_default().to_vec();
            match self.ask(&[suite.with(of, block)]).await? {
                Some(_) => pending.holds = Some(size),
                None => {
                    pending.list.drain(..size);
                    pending.holds = pending.holds.map(|holds| holds.saturating_sub(size));
                }
            }
        }
    }
}

/// Transforms of one type that are not decided, the likeliest first.
struct Pending {
    list: Vec<usize>,
    /// Among so many of the first ones there is one that is accepted.
    holds: Option<usize>,
    /// One of the type is accepted already: further ones are half as likely.
    halved: bool,
}

impl Pending {
    /// How many of the first ones to ask for together, so that both answers are as likely as can be had.
    fn block(&self, candidates: &Candidates) -> usize {
        let weight = |index: &usize| {
            let weight = candidates.get(*index).map_or(0, super::Candidate::weight);
            f64::from(if self.halved { weight / 2 } else { weight }) / 1000.0
        };
        let none_of = |list: &[usize]| list.iter().map(|index| 1.0 - weight(index)).product::<f64>();
        let within = self.list.get(..self.holds.unwrap_or(self.list.len())).unwrap_or(&self.list);
        // Where one is known to be among them, not all of them are asked for.
        let (most, sure) = match self.holds {
            Some(holds) => (holds.saturating_sub(1), 1.0 - none_of(within)),
            None => (within.len(), 1.0),
        };
        let some_of = |size: usize| (1.0 - none_of(within.get(..size).unwrap_or_default())) / sure.max(f64::EPSILON);
        if self.holds.is_none() && some_of(most) <= 0.65 {
            return most;
        }
        (1..most).find(|size| some_of(*size) >= 0.5).unwrap_or(most).max(1)
    }
}

#[cfg(test)]
mod tests {
    use shakedown_model::{Name, Slot};

    use super::super::Candidate;
    use super::*;

    fn candidates() -> Candidates {
        let ciphers = ["aes128", "aes192", "aes256", "3des", "aes128ctr", "camellia128", "camellia256", "des"];
        let aead = ["aes128gcm16", "aes256gcm16", "aes128gcm8", "aes256ccm16", "chacha20poly1305"];
        let integrity = ["sha1", "sha256", "sha384", "sha512", "md5", "aesxcbc", "aescmac"];
        let prf = ["prfsha1", "prfsha256", "prfsha384", "prfsha512", "prfmd5", "prfaesxcbc", "prfaescmac"];
        let groups = ["modp1024", "modp2048", "modp3072", "ecp256", "ecp384", "x25519", "ecp192", "ecp224", "modp1536"];
        let lists: [(Slot, Vec<&str>); 4] = [
            (Slot::Encryption, [ciphers.as_slice(), &aead].concat()),
            (Slot::Integrity, integrity.to_vec()),
            (Slot::Prf, prf.to_vec()),
            (Slot::Group, groups.to_vec()),
        ];
        let all = lists.into_iter().flat_map(|(slot, names)| {
            names.into_iter().zip(1..).map(move |(name, number)| Candidate {
                slot,
                name: Name::new(name),
                number,
                key_length: None,
            })
        });
        Candidates::new(all)
    }

    /// Accepts what its own proposals hold, in its own order.
    struct Configured<'a> {
        candidates: &'a Candidates,
        own: Vec<Region>,
        asked: u32,
        most: u32,
    }

    impl Configured<'_> {
        fn answer(&self, offer: &[Region]) -> Option<usize> {
            let fits = |own: &Region, offered: &Region| {
                let group = own.list(GROUP).iter().find(|index| offered.list(GROUP).contains(index))?;
                let all = (0..GROUP).all(|of| {
                    let (own, offered) = (own.list(of), offered.list(of));
                    own.is_empty() && offered.is_empty() || own.iter().any(|index| offered.contains(index))
                });
                all.then_some(*group)
            };
            self.own.iter().find_map(|own| offer.iter().find_map(|offered| fits(own, offered)))
        }
    }

    impl Responder for Configured<'_> {
        async fn ask(&mut self, offer: &[Region]) -> Reply {
            if self.asked == self.most {
                return Reply::Unknown;
            }
            self.asked += 1;
            assert!(offer.iter().all(|region| self.candidates.whole(true, |_| true).lists.len() == region.lists.len()));
            self.answer(offer).map_or(Reply::Refused, Reply::Accepted)
        }
    }

    /// `aes256-aes128-sha256-prfsha256-modp2048`: a proposal of every name.
    fn region(candidates: &Candidates, text: &str) -> Region {
        let mut region = Region::default();
        for name in text.split('-') {
            let index = (0..).find(|index| candidates.get(*index).unwrap().name == *name).unwrap();
            let slot = candidates.get(index).unwrap().slot;
            let of = super::super::region::TYPES.iter().position(|one| *one == slot).unwrap();
            region.lists[of].push(index);
        }
        region
    }

    fn search(own: &[&str], most: u32) -> (Vec<String>, bool, u32) {
        let candidates = candidates();
        let own = own.iter().map(|text| region(&candidates, text)).collect();
        let mut responder = Configured { candidates: &candidates, own, asked: 0, most };
        let whole = |aead| vec![candidates.whole(aead, |_| true)];
        let search = Search::new(&candidates, &mut responder);
        let mut running = Box::pin(search.run(vec![whole(true), whole(false)]));
        // Nothing here waits.
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(found) = running.as_mut().poll(&mut context) else { panic!("it waits") };
        drop(running);
        let names = |region: &Region| {
            let mut names: Vec<Vec<String>> = region
                .lists
                .iter()
                .map(|list| list.iter().map(|index| candidates.get(*index).unwrap().name.to_string()).collect())
                .collect();
            names.iter_mut().for_each(|list: &mut Vec<String>| list.sort());
            names.concat().join("-")
        };
        let mut regions: Vec<String> = found.regions.iter().map(names).collect();
        regions.sort();
        (regions, found.complete, responder.asked)
    }

    #[test]
    fn proposals_are_found_as_they_were_set_up() {
        let both = [
            "aes128gcm16-aes256gcm16-prfsha384-ecp384-x25519",
            "aes128-aes256-sha256-sha512-prfsha256-prfsha512-ecp256-modp2048",
        ];
        let (found, complete, asked) = search(&both, 40);
        assert!(complete, "{found:?}");
        let mut expected = both.to_vec();
        expected.sort();
        assert_eq!(found, expected);
        assert!(asked <= 36, "{asked}");
        let one = ["aes256-sha256-prfsha256-modp2048"];
        let (found, complete, asked) = search(&one, 40);
        assert_eq!((found.as_slice(), complete), (&[one[0].to_owned()][..], true));
        assert!(asked <= 18, "{asked}");
        assert_eq!(search(&[], 40), (Vec::new(), true, 2));
    }

    #[test]
    fn what_does_not_belong_together_is_kept_apart() {
        for own in [
            ["aes256-sha256-prfsha256-modp2048", "3des-sha1-prfsha1-modp1024"],
            ["aes128-sha1-prfsha1-modp2048", "aes256-sha256-prfsha256-modp2048"],
            ["aes256-sha256-prfsha256-modp2048", "aes256-sha512-prfsha512-ecp256"],
        ] {
            let (found, complete, asked) = search(&own, 60);
            let mut expected = own.to_vec();
            expected.sort();
            assert!(complete && found == expected, "{own:?}: {found:?} after {asked}");
        }
    }

    #[test]
    fn a_budget_that_ends_leaves_what_is_certain() {
        for most in 0..30 {
            let own = "aes128-aes256-sha256-sha512-prfsha256-prfsha512-ecp256-modp2048";
            let (found, complete, asked) = search(&[own], most);
            assert!(asked <= most && (!complete || most > 15));
            for name in found.iter().flat_map(|text| text.split('-')) {
                assert!(own.split('-').any(|other| other == name), "{name} after {most}");
            }
        }
    }

    mod drawn {
        use proptest::collection::vec;
        use proptest::prelude::*;

        use super::*;

        fn some(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
            proptest::sample::subsequence(of, 1..=3)
        }

        fn proposal() -> impl Strategy<Value = String> {
            let cbc = (
                some(&["aes128", "aes192", "aes256", "3des"]),
                some(&["sha1", "sha256", "sha512"]),
                some(&["prfsha1", "prfsha256", "prfsha512"]),
                some(&["modp2048", "ecp256", "x25519", "modp1024"]),
            );
            let aead = (
                some(&["aes128gcm16", "aes256gcm16", "chacha20poly1305"]),
                some(&["prfsha256", "prfsha384", "prfsha512"]),
                some(&["ecp256", "ecp384", "x25519"]),
            );
            prop_oneof![
                cbc.prop_map(|(e, i, p, g)| [e, i, p, g].concat().join("-")),
                aead.prop_map(|(e, p, g)| [e, p, g].concat().join("-")),
            ]
        }

        proptest! {
            #![proptest_config(shakedown_testkit::properties(200))]

            /// Every suite that is found is accepted, and every one that is accepted is found.
            #[test]
            fn any_proposals(own in vec(proposal(), 0..3)) {
                let texts: Vec<&str> = own.iter().map(String::as_str).collect();
                let (found, complete, _) = search(&texts, 400);
                prop_assert!(complete);
                let candidates = candidates();
                let regions: Vec<Region> = own.iter().map(|text| region(&candidates, text)).collect();
                let configured = Configured { candidates: &candidates, own: regions, asked: 0, most: 0 };
                let found: Vec<Region> = found.iter().map(|text| region(&candidates, text)).collect();
                let found = Configured { candidates: &candidates, own: found, asked: 0, most: 0 };
                for aead in [true, false] {
                    let all = candidates.whole(aead, |_| true);
                    for &cipher in all.list(0) {
                        for &prf in all.list(2) {
                            for &group in all.list(GROUP) {
                                let integrity = all.list(1).iter().map(|one| vec![*one]);
                                let integrity: Vec<Vec<usize>> =
                                    if aead { vec![Vec::new()] } else { integrity.collect() };
                                for one in integrity {
                                    let suite = Region { lists: [vec![cipher], one, vec![prf], vec![group]] };
                                    let suite = [suite];
                                    prop_assert_eq!(configured.answer(&suite), found.answer(&suite), "{:?}", suite);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
