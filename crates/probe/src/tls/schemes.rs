//! Signature schemes below TLS 1.3: the server's ServerKeyExchange shows which one it signs with, and what it chose is
//! taken out of the next hello.

use shakedown_handshake::tls::{HelloSpec, Suite, Until};
use shakedown_model::tls::{Authentication, CertificateKeyType, KeyExchange};
use shakedown_wire::tls::Extension;
use shakedown_wire::tls::number::{extension as x, version};

use super::candidates::{Class, class};
use super::mapper::Mapper;
use super::{Reply, Verdict, plan};
use crate::all;

/// What one loop brought.
struct Taken {
    replies: Vec<Reply>,
    /// What was left when the server refused.
    refused: Vec<u16>,
}

impl Mapper<'_> {
    /// All signature schemes of a server that has TLS 1.2 and nothing newer: side by side those of each class of
    /// certificate, then all others, of which few servers have one.
    pub(super) async fn schemes_of_tls12(&mut self) {
        if self.findings.has(version::TLS13) || !self.findings.has(version::TLS12) {
            return;
        }
        let of = |fits: fn(CertificateKeyType) -> bool| plan::schemes(self.engine.candidates, fits);
        let rsa = of(|key| key == CertificateKeyType::Rsa);
        let ecdsa = of(|key| key == CertificateKeyType::Ec);
        let loops = [(Class::Rsa, rsa), (Class::Ecdsa, ecdsa)].map(|(of, schemes)| (self.signing(Some(of)), schemes));
        let loops = loops.into_iter().filter(|(suites, _)| !suites.is_empty());
        let taken = all(loops.map(|(suites, schemes)| self.take_schemes(suites, schemes)).collect()).await;
        self.learn_schemes(taken);
        let taken = self.take_schemes(self.signing(None), plan::all_schemes(self.engine.candidates)).await;
        self.learn_schemes(vec![taken]);
    }

    fn learn_schemes(&mut self, loops: Vec<Taken>) {
        for taken in loops {
            taken.replies.iter().for_each(|reply| self.findings.learn(reply));
            self.findings.schemes.refuse(&taken.refused);
        }
    }

    /// The server's suites whose key exchange is signed, of one class of certificate or of all.
    fn signing(&self, of: Option<Class>) -> Vec<u16> {
        let signs = |suite: &&Suite| {
            matches!(suite.key_exchange, KeyExchange::Ecdhe | KeyExchange::Dhe)
                && suite.authentication != Authentication::Anonymous
                && of.is_none_or(|of| class(suite) == of)
                && self.findings.suites.accepted.contains(&suite.number)
        };
        self.engine.candidates.suites.iter().filter(signs).map(|suite| suite.number).collect()
    }

    /// Offers those of the schemes that nothing is known of, less the chosen one each time.
    async fn take_schemes(&self, suites: Vec<u16>, mut schemes: Vec<u16>) -> Taken {
        let mut taken = Taken { replies: Vec::new(), refused: Vec::new() };
        schemes.retain(|scheme| !self.findings.schemes.is_known(*scheme));
        while !schemes.is_empty() && !suites.is_empty() && self.engine.can_ask() {
            let hello = HelloSpec {
                signature_schemes: schemes.clone(),
                // The certificate itself may be signed with any (RFC 8446 section 4.2.3).
                extensions: vec![self.any_for_certificates()],
                ..plan::hello(&self.base, version::TLS12, suites.clone())
            };
            let reply = self.engine.ask(hello, Until::KeyExchange, "signature schemes").await;
            match reply.verdict {
                Verdict::Refused => {
                    taken.refused = schemes;
                    break;
                }
                Verdict::Unknown => break,
                Verdict::Accepted => {}
            }
            let chosen = reply.accepted().and_then(|seen| seen.signature_scheme);
            let before = schemes.len();
            schemes.retain(|scheme| Some(*scheme) != chosen);
            taken.replies.push(reply);
            if schemes.len() == before {
                // It signs with what was not offered, or with nothing: it would go on so for ever.
                break;
            }
        }
        taken
    }

    fn any_for_certificates(&self) -> Extension {
        let all = plan::all_schemes(self.engine.candidates);
        let list: Vec<u8> = all.iter().flat_map(|scheme| scheme.to_be_bytes()).collect();
        let length = u16::try_from(list.len()).unwrap_or_default();
        Extension { number: x::SIGNATURE_ALGORITHMS_CERT, data: [&length.to_be_bytes()[..], &list].concat() }
    }
}
