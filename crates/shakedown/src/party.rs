//! From what a person writes for a party to the party itself.

use std::path::Path;

use shakedown_catalog::ProductProtocol;
use shakedown_config::{Disk, gateway, ipsec_conf, openssh, swanctl, tls_party};
use shakedown_model::{
    ConfigurationKind, Context, Gathered, Known, Name, Party, PartySource, Policy, Protocol, Role, Software,
};

use crate::session::Gathering;
use crate::{Error, Session, Target, local, recognise};

/// What stands for this machine's client.
pub(crate) const LOCAL: &str = "local";

/// What kind of party a text names. Tried in the order of the variants.
#[derive(Debug, PartialEq, Eq)]
enum Kind<'a> {
    Live(&'a str),
    Local,
    NamedPolicy(&'a str),
    Software(Software, Option<&'a str>),
    Path(&'a str),
}

fn kind(text: &str) -> Kind<'_> {
    if text.contains("://") {
        return Kind::Live(text);
    }
    if text == LOCAL {
        return Kind::Local;
    }
    if let Some(name) = text.strip_prefix("policy:") {
        return Kind::NamedPolicy(name);
    }
    match Software::split_path(text) {
        Some((software, path)) => Kind::Software(software, path),
        None => Kind::Path(text),
    }
}

/// Whether a text names a program of the catalog, with or without a file.
pub(crate) fn names_software(text: &str) -> bool {
    Software::split_path(text).is_some()
}

/// `PATH#NAME`: the file and the `Host` in it.
fn split_fragment(path: &str) -> (&str, Option<&str>) {
    match path.rsplit_once('#') {
        // A file of that very name wins over the reading as a fragment.
        Some((file, name)) if !name.is_empty() && !Path::new(path).exists() => (file, Some(name)),
        _ => (path, None),
    }
}

impl Session {
    /// The client that a text stands for, to meet a server of this protocol.
    pub(crate) async fn client_of(
        &self,
        text: &str,
        protocol: Protocol,
        context: &Context,
    ) -> Result<Gathering, Error> {
        if text == LOCAL && protocol == Protocol::Tls {
            return Ok(self.local_tls_clients(context).await);
        }
        self.resolve(text, Role::Client, context).await
    }

    /// The parties that a text stands for in this role.
    pub(crate) async fn resolve(&self, text: &str, role: Role, context: &Context) -> Result<Gathering, Error> {
        match kind(text) {
            Kind::Live(url) => {
                if role == Role::Client {
                    return Err(Error::Role {
                        party: text.to_owned(),
                        role,
                        because: "a live target is a server".to_owned(),
                    });
                }
                let target: Target = url.parse()?;
                self.probe_for(&target, url, crate::check::Wanted::Offer).await
            }
            Kind::Local => {
                if role == Role::Server {
                    return Err(Error::Role {
                        party: text.to_owned(),
                        role,
                        because: "`local` is this machine's client; name a live target or a configuration file"
                            .to_owned(),
                    });
                }
                self.local_client(context).await
            }
            Kind::NamedPolicy(name) => {
                let policy = self.catalog.named_policy(name).map_err(|source| self.catalog_error(text, source))?;
                let mut party = self.bare_party(text, role, None, Policy::Ssh(Box::new(policy)));
                party.source = PartySource::NamedPolicy { name: name.to_owned() };
                Ok(Gathering { parties: vec![party], ..Gathering::default() })
            }
            Kind::Software(software, None) => self.catalog_party(text, software, role),
            Kind::Software(software, Some(path)) => self.configured(text, software, path, role, context).await,
            Kind::Path(path) => self.of_file(text, path, role, context).await,
        }
    }

    fn catalog_error(&self, party: &str, source: shakedown_catalog::CatalogError) -> Error {
        Error::Catalog { party: party.to_owned(), source }
    }

    /// A party from catalog rows alone.
    pub(crate) fn catalog_party(&self, text: &str, software: Software, role: Role) -> Result<Gathering, Error> {
        if self.catalog.protocol_of(software.product(), software.version()) == Some(ProductProtocol::Tls) {
            let (policy, resolved) =
                self.catalog.tls_policy(&software, role).map_err(|source| self.catalog_error(text, source))?;
            let mut party = self.bare_party(text, role, Some(software), Policy::Tls(Box::new(policy)));
            party.notes = resolved.notes;
            return Ok(Gathering { parties: vec![party], ..Gathering::default() });
        }
        let (policy, resolved) =
            self.catalog.ssh_policy(&software, role).map_err(|source| self.catalog_error(text, source))?;
        let mut party = self.bare_party(text, role, Some(software), Policy::Ssh(Box::new(policy)));
        party.notes = resolved.notes;
        Ok(Gathering { parties: vec![party], ..Gathering::default() })
    }

    fn bare_party(&self, label: &str, role: Role, software: Option<Software>, policy: Policy) -> Party {
        Party {
            label: label.to_owned(),
            role,
            software,
            source: PartySource::Catalog,
            policy,
            configuration: None,
            notes: Vec::new(),
        }
    }

    /// A configuration file over the defaults of a software.
    async fn configured(
        &self,
        text: &str,
        software: Software,
        path: &str,
        role: Role,
        context: &Context,
    ) -> Result<Gathering, Error> {
        let (path, fragment) = split_fragment(path);
        let mut context = context.clone();
        if let Some(name) = fragment {
            context.target = Some(name.to_owned());
        }
        let files = self.files()?;
        let product = software.product().to_owned();
        if let Some(vendor) = gateway::Vendor::of(&product) {
            return self.gateway(text, vendor, Some(software.version()), (path, fragment), role);
        }
        if self.catalog.protocol_of(&product, software.version()) == Some(ProductProtocol::Tls) {
            return self.configured_tls(text, &software, path, role, &context);
        }
        let failed = |source| Error::File { path: path.to_owned(), source: std::io::Error::other(source) };
        let daemon = match product.as_str() {
            "libreswan" => Some(ipsec_conf::Daemon::Libreswan),
            // strongSwan has two formats: the sections of one begin with words that the other has not.
            "strongswan" => {
                let text = shakedown_config::Files::read(&files, path, shakedown_config::files::FILE_LIMIT).ok();
                text.filter(|text| ipsec_conf::is_ipsec_conf(text)).map(|_| ipsec_conf::Daemon::StrongSwan)
            }
            _ => None,
        };
        if let Some(daemon) = daemon {
            let reading = ipsec_conf::read(&files, path, daemon).map_err(failed)?;
            let mut names = reading.connections.iter().map(|one| one.name.as_str());
            is_there(text, fragment, &mut names, reading.evidence.is_empty())?;
            let selection = swanctl::Selection { software: &software, role, name: fragment, label: text };
            let gathered = ipsec_conf::parties(&reading, &selection, &self.catalog);
            return self.of_daemon(gathered, &product, role);
        }
        if product == "strongswan" {
            let reading = swanctl::read(&files, path).map_err(failed)?;
            let children = reading.connections.iter().flat_map(|one| &one.children).map(|child| child.name.as_str());
            let mut names = reading.connections.iter().map(|one| one.name.as_str()).chain(children);
            is_there(text, fragment, &mut names, reading.evidence.is_empty())?;
            let selection = swanctl::Selection { software: &software, role, name: fragment, label: text };
            let gathered = swanctl::parties(&reading, &selection, &self.catalog);
            return self.of_daemon(gathered, &product, role);
        }
        if !matches!(self.catalog.product_id(&product, software.version()), Some("openssh" | "win32-openssh")) {
            return Err(Error::Party {
                party: text.to_owned(),
                expected: format!("configuration files of `{product}` cannot be read yet; OpenSSH's can"),
            });
        }
        let gathered = match role {
            Role::Client => {
                let mut spec = openssh::ClientSpec::new(software, vec![path.to_owned()], context);
                spec.allow_exec = self.options.allow_exec;
                openssh::client(&files, &spec, &self.catalog)
            }
            Role::Server => {
                let spec = openssh::ServerSpec::new(software, path, context);
                openssh::server(&files, &spec, &self.catalog)
            }
        };
        let gathered = gathered.map_err(|source| Error::Configuration { party: text.to_owned(), source })?;
        Ok(self.labelled(gathered, text))
    }

    /// Connections of strongSwan under the `strongswan.conf` that was named for this role, if one was.
    fn of_daemon(&self, gathered: Gathered, product: &str, role: Role) -> Result<Gathering, Error> {
        let Gathered { mut parties, mut evidence } = gathered;
        let named = self.options.files.iter().find(|(of, named, _)| *of == role && named == product);
        if let Some((_, _, path)) = named.filter(|_| product == "strongswan") {
            let failed = |source| Error::File { path: path.clone(), source: std::io::Error::other(source) };
            let daemon = swanctl::daemon(&self.files()?, path).map_err(failed)?;
            parties.iter_mut().for_each(|party| daemon.apply(party));
            evidence.extend(daemon.evidence.iter().cloned().map(|one| one.by(role)));
        }
        Ok(Gathering { parties, evidence, connections: 0 })
    }

    /// The tunnels of a gateway of another vendor.
    fn gateway(
        &self,
        text: &str,
        vendor: gateway::Vendor,
        version: Option<&str>,
        (path, name): (&str, Option<&str>),
        role: Role,
    ) -> Result<Gathering, Error> {
        let selection = gateway::Selection { version, role, name, label: text };
        let gathered = gateway::gather(&self.files()?, path, vendor, &selection, &self.catalog);
        let Gathered { parties, evidence } =
            gathered.map_err(|source| Error::File { path: path.to_owned(), source: std::io::Error::other(source) })?;
        if parties.is_empty() {
            let expected = match name {
                Some(name) => format!("it has no tunnel `{}`", Name::new(name)),
                None => "no tunnel of IPsec was found in it".to_owned(),
            };
            return Err(Error::Party { party: text.to_owned(), expected });
        }
        Ok(Gathering { parties, evidence, connections: 0 })
    }

    /// The configuration of a program that speaks TLS, over the library below it.
    pub(crate) fn configured_tls(
        &self,
        text: &str,
        software: &Software,
        path: &str,
        role: Role,
        context: &Context,
    ) -> Result<Gathering, Error> {
        let files = self.files()?;
        let system = self.options.files.iter().find(|(of, product, _)| *of == role && product == "openssl");
        let openssl_cnf = system.map(|(_, _, path)| path.as_str());
        let spec = tls_party::Spec { software, path, openssl_cnf, role, context };
        let product = self.catalog.product_id(software.product(), software.version());
        let Some(kind) = product.and_then(tls_party::kind_of) else {
            return Err(Error::Party {
                party: text.to_owned(),
                expected: format!("configuration files of `{}` cannot be read yet", software.product()),
            });
        };
        let beside = self.read_beside(kind, path, role);
        let files = if beside.is_empty() { files } else { files.with_main_files(beside.clone()) };
        let gathered = tls_party::gather(&files, kind, &spec, &self.catalog);
        let mut gathered = gathered.map_err(|source| Error::TlsConfiguration { party: text.to_owned(), source })?;
        if let [_, _, ..] = beside.as_slice() {
            let names = beside.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ");
            for party in &mut gathered.parties {
                party.notes.push(format!("these files are read together, in this order: {names}"));
            }
        }
        crate::list_files::look_at(&mut gathered, &files, self.now());
        crate::key_pairs::look_at(&mut gathered, &files);
        Ok(self.labelled(gathered, text))
    }

    /// All files that a program was told of together with this one, in their order, as far as that is known: by `--file`, or by
    /// the command line of the running one. Only HAProxy is told of several.
    fn read_beside(&self, kind: ConfigurationKind, path: &str, role: Role) -> Vec<String> {
        if kind != ConfigurationKind::Haproxy {
            return Vec::new();
        }
        let named = self.options.files.iter().filter(|(of, product, _)| *of == role && product == "haproxy");
        let named: Vec<String> = named.map(|(_, _, path)| path.clone()).collect();
        if !named.is_empty() {
            return [vec![path.to_owned()], named].concat();
        }
        let program =
            shakedown_apply::program_for(kind).filter(|_| self.options.as_running && self.options.root.is_none());
        let Some(program) = program else { return Vec::new() };
        let own = Path::new(path).canonicalize().ok();
        let told = shakedown_apply::main_files(program, Path::new(path));
        // The one that was named keeps the name by which it was.
        let shown = |file: std::path::PathBuf| match own.is_some() && file.canonicalize().ok() == own {
            true => path.to_owned(),
            false => file.display().to_string(),
        };
        told.into_iter().map(shown).collect()
    }

    fn labelled(&self, gathered: Gathered, text: &str) -> Gathering {
        let Gathered { mut parties, evidence } = gathered;
        for party in &mut parties {
            // Which one of several it is stays behind the text.
            let which = party.label.rsplit_once('#').filter(|_| !text.contains('#')).map(|(_, which)| which.to_owned());
            party.label = which.map_or_else(|| text.to_owned(), |which| format!("{text}#{which}"));
        }
        Gathering { parties, evidence, connections: 0 }
    }

    /// A file without a software in front of it: an offer in JSON, or a configuration of what is installed here.
    async fn of_file(&self, text: &str, path: &str, role: Role, context: &Context) -> Result<Gathering, Error> {
        let (file, name) = split_fragment(path);
        let metadata = std::fs::metadata(file).map_err(|source| {
            if source.kind() == std::io::ErrorKind::NotFound && !file.contains('/') {
                Error::Party {
                    party: text.to_owned(),
                    expected: "there is no such file; write `PRODUCT@VERSION` for a program, `ssh://HOST` for a live \
                               server, `local` for this machine's client"
                        .to_owned(),
                }
            } else {
                Error::File { path: file.to_owned(), source }
            }
        })?;
        if metadata.is_dir() {
            return Err(Error::File { path: file.to_owned(), source: std::io::ErrorKind::IsADirectory.into() });
        }
        let begins = first_bytes(file).map_err(|source| Error::File { path: file.to_owned(), source })?;
        let contents = recognise::beginning(file).map_err(|source| Error::File { path: file.to_owned(), source })?;
        if let Some(vendor) = recognise::gateway(Path::new(file), &contents) {
            return self.gateway(text, vendor, None, (file, name), role);
        }
        let braces = begins.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        let in_braces = recognise::in_braces(Path::new(file), &contents).filter(|_| braces);
        if braces && in_braces.is_none() {
            let bytes = std::fs::read(file).map_err(|source| Error::File { path: file.to_owned(), source })?;
            let mut parties = shakedown_schema::party_from_json(&bytes, Some(role))
                .map_err(|source| Error::Offer { path: file.to_owned(), source })?;
            for party in &mut parties {
                party.label = text.to_owned();
                party.source = PartySource::Offer { path: file.to_owned() };
                self.enrich(party);
            }
            return Ok(Gathering { parties, ..Gathering::default() });
        }
        let foreign = self.options.root.is_some();
        let recognised = match in_braces.or_else(|| recognise::program(Path::new(file), &contents)) {
            Some(program) => recognise::reader(program, &self.catalog, role, foreign).await,
            None => None,
        };
        let (software, note) = match recognised {
            Some(read_by) => read_by,
            None => self.installed_or_newest(role).await?,
        };
        let mut gathering = self.configured(text, software, path, role, context).await?;
        for party in &mut gathering.parties {
            party.notes.push(note.clone());
        }
        Ok(gathering)
    }

    /// The OpenSSH of this machine, or the newest of the catalog, and a note that says which.
    pub(crate) async fn installed_or_newest(&self, role: Role) -> Result<(Software, String), Error> {
        if let Some(installed) = local::installed(&self.catalog).await {
            let note = format!("the file names no software: read as this machine's `{}` would", installed.software);
            return Ok((installed.software, note));
        }
        let software = self.newest_openssh(role)?;
        let note = format!("the file names no software and none is installed here: read as `{software}` would");
        Ok((software, note))
    }

    pub(crate) fn newest_openssh(&self, role: Role) -> Result<Software, Error> {
        let version = self.catalog.newest("openssh", role).ok_or_else(|| Error::Party {
            party: "openssh".to_owned(),
            expected: "the catalog has no version of it".to_owned(),
        })?;
        Ok(Software::new("openssh", version))
    }

    /// This machine's own client, for the target of the context.
    pub(crate) async fn local_client(&self, context: &Context) -> Result<Gathering, Error> {
        let installed = local::installed(&self.catalog).await;
        let Some(installed) = installed else {
            let software = self.newest_openssh(Role::Client)?;
            let mut gathering = self.catalog_party(&software.to_string(), software, Role::Client)?;
            for party in &mut gathering.parties {
                party.notes.push("no `ssh` is installed here: the newest OpenSSH of the catalog stands in".to_owned());
            }
            return Ok(gathering);
        };
        let spec = self.own_configuration(installed.software.clone(), context);
        let reading = openssh::read_client(&self.own_files(), &spec, &self.catalog)
            .map_err(|source| Error::Configuration { party: "local".to_owned(), source })?;
        let mut gathering = self.labelled(reading.gathered, &format!("local {}", installed.software));
        for party in &mut gathering.parties {
            let Some(policy) = party.ssh_mut() else { continue };
            policy.offer.identification = Some(installed.identification.clone());
            // `ssh -G` would run the commands of `Match exec`.
            let decided = self.options.allow_exec || policy.undecided.is_empty();
            if let (Some(destination), true) = (&context.target, decided)
                && let Some(theirs) = local::effective(context, destination, self.options.ssh_config.as_deref()).await
            {
                gathering.evidence.extend(openssh::disagreements(&reading.effective, &theirs, Role::Client, "ssh -G"));
                local::adopt(party, &theirs);
                party.source = PartySource::Local { program: "ssh -G".to_owned() };
            }
        }
        Ok(gathering)
    }

    /// Adds what the catalog knows of the software behind an identification string: how it departs from the rules, what
    /// it could do. The lists seen are kept.
    pub(crate) fn enrich(&self, party: &mut Party) {
        let Policy::Ssh(policy) = &mut party.policy else { return };
        if party.software.is_none() {
            let identification = policy.offer.identification.as_ref().map(Name::as_str);
            party.software = identification.and_then(|text| self.catalog.identify(text));
        }
        let Some(software) = &party.software else { return };
        let Ok((row, resolved)) = self.catalog.ssh_policy(software, party.role) else { return };
        policy.behaviour = row.behaviour;
        policy.supported = row.supported;
        policy.host_key_order = row.host_key_order;
        if matches!(policy.offer.gex_sizes, Known::Unknown) {
            policy.offer.gex_sizes = row.offer.gex_sizes;
        }
        policy.offer.gex_request = policy.offer.gex_request.or(row.offer.gex_request);
        policy.offer.min_rsa_bits = policy.offer.min_rsa_bits.or(row.offer.min_rsa_bits);
        if !resolved.exact {
            party.notes.extend(resolved.notes);
        }
    }

    /// Files of a party that the person named: below `--root`, where one was given.
    pub(crate) fn files(&self) -> Result<Disk, Error> {
        match &self.options.root {
            Some(root) => Disk::under(root, None).map_err(|source| Error::File {
                path: root.display().to_string(),
                source: std::io::Error::other(source),
            }),
            None => Ok(self.own_files()),
        }
    }

    /// How this user's client configuration is read: the usual files, or the one of the options.
    pub(crate) fn own_configuration(&self, software: Software, context: &Context) -> openssh::ClientSpec {
        let mut spec = match &self.options.ssh_config {
            // As for ssh, `-F none` is no file at all.
            Some(path) if path.as_os_str() == "none" => {
                openssh::ClientSpec::new(software, vec!["/dev/null".to_owned()], context.clone())
            }
            Some(path) => openssh::ClientSpec::new(software, vec![path.display().to_string()], context.clone()),
            None => openssh::ClientSpec::usual(software, context.clone()),
        };
        spec.allow_exec = self.options.allow_exec;
        spec
    }

    /// This machine's own files.
    pub(crate) fn own_files(&self) -> Disk {
        let disk = Disk::local();
        if self.options.allow_exec { disk.allow_commands() } else { disk }
    }
}

fn first_bytes(path: &str) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(512).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A connection that is named has to be in the file, unless the file could not be read as a whole.
fn is_there(party: &str, name: Option<&str>, names: &mut dyn Iterator<Item = &str>, whole: bool) -> Result<(), Error> {
    let Some(name) = name.filter(|_| whole) else { return Ok(()) };
    let all: Vec<&str> = names.collect();
    if all.contains(&name) {
        return Ok(());
    }
    let near = shakedown_model::nearest(name, all.iter().copied());
    let near = near.map(|near| format!("; the nearest is `{}`", Name::new(near))).unwrap_or_default();
    Err(Error::Party { party: party.to_owned(), expected: format!("it has no connection `{}`{near}", Name::new(name)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_of_party() {
        assert_eq!(kind("ssh://db01"), Kind::Live("ssh://db01"));
        assert_eq!(kind("local"), Kind::Local);
        assert_eq!(kind("policy:mozilla-modern"), Kind::NamedPolicy("mozilla-modern"));
        assert_eq!(kind("/etc/ssh/sshd_config"), Kind::Path("/etc/ssh/sshd_config"));
        assert!(matches!(
            kind("openssh@9.2p1/debian-12:/etc/ssh/sshd_config"),
            Kind::Software(_, Some("/etc/ssh/sshd_config"))
        ));
        assert!(matches!(kind("putty@0.70"), Kind::Software(_, None)));
    }
}
