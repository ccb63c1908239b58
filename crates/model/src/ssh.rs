//! SSH: what a party offers, and how it differs from the plain rules of RFC 4253.

use crate::{Context, Item, Known, KnownHostMark, Name, Origin, Role, Slot};

/// All that an SSH party would offer and accept, and how it chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshPolicy {
    /// The offer before the context has changed it.
    pub offer: SshOffer,
    /// How the client orders host key algorithms by what it knows of the host (rule R11).
    pub host_key_order: HostKeyOrder,
    /// Where it departs from the plain rules.
    pub behaviour: SshBehaviour,
    /// What the build could do if it were enabled (`ssh -Q`), per slot; not what it offers.
    pub supported: Supported,
    /// What a Match or Host block, read offline, left undecided: slot and the criterion. The slot's list is then that of
    /// the case in which the block does not hold.
    pub undecided: Vec<Undecided>,
}

/// A part of the configuration that cannot be decided without running something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The slot that depends on it.
    pub slot: Slot,
    /// The criterion, such as `Match exec "..."`.
    pub criterion: String,
    /// Where it stands.
    pub origin: Option<Origin>,
}

/// What an SSH party sends first: its identification, its KEXINIT, and what else decides whether the exchange succeeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshOffer {
    /// The identification string without line end, such as `SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6`.
    pub identification: Option<Name>,
    /// Key exchange methods as on the wire, markers included, in order.
    pub kex: Known<Vec<Item>>,
    /// Server host key algorithms.
    pub host_key: Known<Vec<Item>>,
    /// Ciphers, client to server.
    pub cipher_c2s: Known<Vec<Item>>,
    /// Ciphers, server to client.
    pub cipher_s2c: Known<Vec<Item>>,
    /// MACs, client to server.
    pub mac_c2s: Known<Vec<Item>>,
    /// MACs, server to client.
    pub mac_s2c: Known<Vec<Item>>,
    /// Compression, client to server.
    pub compression_c2s: Known<Vec<Item>>,
    /// Compression, server to client.
    pub compression_s2c: Known<Vec<Item>>,
    /// Languages, client to server then server to client; a mismatch is never a failure.
    pub languages: (Vec<Name>, Vec<Name>),
    /// Whether a guessed key exchange packet follows the KEXINIT.
    pub first_kex_packet_follows: bool,
    /// Server: the host keys themselves.
    pub host_keys: Known<Vec<HostKey>>,
    /// Client: the group sizes asked for in a group exchange.
    pub gex_request: Option<GexRequest>,
    /// Server: the group sizes, in bits, that a group exchange can answer with.
    pub gex_sizes: Known<Vec<u32>>,
    /// The smallest RSA key accepted from the peer, in bits.
    pub min_rsa_bits: Option<u32>,
    /// Signature algorithms accepted from users (server: `server-sig-algs`; client: what it would sign with).
    pub public_key_auth: Known<Vec<Item>>,
}

impl SshOffer {
    /// The list of a slot; `Unknown` for slots that SSH does not have. Kex includes markers; see [`Self::kex_methods`].
    pub fn list(&self, slot: Slot) -> &Known<Vec<Item>> {
        const UNKNOWN: &Known<Vec<Item>> = &Known::Unknown;
        match slot {
            Slot::Kex => &self.kex,
            Slot::HostKey => &self.host_key,
            Slot::CipherC2s => &self.cipher_c2s,
            Slot::CipherS2c => &self.cipher_s2c,
            Slot::MacC2s => &self.mac_c2s,
            Slot::MacS2c => &self.mac_s2c,
            Slot::CompressionC2s => &self.compression_c2s,
            Slot::CompressionS2c => &self.compression_s2c,
            _ => UNKNOWN,
        }
    }

    /// The list of a slot, to change it.
    pub fn list_mut(&mut self, slot: Slot) -> Option<&mut Known<Vec<Item>>> {
        match slot {
            Slot::Kex => Some(&mut self.kex),
            Slot::HostKey => Some(&mut self.host_key),
            Slot::CipherC2s => Some(&mut self.cipher_c2s),
            Slot::CipherS2c => Some(&mut self.cipher_s2c),
            Slot::MacC2s => Some(&mut self.mac_c2s),
            Slot::MacS2c => Some(&mut self.mac_s2c),
            Slot::CompressionC2s => Some(&mut self.compression_c2s),
            Slot::CompressionS2c => Some(&mut self.compression_s2c),
            _ => None,
        }
    }

    /// The key exchange methods without markers, or nothing where the list is unknown.
    pub fn kex_methods(&self) -> Vec<&Item> {
        self.kex.accepted().into_iter().flatten().filter(|item| !is_marker(item.name.as_str())).collect()
    }

    /// The markers in the key exchange list, such as `ext-info-c`.
    pub fn markers(&self) -> Vec<&Item> {
        self.kex.accepted().into_iter().flatten().filter(|item| is_marker(item.name.as_str())).collect()
    }

    /// Whether the marker is in the key exchange list.
    pub fn has_marker(&self, marker: &str) -> bool {
        self.kex.accepted().is_some_and(|list| list.iter().any(|item| item.name == *marker))
    }
}

/// Names in the key exchange list that announce something and can never be chosen.
pub const MARKERS: [&str; 5] = [
    "ext-info-c",
    "ext-info-s",
    "kex-strict-c-v00@openssh.com",
    "kex-strict-s-v00@openssh.com",
    "kexguess2@matt.ucc.asn.au",
];

/// Whether a name of the key exchange list is a marker and not a method.
pub fn is_marker(name: &str) -> bool {
    MARKERS.contains(&name)
}

/// Whether a cipher brings its own integrity, so that no MAC is used beside it.
pub fn is_aead(cipher: &str) -> bool {
    matches!(
        cipher,
        "chacha20-poly1305@openssh.com"
            | "chacha20-poly1305"
            | "aes128-gcm@openssh.com"
            | "aes256-gcm@openssh.com"
            | "aes128-gcm"
            | "aes256-gcm"
            | "AEAD_AES_128_GCM"
            | "AEAD_AES_256_GCM"
    )
}

/// A server's host key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKey {
    /// The key type, such as `ssh-rsa` or `ssh-ed25519` (not the signature algorithm).
    pub key_type: Name,
    /// Its size in bits.
    pub bits: Option<u32>,
    /// `SHA256:...` as OpenSSH prints it.
    pub fingerprint: Option<String>,
    /// For a certificate, the fingerprint of the key that signed it.
    pub certificate_authority: Option<String>,
    /// Whether the server proved that it holds the key.
    pub signature: SignatureCheck,
    /// The elliptic curve group or key file it comes from.
    pub origin: Option<Origin>,
}

/// Whether the signature over the exchange hash was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureCheck {
    /// The signature is right.
    Verified,
    /// The signature is wrong.
    Wrong,
    /// It could not be checked; the reason in one sentence.
    Unverified {
        /// Why not.
        reason: String,
    },
    /// No exchange was made: the key was read from a file or is assumed.
    NotSeen,
}

/// The sizes in a group exchange request, RFC 4419 section 3, in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GexRequest {
    /// Smallest.
    pub minimum: u32,
    /// Preferred; `None` where it follows from the negotiated cipher and MAC (OpenSSH's `dh_estimate`).
    pub preferred: Option<u32>,
    /// Largest.
    pub maximum: u32,
}

/// How a client orders host key algorithms by what it knows of the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostKeyOrder {
    /// Always the configured order.
    #[default]
    Fixed,
    /// Types of known keys first (OpenSSH before 8.4 without a plain `HostKeyAlgorithms`, PuTTY, WinSCP, libssh).
    KnownFirst,
    /// The same, but the configured order where a key of its first type is known (OpenSSH since 8.4).
    KnownFirstUnlessBest,
    /// Only types of known keys, where any is known (libssh2 with a known_hosts file, sshj's filter).
    KnownOnly,
}

/// Where an implementation departs from the plain rules. The default is the plain rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshBehaviour {
    /// It demands a MAC in common even beside an AEAD cipher (paramiko).
    pub mac_needed_beside_aead: bool,
    /// It uses the client-to-server cipher for both directions (russh).
    pub one_cipher: bool,
    /// It picks a method only if a host key algorithm that fits is in common (libssh2, RFC 4253 7.1).
    pub kex_needs_host_key: bool,
    /// It chooses by its own order of preference although it is the server.
    pub server_prefers_own: bool,
    /// It reads only so many names of the peer's list (OpenSSH: 40).
    pub name_limit: Option<usize>,
    /// How a guess is judged.
    pub guess: GuessRule,
    /// Methods that it drops when the peer's identification matches, each with the pattern.
    pub drops: Vec<BannerRule>,
    /// Slots in the order in which it stops; empty for RFC order with its incoming direction first.
    pub stops: Vec<Slot>,
    /// Host key algorithms that it lists but fails on, with the reason; same for methods. (`name`, reason)
    pub broken: Vec<(Name, String)>,
    /// What it agrees on only after it has asked a person, each with its slot (PuTTY's warning threshold): run without
    /// one, it ends the connection.
    pub confirms: Vec<(Slot, Name)>,
    /// Peers with which the connection ends when new keys are due: patterns over the part after `SSH-2.0-`.
    pub no_rekey_with: Vec<String>,
}

/// How a guessed first packet is judged, RFC 4253 section 7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GuessRule {
    /// Right if the first method and the first host key algorithm of both lists are equal.
    #[default]
    Firsts,
    /// As `Firsts`, after markers are taken out.
    FirstsWithoutMarkers,
    /// `kexguess2@matt.ucc.asn.au`: right if the chosen ones are the client's first.
    ChosenIsClientsFirst,
}

/// A change that depends on the peer's identification string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BannerRule {
    /// Patterns with `*` and `?` over the part after `SSH-2.0-`; any may match, and those that begin with `!` must not.
    pub peer: Vec<String>,
    /// The slot that changes.
    pub slot: Slot,
    /// The names that are dropped.
    pub drop: Vec<Name>,
}

/// What a build could do, per slot, if it were enabled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supported {
    /// Key exchange methods.
    pub kex: Known<Vec<Name>>,
    /// Host key algorithms.
    pub host_key: Known<Vec<Name>>,
    /// Ciphers.
    pub cipher: Known<Vec<Name>>,
    /// MACs.
    pub mac: Known<Vec<Name>>,
    /// Compression methods.
    pub compression: Known<Vec<Name>>,
}

impl Supported {
    /// The names for a slot.
    pub fn slot(&self, slot: Slot) -> &Known<Vec<Name>> {
        const UNKNOWN: &Known<Vec<Name>> = &Known::Unknown;
        match slot {
            Slot::Kex => &self.kex,
            Slot::HostKey => &self.host_key,
            Slot::CipherC2s | Slot::CipherS2c => &self.cipher,
            Slot::MacC2s | Slot::MacS2c => &self.mac,
            Slot::CompressionC2s | Slot::CompressionS2c => &self.compression,
            _ => UNKNOWN,
        }
    }
}

impl SshPolicy {
    /// The opening in this context: host key algorithms in the order that known keys bring (R11), names dropped for the
    /// peer's identification (R13).
    pub fn open(&self, role: Role, context: &Context) -> SshOffer {
        let mut offer = self.offer.clone();
        if role == Role::Client
            && let Some(list) = offer.host_key.complete_mut()
        {
            order_host_keys(list, self.host_key_order, context);
        }
        for slot in Slot::SSH {
            let withheld = self.withheld(slot, context.peer_identification.as_ref());
            if let (false, Some(list)) = (withheld.is_empty(), offer.list_mut(slot).and_then(Known::complete_mut)) {
                list.retain(|item| !withheld.contains(&item.name));
            }
        }
        offer
    }
}

impl SshPolicy {
    /// The names that it leaves out of a slot for a peer with this identification string (R13).
    pub fn withheld(&self, slot: Slot, peer: Option<&Name>) -> Vec<Name> {
        let Some(peer) = peer else { return Vec::new() };
        let software = peer.as_str().splitn(3, '-').nth(2).unwrap_or("");
        let rules =
            self.behaviour.drops.iter().filter(|rule| rule.slot == slot && matches_banner(&rule.peer, software));
        rules.flat_map(|rule| rule.drop.iter().cloned()).collect()
    }
}

fn order_host_keys(list: &mut Vec<Item>, order: HostKeyOrder, context: &Context) {
    if order == HostKeyOrder::Fixed || context.known_hosts.is_empty() {
        return;
    }
    let revoked = |fingerprint: &str| {
        context.known_hosts.iter().any(|key| key.mark == KnownHostMark::Revoked && key.fingerprint == fingerprint)
    };
    let authority = context.known_hosts.iter().any(|key| key.mark == KnownHostMark::CertAuthority);
    // A client that is shown a certificate of an authority that it does not know goes by the key in it.
    let plain_known = |item: &Item| {
        let key_type = plain_key_type(item.name.as_str());
        let mut plain = context.known_hosts.iter().filter(|key| key.mark == KnownHostMark::None);
        plain.find(|key| key.key_type == *key_type).is_some_and(|key| !revoked(&key.fingerprint))
    };
    let known = |item: &Item| authority && item.name.as_str().contains("-cert-v0") || plain_known(item);
    // order_hostkeyalgs of OpenSSH's sshconnect2.c.
    if order == HostKeyOrder::KnownFirstUnlessBest && list.first().is_some_and(plain_known) {
        return;
    }
    if order == HostKeyOrder::KnownOnly {
        if list.iter().any(&known) {
            list.retain(known);
        }
        return;
    }
    let (first, rest): (Vec<Item>, Vec<Item>) = list.drain(..).partition(known);
    list.extend(first);
    list.extend(rest);
}

/// The key type behind a host key algorithm: `rsa-sha2-256` signs with an `ssh-rsa` key (RFC 8332 section 3), and a
/// certificate algorithm's key type is its own name, but for RSA's.
pub fn key_type_of(algorithm: &str) -> &str {
    match algorithm {
        "rsa-sha2-256"
        | "rsa-sha2-512"
        | "ssh-rsa-sha224@ssh.com"
        | "ssh-rsa-sha256@ssh.com"
        | "ssh-rsa-sha384@ssh.com"
        | "ssh-rsa-sha512@ssh.com" => "ssh-rsa",
        "rsa-sha2-256-cert-v01@openssh.com" | "rsa-sha2-512-cert-v01@openssh.com" => "ssh-rsa-cert-v01@openssh.com",
        other => other,
    }
}

/// The type of the plain key that an algorithm is about: for a certificate's, that of the key in it.
pub fn plain_key_type(algorithm: &str) -> String {
    let key_type = key_type_of(algorithm);
    match key_type.split_once("-cert-v0") {
        Some((plain, _)) if plain.starts_with("sk-") => format!("{plain}@openssh.com"),
        Some((plain, _)) => plain.to_owned(),
        None => key_type.to_owned(),
    }
}

/// Whether a list of patterns with `*` and `?` matches a text, as OpenSSH's `match_pattern_list` does: a pattern that
/// begins with `!` and matches rules the text out.
pub fn matches_banner(patterns: &[String], text: &str) -> bool {
    let mut any = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(negated) if wildcard(negated, text) => return false,
            Some(_) => {}
            None => any |= wildcard(pattern, text),
        }
    }
    any
}

/// `*` stands for any characters, `?` for one. Linear in space, and at most quadratic in time.
pub fn wildcard(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || Some(&c) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((star_p, star_t)) => {
                    p = star_p + 1;
                    t = star_t + 1;
                    star = Some((star_p, star_t + 1));
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|&c| c == '*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        assert!(wildcard("OpenSSH_6.6*", "OpenSSH_6.6p1"));
        assert!(wildcard("*", ""));
        assert!(!wildcard("OpenSSH_6.5*", "OpenSSH_6.6"));
        let list = ["OpenSSH_6.6*".to_owned(), "!OpenSSH_6.6.1*".to_owned()];
        assert!(matches_banner(&list, "OpenSSH_6.6p1"));
        assert!(!matches_banner(&list, "OpenSSH_6.6.1p1"));
        assert!(wildcard("a*b*c", "aXbbYc"));
        assert!(!wildcard("a?c", "ac"));
    }
}
