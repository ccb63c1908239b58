//! # A configuration file has an error
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! A line of a configuration file is not what the program understands: an unknown keyword or algorithm, a value that it
//! refuses, a line in the wrong place, or a file that is not there. Depending on the program it does not start, passes
//! over the line, or drops the whole connection entry.
//!
//! ## Why
//! OpenSSH stops at unknown keywords and unknown algorithm names. It is silent in a few cases that cost hours:
//!
//! - The first value wins (`ssh_config`, `sshd_config`). A later line, also in an included file, has no effect.
//! - After `-` in a list (`Ciphers -aes128-cbx`) nothing is checked: a typing error removes nothing.
//! - `Match` blocks of `sshd_config` cannot hold `KexAlgorithms`, `Ciphers`, `MACs` or `HostKeyAlgorithms`.
//! - Names change with versions: `PubkeyAcceptedKeyTypes` became `PubkeyAcceptedAlgorithms` in 8.5; a file written for
//!   a newer release does not load on an older one.
//! - A reload that fails leaves the old process and its old settings running.
//!
//! strongSwan drops a connection of which one algorithm keyword is wrong, and the peer then sees "no proposal chosen".
//!
//! ## How to tell
//! Programs say:
//! - SSH: `Bad configuration option: ...`, `Bad SSH2 cipher spec`, `Bad SSH2 KexAlgorithms`, `Unsupported KEX
//!   algorithm`, `Directive '...' is not allowed within a Match block`, `terminating, 1 bad configuration options`.
//! - TLS: OpenSSL `no cipher match`; nginx `unknown directive`, `cannot load certificate`; httpd `Invalid command`,
//!   AH02231, AH02572; HAProxy `unable to load SSL certificate`; Java `Unsupported CipherSuite`.
//! - IKE: strongSwan `algorithm '...' not recognized`, `skipped invalid proposal string`, `loading connection '...'
//!   failed: invalid value for: proposals, config discarded`; libreswan `ike="..." is invalid`.
//!
//! Look yourself:
//! - `sshd -t`, `ssh -G HOST >/dev/null`, `nginx -t`, `apachectl configtest`, `haproxy -c -f FILE`, `postfix check`,
//!   `swanctl --load-all`, `ipsec addconn --checkconfig` print file and line.
//! - `sshd -T` and `ssh -G HOST` print the values in force: compare them with what the file seems to say.
//!
//! Look-alikes:
//! - `crypto-policy`: the line is right, and a policy takes its effect away.
//! - `no-common-proposal`, `no-matching-connection` (IKE): what the peer sees when the connection was discarded at
//!   load.
//! - `port-refused`: what clients see when the service did not start.
//!
//! ## Fix
//! Client or server, whichever reads the file: correct the line. `ssh -Q kex`, `-Q cipher`, `-Q mac`, `-Q sig`,
//! `openssl ciphers -v` and `swanctl --list-algs` list the names that this build knows. Check before a reload, and
//! keep a second session open.
//!
//! Safer: the exact name, with nothing left out.
//!
//! Never: `IgnoreUnknown *`, or a restart of sshd over the only connection before `sshd -t` is silent.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! server: openssh@9.2p1
//! fact: configuration server unknown-keyword Bad configuration option: KexAlgorithm | KexAlgorithms
//! side: server
//! ```

use shakedown_model::{
    Change, ConfigProblem, Evidence, Fact, FailureKind, Label, Match, Name, Object, Origin, OriginKind, Reason, Remedy,
    Role, Side, Strength,
};

use crate::Case;
use crate::text::{quoted, words};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut found = Vec::new();
    for (id, evidence) in case.facts() {
        let Fact::Configuration { problem, message, suggestion } = &evidence.fact else { continue };
        let (strength, what) = match problem {
            ConfigProblem::UnknownKeyword => (Strength::Decisive, "has a keyword that its program does not know"),
            ConfigProblem::UnknownAlgorithm => {
                (Strength::Decisive, "names an algorithm that its program does not know")
            }
            ConfigProblem::BadValue => (Strength::Decisive, "has a value that its program refuses"),
            ConfigProblem::Syntax => (Strength::Decisive, "has a line that cannot be read"),
            ConfigProblem::NotAllowedHere => {
                (Strength::Decisive, "has a line that may not stand inside a `Match` block")
            }
            ConfigProblem::NotAConfiguration => (Strength::Decisive, "is not a configuration file"),
            ConfigProblem::TooDeep => (Strength::Decisive, "includes files too deeply"),
            // OpenSSH passes over an `Include` that names nothing.
            ConfigProblem::FileNotReadable => (Strength::Strong, "names a file that cannot be read"),
            ConfigProblem::Deprecated => (Strength::Weak, "has a keyword that is no longer supported"),
            ConfigProblem::Ineffective => {
                (Strength::Weak, "has a name that means nothing, which its program passes over")
            }
        };
        // What the program passes over is no fault where both ends agree.
        if *problem == ConfigProblem::Deprecated && case.agrees() {
            continue;
        }
        let unsure = *problem == ConfigProblem::FileNotReadable && case.agrees();
        let strength = if unsure { Strength::Weak } else { strength };
        // A list whose names are all unknown is told twice, at the same place: once is enough.
        let place = |one: &Match| one.labels.first().map(|label| label.origin.clone());
        if evidence.origin.is_some() && found.iter().any(|one| place(one) == evidence.origin) {
            continue;
        }
        let side = evidence.subject.map_or(Side::Unknown, Side::from);
        let whose = evidence
            .subject
            .map_or_else(|| "the configuration".to_owned(), |role| format!("the {role}'s configuration"));
        let mut one = Match::new(strength, side, format!("{whose} {what}"));
        one.reason = Reason::ConfiguredOut;
        one.side_because = "configured out: the file is its own".to_owned();
        one.evidence.push(id);
        // A list that is empty because of the mistake fails because of the mistake.
        let emptied =
            case.failed_as(|kind| matches!(kind, FailureKind::NothingOffered { by } if Some(*by) == evidence.subject));
        one.supersedes = emptied.map(|failed| crate::text::cause_of(failed.slot)).collect();
        // A program that does not start for it says nothing about versions.
        if crate::tls::stops_the_program(case, evidence) {
            one.supersedes.push("no-common-version");
        }
        one.notes.push(format!("as the program says it: {}", words(&Name::new(message))));
        describe(evidence, suggestion.as_deref(), &mut one);
        found.push(one);
    }
    let refused = crate::tls::refused_starts(case).map(|start| {
        let mut one = start.found("configured out: its settings of TLS did not take effect");
        one.reason = Reason::ConfiguredOut;
        one.rank = 1;
        one
    });
    found.extend(refused);
    found
}

fn describe(evidence: &Evidence, suggestion: Option<&str>, one: &mut Match) {
    if let Some(suggestion) = suggestion {
        one.notes.push(format!("it was probably meant to be {}", quoted(suggestion)));
    }
    let Some(origin) = &evidence.origin else { return };
    let OriginKind::File { file, .. } = origin.kind() else { return };
    one.object = Some(Object { kind: "configuration file", name: file.path.clone() });
    let text =
        suggestion.map_or_else(|| "here".to_owned(), |suggestion| format!("did you mean {}", quoted(suggestion)));
    one.labels.push(Label { origin: origin.clone(), text });
    if let Some(suggestion) = suggestion {
        one.remedies.push(replace(evidence.subject.unwrap_or(Role::Client), origin, suggestion));
    }
}

fn replace(role: Role, at: &Origin, replacement: &str) -> Remedy {
    let title = format!("write {}", quoted(replacement));
    Remedy { role, change: Change::ReplaceText { at: at.clone(), replacement: replacement.to_owned(), title } }
}
