//! IKE proposals as messages print them, in the keywords of strongSwan and libreswan.

use std::sync::OnceLock;

use serde::Deserialize;

use super::situation::{Situation, split};

/// Whose keywords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    Strongswan,
    Libreswan,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(default)]
    transform: Vec<Transform>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Transform {
    /// As messages print it, in lower case without `_` and `-`.
    names: Vec<String>,
    kind: Kind,
    strongswan: String,
    libreswan: String,
    /// From 0, broken, to 4, strong.
    strength: u8,
    #[allow(dead_code, reason = "every row says where it was read; the tests look at it")]
    source: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Encryption,
    Integrity,
    Prf,
    Group,
    Esn,
}

const FILE: &str = include_str!("../../data/ike.toml");

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| toml::from_str(FILE).unwrap_or_default())
}

/// What is sound by RFC 8247 and RFC 8221.
const SOUND: u8 = 3;

/// The strongest of the proposals that the other end makes, if it is sound or if it is not. Where the text quotes none,
/// nothing.
pub(crate) fn best(situation: &Situation<'_>, spelling: Spelling, sound: bool) -> Option<String> {
    let printer = situation.printer;
    let mut keys = vec!["their_offer"];
    match printer {
        Some(shakedown_model::Role::Client) => keys.push("server_offer"),
        Some(shakedown_model::Role::Server) => keys.push("client_offer"),
        None => {}
    }
    let list = keys.into_iter().find_map(|key| situation.capture(key))?;
    let proposals = split(list.as_str()).into_iter().filter_map(|text| proposal(&text, spelling));
    // The first of equals: the other end's own preference.
    proposals
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .filter(|best| (best.0 >= SOUND) == sound)
        .map(|(_, text)| text)
}

/// One proposal in keywords, with the strength of its weakest part.
fn proposal(text: &str, spelling: Spelling) -> Option<(u8, String)> {
    let body = text.split_once(':').map_or(text, |(_, body)| body);
    let mut parts: Vec<&Transform> = Vec::new();
    for part in body.split('/') {
        let name: String = part.chars().filter(|c| *c != '_' && *c != '-').flat_map(char::to_lowercase).collect();
        parts.push(data().transform.iter().find(|row| row.names.contains(&name))?);
    }
    parts.sort_by_key(|part| part.kind);
    let strength = parts.iter().map(|part| part.strength).min()?;
    let has = |kind: Kind| parts.iter().any(|part| part.kind == kind);
    if !has(Kind::Encryption) {
        return None;
    }
    // With an integrity algorithm the PRF follows from it.
    let drop_prf = has(Kind::Integrity);
    let spelt = |part: &&'static Transform| match spelling {
        Spelling::Strongswan => part.strongswan.as_str(),
        Spelling::Libreswan => part.libreswan.as_str(),
    };
    let needed = parts.iter().filter(|part| part.kind != Kind::Esn && !(drop_prf && part.kind == Kind::Prf));
    let words: Vec<&str> = needed.map(spelt).collect();
    if words.iter().any(|word| word.is_empty()) {
        return None;
    }
    Some((strength, words.join("-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_parses_and_every_row_says_where_it_was_read() {
        let data: Data = toml::from_str(FILE).unwrap();
        assert!(data.transform.iter().all(|row| !row.source.is_empty() && !row.names.is_empty()));
        let plain = |name: &String| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        assert!(data.transform.iter().all(|row| row.names.iter().all(plain)));
    }

    #[test]
    fn a_printed_proposal_becomes_keywords() {
        let (_, text) =
            proposal("IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048", Spelling::Strongswan).unwrap();
        assert_eq!(text, "aes256-sha256-modp2048");
        let (_, text) = proposal("ESP:AES_GCM_16_128/NO_EXT_SEQ", Spelling::Strongswan).unwrap();
        assert_eq!(text, "aes128gcm16");
        let (weak, text) = proposal("IKE:3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024", Spelling::Libreswan).unwrap();
        assert_eq!(text, "3des-sha1-modp1024");
        assert!(weak < 2);
    }
}
