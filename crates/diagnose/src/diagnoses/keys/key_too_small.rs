//! # A key or group is smaller than the other side accepts
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! Both ends agree on the algorithm, but not on its size: an RSA key, an elliptic curve or a Diffie-Hellman group has
//! fewer bits than the other side demands.
//!
//! ## Why
//! Small numbers can be factored. 768-bit RSA was, in 2009; 1024 bits are within reach of states. So each program has a
//! lower limit:
//!
//! - OpenSSH refuses RSA keys below 1024 bits in general, and since 9.1 below `RequiredRSASize`; Red Hat and FIPS
//!   policies set 2048.
//! - In an SSH group exchange the client asks for a range (RFC 4419 section 3). RFC 8270 raised its lower end to 2048
//!   bits, and a server whose moduli file has only smaller groups cannot answer.
//! - TLS: OpenSSL's security level 2 wants 2048-bit RSA and Diffie-Hellman; a server's own 1024-bit `DH parameters` end
//!   in `dh key too small`. Browsers and Java have limits of their own.
//! - IKE: 1024-bit groups (group 2) should no longer be used (RFC 8247 section 2.4).
//!
//! ## How to tell
//! Programs say:
//! - SSH: `Bad server host key: Invalid key length`, `refusing RSA key: Invalid key length`, `DH GEX group out of
//!   range`, `no matching DH grp found`; paramiko `Server's gex p (don't ask) is out of range`.
//! - TLS: `dh key too small`, `ee key too small`, `ca key too small`; Java `DH ServerKeyExchange does not comply to
//!   algorithm constraints`; Firefox `SSL_ERROR_WEAK_SERVER_EPHEMERAL_DH_KEY`; Chrome `ERR_CERT_WEAK_KEY`; GnuTLS
//!   `Diffie-Hellman prime ... not long enough`; Windows 0x80090304.
//! - IKE: strongSwan `RSA-1024 signatures not acceptable`, libreswan `PSK length of ... bytes is too short` in FIPS
//!   mode.
//!
//! Look yourself:
//! - `ssh-keygen -lf FILE` prints the size first; `ssh-keyscan HOST | ssh-keygen -lf -` from outside; `awk '{print
//!   $5}' /etc/ssh/moduli | sort | uniq -c` counts groups by size.
//! - `openssl s_client -connect HOST:443` prints `Server public key is ... bit` and the temporary key.
//!
//! Look-alikes:
//! - `weak-signature-digest`: `ca md too weak` is about the hash and not the size.
//! - `no-common-group`: a group that is missing in a list, instead of one that was agreed on and is too small.
//! - `crypto-policy`: it worked before FIPS mode or an upgrade; the key has to grow all the same.
//!
//! ## Fix
//! Server: make a larger key (`ssh-keygen -t rsa -b 3072 -f ...`) or one of another type (Ed25519), install a moduli
//! file with groups of 2048 bits and more; TLS: `ECDHE` suites, or `dhparam` of 2048 bits. A new host key has to be
//! announced to the clients.
//!
//! Client: if the server cannot change, lower the limit for this one host: `Host old-switch` with `RequiredRSASize
//! 1024`.
//!
//! Safer: the larger key. A lower limit weakens every connection that it covers.
//!
//! Never: `SECLEVEL=0` or `RequiredRSASize 1024` for all hosts.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! server: openssh@9.2p1
//! fact: small-key ssh-rsa 1024 2048
//! side: server
//! ```
//!
//! ```case
//! fact: certificate server 0 small-key RSA 1024 2048
//! side: server
//! ```

use shakedown_model::{
    Applicability, CertificateProblem, Change, Fact, FailureKind, Match, Name, Object, Phase, Reason, Remedy, Role,
    Side, Slot, Strength,
};

use crate::Case;
use crate::certificate::{decide, each, show_chain};
use crate::hostkey::{server_fingerprint, server_shell};
use crate::mismatch::cause_of;
use crate::text::quoted;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::new();
    for failed in case.failed().iter().filter(|failed| cause_of(failed) == "key-too-small") {
        let algorithm = failed.server.first().map(|item| item.name.clone());
        found.push(match (&failed.kind, failed.slot) {
            (FailureKind::OutOfRange { minimum, available, .. }, _) => group(available.iter().copied().max(), *minimum),
            (FailureKind::TooSmall { bits, minimum, .. }, Slot::Kex) => group(Some(*bits), *minimum),
            (FailureKind::TooSmall { bits, minimum, demanded_by }, Slot::Group | Slot::Certificate) => {
                let whose = if failed.slot == Slot::Group { "group" } else { "certificate's key" };
                of_tls(whose, algorithm, *bits, *minimum, demanded_by.peer())
            }
            (FailureKind::TooSmall { bits, minimum, demanded_by }, _) => {
                key(algorithm.as_ref().unwrap_or(&Name::new("ssh-rsa")), *bits, *minimum, demanded_by.peer())
            }
            _ => continue,
        });
    }
    for (id, evidence) in case.facts() {
        let Fact::SmallKey { key_type, bits, minimum } = &evidence.fact else { continue };
        let side = evidence.subject.unwrap_or(Role::Server);
        let known = found.iter_mut().find(|one| one.side == side.into() && one.object.is_some());
        match known {
            Some(one) => one.evidence.push(id),
            None => {
                let mut one = key(key_type, *bits, *minimum, side);
                one.evidence.push(id);
                found.push(one);
            }
        }
    }
    found.extend(certificates(case));
    found
}

/// Keys of certificates.
fn certificates(case: &Case<'_>) -> Vec<Match> {
    each(case, |seen| {
        let CertificateProblem::SmallKey { key, .. } = seen.problem() else { return None };
        let mut found = seen.found(Strength::Decisive);
        found.algorithms.push(key.clone());
        let title = "have a certificate issued for a larger key";
        found.remedies.push(decide(seen.role, title, vec![show_chain(case)]));
        Some(found)
    })
}

fn key(key_type: &Name, bits: u32, minimum: u32, role: Role) -> Match {
    let whose = match role {
        Role::Server => "host key",
        Role::Client => "user key",
    };
    let summary = format!("the {role}'s {whose} has {bits} bits, and no RSA key below {minimum} is accepted");
    let mut found = Match::new(Strength::Decisive, role.into(), summary);
    found.object = Some(Object { kind: whose, name: key_type.to_string() });
    found.algorithms.push(key_type.clone());
    found.side_because = format!("key material: {} of {bits} bits", quoted(key_type.as_str()));
    if role == Role::Server {
        let commands = vec![
            server_shell(
                "ssh-keygen -t ed25519 -f /etc/ssh/ssh_host_ed25519_key -N ''",
                "a further key; the old one stays",
            ),
            server_fingerprint(),
        ];
        let title = "give the server a host key that is large enough, and publish its fingerprint".to_owned();
        let change = Change::Commands { title, commands, applicability: Applicability::Manual };
        found.remedies.push(Remedy { role, change });
    }
    finish(found)
}

/// What TLS shows or computes with; the planner finds what helps.
fn of_tls(whose: &'static str, name: Option<Name>, bits: u32, minimum: u32, role: Role) -> Match {
    let summary = format!("the {role}'s {whose} has {bits} bits, and none below {minimum} is accepted");
    let mut found = Match::new(Strength::Decisive, role.into(), summary);
    found.object = Some(Object { kind: whose, name: name.as_ref().map(ToString::to_string).unwrap_or_default() });
    found.algorithms.extend(name);
    found.side_because = format!("key material: {bits} bits");
    finish(found)
}

fn group(bits: Option<u32>, minimum: u32) -> Match {
    let size = bits.map_or("no group".to_owned(), |bits| format!("no group above {bits} bits"));
    let summary = format!("the server has {size} for the group exchange, and the client accepts none below {minimum}");
    let mut found = Match::new(Strength::Decisive, Side::Server, summary);
    found.object = Some(Object { kind: "Diffie-Hellman group", name: "moduli".to_owned() });
    found.side_because = "key material: its moduli file has only small groups".to_owned();
    found.notes.push("groups below 2048 bits are no longer asked for (RFC 8270 section 3)".to_owned());
    let text = "awk '$5 >= 2047' /etc/ssh/moduli | wc -l";
    let steps =
        vec![server_shell(text, "counts the groups of 2048 bits and more; restore the package's file if it prints 0")];
    let title = "give the server a moduli file with groups of 2048 bits and more".to_owned();
    found.remedies.push(Remedy { role: Role::Server, change: Change::Decide { title, steps } });
    finish(found)
}

fn finish(mut found: Match) -> Match {
    found.phase = Some(Phase::KeyExchange);
    found.reason = Reason::KeyMaterial;
    found.supersedes = vec!["connection-cut", "middlebox-interference"];
    found
}
