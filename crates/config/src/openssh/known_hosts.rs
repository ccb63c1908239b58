//! `known_hosts` files (hostfile.c, and SSH_KNOWN_HOSTS FILE FORMAT of sshd(8)) and lists of revoked keys.

use std::ops::Range;
use std::sync::Arc;

use shakedown_crypto::host_key::{self, KeyFileInfo};
use shakedown_crypto::{CryptoError, Hash};
use shakedown_model::{ConfigProblem, Evidence, Fact, KnownHostKey, KnownHostMark, Name, Origin, Role, SourceFile};

use super::client_settings::ClientSettings;
use super::pattern::{Judgement, judge_host};
use crate::files::{FILE_LIMIT, FileError, Files};

/// What the files know of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownHosts {
    /// The entries that hold for the host, in the order of the files.
    pub keys: Vec<KnownHostKey>,
    /// Entries for the host without its port, where it has one of its own: ssh accepts these keys as well, but does not ask
    /// for their types first.
    pub without_port: Vec<KnownHostKey>,
    /// Files that cannot be read, and entries that ssh passes over.
    pub evidence: Vec<Evidence>,
}

/// Looks a host up in the files of its settings.
pub fn lookup_for(files: &dyn Files, settings: &ClientSettings) -> KnownHosts {
    let Some(name) = &settings.known_hosts_name else { return KnownHosts::default() };
    let paths: Vec<String> =
        settings.user_known_hosts_files.iter().chain(&settings.global_known_hosts_files).cloned().collect();
    let mut found = lookup(files, &paths, name);
    let plain = settings.host_name.as_ref().filter(|host| settings.host_key_alias.is_none() && *host != name);
    if let Some(host) = plain {
        found.without_port = lookup(files, &paths, host).keys;
    }
    found
}

/// Looks a name up: a host, `[host]:port`, or an alias. Files that do not exist are passed over.
pub fn lookup(files: &dyn Files, paths: &[String], name: &str) -> KnownHosts {
    /// More broken lines than this are not told.
    const MOST_PROBLEMS: usize = 20;
    let name = name.to_ascii_lowercase();
    let mut found = KnownHosts::default();
    for path in paths {
        let file = match read(files, path) {
            Ok(file) => file,
            Err(FileError::NotFound | FileError::NoHome) => continue,
            Err(error) => {
                let message = format!("{path}: {error}");
                found.evidence.push(problem(ConfigProblem::FileNotReadable, message, None));
                continue;
            }
        };
        for span in lines(&file.text) {
            match entry(&file.text, span.clone(), &name) {
                Entry::Other => {}
                Entry::Key(mark, key) => found.keys.extend(known(mark, *key, Origin::file(&file, span))),
                Entry::Broken(message) if found.evidence.len() < MOST_PROBLEMS => {
                    let origin = Origin::file(&file, span);
                    found.evidence.push(problem(ConfigProblem::Syntax, message, Some(origin)));
                }
                Entry::Broken(_) => {}
            }
        }
    }
    found
}

/// What a `RevokedHostKeys` file revokes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevokedKeys {
    /// The keys.
    pub keys: Vec<KnownHostKey>,
    /// How many entries of a key revocation list are not among them: keys by their SHA-1 hash, certificates by serial
    /// number or key ID.
    pub others: usize,
}

/// The keys of a `RevokedHostKeys` file: lines of keys, or a key revocation list of `ssh-keygen -k`.
///
/// # Errors
/// [`RevokedKeysError`]: ssh refuses every host key while the file cannot be read.
pub fn revoked(files: &dyn Files, path: &str) -> Result<RevokedKeys, RevokedKeysError> {
    let file = read(files, path).map_err(|source| RevokedKeysError::File { path: path.to_owned(), source })?;
    if file.text.starts_with(host_key::REVOCATION_LIST_MAGIC) {
        let list = host_key::read_revocation_list(&file.text)
            .map_err(|source| RevokedKeysError::List { path: path.to_owned(), source })?;
        // Its first line, which is text, stands for the whole.
        let origin = Origin::file(&file, 0..host_key::REVOCATION_LIST_MAGIC.len() - 2);
        let revoked = |fingerprint| KnownHostKey {
            key_type: Name::new(""),
            fingerprint,
            mark: KnownHostMark::Revoked,
            origin: origin.clone(),
        };
        return Ok(RevokedKeys { keys: list.fingerprints.into_iter().map(revoked).collect(), others: list.others });
    }
    let mut keys = Vec::new();
    for span in lines(&file.text) {
        let line = trimmed(file.text.get(span.clone()).unwrap_or_default());
        if let Ok(key) = host_key::read_public_key_line(line) {
            keys.extend(known(KnownHostMark::Revoked, key, Origin::file(&file, span)));
        }
    }
    Ok(RevokedKeys { keys, others: 0 })
}

/// Why a list of revoked keys says nothing here.
#[derive(Debug, thiserror::Error)]
pub enum RevokedKeysError {
    /// The file cannot be read.
    #[error("cannot read `{path}`")]
    File {
        /// The file.
        path: String,
        /// Why not.
        #[source]
        source: FileError,
    },
    /// It is a key revocation list that cannot be read.
    #[error("`{path}` is a key revocation list that cannot be read")]
    List {
        /// The file.
        path: String,
        /// Why not.
        #[source]
        source: CryptoError,
    },
}

fn read(files: &dyn Files, path: &str) -> Result<Arc<SourceFile>, FileError> {
    Ok(Arc::new(SourceFile::new(path, files.read(path, FILE_LIMIT)?)))
}

fn problem(problem: ConfigProblem, message: String, origin: Option<Origin>) -> Evidence {
    let evidence = Evidence::new(Fact::Configuration { problem, message, suggestion: None }).by(Role::Client);
    match origin {
        Some(origin) => evidence.at(origin),
        None => evidence,
    }
}

fn known(mark: KnownHostMark, key: KeyFileInfo, origin: Origin) -> Option<KnownHostKey> {
    Some(KnownHostKey { key_type: key.key_type?, fingerprint: key.fingerprint?, mark, origin })
}

/// Lines without their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    text.split(|&byte| byte == b'\n').map(move |line| {
        let span = start..start + line.len();
        start = span.end + 1;
        span
    })
}

fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii_start();
    if line.starts_with(b"#") { b"" } else { line.trim_ascii_end() }
}

enum Entry {
    /// A comment, or of another host.
    Other,
    Key(KnownHostMark, Box<KeyFileInfo>),
    Broken(String),
}

fn entry(text: &[u8], span: Range<usize>, name: &str) -> Entry {
    let mut line = trimmed(text.get(span).unwrap_or_default());
    if line.is_empty() {
        return Entry::Other;
    }
    let mut mark = KnownHostMark::None;
    if line.starts_with(b"@") {
        let (marker, rest) = word(line);
        mark = match marker {
            b"@cert-authority" => KnownHostMark::CertAuthority,
            b"@revoked" => KnownHostMark::Revoked,
            _ => return Entry::Broken("invalid marker: the entry is passed over".into()),
        };
        line = rest;
        if line.starts_with(b"@") {
            return Entry::Broken("more than one marker: the entry is passed over".into());
        }
    }
    let (hosts, key) = word(line);
    match matches(hosts, name) {
        Some(true) => {}
        Some(false) => return Entry::Other,
        None => return Entry::Broken("bad host hash: the entry is passed over".into()),
    }
    match host_key::read_public_key_line(key) {
        Ok(key) => Entry::Key(mark, Box::new(key)),
        Err(error) => Entry::Broken(format!("the key cannot be read, and the entry is passed over: {error}")),
    }
}

/// The first word, and what follows the white space behind it.
fn word(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(line.len());
    let (word, rest) = line.split_at_checked(end).unwrap_or((line, b""));
    (word, rest.trim_ascii_start())
}

/// Whether the host field of an entry names the host; `None` for a broken hash.
fn matches(hosts: &[u8], name: &str) -> Option<bool> {
    let Some(hashed) = hosts.strip_prefix(b"|1|") else {
        return Some(judge_host(hosts, name) == Judgement::Match);
    };
    let split = hashed.iter().position(|&byte| byte == b'|')?;
    let salt = decode(hashed.get(..split)?).filter(|salt| salt.len() == Hash::Sha1.length())?;
    let hash = decode(hashed.get(split + 1..)?)?;
    Some(hmac_sha1(&salt, name.as_bytes()) == hash)
}

/// HMAC (RFC 2104) with SHA-1 and a key no longer than a block.
fn hmac_sha1(key: &[u8], message: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let padded = |with: u8| -> Vec<u8> {
        key.iter().copied().chain(std::iter::repeat(0)).take(BLOCK).map(|byte| byte ^ with).collect()
    };
    let inner = Hash::Sha1.digest(&[&padded(0x36), message]);
    Hash::Sha1.digest(&[&padded(0x5c), &inner])
}

/// Base64 with padding, RFC 4648 section 4.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.iter().rposition(|&byte| byte != b'=').map_or(0, |last| last + 1);
    let (mut bytes, mut value, mut bits) = (Vec::new(), 0_u32, 0_u32);
    for byte in text.get(..digits)? {
        let digit = ALPHABET.iter().position(|letter| letter == byte)?;
        value = (value << 6 | u32::try_from(digit).ok()?) & 0xfff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(value >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    /// Ed25519 keys that are all zeros and all ones, in the wire format of RFC 8709.
    const ZEROS: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const ONES: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP//////////////////////////////////////////";

    fn found(text: &str, name: &str) -> Vec<(KnownHostMark, String)> {
        let files = Memory::new().with("k", text);
        let keys = lookup(&files, &["k".into(), "absent".into()], name).keys;
        keys.into_iter().map(|key| (key.mark, key.fingerprint)).collect()
    }

    #[test]
    fn entries_of_all_forms() {
        let text = format!(
            "# comment\n\nother {ONES}\nDB.example.org,192.0.2.7 {ZEROS} a comment\n*.example.org,!db.example.org {ONES}\n\
             [db.example.org]:2222 {ONES}\n@cert-authority *.example.org {ONES}\n@revoked * {ONES}\r\n"
        );
        let marks = |name| found(&text, name).into_iter().map(|(mark, _)| mark).collect::<Vec<_>>();
        use KnownHostMark::{CertAuthority, None, Revoked};
        assert_eq!(marks("db.example.org"), [None, CertAuthority, Revoked]);
        assert_eq!(marks("web.example.org"), [None, CertAuthority, Revoked]);
        assert_eq!(marks("192.0.2.7"), [None, Revoked]);
        assert_eq!(marks("[db.example.org]:2222"), [None, Revoked]);
    }

    #[test]
    fn hashed_entries() {
        let salt = [7_u8; 20];
        let encode = |bytes: &[u8]| {
            const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            bytes.chunks(3).fold(String::new(), |mut text, chunk| {
                let value =
                    chunk.iter().fold(0_u32, |value, &byte| value << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
                for place in 0..4 {
                    let digit = ALPHABET[(value >> (18 - 6 * place) & 63) as usize];
                    text.push(if place > chunk.len() { '=' } else { char::from(digit) });
                }
                text
            })
        };
        let hash = |name: &str| format!("|1|{}|{}", encode(&salt), encode(&hmac_sha1(&salt, name.as_bytes())));
        let text = format!("{} {ZEROS}\n{} {ONES}\n|1|x|y {ONES}\n", hash("target"), hash("[target]:2222"));
        assert_eq!(found(&text, "TARGET").len(), 1);
        assert_eq!(found(&text, "[target]:2222").len(), 1);
        assert_eq!(found(&text, "other").len(), 0);
        let files = Memory::new().with("k", text);
        assert_eq!(lookup(&files, &["k".into()], "target").evidence.len(), 1);
    }

    // RFC 2202 section 3, test case 1.
    #[test]
    fn hmac_known_answer() {
        let digest: String = hmac_sha1(&[0x0b; 20], b"Hi There").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, "b617318655057264e28bc0b6fb378c8ef146be00");
    }

    #[test]
    fn broken_entries_are_told_and_passed_over() {
        let text =
            format!("@strange target {ONES}\ntarget ssh-ed25519 AAAA\ntarget\n@revoked @revoked target {ONES}\n");
        let files = Memory::new().with("k", text);
        let found = lookup(&files, &["k".into()], "target");
        assert_eq!((found.keys.len(), found.evidence.len()), (0, 4));
    }

    #[test]
    fn revoked_keys() {
        let files = Memory::new().with("r", format!("# x\n{ONES} c\n{ZEROS}\n")).with("krl", b"SSHKRL\n\0...".to_vec());
        assert_eq!(revoked(&files, "r").unwrap().keys.len(), 2);
        assert!(matches!(revoked(&files, "krl"), Err(RevokedKeysError::List { .. })));
        assert!(matches!(revoked(&files, "none"), Err(RevokedKeysError::File { .. })));
    }
}
