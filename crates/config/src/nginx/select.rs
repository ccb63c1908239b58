//! Which `server` block a connection meets, and whose settings.

use std::net::IpAddr;

use super::listen::{Fit, fit};
use super::read::Reading;
use crate::tls::{Listen, ServerSettings};

/// One address and port, with the blocks that listen there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The address and port; `tls`, `quic` and `proxy_protocol` as any of the blocks says.
    pub listen: Listen,
    /// The default block, as its place in [`Reading::servers`].
    pub default: usize,
    /// All blocks, in the order of the files.
    pub servers: Vec<usize>,
    /// Whether it belongs to `http`, where names tell blocks apart; those of `stream` and `mail` have one block each.
    pub http: bool,
}

/// What a connection meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The settings as they come together.
    pub settings: ServerSettings,
    /// The default block of the address and port.
    pub default: usize,
    /// The block that the name leads to; the default one where it leads nowhere.
    pub server: usize,
    /// Why another block could be meant, where that cannot be said here.
    pub undecided: Option<String>,
}

impl Reading {
    /// The addresses and ports, in the order of the files.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The endpoint that a connection to this address comes to: the one of the very address, else the one of all addresses.
    /// Without an address, the first one with the port that speaks TLS.
    pub fn endpoint(&self, address: Option<IpAddr>, port: Option<u16>) -> Option<&Endpoint> {
        let fits = |endpoint: &&Endpoint| {
            endpoint.listen.tls && port.is_none_or(|port| port == endpoint.listen.port) && endpoint.listen.port != 0
        };
        let mut found = self.endpoints.iter().filter(fits);
        let Some(address) = address else { return found.next() };
        let all: Vec<&Endpoint> = found.collect();
        let exact = all.iter().find(|endpoint| endpoint.listen.address == Some(address));
        let wide = || {
            all.iter().find(|endpoint| match endpoint.listen.address {
                None => endpoint.listen.name.is_none(),
                Some(any) => any.is_unspecified() && (any.is_ipv4() == address.is_ipv4()),
            })
        };
        exact.or_else(wide).copied()
    }

    /// What a connection to this address with this server name (SNI) meets. `None` where nothing here speaks TLS there.
    ///
    /// Versions and groups are those of the default block: OpenSSL has settled them before nginx learns the name. Since
    /// nginx 1.29.2 the versions are those of the block of the name. Ciphers, order, certificates, the question for a client
    /// certificate and the refusal of the handshake are always those of the block of the name.
    pub fn select(&self, address: Option<IpAddr>, port: Option<u16>, name: Option<&str>) -> Option<Selection> {
        let endpoint = self.endpoint(address, port)?;
        let (server, undecided) = match name {
            Some(name) if endpoint.http => self.named(endpoint, name),
            _ => (None, None),
        };
        let server = server.unwrap_or(endpoint.default);
        let default = self.servers.get(endpoint.default)?;
        let mut settings = self.servers.get(server)?.clone();
        // Without a certificate of its own a block leaves the default one's context in place.
        if server != endpoint.default && settings.certificates.is_empty() && settings.reject_handshake.is_none() {
            let (names, label, block) = (settings.names, settings.label, settings.block);
            settings = ServerSettings { names, label, block, ..default.clone() };
        }
        // A certificate that it has from the level above is never shown.
        if settings.reject_handshake.is_some() {
            settings.certificates.clear();
        }
        if !self.names_before_versions {
            settings.settings.protocols.clone_from(&default.settings.protocols);
        }
        settings.settings.min_protocol.clone_from(&default.settings.min_protocol);
        settings.settings.max_protocol.clone_from(&default.settings.max_protocol);
        settings.settings.groups.clone_from(&default.settings.groups);
        Some(Selection { settings, default: endpoint.default, server, undecided })
    }

    fn named(&self, endpoint: &Endpoint, name: &str) -> (Option<usize>, Option<String>) {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let mut best: Option<(Fit, usize)> = None;
        let mut undecided = None;
        for &index in &endpoint.servers {
            for pattern in self.servers.get(index).into_iter().flat_map(|server| &server.names) {
                match fit(pattern.as_str(), &name) {
                    Some(Some(fit)) if best.is_none_or(|(best, _)| fit < best) => best = Some((fit, index)),
                    Some(_) => {}
                    None => {
                        undecided.get_or_insert_with(|| {
                            format!("whether `server_name {}` fits cannot be said here", pattern.as_str())
                        });
                    }
                }
            }
        }
        // What is better than an expression does not depend on one.
        let settled = best.is_some_and(|(fit, _)| fit < Fit::Expression);
        (best.map(|(_, index)| index), undecided.filter(|_| !settled))
    }
}
