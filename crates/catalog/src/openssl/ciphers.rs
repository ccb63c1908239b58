//! Cipher strings, as `ssl_create_cipher_list` of ssl/ssl_ciph.c reads them.

use shakedown_model::tls::{Authentication, KeyExchange, Suite};

use super::Openssl;
use crate::facts::OpensslSuiteRow;

/// What a cipher string selects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ciphers {
    /// IANA's names of the suites up to TLS 1.2, in order.
    pub suites: Vec<String>,
    /// The security level that it sets.
    pub level: Option<u8>,
    /// Words in it that are no cipher and no group of ciphers; OpenSSL passes over them in silence.
    pub unknown: Vec<String>,
}

/// Why a cipher string is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CipherStringError {
    /// Something after `@` that is no command.
    #[error("`@{command}` is not `@STRENGTH` or `@SECLEVEL=0` to `@SECLEVEL=5`")]
    Command {
        /// What stands there.
        command: String,
    },
    /// A character where a word was expected.
    #[error("`{character}` stands where a cipher was expected")]
    Character {
        /// The character.
        character: char,
    },
    /// Nothing is selected.
    #[error("no cipher of this version matches")]
    NoMatch,
    /// The tables of this version are not known here.
    #[error("the cipher strings of OpenSSL {version} are not known")]
    UnknownVersion {
        /// The version.
        version: String,
    },
}

impl Openssl {
    /// What a cipher string selects.
    ///
    /// # Errors
    /// OpenSSL refuses the string, or nothing is left of it.
    pub fn ciphers(&self, text: &str) -> Result<Ciphers, CipherStringError> {
        if !self.is_known() {
            return Err(CipherStringError::UnknownVersion { version: self.version.clone() });
        }
        let mut list = List::new(self);
        let mut found = Ciphers::default();
        // Only at the very beginning `DEFAULT` is a word.
        let rest = match text.strip_prefix("DEFAULT") {
            Some(rest) => {
                list.rules("ALL:!COMPLEMENTOFDEFAULT:!eNULL", &mut found)?;
                rest.strip_prefix(':').unwrap_or(rest)
            }
            None => text,
        };
        list.rules(rest, &mut found)?;
        found.suites = list.entries.iter().filter(|entry| entry.active).map(|entry| entry.suite.to_owned()).collect();
        if found.suites.is_empty() {
            return Err(CipherStringError::NoMatch);
        }
        Ok(found)
    }

    /// The cipher suites of TLS 1.3 in a list such as `TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384`; what is none of
    /// them is passed over since 3.0. The second list holds those words.
    ///
    /// # Errors
    /// No word is a suite of TLS 1.3; before 3.0 also if one is not.
    pub fn tls13_suites(&self, text: &str) -> Result<(Vec<String>, Vec<String>), CipherStringError> {
        let known: Vec<&str> = self
            .suites()
            .iter()
            .filter(|row| row.lowest_version == "TLSv1.3")
            .map(|row| row.suite.as_str())
            .chain(TLS13_OFF)
            .collect();
        let mut suites: Vec<String> = Vec::new();
        let mut unknown = Vec::new();
        for word in text.split(':').map(str::trim).filter(|word| !word.is_empty()) {
            if !known.contains(&word) {
                unknown.push(word.to_owned());
            } else if !suites.iter().any(|suite| suite == word) {
                suites.push(word.to_owned());
            }
        }
        if !unknown.is_empty() && (suites.is_empty() || !self.at_least("3.0.0")) {
            return Err(CipherStringError::NoMatch);
        }
        Ok((suites, unknown))
    }
}

/// Built in since there is TLS 1.3, and off by default.
pub(super) const TLS13_OFF: [&str; 2] = ["TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"];

/// A cipher in the list that rules work on.
#[derive(Clone)]
struct Entry<'a> {
    name: &'a str,
    suite: &'a str,
    row: &'a OpensslSuiteRow,
    facts: Suite<'a>,
    active: bool,
    /// Whether IANA's name may be written too: since 3.2.
    standard: bool,
}

struct List<'a> {
    entries: Vec<Entry<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    Add,
    Delete,
    Order,
    Kill,
    Bump,
}

/// One test of a rule; all of them have to hold.
#[derive(Clone, Copy)]
enum Test<'t> {
    Name(&'t str),
    Word(&'t str),
    Strength(u32),
}

impl<'a> List<'a> {
    /// The order before any rule.
    fn new(openssl: &'a Openssl) -> Self {
        let standard = openssl.at_least("3.2.0");
        let entry = |row: &'a OpensslSuiteRow| {
            let facts = Suite::parse(&row.suite)?;
            let listed = !facts.tls13 && facts.key_exchange != KeyExchange::Gost;
            listed.then_some(Entry { name: &row.name, suite: &row.suite, row, facts, active: false, standard })
        };
        // The library's table is read from its end.
        let mut list = Self { entries: openssl.suites().iter().rev().filter_map(entry).collect() };
        let mut apply = |words: &[&str], rule| {
            let tests: Vec<Test<'_>> = words.iter().map(|word| Test::Word(word)).collect();
            list.apply(&tests, rule);
        };
        apply(&["kECDHE", "aECDSA"], Rule::Add);
        apply(&["kECDHE"], Rule::Add);
        apply(&["kECDHE"], Rule::Delete);
        apply(&["AESGCM"], Rule::Add);
        apply(&["CHACHA20"], Rule::Add);
        apply(&["AES-without-GCM"], Rule::Add);
        apply(&[], Rule::Add);
        apply(&["MD5"], Rule::Order);
        apply(&["aNULL"], Rule::Order);
        apply(&["kRSA"], Rule::Order);
        apply(&["kPSK"], Rule::Order);
        apply(&["RC4"], Rule::Order);
        list.sort_by_strength();
        let mut apply = |words: &[&str], rule| {
            let tests: Vec<Test<'_>> = words.iter().map(|word| Test::Word(word)).collect();
            list.apply(&tests, rule);
        };
        apply(&["TLSv1.2"], Rule::Bump);
        apply(&["AEAD"], Rule::Bump);
        apply(&["kDHE-or-kECDHE"], Rule::Bump);
        apply(&["kDHE-or-kECDHE", "AEAD"], Rule::Bump);
        apply(&[], Rule::Delete);
        list
    }

    fn rules(&mut self, text: &str, found: &mut Ciphers) -> Result<(), CipherStringError> {
        let separator = |c: char| matches!(c, ':' | ' ' | ';' | ',');
        let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '=' | '_');
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches(separator);
            let Some(first) = rest.chars().next() else { return Ok(()) };
            let (rule, special) = match first {
                '-' => (Rule::Delete, false),
                '+' => (Rule::Order, false),
                '!' => (Rule::Kill, false),
                '@' => (Rule::Add, true),
                _ => (Rule::Add, false),
            };
            if special || matches!(first, '-' | '+' | '!') {
                rest = rest.get(1..).unwrap_or_default();
            }
            let mut words: Vec<&str> = Vec::new();
            loop {
                let end = rest.find(|c: char| !in_word(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                if word.is_empty() {
                    let character = after.chars().next().unwrap_or(first);
                    return Err(CipherStringError::Character { character });
                }
                words.push(word);
                rest = after;
                match rest.strip_prefix('+') {
                    Some(after) if !special => rest = after,
                    _ => break,
                }
            }
            if special {
                self.command(words.first().copied().unwrap_or_default(), found)?;
                // What follows it up to the next separator is thrown away.
                rest = rest.find(separator).map_or("", |at| rest.get(at..).unwrap_or_default());
                continue;
            }
            let unknown = words.iter().find(|word| !self.knows(word));
            if let Some(unknown) = unknown {
                found.unknown.push((*unknown).to_owned());
                rest = rest.find(separator).map_or("", |at| rest.get(at..).unwrap_or_default());
                continue;
            }
            let tests: Vec<Test<'_>> =
                words.iter().map(|word| if is_class(word) { Test::Word(word) } else { Test::Name(word) }).collect();
            self.apply(&tests, rule);
        }
    }

    fn command(&mut self, command: &str, found: &mut Ciphers) -> Result<(), CipherStringError> {
        if command == "STRENGTH" {
            self.sort_by_strength();
            return Ok(());
        }
        let level = command.strip_prefix("SECLEVEL=").and_then(|level| level.parse::<u8>().ok());
        match level.filter(|&level| level <= 5 && command.len() == "SECLEVEL=0".len()) {
            Some(level) => {
                found.level = Some(level);
                Ok(())
            }
            None => Err(CipherStringError::Command { command: command.to_owned() }),
        }
    }

    fn knows(&self, word: &str) -> bool {
        is_class(word) || self.entries.iter().any(|entry| entry.is_named(word))
    }

    fn sort_by_strength(&mut self) {
        let mut strengths: Vec<u32> =
            self.entries.iter().filter(|entry| entry.active).map(|entry| entry.row.strength).collect();
        strengths.sort_unstable();
        strengths.dedup();
        for strength in strengths.into_iter().rev() {
            self.apply(&[Test::Strength(strength)], Rule::Order);
        }
    }

    /// `ssl_cipher_apply_rule`. What is added or ordered goes to the end in the order of the list; what is deleted or
    /// bumped goes to the front, its order kept.
    fn apply(&mut self, tests: &[Test<'_>], rule: Rule) {
        let moves = |entry: &Entry<'_>| {
            let fits = tests.iter().all(|test| entry.fits(*test));
            fits && match rule {
                Rule::Add => !entry.active,
                Rule::Delete | Rule::Order | Rule::Bump => entry.active,
                Rule::Kill => true,
            }
        };
        let (mut moved, rest): (Vec<Entry<'a>>, Vec<Entry<'a>>) =
            self.entries.drain(..).partition(|entry| moves(entry));
        moved.iter_mut().for_each(|entry| entry.active = rule != Rule::Delete);
        self.entries = match rule {
            Rule::Kill => rest,
            Rule::Add | Rule::Order => rest.into_iter().chain(moved).collect(),
            Rule::Delete | Rule::Bump => moved.into_iter().chain(rest).collect(),
        };
    }
}

impl Entry<'_> {
    fn is_named(&self, word: &str) -> bool {
        self.name == word || self.standard && self.suite == word
    }

    fn fits(&self, test: Test<'_>) -> bool {
        match test {
            Test::Name(name) => self.is_named(name),
            Test::Strength(strength) => self.row.strength == strength,
            Test::Word(word) => class(word).is_some_and(|test| test(self)),
        }
    }

    fn kx(&self, wanted: KeyExchange) -> bool {
        self.facts.key_exchange == wanted
    }

    fn auth(&self, wanted: Authentication) -> bool {
        self.facts.authentication == wanted
    }

    fn enc(&self, start: &str) -> bool {
        self.facts.cipher.starts_with(start)
    }

    fn has(&self, part: &str) -> bool {
        self.facts.cipher.contains(part)
    }

    fn mac(&self, digest: &str) -> bool {
        !self.facts.is_aead() && self.facts.digest == digest
    }
}

fn is_class(word: &str) -> bool {
    class(word).is_some()
}

type Class = fn(&Entry<'_>) -> bool;

/// The words of cipher strings (`cipher_aliases`).
fn class(word: &str) -> Option<Class> {
    use Authentication as A;
    use KeyExchange as K;
    let ephemeral: Class = |e| e.kx(K::Dhe) && !e.auth(A::Anonymous);
    let elliptic: Class = |e| e.kx(K::Ecdhe) && !e.auth(A::Anonymous);
    Some(match word {
        "ALL" => |e| !e.facts.is_null(),
        "COMPLEMENTOFALL" | "eNULL" | "NULL" => |e| e.facts.is_null(),
        "COMPLEMENTOFDEFAULT" => |e| e.row.not_default,
        "kRSA" => |e| e.kx(K::Rsa),
        "RSA" => |e| e.kx(K::Rsa) && e.auth(A::Rsa),
        "kEDH" | "kDHE" | "DH" => |e| e.kx(K::Dhe),
        "EDH" | "DHE" => ephemeral,
        "kEECDH" | "kECDHE" | "ECDH" => |e| e.kx(K::Ecdhe),
        "EECDH" | "ECDHE" => elliptic,
        "ADH" => |e| e.kx(K::Dhe) && e.auth(A::Anonymous),
        "AECDH" => |e| e.kx(K::Ecdhe) && e.auth(A::Anonymous),
        "kPSK" => |e| e.kx(K::Psk),
        "kRSAPSK" => |e| e.kx(K::RsaPsk),
        "kECDHEPSK" => |e| e.kx(K::EcdhePsk),
        "kDHEPSK" => |e| e.kx(K::DhePsk),
        "PSK" => |e| matches!(e.facts.key_exchange, K::Psk | K::RsaPsk | K::DhePsk | K::EcdhePsk),
        "kSRP" | "SRP" => |e| e.kx(K::Srp),
        "kGOST" | "kGOST18" => |e| e.kx(K::Gost),
        "aRSA" => |e| e.auth(A::Rsa),
        "aDSS" | "DSS" => |e| e.auth(A::Dss),
        "aNULL" => |e| e.auth(A::Anonymous),
        "aECDSA" | "ECDSA" => |e| e.auth(A::Ecdsa),
        "aPSK" => |e| e.auth(A::Psk),
        "aSRP" => |e| e.auth(A::Srp),
        "aGOST01" | "aGOST12" | "aGOST" => |e| e.auth(A::Gost),
        "3DES" => |e| e.enc("3DES"),
        "RC4" => |e| e.enc("RC4"),
        "RC2" => |e| e.enc("RC2"),
        "IDEA" => |e| e.enc("IDEA"),
        "SEED" => |e| e.enc("SEED"),
        "GOST89" => |e| e.enc("28147"),
        "AES128" => |e| e.enc("AES_128"),
        "AES256" => |e| e.enc("AES_256"),
        "AES" => |e| e.enc("AES"),
        "AES-without-GCM" => |e| e.enc("AES") && !e.has("GCM"),
        "AESGCM" => |e| e.enc("AES") && e.has("GCM"),
        "AESCCM" => |e| e.enc("AES") && e.has("CCM"),
        "AESCCM8" => |e| e.enc("AES") && e.has("CCM_8"),
        "CAMELLIA128" => |e| e.enc("CAMELLIA_128"),
        "CAMELLIA256" => |e| e.enc("CAMELLIA_256"),
        "CAMELLIA" => |e| e.enc("CAMELLIA"),
        "CHACHA20" => |e| e.enc("CHACHA20"),
        "ARIA" | "ARIAGCM" => |e| e.enc("ARIA"),
        "ARIA128" => |e| e.enc("ARIA_128"),
        "ARIA256" => |e| e.enc("ARIA_256"),
        "MD5" => |e| e.mac("MD5"),
        "SHA1" | "SHA" => |e| e.mac("SHA"),
        "SHA256" => |e| e.mac("SHA256"),
        "SHA384" => |e| e.mac("SHA384"),
        "GOST94" | "GOST89MAC" | "GOST12" => |e| e.enc("28147"),
        "AEAD" => |e| e.facts.is_aead(),
        "SSLv3" => |e| e.row.lowest_version == "SSLv3",
        "TLSv1" | "TLSv1.0" => |e| e.row.lowest_version == "TLSv1.0",
        "TLSv1.2" => |e| e.row.lowest_version == "TLSv1.2",
        "LOW" => |e| e.row.class == "low",
        "MEDIUM" => |e| e.row.class == "medium",
        "HIGH" => |e| e.row.class == "high",
        "kDHE-or-kECDHE" => |e| e.kx(K::Dhe) || e.kx(K::Ecdhe),
        _ => return None,
    })
}
