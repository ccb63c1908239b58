//! Lists of groups, as `SSL_CTX_set1_groups_list` reads them.

use shakedown_model::{Known, Name};

use super::Openssl;

/// A list of groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupList {
    /// IANA's names, in order.
    pub groups: Vec<String>,
    /// How many of them belong to each tuple; empty where they all belong to one.
    pub tuples: Vec<usize>,
    /// Those marked with `*`: a key share is sent of each. Empty for the library's own choice.
    pub key_shares: Vec<String>,
    /// Names after `?` that this version does not have; they are passed over.
    pub ignored: Vec<String>,
}

/// Why a list of groups is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// A name that this version does not have.
    #[error("OpenSSL {version} has no group `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// The version.
        version: String,
    },
    /// A name that stands there twice.
    #[error("`{name}` stands there twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// Nothing is left.
    #[error("the list has no group")]
    Empty,
}

/// The groups that a build has: names that OpenSSL takes for each, IANA's first.
const NAMES: [&[&str]; 30] = [
    &["x25519", "X25519"],
    &["x448", "X448"],
    &["secp256r1", "P-256", "prime256v1"],
    &["secp384r1", "P-384"],
    &["secp521r1", "P-521"],
    &["secp224r1", "P-224"],
    &["secp192r1", "P-192", "prime192v1"],
    &["secp256k1"],
    &["brainpoolP256r1"],
    &["brainpoolP384r1"],
    &["brainpoolP512r1"],
    &["brainpoolP256r1tls13"],
    &["brainpoolP384r1tls13"],
    &["brainpoolP512r1tls13"],
    &["ffdhe2048"],
    &["ffdhe3072"],
    &["ffdhe4096"],
    &["ffdhe6144"],
    &["ffdhe8192"],
    &["secp224k1"],
    &["secp192k1"],
    &["sect571r1", "B-571"],
    &["sect571k1", "K-571"],
    &["sect409r1", "B-409"],
    &["sect409k1", "K-409"],
    &["sect283r1", "B-283"],
    &["sect283k1", "K-283"],
    &["sect233r1", "B-233"],
    &["sect233k1", "K-233"],
    &["sect239k1"],
];

/// IANA's names for which OpenSSL's objects have others.
const NO_OBJECTS: [&str; 4] = ["x25519", "x448", "secp256r1", "secp192r1"];

/// Those that came with 3.5.
const SINCE_3_5: [&str; 6] =
    ["X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024", "MLKEM512", "MLKEM768", "MLKEM1024"];

/// Distributions that take curves out of the library (src.fedoraproject.org rpms/openssl 0011-Remove-EC-curves.patch).
const WITHOUT_CURVES: [&str; 7] = ["rhel", "centos", "fedora", "rocky", "almalinux", "oracle", "amazon"];

impl Openssl {
    /// The groups that a build can be given: all of the version's. Of distributions that take some out those that no version
    /// of theirs lacks; the rest is not known.
    pub fn supported_groups(&self) -> Known<Vec<Name>> {
        let default = self.default_groups().groups;
        let build = self.build.as_deref().unwrap_or_default();
        if WITHOUT_CURVES.iter().any(|distribution| build.starts_with(distribution)) {
            return Known::Partial {
                accepted: default.iter().map(|name| Name::new(name)).collect(),
                refused: Vec::new(),
            };
        }
        let others =
            NAMES.iter().filter_map(|names| names.last()).chain(&SINCE_3_5).filter_map(|name| self.group(name));
        let others = others.filter(|name| default.iter().all(|one| one != name));
        Known::Complete(default.iter().map(String::as_str).chain(others).map(Name::new).collect())
    }

    /// IANA's name of a group by any of OpenSSL's, where the version has it. Case counts before 3.5 (`tls1_group_name2id`);
    /// before 3.0 only NIST's names and those of the library's own objects are known (`nid_cb`).
    pub fn group(&self, name: &str) -> Option<&'static str> {
        if !self.at_least("3.0.0") && NO_OBJECTS.contains(&name) {
            return None;
        }
        let any_case = self.at_least("3.5.0");
        let same = |one: &&str| if any_case { one.eq_ignore_ascii_case(name) } else { *one == name };
        let found = NAMES.iter().find(|names| names.iter().any(same)).and_then(|names| names.first());
        let newer = || SINCE_3_5.iter().find(|one| same(one)).filter(|_| self.at_least("3.5.0"));
        let group = found.or_else(newer).copied()?;
        let known = match group {
            // Groups of RFC 7919 came with 3.0, Edwards curves with 1.1.0 and 1.1.1.
            _ if group.starts_with("ffdhe") => self.at_least("3.0.0"),
            _ if group.ends_with("tls13") => self.at_least("3.2.0"),
            "x448" => self.at_least("1.1.1"),
            _ => true,
        };
        known.then_some(group)
    }

    /// Reads a list: names with `:` between them; since 3.5 also `/` between tuples, `?` before a name that may be
    /// missing, `*` before one of which a key share is sent, `-` before one to take away, and `DEFAULT`.
    ///
    /// # Errors
    /// OpenSSL refuses the list.
    pub fn groups(&self, text: &str) -> Result<GroupList, GroupError> {
        let mut list = GroupList::default();
        let new = self.at_least("3.5.0");
        let tuples: Vec<&str> = if new { text.split('/').collect() } else { vec![text] };
        for tuple in tuples {
            let before = list.groups.len();
            for word in tuple.split(':').map(str::trim).filter(|word| !word.is_empty()) {
                self.word(word, new, &mut list)?;
            }
            let added = list.groups.len().saturating_sub(before);
            if added > 0 && new {
                list.tuples.push(added);
            }
        }
        if list.groups.is_empty() {
            return Err(GroupError::Empty);
        }
        if list.tuples.len() < 2 {
            list.tuples.clear();
        }
        Ok(list)
    }

    fn word(&self, word: &str, new: bool, list: &mut GroupList) -> Result<(), GroupError> {
        let marks = if new { word.find(|c| !matches!(c, '?' | '*' | '-')).unwrap_or(word.len()) } else { 0 };
        // Also older ones from 3.3 on take `?`.
        let marks = if !new && self.at_least("3.3.0") && word.starts_with('?') { 1 } else { marks };
        let (marks, name) = word.split_at(marks);
        if new && name.eq_ignore_ascii_case("DEFAULT") {
            let default = self.default_groups();
            list.key_shares.extend(default.key_shares);
            list.tuples.extend(default.tuples);
            list.groups.extend(default.groups);
            return Ok(());
        }
        let Some(group) = self.group(name) else {
            if marks.contains('?') {
                list.ignored.push(name.to_owned());
                return Ok(());
            }
            return Err(GroupError::Unknown { name: name.to_owned(), version: self.version.clone() });
        };
        if marks.contains('-') {
            list.groups.retain(|one| one != group);
            list.key_shares.retain(|one| one != group);
            return Ok(());
        }
        if list.groups.iter().any(|one| one == group) {
            // A name that stands there twice is refused before 3.5, and passed over since.
            return if new { Ok(()) } else { Err(GroupError::Twice { name: name.to_owned() }) };
        }
        list.groups.push(group.to_owned());
        if marks.contains('*') {
            list.key_shares.push(group.to_owned());
        }
        Ok(())
    }

    /// The groups without a setting (`supported_groups_default` of ssl/t1_lib.c; `TLS_DEFAULT_GROUP_LIST` since 3.5).
    pub fn default_groups(&self) -> GroupList {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        if self.at_least("3.5.0") {
            return GroupList {
                groups: names(&[
                    "X25519MLKEM768",
                    "x25519",
                    "secp256r1",
                    "x448",
                    "secp384r1",
                    "secp521r1",
                    "ffdhe2048",
                    "ffdhe3072",
                ]),
                tuples: vec![1, 2, 3, 2],
                key_shares: names(&["X25519MLKEM768", "x25519"]),
                ignored: Vec::new(),
            };
        }
        let mut groups: Vec<String> = names(&["x25519", "secp256r1", "x448", "secp521r1", "secp384r1"]);
        if self.at_least("3.0.0") {
            groups.extend(["ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"].map(str::to_owned));
        } else if !self.at_least("1.1.1") {
            groups = names(&["x25519", "secp256r1", "secp521r1", "secp384r1"]);
        }
        GroupList { groups, ..GroupList::default() }
    }
}
