use shakedown_crypto::tls::{HandshakeKeys, KeyShareSecret, Opener, Prf, Protection, Sealer};
use shakedown_crypto::{CryptoError, Hash};

/// The messages of a handshake as its hash takes them, RFC 8446 section 4.4.1.
#[derive(Default)]
pub(super) struct Transcript(Vec<u8>);

impl Transcript {
    pub(super) fn add(&mut self, message: &[u8]) {
        self.0.extend_from_slice(message);
    }

    pub(super) fn hash(&self, hash: Hash) -> Vec<u8> {
        hash.digest(&[&self.0])
    }

    /// As Finished takes it below TLS 1.3.
    pub(super) fn digest(&self, prf: Prf) -> Vec<u8> {
        prf.digest(&self.0)
    }

    /// A HelloRetryRequest has the first ClientHello replaced by its hash.
    pub(super) fn retry(&mut self, hash: Hash) {
        /// The type `message_hash`.
        const MESSAGE_HASH: u8 = 254;
        let digest = self.hash(hash);
        let length = u8::try_from(digest.len()).unwrap_or_default();
        self.0 = [&[MESSAGE_HASH, 0, 0, length][..], &digest].concat();
    }
}

/// The keys of an exchange of TLS 1.3 once both shares are known.
pub(super) struct Protected {
    pub(super) hash: Hash,
    pub(super) keys: HandshakeKeys,
    opener: Opener,
}

impl Protected {
    /// `Err` says why the rest cannot be read.
    pub(super) fn new(
        cipher_suite: u16,
        shares: &[KeyShareSecret],
        group: u16,
        public: &[u8],
        transcript: &Transcript,
    ) -> Result<Self, String> {
        let protection = Protection::of(cipher_suite)
            .ok_or_else(|| format!("the cipher of the suite {cipher_suite:#06x} is not implemented"))?;
        let share = shares
            .iter()
            .find(|share| share.group() == group)
            .ok_or_else(|| format!("no key share of the group {group:#06x} was sent"))?;
        let hash = protection.hash();
        let keys = || {
            let shared = share.agree(public)?;
            let keys = HandshakeKeys::new(protection, &shared, &transcript.hash(hash))?;
            Ok::<_, CryptoError>((keys.server_opener()?, keys))
        };
        let (opener, keys) = keys().map_err(|error| error.to_string())?;
        Ok(Self { hash, keys, opener })
    }

    /// Content type and content of a record.
    pub(super) fn open(&mut self, version: u16, fragment: &[u8]) -> Result<(u8, Vec<u8>), CryptoError> {
        self.opener.open(version, fragment)
    }

    /// From here on, what the server sends is under its application keys; what the client sends beyond its handshake is
    /// under the sealer returned.
    pub(super) fn finish(&mut self, transcript_hash: &[u8]) -> Result<Sealer, CryptoError> {
        let (opener, sealer) = self.keys.application(transcript_hash)?;
        self.opener = opener;
        Ok(sealer)
    }
}
