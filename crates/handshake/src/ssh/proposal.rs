use shakedown_crypto::kex;
use shakedown_model::ssh::HostKey;
use shakedown_model::ssh::SignatureCheck;
use shakedown_model::{Name, Phase};
use shakedown_wire::ssh::{HostKeyBlob, KexInit, NameList, NameListField, Packet};

use super::Event;
use super::offer::{SLOTS, bytes, offer_from_kexinit};
use super::transport::Transport;

/// What is proposed for the slots that do not matter before NEWKEYS, where the peer's lists are not known yet: names
/// that nearly every implementation has.
const CIPHERS: [&str; 6] = [
    "aes128-ctr",
    "aes256-ctr",
    "chacha20-poly1305@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes128-cbc",
];
const MACS: [&str; 5] =
    ["hmac-sha2-256", "hmac-sha2-512", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha1"];
const COMPRESSIONS: [&str; 3] = ["none", "zlib@openssh.com", "zlib"];
const HOST_KEYS: [&str; 7] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
    "ssh-rsa",
];

/// What a client proposes in order to reach the host key: key exchange methods and host key algorithms by its own
/// preference, and the server's own lists for everything that comes into use only after NEWKEYS, so that these cannot
/// fail. Without names for the host key the server's list is proposed too.
pub(super) fn propose(kex: NameList, host_key: &[Name], server: Option<&KexInit>) -> KexInit {
    let mut kexinit = KexInit { cookie: cookie(), ..KexInit::default() };
    *kexinit.list_mut(NameListField::KexAlgorithms) = kex;
    for (field, _) in SLOTS.into_iter().skip(1) {
        let theirs = server.map(|server| server.list(field)).unwrap_or_default();
        *kexinit.list_mut(field) = match field {
            NameListField::ServerHostKeyAlgorithms if !host_key.is_empty() => bytes(host_key),
            _ if !theirs.is_empty() => theirs.to_vec(),
            _ => usual(field).iter().map(|name| name.as_bytes().to_vec()).collect(),
        };
    }
    kexinit
}

fn usual(field: NameListField) -> &'static [&'static str] {
    match field {
        NameListField::EncryptionAlgorithmsClientToServer | NameListField::EncryptionAlgorithmsServerToClient => {
            &CIPHERS
        }
        NameListField::MacAlgorithmsClientToServer | NameListField::MacAlgorithmsServerToClient => &MACS,
        NameListField::CompressionAlgorithmsClientToServer | NameListField::CompressionAlgorithmsServerToClient => {
            &COMPRESSIONS
        }
        NameListField::ServerHostKeyAlgorithms => &HOST_KEYS,
        _ => &[],
    }
}

/// Of the names wanted, or of all, those that are implemented.
pub(super) fn implemented(wanted: &[Name]) -> NameList {
    if wanted.is_empty() {
        return kex::methods().iter().map(|method| method.name.as_bytes().to_vec()).collect();
    }
    bytes(wanted)
        .into_iter()
        .filter(|name| std::str::from_utf8(name).is_ok_and(|name| kex::method(name).is_some()))
        .collect()
}

/// Random bytes for a KEXINIT. Where the random source fails no key exchange can begin either, and that is reported
/// there; a KEXINIT without randomness gives nothing away.
pub(super) fn cookie() -> [u8; 16] {
    let mut cookie = [0; 16];
    let _ = shakedown_crypto::random(&mut cookie);
    cookie
}

/// Reads the peer's KEXINIT, reports it with what is odd about it, and enters the key exchange.
pub(super) fn receive_kexinit(transport: &mut Transport, packet: &Packet) -> Option<KexInit> {
    let kexinit = match KexInit::parse(&packet.payload) {
        Ok(kexinit) => kexinit,
        Err(error) => {
            transport.malformed(packet, &error);
            return None;
        }
    };
    let identification = Name::from_bytes(transport.peer_identification());
    transport.event(Event::KexInit(Box::new(offer_from_kexinit(&kexinit, Some(identification)))));
    for what in oddities(&kexinit) {
        transport.tolerated(packet, what);
    }
    transport.set_phase(Phase::KeyExchange);
    Some(kexinit)
}

/// Departures from RFC 4251 section 6 and RFC 4253 section 7.1 that a reader can live with; one of each kind.
fn oddities(kexinit: &KexInit) -> Vec<String> {
    /// RFC 4251 section 6: names are at most 64 characters long.
    const LONGEST_NAME: usize = 64;
    let mut oddities = Vec::new();
    for (field, _) in SLOTS {
        let (list, label) = (kexinit.list(field), field.as_str());
        if list.is_empty() {
            oddities.push(format!("KEXINIT.{label} is empty"));
        }
        if list.iter().any(Vec::is_empty) {
            oddities.push(format!("KEXINIT.{label} holds an empty name"));
        }
        if let Some(name) = list.iter().find(|name| name.len() > LONGEST_NAME) {
            oddities.push(format!("KEXINIT.{label} holds a name of {} bytes", name.len()));
        }
        if let Some(name) = list.iter().find(|name| name.iter().any(|byte| !(0x21..=0x7e).contains(byte))) {
            let name = Name::from_bytes(name.get(..LONGEST_NAME).unwrap_or(name));
            oddities.push(format!("KEXINIT.{label} holds the name `{name}`, which is not printable"));
        }
    }
    if kexinit.reserved != 0 {
        oddities.push(format!("KEXINIT.reserved is {} instead of 0", kexinit.reserved));
    }
    if !kexinit.trailing.is_empty() {
        oddities.push(format!("{} bytes follow the last field of KEXINIT", kexinit.trailing.len()));
    }
    oddities
}

/// What is known of a host key from its blob.
pub(super) fn host_key(algorithm: &Name, blob: &[u8], signature: SignatureCheck) -> HostKey {
    let info = shakedown_crypto::host_key::describe(blob).ok();
    let named = || HostKeyBlob::parse(blob).ok().map(|blob| Name::from_bytes(&blob.key_type));
    let bits = info.as_ref().and_then(|info| info.bits);
    let certificate = info.as_ref().and_then(|info| info.certificate.as_ref());
    let certificate_authority = certificate.map(|certificate| certificate.authority_fingerprint.clone());
    HostKey {
        bits,
        certificate_authority,
        key_type: info.map(|info| info.key_type).or_else(named).unwrap_or_else(|| algorithm.clone()),
        fingerprint: (!blob.is_empty()).then(|| shakedown_crypto::host_key::fingerprint(blob)),
        signature,
        origin: None,
    }
}
