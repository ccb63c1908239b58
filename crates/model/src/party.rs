use std::sync::Arc;

use crate::{Context, Evidence, Protocol, Role, Software, SourceFile, ike, ssh, tls};

/// One end of a connection: who it is, and all that it would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// How the person named it, or how it was found: `openssh@9.2p1/debian-12:/etc/ssh/sshd_config`, `db01:22`.
    pub label: String,
    /// Which end it is.
    pub role: Role,
    /// What it runs, where that is known.
    pub software: Option<Software>,
    /// How it was found.
    pub source: PartySource,
    /// All that it would accept and how it chooses.
    pub policy: Policy,
    /// The configuration that it was read from, so that a fix can edit it.
    pub configuration: Option<Configuration>,
    /// What a reader has to know about how this party was made up: a version resolved to an older row, an assumed
    /// host key. Each is one sentence in lower case.
    pub notes: Vec<String>,
}

impl Party {
    /// The protocol that it speaks.
    pub fn protocol(&self) -> Protocol {
        match self.policy {
            Policy::Ssh(_) => Protocol::Ssh,
            Policy::Ike(_) => Protocol::Ike,
            Policy::Tls(_) => Protocol::Tls,
        }
    }

    /// The SSH policy, where it speaks SSH.
    pub fn ssh(&self) -> Option<&ssh::SshPolicy> {
        match &self.policy {
            Policy::Ssh(policy) => Some(policy),
            Policy::Ike(_) | Policy::Tls(_) => None,
        }
    }

    /// The SSH policy, to change it.
    pub fn ssh_mut(&mut self) -> Option<&mut ssh::SshPolicy> {
        match &mut self.policy {
            Policy::Ssh(policy) => Some(policy),
            Policy::Ike(_) | Policy::Tls(_) => None,
        }
    }

    /// The IKE policy, where it speaks IKE.
    pub fn ike(&self) -> Option<&ike::IkePolicy> {
        match &self.policy {
            Policy::Ike(policy) => Some(policy),
            Policy::Ssh(_) | Policy::Tls(_) => None,
        }
    }

    /// The TLS policy, where it speaks TLS.
    pub fn tls(&self) -> Option<&tls::TlsPolicy> {
        match &self.policy {
            Policy::Tls(policy) => Some(policy),
            Policy::Ssh(_) | Policy::Ike(_) => None,
        }
    }

    /// The TLS policy, to change it.
    pub fn tls_mut(&mut self) -> Option<&mut tls::TlsPolicy> {
        match &mut self.policy {
            Policy::Tls(policy) => Some(policy),
            Policy::Ssh(_) | Policy::Ike(_) => None,
        }
    }
}

/// How a party was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartySource {
    /// Probed at this address (`127.0.0.1:22`).
    Live {
        /// The address and port.
        address: String,
    },
    /// The program installed on this machine.
    Local {
        /// The program that was asked, such as `ssh -G`.
        program: String,
    },
    /// A configuration file over catalog defaults.
    Configuration,
    /// The catalog alone.
    Catalog,
    /// A named policy.
    NamedPolicy {
        /// Its name.
        name: String,
    },
    /// An offer that was recorded or written as JSON.
    Offer {
        /// The file it was read from.
        path: String,
    },
}

/// All that a party would accept and how it chooses, per protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// SSH.
    Ssh(Box<ssh::SshPolicy>),
    /// IKE.
    Ike(Box<ike::IkePolicy>),
    /// TLS.
    Tls(Box<tls::TlsPolicy>),
}

impl Policy {
    /// The opening that the party makes in this context: an SSH client's KEXINIT depends on the host keys it knows and on
    /// the peer's identification string.
    pub fn open(&self, role: Role, context: &Context) -> Offer {
        match self {
            Self::Ssh(policy) => Offer::Ssh(Box::new(policy.open(role, context))),
            Self::Ike(policy) => Offer::Ike(Box::new(policy.open())),
            Self::Tls(policy) => Offer::Tls(Box::new(policy.open(role, context))),
        }
    }
}

/// One concrete opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// A KEXINIT and what goes with it.
    Ssh(Box<ssh::SshOffer>),
    /// IKE proposals with the guessed group.
    Ike(Box<ike::IkeOffer>),
    /// A ClientHello, or what a server would answer it from.
    Tls(Box<tls::TlsOffer>),
}

/// The files that a party was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Which program's configuration it is.
    pub kind: ConfigurationKind,
    /// The files, the main one first, then included ones in the order of reading.
    pub files: Vec<Arc<SourceFile>>,
    /// The context that `Host` and `Match` were decided for.
    pub context: Box<Context>,
    /// The certificates that the files name, by their paths as the program reads them.
    pub certificates: Vec<(String, crate::tls::Certificate)>,
    /// The files of the certificates with those of their keys.
    pub key_pairs: Vec<KeyPair>,
    /// The file with the parameters of DHE, by its whole path.
    pub dh_parameters: Option<String>,
    /// The file with the revocation lists that peers' certificates are looked up in.
    pub revocation_lists: Option<NamedFile>,
}

/// A file that a configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// Its whole path.
    pub path: String,
    /// Where it is named.
    pub origin: crate::Origin,
}

/// The files of a certificate, by their whole paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    /// The certificate, often with its chain behind it.
    pub certificate: String,
    /// Its private key; the file of the certificate itself where it has none of its own.
    pub key: String,
    /// A file with more of the chain.
    pub chain: Option<String>,
}

/// Which program's configuration it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConfigurationKind {
    /// OpenSSH client, `ssh_config`.
    SshConfig,
    /// OpenSSH server, `sshd_config`.
    SshdConfig,
    /// `openssl.cnf`.
    OpenSslCnf,
    /// `nginx.conf`.
    Nginx,
    /// Apache httpd, `httpd.conf` or Debian's `apache2.conf`.
    Apache,
    /// `haproxy.cfg`.
    Haproxy,
    /// Postfix, `main.cf` with the `master.cf` beside it.
    Postfix,
    /// `dovecot.conf`.
    Dovecot,
    /// `stunnel.conf`.
    Stunnel,
    /// `postgresql.conf`.
    PostgreSql,
    /// A configuration of OpenVPN, whatever its name.
    OpenVpn,
    /// `lighttpd.conf`.
    Lighttpd,
    /// Java's `java.security`.
    JavaSecurity,
    /// A registry file with the settings of Schannel.
    SchannelRegistry,
    /// The ConfigMap of ingress-nginx.
    IngressNginx,
    /// A Caddyfile, or Caddy's JSON.
    Caddy,
    /// Traefik's dynamic configuration.
    Traefik,
    /// Envoy's bootstrap or resources, in YAML or JSON.
    Envoy,
    /// `swanctl.conf` of strongSwan.
    Swanctl,
    /// `ipsec.conf` of strongSwan or libreswan.
    IpsecConf,
    /// The text of a gateway of another vendor.
    Gateway(ike::Vendor),
}

impl ConfigurationKind {
    /// The name in JSON and messages: `ssh_config`, `sshd_config`, `openssl.cnf`, `nginx.conf`, `httpd.conf`...
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SshConfig => "ssh_config",
            Self::SshdConfig => "sshd_config",
            Self::OpenSslCnf => "openssl.cnf",
            Self::Nginx => "nginx.conf",
            Self::Apache => "httpd.conf",
            Self::Haproxy => "haproxy.cfg",
            Self::Postfix => "main.cf",
            Self::Dovecot => "dovecot.conf",
            Self::Stunnel => "stunnel.conf",
            Self::PostgreSql => "postgresql.conf",
            Self::OpenVpn => "openvpn.conf",
            Self::Lighttpd => "lighttpd.conf",
            Self::JavaSecurity => "java.security",
            Self::SchannelRegistry => "schannel.reg",
            Self::IngressNginx => "ingress-nginx ConfigMap",
            Self::Caddy => "Caddyfile",
            Self::Traefik => "traefik",
            Self::Envoy => "envoy",
            Self::Swanctl => "swanctl.conf",
            Self::IpsecConf => "ipsec.conf",
            Self::Gateway(vendor) => vendor.product(),
        }
    }
}

/// What a gatherer brings: parties, and what it saw on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// The parties, one for each address or configuration block.
    pub parties: Vec<Party>,
    /// What was seen.
    pub evidence: Vec<Evidence>,
}
