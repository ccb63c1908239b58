//! The texts of what is found in a certificate.

use shakedown_model::{
    CertificateFinding, CertificateProblem, Completion, CompletionEnd, Ending, Name, ShownCertificate,
};

use super::Visit;

pub(super) fn finding(visit: &mut dyn Visit, finding: &mut CertificateFinding) {
    let CertificateFinding { problem, subject, place: _, is_anchor: _, fingerprint } = finding;
    visit.said(subject);
    visit.fingerprint(fingerprint);
    match problem {
        CertificateProblem::Expired { not_after: _, now: _ }
        | CertificateProblem::NotYetValid { not_before: _, now: _ }
        | CertificateProblem::SelfSigned
        | CertificateProblem::UntrustedRoot
        | CertificateProblem::StapleMissing => {}
        CertificateProblem::IssuerMissing { issuer, fetch, sent: _, other_key: _ } => {
            visit.said(issuer);
            fetch.iter_mut().for_each(|address| visit.said(address));
        }
        CertificateProblem::WrongSignature { issuer } => visit.said(issuer),
        CertificateProblem::OtherName { wanted, why, names, total: _, nearest } => {
            visit.sentence(why);
            [wanted].into_iter().chain(names).chain(nearest).for_each(|name| host(visit, name));
        }
        CertificateProblem::Purpose { what } | CertificateProblem::Policy { what } => visit.sentence(what),
        CertificateProblem::WeakDigest { digest } => visit.token(digest),
        CertificateProblem::SmallKey { key, bits: _, minimum: _ } => visit.token(key),
        CertificateProblem::Revoked { at: _, reason } => reason.iter_mut().for_each(|text| visit.sentence(text)),
        CertificateProblem::StapleUnusable { why } => visit.sentence(why),
        CertificateProblem::ListUnusable { list, why } => {
            let mut path = list.as_str().to_owned();
            visit.path(&mut path);
            *list = Name::from_escaped(&path);
            visit.sentence(why);
        }
        CertificateProblem::ListMissing { issuer, fetch } => {
            visit.said(issuer);
            fetch.iter_mut().for_each(|address| visit.said(address));
        }
    }
}

/// The texts of a whole handshake.
pub(super) fn completion(visit: &mut dyn Visit, completion: &mut Completion) {
    let Completion { by: _, version, cipher_suite, group, protocol, asked: _, authorities, shown, end } = completion;
    [version, cipher_suite, group].into_iter().flatten().for_each(|name| visit.token(name));
    protocol.iter_mut().chain(authorities).for_each(|name| visit.said(name));
    if let Some(ShownCertificate { subject, issuer, is_of_named: _ }) = shown {
        visit.said(subject);
        visit.said(issuer);
    }
    match end {
        CompletionEnd::Answered { status: _, title } => visit.said(title),
        CompletionEnd::Stopped { what } => visit.sentence(what),
        CompletionEnd::Ended { ending: Ending::Closed | Ending::Reset | Ending::Silent { milliseconds: _ } }
        | CompletionEnd::Complete
        | CompletionEnd::Quiet { milliseconds: _ }
        | CompletionEnd::Alert { number: _, name: _ } => {}
    }
}

fn host(visit: &mut dyn Visit, name: &mut Name) {
    let mut text = name.as_str().to_owned();
    visit.host(&mut text);
    *name = Name::from_escaped(&text);
}
