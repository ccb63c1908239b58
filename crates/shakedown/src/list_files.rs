//! The revocation lists that a server's configuration names (nginx `ssl_crl`, HAProxy `crl-file`, Apache httpd
//! `SSLCARevocationFile`, PostgreSQL `ssl_crl_file`, stunnel `CRLfile`, OpenVPN `crl-verify`, lighttpd
//! `ssl.verifyclient.ca-crl-file`): whether they count today.

use jiff::Timestamp;
use shakedown_config::Files;
use shakedown_config::files::FILE_LIMIT;
use shakedown_model::tls::ClientCertificate;
use shakedown_model::{CertificateFinding, CertificateProblem, Evidence, Fact, Gathered, Known, Name, NamedFile, Role};
use shakedown_x509::{RevocationList, revocation_lists, untimely};

/// Adds what the lists of each server say of themselves. All of these programs refuse a certificate of whose issuer the list
/// is over, and all but OpenVPN one whose issuer has none (OpenSSL's `X509_V_FLAG_CRL_CHECK`).
pub(crate) fn look_at(gathered: &mut Gathered, files: &dyn Files, now: Timestamp) {
    for party in &mut gathered.parties {
        let Some(policy) = party.tls() else { continue };
        let demands = policy.offer.client_certificate == Known::Complete(ClientCertificate::Required);
        let asks = demands || policy.offer.client_certificate == Known::Complete(ClientCertificate::Optional);
        let Some(named) = party.configuration.as_ref().and_then(|own| own.revocation_lists.clone()).filter(|_| asks)
        else {
            continue;
        };
        let path = quoted(&named.path);
        let Ok(bytes) = files.read(&named.path, FILE_LIMIT) else {
            party
                .notes
                .push(format!("the revocation lists of `{path}` cannot be read here: whom they refuse is not known"));
            continue;
        };
        let (lists, _) = revocation_lists(&bytes);
        let Some(first) = lists.first() else {
            party.notes.push(format!("`{path}` holds no revocation list that can be read here"));
            continue;
        };
        // Several may be of one issuer: one that counts is enough.
        let counts = |list: &RevocationList| {
            lists.iter().any(|other| other.issuer.is_same(&list.issuer) && untimely(other, now).is_none())
        };
        if demands && !lists.iter().any(counts) {
            let why = untimely(first, now).unwrap_or_default();
            gathered.evidence.push(nobody(&named, first, why));
            continue;
        }
        for list in lists.iter().filter(|list| !counts(list)) {
            let (issuer, why) = (quoted(&list.issuer.to_string()), untimely(list, now).unwrap_or_default());
            let note = format!("the revocation list of `{issuer}` in `{path}` {why}: its clients are refused");
            if !party.notes.contains(&note) {
                party.notes.push(note);
            }
        }
    }
}

/// No list counts: no certificate is let in.
fn nobody(named: &NamedFile, list: &RevocationList, why: String) -> Evidence {
    let fact = Fact::Certificate(Box::new(CertificateFinding {
        problem: CertificateProblem::ListUnusable { list: Name::new(&named.path), why },
        subject: Name::from_escaped(&format!("any by {}", list.issuer)),
        place: 0,
        is_anchor: false,
        fingerprint: String::new(),
    }));
    Evidence::new(fact).by(Role::Client).at(named.origin.clone())
}

fn quoted(text: &str) -> String {
    text.replace('`', "'")
}
