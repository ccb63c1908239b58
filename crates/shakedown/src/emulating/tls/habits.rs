//! How servers of TLS refuse, which is no part of what they offer.

use std::cmp::Ordering;

use serde::Deserialize;
use shakedown_catalog::Catalog;
use shakedown_handshake::tls::Refusal;
use shakedown_model::{Name, Party, Software};
use shakedown_wire::tls::Alert;
use shakedown_wire::tls::number::alert;

const DATA: &str = include_str!("../../../data/emulation_tls.toml");

/// How a server refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Habits {
    /// No version fits.
    pub(super) version: Refusal,
    /// A hello of TLS 1.3 names no signature schemes.
    pub(super) without_schemes: Refusal,
    /// Anything else does not fit.
    pub(super) other: Refusal,
    /// The name is none of its own, and it refuses such.
    pub(super) name: Refusal,
    /// A hello of a lower version than both have is marked as a retry (RFC 7507); `None` where that is not known.
    pub(super) fallback: Option<Refusal>,
    /// It signs in no way of TLS 1.1 and below.
    pub(super) old_signature: Refusal,
    /// The one curve that its library has, where programs give it one.
    pub(super) curve: Option<String>,
    /// A hello lists no cipher suite at all.
    pub(super) without_suites: Refusal,
    /// It knows `encrypt_then_mac`.
    pub(super) encrypt_then_mac: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    tls: Vec<Row>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    product: String,
    at_least: Option<String>,
    before: Option<String>,
    version: String,
    other: String,
    without_schemes: Option<String>,
    without_suites: Option<String>,
    name: Option<String>,
    fallback: Option<String>,
    old_signature: Option<String>,
    curve: Option<String>,
    #[serde(default)]
    encrypt_then_mac: bool,
    #[expect(dead_code, reason = "for whoever reads the file; every row has one")]
    source: String,
}

/// What the data calls a refusal.
fn refusal(text: &str) -> Option<Refusal> {
    match text {
        "close" => Some(Refusal::Close),
        "reset" => Some(Refusal::Reset),
        name => {
            let description = (0..=u8::MAX).find(|number| alert::name(*number) == Some(name))?;
            Some(Refusal::Alert(Alert { level: alert::FATAL, description }))
        }
    }
}

impl Row {
    fn habits(&self) -> Option<Habits> {
        let other = refusal(&self.other)?;
        let or = |text: &Option<String>, instead: Refusal| match text {
            Some(text) => refusal(text),
            None => Some(instead),
        };
        Some(Habits {
            version: refusal(&self.version)?,
            other,
            without_schemes: or(&self.without_schemes, other)?,
            without_suites: or(&self.without_suites, other)?,
            name: or(&self.name, other)?,
            fallback: self.fallback.as_deref().map(|text| refusal(text).ok_or(())).transpose().ok()?,
            old_signature: or(&self.old_signature, other)?,
            curve: self.curve.clone(),
            encrypt_then_mac: self.encrypt_then_mac,
        })
    }
}

/// What is known of the library that a party's TLS is made by; `None` where nothing is, so that any alert is a guess.
pub(super) fn of(catalog: &Catalog, party: &Party) -> Option<Habits> {
    let rows = toml::from_str::<Data>(DATA).ok()?.tls;
    let layers = party.software.iter().flat_map(|software: &Software| software.layers.iter().rev());
    for layer in layers {
        let Some(product) = catalog.product_id(&layer.product, &layer.version) else { continue };
        let compared = |bound: &Option<String>, wanted: &[Ordering]| match bound {
            Some(bound) => {
                catalog.compare_versions(product, &layer.version, bound).is_some_and(|order| wanted.contains(&order))
            }
            None => true,
        };
        let holds = |row: &&Row| {
            row.product == product
                && compared(&row.at_least, &[Ordering::Greater, Ordering::Equal])
                && compared(&row.before, &[Ordering::Less])
        };
        if let Some(row) = rows.iter().rev().find(holds) {
            return row.habits();
        }
    }
    // A program with a security level is over OpenSSL; of the versions in use all do alike.
    let level = party.tls().is_some_and(|policy| policy.offer.security_level.is_some());
    rows.iter().find(|row| level && row.product == "openssl" && row.at_least.is_some()).and_then(Row::habits)
}

/// What stands in where nothing is known.
pub(super) fn assumed() -> Habits {
    /// RFC 8446 section 6.2.
    const HANDSHAKE_FAILURE: u8 = 40;
    let other = Refusal::Alert(Alert { level: alert::FATAL, description: HANDSHAKE_FAILURE });
    Habits {
        version: other,
        other,
        without_schemes: other,
        without_suites: other,
        name: other,
        old_signature: other,
        fallback: None,
        curve: None,
        encrypt_then_mac: false,
    }
}

/// A refusal in words.
pub(super) fn phrase(refusal: Refusal) -> Name {
    Name::new(&match refusal {
        Refusal::Close => "it closes the connection without a word".to_owned(),
        Refusal::Reset => "it resets the connection".to_owned(),
        Refusal::Alert(sent) => match alert::name(sent.description) {
            Some(name) => format!("it sends the alert {name} ({})", sent.description),
            None => format!("it sends the alert {}", sent.description),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Session};

    #[tokio::test]
    async fn the_data_has_its_form_and_versions_matter() {
        let rows = toml::from_str::<Data>(DATA).unwrap().tls;
        assert!(rows.len() > 5 && rows.iter().all(|row| row.habits().is_some()));
        let session = Session::new(Options::default()).unwrap();
        for row in &rows {
            assert!(session.catalog().product_id(&row.product, "1.0").is_some(), "{}", row.product);
        }
        let habits = async |text: &str| {
            let context = shakedown_model::Context::default();
            let gathered = session.resolve(text, shakedown_model::Role::Server, &context).await.unwrap();
            of(session.catalog(), &gathered.parties[0])
        };
        assert_eq!(habits("openssl@1.0.1").await.map(|habits| habits.version), Some(Refusal::Reset));
        let new = habits("nginx@1.22.1+openssl@3.0.19").await.unwrap();
        assert_eq!(new.version, Refusal::Alert(Alert { level: 2, description: 70 }));
        assert!(new.encrypt_then_mac);
        assert!(habits("nginx@1.22.1").await.is_some(), "by its security level");
    }
}
