//! `Match` of `ssh_config` (`match_cfg_line` of readconf.c).

use shakedown_model::{ConfigProblem, nearest};

use super::check::{Complaint, shown};
use super::client::criterion;
use super::keyword::{Dialect, Version};
use super::pattern::{Judgement, judge, judge_address, judge_host};
use super::reader::Active;
use super::setting::Setting;
use super::tokens::Tokens;
use crate::line::{Argument, Splitting};

/// What the criteria are compared with.
pub(crate) struct Facts {
    pub(crate) host: Option<String>,
    pub(crate) original_host: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) local_user: Option<String>,
    pub(crate) tag: String,
    pub(crate) final_pass: bool,
    pub(crate) version: Version,
    pub(crate) tokens: Tokens,
}

pub(crate) struct Decision {
    pub(crate) result: Result<Active, Complaint>,
    pub(crate) wants_final_pass: bool,
}

const OLDEST: Version = Version(0, 0);

/// The criteria, and since when they exist.
const CRITERIA: [(&str, Version); 13] = [
    ("all", OLDEST),
    ("canonical", OLDEST),
    ("final", Version(8, 0)),
    ("host", OLDEST),
    ("originalhost", OLDEST),
    ("user", OLDEST),
    ("localuser", OLDEST),
    ("exec", OLDEST),
    ("tagged", Version(9, 4)),
    ("localnetwork", Version(9, 4)),
    ("version", Version(10, 0)),
    ("sessiontype", Version(10, 0)),
    ("command", Version(10, 0)),
];

/// Splits a `Match` line into criteria and their arguments, which since 9.9 may be written `user=name`.
pub(crate) fn words(setting: &Setting, dialect: &Dialect) -> Vec<Argument> {
    if dialect.splits_match_like_argv() {
        return setting.arguments.clone();
    }
    let text = &setting.document.file().text;
    Splitting::Strdelim.split(text, &setting.rest).map(|arguments| arguments.list).unwrap_or_default()
}

/// A criterion's argument: behind its `=`, or the next word.
pub(crate) fn argument<'a>(word: &'a Argument, next: &mut impl Iterator<Item = &'a Argument>) -> Option<&'a [u8]> {
    match word.text.iter().position(|&byte| byte == b'=') {
        Some(at) => word.text.get(at + 1..),
        None => next.next().map(|argument| argument.text.as_slice()),
    }
}

pub(crate) fn decide(
    setting: &Setting,
    dialect: &Dialect,
    facts: &Facts,
    run: &dyn Fn(&str) -> Option<bool>,
) -> Decision {
    let words = words(setting, dialect);
    let mut wants_final_pass = false;
    let result = criteria(setting, &words, facts, run, &mut wants_final_pass);
    Decision { result, wants_final_pass }
}

fn criteria(
    setting: &Setting,
    words: &[Argument],
    facts: &Facts,
    run: &dyn Fn(&str) -> Option<bool>,
    wants_final_pass: &mut bool,
) -> Result<Active, Complaint> {
    let mut active = Active::Yes;
    let mut attributes = 0_u32;
    let mut words = words.iter();
    while let Some(word) = words.next().filter(|word| !word.text.starts_with(b"#")) {
        let complaint = |message: String| Complaint::new(ConfigProblem::Syntax, message, word.span.clone());
        let written = String::from_utf8_lossy(&word.text).into_owned();
        let (negated, name) = match written.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, written.as_str()),
        };
        let name = name.split('=').next().unwrap_or(name).to_ascii_lowercase();
        let known = CRITERIA.iter().any(|(known, since)| *known == name && facts.version >= *since);
        if name == "all" {
            let more = words.next().is_some_and(|next| !next.text.is_empty() && !next.text.starts_with(b"#"));
            if attributes > 1 || more {
                return Err(complaint(format!("'{written}' cannot be combined with other Match attributes")));
            }
            return Ok(if negated { Active::No } else { active });
        }
        attributes += 1;
        let value: &[u8] = match name.as_str() {
            "canonical" | "final" => b"",
            _ => match argument(word, &mut words) {
                Some(value) if !value.starts_with(b"#") => value,
                _ => return Err(complaint(format!("Missing Match criteria for {name}"))),
            },
        };
        if !known {
            let names = CRITERIA.iter().filter(|(_, since)| facts.version >= *since).map(|(name, _)| *name);
            let mut complaint = complaint(format!("Unsupported Match attribute {}", shown(name.as_bytes())));
            complaint.suggestion = nearest(&name, names).map(str::to_owned);
            return Err(complaint);
        }
        if value.is_empty() && !matches!(name.as_str(), "canonical" | "final" | "tagged" | "command") {
            return Err(complaint(format!("Missing Match criteria for {name}")));
        }
        if name == "final" {
            // Since 9.9 a negated one does not ask for the second pass.
            *wants_final_pass |= !negated || facts.version < Version(9, 9);
        }
        // What follows a criterion that does not hold decides nothing, and a command is not run for it.
        if active == Active::No {
            continue;
        }
        let undecided = matches!(active, Active::Undecided(_));
        let holds = match name.as_str() {
            "exec" if undecided => None,
            "localnetwork" if judge_address(value, None).is_err() => {
                return Err(complaint(format!("Invalid network entry '{}'", shown(value))));
            }
            name => holds(name, value, facts, run),
        };
        active = active.and(match holds {
            Some(holds) if holds != negated => Active::Yes,
            Some(_) => Active::No,
            None => Active::Undecided(criterion(setting)),
        });
    }
    if attributes == 0 {
        let message = "One or more attributes required for Match";
        return Err(Complaint::new(ConfigProblem::Syntax, message, setting.keyword_span.clone()));
    }
    Ok(active)
}

fn holds(name: &str, value: &[u8], facts: &Facts, run: &dyn Fn(&str) -> Option<bool>) -> Option<bool> {
    let list =
        |text: &Option<String>| text.as_ref().map(|text| judge(value, text.as_bytes(), false) == Judgement::Match);
    let host = |text: &Option<String>| {
        // `*` holds for any host, known or not.
        if value == b"*" {
            return Some(true);
        }
        text.as_ref().map(|text| judge_host(value, text) == Judgement::Match)
    };
    match name {
        "canonical" | "final" => Some(facts.final_pass),
        "host" => host(&facts.host),
        "originalhost" => host(&facts.original_host),
        "user" => list(&facts.user),
        "localuser" => list(&facts.local_user),
        // An empty tag is only what an empty argument says.
        "tagged" if facts.tag.is_empty() => Some(value.is_empty()),
        "tagged" => Some(judge(value, facts.tag.as_bytes(), false) == Judgement::Match),
        "version" => {
            let Version(major, minor) = facts.version;
            Some(judge(value, format!("OpenSSH_{major}.{minor}p1").as_bytes(), false) == Judgement::Match)
        }
        // Without a command given, as `ssh HOST` is.
        "command" => Some(value.is_empty()),
        "sessiontype" => Some(judge(value, b"shell", false) == Judgement::Match),
        "exec" => {
            let command = facts.tokens.expand(&String::from_utf8_lossy(value)).ok()?;
            run(&command)
        }
        _ => None,
    }
}
