//! Effective values as `ssh -G` and `sshd -T` print them, for comparing both.

use std::collections::BTreeMap;

use shakedown_model::ssh::{SshOffer, is_marker};
use shakedown_model::{Evidence, Fact, Item, Known, Origin, OriginKind, Role, Slot};

use super::client::ClientReader;
use super::client_settings::{AddressFamily, ClientSettings, StrictHostKeyChecking, at_home, proxy_command, word};
use super::defaults::Defaults;
use super::party::{OtherLists, or_default};
use super::setting::Settings;
use super::time;

/// Values by keyword in lower case; several where the keyword is printed several times. Only keywords that matter to a key
/// exchange or to the way to the target are there.
pub type Effective = BTreeMap<String, Vec<String>>;

fn joined(list: &Known<Vec<Item>>) -> Option<String> {
    let names = list.complete()?.iter().map(|item| item.name.as_str()).filter(|name| !is_marker(name));
    Some(names.collect::<Vec<_>>().join(","))
}

struct Out(Effective);

impl Out {
    fn put(&mut self, keyword: &str, value: impl Into<String>) {
        self.0.entry(keyword.to_owned()).or_default().push(value.into());
    }

    fn put_list(&mut self, keyword: &str, list: &Known<Vec<Item>>) {
        if let Some(names) = joined(list) {
            self.put(keyword, names);
        }
    }

    fn lists(&mut self, settings: &Settings, offer: &SshOffer, other: &OtherLists) {
        self.put_list("kexalgorithms", &offer.kex);
        self.put_list("ciphers", offer.list(Slot::CipherC2s));
        self.put_list("macs", offer.list(Slot::MacC2s));
        self.put_list("hostkeyalgorithms", &other.host_key_algorithms);
        self.put_list("pubkeyacceptedalgorithms", &other.pubkey_accepted);
        self.put_list("hostbasedacceptedalgorithms", &other.hostbased_accepted);
        self.put_list("casignaturealgorithms", &other.ca_signature);
        let size = settings.text("RequiredRSASize").and_then(|text| time::number(&text).ok());
        self.put("requiredrsasize", size.unwrap_or(1_024).to_string());
        let (amount, interval) = rekey_limit(settings);
        self.put("rekeylimit", format!("{amount} {interval}"));
    }
}

/// Bytes and seconds; 0 for the default.
fn rekey_limit(settings: &Settings) -> (u64, u32) {
    let all = settings.all("RekeyLimit");
    let amount = all.first().and_then(|setting| setting.text(0)).and_then(|text| time::bytes(&text));
    let interval = all.iter().filter_map(|setting| setting.text(1)).find_map(|text| time::seconds(&text));
    (amount.unwrap_or(0), interval.unwrap_or(0))
}

pub(crate) fn client(
    reader: &ClientReader<'_>,
    settings: &ClientSettings,
    offer: &SshOffer,
    other: &OtherLists,
) -> Effective {
    let files = reader.reader.files;
    let map = &reader.settings;
    let mut out = Out(Effective::new());
    out.lists(map, offer, other);
    for (keyword, value) in [("hostname", &settings.host_name), ("user", &settings.user)] {
        if let Some(value) = value {
            out.put(keyword, value.clone());
        }
    }
    out.put("port", settings.port.to_string());
    out.put("compression", if word(map, "Compression") == "yes" { "yes" } else { "no" });
    out.put(
        "addressfamily",
        match settings.address_family {
            AddressFamily::Any => "any",
            AddressFamily::Inet => "inet",
            AddressFamily::Inet6 => "inet6",
        },
    );
    out.put(
        "stricthostkeychecking",
        match settings.strict_host_key_checking {
            StrictHostKeyChecking::Yes => "true",
            StrictHostKeyChecking::No => "false",
            StrictHostKeyChecking::Ask => "ask",
            StrictHostKeyChecking::AcceptNew => "accept-new",
        },
    );
    let optional = [
        ("hostkeyalias", settings.host_key_alias.clone()),
        ("bindaddress", settings.bind_address.clone()),
        ("bindinterface", settings.bind_interface.clone()),
        ("revokedhostkeys", map.text("RevokedHostKeys").filter(|text| !text.eq_ignore_ascii_case("none"))),
    ];
    for (keyword, value) in optional {
        if let Some(value) = value {
            out.put(keyword, value);
        }
    }
    let timeout = settings.connect_timeout.map_or_else(|| "none".to_owned(), |seconds| seconds.to_string());
    out.put("connecttimeout", timeout);
    let user_files: Vec<String> = settings.user_known_hosts_files.iter().map(|path| at_home(files, path)).collect();
    for (keyword, paths) in
        [("userknownhostsfile", &user_files), ("globalknownhostsfile", &settings.global_known_hosts_files)]
    {
        let none = paths.is_empty();
        out.put(keyword, if none { "none".to_owned() } else { paths.join(" ") });
    }
    for setting in map.all("IdentityFile") {
        out.put("identityfile", setting.text(0).unwrap_or_default());
    }
    let jumps: Vec<String> = settings.proxy_jump.iter().map(ToString::to_string).collect();
    if jumps.is_empty() {
        if let Some(command) = proxy_command(map) {
            out.put("proxycommand", command);
        }
    } else {
        out.put("proxyjump", jumps.join(","));
    }
    out.0
}

pub(crate) fn server(settings: &Settings, offer: &SshOffer, other: &OtherLists, defaults: &Defaults) -> Effective {
    let mut out = Out(Effective::new());
    // `sshd -T` joins the lists with the defaults twice, and so takes an empty list for none.
    let (mut offer, mut other, default) = (offer.clone(), other.clone(), &defaults.policy.offer);
    or_default(&mut offer.kex, &default.kex);
    or_default(&mut offer.cipher_c2s, &default.cipher_c2s);
    or_default(&mut offer.mac_c2s, &default.mac_c2s);
    or_default(&mut other.host_key_algorithms, &defaults.key_types);
    out.lists(settings, &offer, &other);
    out.put("compression", if word(settings, "Compression") == "no" { "no" } else { "yes" });
    let ports = settings.all("Port").iter().filter_map(|setting| setting.text(0)).filter_map(|text| time::port(&text));
    ports.for_each(|port| out.put("port", port.to_string()));
    if !settings.has("Port") {
        out.put("port", "22");
    }
    for setting in settings.all("HostKey") {
        out.put("hostkey", setting.text(0).unwrap_or_default());
    }
    for setting in settings.all("HostCertificate") {
        out.put("hostcertificate", setting.text(0).unwrap_or_default());
    }
    let agent = settings.text("HostKeyAgent").unwrap_or_else(|| "none".into());
    out.put("hostkeyagent", agent);
    out.put("modulifile", settings.text("ModuliFile").unwrap_or_else(|| "/etc/ssh/moduli".into()));
    out.0
}

/// Reads what `ssh -G` or `sshd -T` printed.
pub fn parse_printed(text: &str) -> Effective {
    let mut values = Effective::new();
    for line in text.lines() {
        let (keyword, value) = line.split_once(' ').unwrap_or((line, ""));
        values.entry(keyword.to_ascii_lowercase()).or_default().push(value.to_owned());
    }
    values
}

/// Where the real program's values differ from ours, as evidence. Only what both name is compared.
pub fn disagreements(ours: &Effective, theirs: &Effective, role: Role, program: &str) -> Vec<Evidence> {
    let differing = ours.iter().filter_map(|(keyword, ours)| {
        let theirs = theirs.get(keyword)?;
        (ours != theirs).then(|| {
            let fact = Fact::Disagreement {
                setting: keyword.clone(),
                ours: ours.join(", "),
                theirs: theirs.join(", "),
                program: program.to_owned(),
            };
            let origin = Origin::new(OriginKind::Program { command: program.to_owned() });
            Evidence::new(fact).by(role).at(origin)
        })
    });
    differing.collect()
}
