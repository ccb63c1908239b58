//! Edits of the files that a party was read from, and the party as they leave it.

use std::sync::Arc;

use shakedown_catalog::Catalog;
use shakedown_model::tls::{Certificate, DhParameters, TlsVersion};
use shakedown_model::{ConfigurationKind, FileEdit, Known, Origin, OriginKind, Party, Role, Slot, SourceFile};

use super::choose::choose;
use super::program::{Keys, Read, Source};
use super::set::{pending, set};
use super::set_bound::bound_of_command;
use super::{Spec, contexts, diff, gather_from, openssl};
use crate::files::Memory;
use crate::tls::edit::{Edit, EditError, edited};
use crate::tls::{self, CertificateFiles, LibrarySettings, ServerSettings, VersionBound};
use crate::value::Value;
use crate::{apache, dovecot, flat, haproxy, lighttpd, nginx, openssl_cnf, postfix};

/// What a party's own files are to say, in OpenSSL's words. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The versions that are to be on, and no others.
    pub versions: Option<Vec<TlsVersion>>,
    /// The cipher string for suites up to TLS 1.2.
    pub cipher_list: Option<String>,
    /// The cipher suites of TLS 1.3, with colons.
    pub cipher_suites: Option<String>,
    /// The groups, with colons.
    pub groups: Option<String>,
    /// The signature algorithms, with colons.
    pub signature_algorithms: Option<String>,
}

/// The strings that count now, where the files or the program have any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The cipher string.
    pub cipher_list: Option<String>,
    /// The cipher suites of TLS 1.3.
    pub cipher_suites: Option<String>,
    /// The groups.
    pub groups: Option<String>,
    /// The signature algorithms.
    pub signature_algorithms: Option<String>,
}

/// Edits, and whom they reach besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The edits, one for each file.
    pub edits: Vec<FileEdit>,
    /// What tells the other servers of the configuration whose settings change too.
    pub also: Vec<String>,
}

/// More steps than there are things to set: one of them has no effect.
const MOST: usize = 12;

/// The strings of the files that a party was read from; `None` where its files cannot be edited here.
pub fn words(party: &Party) -> Option<Words> {
    let at = |settings: &LibrarySettings| {
        let text = |value: &Option<crate::value::Value>| value.as_ref().map(|value| value.as_str().to_owned());
        Words {
            cipher_list: text(&settings.cipher_list),
            cipher_suites: text(&settings.cipher_suites),
            groups: text(&settings.groups).filter(|text| text != "auto"),
            signature_algorithms: text(&settings.signature_algorithms),
        }
    };
    let files = Files::of(party)?;
    let mut words = at(files.settings()?);
    // What the program itself adds to each string is not written again.
    let added = match &files {
        Files::Apache { .. } | Files::Lighttpd { .. } => ":!aNULL:!eNULL:!EXP",
        Files::Postfix { .. } => ":!aNULL",
        _ => "",
    };
    if let Some(text) = &mut words.cipher_list
        && let Some(own) = text.strip_suffix(added)
    {
        text.truncate(own.len());
    }
    Some(words)
}

/// Where a server's own files say which Diffie-Hellman parameters it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DhSource {
    /// A file of parameters.
    File {
        /// Its path, as the program opens it.
        path: String,
        /// Where it is named.
        origin: Origin,
    },
    /// HAProxy's `tune.ssl.default-dh-param`, the size in bits.
    Size {
        /// Where it is written.
        origin: Origin,
    },
}

/// Where a server's files say which Diffie-Hellman parameters it uses; `None` where they do not.
pub fn dh_source(party: &Party) -> Option<DhSource> {
    let files = Files::of(party)?;
    if let Some(value) = &files.settings()?.dh_parameters {
        let base = &party.configuration.as_ref()?.files.first()?.path;
        let path = super::certificate::absolute(value.as_str(), base);
        // Of these the folder that relative paths begin at is said elsewhere.
        let open = matches!(files, Files::Apache { .. } | Files::Flat { .. }) && !path.starts_with('/');
        return (value.as_str() != "auto" && !open).then(|| DhSource::File { path, origin: value.origin().clone() });
    }
    match &files {
        Files::Haproxy { reading, .. } => {
            reading.default_dh_bits.as_ref().map(|value| DhSource::Size { origin: value.origin().clone() })
        }
        _ => None,
    }
}

/// A certificate that a server's own files name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificatePlace {
    /// The path of its file, as the program opens it.
    pub path: String,
    /// Where that is written.
    pub origin: Origin,
    /// The same of its private key; `None` where it is in the certificate's file.
    pub key: Option<(String, Origin)>,
    /// The path of the file of the certificates behind it, where they have one of their own.
    pub chain: Option<String>,
}

/// The certificates that a server's own files name, with their places. None whose path cannot be told.
pub fn certificate_places(party: &Party) -> Vec<CertificatePlace> {
    let Some(files) = Files::of(party) else { return Vec::new() };
    let base = party.configuration.as_ref().and_then(|own| own.files.first()).map(|file| file.path.as_str());
    let (Some(server), Some(base)) = (files.server(), base) else { return Vec::new() };
    // Of these the folder that relative paths begin at is said elsewhere.
    let elsewhere = matches!(files, Files::Apache { .. } | Files::Flat { .. });
    let path = |value: &Value| {
        let text = value.as_str();
        let is_file = !text.is_empty() && !text.contains(['$', ':']) && !text.contains("-----BEGIN");
        (is_file && (text.starts_with('/') || !elsewhere)).then(|| super::certificate::absolute(text, base))
    };
    let place = |pair: &CertificateFiles| {
        Some(CertificatePlace {
            path: path(&pair.certificate)?,
            origin: pair.certificate.origin().clone(),
            key: match &pair.key {
                Some(key) => Some((path(key)?, key.origin().clone())),
                None => None,
            },
            chain: match &pair.chain {
                Some(chain) => Some(path(chain)?),
                None => None,
            },
        })
    };
    server.certificates.iter().filter_map(place).collect()
}

/// The edits that make a party's own files say what is wanted.
///
/// # Errors
/// The party was read from no file that can be edited, or [`EditError`] of the format.
pub fn edit(party: &Party, wanted: &Wanted) -> Result<Change, EditError> {
    let mut party = party.clone();
    let originals = party.configuration.as_ref().ok_or(EditError::NoServer)?.files.clone();
    let mut also: Vec<String> = Vec::new();
    // One step after the other, each on the files as the one before leaves them.
    let mut steps = 0;
    let mut done = Vec::new();
    while let Some(edits) = step(&party, wanted, &mut also, &mut done)? {
        steps += 1;
        if steps > MOST {
            return Err(EditError::NotEffective { directive: "what is wanted".into() });
        }
        let configuration = party.configuration.as_mut().ok_or(EditError::NoServer)?;
        for file in &mut configuration.files {
            if let Some(edit) = edits.iter().find(|edit| edit.file.path == file.path) {
                *file = Arc::new(SourceFile::new(file.path.clone(), edit.apply()));
            }
        }
    }
    let after = &party.configuration.as_ref().ok_or(EditError::NoServer)?.files;
    let edits: Vec<FileEdit> =
        originals.iter().zip(after).filter_map(|(before, after)| diff::between(before, &after.text)).collect();
    if edits.is_empty() {
        return Err(EditError::NothingToDo { directive: "what is wanted".into() });
    }
    Ok(Change { edits, also })
}

/// The party as it is once edits of its files are made. `None` where it was read from no file that can be read again.
pub fn with_edits(party: &Party, edits: &[FileEdit], catalog: &Catalog) -> Option<Party> {
    let configuration = party.configuration.as_ref()?;
    let software = party.software.as_ref()?;
    let mut memory = edited(&configuration.files, edits);
    configuration.certificates.iter().for_each(|(path, _)| memory.stands_for(path));
    let main = &configuration.files.first()?.path;
    let spec = Spec { software, path: main, openssl_cnf: None, role: party.role, context: &configuration.context };
    let gathered = match configuration.kind {
        ConfigurationKind::OpenSslCnf => openssl(&memory, &spec, catalog).ok()?,
        kind => {
            let source = Source { files: &memory, keys: &Seen::of(party)? };
            let alone = gather_from(&source, kind, &spec, catalog).ok()?;
            // The system's file comes behind those of the program.
            let own: Vec<&Arc<SourceFile>> =
                alone.parties.iter().filter_map(|one| one.configuration.as_ref()).flat_map(|one| &one.files).collect();
            let system = configuration.files.iter().find(|file| !own.iter().any(|read| read.path == file.path));
            match system.map(|file| file.path.clone()) {
                None => alone,
                Some(path) => {
                    let spec = Spec { openssl_cnf: Some(&path), ..spec };
                    gather_from(&source, kind, &spec, catalog).ok()?
                }
            }
        }
    };
    // Of several in the file the one of the same name.
    let which = |label: &str| label.rsplit_once('#').map(|(_, which)| which.to_owned());
    let mut parties = gathered.parties;
    let at = match parties.as_slice() {
        [_] => 0,
        several => several.iter().position(|one| which(&one.label) == which(&party.label))?,
    };
    let read = parties.swap_remove(at);
    // What was seen of the party, beyond its files, stays.
    Some(Party { label: party.label.clone(), source: party.source.clone(), notes: party.notes.clone(), ..read })
}

/// A party's files, read, and the server of them that it is.
pub(super) enum Files {
    Apache {
        reading: Box<apache::Reading>,
        selection: Box<apache::Selection>,
    },
    /// With the settings of each certificate that the party may show, where those of a list have any.
    Haproxy {
        reading: Box<haproxy::Reading>,
        at: usize,
        contexts: Vec<LibrarySettings>,
    },
    Postfix {
        reading: Box<postfix::Reading>,
        at: usize,
    },
    Dovecot {
        reading: Box<dovecot::Reading>,
        at: usize,
    },
    Nginx {
        reading: Box<nginx::Reading>,
        selection: Box<nginx::Selection>,
    },
    OpenSslCnf {
        reading: Box<openssl_cnf::Reading>,
    },
    Flat {
        reading: Box<flat::Reading>,
        at: usize,
    },
    Lighttpd {
        reading: Box<lighttpd::Reading>,
        at: usize,
    },
}

impl Files {
    pub(super) fn of(party: &Party) -> Option<Self> {
        let configuration = party.configuration.as_ref()?;
        let software = party.software.as_ref()?;
        let mut memory: Memory = edited(&configuration.files, &[]);
        configuration.certificates.iter().for_each(|(path, _)| memory.stands_for(path));
        let path = &configuration.files.first()?.path;
        let library = software.layer("openssl").map(|layer| layer.version.as_str());
        match configuration.kind {
            ConfigurationKind::Nginx => {
                let spec = nginx::Spec { path, version: Some(software.version()), library };
                let reading = nginx::read(&memory, &spec).ok()?;
                let context = &configuration.context;
                let name = context.server_name.as_deref().or(context.host.as_deref()).or(context.target.as_deref());
                let selection = reading.select(
                    context.local_address.or(context.address),
                    context.local_port.or(context.port),
                    name,
                )?;
                Some(Self::Nginx { reading: Box::new(reading), selection: Box::new(selection) })
            }
            ConfigurationKind::OpenSslCnf => {
                let reading = openssl::system(&memory, path, library, party.role).ok()?;
                Some(Self::OpenSslCnf { reading: Box::new(reading) })
            }
            ConfigurationKind::Apache => {
                let version = Some(software.version());
                let reading = apache::read(&memory, &apache::Spec { path, version, library, variables: &[] }).ok()?;
                let context = &configuration.context;
                let name = context.server_name.as_deref().or(context.host.as_deref()).or(context.target.as_deref());
                let selection = reading.select(
                    context.local_address.or(context.address),
                    context.local_port.or(context.port),
                    name,
                )?;
                Some(Self::Apache { reading: Box::new(reading), selection: Box::new(selection) })
            }
            ConfigurationKind::Haproxy if party.role == Role::Server => {
                let spec = haproxy::Spec { path, version: Some(software.version()) };
                let reading = haproxy::read(&memory, &spec).ok()?;
                let at = place(&reading.servers, party)?;
                let contexts = contexts_of(reading.servers.get(at)?, party);
                Some(Self::Haproxy { reading: Box::new(reading), at, contexts })
            }
            ConfigurationKind::Postfix if party.role == Role::Server => {
                let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
                let spec = postfix::Spec { folder, version: Some(software.version()) };
                let reading = postfix::read(&memory, &spec).ok()?;
                let at = place(&reading.servers, party)?;
                Some(Self::Postfix { reading: Box::new(reading), at })
            }
            ConfigurationKind::Dovecot => {
                let spec = dovecot::Spec { path, version: Some(software.version()) };
                let reading = dovecot::read(&memory, &spec).ok()?;
                let at = place(&reading.servers, party)?;
                Some(Self::Dovecot { reading: Box::new(reading), at })
            }
            kind @ (ConfigurationKind::Stunnel | ConfigurationKind::PostgreSql | ConfigurationKind::OpenVpn) => {
                let version = Some(software.version());
                let reading = match kind {
                    ConfigurationKind::Stunnel => flat::stunnel(&memory, path, version, library),
                    ConfigurationKind::PostgreSql => flat::postgresql(&memory, path, version),
                    _ => flat::openvpn(&memory, path, version, library),
                };
                let reading = reading.ok()?;
                let at = place(&reading.servers, party)?;
                Some(Self::Flat { reading: Box::new(reading), at })
            }
            ConfigurationKind::Lighttpd => {
                let spec = lighttpd::Spec { path, version: Some(software.version()), library };
                let reading = lighttpd::read(&memory, &spec).ok()?;
                let at = place(&reading.servers, party)?;
                Some(Self::Lighttpd { reading: Box::new(reading), at })
            }
            _ => None,
        }
    }

    /// What the files set for the server.
    pub(super) fn settings(&self) -> Option<&LibrarySettings> {
        match self {
            Self::Nginx { selection, .. } => Some(&selection.settings.settings),
            Self::OpenSslCnf { reading } => Some(reading.system_settings()),
            Self::Apache { selection, .. } => Some(&selection.settings.settings),
            Self::Haproxy { reading, at, contexts } => {
                contexts.first().or(reading.servers.get(*at).map(|server| &server.settings))
            }
            Self::Postfix { reading, at } => reading.servers.get(*at).map(|server| &server.settings),
            Self::Dovecot { reading, at } => reading.servers.get(*at).map(|server| &server.settings),
            Self::Flat { reading, at } => reading.servers.get(*at).map(|server| &server.settings),
            Self::Lighttpd { reading, at } => reading.servers.get(*at).map(|server| &server.settings),
        }
    }

    /// All settings of the server.
    pub(super) fn server(&self) -> Option<&ServerSettings> {
        match self {
            Self::Nginx { selection, .. } => Some(&selection.settings),
            Self::Apache { selection, .. } => Some(&selection.settings),
            Self::OpenSslCnf { .. } => None,
            Self::Haproxy { reading, at, .. } => reading.servers.get(*at),
            Self::Postfix { reading, at } => reading.servers.get(*at),
            Self::Dovecot { reading, at } => reading.servers.get(*at),
            Self::Flat { reading, at } => reading.servers.get(*at),
            Self::Lighttpd { reading, at } => reading.servers.get(*at),
        }
    }

    /// The labels of other servers that an edit reaches.
    fn others(&self, edit: &Edit) -> Vec<String> {
        let (servers, own): (&[ServerSettings], Vec<usize>) = match self {
            Self::Nginx { reading, selection } => (&reading.servers, vec![selection.server, selection.default]),
            Self::OpenSslCnf { .. } => (&[], Vec::new()),
            Self::Apache { reading, selection } => (&reading.servers, vec![selection.server, selection.default]),
            Self::Haproxy { reading, at, .. } => (&reading.servers, vec![*at]),
            Self::Postfix { reading, at } => (&reading.servers, vec![*at]),
            Self::Dovecot { reading, at } => (&reading.servers, vec![*at]),
            Self::Flat { reading, at } => (&reading.servers, vec![*at]),
            Self::Lighttpd { reading, at } => (&reading.servers, vec![*at]),
        };
        let others = edit.also.iter().filter(|index| !own.contains(index));
        others.filter_map(|index| servers.get(*index)).map(|server| server.label.clone()).collect()
    }
}

/// HAProxy: the settings of the certificates that the party may show.
fn contexts_of(server: &ServerSettings, party: &Party) -> Vec<LibrarySettings> {
    if server.contexts.iter().all(|context| context.settings.is_none()) {
        return Vec::new();
    }
    let chosen = || {
        let (seen, configuration) = (Seen::of(party)?, party.configuration.as_ref()?);
        let path = &configuration.files.first()?.path;
        let software = party.software.as_ref()?;
        let spec = Spec { software, path, openssl_cnf: None, role: party.role, context: &configuration.context };
        let pairs = server.certificates.iter();
        let read: Vec<Read<'_>> =
            pairs.map(|pair| Read { certificate: seen.certificate(pair, path).0, path: &pair.certificate }).collect();
        let choice = contexts::choose(server, &read, &spec)?;
        Some(choice.all_settings().into_iter().map(|one| one.settings).collect())
    };
    chosen().unwrap_or_default()
}

/// The server that a party is, among those of its files.
fn place(servers: &[ServerSettings], party: &Party) -> Option<usize> {
    let label = party.label.rsplit_once('#').map(|(_, label)| label);
    if let Some(at) = servers.iter().position(|server| label == Some(server.label.as_str())) {
        return Some(at);
    }
    let context = &party.configuration.as_ref()?.context;
    let chosen = choose(servers, party.role, context);
    let first = chosen.first()?.server;
    servers.iter().position(|server| std::ptr::eq(server, first))
}

/// The first thing that is not yet as wanted, as edits; `None` where all is.
fn step(
    party: &Party,
    wanted: &Wanted,
    also: &mut Vec<String>,
    done: &mut Vec<(Slot, bool)>,
) -> Result<Option<Vec<FileEdit>>, EditError> {
    let files = Files::of(party).ok_or(EditError::NoServer)?;
    let made = match &files {
        files if bound_of_command(files, wanted).is_some() => bound_of_command(files, wanted).transpose()?,
        Files::Nginx { reading, selection } => {
            first(of_nginx(reading, selection, wanted).into_iter().map(|(server, directive, arguments)| {
                let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
                reading.set(server, directive, &words)
            }))?
        }
        Files::OpenSslCnf { reading } => {
            let commands = of_openssl(reading, wanted).into_iter();
            first(commands.map(|(command, value)| reading.set_command(command, &value)))?
        }
        other => {
            let left = pending(other.settings().ok_or(EditError::NoServer)?, wanted);
            // Some programs make another string of what their file says: written once is enough.
            match left.iter().find(|pending| pending.list().is_none_or(|list| !done.contains(&list))) {
                Some(pending) => {
                    done.extend(pending.list());
                    set(other, pending)?
                }
                None => None,
            }
        }
    };
    let Some(edit) = made else { return Ok(None) };
    for label in files.others(&edit) {
        if !also.contains(&label) {
            also.push(label);
        }
    }
    Ok(Some(edit.files))
}

/// The first edit that has something to do.
fn first(edits: impl Iterator<Item = Result<Edit, EditError>>) -> Result<Option<Edit>, EditError> {
    for edit in edits {
        match edit {
            Ok(edit) => return Ok(Some(edit)),
            Err(EditError::NothingToDo { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The directives of nginx for what is wanted, each with the block that it counts in.
fn of_nginx(
    reading: &nginx::Reading,
    selection: &nginx::Selection,
    wanted: &Wanted,
) -> Vec<(usize, &'static str, Vec<String>)> {
    let mut all = Vec::new();
    let settings = &selection.settings.settings;
    if let Some(versions) = &wanted.versions {
        let mut ascending: Vec<TlsVersion> = versions.clone();
        ascending.sort();
        let on = |version: &TlsVersion| settings.allows(of_settings(*version)).is_ok();
        let same = TlsVersion::ALL
            .iter()
            .all(|version| *version < TlsVersion::Tls10 || on(version) == versions.contains(version));
        if !same {
            let names = ascending.into_iter().map(|version| in_words(version).to_owned()).collect();
            all.push((reading.owner(selection, "ssl_protocols"), "ssl_protocols", names));
        }
    }
    if let Some(text) = &wanted.cipher_list {
        all.push((selection.server, "ssl_ciphers", vec![text.clone()]));
        // The security level counts before the name is known, too.
        if text.contains("@SECLEVEL") && selection.default != selection.server {
            all.push((selection.default, "ssl_ciphers", vec![text.clone()]));
        }
    }
    if let Some(text) = &wanted.groups {
        all.push((reading.owner(selection, "ssl_ecdh_curve"), "ssl_ecdh_curve", vec![text.clone()]));
    }
    let commands = [
        ("Ciphersuites", &wanted.cipher_suites, &settings.cipher_suites),
        ("SignatureAlgorithms", &wanted.signature_algorithms, &settings.signature_algorithms),
    ];
    for (command, value, now) in commands {
        if let Some(text) = value.as_ref().filter(|text| now.as_ref().is_none_or(|now| now.as_str() != text.as_str())) {
            all.push((selection.default, "ssl_conf_command", vec![command.to_owned(), text.clone()]));
        }
    }
    all
}

/// The commands of `system_default` for what is wanted.
fn of_openssl(reading: &openssl_cnf::Reading, wanted: &Wanted) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let settings = reading.system_settings();
    if let Some(versions) = &wanted.versions {
        let bound = |set: &Option<tls::Setting<VersionBound>>| match set.as_ref().map(|set| set.value) {
            Some(VersionBound::Version(version)) => Some(version),
            Some(VersionBound::None) | None => None,
        };
        let (lowest, highest) = (versions.iter().min().copied(), versions.iter().max().copied());
        if let Some(lowest) = lowest
            && bound(&settings.min_protocol).is_some_and(|now| now != of_settings(lowest))
        {
            all.push(("MinProtocol", in_words(lowest).to_owned()));
        }
        if let Some(highest) = highest
            && bound(&settings.max_protocol).is_some_and(|now| now != of_settings(highest))
        {
            all.push(("MaxProtocol", in_words(highest).to_owned()));
        }
        let off = |version: &&TlsVersion| settings.protocol(of_settings(**version)).is_some_and(|switch| !switch.on);
        if versions.iter().any(|version| off(&version)) {
            let names: Vec<&str> = versions.iter().map(|version| in_words(*version)).collect();
            all.push(("Protocol", format!("-ALL,{}", names.join(","))));
        }
        if bound(&settings.min_protocol).is_none() && lowest.is_some_and(|lowest| lowest > TlsVersion::Tls10) {
            let lowest = lowest.map_or("", in_words);
            all.push(("MinProtocol", lowest.to_owned()));
        }
    }
    for (command, value) in [
        ("CipherString", &wanted.cipher_list),
        ("Ciphersuites", &wanted.cipher_suites),
        ("Groups", &wanted.groups),
        ("SignatureAlgorithms", &wanted.signature_algorithms),
    ] {
        all.extend(value.iter().map(|value| (command, value.clone())));
    }
    all
}

/// A version as nginx and OpenSSL write it.
pub(super) fn in_words(version: TlsVersion) -> &'static str {
    if version == TlsVersion::Tls10 { "TLSv1" } else { version.as_str() }
}

pub(super) fn of_settings(version: TlsVersion) -> tls::TlsVersion {
    match version {
        TlsVersion::Ssl2 => tls::TlsVersion::Ssl2,
        TlsVersion::Ssl3 => tls::TlsVersion::Ssl3,
        TlsVersion::Tls10 => tls::TlsVersion::Tls10,
        TlsVersion::Tls11 => tls::TlsVersion::Tls11,
        TlsVersion::Tls12 => tls::TlsVersion::Tls12,
        TlsVersion::Tls13 => tls::TlsVersion::Tls13,
    }
}

/// What the files of keys held when the party was read: they are not edited.
struct Seen {
    /// By the path as the program reads it.
    certificates: Vec<(String, Certificate)>,
    /// By the path as the configuration writes it.
    others: Vec<(String, Certificate)>,
    dh_bits: Option<u32>,
    files: Vec<Arc<SourceFile>>,
}

impl Seen {
    /// `None` where parameters were left out then: what they are is not known any more.
    pub(super) fn of(party: &Party) -> Option<Self> {
        let policy = party.tls()?;
        let left_out = policy.unable.iter().any(|unable| unable.slot == Slot::Group);
        if left_out && party.role == Role::Server {
            return None;
        }
        // Where a file could not be read, what else is known of its certificate.
        let path = |certificate: &Certificate| written(certificate.origin.as_ref()?);
        let all = policy.offer.certificates.accepted().into_iter().flatten();
        Some(Self {
            certificates: party.configuration.as_ref()?.certificates.clone(),
            others: all.filter_map(|one| Some((path(one)?, one.clone()))).collect(),
            dh_bits: match policy.offer.dh_parameters {
                Known::Complete(DhParameters::Fixed { bits }) => Some(bits),
                _ => None,
            },
            files: party.configuration.as_ref()?.files.clone(),
        })
    }
}

/// The text at a place, without quotes.
fn written(origin: &Origin) -> Option<String> {
    match origin.kind() {
        OriginKind::File { file, span } => {
            let text = std::str::from_utf8(file.text.get(span.clone())?).ok()?;
            Some(text.trim_matches(['"', '\'']).to_owned())
        }
        _ => None,
    }
}

impl Keys for Seen {
    fn certificate(&self, pair: &CertificateFiles, _base: &str) -> (Certificate, Option<String>) {
        let origin = pair.certificate.origin().clone();
        let known = self.certificates.iter().find(|(path, _)| path == pair.certificate.as_str());
        // As it is written, where the program puts a folder in front.
        let text = written(&origin);
        let is = |path: &String| path == pair.certificate.as_str() || text.as_ref() == Some(path);
        let known = known.or_else(|| self.others.iter().find(|(path, _)| is(path)));
        let certificate = known.map(|(_, certificate)| certificate.clone()).unwrap_or_default();
        (Certificate { origin: Some(origin), ..certificate }, None)
    }

    fn chain(&self, _path: &Value, _base: &str) -> Vec<Certificate> {
        // It stands behind the certificate already.
        Vec::new()
    }

    fn dh_bits(&self, _path: &str) -> Option<u32> {
        self.dh_bits
    }

    fn dh_file(&self, path: &str) -> Option<Arc<SourceFile>> {
        self.files.iter().find(|file| file.path == path).cloned()
    }
}
