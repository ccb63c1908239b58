//! From directives and defaults to what a party offers.

use shakedown_model::ssh::{HostKey, HostKeyOrder, SshPolicy, Undecided, is_marker};
use shakedown_model::{ConfigProblem, Evidence, Fact, Item, Known, Name, Origin, Slot};

use super::defaults::Defaults;
use super::host_keys::{self, LEAST_RSA_BITS};
use super::keyword::{Dialect, Kind, Version};
use super::names::{self, BadList, Operator};
use super::setting::{Setting, Settings};
use super::time;

/// Builds the offers of one party.
pub(crate) struct Builder<'a> {
    pub(crate) defaults: &'a Defaults,
    pub(crate) settings: &'a Settings,
    pub(crate) dialect: &'a Dialect,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) notes: Vec<String>,
}

/// The lists that are no slot of a key exchange.
#[derive(Clone, Debug, Default)]
pub(crate) struct OtherLists {
    pub(crate) host_key_algorithms: Known<Vec<Item>>,
    pub(crate) pubkey_accepted: Known<Vec<Item>>,
    pub(crate) hostbased_accepted: Known<Vec<Item>>,
    pub(crate) ca_signature: Known<Vec<Item>>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(defaults: &'a Defaults, settings: &'a Settings, dialect: &'a Dialect) -> Self {
        Self { defaults, settings, dialect, evidence: Vec::new(), notes: defaults.notes.clone() }
    }

    /// The list of a directive over its default.
    pub(crate) fn list(&mut self, keyword: &str, default: &Known<Vec<Item>>) -> Known<Vec<Item>> {
        match self.settings.first(keyword) {
            Some(setting) => self.written_list(setting, default),
            None => default.clone(),
        }
    }

    fn written_list(&mut self, setting: &Setting, default: &Known<Vec<Item>>) -> Known<Vec<Item>> {
        let keyword = setting.keyword.canonical;
        let (Kind::Names(kind), Some(list)) = (setting.keyword.kind, setting.bytes(0)) else { return default.clone() };
        let universe = self.defaults.universe.of(kind);
        let (operator, _) = Operator::of(list);
        let default = match default.complete() {
            Some(default) => default.as_slice(),
            None if operator == Operator::Replace => &[],
            None => return Known::Unknown,
        };
        let mut supported = universe.names.clone();
        if !universe.complete {
            // What is written is taken to be supported.
            for (name, _) in names::split(list).filter(|(name, _)| !name.is_empty()).take(1_000) {
                let name = Name::from_bytes(name);
                if !name.as_str().contains(['*', '?', '!']) && !supported.contains(&name) {
                    supported.push(name);
                }
            }
        }
        if keyword == "CASignatureAlgorithms" {
            // Authorities sign with plain keys.
            supported.retain(|name| !name.as_str().contains("-cert-v0"));
        }
        let origin = |range| setting.part_origin(0, range);
        match names::assemble(list, &origin, default, &supported) {
            Ok(items) => Known::Complete(items),
            Err(bad) => {
                let message = match bad {
                    BadList::Negated => format!("{keyword}: `!` has no meaning outside of a `-` list"),
                    BadList::Empty => format!("{keyword}: none of these names is supported, so that nothing is left"),
                };
                let fact = Fact::Configuration { problem: ConfigProblem::BadValue, message, suggestion: None };
                self.evidence.push(Evidence::new(fact).by(self.dialect.role).at(setting.argument_origin(0)));
                Known::Complete(Vec::new())
            }
        }
    }

    /// All that both roles have in common.
    fn common(&mut self) -> (SshPolicy, OtherLists) {
        let mut policy = self.defaults.policy.clone();
        let offer = &mut policy.offer;
        let (markers, methods): (Vec<Item>, Vec<Item>) = offer
            .kex
            .complete()
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .partition(|item| is_marker(item.name.as_str()));
        let methods = if offer.kex.is_complete() { Known::Complete(methods) } else { Known::Unknown };
        if self.settings.has("KexAlgorithms") {
            offer.kex = self.list("KexAlgorithms", &methods);
            if let Some(list) = offer.kex.complete_mut() {
                list.extend(markers);
            }
        }
        offer.cipher_c2s = self.list("Ciphers", &offer.cipher_c2s.clone());
        offer.mac_c2s = self.list("MACs", &offer.mac_c2s.clone());
        if self.settings.has("Ciphers") {
            offer.cipher_s2c = offer.cipher_c2s.clone();
        }
        if self.settings.has("MACs") {
            offer.mac_s2c = offer.mac_c2s.clone();
        }
        let key_types = self.defaults.key_types.clone();
        // sshd joins global lists before it looks at blocks, and fails on bad ones that no connection would use.
        for setting in &self.settings.overridden {
            self.written_list(setting, &key_types);
        }
        let other = OtherLists {
            host_key_algorithms: self.list("HostKeyAlgorithms", &key_types),
            pubkey_accepted: self.list("PubkeyAcceptedAlgorithms", &key_types),
            hostbased_accepted: self.list("HostbasedAcceptedAlgorithms", &key_types),
            ca_signature: self.list("CASignatureAlgorithms", &plain_signatures(&key_types)),
        };
        if self.settings.has("PubkeyAcceptedAlgorithms") || !offer.public_key_auth.is_complete() {
            offer.public_key_auth = other.pubkey_accepted.clone();
        }
        if let Some(size) = self.settings.text("RequiredRSASize").and_then(|text| time::number(&text).ok()) {
            offer.min_rsa_bits = Some(size.max(LEAST_RSA_BITS));
        }
        policy.undecided.extend(self.undecided());
        (policy, other)
    }

    /// The client's policy.
    pub(crate) fn client(&mut self) -> (SshPolicy, OtherLists) {
        let (mut policy, other) = self.common();
        if let Some(list) = self.settings.first("HostKeyAlgorithms").and_then(|setting| setting.bytes(0)) {
            policy.offer.host_key = other.host_key_algorithms.clone();
            if matches!(Operator::of(list).0, Operator::Replace | Operator::Prepend) {
                policy.host_key_order = HostKeyOrder::Fixed;
            }
        }
        if let Some(setting) = self.settings.first("Compression") {
            let wanted = setting.text(0).is_some_and(|text| text.eq_ignore_ascii_case("yes"));
            let origin = setting.argument_origin(0);
            for slot in [Slot::CompressionC2s, Slot::CompressionS2c] {
                if let Some(list) = policy.offer.list_mut(slot).and_then(Known::complete_mut)
                    && wanted
                {
                    match &self.defaults.compression.0 {
                        Some(names) => *list = names.iter().map(|name| Item::new(name.as_str())).collect(),
                        // `compression_alg_list`: the same methods, `none` last instead of first.
                        None => list.sort_by_key(|item| item.name == *"none"),
                    }
                    list.iter_mut().for_each(|item| *item = at(item, &origin));
                }
            }
        }
        if self.dialect.version >= Version(10, 0) {
            self.identification(&mut policy);
        }
        (policy, other)
    }

    /// The server's policy; `keys` are known keys that need not be read again.
    pub(crate) fn server(&mut self, files: &dyn crate::Files, keys: Option<Vec<HostKey>>) -> (SshPolicy, OtherLists) {
        let (mut policy, mut other) = self.common();
        // sshd joins global lists with the default again for each connection, and takes an empty list for none.
        let signatures = plain_signatures(&self.defaults.key_types);
        let key_types = &self.defaults.key_types;
        for (keyword, list, default) in [
            ("PubkeyAcceptedAlgorithms", &mut other.pubkey_accepted, key_types),
            ("PubkeyAcceptedAlgorithms", &mut policy.offer.public_key_auth, key_types),
            ("HostbasedAcceptedAlgorithms", &mut other.hostbased_accepted, key_types),
            ("CASignatureAlgorithms", &mut other.ca_signature, &signatures),
        ] {
            if !self.settings.from_blocks.contains(&keyword) {
                or_default(list, default);
            }
        }
        if let Some(setting) = self.settings.first("Compression") {
            self.server_compression(setting, &mut policy);
        }
        self.identification(&mut policy);
        self.group_sizes(files, &mut policy);
        let keys = match keys {
            Some(keys) => keys,
            None => {
                let found = host_keys::find(files, self.dialect, self.settings, policy.offer.min_rsa_bits);
                self.evidence.extend(found.evidence);
                self.notes.extend(found.notes);
                if found.assumed && !self.settings.has("HostKey") && policy.offer.host_key.is_complete() {
                    // The catalog's list is the offer with one key of each default type.
                    if let (Some(list), Some(allowed)) =
                        (policy.offer.host_key.complete_mut(), other.host_key_algorithms.complete())
                    {
                        list.retain(|item| allowed.iter().any(|allowed| allowed.name == item.name));
                    }
                    policy.offer.host_keys = Known::Unknown;
                    return (policy, other);
                }
                if found.assumed && found.keys.is_empty() {
                    // Not even the names of the files say which types they are.
                    policy.offer.host_key = Known::Unknown;
                    policy.offer.host_keys = Known::Unknown;
                    return (policy, other);
                }
                found.keys
            }
        };
        let list = host_keys::algorithms(&keys, self.dialect.version, &other.host_key_algorithms);
        policy.offer.host_key = Known::Complete(list);
        policy.offer.host_keys = Known::Complete(keys);
        (policy, other)
    }

    fn server_compression(&self, setting: &Setting, policy: &mut SshPolicy) {
        let value = setting.text(0).unwrap_or_default().to_ascii_lowercase();
        let old = self.dialect.version < Version(7, 4);
        let list: &[&str] = match value.as_str() {
            "no" => &["none"],
            // Until 7.3 `yes` meant compression before authentication.
            "yes" if old => &["none", "zlib@openssh.com", "zlib"],
            "delayed" if old => &["none", "zlib@openssh.com"],
            _ => return,
        };
        let origin = setting.argument_origin(0);
        for slot in [Slot::CompressionC2s, Slot::CompressionS2c] {
            if let Some(current) = policy.offer.list_mut(slot) {
                let before = current.complete().cloned().unwrap_or_default();
                let item = |name: &&str| {
                    let known = before.iter().find(|item| item.name == **name);
                    at(&known.cloned().unwrap_or_else(|| Item::new(name)), &origin)
                };
                *current = Known::Complete(list.iter().map(item).collect());
            }
        }
    }

    /// `VersionAddendum` and Debian's `DebianBanner`.
    fn identification(&self, policy: &mut SshPolicy) {
        let Some(current) = policy.offer.identification.clone() else { return };
        let mut text = current.as_str().to_owned();
        if self.settings.text("DebianBanner").is_some_and(|value| value.eq_ignore_ascii_case("no"))
            && let Some((plain, _)) = text.split_once(' ')
        {
            text = plain.to_owned();
        }
        if let Some(setting) = self.settings.first("VersionAddendum") {
            let rest = setting.rest_text();
            let addendum = rest.split('#').next().unwrap_or("").trim_end();
            if !addendum.eq_ignore_ascii_case("none") && !addendum.is_empty() {
                text = format!("{text} {addendum}");
            }
        }
        policy.offer.identification = Some(Name::new(&text));
    }

    /// The sizes in the moduli file (moduli(5)), where it is here.
    fn group_sizes(&self, files: &dyn crate::Files, policy: &mut SshPolicy) {
        const LIMIT: usize = 8 << 20;
        let path = self.settings.text("ModuliFile").unwrap_or_else(|| "/etc/ssh/moduli".into());
        let Ok(bytes) = files.read(&path, LIMIT) else { return };
        let mut sizes: Vec<u32> = Vec::new();
        for line in bytes.split(|&byte| byte == b'\n').filter(|line| !line.starts_with(b"#")) {
            let mut fields = line.split(|byte| byte.is_ascii_whitespace()).filter(|field| !field.is_empty());
            // Time, type (2 is a safe prime), tests, tries, size less one.
            let kind = fields.nth(1);
            let size = fields.nth(2).and_then(|size| std::str::from_utf8(size).ok()?.parse::<u32>().ok());
            if let (Some(b"2"), Some(size)) = (kind, size)
                && let Some(size) = size.checked_add(1)
                && !sizes.contains(&size)
                && sizes.len() < 64
            {
                sizes.push(size);
            }
        }
        sizes.sort_unstable();
        if !sizes.is_empty() {
            policy.offer.gex_sizes = Known::Complete(sizes);
        }
    }

    fn undecided(&mut self) -> Vec<Undecided> {
        let mut list: Vec<Undecided> = Vec::new();
        let mut others: Vec<String> = Vec::new();
        for (setting, criterion) in &self.settings.undecided {
            let slots: &[Slot] = match setting.keyword.canonical {
                "KexAlgorithms" => &[Slot::Kex],
                "HostKeyAlgorithms" => &[Slot::HostKey],
                "Ciphers" => &[Slot::CipherC2s, Slot::CipherS2c],
                "MACs" => &[Slot::MacC2s, Slot::MacS2c],
                "Compression" => &[Slot::CompressionC2s, Slot::CompressionS2c],
                name => {
                    let note = format!("`{name}` depends on `{}`, which is not decided here", criterion.text);
                    if !others.contains(&note) && others.len() < 20 {
                        others.push(note);
                    }
                    continue;
                }
            };
            list.extend(slots.iter().map(|&slot| Undecided {
                slot,
                criterion: criterion.text.clone(),
                origin: Some(criterion.origin.clone()),
            }));
        }
        self.notes.extend(others);
        list
    }
}

/// The same element, now there because of a directive.
fn at(item: &Item, origin: &Origin) -> Item {
    let origin = match &item.origin {
        Some(before) => origin.clone().after(before.clone()),
        None => origin.clone(),
    };
    Item { name: item.name.clone(), origin: Some(origin) }
}

/// The default in place of an empty list.
pub(crate) fn or_default(list: &mut Known<Vec<Item>>, default: &Known<Vec<Item>>) {
    if list.complete().is_some_and(|list| list.iter().all(|item| is_marker(item.name.as_str()))) {
        *list = default.clone();
    }
}

/// `SSH_ALLOWED_CA_SIGALGS`: the default key types without certificates.
pub(crate) fn plain_signatures(key_types: &Known<Vec<Item>>) -> Known<Vec<Item>> {
    match key_types.complete() {
        Some(list) => {
            let plain = list.iter().filter(|item| !item.name.as_str().contains("-cert-v0"));
            Known::Complete(plain.cloned().collect())
        }
        None => Known::Unknown,
    }
}
