use serde_json::{Map, Value};
use shakedown_model::{Party, Role};

use crate::v1;

/// Why a text is not an offer. The `path` of a variant is that of the value within the document, such as
/// `offers[0].kex[3]`.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    /// It is not JSON.
    #[error("the offer is not JSON: line {line}, column {column}")]
    NotJson {
        /// The line, counted from 1.
        line: usize,
        /// The column in bytes, counted from 1.
        column: usize,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// The document is of another version.
    #[error("`schema` is `{found}`, and `shakedown/1` is read here")]
    OtherSchema {
        /// Its `schema`.
        found: String,
    },
    /// A value is not what it has to be.
    #[error("`{path}`: {expected} is needed, not {found}")]
    WrongType {
        /// Where.
        path: String,
        /// What is needed.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A key is missing.
    #[error("`{path}` is missing: {help}")]
    Missing {
        /// Which.
        path: String,
        /// What it has to be.
        help: &'static str,
    },
    /// Every offer is of the other end.
    #[error("the offer is a {found}'s, and a {wanted}'s is needed here")]
    OtherRole {
        /// What is needed.
        wanted: Role,
        /// What is there.
        found: Role,
    },
    /// The document has no offer at all.
    #[error("`offers` is empty: nothing in this document can be taken as a party")]
    NoOffer,
}

/// The parties in a JSON text: a whole document with `offers`, as `shakedown offer --format json` prints it, or one offer
/// by itself. With a `role`, only the parties of that end; an offer that does not say its role then has that one.
///
/// The source of each party is an offer without a path; the caller knows the path.
pub fn party_from_json(bytes: &[u8], role: Option<Role>) -> Result<Vec<Party>, OfferError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|source| OfferError::NotJson {
        line: source.line(),
        column: source.column(),
        source,
    })?;
    let Value::Object(root) = value else {
        return Err(wrong("document", "an object", &value));
    };
    match root.get("schema") {
        None => {}
        Some(Value::String(schema)) if schema == v1::SCHEMA => {}
        Some(Value::String(schema)) => return Err(OfferError::OtherSchema { found: schema.clone() }),
        Some(other) => return Err(wrong("schema", "a string", other)),
    }
    let offers = match root.get("offers") {
        None if root.contains_key("schema") => {
            return Err(OfferError::Missing { path: "offers".into(), help: "a list of offers" });
        }
        None => vec![offer(&root, "", role)?],
        Some(Value::Array(list)) => {
            let mut offers = Vec::with_capacity(list.len());
            for (index, value) in list.iter().enumerate() {
                let path = format!("offers[{index}]");
                let Value::Object(object) = value else {
                    return Err(wrong(&path, "an object", value));
                };
                offers.push(offer(object, &format!("{path}."), role)?);
            }
            offers
        }
        Some(other) => return Err(wrong("offers", "a list", other)),
    };
    let Some(first) = offers.first() else {
        return Err(OfferError::NoOffer);
    };
    let found: Role = first.role.into();
    let parties: Vec<Party> =
        offers.iter().filter(|offer| role.is_none_or(|role| role == offer.role.into())).map(Party::from).collect();
    match (parties.is_empty(), role) {
        (true, Some(wanted)) => Err(OfferError::OtherRole { wanted, found }),
        _ => Ok(parties),
    }
}

const SSH: [&str; 8] =
    ["kex", "host_key", "cipher_c2s", "cipher_s2c", "mac_c2s", "mac_s2c", "compression_c2s", "compression_s2c"];
const TLS: [&str; 6] = ["versions", "cipher_suites", "groups", "key_shares", "signature_schemes", "alpn"];

/// The lists of an offer of this protocol, of which one has to be there, and what to say where none is.
fn needed(protocol: &str) -> (&'static [&'static str], &'static str, &'static str) {
    match protocol {
        "tls" => (
            &TLS,
            "versions",
            "an offer needs at least one list, such as `\"versions\": [\"TLSv1.2\"]` or `\"cipher_suites\": [...]`",
        ),
        "ike" => (
            &["proposals", "child_proposals"],
            "proposals",
            "an offer needs proposals, such as `\"proposals\": [{\"encryption\": [\"aes256\"], ...}]`",
        ),
        _ => (&SSH, "kex", "an offer needs at least one list, such as `\"kex\": [\"curve25519-sha256\"]`"),
    }
}

/// Checks by hand what a person may have written wrong, so that the error can say where; then lets serde read it.
fn offer(object: &Map<String, Value>, prefix: &str, role: Option<Role>) -> Result<v1::Offer, OfferError> {
    let mut object = object.clone();
    word(&object, prefix, "role", &["client", "server"])?;
    word(&object, prefix, "protocol", &["ssh", "tls", "ike"])?;
    if !object.contains_key("role") {
        let Some(role) = role else {
            return Err(OfferError::Missing { path: format!("{prefix}role"), help: "`client` or `server`" });
        };
        object.insert("role".into(), role.as_str().into());
    }
    let protocol = object.get("protocol").and_then(Value::as_str).unwrap_or("ssh").to_owned();
    object.insert("protocol".into(), protocol.as_str().into());
    let (lists, first, help) = needed(&protocol);
    for key in
        SSH.into_iter().chain(TLS).chain(["kex_markers", "languages_c2s", "languages_s2c", "public_key_auth", "notes"])
    {
        match object.get(key) {
            Some(Value::Array(list)) => strings(list, &format!("{prefix}{key}"))?,
            None | Some(Value::Null) => {}
            Some(other) => return Err(wrong(&format!("{prefix}{key}"), "a list of strings", other)),
        }
    }
    // A list that may not be null for serde is the same as a missing one.
    object.retain(|_, value| !value.is_null());
    if let Some(Value::Object(refused)) = object.get("refused") {
        for (slot, list) in refused {
            let path = format!("{prefix}refused.{slot}");
            match list {
                Value::Array(list) => strings(list, &path)?,
                other => return Err(wrong(&path, "a list of strings", other)),
            }
        }
    }
    if !lists.iter().any(|key| object.contains_key(*key)) {
        return Err(OfferError::Missing { path: format!("{prefix}{first}"), help });
    }
    let keys: Vec<String> = object.keys().cloned().collect();
    serde_json::from_value(Value::Object(object.clone())).map_err(|error| {
        // Find the key by leaving out one at a time; there are few, and this is the way of the error only.
        let culprit = keys.into_iter().find(|key| {
            let mut rest = object.clone();
            rest.remove(key);
            serde_json::from_value::<v1::Offer>(Value::Object(rest)).is_ok()
        });
        OfferError::WrongType {
            path: format!("{prefix}{}", culprit.as_deref().unwrap_or_default()),
            expected: "a value of the published schema",
            found: error.to_string(),
        }
    })
}

fn word(object: &Map<String, Value>, prefix: &str, key: &str, words: &[&str]) -> Result<(), OfferError> {
    let expected = match key {
        "role" => "`client` or `server`",
        _ => "`ssh`, `tls` or `ike`",
    };
    match object.get(key) {
        None => Ok(()),
        Some(Value::String(text)) if words.contains(&text.as_str()) => Ok(()),
        Some(other) => Err(wrong(&format!("{prefix}{key}"), expected, other)),
    }
}

fn strings(list: &[Value], path: &str) -> Result<(), OfferError> {
    for (index, value) in list.iter().enumerate() {
        if !value.is_string() {
            return Err(wrong(&format!("{path}[{index}]"), "a string", value));
        }
    }
    Ok(())
}

fn wrong(path: &str, expected: &'static str, found: &Value) -> OfferError {
    let found = match found {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.chars().count() <= 40 => {
            format!("`{}`", shakedown_model::Name::new(text))
        }
        Value::String(_) => "a long string".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    OfferError::WrongType { path: path.to_owned(), expected, found }
}
