use shakedown_model::Role;
use zeroize::Zeroizing;

use super::protection::{Integrity, Protector, Suite};

/// What the keys of an IKE SA are made from, beside the shared secret.
#[derive(Clone, Copy, Debug)]
pub struct Seed<'a> {
    /// The initiator's nonce.
    pub initiator_nonce: &'a [u8],
    /// The responder's nonce.
    pub responder_nonce: &'a [u8],
    /// The initiator's SPI.
    pub initiator_spi: [u8; 8],
    /// The responder's SPI.
    pub responder_spi: [u8; 8],
}

/// The keys of an IKE SA, RFC 7296 section 2.14. Has no `Debug`; wiped when dropped.
pub struct IkeKeys {
    suite: Suite,
    initiator: Protector,
    responder: Protector,
    proof: [Zeroizing<Vec<u8>>; 2],
}

/// What a pre-shared key is mixed with, so that it is of use for nothing else (RFC 7296 section 2.15).
const KEY_PAD: &[u8] = b"Key Pad for IKEv2";

impl IkeKeys {
    /// Derives them from the shared secret.
    pub fn derive(suite: Suite, secret: &[u8], seed: Seed<'_>) -> Self {
        let Seed { initiator_nonce, responder_nonce, initiator_spi, responder_spi } = seed;
        let skeyseed = suite.prf.compute(&suite.prf.seed_key(initiator_nonce, responder_nonce), &[secret]);
        let integrity = suite.integrity.filter(|_| !suite.cipher.is_aead()).map_or(0, Integrity::key_length);
        let (cipher, prf) = (suite.cipher.key_length(), suite.prf.length());
        // SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr
        let lengths = [prf, integrity, integrity, cipher, cipher, prf, prf];
        let seed: [&[u8]; 4] = [initiator_nonce, responder_nonce, &initiator_spi, &responder_spi];
        let stream = suite.prf.expand(&skeyseed, &seed, lengths.iter().sum());
        let mut rest = stream.as_slice();
        let mut next = |length: usize| {
            let (one, others) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            rest = others;
            Zeroizing::new(one.to_vec())
        };
        // No CHILD SA is made from SK_d: nothing is ever sent through one.
        let [_, ai, ar, ei, er, pi, pr] = lengths.map(&mut next);
        Self {
            suite,
            initiator: Protector::new(suite, &ei, &ai),
            responder: Protector::new(suite, &er, &ar),
            proof: [pi, pr],
        }
    }

    /// What protects the messages of that end: the client is the initiator.
    pub fn of(&self, role: Role) -> &Protector {
        match role {
            Role::Client => &self.initiator,
            Role::Server => &self.responder,
        }
    }

    /// What an end signs (RFC 7296 section 2.15): its own first message, the other's nonce, and a checksum over the body of
    /// its identification payload.
    pub fn signed_octets(&self, role: Role, message: &[u8], peer_nonce: &[u8], identity: &[u8]) -> Zeroizing<Vec<u8>> {
        let [initiator, responder] = &self.proof;
        let key = if role == Role::Client { initiator } else { responder };
        let checksum = self.suite.prf.compute(key, &[identity]);
        Zeroizing::new([message, peer_nonce, &checksum].concat())
    }

    /// The proof of an end that has the pre-shared key, over what it signs.
    pub fn shared_key_proof(&self, key: &[u8], octets: &[u8]) -> Zeroizing<Vec<u8>> {
        let padded = self.suite.prf.compute(key, &[KEY_PAD]);
        self.suite.prf.compute(&padded, &[octets])
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cipher, Prf};
    use super::*;

    #[test]
    fn both_ends_derive_the_same_and_each_direction_its_own() {
        let suite = Suite {
            cipher: Cipher::new(12, Some(256)).unwrap(),
            integrity: Integrity::new(12),
            prf: Prf::new(5).unwrap(),
        };
        let seed =
            Seed { initiator_nonce: &[1; 32], responder_nonce: &[2; 32], initiator_spi: [3; 8], responder_spi: [4; 8] };
        let (one, other) = (IkeKeys::derive(suite, b"secret", seed), IkeKeys::derive(suite, b"secret", seed));
        let body = one.of(Role::Client).seal(b"before", b"plain").unwrap();
        assert_eq!(other.of(Role::Client).open(b"before", &body).unwrap().as_slice(), b"plain");
        assert!(other.of(Role::Server).open(b"before", &body).is_err());
        assert!(IkeKeys::derive(suite, b"Secret", seed).of(Role::Client).open(b"before", &body).is_err());
        let octets = |role| one.signed_octets(role, b"message", b"nonce", b"identity");
        assert_ne!(octets(Role::Client), octets(Role::Server));
        assert_ne!(one.shared_key_proof(b"a", b"x"), one.shared_key_proof(b"b", b"x"));
    }
}
