//! # The host key is not known and the client must know it
//!
//! Protocols: ssh
//!
//! ## What happened
//! The client has no entry for this server in its `known_hosts` files, and it is told to refuse servers that it does
//! not know. A person at a keyboard would have been asked; a script, a service or `BatchMode` is not.
//!
//! ## Why
//! The first contact is the moment in which a server's key has to be learned in a trustworthy way (RFC 4251 section
//! 4.1). `StrictHostKeyChecking yes` leaves that to the administrator. The entry is looked up under the name as typed,
//! together with the port where it is not 22 (`[host]:2222`), or under `HostKeyAlias`. An alias, an address in place of
//! the name, another user's home or a container without the file therefore all lead here.
//!
//! A known key of another type does not help: with an entry for the server's RSA key only, its Ed25519 key is unknown.
//!
//! ## How to tell
//! Programs say:
//! - OpenSSH: `No ED25519 host key is known for HOST and you have requested strict checking`, then `Host key
//!   verification failed`; with a keyboard `The authenticity of host ... can't be established`.
//! - paramiko `Server '...' not found in known_hosts`; Go `knownhosts: key is unknown`; JSch `UnknownHostKey` or
//!   `reject HostKey`; PuTTY's `plink -batch`: `The host key is not cached for this server`; libssh2 `Host key
//!   verification failed`.
//!
//! Look yourself:
//! - `ssh-keygen -F HOST` and `ssh-keygen -F '[HOST]:2222'` show whether there is an entry, `ssh -G HOST | grep -i -e
//!   knownhosts -e stricthost` which files are read and how strictly.
//! - In a service or container: which user runs it (`id`), and has that user a `known_hosts` file?
//!
//! Look-alikes:
//! - `host-key-changed`: there is an entry and it differs; OpenSSH shows its block in capitals then.
//! - `authentication-failed`: `Permission denied` comes after the host key was accepted.
//! - `private-key-permissions`: `known_hosts` itself cannot be read by this user; `ls -l` of the files named by `ssh
//!   -G`.
//!
//! ## Fix
//! Client: get the server's public key from a source that can be trusted (its console, an inventory, the provider's
//! documentation over HTTPS) and add it to `known_hosts`. `ssh-keyscan` alone fetches whatever answers: compare its
//! fingerprint (`ssh-keyscan HOST | ssh-keygen -lf -`).
//!
//! Server: publish fingerprints as SSHFP records in a signed DNS zone (RFC 4255), or use host certificates.
//!
//! Safer: host certificates or a distributed `known_hosts`. `StrictHostKeyChecking accept-new` trusts the first
//! contact only.
//!
//! Never: `StrictHostKeyChecking=no` or `AutoAddPolicy` in a script: it trusts everybody, each time.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! server: openssh@9.2p1
//! fact: host-key unknown-strict ssh-ed25519 SHA256:UuWmSXHW6T1qYRBr3mCTvmQOBAmoJdTPXxE6v9OlUSU
//! side: client
//! ```

use shakedown_model::{
    Change, Fact, FailureKind, KnownHostStatus, Match, Object, Phase, Reason, Remedy, Role, Side, Strength,
};

use crate::Case;
use crate::hostkey::{client_shell, counts, one_is_known, server_fingerprint};
use crate::text::{list, quoted};

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut any = case.failed_as(|kind| *kind == FailureKind::NoKnownKey).next().is_some();
    let mut found = Match::new(
        Strength::Decisive,
        Side::Client,
        "the client knows no host key of this server and refuses unknown ones",
    );
    for (id, evidence) in case.facts() {
        let Fact::HostKeyLookup { status, key_type, fingerprint } = &evidence.fact else { continue };
        if !counts(case, key_type) || (case.outcome.is_none() && one_is_known(case)) {
            continue;
        }
        match status {
            KnownHostStatus::Unknown { other_types, strict: true } => {
                if !other_types.is_empty() {
                    found.notes.push(format!("it knows keys of other types for this host: {}", list(other_types)));
                }
            }
            KnownHostStatus::BadCertificate { reason } => {
                found.summary = "the client does not accept the server's host certificate".to_owned();
                found.notes.push(format!("the certificate: {reason}"));
            }
            _ => continue,
        }
        any = true;
        found.evidence.push(id);
        found.algorithms.push(key_type.clone());
        found.notes.push(format!("the server shows the {} key {}", quoted(key_type.as_str()), quoted(fingerprint)));
        found.object = Some(Object { kind: "host key", name: fingerprint.clone() });
    }
    if !any {
        return Vec::new();
    }
    found.phase = Some(Phase::KeyExchange);
    found.reason = Reason::KeyMaterial;
    found.side_because = "key material: no entry of its known_hosts files fits this host and key".to_owned();
    let host = case.host();
    let port = case.port();
    let steps = vec![
        server_fingerprint(),
        client_shell(&format!("ssh-keyscan -p {port} {host} | ssh-keygen -lf -"), "compare with the server's own list"),
        client_shell(
            &format!("ssh-keyscan -p {port} {host} >> ~/.ssh/known_hosts"),
            "only after they were found to be equal",
        ),
    ];
    let title = "compare the fingerprint out of band, then add the server's key to known_hosts".to_owned();
    found.remedies.push(Remedy { role: Role::Client, change: Change::Decide { title, steps } });
    vec![found]
}
