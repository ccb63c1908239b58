//! The client's second turn below TLS 1.3, and the server's: RFC 5246 section 7.3. The server's signature is not checked: who
//! it is, is another matter.

use shakedown_crypto::tls::{CurveKey, DhKey, LegacyCipher, LegacyKeys, LegacyRecords, Prf, encrypt_premaster};
use shakedown_model::tls::KeyExchange as Exchange;
use shakedown_wire::tls::number::{content, extension as x, version};
use shakedown_wire::tls::{Certificate, ChangeCipherSpec, KeyExchangeParameters, Message, Record, write_records};
use zeroize::Zeroizing;

use super::{Client, Departure, End};

/// The keys of a connection below TLS 1.3 that is carried to its end.
pub(super) struct Legacy {
    keys: LegacyKeys,
    prf: Prf,
    server: LegacyRecords,
    /// Whether the server's records are protected by now.
    reading: bool,
}

impl Client {
    /// Sends all that a client without a certificate sends; `Err` says why that cannot be made here.
    pub(super) fn second_turn(&mut self) -> Result<Vec<u8>, String> {
        let chosen = self.form.version;
        if chosen == version::SSL3 {
            return Err("the keys of SSL 3.0 are not computed here".to_owned());
        }
        let hello = self.observation.hello.as_ref().ok_or("there is no server_hello")?;
        let suite = self.config.suites.get(hello.cipher_suite).ok_or("the suite is not known here")?;
        let cipher = LegacyCipher::of(&suite.name)
            .ok_or_else(|| format!("the cipher of `{}` is not implemented", suite.name))?;
        let has = |number| hello.extensions.as_ref().is_some_and(|all| all.find(number).is_some());
        let (extends, encrypts_then_macs) = (has(x::EXTENDED_MASTER_SECRET), has(x::ENCRYPT_THEN_MAC));
        let (server_random, key_exchange) = (hello.random, suite.key_exchange);
        let (premaster, body) = self.key_exchange(key_exchange).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        let tell = |transcript: &mut super::Transcript, message: &[u8]| {
            transcript.add(message);
            write_records(content::HANDSHAKE, chosen, message)
        };
        if self.observation.certificate_request.is_some() {
            bytes.extend(tell(&mut self.transcript, &Certificate::default().write()));
        }
        bytes.extend(tell(&mut self.transcript, &Message::ClientKeyExchange(body).write()));
        let prf = cipher.prf(chosen);
        let session_hash = extends.then(|| self.transcript.digest(prf));
        let keys = LegacyKeys::new(cipher, chosen, &premaster, self.random, server_random, session_hash.as_deref());
        let (mut own, server) = keys.records(encrypts_then_macs).map_err(|error| error.to_string())?;
        bytes.extend(write_records(content::CHANGE_CIPHER_SPEC, chosen, &ChangeCipherSpec::default().write()));
        let finished = Message::Finished(keys.client_finished(&self.transcript.digest(prf))).write();
        self.transcript.add(&finished);
        let fragment = own.seal(content::HANDSHAKE, &finished).map_err(|error| error.to_string())?;
        bytes.extend(Record { content_type: content::HANDSHAKE, version: chosen, fragment, offset: 0 }.write());
        self.legacy = Some(Legacy { keys, prf, server, reading: false });
        Ok(bytes)
    }

    /// The premaster secret, and the body of ClientKeyExchange.
    fn key_exchange(&self, kind: Exchange) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), NotMade> {
        let vector = |width: usize, value: &[u8]| {
            let length = u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes();
            [length.get(4 - width..).unwrap_or_default(), value].concat()
        };
        match (kind, &self.observation.parameters) {
            (Exchange::Ecdhe, Some(KeyExchangeParameters::NamedCurve { group, public })) => {
                let key = CurveKey::generate(*group)?;
                let key = key.ok_or_else(|| NotMade(format!("the curve {group:#06x} is not implemented")))?;
                Ok((key.agree(public)?, vector(1, &key.public()?)))
            }
            (Exchange::Dhe, Some(KeyExchangeParameters::Dh { p, g, public })) => {
                let key = DhKey::generate(p, g)?;
                Ok((key.agree(public)?, vector(2, key.public())))
            }
            (Exchange::Rsa, None) => {
                let own = self.observation.certificates.first();
                let own = own.ok_or_else(|| NotMade("the server sent no certificate".to_owned()))?;
                let offered = self.spec().map_or(version::TLS12, |spec| spec.legacy_version());
                let made = encrypt_premaster(&own.certificate, offered)?;
                Ok((made.secret, vector(2, &made.encrypted)))
            }
            _ => Err(NotMade("the key exchange is not implemented".to_owned())),
        }
    }

    /// The server protects what it sends from here on.
    pub(super) fn server_changes(&mut self) {
        if let Some(legacy) = &mut self.legacy {
            legacy.reading = true;
        }
    }

    /// The content of a record, where the server protects them.
    pub(super) fn opened(&mut self, record: &Record) -> Option<Result<Vec<u8>, End>> {
        let legacy = self.legacy.as_mut().filter(|legacy| legacy.reading)?;
        let opened = legacy.server.open(record.content_type, &record.fragment);
        let offset = record.fragment_offset() as u64;
        Some(opened.map_err(|error| End::Malformed { what: error.to_string(), offset }))
    }

    /// The server's Finished; whether it is one of such a handshake.
    pub(super) fn legacy_finished(&mut self, verify_data: &[u8]) -> bool {
        let Some(legacy) = self.legacy.as_ref().filter(|legacy| legacy.reading) else { return false };
        let is_right = legacy.keys.server_finished(&self.transcript.digest(legacy.prf)) == verify_data;
        if is_right {
            self.observation.finished = true;
        } else {
            self.observation.departures.push(Departure::WrongFinished);
        }
        self.end(End::Complete);
        true
    }
}

/// Why no secret was agreed on.
struct NotMade(String);

impl From<shakedown_crypto::CryptoError> for NotMade {
    fn from(error: shakedown_crypto::CryptoError) -> Self {
        Self(error.to_string())
    }
}

impl std::fmt::Display for NotMade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
