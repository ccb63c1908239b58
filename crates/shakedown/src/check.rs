//! The main job: a live target, the clients that are to reach it, and what the rules make of them.

use shakedown_config::openssh::{self, AddressFamily, ClientSettings, StrictHostKeyChecking, known_hosts};
use shakedown_model::{Context, HopRef, Protocol, Report, Role, Slot};
use shakedown_probe as probe;

use crate::all_clients::ALL;
use crate::party::LOCAL;
use crate::session::Gathering;
use crate::{Error, Family, Session, Target};

/// How much of a live server is asked.
pub(crate) enum Wanted {
    /// The full map.
    Offer,
    /// The offer, and the host key that a client with these lists would get, in the same connection.
    Check { kex: Vec<shakedown_model::Name>, host_key: Vec<shakedown_model::Name> },
    /// What a client with this offer gets, which is sent as it stands.
    As(Box<shakedown_model::ssh::SshOffer>),
}

impl Wanted {
    /// What a check for this client asks.
    pub(crate) fn of(policy: &shakedown_model::ssh::SshPolicy, context: &Context) -> Self {
        let offer = policy.open(Role::Client, context);
        Self::Check {
            kex: offer.kex_methods().into_iter().map(|item| item.name.clone()).collect(),
            host_key: offer.list(Slot::HostKey).accepted().map(|list| shakedown_model::names(list)).unwrap_or_default(),
        }
    }
}

impl Session {
    /// Probes the target, negotiates with this machine's own client or those of the options, and says why it fails and
    /// what to change.
    ///
    /// # Errors
    /// The target or a client cannot be read. What the target does wrong is a diagnosis, not an error.
    pub async fn check(&self, target: &str) -> Result<Report, Error> {
        let named = target;
        let target: Target = target.parse()?;
        if self.options.clients.iter().any(|client| client == ALL) {
            if self.options.clients.len() > 1 {
                return Err(Error::OptionValue {
                    option: "--as",
                    value: ALL.to_owned(),
                    expected: "`all` has every known client in it, and stands alone".to_owned(),
                });
            }
            if target.protocol == Protocol::Ike {
                return Err(Error::OptionValue {
                    option: "--as",
                    value: ALL.to_owned(),
                    expected: "the catalog knows no initiators of IKE: write `strongswan@VERSION:swanctl.conf`"
                        .to_owned(),
                });
            }
            return self.check_all(&target, named).await;
        }
        if target.protocol == Protocol::Tls {
            return self.check_tls(&target, named).await;
        }
        if target.protocol == Protocol::Ike {
            return self.check_ike(&target, named).await;
        }
        let mut report = self.report("check");
        let (context, settings, seen) = self.ssh_context(&target, &mut report)?;
        let strict = context.strict_host_keys == Some(true);

        let own;
        let clients: &[String] = if self.options.clients.is_empty() {
            own = [LOCAL.to_owned()];
            &own
        } else {
            &self.options.clients
        };
        for client in clients {
            let gathered = self.resolve(client, Role::Client, &self.client_context(&target)).await?;
            report.parties.extend(gathered.parties);
            report.evidence.extend(gathered.evidence);
        }
        let client_count = report.parties.len();
        report.evidence.extend(seen);

        let wanted = report
            .parties
            .first()
            .and_then(|party| party.ssh())
            .map_or(Wanted::Offer, |policy| Wanted::of(policy, &context));
        let probed = self.probe_ssh(self.way(&settings, &target), named, wanted).await;
        report.connections += probed.connections;
        report.evidence.extend(probed.evidence);
        for server in &probed.parties {
            report.evidence.extend(crate::known_hosts::look_up(server, &context, strict));
        }
        report.parties.extend(probed.parties);

        self.progress("negotiating");
        if report.parties.len() == client_count {
            let client = (client_count > 0).then_some(0);
            self.judge_evidence(&mut report, client, &context, Protocol::Ssh);
        }
        let mut judged: Vec<(usize, shakedown_model::ssh::SshOffer)> = Vec::new();
        for server in client_count..report.parties.len() {
            let Some(offer) =
                report.parties.get(server).and_then(|party| party.ssh()).map(|policy| policy.offer.clone())
            else {
                continue;
            };
            // Two addresses of one host that offer the same need one answer, not two.
            if judged.iter().any(|(_, seen)| same_lists(seen, &offer)) {
                continue;
            }
            judged.push((server, offer));
            for client in 0..client_count {
                self.judge(&mut report, client, server, &context);
            }
        }
        Ok(report)
    }

    /// What a client of this user sees of an SSH target, the way to it, and what is wrong with the host keys known for it.
    pub(crate) fn ssh_context(
        &self,
        target: &Target,
        report: &mut Report,
    ) -> Result<(Context, ClientSettings, Vec<shakedown_model::Evidence>), Error> {
        let mut context = self.client_context(target);
        let settings = self.route_settings(target, &context, report)?;
        context.host = Some(settings.host_name.clone().unwrap_or_else(|| target.host.clone()));
        context.port = Some(settings.port);
        context.strict_host_keys = Some(settings.strict_host_key_checking == StrictHostKeyChecking::Yes);
        context.user = context.user.or_else(|| settings.user.clone());
        let seen = self.known_hosts(&settings, &mut context, &mut report.notes);
        Ok((context, settings, seen))
    }

    /// Runs the protocol's rules on two parties.
    ///
    /// # Errors
    /// A party cannot be read, or the two do not speak the same protocol.
    pub async fn negotiate(&self, client: &str, server: &str) -> Result<Report, Error> {
        let mut report = self.report("negotiate");
        let server_target: Option<Target> = server.contains("://").then(|| server.parse()).transpose()?;
        let mut context = match &server_target {
            Some(target) => self.client_context(target),
            None => self.own_context(),
        };
        if let Some(host) = &self.options.host {
            context.target = Some(host.clone());
        }
        // A TLS server's files say what each name is served with.
        let named = self.options.server_name.as_ref().filter(|name| *name != "none").or(self.options.host.as_ref());
        let server_name = named.or(self.options.context.server_name.as_ref()).cloned();
        context.server_name.clone_from(&server_name);
        let server_context = Context { server_name, ..self.options.context.clone() };
        // Boxed: a future within a future takes its place on the stack.
        let (clients, servers);
        if client == LOCAL {
            // Which client of this machine it is, the server's protocol says.
            servers = Box::pin(self.resolve(server, Role::Server, &server_context)).await?;
            let of_target = server_target.map(|target| target.protocol);
            let protocol = of_target.or_else(|| servers.parties.first().map(shakedown_model::Party::protocol));
            clients = Box::pin(self.client_of(client, protocol.unwrap_or(Protocol::Ssh), &context)).await?;
        } else {
            clients = Box::pin(self.resolve(client, Role::Client, &context)).await?;
            servers = Box::pin(self.resolve(server, Role::Server, &server_context)).await?;
        }
        let client_count = clients.parties.len();
        report.connections = clients.connections + servers.connections;
        report.evidence = clients.evidence;
        report.evidence.extend(servers.evidence);
        report.parties = clients.parties;
        report.parties.extend(servers.parties);
        if client_count == 0 || report.parties.len() == client_count {
            let protocol = report.parties.first().map_or(Protocol::Ssh, shakedown_model::Party::protocol);
            self.judge_evidence(&mut report, (client_count > 0).then_some(0), &context, protocol);
        }
        // Of files with many connections those pairs count that are set up for each other, if there are any.
        let (clients, servers): (Vec<_>, Vec<_>) =
            (report.parties.iter().take(client_count).collect(), report.parties.iter().skip(client_count).collect());
        for (client, server) in shakedown_negotiate::meetings(&clients, &servers) {
            self.judge(&mut report, client, client_count + server, &context);
        }
        self.mend_keys(&mut report);
        Ok(report)
    }

    /// All that a party offers, in order. A party that could have both roles gives both, unless the options name one.
    ///
    /// # Errors
    /// The party cannot be read.
    pub async fn offer(&self, party: &str) -> Result<Report, Error> {
        let mut report = self.report("offer");
        let mut context = self.own_context();
        context.target = self.options.host.clone();
        let roles: &[Role] = match self.options.side {
            Some(Role::Client) => &[Role::Client],
            Some(Role::Server) => &[Role::Server],
            None => self.roles_of(party),
        };
        let mut first_error = None;
        for &role in roles {
            match self.resolve(party, role, &context).await {
                Ok(gathered) => {
                    report.connections += gathered.connections;
                    report.parties.extend(gathered.parties);
                    report.evidence.extend(gathered.evidence);
                }
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        if let (true, true, Some(error)) = (report.parties.is_empty(), report.evidence.is_empty(), first_error) {
            return Err(error);
        }
        if !report.evidence.is_empty() {
            let target = party.contains("://").then(|| party.parse::<Target>().ok()).flatten();
            let of_target = target.map(|target| target.protocol);
            let protocol = of_target.or_else(|| report.parties.first().map(shakedown_model::Party::protocol));
            self.judge_evidence(&mut report, None, &context, protocol.unwrap_or(Protocol::Ssh));
        }
        Ok(report)
    }

    /// The roles in which a text is tried as a party when nothing says which.
    fn roles_of(&self, party: &str) -> &'static [Role] {
        if party.contains("://") {
            return &[Role::Server];
        }
        if party == LOCAL {
            return &[Role::Client];
        }
        let file = party.rsplit('/').next().unwrap_or(party);
        if file.contains("sshd") {
            &[Role::Server]
        } else if file.contains("ssh_config") || file == "config" || party.contains("/.ssh/") {
            &[Role::Client]
        } else {
            &[Role::Client, Role::Server]
        }
    }

    /// What a client of this user sees before a target is named.
    fn own_context(&self) -> Context {
        let mut context = self.options.context.clone();
        context.local_user = context.local_user.or_else(crate::local::user_name);
        // `--context host=` is what a server's `Match host` sees, not this client's `HostName`.
        context.host = None;
        context
    }

    /// What a client's configuration sees of this target.
    pub(crate) fn client_context(&self, target: &Target) -> Context {
        let mut context = self.own_context();
        context.target = Some(self.options.host.clone().unwrap_or_else(|| target.host.clone()));
        context.user = target.user.clone().or(context.user);
        context.port = target.port;
        context
    }

    /// How this user's own configuration reaches the target.
    pub(crate) fn route_settings(
        &self,
        target: &Target,
        context: &Context,
        report: &mut Report,
    ) -> Result<ClientSettings, Error> {
        let software = self.newest_openssh(Role::Client)?;
        let spec = self.own_configuration(software, context);
        let settings = openssh::client_settings(&self.own_files(), &spec, &self.catalog)
            .map_err(|source| Error::Configuration { party: target.host.clone(), source })?;
        if !settings.proxy_jump.is_empty() || settings.proxy_command.is_some() {
            report.notes.push("the connection goes the way of your ssh configuration".to_owned());
        }
        Ok(settings)
    }

    /// Puts into the context what this user's known_hosts files hold of the target; returns what is wrong with them.
    fn known_hosts(
        &self,
        settings: &ClientSettings,
        context: &mut Context,
        notes: &mut Vec<String>,
    ) -> Vec<shakedown_model::Evidence> {
        let files = self.own_files();
        let found = known_hosts::lookup_for(&files, settings);
        context.known_hosts = found.keys;
        context.other_known_hosts = crate::known_hosts::accepted_without_port(found.without_port);
        if let Some(path) = &settings.revoked_host_keys {
            // A file that cannot be read makes ssh refuse every key; the reading of the configuration reports that.
            let revoked = known_hosts::revoked(&files, path).unwrap_or_default();
            context.other_known_hosts.extend(revoked.keys);
            if revoked.others > 0 {
                notes.push(format!(
                    "{} entries of `{path}` are not compared: keys by their SHA-1 hash, certificates by number or name; \
                     `ssh-keygen -Q -f {path} KEY` does it",
                    revoked.others
                ));
            }
        }
        found.evidence
    }

    /// Probes a target that was named as a party.
    pub(crate) async fn probe_for(&self, target: &Target, named: &str, wanted: Wanted) -> Result<Gathering, Error> {
        if target.protocol == Protocol::Tls {
            return self.map_tls(target, named).await;
        }
        if target.protocol == Protocol::Ike {
            return Ok(self.map_ike(target, named).await);
        }
        let mut report = self.report("offer");
        let settings = self.route_settings(target, &self.client_context(target), &mut report)?;
        Ok(self.probe_ssh(self.way(&settings, target), named, wanted).await)
    }

    /// The target, and the way that the configuration takes to it.
    pub(crate) fn way(&self, settings: &ClientSettings, target: &Target) -> Way {
        let host = settings.host_name.clone().unwrap_or_else(|| target.host.clone());
        let port = target.port.unwrap_or(settings.port);
        let family = match (self.options.family, settings.address_family) {
            (Family::V4, _) | (Family::Any, AddressFamily::Inet) => probe::Family::V4,
            (Family::V6, _) | (Family::Any, AddressFamily::Inet6) => probe::Family::V6,
            (Family::Any, AddressFamily::Any) => probe::Family::Any,
        };
        let route = self.route(settings, &host, port);
        Way { target: probe::SshTarget { host, port, addresses: self.options.addresses(port), route }, family }
    }

    /// Probes an address without asking the user's configuration for the way.
    pub(crate) async fn probe_direct(&self, address: std::net::SocketAddr, wanted: Wanted) -> Gathering {
        let way = Way { target: probe::SshTarget::at(address), family: probe::Family::Any };
        self.probe_ssh(way, &address.to_string(), wanted).await
    }

    pub(crate) async fn probe_ssh(&self, way: Way, named: &str, wanted: Wanted) -> Gathering {
        let mut options = probe::Options::default();
        options.timeout = self.options.timeout;
        options.family = way.family;
        options.want = match wanted {
            Wanted::Offer => probe::Want { host_keys: probe::HostKeys::All, gex_sizes: true },
            Wanted::Check { kex, host_key } => {
                probe::Want { host_keys: probe::HostKeys::One { kex, host_key }, gex_sizes: false }
            }
            Wanted::As(offer) => probe::Want { host_keys: probe::HostKeys::As(offer), gex_sizes: false },
        };
        options.progress = self.steps();
        let probed = probe::ssh(&way.target, &options).await;
        let mut gathering = Gathering {
            parties: probed.gathered.parties,
            evidence: probed.gathered.evidence,
            connections: probed.connections,
        };
        for party in &mut gathering.parties {
            if let shakedown_model::PartySource::Live { address } = &party.source {
                party.label =
                    if named.contains(address.as_str()) { named.to_owned() } else { format!("{named} ({address})") };
            }
            self.enrich(party);
        }
        gathering
    }

    /// The way to the target: direct, or through the user's own `ssh -W` or proxy command.
    fn route(&self, settings: &ClientSettings, host: &str, port: u16) -> probe::Route {
        let direct = || {
            let bound = settings.bind_address.as_deref().and_then(|address| address.parse().ok());
            probe::Route::Direct { source: self.options.source.or(bound) }
        };
        if !self.options.connect.is_empty() {
            return direct();
        }
        if let Some(command) = &settings.proxy_command {
            let argv = vec!["/bin/sh".to_owned(), "-c".to_owned(), format!("exec {command}")];
            return probe::Route::Command { argv, hop: HopRef::Proxy(program_of(command)) };
        }
        let Some((last, before)) = settings.proxy_jump.split_last() else { return direct() };
        let mut argv = vec!["ssh".to_owned(), "-o".to_owned(), "BatchMode=yes".to_owned()];
        if let Some(path) = &self.options.ssh_config {
            // As ssh does for its own jump hosts.
            argv.extend(["-F".to_owned(), path.display().to_string()]);
        }
        if !before.is_empty() {
            let before: Vec<String> = before.iter().map(jump_text).collect();
            argv.extend(["-J".to_owned(), before.join(",")]);
        }
        if let Some(port) = last.port {
            argv.extend(["-p".to_owned(), port.to_string()]);
        }
        if let Some(user) = &last.user {
            argv.extend(["-l".to_owned(), user.clone()]);
        }
        argv.extend(["-W".to_owned(), format!("{}:{port}", bracketed(host)), "--".to_owned(), last.host.clone()]);
        probe::Route::Command { argv, hop: HopRef::JumpHost(last.host.clone()) }
    }
}

/// A target with the way to it.
pub(crate) struct Way {
    pub(crate) target: probe::SshTarget,
    pub(crate) family: probe::Family,
}

fn jump_text(jump: &openssh::Jump) -> String {
    let user = jump.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
    let port = jump.port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{user}{}{port}", bracketed(&jump.host))
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

pub(crate) fn describe(step: &probe::Progress) -> String {
    match step {
        probe::Progress::Resolving { host } => format!("resolving {host}"),
        probe::Progress::Connecting { address, connection, purpose } => {
            format!("connection {connection} to {address}: {purpose}")
        }
        probe::Progress::Offer { address } => format!("offer of {address} read"),
        probe::Progress::HostKey { address, key_type } => format!("{key_type} host key of {address} read"),
    }
}

/// The first word of a command line, to name the hop by.
fn program_of(command: &str) -> String {
    let word = command.split_whitespace().next().unwrap_or(command);
    word.rsplit('/').next().unwrap_or(word).to_owned()
}

fn same_lists(a: &shakedown_model::ssh::SshOffer, b: &shakedown_model::ssh::SshOffer) -> bool {
    let names = |offer: &shakedown_model::ssh::SshOffer, slot| {
        offer.list(slot).accepted().map(|list| shakedown_model::names(list))
    };
    a.identification == b.identification && Slot::SSH.into_iter().all(|slot| names(a, slot) == names(b, slot))
}
