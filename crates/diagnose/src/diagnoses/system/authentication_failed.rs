//! # The log-in failed, not the key exchange
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! The encrypted connection stands. What failed is the next step: the server did not accept the user's password, key or
//! name.
//!
//! ## Why
//! User authentication is a protocol of its own, which runs inside the encrypted connection (RFC 4252 section 5).
//! Nothing about ciphers or key exchange methods will change its answer, and a server says as little as it can, to give
//! nothing away to people who guess:
//!
//! - The key is not in the account's `authorized_keys`, or that file or a folder above it can be written by others,
//!   which makes the server pass it over (`StrictModes`).
//! - The client offers other keys first, and the server stops after `MaxAuthTries` (6).
//! - Another user name than the one meant: `ssh -v` shows `Authenticating to HOST as 'NAME'`.
//! - The account is locked, expired or excluded (`AllowUsers`, `DenyGroups`, PAM, `nologin`).
//! - Passwords are switched off (`PasswordAuthentication no`).
//!
//! If the server refuses only the way of signing, the cause is `no-common-signature-algorithm`.
//!
//! ## How to tell
//! Programs say:
//! - SSH: `Permission denied (publickey,password)`: the words in brackets are what the server would still accept;
//!   `Too many authentication failures`; PuTTY `No supported authentication methods available`; paramiko
//!   `Authentication failed.`; JSch `Auth fail`; Go `unable to authenticate, attempted methods [none publickey]`;
//!   server `Failed password for`, `Invalid user`, `Connection closed by authenticating user`.
//! - TLS: none; the handshake is over. `401`, `530`, `535`, `Access denied for user`, `password authentication failed
//!   for user` come from the service inside.
//! - IKE: strongSwan `EAP method EAP_MSCHAPV2 failed`, `XAuth authentication of '...' failed`, `RADIUS authentication
//!   of '...' failed`; Windows errors 691 and 812.
//!
//! Look yourself:
//! - `ssh -v HOST` shows the user, each key offered and the server's answer; `ssh -o IdentitiesOnly=yes -i FILE HOST`
//!   tries one key.
//! - The server's log knows the reason: `journalctl -u ssh`, `/var/log/auth.log`, `/var/log/secure`; for EAP the
//!   RADIUS server's log. `namei -l ~/.ssh/authorized_keys` there.
//!
//! Look-alikes:
//! - `no-common-signature-algorithm`: the server's log says `not in PubkeyAcceptedAlgorithms`, the client `no mutual
//!   signature`.
//! - `private-key-permissions`, `private-key-invalid`: the client never offers the key.
//! - `psk-mismatch`, `peer-identity-mismatch` (IKE): AUTHENTICATION_FAILED without EAP or XAuth is about the gateways
//!   and not about the user.
//! - `client-certificate-rejected` (TLS): alert 42 to 49.
//!
//! ## Fix
//! Client: use the right user and key (`User`, `IdentityFile`, `IdentitiesOnly yes`).
//!
//! Server: `chmod 700 ~/.ssh`, `chmod 600 ~/.ssh/authorized_keys`, neither writable by others; add the key.
//!
//! Safer: keys instead of passwords.
//!
//! Never: `PermitRootLogin yes` with a password, `StrictModes no`, or a key without passphrase mailed around.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! server: openssh@9.2p1
//! fact: disconnected authentication 14 Too many authentication failures
//! ```

use shakedown_model::{Change, Fact, Match, Phase, Remedy, Role, Side, Strength};

use crate::Case;
use crate::hostkey::client_shell;
use crate::text::words;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut found = Vec::new();
    for (id, evidence) in case.facts() {
        let Fact::Disconnected { phase, code, text } = &evidence.fact else { continue };
        if *phase != Phase::Authentication && !matches!(code, 13 | 14) {
            continue;
        }
        let mut one =
            Match::new(Strength::Strong, Side::Unknown, "the key exchange is in order, and the log-in failed");
        one.phase = Some(Phase::Authentication);
        one.side_because =
            "whether the user, the key or the account is the wrong one only the server's log tells".to_owned();
        one.evidence.push(id);
        one.notes.push(format!("the server's words: {} (reason {code})", words(text)));
        one.what_would_decide = Some("the server's log: `journalctl -u ssh --since -5min`".to_owned());
        let command =
            format!("ssh -v -o IdentitiesOnly=yes -i FILE {} 2>&1 | grep -i -e offering -e continue", case.host());
        let steps = vec![client_shell(&command, "which key is offered, and what the server would still accept")];
        let title = "log in as the right user with one key that the account knows".to_owned();
        one.remedies.push(Remedy { role: Role::Client, change: Change::Decide { title, steps } });
        found.push(one);
    }
    found
}
