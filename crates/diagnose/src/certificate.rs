//! What the causes about certificates share: the findings, whose certificate each is about, and the commands that show it.

use shakedown_model::{
    CertificateFinding, CertificateProblem, Change, Command, EvidenceId, Fact, Match, Name, Object, PartySource, Phase,
    Protocol, Reason, Remedy, Role, Side, Strength,
};

use crate::Case;
use crate::hostkey::{client_shell, server_shell};
use crate::text::quoted;

/// A finding in a certificate.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    /// Its place in the evidence.
    pub(crate) id: EvidenceId,
    /// Who showed it.
    pub(crate) role: Role,
    /// What was found.
    pub(crate) finding: &'a CertificateFinding,
}

/// What was found in certificates, in order.
pub(crate) fn seen<'a>(case: &Case<'a>) -> impl Iterator<Item = Seen<'a>> + use<'a> {
    case.facts().filter_map(|(id, evidence)| {
        let Fact::Certificate(finding) = &evidence.fact else { return None };
        Some(Seen { id, role: evidence.subject.unwrap_or(Role::Server), finding })
    })
}

impl<'a> Seen<'a> {
    /// What was found.
    pub(crate) fn problem(&self) -> &'a CertificateProblem {
        &self.finding.problem
    }

    /// Whose certificate: `the server's certificate`, `the authority's certificate ... in the server's chain`.
    pub(crate) fn whose(&self) -> String {
        let (role, subject) = (self.role, quoted(self.finding.subject.as_str()));
        match (self.finding.place, self.finding.is_anchor) {
            (_, true) => format!("the root certificate {subject} that the {} trusts", role.peer()),
            (0, _) => format!("the {role}'s certificate"),
            _ => format!("the authority's certificate {subject} in the {role}'s chain"),
        }
    }

    /// A match that says what was found, at the fault of the party that shows the certificate.
    pub(crate) fn found(&self, strength: Strength) -> Match {
        self.found_at(strength, self.role)
    }

    /// The same, at the fault of this party.
    pub(crate) fn found_at(&self, strength: Strength, at_fault: Role) -> Match {
        let summary = format!("{} {}", self.whose(), self.problem());
        let mut found = Match::new(strength, Side::from(at_fault), summary);
        found.phase = Some(match self.role {
            Role::Server => Phase::Certificate,
            Role::Client => Phase::ClientCertificate,
        });
        found.reason = Reason::KeyMaterial;
        found.side_because = match (at_fault == self.role, self.finding.is_anchor) {
            (_, true) => "key material: it is among the certificates that it trusts".to_owned(),
            (true, _) => "key material: it shows this certificate".to_owned(),
            (false, _) => "it does not trust this certificate".to_owned(),
        };
        found.object = Some(Object {
            kind: match (self.finding.place, self.role) {
                (0, Role::Server) => "server certificate",
                (0, Role::Client) => "client certificate",
                _ => "certificate authority",
            },
            name: self.finding.subject.as_str().to_owned(),
        });
        found.evidence.push(self.id);
        if self.finding.place > 0 && !self.finding.fingerprint.is_empty() {
            found.notes.push(format!("its SHA-256 fingerprint is {}", quoted(&self.finding.fingerprint)));
        }
        found.supersedes = vec!["connection-cut", "middlebox-interference", "client-certificate-rejected"];
        found
    }
}

/// The matches of all findings that the rule has something to say of.
pub(crate) fn each<'a>(case: &Case<'a>, rule: impl Fn(Seen<'a>) -> Option<Match>) -> Vec<Match> {
    let trusted = own_store(case).is_some_and(|(_, _, trusts)| trusts);
    let is_settled = |seen: &Seen<'_>| trusted && seen.role == Role::Server && is_about_trust(seen.problem());
    seen(case).filter(|seen| !is_settled(seen)).filter_map(rule).collect()
}

/// What the client's own store of authorities makes of the server's certificates, where it judges otherwise than its
/// machine's: the evidence, where the store is, whether it trusts them.
pub(crate) fn own_store<'a>(case: &Case<'a>) -> Option<(EvidenceId, &'a str, bool)> {
    let PartySource::Local { program } = &case.client?.source else { return None };
    case.facts().find_map(|(id, evidence)| match &evidence.fact {
        Fact::TrustStore { client, path, trusts } if client == program => Some((id, path.as_str(), *trusts)),
        _ => None,
    })
}

/// Whether a missing issuer is rather an authority of somebody's own, which the machine does not trust, than an intermediate
/// one of a public authority: those say where they can be fetched (CA/Browser Forum, Baseline Requirements 7.1.2.7.7).
pub(crate) fn is_private(case: &Case<'_>, fetch: &[Name]) -> bool {
    case.context.machine_authorities && fetch.is_empty() && case.protocol == Protocol::Tls
}

/// Whether a problem is that no path leads to an authority that is trusted.
pub(crate) fn is_about_trust(problem: &CertificateProblem) -> bool {
    matches!(
        problem,
        CertificateProblem::SelfSigned | CertificateProblem::UntrustedRoot | CertificateProblem::IssuerMissing { .. }
    )
}

/// What a watched client says of the server's certificate by an alert, where the certificate itself was not read or nothing
/// was found in it.
pub(crate) fn said_by_client(
    case: &Case<'_>,
    number: u8,
    at_fault: Role,
    summary: &str,
    because: &str,
) -> Option<Match> {
    if seen(case).any(|seen| seen.role == Role::Server) {
        return None;
    }
    let fits = |seen: &crate::alert::Seen| seen.role == Role::Client && seen.number == number;
    let mut found = crate::alert::found(case, fits, Strength::Strong, at_fault.into(), summary)?;
    found.phase = Some(Phase::Certificate);
    found.reason = Reason::KeyMaterial;
    found.side_because = because.to_owned();
    found.remedies.push(decide(at_fault, "look at the certificates that are really sent", vec![show_chain(case)]));
    Some(found)
}

/// A remedy that a person decides on, with commands.
pub(crate) fn decide(role: Role, title: &str, steps: Vec<Command>) -> Remedy {
    Remedy { role, change: Change::Decide { title: title.to_owned(), steps } }
}

/// Shows what the server really sends.
pub(crate) fn show_chain(case: &Case<'_>) -> Command {
    let (host, port) = (case.host(), case.port());
    let text = match case.protocol {
        Protocol::Ike => "swanctl --list-certs".to_owned(),
        _ => format!("openssl s_client -connect {host}:{port} -servername {host} -showcerts </dev/null"),
    };
    client_shell(&text, "shows what is really sent")
}

/// Makes the service read the new files.
pub(crate) fn reload() -> Command {
    server_shell("systemctl reload SERVICE", "a service keeps the old certificate until then")
}
