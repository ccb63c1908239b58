//! # The host key is not the one that is known
//!
//! Protocols: ssh
//!
//! ## What happened
//! The client remembers the key of every server it has met, in a file named `known_hosts`. This time the server showed
//! another key than the remembered one, or one that is marked as revoked. The client stopped, because that is what an
//! attack looks like. Most of the time it is not an attack: the server was installed anew, or another machine has taken
//! over its name or address.
//!
//! ## Why
//! The host key is the only proof of who is at the other end. A client should not accept a changed key without a check
//! (RFC 4251 section 4.1), and an attacker in the middle can do nothing else than show a key of his own.
//!
//! - The server was re-installed, or its keys were made anew by an image or container.
//! - Several machines answer under one name (load balancer, cluster, virtual address) and do not share their keys.
//! - The server gained a key type that this client prefers, and an older entry of that type is wrong.
//! - DNS or DHCP gave the address to another machine.
//! - Somebody reads along.
//!
//! ## How to tell
//! Programs say:
//! - OpenSSH: the block `REMOTE HOST IDENTIFICATION HAS CHANGED!`, below it `Offending ... key in FILE:LINE`, then
//!   `Host key verification failed`. `REVOKED HOST KEY DETECTED` for a key that was declared void.
//! - PuTTY: `The host key does not match the one PuTTY has cached`; paramiko `Host key for server ... does not
//!   match`; Go `knownhosts: key mismatch`; JSch `HostKey has been changed`; libssh2 and git `remote host
//!   identification has changed`; Ansible shows OpenSSH's text as `UNREACHABLE`.
//!
//! Look yourself:
//! - The server's own view, on its console or another trusted way: `ssh-keygen -lf
//!   /etc/ssh/ssh_host_ed25519_key.pub`. If it prints the fingerprint that the client was shown, the server is the
//!   right one.
//! - `ssh-keygen -F HOST -l` prints what is remembered, `ssh -G HOST | grep -i -e knownhosts -e hostkeyalias` where.
//!
//! Look-alikes:
//! - `host-key-unknown`: nothing is remembered for this name (`ssh-keygen -F HOST` prints nothing).
//! - `name-resolution`: the name now leads to another machine; `getent hosts HOST` against the address that was
//!   meant.
//! - `no-common-host-key-algorithm`: a client that offers only the remembered type fails earlier, with a missing
//!   algorithm.
//!
//! ## Fix
//! Client: first compare the fingerprint with what the server's administrator says, by telephone, console or an
//! inventory. Then remove the old entry with `ssh-keygen -R HOST` and connect again (PuTTY asks; paramiko and Go need
//! the new line in `known_hosts`).
//!
//! Server: keep host keys when a machine is installed anew, and share them among the members of a cluster; or sign
//! them with one authority (`HostCertificate`), so that clients trust the authority and no single key.
//!
//! Safer: certificates or kept keys.
//!
//! Never: `StrictHostKeyChecking=no`, `UserKnownHostsFile=/dev/null`, `AutoAddPolicy`, `InsecureIgnoreHostKey`: each
//! accepts the attacker as well.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! server: openssh@9.2p1
//! fact: host-key changed ssh-ed25519 SHA256:UuWmSXHW6T1qYRBr3mCTvmQOBAmoJdTPXxE6v9OlUSU
//! side: client
//! ```

use shakedown_model::{
    Change, Fact, FailureKind, KnownHostStatus, Label, Match, Object, Phase, Reason, Remedy, Role, Side, Strength,
};

use crate::Case;
use crate::hostkey::{client_shell, counts, server_fingerprint};
use crate::text::quoted;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let by_rule = |kind: &FailureKind| matches!(kind, FailureKind::NotTheKnownKey | FailureKind::RevokedKey);
    let mut revoked = case.failed_as(|kind| *kind == FailureKind::RevokedKey).next().is_some();
    let mut found = Match::new(Strength::Decisive, Side::Client, "");
    let mut any = case.failed_as(by_rule).next().is_some();
    for (id, evidence) in case.facts() {
        let Fact::HostKeyLookup { status, key_type, fingerprint } = &evidence.fact else { continue };
        if !counts(case, key_type) {
            continue;
        }
        let label = match status {
            KnownHostStatus::Changed { known, fingerprint: old } => {
                found.notes.push(format!("the entry holds {}", quoted(old)));
                Label { origin: known.clone(), text: "this entry holds another key".to_owned() }
            }
            KnownHostStatus::Revoked { entry } => {
                revoked = true;
                Label { origin: entry.clone(), text: "this entry revokes the key".to_owned() }
            }
            _ => continue,
        };
        any = true;
        found.evidence.push(id);
        found.labels.push(label);
        found.algorithms.push(key_type.clone());
        found.notes.push(format!("the server shows the {} key {}", quoted(key_type.as_str()), quoted(fingerprint)));
        found.object = Some(Object { kind: "host key", name: fingerprint.clone() });
    }
    if !any {
        return Vec::new();
    }
    let host = case.host();
    found.phase = Some(Phase::KeyExchange);
    found.reason = Reason::KeyMaterial;
    found.supersedes = vec!["host-key-unknown"];
    found.summary = match revoked {
        true => "the client has the server's host key marked as revoked".to_owned(),
        false => "the server's host key is not the one that the client knows".to_owned(),
    };
    found.side_because = match revoked {
        true => "key material: it was told not to trust this key".to_owned(),
        false => {
            "key material: its known_hosts entry is not the key shown; whether it is out of date or the server is \
                  another one only a check out of band can tell"
                .to_owned()
        }
    };
    found.what_would_decide =
        Some(format!("the fingerprint read on the server itself: `{}`", server_fingerprint().text));
    let remove = client_shell(&format!("ssh-keygen -R {host}"), "only after the fingerprints were found to be equal");
    let title = match revoked {
        true => "let the server use another host key; the revoked one may be in other hands".to_owned(),
        false => "compare the fingerprint out of band, then replace the known_hosts entry".to_owned(),
    };
    let steps = if revoked { vec![server_fingerprint()] } else { vec![server_fingerprint(), remove] };
    let role = if revoked { Role::Server } else { Role::Client };
    found.remedies.push(Remedy { role, change: Change::Decide { title, steps } });
    vec![found]
}
