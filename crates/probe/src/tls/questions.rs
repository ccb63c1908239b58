//! What is asked once the suites are known: whose order decides, names, certificates, the fallback, a whole
//! handshake.

use shakedown_handshake::tls::{HelloSpec, Observation, SCSV_FALLBACK, Until};
use shakedown_model::tls::{CertificateKeyType, TlsVersion};
use shakedown_wire::tls::number::version;

use super::candidates::Class;
use super::complete::Wish;
use super::findings::OtherName;
use super::mapper::Mapper;
use super::{Reply, Verdict, plan};
use crate::all;

/// A name that no server has, RFC 6761 section 6.4.
const OTHER_NAME: &[u8] = b"shakedown.invalid";

impl Mapper<'_> {
    /// Whether the server's order of suites decides: the same suites are offered in two orders.
    pub(super) async fn suite_order(&self) -> Option<bool> {
        let highest = self.highest_legacy()?;
        let accepted = &self.findings.suites.accepted;
        // One class: the certificate must not decide.
        let of_class = |class| -> Vec<u16> {
            let all = plan::suites(self.engine.candidates, class, TlsVersion::Tls12);
            accepted.iter().copied().filter(|suite| all.contains(suite)).collect()
        };
        let (rsa, ecdsa) = (of_class(Class::Rsa), of_class(Class::Ecdsa));
        let list = if rsa.len() >= ecdsa.len() { rsa } else { ecdsa };
        self.order(&list, |list| plan::hello(&self.base, highest, list), |seen| seen.cipher_suite).await
    }

    /// The same of groups, without key shares.
    pub(super) async fn group_order(&self) -> Option<bool> {
        if !self.findings.has(version::TLS13) {
            return None;
        }
        let list = self.findings.groups.accepted.clone();
        let suites = plan::tls13_suites(self.engine.candidates);
        let hello = |groups| HelloSpec { groups, ..self.tls13_alone(suites.clone()) };
        self.order(&list, hello, |seen| seen.group).await
    }

    async fn order(
        &self,
        list: &[u16],
        hello: impl Fn(Vec<u16>) -> HelloSpec,
        chosen: impl Fn(&Observation) -> Option<u16>,
    ) -> Option<bool> {
        let (&first, &last) = (list.first()?, list.last()?);
        if first == last {
            return None;
        }
        let reversed: Vec<u16> = list.iter().rev().copied().collect();
        let ask = |list| self.engine.ask(hello(list), Until::ServerHello, "whose order decides");
        let (one, other) = tokio::join!(ask(list.to_vec()), ask(reversed));
        let (one, other) = (one.accepted().and_then(&chosen)?, other.accepted().and_then(&chosen)?);
        match (one == other, one == first && other == last) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            // Neither: equal preferences, or one thing put first.
            (false, false) => None,
        }
    }

    /// What the server does without a name, and with one that is none of its own.
    pub(super) async fn names(&self) -> (Option<OtherName>, Option<OtherName>) {
        let Some(good) = self.good.as_ref().filter(|good| good.server_name.is_some()) else { return (None, None) };
        let ask = |server_name: Option<&[u8]>| {
            let hello = HelloSpec { server_name: server_name.map(<[u8]>::to_vec), ..good.clone() };
            self.engine.ask(hello, Until::Flight, "server name")
        };
        let (without, other) = tokio::join!(ask(None), ask(Some(OTHER_NAME)));
        let known = self.findings.chains.first().and_then(|chain| chain.first()).cloned();
        let judge = |reply: Reply| match reply.verdict {
            Verdict::Refused => Some(OtherName::Refused),
            Verdict::Unknown => None,
            Verdict::Accepted => {
                let seen = reply.observation?;
                let first = seen.certificates.first()?;
                let same = known.as_ref() == Some(&first.certificate);
                Some(if same { OtherName::SameCertificate } else { OtherName::OtherCertificate })
            }
        };
        (judge(without), judge(other))
    }

    /// Certificates by the signature schemes that they can be used with.
    pub(super) async fn certificates(&self) -> Vec<Reply> {
        let candidates = self.engine.candidates;
        let tls13 = self.findings.has(version::TLS13);
        let of = |fits: fn(CertificateKeyType) -> bool| plan::schemes(candidates, fits);
        let rsa = of(|key| matches!(key, CertificateKeyType::Rsa | CertificateKeyType::RsaPss));
        let ecdsa = of(|key| key == CertificateKeyType::Ec);
        let eddsa = of(|key| matches!(key, CertificateKeyType::Ed25519 | CertificateKeyType::Ed448));
        // TLS 1.2 has shown those of RSA and ECDSA by its suites.
        let classes = if tls13 && !self.findings.has(version::TLS12) { vec![rsa, ecdsa, eddsa] } else { vec![eddsa] };
        let suites = plan::suites(candidates, Class::Ecdsa, TlsVersion::Tls12);
        let hello = |schemes: Vec<u16>| {
            let hello = if tls13 {
                HelloSpec { key_shares: vec![0x001d, 0x0017], ..self.tls13_alone(plan::tls13_suites(candidates)) }
            } else {
                plan::hello(&self.base, version::TLS12, suites.clone())
            };
            HelloSpec { signature_schemes: schemes, ..hello }
        };
        let ask = |schemes: Vec<u16>| self.engine.ask(hello(schemes), Until::Flight, "certificates");
        all(classes.into_iter().filter(|schemes| !schemes.is_empty()).map(ask).collect()).await
    }

    /// A whole handshake with what is agreed on in this answer.
    pub(super) async fn complete_as(&mut self, reply: &Reply) {
        let Some(seen) = reply.accepted() else { return };
        if let Some(version) = seen.version {
            self.complete(version, seen.cipher_suite, seen.group).await;
        }
    }

    /// The same with the highest version that the server has, where it asks for a certificate of the client.
    pub(super) async fn complete_where_asked(&mut self) {
        let version = [version::TLS13, version::TLS12].into_iter().find(|&number| self.findings.has(number));
        if let (Some(version), true) = (version, self.findings.asks_for_certificate()) {
            self.complete(version, None, None).await;
        }
    }

    async fn complete(&mut self, version: u16, cipher_suite: Option<u16>, group: Option<u16>) {
        if !self.engine.options.complete || self.completed.is_some() {
            return;
        }
        let expects_request = self.findings.asks_for_certificate();
        let wish = Wish { version, cipher_suite, group, expects_request };
        self.completed = self.engine.complete(&wish).await;
        if let Some(completed) = &self.completed {
            self.findings.learn_completed(completed);
        }
    }

    /// Whether the server knows a client that came down to a lower version (RFC 7507).
    pub(super) async fn fallback(&self) -> Option<bool> {
        let versions = [version::TLS13, version::TLS12, version::TLS11, version::TLS10];
        let mut accepted = versions.into_iter().filter(|&number| self.findings.has(number));
        let (_highest, lower) = (accepted.next()?, accepted.next()?);
        let mut suites = self.findings.suites.accepted.clone();
        suites.push(SCSV_FALLBACK);
        let reply = self.engine.ask(plan::hello(&self.base, lower, suites), Until::ServerHello, "fallback").await;
        /// The inappropriate_fallback alert.
        const INAPPROPRIATE_FALLBACK: u8 = 86;
        match (reply.verdict, reply.alert()) {
            (_, Some(alert)) if alert.description == INAPPROPRIATE_FALLBACK => Some(true),
            (Verdict::Accepted, _) => Some(false),
            _ => None,
        }
    }
}
