//! # The server has no host key that it can use
//!
//! Protocols: ssh
//!
//! ## What happened
//! A server has to sign with its host key in every key exchange. The key's file is missing, cannot be read, is readable
//! by others, or is in a format that the server does not know. The server then either does not start, closes every
//! connection, or offers fewer kinds of key than one would think.
//!
//! ## Why
//! Without a host key there is no key exchange (RFC 4253 section 8). OpenSSH passes over a host key file that it cannot
//! load or that others can read, and stops only if none is left. Types that are gone in this way are missing from the
//! server's list, and a client that wants just that type reports "no matching host key type".
//!
//! - The files were never made: minimal images and containers leave that to the first start (`ssh-keygen -A`).
//! - A copy or a restored backup changed owner or mode; the private files need mode 0600.
//! - `HostKey` in the configuration names a path that is not there. As soon as one `HostKey` line stands in the file,
//!   the default keys are no longer looked for.
//! - The file is in a format of another program (PuTTY, Dropbear), has a passphrase, or is an empty file after a full
//!   disk.
//! - A DSA key on a release that has no DSA any more, or an RSA key below `RequiredRSASize`.
//!
//! ## How to tell
//! Programs say:
//! - sshd: `Unable to load host key "FILE": ...` (`Could not load host key` before 8.0), `no hostkeys available --
//!   exiting`, `UNPROTECTED PRIVATE KEY FILE!`; Dropbear: `Failed loading ...`. Clients see only a close, or `no
//!   matching host key type found`.
//!
//! Look yourself:
//! - On the server, as root: `sshd -t`, `sshd -T | grep -i ^hostkey`, `ls -lZ /etc/ssh/ssh_host_*_key`, `ssh-keygen
//!   -yf FILE` for each.
//!
//! Look-alikes:
//! - `no-common-host-key-algorithm`: all files load, and the lists differ. `sshd -t` prints nothing then.
//! - `connection-cut`: other clients get in. A missing key fails for all.
//!
//! ## Fix
//! Server: `chmod 600` and `chown root` the private files, correct the `HostKey` path, or make missing keys with
//! `ssh-keygen -A`, which never overwrites existing ones. New keys are new to all clients: publish the fingerprints.
//!
//! Client: there is nothing to change.
//!
//! Safer: mend what is there; a restored old key keeps every client's `known_hosts` right.
//!
//! Never: one host key for all machines of an image, or a key file that others can read.
//!
//! ## Example
//! ```case
//! server: openssh@9.2p1
//! fact: key-file server /etc/ssh/ssh_host_ed25519_key too-open 644
//! side: server
//! ```

use shakedown_model::{
    Applicability, Change, Fact, FailureKind, FilePermission, Match, Object, Phase, Protocol, Reason, Remedy, Role,
    Side, Slot, Strength,
};

use crate::Case;
use crate::hostkey::{server_fingerprint, server_shell};
use crate::text::quoted;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::new();
    for (id, evidence) in case.facts() {
        let Fact::KeyFile { path, permission } = &evidence.fact else { continue };
        if evidence.subject != Some(Role::Server) || case.protocol != Protocol::Ssh {
            continue;
        }
        // A configuration from another machine comes without its keys, and this process may have fewer rights than the
        // server: neither is a fault where both ends agree.
        let unsure = matches!(permission, FilePermission::Missing | FilePermission::NotReadable);
        if unsure && case.agrees() {
            continue;
        }
        let mut one = of_file(path, permission);
        if unsure && case.failed().iter().any(|failed| failed.slot == Slot::HostKey) {
            one.strength = Strength::Strong;
        }
        one.evidence.push(id);
        found.push(one);
    }
    let empty = FailureKind::NothingOffered { by: Role::Server };
    if case.failed_as(|kind| *kind == empty).any(|failed| failed.slot == Slot::HostKey) && found.is_empty() {
        let mut one = base(Strength::Decisive, "the server offers no host key algorithm at all".to_owned());
        one.notes.push("no host key file could be loaded, or the configuration excludes every type".to_owned());
        one.remedies.push(new_keys());
        found.push(one);
    }
    found
}

fn base(strength: Strength, summary: String) -> Match {
    let mut one = Match::new(strength, Side::Server, summary);
    one.phase = Some(Phase::Kexinit);
    one.reason = Reason::KeyMaterial;
    one.side_because = "key material: a server signs every key exchange with its host key".to_owned();
    one.what_would_decide = Some("`sshd -t`, run as root on the server".to_owned());
    one
}

fn of_file(path: &str, permission: &FilePermission) -> Match {
    let file = quoted(path);
    let chmod = || {
        let commands = vec![server_shell(&format!("chmod 600 {path}"), "only its owner may read the file")];
        let title = format!("let only root read {file}");
        Remedy { role: Role::Server, change: Change::Commands { title, commands, applicability: Applicability::Safe } }
    };
    let (strength, summary, remedy) = match permission {
        FilePermission::Missing => {
            (Strength::Weak, format!("the server's host key file {file} does not exist"), new_keys())
        }
        FilePermission::NotReadable => {
            (Strength::Weak, format!("the server's host key file {file} cannot be read"), chmod())
        }
        FilePermission::TooOpen { mode } => (
            Strength::Decisive,
            format!("the server ignores its host key {file}: its mode {mode:04o} lets others read it"),
            chmod(),
        ),
        FilePermission::BadFormat { .. } => {
            (Strength::Decisive, format!("the server cannot use its host key file {file}"), new_keys())
        }
        FilePermission::DoesNotMatch => (
            Strength::Decisive,
            format!("the server's host key {file} does not fit its public part or certificate"),
            new_keys(),
        ),
    };
    let mut one = base(strength, summary);
    if let FilePermission::BadFormat { reason } = permission {
        one.notes.push(format!("the file: {reason}"));
    }
    if *permission == FilePermission::NotReadable {
        one.notes
            .push("the server, run as root, may be able to read what this program cannot: run this as root".to_owned());
    }
    one.object = Some(Object { kind: "host key", name: path.to_owned() });
    one.remedies.push(remedy);
    one
}

fn new_keys() -> Remedy {
    let commands = vec![
        server_shell("ssh-keygen -A", "makes the default host keys that are missing; existing ones stay"),
        server_fingerprint(),
        server_shell("sshd -t && systemctl reload ssh", "checks the configuration, then loads the new keys"),
    ];
    let title = "make the host keys that are missing, and publish their fingerprints".to_owned();
    Remedy { role: Role::Server, change: Change::Commands { title, commands, applicability: Applicability::Manual } }
}
