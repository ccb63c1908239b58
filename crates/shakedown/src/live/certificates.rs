//! What the certificates of a live server say, and what a client has against them.

use std::path::Path;

use shakedown_model::{Evidence, Origin, OriginKind, Party, Role};
use shakedown_probe::tls::{Answer, Chain, TlsTarget};
use shakedown_x509::{Anchors, Builder, Rules, Shown, Wanted, describe};

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
    now: jiff::Timestamp,
) -> Vec<Evidence> {
    let wanted = Wanted::parse(target.server_name.as_deref().unwrap_or(&target.host));
    let found = shakedown_x509::findings(&Shown {
        chain: &answer.chain,
        by: Role::Server,
        wanted: wanted.as_ref(),
        staple: None,
        staple_asked: false,
        anchors,
        rules,
        builder: Builder::TrustedFirst,
        now,
    });
    let origin =
        Origin::new(OriginKind::Peer { address, connection: answer.connection, what: "Certificate".to_owned() });
    found.into_iter().map(|evidence| evidence.on(answer.connection).at(origin.clone())).collect()
}
