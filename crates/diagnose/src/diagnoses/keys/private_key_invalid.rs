//! # A private key cannot be used
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! The file that should hold a private key holds something else: another format, another kind of key, a public key, or
//! a key that does not belong to the certificate beside it.
//!
//! ## Why
//! A key proves something only together with its other half. The certificate or `authorized_keys` holds the public
//! part, and a signature made with any other private key does not verify (RFC 4252 section 7, RFC 8446 section 4.4.3).
//! Programs therefore compare the two at start, or fail at the first connection.
//!
//! - PuTTY keys (`.ppk`) given to OpenSSH, or OpenSSH's own format (`BEGIN OPENSSH PRIVATE KEY`, the default since 7.8)
//!   given to an older Java or .NET library that reads only PEM.
//! - Windows line ends, a missing last line end, or a key that a web form or secret store put on one line.
//! - A renewed certificate installed without its new key, or the other way round.
//! - A wrong or missing passphrase, reported as `error in libcrypto` or `bad decrypt`.
//! - A key type that the program does not know: Ed25519 before OpenSSH 6.5, DSA in current releases.
//!
//! ## How to tell
//! Programs say:
//! - SSH: `Load key "...": invalid format`, `error in libcrypto`, `incorrect passphrase supplied to decrypt private
//!   key`; paramiko `not a valid RSA private key file`; JSch `invalid privatekey`; PuTTY `Unable to use key file
//!   "..." (OpenSSH SSH-2 private key)`; Go `ssh: no key found`.
//! - TLS: OpenSSL `key values mismatch`, `no start line`, `bad decrypt`; nginx `SSL_CTX_use_PrivateKey ... failed`;
//!   httpd AH02565; Go `tls: private key does not match public key`; rustls `keys may not be consistent`; Java
//!   `keystore password was incorrect`. The other end sees alert 51 or 40.
//! - IKE: strongSwan `building CRED_PRIVATE_KEY - ... failed`, `no private key found for '...'`.
//!
//! Look yourself:
//! - `ssh-keygen -yf FILE` prints the public part or says what is wrong; it must equal the `.pub` file. `file FILE`
//!   and `head -1 FILE` show the format.
//! - TLS and IKE: `openssl x509 -noout -pubkey -in cert.pem` and `openssl pkey -pubout -in key.pem` must print the
//!   same; `swanctl --load-creds`.
//!
//! Look-alikes:
//! - `private-key-permissions`: the content is right and cannot be read.
//! - `platform-support-missing`: a good key of a type, or under a cipher, that this library does not load (OpenSSL 3
//!   without the legacy provider).
//! - `server-certificate-missing`: the program started without the pair, and clients see the failure.
//!
//! ## Fix
//! Client or server, whichever has the file: convert it. `puttygen key.ppk -O private-openssh -o key`; for old
//! libraries `ssh-keygen -p -m PEM -f key` (keep a copy). `dos2unix key` for line ends.
//!
//! If certificate and key do not belong together, find the right pair; a certificate cannot be bent to fit a key.
//!
//! Safer: make a new Ed25519 key instead of weakening the format of an old one.
//!
//! Never: paste the private key into a ticket, a web converter or a chat to have it looked at.
//!
//! ## Example
//! ```case
//! client: openssl@3.0.15
//! fact: key-file server /etc/nginx/www.key does-not-match
//! side: server
//! ```
//!
//! ```case
//! client: openssh@9.2p1
//! fact: key-file client /home/alice/.ssh/id_rsa bad-format it is a PuTTY private key
//! side: client
//! ```

use shakedown_model::{
    Change, Fact, FilePermission, Match, Object, Phase, Protocol, Reason, Remedy, Role, Side, Strength,
};

use crate::Case;
use crate::hostkey::{client_shell, server_shell};
use crate::text::quoted;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut found = Vec::new();
    for (id, evidence) in case.facts() {
        let Fact::KeyFile { path, permission } = &evidence.fact else { continue };
        let file = quoted(path);
        if evidence.subject == Some(Role::Server) {
            let why = match permission {
                FilePermission::DoesNotMatch => {
                    Some(format!("the server's private key {file} does not belong to its certificate"))
                }
                FilePermission::BadFormat { reason } => {
                    Some(format!("the server has no private key for a certificate: {reason}"))
                }
                _ => None,
            };
            found.extend(why.filter(|_| case.protocol == Protocol::Tls).map(|why| of_server(id, path, why)));
            continue;
        }
        if evidence.subject != Some(Role::Client) {
            continue;
        }
        let (summary, note) = match permission {
            FilePermission::BadFormat { reason } => {
                (format!("the client cannot use the private key file {file}"), Some(format!("the file: {reason}")))
            }
            FilePermission::DoesNotMatch => {
                (format!("the client's private key {file} does not fit its public part or certificate"), None)
            }
            _ => continue,
        };
        let mut one = Match::new(Strength::Decisive, Side::Client, summary);
        one.phase = Some(phase(case));
        one.reason = Reason::KeyMaterial;
        one.side_because = "key material: the file is its own".to_owned();
        one.object = Some(Object { kind: "private key", name: path.clone() });
        one.evidence.push(id);
        one.supersedes = vec!["authentication-failed"];
        one.notes.extend(note);
        let steps = match case.protocol {
            Protocol::Ssh => vec![
                client_shell(&format!("ssh-keygen -yf {path}"), "prints the public part, or says what is wrong"),
                client_shell(&format!("puttygen {path} -O private-openssh -o {path}.openssh"), "if it is a PuTTY key"),
            ],
            Protocol::Tls | Protocol::Ike => vec![
                client_shell(&format!("openssl pkey -in {path} -pubout"), "prints the public part of the key"),
                client_shell("openssl x509 -in CERTIFICATE -noout -pubkey", "prints that of the certificate: the same"),
            ],
        };
        let title = format!("convert {file}, or use the key that fits");
        one.remedies.push(Remedy { role: Role::Client, change: Change::Decide { title, steps } });
        found.push(one);
    }
    found
}

/// A server's certificate with another one's key, or with none.
fn of_server(id: shakedown_model::EvidenceId, path: &str, summary: String) -> Match {
    let file = quoted(path);
    let mut one = Match::new(Strength::Decisive, Side::Server, summary);
    one.phase = Some(Phase::Certificate);
    one.reason = Reason::KeyMaterial;
    one.side_because = "key material: the files are its own".to_owned();
    one.object = Some(Object { kind: "private key", name: path.to_owned() });
    one.evidence.push(id);
    // What the rules make of a server that has no certificate to show is this.
    one.supersedes = vec!["invalid-configuration", "server-certificate-missing", "connection-cut"];
    let steps = vec![
        server_shell(&format!("openssl pkey -in {path} -pubout"), "prints the public part of the key"),
        server_shell("openssl x509 -in CERTIFICATE -noout -pubkey", "prints that of the certificate: the same"),
    ];
    let title = format!("name the key that belongs to the certificate, in the place of {file}");
    one.remedies.push(Remedy { role: Role::Server, change: Change::Decide { title, steps } });
    one
}

/// Where in the exchange the client's own key is needed.
fn phase(case: &Case<'_>) -> Phase {
    match case.protocol {
        Protocol::Ssh => Phase::Authentication,
        Protocol::Tls => Phase::ClientCertificate,
        Protocol::Ike => Phase::Auth,
    }
}
