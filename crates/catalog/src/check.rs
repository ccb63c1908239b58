//! What every row has to satisfy, whoever wrote it.

use crate::facts::{
    AlgorithmRow, Alias, BannerRow, BehaviourRow, BuildRow, CryptoPolicyRow, DistributionRow, Names, OfferRow,
    OpensslSuiteRow, PolicyRow, Product, SupportedRow, VendorIdRow,
};
use crate::load::{DataError, Place};
use crate::rule::Rule;
use shakedown_model::tls::{Suite, TlsVersion};
use shakedown_model::{Protocol, Slot};

/// Ratings in the data files, the worst first.
pub(crate) const RATINGS: [&str; 6] = ["broken", "weak", "legacy", "acceptable", "strong", "post-quantum"];
/// Kinds of algorithm in the data files: those of SSH, then those of IKE, then those of TLS.
pub(crate) const KINDS: [&str; 16] = [
    "kex",
    "host-key",
    "cipher",
    "mac",
    "compression",
    "marker",
    "parameter",
    "encryption",
    "integrity",
    "prf",
    "group",
    "esn",
    "tls-version",
    "cipher-suite",
    "tls-group",
    "signature-scheme",
];

type Errors = Vec<DataError>;

fn source(place: Place<'_>, source: &str, errors: &mut Errors) {
    if source.trim().is_empty() {
        errors.push(place.error("`source` is empty: say where the row was read"));
    }
}

fn date(place: Place<'_>, field: &str, date: Option<&String>, errors: &mut Errors) {
    let Some(date) = date else { return };
    let parts: Vec<&str> = date.split('-').collect();
    let digits = |text: &str, width| text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    let fine = match parts.as_slice() {
        [year] => digits(year, 4),
        [year, month] => digits(year, 4) && digits(month, 2),
        [year, month, day] => digits(year, 4) && digits(month, 2) && digits(day, 2),
        _ => false,
    };
    if !fine {
        errors.push(place.error(format!("`{field}` is `{date}`: write a date as YYYY-MM-DD")));
    }
}

fn lists(place: Place<'_>, lists: &[(&str, &Names)], errors: &mut Errors) {
    for (field, names) in lists {
        let mut seen = Vec::new();
        for name in names.iter().flatten() {
            if name.is_empty() || !name.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b',') {
                errors.push(place.error(format!("`{field}` holds `{name}`, which is not an algorithm name")));
            }
            if seen.contains(&name) {
                errors.push(place.error(format!("`{field}` holds `{name}` twice")));
            }
            seen.push(name);
        }
    }
}

fn version(place: Place<'_>, field: &str, version: &str, errors: &mut Errors) {
    if version.is_empty() || !version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_~".contains(&byte)) {
        errors.push(place.error(format!(
            "`{field}` is `{version}`: a version has letters, digits, `.`, `-`, `_` and `~` only; the words of the \
             source go to `label`"
        )));
    }
}

fn is_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-')
}

pub(crate) fn product(place: Place<'_>, row: &Product, aliases: &[Alias]) -> Errors {
    let mut errors = Errors::new();
    source(place, &row.source, &mut errors);
    let names = std::iter::once(&row.id).chain(&row.aliases).chain(aliases.iter().map(|alias| &alias.name));
    for name in names.filter(|name| !is_id(name)) {
        errors
            .push(place.error(format!("`{name}` is not a product name: use lower-case letters, digits, `.` and `-`")));
    }
    errors
}

pub(crate) fn offer(place: Place<'_>, row: &OfferRow) -> Errors {
    let mut errors = Errors::new();
    source(place, &row.source, &mut errors);
    version(place, "version", &row.version, &mut errors);
    date(place, "released", row.released.as_ref(), &mut errors);
    date(place, "seen", row.seen.as_ref(), &mut errors);
    let fields = [
        ("kex", &row.kex),
        ("markers", &row.markers),
        ("host_key", &row.host_key),
        ("cipher", &row.cipher),
        ("mac", &row.mac),
        ("compression", &row.compression),
        ("compression_s2c", &row.compression_s2c),
        ("public_key_auth", &row.public_key_auth),
        ("versions", &row.tls.versions),
        ("cipher_suites", &row.tls.cipher_suites),
        ("groups", &row.tls.groups),
        ("key_shares", &row.tls.key_shares),
        ("signature_schemes", &row.tls.signature_schemes),
    ];
    lists(place, &fields, &mut errors);
    tls_versions(place, "versions", row.tls.versions.iter().flatten(), &mut errors);
    for name in row.kex.iter().flatten().filter(|name| shakedown_model::ssh::is_marker(name)) {
        errors.push(place.error(format!("`{name}` is a marker: it belongs to `markers`, not to `kex`")));
    }
    errors
}

fn tls_versions<'a>(place: Place<'_>, field: &str, names: impl Iterator<Item = &'a String>, errors: &mut Errors) {
    for name in names.filter(|name| TlsVersion::parse(name).is_none()) {
        errors.push(place.error(format!("`{field}` holds `{name}`: write a version as `TLSv1.2`")));
    }
}

pub(crate) fn openssl_suite(place: Place<'_>, row: &OpensslSuiteRow) -> Errors {
    let mut errors = Errors::new();
    source(place, &row.source, &mut errors);
    if !["high", "medium", "low", "none"].contains(&row.class.as_str()) {
        errors.push(place.error(format!("`class` is `{}`: use high, medium, low or none", row.class)));
    }
    if Suite::parse(&row.suite).is_none() {
        errors.push(place.error(format!("`suite` is `{}`, which is no IANA name of a cipher suite", row.suite)));
    }
    tls_versions(place, "lowest_version", std::iter::once(&row.lowest_version), &mut errors);
    errors
}

pub(crate) fn supported(place: Place<'_>, row: &SupportedRow) -> Errors {
    let mut errors = Errors::new();
    source(place, &row.source, &mut errors);
    version(place, "version", &row.version, &mut errors);
    let fields = [
        ("kex", &row.kex),
        ("host_key", &row.host_key),
        ("cipher", &row.cipher),
        ("mac", &row.mac),
        ("compression", &row.compression),
    ];
    lists(place, &fields, &mut errors);
    errors
}

pub(crate) fn behaviour(place: Place<'_>, row: &BehaviourRow) -> Errors {
    let mut errors = Errors::new();
    source(place, &row.source, &mut errors);
    for (field, text) in [("at_least", &row.at_least), ("before", &row.before)] {
        if let Some(text) = text {
            version(place, field, text, &mut errors);
        }
    }
    if let Some(slot) = &row.slot
        && Slot::parse(Protocol::Ssh, slot).or_else(|| Slot::parse(Protocol::Tls, slot)).is_none()
    {
        errors.push(place.error(format!("`slot` is `{slot}`, which is no slot of SSH or TLS")));
    }
    lists(place, &[("names", &row.names)], &mut errors);
    if let Err(message) = Rule::from_row(row) {
        errors.push(place.error(message));
    }
    errors
}

pub(crate) fn build(place: Place<'_>, row: &BuildRow) -> Errors {
    let mut errors = Errors::new();
    source(place, &row.source, &mut errors);
    if let Some(text) = &row.version {
        version(place, "version", text, &mut errors);
    }
    if !is_id(&row.build) {
        errors.push(place.error(format!("`build` is `{}`: use lower-case letters, digits, `.` and `-`", row.build)));
    }
    let fields = [
        ("kex_first", &row.kex_first),
        ("kex_removed", &row.kex_removed),
        ("markers", &row.markers),
        ("host_key", &row.host_key),
        ("cipher", &row.cipher),
        ("mac", &row.mac),
        ("supported_kex", &row.supported_kex),
    ];
    lists(place, &fields, &mut errors);
    tls_versions(place, "min_version", row.min_version.iter(), &mut errors);
    if row.crypto_policy.is_some() != row.crypto_policy_rows.is_some() {
        errors.push(place.error("`crypto_policy` and `crypto_policy_rows` go together"));
    }
    errors
}

pub(crate) fn crypto_policy(place: Place<'_>, row: &CryptoPolicyRow) -> Errors {
    let mut errors = Errors::new();
    source(place, &row.source, &mut errors);
    if !["openssh", "opensshserver", "libssh"].contains(&row.backend.as_str()) {
        errors.push(place.error(format!("`backend` is `{}`: use openssh, opensshserver or libssh", row.backend)));
    }
    let fields = [
        ("kex", &row.kex),
        ("host_key", &row.host_key),
        ("cipher", &row.cipher),
        ("mac", &row.mac),
        ("public_key_auth", &row.public_key_auth),
        ("ca_signature", &row.ca_signature),
        ("gssapi_kex", &row.gssapi_kex),
    ];
    lists(place, &fields, &mut errors);
    errors
}

pub(crate) fn banner(place: Place<'_>, row: &BannerRow) -> Errors {
    let mut errors = Errors::new();
    source(place, &row.source, &mut errors);
    if row.pattern.contains("{version}") == row.version.is_some() {
        errors.push(place.error("either the pattern holds `{version}` or the row says `version`"));
    }
    errors
}

pub(crate) fn vendor_id(place: Place<'_>, row: &VendorIdRow) -> Errors {
    let mut errors = Errors::new();
    source(place, &row.source, &mut errors);
    let is_digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    if row.prefix.len() < 8 || !row.prefix.len().is_multiple_of(2) || !row.prefix.bytes().all(is_digit) {
        errors.push(place.error("`prefix` is at least four bytes, in pairs of hexadecimal digits of lower case"));
    }
    errors
}

pub(crate) fn algorithm(place: Place<'_>, row: &AlgorithmRow) -> Errors {
    let mut errors = Errors::new();
    source(place, &row.source, &mut errors);
    if !KINDS.contains(&row.kind.as_str()) {
        errors.push(place.error(format!("`kind` is `{}`: use one of {}", row.kind, KINDS.join(", "))));
    }
    for alias in row.aliases.iter().flatten() {
        if !alias.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            errors.push(place.error(format!("alias `{alias}`: write it in lower case, without `_` and `-`")));
        }
    }
    if let Some(rating) = &row.rating {
        if !RATINGS.contains(&rating.as_str()) {
            errors.push(place.error(format!("`rating` is `{rating}`: use one of {}", RATINGS.join(", "))));
        }
        if row.reasons.is_empty() {
            errors.push(place.error(format!("`{}` has a rating without a reason", row.name)));
        }
    }
    for (text, references) in &row.reasons {
        if text.is_empty() || references.is_empty() {
            errors.push(place.error(format!("a reason of `{}` has no text or no reference", row.name)));
        }
    }
    errors
}

pub(crate) fn distribution(place: Place<'_>, row: &DistributionRow) -> Errors {
    let mut errors = Errors::new();
    source(place, &row.source, &mut errors);
    version(place, "version", &row.version, &mut errors);
    errors
}

pub(crate) fn policy(place: Place<'_>, row: &PolicyRow) -> Errors {
    let mut errors = Errors::new();
    source(place, &row.source, &mut errors);
    date(place, "date", row.date.as_ref(), &mut errors);
    let fields = [
        ("kex", &row.kex),
        ("host_key", &row.host_key),
        ("host_key_optional", &row.host_key_optional),
        ("cipher", &row.cipher),
        ("mac", &row.mac),
        ("public_key_auth", &row.public_key_auth),
        ("kex_forbidden", &row.kex_forbidden),
        ("cipher_forbidden", &row.cipher_forbidden),
        ("mac_forbidden", &row.mac_forbidden),
        ("sizes", &row.sizes),
    ];
    lists(place, &fields, &mut errors);
    errors
}
