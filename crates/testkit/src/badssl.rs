//! The servers of badssl.com, and those that it lacks, on loopback: each with one fault, run by the real `openssl
//! s_server`, `gnutls-serv` or nginx, or by what `scripted` plays where none of them can make the fault.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use crate::certificates::{CertificateKey, CertificateSpec, pem, purpose};
use crate::process::{Running, StartError};
use crate::program::require;

mod cases;
mod dh;
mod scripted;
mod servers;

pub use cases::{CERTIFICATES, EXCHANGES, MISSING, SUITES};
use scripted::{Habit, Identity};

/// The name that most scenarios' servers have, and that their clients ask for.
pub const NAME: &str = "www.example.org";

/// A server with one fault, or with none.
pub struct Scenario {
    /// Its name at badssl.com, or what it is about.
    pub name: &'static str,
    /// The name that the client is told.
    pub host: &'static str,
    /// The name that it sends, where that is another one; `none` for none.
    pub server_name: Option<&'static str>,
    /// The client, as a party of the catalog.
    pub client: &'static str,
    /// Whether the client has a certificate, of the authority that the server trusts.
    pub has_certificate: bool,
    /// The cause to be found; `None` where the connection works and nothing is wrong.
    pub cause: Option<&'static str>,
    /// The side at fault.
    pub side: &'static str,
    /// The client's clock, as seconds since 1970, where it is wrong.
    pub clock: Option<i64>,
    /// A part of what has to be said beside the cause, of a fault that stops no client of this kind.
    pub says: Option<&'static str>,
    build: fn(&mut Setup),
}

/// A scenario's server, which ends when this is dropped.
pub struct Started {
    /// Where it listens.
    pub address: SocketAddr,
    /// The file with the root that the client trusts.
    pub ca_file: PathBuf,
    /// The files with the client's certificate and its key, where it has one.
    pub identity: Option<(PathBuf, PathBuf)>,
    _process: Option<Running>,
    _folder: TempDir,
}

/// What a server shows, and how it is run.
struct Setup {
    root: CertificateSpec,
    intermediate: CertificateSpec,
    server: CertificateSpec,
    keys: [CertificateKey; 3],
    /// Which certificates are sent behind the server's own, by the letters of [`Setup::letter`].
    chain: &'static str,
    self_signed: bool,
    root_is_trusted: bool,
    arguments: Vec<&'static str>,
    /// Parameters for DHE, in PEM.
    dh: Option<&'static str>,
    staple: Option<&'static str>,
    verifies_clients: bool,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    OpenSsl,
    GnuTls,
    /// nginx with a site of the names in the arguments; every other name, and none, is refused.
    Nginx,
    Scripted(Habit),
}

const DAY: i64 = 86_400;

impl Scenario {
    /// Starts its server; `None` where the program is missing and need not be there.
    ///
    /// # Panics
    /// Where the server does not start.
    pub fn start(&self) -> Option<Started> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64);
        let mut setup = Setup {
            root: CertificateSpec::authority("Example Root", now),
            intermediate: CertificateSpec::authority("Example Intermediate", now),
            server: CertificateSpec::server(NAME, now),
            keys: [CertificateKey::p256(), CertificateKey::p256(), CertificateKey::p256()],
            chain: "i",
            self_signed: false,
            root_is_trusted: true,
            arguments: Vec::new(),
            dh: None,
            staple: None,
            verifies_clients: false,
            kind: Kind::OpenSsl,
        };
        (self.build)(&mut setup);
        let needed: &[&str] = match setup.kind {
            Kind::OpenSsl => &["openssl"],
            Kind::GnuTls => &["openssl", "gnutls-serv"],
            Kind::Nginx => &["nginx"],
            Kind::Scripted(_) => &[],
        };
        for program in needed {
            require(program)?;
        }
        let folder = tempfile::tempdir().expect("a folder");
        match setup.run(folder.path()) {
            Ok((address, process)) => {
                let path = |name: &str| folder.path().join(name);
                let identity = self.has_certificate.then(|| (path("client.pem"), path("client.key")));
                Some(Started { address, ca_file: path("ca.pem"), identity, _process: process, _folder: folder })
            }
            Err(StartError::Io(error)) => panic!("{}: {error}", self.name),
            Err(StartError::NotReady(log)) => panic!("{} did not start:\n{log}", self.name),
        }
    }
}

impl Setup {
    fn letter(&self, letter: char) -> Vec<u8> {
        let [root, intermediate, _] = &self.keys;
        match letter {
            'r' => self.root.self_signed(root),
            _ => self.intermediate.signed(intermediate, &self.root.signer(root)),
        }
    }

    fn run(&self, folder: &Path) -> Result<(SocketAddr, Option<Running>), StartError> {
        let [_, intermediate, key] = &self.keys;
        let own = match self.self_signed {
            true => self.server.self_signed(key),
            false => self.server.signed(key, &self.intermediate.signer(intermediate)),
        };
        let chain = if self.self_signed { "" } else { self.chain };
        let chain: Vec<Vec<u8>> = chain.chars().map(|letter| self.letter(letter)).collect();
        let other = CertificateSpec::authority("Other Root", self.root.not_before + DAY);
        let trusted = match self.root_is_trusted {
            true => self.letter('r'),
            false => other.self_signed(&CertificateKey::p256()),
        };
        let text = |list: &[Vec<u8>]| list.iter().map(|one| pem("CERTIFICATE", one)).collect::<String>();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).map_err(StartError::Io);
        write("ca.pem", &pem("CERTIFICATE", &trusted))?;
        write("server.pem", &pem("CERTIFICATE", &own))?;
        write("chain.pem", &text(&chain))?;
        write("key.pem", &key.pem())?;
        let client_key = CertificateKey::p256();
        let mut client = CertificateSpec::server("client", self.root.not_before + 366 * DAY);
        client.purposes = Some(vec![purpose::CLIENT]);
        write("client.pem", &pem("CERTIFICATE", &client.signed(&client_key, &self.root.signer(&self.keys[0]))))?;
        write("client.key", &client_key.pem())?;
        let whole = [vec![own], chain].concat();
        write("full.pem", &text(&whole))?;
        if let Some(group) = self.dh {
            write("dh.pem", group)?;
        }
        if let Some(state) = self.staple {
            self.write_staple(folder, state)?;
        }
        match self.kind {
            Kind::OpenSsl => crate::peers::on_free_port(|port| self.openssl(folder, port)),
            Kind::GnuTls => crate::peers::on_free_port(|port| self.gnutls(folder, port)),
            Kind::Nginx => crate::peers::on_free_port(|port| self.nginx(folder, port)),
            Kind::Scripted(habit) => {
                let identity = Identity { chain: whole, pkcs8: key.pkcs8().to_vec() };
                scripted::serve(habit, identity).map(|address| (address, None)).map_err(StartError::Io)
            }
        }
    }
}
