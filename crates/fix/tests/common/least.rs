//! Pairs of ends that speak IKE, and what is stronger by one step than a fix for them.

use shakedown_model::{Applicability, Context, Fix, OutcomeResult, Party, Role, Side, Stage, StageResult};

use crate::common::{render, run};

/// An end's proposals for the IKE SA and for the tunnel.
pub(crate) type Lists<'a> = (&'a str, &'a str);

/// Both ends as texts.
pub(crate) struct Pair {
    pub(crate) name: String,
    /// Whether they speak IKEv1.
    pub(crate) old: bool,
    pub(crate) initiator: String,
    pub(crate) responder: String,
}

impl Pair {
    fn text(&self, role: Role) -> &str {
        if role == Role::Client { &self.initiator } else { &self.responder }
    }

    /// Both texts with another one at an end.
    pub(crate) fn with(&self, role: Role, text: &str) -> [String; 2] {
        let of = |end: Role| if end == role { text } else { self.text(end) }.to_owned();
        [of(Role::Client), of(Role::Server)]
    }

    /// What is planned for them, with a weaker fix among it.
    pub(crate) fn changes(&self, words: &Words, party: impl Fn(Role, &str) -> Party) -> Vec<Change> {
        let end = |role: Role| party(role, self.text(role));
        let planned = run(&end(Role::Client), &end(Role::Server), &Context::default(), &[]);
        let changes: Vec<Change> = planned.fixes.iter().filter_map(|fix| words.change(self, fix)).collect();
        assert!(changes.iter().any(|change| change.weaker), "{}\n{}", self.name, render(&planned));
        changes
    }
}

/// Where two ends fail by the rules, now or when keys are renewed; `None` where they do not.
pub(crate) fn refused(client: &Party, server: &Party) -> Option<Stage> {
    let outcome = shakedown_negotiate::negotiate(client, server, &Context::default());
    assert_ne!(outcome.result(), OutcomeResult::Unknown, "{outcome:?}");
    let failed = outcome.stages.iter().find(|stage| stage.result == StageResult::Failed).map(|stage| stage.stage);
    failed.or_else(|| outcome.forecast.first().map(|one| one.stage))
}

/// The words of a program's configuration.
pub(crate) struct Words {
    /// What stands before the list for the IKE SA, and before that for the tunnel.
    pub(crate) settings: [&'static str; 2],
    /// Keywords of each type, ciphers first, the weakest first; those of one row are alike (RFC 8247 sections 2.1 to 2.4).
    pub(crate) ranks: &'static [&'static [&'static [&'static str]]],
    /// Those below what RFC 8247 leaves at MUST or SHOULD.
    pub(crate) weak: &'static [&'static str],
    /// Whether a combined mode cipher of the tunnel may have no integrity algorithm beside it.
    pub(crate) alone: bool,
}

/// A change of an end's text that is stronger by one step than what a fix makes of it.
pub(crate) struct Alternative {
    pub(crate) text: String,
    /// Whether it is for the tunnel, and the keyword in the place of a weaker one.
    pub(crate) keyword: Option<(bool, &'static str)>,
    pub(crate) what: String,
}

/// A fix, and what it makes of the text of its end.
pub(crate) struct Change {
    pub(crate) role: Role,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) weaker: bool,
    /// Of a weaker one.
    pub(crate) alternatives: Vec<Alternative>,
}

/// A line with a list of proposals.
struct List<'a> {
    line: &'a str,
    child: bool,
    proposals: Vec<&'a str>,
}

impl List<'_> {
    /// The line with another proposal in a place, or none.
    fn with(&self, place: usize, proposal: Option<&str>) -> String {
        let all = self.proposals.iter().enumerate();
        let all: Vec<&str> = all.filter_map(|(at, one)| if at == place { proposal } else { Some(*one) }).collect();
        let (setting, _) = self.line.split_once('=').unwrap();
        format!("{setting}={}", all.join(","))
    }
}

impl Words {
    /// The type of a keyword, and its rank.
    pub(crate) fn rank(&self, keyword: &str) -> Option<(usize, usize)> {
        let mut all = self.ranks.iter().enumerate();
        all.find_map(|(kind, ranks)| Some((kind, ranks.iter().position(|rank| rank.contains(&keyword))?)))
    }

    /// Combined mode ciphers are the last ones.
    pub(crate) fn is_aead(&self, keyword: &str) -> bool {
        self.rank(keyword).is_some_and(|(kind, rank)| kind == 0 && rank + 1 == self.ranks[0].len())
    }

    /// The keywords that are stronger than one; none for what has no rank here.
    fn better(&self, keyword: &str) -> impl Iterator<Item = &'static str> {
        let ranks = self.rank(keyword).map(|(kind, rank)| &self.ranks[kind][rank + 1..]);
        ranks.into_iter().flatten().flat_map(|rank| rank.iter().copied())
    }

    fn lists<'a>(&self, text: &'a str) -> Vec<List<'a>> {
        let list = |line: &'a str| {
            let place = |setting: &&str| line.trim_start().strip_prefix(setting);
            let (child, value) = self.settings.iter().enumerate().find_map(|(at, one)| Some((at == 1, place(one)?)))?;
            Some(List { line, child, proposals: value.split(',').map(str::trim).collect() })
        };
        text.lines().filter_map(list).collect()
    }

    /// What a fix that a program could make by itself does, and for a weaker one what is stronger.
    fn change(&self, pair: &Pair, fix: &Fix) -> Option<Change> {
        let weaker = match fix.applicability {
            Applicability::Weakens => true,
            Applicability::Safe => false,
            Applicability::Manual => return None,
        };
        let [edit] = fix.edits.as_slice() else { return None };
        let role = match fix.side {
            Side::Client => Role::Client,
            Side::Server => Role::Server,
            side => panic!("{side} for {}", fix.title),
        };
        // Secrets are not kept: only their stars are there.
        let text = String::from_utf8(edit.apply()).unwrap().replace("****", "same");
        let (mut added, mut alternatives) = (Vec::new(), Vec::new());
        for (list, before) in self.lists(&text).iter().zip(self.lists(pair.text(role))) {
            for (place, proposal) in list.proposals.iter().enumerate() {
                if before.proposals.contains(proposal) {
                    continue;
                }
                added.push(*proposal);
                let mut push = |line: &str, keyword: Option<(bool, &'static str)>, what: String| {
                    alternatives.push(Alternative { text: text.replacen(list.line, line, 1), keyword, what });
                };
                // Where it has taken the place of the others, they are there without it.
                let alone = list.proposals.len() == 1;
                let less = if alone { before.line.to_owned() } else { list.with(place, None) };
                push(&less, None, format!("without {proposal}"));
                let words: Vec<&str> = proposal.split('-').collect();
                for (at, word) in words.iter().enumerate() {
                    for stronger in self.better(word) {
                        let mut words = words.clone();
                        words[at] = stronger;
                        if self.alone && list.child && self.is_aead(stronger) {
                            words.retain(|word| self.rank(word).is_none_or(|(kind, _)| kind != 1));
                        }
                        let words = words.join("-");
                        let what = format!("{words} for {proposal}");
                        push(&list.with(place, Some(&words)), Some((list.child, stronger)), what);
                    }
                }
            }
        }
        assert!(!added.is_empty(), "{}: {}\n{text}", pair.name, fix.title);
        let is_weak = added.iter().any(|proposal| proposal.split('-').any(|word| self.weak.contains(&word)));
        assert_eq!(is_weak, weaker, "{}: {}\n{text}", pair.name, fix.title);
        if !weaker {
            alternatives.clear();
        }
        Some(Change { role, title: fix.title.clone(), text, weaker, alternatives })
    }
}
