//! Our codecs and machines against an independent implementation, russh, in both roles: the lists that each reads of the
//! other, what they agree on, and the exchange itself. Both ends run in this process and talk through memory.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use russh::keys::ssh_key::Algorithm;
use russh::keys::{EcdsaCurve, HashAlg, PrivateKey, PublicKeyOrCertificate};
use russh::{Preferred, SshId, cipher, client, compression, kex, mac, server};
use shakedown_crypto::PrivateHostKey;
use shakedown_handshake::ssh::{Client, ClientConfig, Event, Negotiated, Server, ServerConfig, Strategy};
use shakedown_model::ssh::{HostKey, SignatureCheck, SshOffer, is_marker};
use shakedown_model::{Known, Name, Slot, items};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

const CURVES: [EcdsaCurve; 3] = [EcdsaCurve::NistP256, EcdsaCurve::NistP384, EcdsaCurve::NistP521];

struct RusshServer;

impl server::Handler for RusshServer {
    type Error = russh::Error;
}

/// What russh's client says that was agreed on.
type Agreed = Arc<Mutex<Option<(String, String, String, String, String)>>>;

struct RusshClient {
    agreed: Agreed,
    fingerprint: String,
}

impl client::Handler for RusshClient {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else { return Ok(false) };
        Ok(key.fingerprint(HashAlg::Sha256).to_string() == self.fingerprint)
    }

    async fn kex_done(
        &mut self,
        _secret: Option<&[u8]>,
        names: &russh::Names,
        _session: &mut client::Session,
    ) -> Result<(), Self::Error> {
        let text = |name: &dyn AsRef<str>| name.as_ref().to_owned();
        *self.agreed.lock().unwrap() = Some((
            text(&names.kex),
            names.key.to_string(),
            text(&names.cipher),
            text(&names.client_mac),
            text(&names.server_mac),
        ));
        Ok(())
    }
}

/// Carries bytes between our client and the stream until it is done or the stream ends.
async fn drive_client(mut machine: Client, mut stream: DuplexStream) -> Vec<Event> {
    let mut buffer = [0; 4096];
    loop {
        while let Some(bytes) = machine.transmit() {
            if stream.write_all(&bytes).await.is_err() {
                break;
            }
        }
        if machine.is_done() {
            break;
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => machine.end_of_stream(),
            Ok(length) => machine.receive(&buffer[..length]),
        }
    }
    std::iter::from_fn(|| machine.next_event()).collect()
}

/// The same for our server.
async fn drive_server(mut machine: Server, mut stream: DuplexStream) -> Vec<Event> {
    let mut buffer = [0; 4096];
    loop {
        while let Some(bytes) = machine.transmit() {
            if stream.write_all(&bytes).await.is_err() {
                break;
            }
        }
        if machine.is_done() {
            break;
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => machine.end_of_stream(),
            Ok(length) => machine.receive(&buffer[..length]),
        }
    }
    std::iter::from_fn(|| machine.next_event()).collect()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn private_key(algorithm: Algorithm) -> PrivateKey {
    PrivateKey::random(&mut russh::keys::key::safe_rng(), algorithm).unwrap()
}

/// Our client against russh's server with these preferences and keys.
fn read_russh_server(preferred: &Preferred, keys: &[PrivateKey], strategy: Strategy) -> Vec<Event> {
    run(async {
        let config = server::Config {
            server_id: SshId::Standard("SSH-2.0-russh-test".into()),
            keys: keys.to_vec(),
            preferred: preferred.clone(),
            ..Default::default()
        };
        let (ours, theirs) = duplex(65_536);
        let session = tokio::spawn(server::run_stream(Arc::new(config), theirs, RusshServer));
        let mut config = ClientConfig::new(strategy);
        config.gex.preferred = Some(1500);
        let events = drive_client(Client::new(config), ours).await;
        // Ends with the stream; how does not matter.
        if let Ok(running) = session.await.unwrap() {
            let _ = running.await;
        }
        events
    })
}

fn offer_of(events: &[Event]) -> &SshOffer {
    let offer = events.iter().find_map(|event| match event {
        Event::KexInit(offer) => Some(offer),
        _ => None,
    });
    offer.unwrap_or_else(|| panic!("no KEXINIT in {events:?}"))
}

fn host_key_of(events: &[Event]) -> &HostKey {
    let key = events.iter().find_map(|event| match event {
        Event::HostKey(key) => Some(key),
        _ => None,
    });
    key.unwrap_or_else(|| panic!("no host key in {events:?}"))
}

fn negotiated(events: &[Event]) -> Option<&Negotiated> {
    events.iter().find_map(|event| match event {
        Event::Negotiated(negotiated) => Some(&**negotiated),
        _ => None,
    })
}

fn list(offer: &SshOffer, slot: Slot) -> Vec<&str> {
    let list = offer.list(slot).complete().expect("a KEXINIT gives whole lists");
    list.iter().map(|item| item.name.as_str()).collect()
}

fn texts<T: AsRef<str>>(names: &[T]) -> Vec<&str> {
    names.iter().map(AsRef::as_ref).collect()
}

#[test]
fn the_offer_of_russh_is_read_whole() {
    let preferred = Preferred {
        cipher: Cow::Borrowed(&[cipher::AES_192_CTR, cipher::AES_256_GCM]),
        mac: Cow::Borrowed(&[mac::HMAC_SHA512, mac::HMAC_SHA1_ETM]),
        ..Preferred::DEFAULT
    };
    let keys = [private_key(Algorithm::Ed25519), private_key(Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 })];
    let events = read_russh_server(&preferred, &keys, Strategy::ReadOffer);
    assert_eq!(events.first(), Some(&Event::Identification("SSH-2.0-russh-test".into())));
    let offer = offer_of(&events);
    let methods: Vec<&str> = texts(&preferred.kex).into_iter().filter(|name| !is_marker(name)).collect();
    assert_eq!(offer.kex_methods().iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), methods);
    assert!(offer.has_marker("ext-info-s") && offer.has_marker("kex-strict-s-v00@openssh.com"));
    assert_eq!(list(offer, Slot::HostKey), ["ssh-ed25519", "ecdsa-sha2-nistp384"]);
    for slot in [Slot::CipherC2s, Slot::CipherS2c] {
        assert_eq!(list(offer, slot), texts(&preferred.cipher));
    }
    for slot in [Slot::MacC2s, Slot::MacS2c] {
        assert_eq!(list(offer, slot), texts(&preferred.mac));
    }
    for slot in [Slot::CompressionC2s, Slot::CompressionS2c] {
        assert_eq!(list(offer, slot), texts(&preferred.compression));
    }
    assert!(!offer.first_kex_packet_follows);
}

/// The methods of russh, but for the groups whose arithmetic takes seconds without optimisation and `none`, which has
/// nothing to verify.
fn methods() -> Vec<kex::Name> {
    let slow = [kex::DH_G15_SHA512, kex::DH_G16_SHA512, kex::DH_G17_SHA512, kex::DH_G18_SHA512, kex::NONE];
    kex::ALL_KEX_ALGORITHMS.iter().map(|name| **name).filter(|name| !slow.contains(name)).collect()
}

#[test]
fn exchanges_with_a_russh_server_are_verified() {
    let key = private_key(Algorithm::Ed25519);
    for method in methods() {
        let preferred = Preferred { kex: vec![method].into(), ..Preferred::DEFAULT };
        let strategy = Strategy::Exchange { kex: Vec::new(), host_key: Vec::new() };
        let events = read_russh_server(&preferred, std::slice::from_ref(&key), strategy);
        let seen = host_key_of(&events);
        assert_eq!(seen.signature, SignatureCheck::Verified, "{}", method.as_ref());
        let fingerprint = key.public_key().fingerprint(HashAlg::Sha256).to_string();
        assert_eq!(seen.fingerprint.as_deref(), Some(fingerprint.as_str()));
        assert_eq!(events.last(), Some(&Event::NewKeys), "{}", method.as_ref());
    }
}

#[test]
fn host_keys_of_a_russh_server_are_verified() {
    let algorithms = CURVES.map(|curve| Algorithm::Ecdsa { curve });
    let keys: Vec<PrivateKey> = algorithms.iter().cloned().chain([Algorithm::Ed25519]).map(private_key).collect();
    for key in &keys {
        let name = key.algorithm().to_string();
        let strategy = Strategy::Exchange { kex: Vec::new(), host_key: vec![Name::new(&name)] };
        let events = read_russh_server(&Preferred::DEFAULT, &keys, strategy);
        let seen = host_key_of(&events);
        assert_eq!((seen.key_type.as_str(), &seen.signature), (name.as_str(), &SignatureCheck::Verified));
        let fingerprint = key.public_key().fingerprint(HashAlg::Sha256).to_string();
        assert_eq!(seen.fingerprint.as_deref(), Some(fingerprint.as_str()));
    }
}

#[test]
fn a_group_of_a_russh_server_is_read() {
    // russh holds groups 14 and 16.
    for (preferred, bits) in [(1500, 2048), (3000, 4096)] {
        let strategy = Strategy::Gex { minimum: 1024, preferred, maximum: 8192 };
        let events = read_russh_server(&Preferred::DEFAULT, &[private_key(Algorithm::Ed25519)], strategy);
        assert_eq!(events.last(), Some(&Event::GexGroup { bits }));
    }
}

fn our_offer(kex: &[&str], ciphers: &[&str], macs: &[&str]) -> SshOffer {
    let mut offer = SshOffer::default();
    let lists = [
        (Slot::Kex, kex),
        (Slot::HostKey, &["ssh-ed25519"]),
        (Slot::CipherC2s, ciphers),
        (Slot::CipherS2c, ciphers),
        (Slot::MacC2s, macs),
        (Slot::MacS2c, macs),
        (Slot::CompressionC2s, &["none"]),
        (Slot::CompressionS2c, &["none"]),
    ];
    for (slot, names) in lists {
        *offer.list_mut(slot).unwrap() = Known::Complete(items(names.iter().copied()));
    }
    offer
}

/// russh's client with these preferences against our server: what ours saw, what russh agreed on, and russh's error.
fn read_russh_client(preferred: &Preferred, offer: SshOffer) -> (Vec<Event>, Agreed, Option<russh::Error>) {
    run(async {
        let key = PrivateHostKey::generate_ed25519().unwrap();
        let fingerprint = shakedown_crypto::host_key::fingerprint(key.public_blob());
        let agreed = Agreed::default();
        let handler = RusshClient { agreed: Arc::clone(&agreed), fingerprint };
        let gex = client::GexParams::new(2048, 2048, 8192).unwrap();
        let config = client::Config { preferred: preferred.clone(), gex, ..Default::default() };
        let (ours, theirs) = duplex(65_536);
        let config_of_ours = ServerConfig::new(b"SSH-2.0-shakedown".to_vec(), offer, [key].into());
        let machine = tokio::spawn(drive_server(Server::new(config_of_ours), ours));
        let error = client::connect_stream(Arc::new(config), theirs, handler).await.err();
        (machine.await.unwrap(), agreed, error)
    })
}

#[test]
fn the_offer_of_a_russh_client_is_read_and_it_accepts_our_signature() {
    for method in methods() {
        let preferred = Preferred {
            kex: vec![method, kex::EXTENSION_SUPPORT_AS_CLIENT, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT].into(),
            ..Preferred::DEFAULT
        };
        let offer = our_offer(&[method.as_ref()], &["aes256-ctr"], &["hmac-sha2-256"]);
        let (events, agreed, _) = read_russh_client(&preferred, offer);
        let seen = offer_of(&events);
        assert_eq!(seen.kex_methods().iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), [method.as_ref()]);
        assert!(seen.has_marker("ext-info-c") && seen.has_marker("kex-strict-c-v00@openssh.com"));
        assert_eq!(list(seen, Slot::CipherS2c), texts(&preferred.cipher));
        assert_eq!(list(seen, Slot::MacC2s), texts(&preferred.mac));
        let keys: Vec<String> = preferred.key.iter().map(ToString::to_string).collect();
        assert_eq!(list(seen, Slot::HostKey), texts(&keys));
        assert_eq!(events.last(), Some(&Event::NewKeys), "{}", method.as_ref());
        let agreed = agreed.lock().unwrap().clone().expect("russh has completed the exchange");
        assert_eq!((agreed.0.as_str(), agreed.2.as_str()), (method.as_ref(), "aes256-ctr"));
    }
}

/// A small generator of numbers, so that a failure can be repeated: xorshift64.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    /// Some of these, in any order, at least one.
    fn some<T: Clone>(&mut self, all: &[T]) -> Vec<T> {
        let mut left = all.to_vec();
        let count = 1 + self.below(all.len());
        (0..count).map(|_| left.swap_remove(self.below(left.len()))).collect()
    }
}

#[test]
fn both_choose_the_same_of_any_lists() {
    let all_kex = [kex::CURVE25519, kex::ECDH_SHA2_NISTP256, kex::ECDH_SHA2_NISTP384, kex::CURVE25519_PRE_RFC_8731];
    let all_ciphers = [cipher::CHACHA20_POLY1305, cipher::AES_256_GCM, cipher::AES_128_CTR, cipher::AES_256_CTR];
    let all_macs = [mac::HMAC_SHA1, mac::HMAC_SHA256, mac::HMAC_SHA512_ETM];
    let mut numbers = Numbers(0x5348_414b_4544_4f57);
    let (mut agreements, mut failures) = (0, 0);
    for round in 0..60 {
        let preferred = Preferred {
            kex: numbers.some(&all_kex).into(),
            cipher: numbers.some(&all_ciphers).into(),
            mac: numbers.some(&all_macs).into(),
            compression: vec![compression::NONE].into(),
            ..Preferred::DEFAULT
        };
        let (kex, ciphers, macs) = (numbers.some(&all_kex), numbers.some(&all_ciphers), numbers.some(&all_macs));
        let offer = our_offer(&texts(&kex), &texts(&ciphers), &texts(&macs));
        let (events, agreed, error) = read_russh_client(&preferred, offer.clone());
        let agreed = agreed.lock().unwrap().clone();
        let case = format!("round {round}: {preferred:?} against {offer:?}: {events:?}");
        match (negotiated(&events), agreed) {
            (Some(ours), Some((kex, key, cipher, client_mac, server_mac))) => {
                agreements += 1;
                assert_eq!((ours.kex.as_str(), ours.host_key.as_str()), (kex.as_str(), key.as_str()), "{case}");
                assert_eq!((ours.cipher_c2s.as_str(), ours.cipher_s2c.as_str()), (&*cipher, &*cipher), "{case}");
                // russh names a MAC beside an AEAD cipher too, although it is not used.
                for (ours, theirs) in [(&ours.mac_c2s, client_mac), (&ours.mac_s2c, server_mac)] {
                    assert!(ours.as_ref().is_none_or(|ours| ours == theirs.as_str()), "{case}");
                }
            }
            (None, None) => {
                failures += 1;
                let Some(russh::Error::NoCommonAlgo { kind, .. }) = error else { panic!("{error:?} in {case}") };
                let slot = match kind {
                    russh::AlgorithmKind::Kex => Slot::Kex,
                    russh::AlgorithmKind::Key => Slot::HostKey,
                    russh::AlgorithmKind::Cipher => Slot::CipherC2s,
                    russh::AlgorithmKind::Compression => Slot::CompressionC2s,
                    russh::AlgorithmKind::Mac => Slot::MacC2s,
                };
                let told = events
                    .iter()
                    .any(|event| matches!(event, Event::ExchangeImpossible { slot: at, .. } if *at == slot));
                assert!(told, "russh fails on {slot}: {case}");
            }
            (ours, theirs) => panic!("{ours:?} here, {theirs:?} there, {case}"),
        }
    }
    assert!(agreements > 10 && failures > 5, "{agreements} agreements, {failures} failures");
}
