//! What the certificates of a live server say, and what a client has against them.

use std::path::Path;

use shakedown_model::tls::StapleRule;
use shakedown_model::{CertificateProblem, Evidence, Fact, Origin, OriginKind, Party, Role};
use shakedown_probe::tls::{Answer, Chain, TlsTarget};
use shakedown_x509::{Anchors, Builder, Certificate, Rules, Shown, Wanted, describe};

use crate::Error;

/// Where Linux distributions keep what the machine trusts: Debian and its kin, Red Hat's, SUSE, Alpine.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The variable with which OpenSSL, and most of what stands on it, is told of another bundle.
const BUNDLE_VARIABLE: &str = "SSL_CERT_FILE";

/// What a client trusts: the file of `--cacert`, else this machine's bundle or that of [`BUNDLE_VARIABLE`], else what Mozilla trusts; and a note that
/// says which.
pub(crate) fn anchors(file: Option<&Path>) -> Result<(Anchors, String), Error> {
    if let Some(path) = file {
        let bytes = std::fs::read(path).map_err(|source| Error::File { path: path.display().to_string(), source })?;
        return Ok((Anchors::from_pem(&bytes).0, format!("trusted: the certificates of `{}`", path.display())));
    }
    if let Some(path) = std::env::var_os(BUNDLE_VARIABLE).filter(|path| !path.is_empty())
        && let Ok(bytes) = std::fs::read(&path)
    {
        let path = Path::new(&path).display();
        return Ok((Anchors::from_pem(&bytes).0, format!("trusted: the certificates of `{path}` ({BUNDLE_VARIABLE})")));
    }
    for path in BUNDLES {
        if let Ok(bytes) = std::fs::read(path) {
            let (anchors, _) = Anchors::from_pem(&bytes);
            if !anchors.is_empty() {
                return Ok((anchors, format!("trusted: this machine's authorities (`{path}`)")));
            }
        }
    }
    Ok((Anchors::mozilla(), "trusted: the authorities that Mozilla trusts, as built into this program".to_owned()))
}

fn problem(evidence: &Evidence) -> Option<&CertificateProblem> {
    match &evidence.fact {
        Fact::Certificate(finding) => Some(&finding.problem),
        _ => None,
    }
}

/// What is known of the revocation of the server's certificate, in one sentence, where no client is kept from going on by it.
/// `staple`: the response, where it is known whether one is sent to whoever asks.
pub(super) fn revocation(
    chain: &Chain,
    staple: Option<Option<&[u8]>>,
    anchors: &Anchors,
    now: jiff::Timestamp,
) -> Option<String> {
    let own = Certificate::from_der(chain.first()?).ok()?;
    let found = shakedown_x509::findings(&Shown {
        chain,
        by: Role::Server,
        wanted: None,
        staple: staple.flatten(),
        staple_asked: staple.is_some(),
        anchors,
        rules: &Rules::openssl(0),
        builder: Builder::TrustedFirst,
        now,
    });
    let told = found.iter().filter_map(problem).find_map(|problem| match problem {
        CertificateProblem::Revoked { .. } => {
            let who = "a client that does not look at stapled responses (OpenSSL, Java and curl by default) goes on";
            Some(format!("the server's certificate {problem}, as the response says that the server sends along: {who}"))
        }
        CertificateProblem::StapleMissing => {
            Some(format!("the server's certificate {problem}: GnuTLS and Firefox refuse it, OpenSSL and Java go on"))
        }
        CertificateProblem::StapleUnusable { .. } => Some(format!("the server's certificate {problem}")),
        _ => None,
    });
    let is_open = staple.flatten().is_none() && (!own.extensions.ocsp.is_empty() || !own.extensions.crl.is_empty());
    let open = || {
        "whether the server's certificate was revoked is not known: the server sends no OCSP response along, and \
                   the authority was not asked"
            .to_owned()
    };
    told.or_else(|| is_open.then(open))
}

/// Fills in what the certificates say that a probe brought.
pub(super) fn fill(party: &mut Party, chains: &[Chain]) {
    use shakedown_model::Known::{Complete, Partial};
    let Some(policy) = party.tls_mut() else { return };
    let (Complete(list) | Partial { accepted: list, .. }) = &mut policy.offer.certificates else { return };
    for (shown, chain) in list.iter_mut().zip(chains) {
        if let Some(described) = describe(chain) {
            *shown = described;
        }
    }
}

/// What a client with these rules has against what it was shown at this address.
pub(crate) fn findings(
    answer: &Answer,
    target: &TlsTarget,
    address: String,
    anchors: &Anchors,
    rules: &Rules,
    staples: Option<StapleRule>,
    now: jiff::Timestamp,
) -> Vec<Evidence> {
    let wanted = Wanted::parse(target.server_name.as_deref().unwrap_or(&target.host));
    let mut found = shakedown_x509::findings(&Shown {
        chain: &answer.chain,
        by: Role::Server,
        wanted: wanted.as_ref(),
        staple: answer.staple.as_deref().filter(|_| staples.is_some()),
        staple_asked: answer.asked_staple && staples == Some(StapleRule::Demands),
        anchors,
        rules,
        builder: Builder::TrustedFirst,
        now,
    });
    // What clients make of a response that says nothing differs, and is not known of each.
    found.retain(|evidence| !matches!(problem(evidence), Some(CertificateProblem::StapleUnusable { .. })));
    let origin =
        Origin::new(OriginKind::Peer { address, connection: answer.connection, what: "Certificate".to_owned() });
    found.into_iter().map(|evidence| evidence.on(answer.connection).at(origin.clone())).collect()
}
