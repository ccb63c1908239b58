//! What a client makes of a host key by the entries that it has for the host.

use shakedown_model::ssh::plain_key_type;
use shakedown_model::{Context, KnownHostKey, KnownHostMark, Name};

/// What the client makes of a host key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It knows the key.
    Known,
    /// It trusts the authority that signed the certificate.
    KnownAuthority,
    /// It knows the host by another key: this one.
    Changed(&'a KnownHostKey),
    /// The key, or the authority that signed it, is revoked by this entry.
    Revoked(&'a KnownHostKey),
    /// It has no entry that the key could be held against.
    Unknown,
}

/// Judges a host key, or a certificate signed by `authority`. OpenSSH, with `any_type`, takes any other plain entry of the
/// host as a sign that the key has changed, whatever its type (`check_hostkeys_by_key_or_type` of hostfile.c); other
/// clients compare keys of one type.
pub fn verdict<'a>(
    key_type: &Name,
    fingerprint: &str,
    authority: Option<&str>,
    context: &'a Context,
    any_type: bool,
) -> Verdict<'a> {
    let marked = |keys: &'a [KnownHostKey], mark| keys.iter().filter(move |entry| entry.mark == mark);
    let shown = |entry: &&KnownHostKey| entry.fingerprint == fingerprint || authority == Some(&entry.fingerprint);
    let mut all = [&context.known_hosts, &context.other_known_hosts].into_iter();
    if let Some(entry) = all.find_map(|keys| marked(keys, KnownHostMark::Revoked).find(shown)) {
        return Verdict::Revoked(entry);
    }
    let accepted_by = |keys: &'a [KnownHostKey]| {
        if marked(keys, KnownHostMark::CertAuthority).any(|entry| authority == Some(&entry.fingerprint)) {
            return Some(Verdict::KnownAuthority);
        }
        marked(keys, KnownHostMark::None).any(|entry| entry.fingerprint == fingerprint).then_some(Verdict::Known)
    };
    if let Some(verdict) = accepted_by(&context.known_hosts) {
        return verdict;
    }
    let plain = plain_key_type(key_type.as_str());
    let mut others = marked(&context.known_hosts, KnownHostMark::None);
    let same_type = others.clone().find(|entry| entry.key_type == *plain);
    if let Some(entry) = same_type.or_else(|| others.next_back().filter(|_| any_type)) {
        return Verdict::Changed(entry);
    }
    // What is known of the host without its port can make a key known, and not changed.
    accepted_by(&context.other_known_hosts).unwrap_or(Verdict::Unknown)
}
