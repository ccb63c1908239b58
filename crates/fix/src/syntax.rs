//! Each product's own way to write a change, from `data/*.toml`.

use std::sync::OnceLock;

use serde::Deserialize;
use shakedown_catalog::Catalog;
use shakedown_model::ssh::is_marker;
use shakedown_model::{Command, CommandPlace, Party, Role, Slot};

use crate::edited::{Delta, How, whole_list};
use crate::strength::head;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(default)]
    product: Vec<Product>,
    #[serde(default)]
    way: Vec<Way>,
    #[serde(default)]
    label: Vec<Label>,
}

/// What a product needs besides the lines themselves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Product {
    id: Vec<String>,
    role: Whose,
    /// A command that finds mistakes in the file.
    pub(crate) check: Option<String>,
    /// A command that makes the running program read its file again.
    pub(crate) reload: Option<String>,
    /// A command that makes a real connection.
    pub(crate) verify: Option<String>,
    /// The same without a server's name, where the other form has one.
    pub(crate) verify_nameless: Option<String>,
    #[allow(dead_code, reason = "every row says where it was read; the tests look at it")]
    source: String,
}

/// One place to write a change, for a range of versions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Way {
    product: Vec<String>,
    role: Whose,
    at_least: Option<String>,
    before: Option<String>,
    place: Place,
    #[serde(rename = "where")]
    location: Option<String>,
    /// What stands around the slots; `{options}` without it.
    line: Option<String>,
    /// Between two slots; a line end without it.
    join: Option<String>,
    /// Between two names; a comma without it.
    names_join: Option<String>,
    /// Whether it holds for one server or connection only.
    #[serde(default)]
    scoped: bool,
    explanation: Option<String>,
    #[serde(default)]
    add: Templates,
    #[serde(default)]
    remove: Templates,
    #[allow(dead_code, reason = "every row says where it was read; the tests look at it")]
    source: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Place {
    ClientShell,
    ServerShell,
    File,
    Settings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Whose {
    Client,
    Server,
    Both,
}

impl Whose {
    pub(crate) fn covers(self, role: Role) -> bool {
        match self {
            Self::Both => true,
            Self::Client => role == Role::Client,
            Self::Server => role == Role::Server,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Templates {
    kex: Option<String>,
    host_key: Option<String>,
    cipher: Option<String>,
    mac: Option<String>,
    compression: Option<String>,
}

impl Templates {
    fn slot(&self, slot: Slot) -> Option<&str> {
        match head(slot) {
            Slot::Kex => self.kex.as_deref(),
            Slot::HostKey => self.host_key.as_deref(),
            Slot::CipherC2s => self.cipher.as_deref(),
            Slot::MacC2s => self.mac.as_deref(),
            Slot::CompressionC2s => self.compression.as_deref(),
            _ => None,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    product: Vec<String>,
    names: std::collections::BTreeMap<String, String>,
    #[allow(dead_code, reason = "every row says where it was read; the tests look at it")]
    source: String,
}

const FILES: [&str; 4] = [
    include_str!(concat!(env!("OUT_DIR"), "/openssh.json")),
    include_str!(concat!(env!("OUT_DIR"), "/clients.json")),
    include_str!(concat!(env!("OUT_DIR"), "/servers.json")),
    include_str!(concat!(env!("OUT_DIR"), "/tls_products.json")),
];

/// The rows. A file that does not parse would give none of its rows; a test holds all of them to parse.
fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| {
        let mut all = Data::default();
        for file in FILES {
            let Data { product, way, label } = serde_json::from_str(file).unwrap_or_default();
            all.product.extend(product);
            all.way.extend(way);
            all.label.extend(label);
        }
        all
    })
}

/// Which product's syntax a party uses, by the catalog's id, with its version.
pub(crate) fn identity(party: &Party, catalog: &Catalog) -> Option<(String, String)> {
    let software = party.software.as_ref()?;
    let id = catalog.product_id(software.product(), software.version())?;
    Some((id.to_string(), software.version().to_owned()))
}

/// What the product needs besides the lines themselves.
pub(crate) fn product(party: &Party, catalog: &Catalog) -> Option<&'static Product> {
    let (id, _) = identity(party, catalog)?;
    data().product.iter().find(|product| product.id.contains(&id) && product.role.covers(party.role))
}

/// The SSH server that a client is told to connect to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Destination {
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
}

impl Destination {
    fn host(&self) -> &str {
        self.host.as_deref().unwrap_or("HOST")
    }

    /// As `ssh` and `dbclient` take it: with the port, where it is not the usual one.
    pub(crate) fn words(&self) -> String {
        match self.port {
            Some(port) if port != 22 => format!("-p {port} {}", self.host()),
            _ => self.host().to_owned(),
        }
    }
}

/// The lines and one-off commands that make the changes. `after` is the party with the changes made. Every change is in
/// every command, or the command is left out.
pub(crate) fn commands(
    after: &Party,
    deltas: &[Delta],
    server: &Destination,
    scoped: bool,
    catalog: &Catalog,
) -> Vec<Command> {
    let Some((id, version)) = identity(after, catalog) else { return vec![generic(after, deltas)] };
    let in_range = |way: &&Way| {
        let compare =
            |bound: &Option<String>| bound.as_deref().and_then(|bound| catalog.compare_versions(&id, &version, bound));
        compare(&way.at_least).is_none_or(std::cmp::Ordering::is_ge)
            && compare(&way.before).is_none_or(std::cmp::Ordering::is_lt)
    };
    let ways =
        data().way.iter().filter(|way| way.product.contains(&id) && way.role.covers(after.role)).filter(in_range);
    let mut commands: Vec<(bool, Command)> = Vec::new();
    for way in ways {
        let Some(text) = written(way, &id, after, deltas, server, catalog) else { continue };
        let place = match way.place {
            Place::ClientShell => CommandPlace::ClientShell,
            Place::ServerShell => CommandPlace::ServerShell,
            Place::File => CommandPlace::File(way.location.clone().unwrap_or_default()),
            Place::Settings => CommandPlace::Settings(way.location.clone().unwrap_or_default()),
        };
        commands.push((way.scoped, Command { place, text, explanation: way.explanation.clone().unwrap_or_default() }));
    }
    // What holds for more than one server is proposed only where nothing narrower exists.
    if scoped && commands.iter().any(|(scoped, _)| *scoped) {
        commands.retain(|(scoped, _)| *scoped);
    }
    let mut commands: Vec<Command> = commands.into_iter().map(|(_, command)| command).collect();
    if commands.is_empty() {
        commands.push(generic(after, deltas));
    }
    commands
}

fn written(
    way: &Way,
    id: &str,
    after: &Party,
    deltas: &[Delta],
    server: &Destination,
    catalog: &Catalog,
) -> Option<String> {
    let mut options = Vec::new();
    for delta in deltas {
        let templates = match delta.how {
            How::Add if !is_default(after, delta, catalog) => way.remove.slot(delta.slot).or(way.add.slot(delta.slot)),
            How::Add => way.add.slot(delta.slot),
            How::Remove => way.remove.slot(delta.slot),
        };
        let join = way.names_join.as_deref().unwrap_or(",");
        let text =
            |names: &[shakedown_model::Name]| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(join);
        let labels: Vec<String> = delta.names.iter().map(|name| format!("`{}`", label(id, name.as_str()))).collect();
        let filled = templates?
            .replace("{names}", &text(&delta.names))
            .replace("{list}", &text(&whole_list(after, delta.slot)))
            .replace("{labels}", &crate::words::joined(&labels));
        options.push(filled);
    }
    let options = options.join(way.join.as_deref().unwrap_or("\n"));
    let line = way.line.as_deref().unwrap_or("{options}");
    Some(line.replace("{options}", &options).replace("{host}", server.host()).replace("{destination}", &server.words()))
}

/// Whether the list without what is added is the version's default. A product that adds to its defaults would otherwise
/// bring back what somebody took away, and drop what somebody added.
fn is_default(after: &Party, delta: &Delta, catalog: &Catalog) -> bool {
    let default = after.software.as_ref().and_then(|software| catalog.ssh_policy(software, after.role).ok());
    let Some(list) = default.as_ref().and_then(|(policy, _)| policy.offer.list(delta.slot).complete()) else {
        return true;
    };
    let names = list.iter().map(|item| &item.name).filter(|name| !is_marker(name.as_str()));
    let mut now = whole_list(after, delta.slot);
    now.retain(|name| !delta.names.contains(name));
    names.eq(&now)
}

fn label(product: &str, name: &str) -> String {
    let labels = data().label.iter().filter(|label| label.product.iter().any(|id| id == product));
    labels.filter_map(|label| label.names.get(name)).next().cloned().unwrap_or_else(|| name.to_owned())
}

/// For a product whose syntax is not known here: what to look for in its settings.
fn generic(party: &Party, deltas: &[Delta]) -> Command {
    let text: Vec<String> = deltas
        .iter()
        .map(|delta| {
            let what = head(delta.slot).phrase().split(" (").next().unwrap_or_default();
            let verb = if delta.how == How::Add { "add" } else { "remove" };
            format!("{what}: {verb} {}", crate::words::list(&delta.names))
        })
        .collect();
    let who = party.software.as_ref().map_or_else(|| format!("the {}", party.role), ToString::to_string);
    let place = CommandPlace::Settings(format!("SSH settings of {who}"));
    Command { place, text: text.join("\n"), explanation: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The command that checked a fix of a server on another port went to port 22.
    #[test]
    fn a_port_of_its_own_is_part_of_the_destination() {
        let words = |port| Destination { host: Some("db01".to_owned()), port }.words();
        assert_eq!((words(None), words(Some(22))), ("db01".to_owned(), "db01".to_owned()));
        assert_eq!(words(Some(2222)), "-p 2222 db01");
    }

    #[test]
    fn every_file_parses_and_every_row_says_where_it_was_read() {
        for file in FILES {
            let data: Data = serde_json::from_str(file).unwrap();
            assert!(data.product.iter().all(|row| !row.source.is_empty()));
            assert!(data.label.iter().all(|row| !row.source.is_empty()));
            for way in &data.way {
                assert!(!way.source.is_empty());
                assert_eq!(way.place == Place::ClientShell, way.location.is_none(), "{:?}", way.product);
                assert!(way.line.as_deref().is_none_or(|line| line.contains("{options}")));
            }
        }
    }

    #[test]
    fn no_placeholder_is_misspelt() {
        for way in &data().way {
            for templates in [&way.add, &way.remove] {
                for slot in Slot::SSH {
                    let Some(text) = templates.slot(slot) else { continue };
                    let left = ["{names}", "{list}", "{labels}"].iter().fold(text.to_owned(), |t, p| t.replace(p, ""));
                    assert!(!left.contains("{n") && !left.contains("{l"), "{left}");
                }
            }
        }
    }

    /// What a party of the catalog would be told to add.
    fn told(software: &str, role: Role, slot: Slot, name: &str) -> String {
        let catalog = Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap();
        let software: shakedown_model::Software = software.parse().unwrap();
        let (policy, _) = catalog.ssh_policy(&software, role).unwrap();
        let party = Party {
            label: software.to_string(),
            role,
            software: Some(software),
            source: shakedown_model::PartySource::Catalog,
            policy: shakedown_model::Policy::Ssh(Box::new(policy)),
            configuration: None,
            notes: Vec::new(),
        };
        let deltas = [Delta { slot, names: vec![name.into()], how: How::Add }];
        let after = crate::edited::in_lists(&party, &deltas);
        let scoped = role == Role::Client;
        let server = Destination { host: Some("db01".to_owned()), port: Some(22) };
        let commands = commands(&after, &deltas, &server, scoped, &catalog);
        commands.iter().map(|command| format!("{:?}: {}\n", command.place, command.text)).collect()
    }

    #[test]
    fn each_product_is_told_in_its_own_words() {
        let group1 = "diffie-hellman-group1-sha1";
        for (software, role, expected) in [
            ("openssh@9.2p1", Role::Client, "ssh -o KexAlgorithms=+diffie-hellman-group1-sha1 db01"),
            ("openssh@9.2p1", Role::Client, "Host db01\n    KexAlgorithms +diffie-hellman-group1-sha1"),
            ("openssh@9.2p1", Role::Server, "KexAlgorithms +diffie-hellman-group1-sha1"),
            ("openssh@6.6p1", Role::Server, "KexAlgorithms curve25519-sha256@libssh.org,"),
            ("putty@0.78", Role::Client, "Diffie-Hellman group 1 (1024-bit)"),
            ("winscp@5.21.8", Role::Client, "Diffie-Hellman group 1 (1024-bit)"),
            ("jsch@0.2.0", Role::Client, "session.setConfig(\"kex\", session.getConfig(\"kex\") + \",diffie-hellman"),
            ("paramiko@3.4.0", Role::Client, "kex += ('diffie-hellman-group1-sha1',)"),
            ("asyncssh@2.14.0", Role::Client, "kex_algs='+diffie-hellman-group1-sha1'"),
            ("libssh@0.10.6", Role::Client, "SSH_OPTIONS_KEY_EXCHANGE"),
            ("libssh2@1.11.0", Role::Client, "LIBSSH2_METHOD_KEX"),
            ("mscdex-ssh2@1.15.0", Role::Client, "kex: { append: ['diffie-hellman-group1-sha1'] }"),
            ("golang-x-crypto-ssh@0.31.0", Role::Client, "config.KeyExchanges = []string{"),
            ("net-ssh@7.2.0", Role::Client, "kex: %w[+diffie-hellman-group1-sha1]"),
            ("dropbear@2022.83", Role::Server, "DROPBEAR_DH_GROUP1"),
            ("cisco-ios@XE-16-C1111-configured", Role::Server, "ip ssh server algorithm kex "),
        ] {
            let text = told(software, role, Slot::Kex, group1);
            assert!(text.contains(expected), "{software}: {text}");
        }
        assert!(told("dropbear@2022.83", Role::Client, Slot::CipherC2s, "3des-cbc").contains("dbclient -c "));
    }

    #[test]
    fn one_client_weakens_for_one_server_only() {
        let text = told("openssh@9.2p1", Role::Client, Slot::MacC2s, "hmac-md5");
        assert!(!text.contains("Host *"), "{text}");
        assert!(text.lines().filter(|line| line.contains("MACs")).count() == 2, "{text}");
    }
}
