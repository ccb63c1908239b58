//! Servers with a context of its own for each kind of certificate, of which the hello chooses one (HAProxy's
//! `ssl_sock_switchctx_cbk`).

use shakedown_model::tls::{Authentication, ByClient, Suite, TlsOffer, TlsPolicy, TlsVersion};
use shakedown_model::{Context, Known, Outcome, Role, Slot, Stage, StageOutcome, StageResult, TraceStep};

use super::ends::{both, either, has_if};
use crate::ssh::list::{Has, List};

const RULE: &str =
    "the server takes its context by what the client can verify: ECDSA before RSA (HAProxy: ssl_sock_switchctx_cbk)";

/// The outcome with the context that the hello chooses; with each of several where the hello is not known well enough.
pub(super) fn negotiate(client: &TlsPolicy, choices: &ByClient, context: &Context) -> Outcome {
    let mut outcomes: Vec<Outcome> = contexts(&client.open(Role::Client, context), choices)
        .into_iter()
        .map(|server| super::outcome::negotiate(client, server, context))
        .collect();
    let Some(mut first) = outcomes.pop() else { return Outcome::default() };
    for other in outcomes {
        first = together(first, &other);
    }
    let step = TraceStep {
        slot: Slot::Certificate,
        client: Vec::new(),
        server: Vec::new(),
        chosen: first.agreed(Slot::Certificate).cloned(),
        rule: RULE.to_owned(),
    };
    first.trace.insert(0, step);
    first
}

/// The contexts that may be chosen, the likeliest last.
fn contexts<'a>(client: &TlsOffer, choices: &'a ByClient) -> Vec<&'a TlsPolicy> {
    let (ecdsa, rsa) = (takes_ecdsa(client, choices), takes_rsa(client, choices));
    let mut found: Vec<&TlsPolicy> = Vec::new();
    for (policy, has) in [(&choices.ecdsa, ecdsa), (&choices.rsa, rsa)] {
        let Some(policy) = policy else { continue };
        match has {
            Has::Yes => {
                found.push(policy);
                found.reverse();
                return found;
            }
            Has::Maybe => found.push(policy),
            Has::No => {}
        }
    }
    // Whoever takes neither gets what there is, in this order.
    let last = choices.other.as_ref().or(choices.ecdsa.as_ref()).or(choices.rsa.as_ref());
    if let Some(last) = last.filter(|last| !found.iter().any(|one| std::ptr::eq(*one, *last))) {
        found.push(last);
    }
    found.reverse();
    found
}

fn known(rule: Option<bool>) -> Has {
    rule.map_or(Has::Maybe, has_if)
}

/// Whether any of the client's schemes fits; without the extension, what the server then assumes.
fn schemes(client: &TlsOffer, assumed: Has, fits: impl Fn(&str) -> bool) -> Has {
    let list = List::new(&client.signature_schemes);
    if list.names.iter().any(|name| fits(name.as_str())) {
        return Has::Yes;
    }
    match &client.signature_schemes {
        Known::Complete(names) if names.is_empty() => assumed,
        _ => has_if(list.open).maybe(),
    }
}

fn takes_rsa(client: &TlsOffer, choices: &ByClient) -> Has {
    let plain = schemes(client, Has::Yes, |name| name.starts_with("rsa_pkcs1_"));
    let pss = schemes(client, Has::No, |name| name.starts_with("rsa_pss_"));
    either(plain, both(pss, known(choices.pss_counts)))
}

/// By the numbers of the schemes, which those of brainpool curves for TLS 1.3 do not share; and by a suite for it.
fn takes_ecdsa(client: &TlsOffer, choices: &ByClient) -> Has {
    let scheme = schemes(client, Has::No, |name| name.starts_with("ecdsa_") && !name.contains("brainpool"));
    let is = |name: &str| Suite::parse(name).is_some_and(|suite| suite.authentication == Authentication::Ecdsa);
    let list = List::new(&client.cipher_suites).only(is);
    // A hello of TLS 1.3 alone has no other suites.
    let old = [TlsVersion::Tls12, TlsVersion::Tls11, TlsVersion::Tls10, TlsVersion::Ssl3];
    let sent = match old.into_iter().any(|version| client.has_version(version) != Some(false)) {
        true => Has::Yes,
        false => Has::No,
    };
    let mut suite = has_if(list.open).maybe();
    for name in &list.names {
        let own = either(has_if(choices.suites.contains(name)), known(choices.own_suites_only.map(|only| !only)));
        suite = either(suite, own);
    }
    let tls13 = List::new(&client.tls13_cipher_suites);
    let any = if tls13.names.is_empty() { has_if(tls13.open).maybe() } else { Has::Yes };
    let tls13 = both(both(any, has_if(choices.tls13)), known(choices.tls13_suites_count));
    both(scheme, either(both(suite, sent), tls13))
}

impl Has {
    /// `Maybe` for `Yes`.
    fn maybe(self) -> Self {
        if self == Self::No { Self::No } else { Self::Maybe }
    }
}

/// What both outcomes have in common.
fn together(mut one: Outcome, other: &Outcome) -> Outcome {
    if one == *other {
        return one;
    }
    if one.result() != other.result() || one.stages != other.stages {
        let what_would_decide =
            "which signatures and cipher suites the client's hello names: the server chooses among \
                                 contexts with settings of their own by them"
                .to_owned();
        return Outcome {
            stages: vec![StageOutcome { stage: Stage::Hello, result: StageResult::Unknown { what_would_decide } }],
            ..Outcome::default()
        };
    }
    one.agreed.retain(|agreed| other.agreed.contains(agreed));
    one.failed.retain(|failed| other.failed.contains(failed));
    one.forecast.retain(|forecast| other.forecast.contains(forecast));
    one.trace.retain(|step| other.trace.contains(step));
    one
}
