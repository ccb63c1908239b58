//! From settings to a TLS party: what the library makes of what a program sets in it, over what the system's file sets.

mod apache;
mod certificate;
mod choose;
mod context;
mod contexts;
mod diff;
mod edit;
mod haproxy;
mod ingress;
mod java;
mod key_files;
mod lighttpd;
mod lines;
mod mail;
mod nginx;
mod openssl;
mod program;
mod proxy;
mod schannel;
mod set;
mod set_bound;
mod set_in_list;
mod set_lines;

pub use self::edit::{
    CertificatePlace, Change, DhSource, Wanted, Words, certificate_places, dh_source, edit, with_edits, words,
};
pub use self::key_files::{KeyProblems, key_files};
pub use self::openssl::{commands, openssl};

use std::sync::Arc;

use shakedown_catalog::Catalog;
use shakedown_model::tls::TlsPolicy;
use shakedown_model::{
    ConfigurationKind, Context as Surroundings, Evidence, Gathered, Party, PartySource, Policy, Role, Software,
    SourceFile,
};

use self::choose::{Chosen, choose};
use self::program::{KeyFiles, Program, Source, party_of};
use crate::files::{Files, Unreadable};
use crate::tls::ServerSettings;

/// What to make a party of.
#[derive(Clone, Debug)]
pub struct Spec<'a> {
    /// The program with the layers below it.
    pub software: &'a Software,
    /// Its file.
    pub path: &'a str,
    /// The file of the OpenSSL below it; `None` leaves the library as it is built.
    pub openssl_cnf: Option<&'a str>,
    /// Which end it is.
    pub role: Role,
    /// The name and the address that the connection is for.
    pub context: &'a Surroundings,
}

/// Why there is no party.
#[derive(Debug, thiserror::Error)]
pub enum PartyError {
    /// A file could not be read.
    #[error(transparent)]
    File(#[from] Unreadable),
    /// Nothing in the file speaks TLS for this name and address.
    #[error("nothing in `{path}` speaks TLS for this name and address")]
    NoServer {
        /// The file.
        path: String,
    },
    /// The program is no TLS client, or no TLS server, by this kind of file.
    #[error("`{}` does not set up a TLS {role}", kind.as_str())]
    OtherRole {
        /// The kind of file.
        kind: ConfigurationKind,
        /// The role that was asked for.
        role: Role,
    },
    /// What the version offers by itself is not known.
    #[error(transparent)]
    Catalog(#[from] shakedown_catalog::CatalogError),
    /// The library below the program is one that is not known here.
    #[error("what OpenSSL {version} makes of settings is not known here")]
    UnknownLibrary {
        /// Its version.
        version: String,
    },
}

/// Which kind of file configures a product, by its id in the catalog. `None` where none of its files can be made a party of.
pub fn kind_of(product: &str) -> Option<ConfigurationKind> {
    Some(match product {
        "openssl" => ConfigurationKind::OpenSslCnf,
        "nginx" | "nginx-proxy" => ConfigurationKind::Nginx,
        "apache-httpd" => ConfigurationKind::Apache,
        "haproxy" => ConfigurationKind::Haproxy,
        "postfix" => ConfigurationKind::Postfix,
        "dovecot" => ConfigurationKind::Dovecot,
        "stunnel" => ConfigurationKind::Stunnel,
        "postgresql" => ConfigurationKind::PostgreSql,
        "openvpn" => ConfigurationKind::OpenVpn,
        "lighttpd" => ConfigurationKind::Lighttpd,
        "java-jsse" => ConfigurationKind::JavaSecurity,
        "caddy" => ConfigurationKind::Caddy,
        "traefik" => ConfigurationKind::Traefik,
        "envoy" => ConfigurationKind::Envoy,
        "schannel" => ConfigurationKind::SchannelRegistry,
        _ => return None,
    })
}

/// The parties of a file of this kind: one, or where several servers in it fit the context, one of each.
///
/// # Errors
/// The file cannot be read, nothing in it speaks TLS in that role, or the library is not known.
pub fn gather(
    files: &dyn Files,
    kind: ConfigurationKind,
    spec: &Spec<'_>,
    catalog: &Catalog,
) -> Result<Gathered, PartyError> {
    gather_from(&Source { files, keys: &KeyFiles(files) }, kind, spec, catalog)
}

fn gather_from(
    source: &Source<'_>,
    kind: ConfigurationKind,
    spec: &Spec<'_>,
    catalog: &Catalog,
) -> Result<Gathered, PartyError> {
    match kind {
        ConfigurationKind::OpenSslCnf => openssl(source.files, spec, catalog),
        ConfigurationKind::Nginx => nginx::nginx(source, spec, catalog),
        ConfigurationKind::Apache => apache::apache(source, spec, catalog),
        ConfigurationKind::Haproxy => haproxy::haproxy(source, spec, catalog),
        ConfigurationKind::Postfix => mail::postfix(source, spec, catalog),
        ConfigurationKind::Dovecot => mail::dovecot(source, spec, catalog),
        ConfigurationKind::Stunnel => lines::stunnel(source, spec, catalog),
        ConfigurationKind::PostgreSql => lines::postgresql(source, spec, catalog),
        ConfigurationKind::OpenVpn => lines::openvpn(source, spec, catalog),
        ConfigurationKind::Lighttpd => lighttpd::lighttpd(source, spec, catalog),
        ConfigurationKind::JavaSecurity => java::java_security(source, spec, catalog),
        ConfigurationKind::SchannelRegistry => schannel::schannel(source, spec, catalog),
        kind @ (ConfigurationKind::Caddy | ConfigurationKind::Traefik | ConfigurationKind::Envoy) => {
            proxy::proxy(source, kind, spec, catalog)
        }
        kind => Err(PartyError::OtherRole { kind, role: spec.role }),
    }
}

/// A party of each server that fits.
fn several<'a>(
    source: &Source<'_>,
    spec: &Spec<'_>,
    catalog: &Catalog,
    servers: &'a [ServerSettings],
    problems: &[Evidence],
    program: impl for<'c> Fn(&'c Chosen<'a>) -> Program<'c>,
) -> Result<Gathered, PartyError> {
    let mut gathered = Gathered::default();
    for chosen in choose(servers, spec.role, spec.context) {
        let (mut party, evidence) = party_of(source, spec, catalog, program(&chosen))?;
        if chosen.one_of {
            party.label = format!("{}#{}", party.label, chosen.server.label);
        }
        gathered.parties.push(party);
        gathered.evidence.extend(evidence);
    }
    if gathered.parties.is_empty() {
        return Err(PartyError::NoServer { path: spec.path.to_owned() });
    }
    gathered.evidence.extend(problems.iter().cloned());
    Ok(gathered)
}

fn party(spec: &Spec<'_>, kind: ConfigurationKind, files: &[Arc<SourceFile>], policy: TlsPolicy) -> Party {
    Party {
        label: format!("{}:{}", spec.software, spec.path),
        role: spec.role,
        software: Some(spec.software.clone()),
        source: PartySource::Configuration,
        policy: Policy::Tls(Box::new(policy)),
        configuration: Some(shakedown_model::Configuration {
            kind,
            files: files.to_vec(),
            context: Box::new(spec.context.clone()),
            certificates: Vec::new(),
            key_pairs: Vec::new(),
            dh_parameters: None,
            revocation_lists: None,
        }),
        notes: Vec::new(),
    }
}
