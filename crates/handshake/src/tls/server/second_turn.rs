//! What a client sends after the server's flight: RFC 8446 section 4.4, RFC 5246 sections 7.4.6 to 7.4.9.

use shakedown_crypto::tls::LegacyKeys;
use shakedown_wire::tls::number::{content, version};
use shakedown_wire::tls::{ChangeCipherSpec, Message};
use zeroize::Zeroizing;

use super::{Agreement, Exchange, Keys, Reading, Server, State, Trouble, Writing, says};

fn out_of_place(message: &Message) -> Trouble {
    Trouble::Broken(says::UNEXPECTED_MESSAGE, format!("a handshake message of type {} out of place", message.number()))
}

impl Server {
    pub(super) fn second_turn(&mut self, message: Message, bytes: &[u8]) -> Result<(), Trouble> {
        match (self.state, message) {
            (State::ClientCertificate, Message::Certificate(certificate)) => {
                self.transcript.add(bytes);
                self.observation.client_certificates = certificate.entries;
                self.client_certificate()
            }
            (State::ClientKeyExchange, Message::ClientKeyExchange(body)) => {
                self.transcript.add(bytes);
                let Some(agreement) = self.agreement.clone() else { return Ok(()) };
                self.client_key_exchange(&agreement, &body)
            }
            (State::CertificateVerify, Message::CertificateVerify(_)) => {
                self.transcript.add(bytes);
                let tls13 = version::is_tls13(self.form.version);
                self.state = if tls13 { State::Finished } else { State::ChangeCipherSpec };
                Ok(())
            }
            (State::Finished, Message::Finished(verify_data)) => self.client_finished(&verify_data, bytes),
            (_, message) => Err(out_of_place(&message)),
        }
    }

    fn client_certificate(&mut self) -> Result<(), Trouble> {
        let demand = self.agreement.as_ref().and_then(|agreement| agreement.client_certificate.clone());
        let shown = !self.observation.client_certificates.is_empty();
        if let (false, Some(refusal)) = (shown, demand.and_then(|demand| demand.refusal)) {
            return Err(Trouble::Broken(refusal.description, "the client has no certificate".to_owned()));
        }
        self.state = match (version::is_tls13(self.form.version), shown) {
            (true, true) => State::CertificateVerify,
            (true, false) => State::Finished,
            (false, _) => State::ClientKeyExchange,
        };
        Ok(())
    }

    fn client_key_exchange(&mut self, agreement: &Agreement, body: &[u8]) -> Result<(), Trouble> {
        let wrong = || Trouble::Broken(says::DECODE_ERROR, "client_key_exchange: its length is wrong".to_owned());
        let vector = |width: usize| -> Result<&[u8], Trouble> {
            let (length, value) = body.split_at_checked(width).ok_or_else(wrong)?;
            let length = length.iter().fold(0_usize, |sum, &byte| sum << 8 | usize::from(byte));
            if value.len() == length { Ok(value) } else { Err(wrong()) }
        };
        let cipher = Self::legacy_cipher(agreement)?;
        let premaster: Zeroizing<Vec<u8>> = match self.exchange.take() {
            Some(Exchange::Curve(key)) => key.agree(vector(1)?)?,
            Some(Exchange::Field(key)) => key.agree(vector(2)?)?,
            Some(Exchange::Rsa) => {
                let key = agreement.key.as_ref();
                let key = key.ok_or_else(|| Trouble::NotCarried("there is no key to decrypt with".to_owned()))?;
                let offered = match &self.observation.opening {
                    Some(opening) => opening.hello().version,
                    None => agreement.version,
                };
                key.decrypt_premaster(vector(2)?, offered)?
            }
            None => return Err(Trouble::NotCarried("the key exchange is not implemented".to_owned())),
        };
        let prf = cipher.prf(agreement.version);
        let session_hash = self.extends_master_secret(agreement).then(|| self.transcript.digest(prf));
        let keys = LegacyKeys::new(
            cipher,
            agreement.version,
            &premaster,
            self.client_random,
            self.server_random,
            session_hash.as_deref(),
        );
        let (client, server) = keys.records(self.encrypts_then_macs(agreement))?;
        self.keys = Some(Keys::Legacy { keys, client: Some(Box::new(client)), server: Some(Box::new(server)) });
        // A certificate without a signature, of Diffie-Hellman, is never seen.
        let signs = !self.observation.client_certificates.is_empty();
        self.state = if signs { State::CertificateVerify } else { State::ChangeCipherSpec };
        Ok(())
    }

    pub(super) fn change_cipher_spec(&mut self, content: &[u8]) {
        match ChangeCipherSpec::parse(content) {
            Ok(ChangeCipherSpec { value: 1 }) => {}
            _ => return self.broken(says::DECODE_ERROR, "change_cipher_spec: not the one byte 1"),
        }
        // RFC 8446 appendix D.4: between the first hello and the client's Finished one may come.
        if self.state == State::SecondHello
            || version::is_tls13(self.form.version) && !matches!(self.state, State::Hello | State::Open)
        {
            return;
        }
        match (self.state, &mut self.keys) {
            (State::ChangeCipherSpec, Some(Keys::Legacy { client, .. })) if self.deframer.partial().is_empty() => {
                if let Some(client) = client.take() {
                    self.reading = Reading::Legacy(client);
                }
                self.state = State::Finished;
            }
            _ => self.broken(says::UNEXPECTED_MESSAGE, "a change_cipher_spec out of place"),
        }
    }

    fn client_finished(&mut self, verify_data: &[u8], bytes: &[u8]) -> Result<(), Trouble> {
        let wrong = || Trouble::Broken(says::DECRYPT_ERROR, "the content of the client's Finished is wrong".to_owned());
        match self.keys.take() {
            Some(Keys::Tls13 { keys, hash, through_finished }) => {
                if keys.client_finished(&self.transcript.hash(hash))? != verify_data {
                    return Err(wrong());
                }
                let (opener, _) = keys.application_of_server(&through_finished)?;
                self.reading = Reading::Tls13(opener);
            }
            Some(Keys::Legacy { keys, server, .. }) => {
                let Some(agreement) = self.agreement.clone() else { return Ok(()) };
                let prf = Self::legacy_cipher(&agreement)?.prf(agreement.version);
                if keys.client_finished(&self.transcript.digest(prf)) != verify_data {
                    return Err(wrong());
                }
                self.transcript.add(bytes);
                let finished = keys.server_finished(&self.transcript.digest(prf));
                self.put(content::CHANGE_CIPHER_SPEC, &ChangeCipherSpec::default().write());
                if let Some(server) = server {
                    self.writing = Writing::Legacy(server);
                }
                self.tell(&Message::Finished(finished).write());
            }
            None => return Err(Trouble::Broken(says::UNEXPECTED_MESSAGE, "a finished before any keys".to_owned())),
        }
        self.observation.finished = true;
        self.state = State::Open;
        Ok(())
    }
}
