use shakedown_model::ssh::{is_aead, is_marker};
use shakedown_model::{Name, Slot};
use shakedown_wire::ssh::{KexInit, NameListField};

use super::offer::SLOTS;

/// What two KEXINITs agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Key exchange method.
    pub kex: Name,
    /// Server host key algorithm.
    pub host_key: Name,
    /// Cipher, client to server.
    pub cipher_c2s: Name,
    /// Cipher, server to client.
    pub cipher_s2c: Name,
    /// MAC, client to server; `None` beside a cipher that brings its own integrity.
    pub mac_c2s: Option<Name>,
    /// MAC, server to client; `None` beside a cipher that brings its own integrity.
    pub mac_s2c: Option<Name>,
    /// Compression, client to server.
    pub compression_c2s: Name,
    /// Compression, server to client.
    pub compression_s2c: Name,
}

/// The plain rules of RFC 4253 section 7.1: in each slot the client's first name that the server has too. Markers are
/// never chosen, languages never fail, and a MAC is not needed beside an AEAD cipher. Departures of real
/// implementations are the business of the negotiation crate; here a peer has to be talked to.
///
/// # Errors
/// Every slot that has nothing in common, in the order of the message.
pub fn negotiate(client: &KexInit, server: &KexInit) -> Result<Negotiated, Vec<Slot>> {
    use NameListField as Field;
    let mut failed = Vec::new();
    let mut choose = |field: NameListField, needed: bool| {
        let chosen = first_common(client.list(field), server.list(field));
        if chosen.is_none() && needed {
            failed.extend(SLOTS.iter().find(|(of, _)| *of == field).map(|(_, slot)| *slot));
        }
        chosen
    };
    let brings_integrity = |cipher: &Option<Name>| cipher.as_ref().is_some_and(|cipher| is_aead(cipher.as_str()));
    let kex = choose(Field::KexAlgorithms, true);
    let host_key = choose(Field::ServerHostKeyAlgorithms, true);
    let cipher_c2s = choose(Field::EncryptionAlgorithmsClientToServer, true);
    let cipher_s2c = choose(Field::EncryptionAlgorithmsServerToClient, true);
    let (aead_c2s, aead_s2c) = (brings_integrity(&cipher_c2s), brings_integrity(&cipher_s2c));
    let mac_c2s = choose(Field::MacAlgorithmsClientToServer, !aead_c2s).filter(|_| !aead_c2s);
    let mac_s2c = choose(Field::MacAlgorithmsServerToClient, !aead_s2c).filter(|_| !aead_s2c);
    let compression_c2s = choose(Field::CompressionAlgorithmsClientToServer, true);
    let compression_s2c = choose(Field::CompressionAlgorithmsServerToClient, true);
    let all = (kex, host_key, cipher_c2s, cipher_s2c, compression_c2s, compression_s2c);
    match all {
        (
            Some(kex),
            Some(host_key),
            Some(cipher_c2s),
            Some(cipher_s2c),
            Some(compression_c2s),
            Some(compression_s2c),
        ) if failed.is_empty() => {
            Ok(Negotiated { kex, host_key, cipher_c2s, cipher_s2c, mac_c2s, mac_s2c, compression_c2s, compression_s2c })
        }
        _ => Err(failed),
    }
}

fn first_common(client: &[Vec<u8>], server: &[Vec<u8>]) -> Option<Name> {
    let common = client.iter().find(|name| !is_marker_bytes(name) && server.contains(name))?;
    Some(Name::from_bytes(common))
}

fn is_marker_bytes(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok_and(is_marker)
}

/// Whether a guessed first key exchange packet is right, RFC 4253 section 7: the first key exchange method and the first
/// host key algorithm of both ends are equal. Where both ends send `kexguess2@matt.ucc.asn.au`, it is right if the
/// chosen ones are the client's first (Dropbear).
pub fn guess_is_right(client: &KexInit, server: &KexInit) -> bool {
    let fields = [NameListField::KexAlgorithms, NameListField::ServerHostKeyAlgorithms];
    let has_marker = |kexinit: &KexInit| {
        kexinit.list(NameListField::KexAlgorithms).iter().any(|name| name == b"kexguess2@matt.ucc.asn.au")
    };
    if has_marker(client) && has_marker(server) {
        return fields.into_iter().all(|field| {
            let first = client.list(field).iter().find(|name| !is_marker_bytes(name));
            first.is_some_and(|first| server.list(field).contains(first))
        });
    }
    fields.into_iter().all(|field| match (client.list(field).first(), server.list(field).first()) {
        (Some(client), Some(server)) => client == server,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kexinit(lists: [&str; 8]) -> KexInit {
        let mut kexinit = KexInit::default();
        for ((field, _), list) in SLOTS.into_iter().zip(lists) {
            let names = list.split(',').filter(|name| !name.is_empty());
            *kexinit.list_mut(field) = names.map(|name| name.as_bytes().to_vec()).collect();
        }
        kexinit
    }

    const CTR: [&str; 8] =
        ["k1,k2", "h1,h2", "aes128-ctr", "aes256-ctr", "hmac-sha2-256", "hmac-sha2-512", "none", "zlib,none"];

    #[test]
    fn the_clients_order_decides() {
        let server =
            kexinit(["k2,k1", "h2", "aes128-ctr", "aes256-ctr", "hmac-sha2-256", "hmac-sha2-512", "none", "none"]);
        let agreed = negotiate(&kexinit(CTR), &server).unwrap();
        assert_eq!((agreed.kex.as_str(), agreed.host_key.as_str()), ("k1", "h2"));
        assert_eq!((agreed.cipher_c2s.as_str(), agreed.cipher_s2c.as_str()), ("aes128-ctr", "aes256-ctr"));
        assert_eq!(agreed.mac_s2c.as_ref().map(Name::as_str), Some("hmac-sha2-512"));
        assert_eq!(agreed.compression_s2c.as_str(), "none");
    }

    #[test]
    fn all_failing_slots_are_told() {
        let server = kexinit(["k3", "", "aes128-ctr", "3des-cbc", "hmac-md5", "hmac-sha2-512", "none", "none"]);
        let failed = negotiate(&kexinit(CTR), &server).unwrap_err();
        assert_eq!(failed, [Slot::Kex, Slot::HostKey, Slot::CipherS2c, Slot::MacC2s]);
    }

    #[test]
    fn a_mac_is_not_needed_beside_aead_in_its_own_direction_only() {
        let gcm = "aes128-gcm@openssh.com";
        let client = kexinit(["k1", "h1", gcm, "aes256-ctr", "a", "b", "none", "none"]);
        let server = kexinit(["k1", "h1", gcm, "aes256-ctr", "x", "b", "none", "none"]);
        let agreed = negotiate(&client, &server).unwrap();
        assert_eq!((agreed.mac_c2s, agreed.mac_s2c.as_ref().map(Name::as_str)), (None, Some("b")));
        let server = kexinit(["k1", "h1", gcm, "aes256-ctr", "a", "y", "none", "none"]);
        assert_eq!(negotiate(&client, &server), Err(vec![Slot::MacS2c]));
    }

    #[test]
    fn markers_are_never_chosen() {
        let lists = |kex| kexinit([kex, "h1", "aes128-ctr", "aes128-ctr", "m", "m", "none", "none"]);
        for marker in shakedown_model::ssh::MARKERS {
            assert_eq!(negotiate(&lists(marker), &lists(marker)), Err(vec![Slot::Kex]));
        }
        assert_eq!(negotiate(&lists("ext-info-c,k1"), &lists("k1,ext-info-c")).unwrap().kex.as_str(), "k1");
    }

    #[test]
    fn guesses() {
        let lists = |kex, host_key| kexinit([kex, host_key, "", "", "", "", "", ""]);
        assert!(guess_is_right(&lists("k1,k2", "h1"), &lists("k1,k3", "h1,h2")));
        assert!(!guess_is_right(&lists("k1,k2", "h1"), &lists("k2,k1", "h1")));
        assert!(!guess_is_right(&lists("k1", "h1"), &lists("k1", "h2,h1")));
        assert!(!guess_is_right(&lists("", ""), &lists("", "")));
        let client = lists("k1,kexguess2@matt.ucc.asn.au", "h1");
        assert!(guess_is_right(&client, &lists("k2,k1,kexguess2@matt.ucc.asn.au", "h2,h1")));
        assert!(!guess_is_right(&client, &lists("k2,kexguess2@matt.ucc.asn.au", "h1")));
        assert!(!guess_is_right(&client, &lists("k2,k1", "h1")));
    }
}
