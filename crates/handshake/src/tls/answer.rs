//! What a client without a certificate sends after the server's messages, to see whether the server insists on one.

use shakedown_crypto::CryptoError;
use shakedown_crypto::tls::KeyShareSecret;
use shakedown_wire::tls::number::{alert, content, version};
use shakedown_wire::tls::{
    Alert, Certificate, CertificateRequest, ChangeCipherSpec, KeyExchange, KeyExchangeParameters, Message,
    write_records,
};

use super::Observation;
use super::protected::{Protected, Transcript};

/// The whole end of a handshake of TLS 1.3: an empty Certificate where one is asked for, Finished, and close_notify,
/// so that the server has the last word at once.
pub(super) fn tls13(
    protected: &mut Protected,
    transcript: &mut Transcript,
    request: Option<&CertificateRequest>,
) -> Result<Vec<u8>, CryptoError> {
    let through_server_finished = transcript.hash(protected.hash);
    let mut sealer = protected.keys.client_sealer()?;
    // RFC 8446 appendix D.4.
    let mut bytes = write_records(content::CHANGE_CIPHER_SPEC, version::TLS12, &ChangeCipherSpec::default().write());
    if let Some(request) = request {
        let context = match request {
            CertificateRequest::Tls13 { context, .. } => context.clone(),
            CertificateRequest::Legacy { .. } => Vec::new(),
        };
        let empty = Certificate { request_context: Some(context), entries: Vec::new() }.write();
        transcript.add(&empty);
        bytes.extend(sealer.seal(content::HANDSHAKE, &empty)?);
    }
    let finished = protected.keys.client_finished(&transcript.hash(protected.hash))?;
    bytes.extend(sealer.seal(content::HANDSHAKE, &Message::Finished(finished).write())?);
    let mut application = protected.finish(&through_server_finished)?;
    let close = Alert { level: alert::WARNING, description: alert::CLOSE_NOTIFY };
    bytes.extend(application.seal(content::ALERT, &close.write())?);
    Ok(bytes)
}

/// Below TLS 1.3: an empty Certificate, a ClientKeyExchange whose secret nobody keeps, and a Finished that nobody can
/// decrypt. A server that insists on a certificate refuses the first; any other refuses the last.
pub(super) fn legacy(observation: &Observation, key_exchange: KeyExchange) -> Result<Vec<u8>, CryptoError> {
    let chosen = observation.version.unwrap_or(version::TLS12);
    let mut bytes = if chosen == version::SSL3 {
        // RFC 6101 section 5.6.6: a warning takes the place of an empty message.
        const NO_CERTIFICATE: u8 = 41;
        let warning = Alert { level: alert::WARNING, description: NO_CERTIFICATE };
        write_records(content::ALERT, chosen, &warning.write())
    } else {
        write_records(content::HANDSHAKE, chosen, &Certificate::default().write())
    };
    let Some(public) = public_value(observation, key_exchange)? else { return Ok(bytes) };
    bytes.extend(write_records(content::HANDSHAKE, chosen, &Message::ClientKeyExchange(public).write()));
    bytes.extend(write_records(content::CHANGE_CIPHER_SPEC, chosen, &ChangeCipherSpec::default().write()));
    let mut finished = vec![0; 64];
    shakedown_crypto::random(&mut finished)?;
    bytes.extend(write_records(content::HANDSHAKE, chosen, &finished));
    Ok(bytes)
}

/// The body of ClientKeyExchange; `None` where none can be made up.
fn public_value(observation: &Observation, key_exchange: KeyExchange) -> Result<Option<Vec<u8>>, CryptoError> {
    Ok(match (&observation.parameters, key_exchange) {
        (Some(KeyExchangeParameters::NamedCurve { group, .. }), KeyExchange::Ecdhe) => {
            let Some(share) = KeyShareSecret::generate(*group)? else { return Ok(None) };
            let length = u8::try_from(share.public().len()).unwrap_or(u8::MAX);
            Some([&[length][..], share.public()].concat())
        }
        (Some(KeyExchangeParameters::Dh { p, .. }), KeyExchange::Dhe) => {
            // Any number below the prime.
            let mut number = vec![0; p.len().saturating_sub(1).max(1)];
            shakedown_crypto::random(&mut number)?;
            let length = u16::try_from(number.len()).unwrap_or(u16::MAX);
            Some([&length.to_be_bytes()[..], &number].concat())
        }
        // RSA: a secret encrypted to no key. Servers go on with a random one, so as not to tell (RFC 5246
        // section 7.4.7.1).
        (None, KeyExchange::Unknown) => {
            let mut encrypted = vec![0; 256];
            shakedown_crypto::random(&mut encrypted)?;
            Some([&[1, 0][..], &encrypted].concat())
        }
        _ => None,
    })
}
