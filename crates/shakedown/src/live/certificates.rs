//! What the certificates of a live server say, and what a client has against them.

use std::io::Read as _;
use std::path::Path;

use shakedown_model::tls::StapleRule;
use shakedown_model::{CertificateProblem, Evidence, Fact, Origin, OriginKind, Party, Role};
use shakedown_probe::tls::{Answer, Chain, TlsTarget};
use shakedown_x509::{
    Anchors, Builder, Certificate, GivenList, ListStatus, RevocationLists, Rules, Shown, Wanted, describe,
    revocation_lists, revocation_status,
};

use crate::Error;

/// What clients judge certificates by.
#[derive(Clone, Copy)]
pub(crate) struct Trust<'a> {
    pub(crate) anchors: &'a Anchors,
    /// The revocation lists of `--crl`.
    pub(crate) lists: &'a [GivenList],
}

impl<'a> Trust<'a> {
    /// Without revocation lists.
    pub(crate) fn only(anchors: &'a Anchors) -> Self {
        Self { anchors, lists: &[] }
    }

    fn lists(self) -> RevocationLists<'a> {
        // Whether a client looks the authorities up as well, and refuses what it cannot look up, is not known of each.
        RevocationLists { lists: self.lists, whole_path: true, demanded: false }
    }
}

/// The largest file of `--crl` that is read: the largest public lists have tens of megabytes.
const LARGEST_LIST: u64 = 128 << 20;

/// The revocation lists of the files of `--crl`.
///
/// # Errors
/// A file cannot be read, or holds no list.
pub(crate) fn lists(files: &[std::path::PathBuf]) -> Result<Vec<GivenList>, Error> {
    let mut all = Vec::new();
    for path in files {
        let name = path.display().to_string();
        let failed = |source| Error::File { path: name.clone(), source };
        let mut bytes = Vec::new();
        std::fs::File::open(path).and_then(|file| file.take(LARGEST_LIST).read_to_end(&mut bytes)).map_err(failed)?;
        let (read, others) = revocation_lists(&bytes);
        if read.is_empty() {
            let problem = others.iter().find_map(|block| block.problem.as_ref());
            let why = problem.map(|problem| format!(": {problem}")).unwrap_or_default();
            let expected = format!("the file holds no revocation list in PEM or DER{why}");
            return Err(Error::OptionValue { option: "--crl", value: name, expected });
        }
        all.extend(read.into_iter().map(|list| GivenList { file: name.clone(), list }));
    }
    Ok(all)
}

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

/// Whether [`anchors`] are what the machine trusts, and no file that somebody chose.
pub(super) fn are_the_machines(file: Option<&Path>) -> bool {
    let variable = std::env::var_os(BUNDLE_VARIABLE).filter(|path| !path.is_empty());
    file.is_none() && variable.is_none_or(|path| BUNDLES.iter().any(|known| path == **known))
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
        lists: RevocationLists::default(),
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

/// What the lists of `--crl` say of the chain, in a sentence for each certificate that no client is kept from going on by;
/// and whether they tell of the server's own.
pub(super) fn looked_up(chain: &Chain, trust: Trust<'_>, now: jiff::Timestamp) -> (Vec<String>, bool) {
    let statuses = revocation_status(&Shown {
        chain,
        by: Role::Server,
        wanted: None,
        staple: None,
        staple_asked: false,
        lists: trust.lists(),
        anchors: trust.anchors,
        rules: &Rules::openssl(0),
        builder: Builder::TrustedFirst,
        now,
    });
    let named = |list: usize| trust.lists.get(list);
    let mut told = Vec::new();
    for one in &statuses {
        let whose = match one.place {
            0 => "the server's certificate".to_owned(),
            _ => format!("the authority's certificate `{}`", quoted(&one.subject)),
        };
        let issuer = quoted(&one.issuer);
        let open = format!("whether {whose} was revoked is not known");
        let place = one.fetch.first().map(|place| format!(", which it says is at `{}`", quoted(place)));
        let decides = format!("the list of `{issuer}` of today would decide{}", place.unwrap_or_default());
        told.extend(match &one.status {
            ListStatus::Good { list } => named(*list).map(|given| {
                let of = given.list.this_update.strftime("%Y-%m-%d");
                format!("{whose} is not revoked, by the list `{}` of {of}", given.file)
            }),
            ListStatus::Missing => {
                let refused = match one.place {
                    0 => "; OpenSSL refuses it once it is told to look (`unable to get certificate CRL`)",
                    _ => "",
                };
                Some(format!("{open}: none of the lists given is by `{issuer}`: {decides}{refused}"))
            }
            ListStatus::Unusable { list, why, is_wrong } if one.place > 0 || !is_wrong => {
                named(*list).map(|given| format!("{open}: the list `{}` {why}: {decides}", given.file))
            }
            ListStatus::Unusable { .. } | ListStatus::Revoked { .. } => None,
        });
    }
    let own = statuses.first().is_some_and(|one| {
        matches!(one.status, ListStatus::Good { .. } | ListStatus::Revoked { .. } | ListStatus::Unusable { .. })
    });
    (told, own)
}

fn quoted(name: &shakedown_model::Name) -> String {
    name.as_str().replace('`', "'")
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
    trust: Trust<'_>,
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
        lists: trust.lists(),
        anchors: trust.anchors,
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
