//! # No signature algorithm in common
//!
//! Protocols: ssh, tls
//!
//! ## What happened
//! The user's key is good and the server knows it, but the two programs cannot agree on the way to sign with it. It
//! looks like a refused password or key ("permission denied"), and is not. In TLS the same happens between the client's
//! list of signature algorithms and the server's certificate.
//!
//! ## Why
//! An SSH server that is asked for it names the algorithms that it takes from users in `server-sig-algs` (RFC 8308
//! section 3.1). An RSA key can sign with SHA-1 (`ssh-rsa`) or with SHA-2 (`rsa-sha2-256`, `rsa-sha2-512`, RFC 8332
//! section 3). Current servers refuse `ssh-rsa` (OpenSSH since 8.8, 2021), and old clients can do nothing else. The
//! other way round, a current client no longer signs with SHA-1, and an old server that does not send the list is taken
//! to know only that.
//!
//! In TLS the client lists what it can verify in `signature_algorithms` (RFC 8446 section 4.2.3). The server must sign
//! with one of them, by a certificate that fits. SHA-1 is gone there as well (RFC 9155).
//!
//! ## How to tell
//! Programs say:
//! - SSH, client: `sign_and_send_pubkey: no mutual signature supported`, with `-v` `send_pubkey_test: no mutual
//!   signature algorithm`. JSch and paramiko only say `Auth fail` and `Authentication failed`.
//! - SSH, server: `userauth_pubkey: signature algorithm ssh-rsa not in PubkeyAcceptedAlgorithms` (`key type` up to
//!   8.9).
//! - TLS: OpenSSL `no suitable signature algorithm`, `no shared signature algorithms`, `wrong signature type`,
//!   `legacy sigalg disallowed or unsupported`; Go `peer doesn't support any of the certificate's signature
//!   algorithms`; Java `No available authentication scheme`; the other end sees alert 40 or 47.
//!
//! Look yourself:
//! - SSH: `ssh -vv HOST` prints `server-sig-algs=<...>` and what is tried with each key; `sshd -T | grep -i
//!   pubkeyaccepted`.
//! - TLS: `openssl s_client -connect HOST:443` prints `Peer signature type`; `-sigalgs rsa_pss_rsae_sha256` tries
//!   one. The certificate's own kind: `openssl x509 -noout -text -in cert.pem`.
//!
//! Look-alikes:
//! - `authentication-failed` (SSH): both end in `Permission denied (publickey)`. With an Ed25519 key in
//!   `authorized_keys` this cause is gone, and the other is not.
//! - `weak-signature-digest` (TLS): there the signature inside the certificate is refused, here the one made in the
//!   handshake.
//! - `no-common-cipher` (TLS): the same alert 40; `-sigalgs` with another value decides.
//!
//! ## Fix
//! Client: use a newer release or library (for RSA: OpenSSH 7.2, PuTTY 0.75, JSch of the maintained fork, paramiko
//! 2.9), or make a key of another type: `ssh-keygen -t ed25519`, and give its public part to the server. TLS: a
//! library that lists RSA-PSS and ECDSA.
//!
//! Server: an old SSH server can be reached for the time being with `PubkeyAcceptedAlgorithms +ssh-rsa` in the
//! client's `Host` block for it. TLS: a certificate of a usual kind (ECDSA P-256, or RSA of 2048 bits) beside an
//! unusual one.
//!
//! Safer: a new Ed25519 key works with servers since OpenSSH 6.5 and weakens nothing.
//!
//! Never: `PubkeyAcceptedAlgorithms +ssh-rsa` in the server's global configuration for one old client: it re-admits
//! SHA-1 for everybody.
//!
//! ## Example
//! ```case
//! client: openssh@7.1p1
//! server: openssh@9.2p1
//! fact: no-user-signature ssh-rsa | ssh-ed25519,rsa-sha2-512,rsa-sha2-256
//! side: client
//! ```

use shakedown_model::{
    Change, Command, CommandPlace, Evidence, Fact, Match, Name, Phase, Protocol, Reason, Remedy, Role, Side, Slot,
    Strength, names,
};

use crate::Case;
use crate::text::list;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    if case.protocol == Protocol::Tls {
        return crate::tls::matches(case, "no-common-signature-algorithm");
    }
    let seen = case.facts().find_map(|(id, evidence): (_, &Evidence)| match &evidence.fact {
        Fact::NoUserSignature { client, server } => Some((id, client.clone(), server.clone())),
        _ => None,
    });
    if let Some((id, client, server)) = seen {
        let mut found = one(Strength::Decisive, &client, &server);
        found.evidence.push(id);
        return vec![found];
    }
    let forecast = case.outcome.is_some_and(|outcome| outcome.forecast.iter().any(|f| f.slot == Slot::SignatureScheme));
    let accepted = |role| {
        let list = case.party(role)?.ssh()?.offer.public_key_auth.accepted()?;
        Some(names(list))
    };
    match (forecast, accepted(Role::Client), accepted(Role::Server)) {
        // Whether the user logs in with a key at all is not known.
        (true, Some(client), Some(server)) => vec![one(Strength::Weak, &client, &server)],
        _ => Vec::new(),
    }
}

fn one(strength: Strength, client: &[Name], server: &[Name]) -> Match {
    let sha1_only =
        |list: &[Name]| !list.is_empty() && list.iter().all(|name| matches!(name.as_str(), "ssh-rsa" | "ssh-dss"));
    let (side, because) = match (sha1_only(client), sha1_only(server)) {
        (true, false) => (Side::Client, "outdated software: it signs only with SHA-1"),
        (false, true) => (Side::Server, "outdated software: it accepts only signatures with SHA-1"),
        _ => (Side::Unknown, "neither list is known to be the outdated one"),
    };
    let summary = "client and server share no signature algorithm for the user's key";
    let mut found = Match::new(strength, side, summary);
    found.phase = Some(Phase::Authentication);
    found.reason = if side == Side::Unknown { Reason::Unknown } else { Reason::OutdatedSoftware };
    found.side_because = because.to_owned();
    found.algorithms = if side == Side::Server { server.to_vec() } else { client.to_vec() };
    found.supersedes = vec!["authentication-failed"];
    found.notes.push(format!("the client can sign with: {}", list(client)));
    found.notes.push(format!("the server accepts: {}", list(server)));
    found.remedies.push(Remedy { role: Role::Client, change: new_key() });
    found
}

/// Which key opens which account is a question of trust.
fn new_key() -> Change {
    let step = |text: &str, explanation: &str| Command {
        place: CommandPlace::ClientShell,
        text: text.to_owned(),
        explanation: explanation.to_owned(),
    };
    let steps = vec![
        step("ssh-keygen -t ed25519", "makes a key of a type that every current server accepts"),
        step("ssh-copy-id -i ~/.ssh/id_ed25519.pub HOST", "needs another way to log in, such as a password"),
    ];
    Change::Decide { title: "use an Ed25519 key for this server".to_owned(), steps }
}
