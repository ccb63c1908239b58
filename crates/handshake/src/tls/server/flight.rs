//! What a server answers to a hello: RFC 8446 sections 4.1.3 to 4.4, RFC 5246 sections 7.4.1.3 to 7.4.5.

use shakedown_crypto::tls::{CurveKey, DhKey, HandshakeKeys, LegacyCipher, Protection, answer_share, answers_group};
use shakedown_model::tls::{Authentication, KeyExchange};
use shakedown_wire::tls::number::{content, extension as x, version};
use shakedown_wire::tls::{
    Certificate, CertificateEntry, CertificateRequest, ChangeCipherSpec, Extension, Extensions,
    HELLO_RETRY_REQUEST_RANDOM, KeyExchangeParameters, KeyShare, Message, ServerHello, ServerKeyExchange, Signature,
    View, write_records,
};

use super::{Agreement, Exchange, Keys, Reading, Server, State, Trouble, Writing, says};
use crate::tls::SCSV_RENEGOTIATION;

/// What goes before the hash of the messages where a server of TLS 1.3 signs, RFC 8446 section 4.4.3.
const CONTEXT: &[u8] = b"TLS 1.3, server CertificateVerify\0";

impl Server {
    /// Answers the hello by what was agreed on.
    pub(super) fn answer(&mut self) -> Result<(), Trouble> {
        let Some(agreement) = self.agreement.clone() else { return Ok(()) };
        shakedown_crypto::random(&mut self.server_random)?;
        if let Some(mark) = agreement.downgrade_mark {
            let last = if mark == version::TLS12 { 1 } else { 0 };
            if let Some(end) = self.server_random.last_chunk_mut::<8>() {
                *end = [b'D', b'O', b'W', b'N', b'G', b'R', b'D', last];
            }
        }
        if version::is_tls13(agreement.version) { self.tls13(&agreement) } else { self.legacy(&agreement) }
    }

    fn offered(&self, number: u16) -> bool {
        self.client_hello.extensions().iter().any(|extension| extension.number == number)
    }

    /// Adds a handshake message to the transcript and to what is sent.
    pub(super) fn tell(&mut self, message: &[u8]) {
        self.transcript.add(message);
        self.put(content::HANDSHAKE, message);
    }

    fn tls13(&mut self, agreement: &Agreement) -> Result<(), Trouble> {
        let protection = Protection::of(agreement.suite.number);
        let group = agreement.group.unwrap_or_default();
        let shares = match self.client_hello.view(x::KEY_SHARE) {
            Some(Ok(View::KeyShares(shares))) => shares,
            _ => Vec::new(),
        };
        let Some(share) = shares.into_iter().find(|share| share.group == group) else {
            if self.observation.retried {
                let what = format!("the second hello has no key share of the group {group:#06x}");
                return Err(Trouble::Broken(says::ILLEGAL_PARAMETER, what));
            }
            return self.retry(agreement, group, protection);
        };
        let answer = match answers_group(group) {
            true => answer_share(group, &share.public)?,
            false => None,
        };
        // Where the group is not computed here, the client's own value stands for the server's.
        let public = answer.as_ref().map_or(share.public, |answer| answer.public.clone());
        let extensions = vec![
            Extension::new(x::SUPPORTED_VERSIONS, &View::SelectedVersion(agreement.version)),
            Extension::new(x::KEY_SHARE, &View::KeyShare(KeyShare { group, public })),
        ];
        let hello = self.hello(agreement, self.server_random, extensions);
        self.tell(&hello.write());
        self.observation.answered = true;
        if !self.observation.retried {
            self.compatible();
        }
        let Some(answer) = answer else {
            return Err(Trouble::NotCarried(format!("the group {group:#06x} is not implemented")));
        };
        let Some(protection) = protection else {
            return Err(Trouble::NotCarried(format!("the cipher of `{}` is not implemented", agreement.suite.name)));
        };
        let hash = protection.hash();
        let keys = HandshakeKeys::new(protection, &answer.secret, &self.transcript.hash(hash))?;
        self.writing = Writing::Tls13(keys.server_sealer()?);
        self.encrypted(agreement, &keys, hash)?;
        let through_finished = self.transcript.hash(hash);
        let (_, sealer) = keys.application_of_server(&through_finished)?;
        self.writing = Writing::Tls13(sealer);
        self.reading = Reading::Tls13(keys.client_opener()?);
        self.keys = Some(Keys::Tls13 { keys, hash, through_finished });
        self.state = if agreement.client_certificate.is_some() { State::ClientCertificate } else { State::Finished };
        Ok(())
    }

    fn hello(&self, agreement: &Agreement, random: [u8; 32], extensions: Vec<Extension>) -> ServerHello {
        let tls13 = version::is_tls13(agreement.version);
        ServerHello {
            version: if tls13 { version::TLS12 } else { agreement.version },
            random,
            session_id: if tls13 { self.client_hello.session_id.clone() } else { Vec::new() },
            cipher_suite: agreement.suite.number,
            compression_method: 0,
            extensions: if extensions.is_empty() { None } else { Some(Extensions(extensions)) },
        }
    }

    fn retry(&mut self, agreement: &Agreement, group: u16, protection: Option<Protection>) -> Result<(), Trouble> {
        let extensions = vec![
            Extension::new(x::SUPPORTED_VERSIONS, &View::SelectedVersion(agreement.version)),
            Extension::new(x::KEY_SHARE, &View::SelectedGroup(group)),
        ];
        let hello = self.hello(agreement, HELLO_RETRY_REQUEST_RANDOM, extensions);
        self.transcript.retry(protection.map_or(shakedown_crypto::Hash::Sha256, Protection::hash));
        self.tell(&hello.write());
        self.compatible();
        self.observation.retried = true;
        self.state = State::SecondHello;
        Ok(())
    }

    /// RFC 8446 appendix D.4: what middleboxes expect after the server's first message to a client that has a session.
    fn compatible(&mut self) {
        if !self.client_hello.session_id.is_empty() {
            let content = ChangeCipherSpec::default().write();
            self.outgoing.push_back(write_records(content::CHANGE_CIPHER_SPEC, version::TLS12, &content));
        }
    }

    fn encrypted(
        &mut self,
        agreement: &Agreement,
        keys: &HandshakeKeys,
        hash: shakedown_crypto::Hash,
    ) -> Result<(), Trouble> {
        let mut extensions = Vec::new();
        if agreement.acknowledges_name && self.offered(x::SERVER_NAME) {
            extensions.push(Extension::new(x::SERVER_NAME, &View::Empty));
        }
        if let Some(protocol) = &agreement.protocol {
            extensions.push(Extension::new(x::ALPN, &View::Protocols(vec![protocol.clone()])));
        }
        self.tell(&Message::EncryptedExtensions(Extensions(extensions)).write());
        if let Some(demand) = &agreement.client_certificate {
            let schemes = View::SignatureAlgorithms(demand.signature_schemes.clone());
            let mut extensions = vec![Extension::new(x::SIGNATURE_ALGORITHMS, &schemes)];
            if !demand.authorities.is_empty() {
                let names = View::CertificateAuthorities(demand.authorities.clone());
                extensions.push(Extension::new(x::CERTIFICATE_AUTHORITIES, &names));
            }
            let request = CertificateRequest::Tls13 { context: Vec::new(), extensions: Extensions(extensions) };
            self.tell(&request.write());
        }
        if agreement.certificates.is_empty() {
            return Err(Trouble::NotCarried("there is no certificate to show".to_owned()));
        }
        self.tell(&certificate(agreement, Some(Vec::new())).write());
        let (Some(key), Some(scheme)) = (&agreement.key, agreement.signature_scheme) else {
            return Err(Trouble::NotCarried("there is no key to sign with".to_owned()));
        };
        let signed = [&[0x20; 64], CONTEXT, &self.transcript.hash(hash)].concat();
        let signature = Signature { algorithm: Some(scheme), signature: key.sign(Some(scheme), &signed)? };
        self.tell(&Message::CertificateVerify(signature).write());
        let finished = keys.server_finished(&self.transcript.hash(hash))?;
        self.tell(&Message::Finished(finished).write());
        Ok(())
    }

    fn legacy(&mut self, agreement: &Agreement) -> Result<(), Trouble> {
        let elliptic = agreement.suite.key_exchange == KeyExchange::Ecdhe
            || agreement.suite.authentication == Authentication::Ecdsa;
        let extensions = self.legacy_extensions(agreement, elliptic);
        let hello = self.hello(agreement, self.server_random, extensions);
        self.tell(&hello.write());
        self.observation.answered = true;
        if agreement.suite.authentication != Authentication::Anonymous {
            if agreement.certificates.is_empty() {
                return Err(Trouble::NotCarried("there is no certificate to show".to_owned()));
            }
            self.tell(&certificate(agreement, None).write());
        }
        self.server_key_exchange(agreement)?;
        if let Some(demand) = &agreement.client_certificate {
            let named = version::names_signature_algorithms(agreement.version);
            let request = CertificateRequest::Legacy {
                // RSA, DSS, ECDSA.
                certificate_types: vec![1, 2, 64],
                signature_algorithms: named.then(|| demand.signature_schemes.clone()),
                authorities: demand.authorities.clone(),
            };
            self.tell(&request.write());
        }
        self.tell(&Message::ServerHelloDone.write());
        self.state =
            if agreement.client_certificate.is_some() { State::ClientCertificate } else { State::ClientKeyExchange };
        Ok(())
    }

    fn legacy_extensions(&self, agreement: &Agreement, elliptic: bool) -> Vec<Extension> {
        let signalled = self.client_hello.cipher_suites.contains(&SCSV_RENEGOTIATION);
        let mut extensions = Vec::new();
        let mut add = |wanted: bool, number: u16, view: View| {
            if wanted {
                extensions.push(Extension::new(number, &view));
            }
        };
        let renegotiation = agreement.secure_renegotiation && (self.offered(x::RENEGOTIATION_INFO) || signalled);
        add(renegotiation, x::RENEGOTIATION_INFO, View::RenegotiationInfo(Vec::new()));
        add(agreement.acknowledges_name && self.offered(x::SERVER_NAME), x::SERVER_NAME, View::Empty);
        let points = elliptic && self.offered(x::EC_POINT_FORMATS);
        // As OpenSSL lists them: uncompressed first (RFC 8422 section 5.2).
        add(points, x::EC_POINT_FORMATS, View::EcPointFormats(vec![0, 1, 2]));
        if let Some(protocol) = &agreement.protocol {
            add(true, x::ALPN, View::Protocols(vec![protocol.clone()]));
        }
        add(self.encrypts_then_macs(agreement), x::ENCRYPT_THEN_MAC, View::Empty);
        add(self.extends_master_secret(agreement), x::EXTENDED_MASTER_SECRET, View::Empty);
        extensions
    }

    pub(super) fn encrypts_then_macs(&self, agreement: &Agreement) -> bool {
        agreement.encrypt_then_mac
            && self.offered(x::ENCRYPT_THEN_MAC)
            && agreement.suite.name.contains("_CBC_")
            && agreement.version > version::SSL3
    }

    pub(super) fn extends_master_secret(&self, agreement: &Agreement) -> bool {
        agreement.extended_master_secret && self.offered(x::EXTENDED_MASTER_SECRET) && agreement.version > version::SSL3
    }

    fn server_key_exchange(&mut self, agreement: &Agreement) -> Result<(), Trouble> {
        let parameters = match agreement.suite.key_exchange {
            KeyExchange::Rsa => {
                self.exchange = Some(Exchange::Rsa);
                return Ok(());
            }
            KeyExchange::Ecdhe => {
                let group = agreement.group.unwrap_or_default();
                let key = CurveKey::generate(group)?
                    .ok_or_else(|| Trouble::NotCarried(format!("the curve {group:#06x} is not implemented")))?;
                let public = key.public()?;
                self.exchange = Some(Exchange::Curve(key));
                KeyExchangeParameters::NamedCurve { group, public }
            }
            KeyExchange::Dhe => {
                let (p, g) = agreement
                    .dh
                    .clone()
                    .ok_or_else(|| Trouble::NotCarried("there are no Diffie-Hellman parameters".to_owned()))?;
                let key = DhKey::generate(&p, &g)?;
                let public = key.public().to_vec();
                self.exchange = Some(Exchange::Field(key));
                KeyExchangeParameters::Dh { p, g, public }
            }
            _ => {
                let what = format!("the key exchange of `{}` is not implemented", agreement.suite.name);
                return Err(Trouble::NotCarried(what));
            }
        };
        let mut message = ServerKeyExchange { psk_identity_hint: None, parameters, signature: None };
        if agreement.suite.authentication != Authentication::Anonymous {
            let key = agreement.key.as_ref().ok_or_else(|| Trouble::NotCarried("there is no key".to_owned()))?;
            let named = version::names_signature_algorithms(agreement.version);
            let scheme = agreement.signature_scheme.filter(|_| named);
            if named && scheme.is_none() {
                return Err(Trouble::NotCarried("no signature scheme was agreed on".to_owned()));
            }
            // The parameters stand behind the header of the message.
            let unsigned = message.write();
            let parameters = unsigned.get(4..).unwrap_or_default();
            let signed = [&self.client_random, &self.server_random, parameters].concat();
            message.signature = Some(Signature { algorithm: scheme, signature: key.sign(scheme, &signed)? });
        }
        self.tell(&message.write());
        Ok(())
    }

    /// The cipher below TLS 1.3.
    pub(super) fn legacy_cipher(agreement: &Agreement) -> Result<LegacyCipher, Trouble> {
        if agreement.version == version::SSL3 {
            return Err(Trouble::NotCarried("the keys of SSL 3.0 are not computed here".to_owned()));
        }
        LegacyCipher::of(&agreement.suite.name)
            .ok_or_else(|| Trouble::NotCarried(format!("the cipher of `{}` is not implemented", agreement.suite.name)))
    }
}

fn certificate(agreement: &Agreement, request_context: Option<Vec<u8>>) -> Certificate {
    let entry = |der: &Vec<u8>| CertificateEntry { certificate: der.clone(), extensions: Extensions::default() };
    Certificate { request_context, entries: agreement.certificates.iter().map(entry).collect() }
}
