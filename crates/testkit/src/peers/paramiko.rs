use std::net::SocketAddr;

use super::script::{Script, ScriptSpec};
use crate::agreed::Agreed;

pub(crate) const SCRIPT: &str = include_str!("../../scripts/paramiko_peer.py");

/// A running server of paramiko.
#[derive(Debug)]
pub struct Paramiko(Script);

impl Paramiko {
    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.0.port()
    }

    /// 127.0.0.1 and its port.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        self.0.log()
    }

    /// What it agreed on in its last connection, once it has told the result of one.
    pub fn agreed(&self) -> Agreed {
        self.0.agreed()
    }
}

/// Starts a server of paramiko on loopback; `None` where it is not on this machine and need not be (see [`crate::require`]).
///
/// # Panics
/// Where it does not start, with what it printed.
pub fn paramiko_server(spec: &ScriptSpec) -> Option<Paramiko> {
    Script::start("paramiko", SCRIPT, spec).map(Paramiko)
}
