//! # A private key file is readable by others, or not by its user
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! A private key is only worth something as long as nobody else has it. The program found that others can read the
//! file, and passes it over. Or the opposite: the program itself runs as a user who may not read it.
//!
//! ## Why
//! No RFC asks for this; programs do, because a key that everybody on the machine can copy proves nothing (RFC 4251
//! section 9.4 names the protection of the user's key as a condition for public key authentication). OpenSSH refuses a
//! key of its own user that group or others can access at all. PostgreSQL, Postfix and strongSwan behave alike.
//!
//! - The file was copied from a USB stick, a Windows drive (WSL: `/mnt/c`) or a shared folder, where every file has
//!   mode 0777.
//! - An archive or a configuration tool wrote it with mode 0644.
//! - A service that runs as `www-data` or `nobody` is pointed to a file that only root may read.
//! - SELinux or AppArmor denies the access although the mode is right.
//!
//! ## How to tell
//! Programs say:
//! - SSH: `UNPROTECTED PRIVATE KEY FILE!`, `Permissions 0644 for '...' are too open`, `Load key "...": Permission
//!   denied`, then `Permission denied (publickey)` as if the key were wrong; `Bad owner or permissions on
//!   ~/.ssh/config`.
//! - TLS: OpenSSL `Permission denied` behind `BIO_new_file`; nginx `cannot load certificate key ... Permission
//!   denied`; PostgreSQL `private key file "..." has group or world access`; Windows `SEC_E_NO_CREDENTIALS`
//!   (0x8009030E), event 36870.
//! - IKE: strongSwan `opening '...' failed: Permission denied`, `no private key found for '...'`; libreswan keeps
//!   keys in its NSS database and says `unable to locate my private key`.
//!
//! Look yourself:
//! - `ls -lZ FILE`, and `namei -l FILE` for the folders above it; `sudo -u USER head -c0 FILE` tries it as the
//!   service's user.
//! - `journalctl -k | grep -i -e avc -e apparmor` for refusals in spite of the right mode. Windows: `icacls FILE`.
//!
//! Look-alikes:
//! - `private-key-invalid`: the file can be read, and its content is not a key: `ssh-keygen -yf FILE`, `openssl pkey
//!   -in FILE -noout`.
//! - `authentication-failed`: the key was sent and the server did not want it; `ssh -v` shows `Offering public key`.
//! - `host-key-unusable`: the same warning on the server about its host key.
//!
//! ## Fix
//! Client: `chmod 600 FILE`, and on Windows remove inherited rights (`icacls FILE /inheritance:r /grant:r
//! "%USERNAME%:R"`). On a drive without modes, move the key to the home folder.
//!
//! Server: the same for its own key files; let the service start as root and drop its rights later, as most do, or
//! give its group read access where the program takes that (`0640`, group `ssl-cert`).
//!
//! Safer: if others could read the key for long, treat it as known to them and make a new one.
//!
//! Never: `chmod 777`, or running the service as root for good, to get rid of the message.
//!
//! ## Example
//! ```case
//! client: openssh@9.2p1
//! fact: key-file client /home/alice/.ssh/id_ed25519 too-open 644
//! side: client
//! ```

use shakedown_model::{
    Applicability, Change, EvidenceId, Fact, FilePermission, Match, Object, Phase, Protocol, Reason, Remedy, Role,
    Side, Strength,
};

use crate::Case;
use crate::hostkey::{client_shell, server_shell};
use crate::text::quoted;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut found = Vec::new();
    for (id, evidence) in case.facts().filter(|(_, evidence)| evidence.subject == Some(Role::Client)) {
        let Fact::KeyFile { path, permission } = &evidence.fact else { continue };
        let file = quoted(path);
        let (strength, summary, mode) = match permission {
            FilePermission::TooOpen { mode } => (
                Strength::Decisive,
                format!("the client ignores the private key {file}: its mode {mode:04o} lets others read it"),
                "600",
            ),
            FilePermission::NotReadable => {
                (Strength::Strong, format!("the client cannot read the private key {file}"), "u+r")
            }
            _ => continue,
        };
        let mut one = Match::new(strength, Side::Client, summary);
        one.phase = Some(Phase::Authentication);
        one.reason = Reason::KeyMaterial;
        one.side_because = "key material: the file's permissions are its own".to_owned();
        one.object = Some(Object { kind: "private key", name: path.clone() });
        one.evidence.push(id);
        one.supersedes = vec!["authentication-failed"];
        one.notes
            .push("the key is passed over in silence, so that the log-in then fails as if it were wrong".to_owned());
        let commands = vec![client_shell(&format!("chmod {mode} {path}"), "")];
        let title = format!("let only its owner read {file}");
        let change = Change::Commands { title, commands, applicability: Applicability::Safe };
        one.remedies.push(Remedy { role: Role::Client, change });
        found.push(one);
    }
    if case.protocol == Protocol::Tls {
        for (id, evidence) in case.facts().filter(|(_, evidence)| evidence.subject == Some(Role::Server)) {
            let Fact::KeyFile { path, permission } = &evidence.fact else { continue };
            found.extend(of_server(id, path, permission));
        }
    }
    found
}

/// A key that a server of TLS cannot load, so that it does not start.
fn of_server(id: EvidenceId, path: &str, permission: &FilePermission) -> Option<Match> {
    let file = quoted(path);
    let (summary, title, command) = match permission {
        FilePermission::TooOpen { mode } => (
            format!("the server refuses its private key {file}: its mode {mode:04o} lets others read it"),
            format!("let only its owner read {file}"),
            format!("chmod 600 {path}"),
        ),
        FilePermission::Missing => (
            format!("the server's private key {file} is not there"),
            format!("put the key that belongs to the certificate at {file}, or name the file that holds it"),
            format!("ls -l {path}"),
        ),
        _ => return None,
    };
    let mut one = Match::new(Strength::Decisive, Side::Server, summary);
    one.phase = Some(Phase::Certificate);
    one.reason = Reason::KeyMaterial;
    one.side_because = "key material: the file is its own".to_owned();
    one.object = Some(Object { kind: "private key", name: path.to_owned() });
    one.evidence.push(id);
    // What the rules make of a server that has no certificate to show is this.
    one.supersedes = vec!["invalid-configuration", "server-certificate-missing", "connection-cut"];
    let steps = vec![server_shell(&command, "")];
    one.remedies.push(Remedy { role: Role::Server, change: Change::Decide { title, steps } });
    Some(one)
}
