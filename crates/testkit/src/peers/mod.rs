//! Real servers on loopback, each a guard that stops it when dropped. They are ready when the constructor returns.

mod asyncssh;
mod dropbear;
mod libreswan;
mod namespaces;
mod paramiko;
mod script;
mod sshd;
mod strongswan;
mod tls;
mod tunnels;
mod tunnels_pluto;

pub use asyncssh::{Asyncssh, asyncssh_server};
pub use dropbear::{Dropbear, DropbearSpec, dropbear};
pub use libreswan::Libreswan;
pub use namespaces::OwnMachine;
pub use paramiko::{Paramiko, paramiko_server};
pub use script::ScriptSpec;
pub use sshd::{Sshd, SshdSpec, sshd};
pub use strongswan::{Strongswan, strongswan_conf};
pub use tls::{
    NginxSites, TlsServer, gnutls_serv, gnutls_serv_with, nginx, nginx_again, nginx_sites, nginx_with_workers,
    openssl_s_server,
};
pub use tunnels::Tunnels;
pub use tunnels_pluto::PlutoTunnels;

pub(crate) use asyncssh::SCRIPT as ASYNCSSH;
pub(crate) use paramiko::SCRIPT as PARAMIKO;

use std::time::Duration;

use crate::process::StartError;

/// How long a server may take to start, on a busy machine.
const START: Duration = Duration::from_secs(30);

/// How often a server is started again because something else took its port first.
const ATTEMPTS: usize = 5;

/// Starts a server on a port that was free just now, again where it was taken meanwhile.
pub(crate) fn on_free_port<T>(start: impl Fn(u16) -> Result<T, StartError>) -> Result<T, StartError> {
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let port = crate::process::free_port().map_err(StartError::Io)?;
        match start(port) {
            Err(StartError::NotReady(log)) if log.contains("Address already in use") => {
                last = Some(StartError::NotReady(log));
            }
            result => return result,
        }
    }
    Err(last.unwrap_or_else(|| StartError::NotReady("no free port".to_owned())))
}
