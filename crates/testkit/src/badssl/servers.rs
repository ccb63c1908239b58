//! How the real programs are run.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{NAME, Setup};
use crate::certificates::pem;
use crate::process::{Running, StartError};
use crate::program::require;

impl Setup {
    pub(super) fn gnutls(&self, folder: &Path, port: u16) -> Result<(SocketAddr, Option<Running>), StartError> {
        let program = require("gnutls-serv").ok_or_else(|| StartError::NotReady("no gnutls-serv".to_owned()))?;
        let mut command = Command::new(&program);
        command.args(["--http", "--port", &port.to_string(), "--priority", &self.arguments.join(":")]);
        command.arg("--x509certfile").arg(folder.join("full.pem")).arg("--x509keyfile").arg(folder.join("key.pem"));
        if self.dh.is_some() {
            command.arg("--dhparams").arg(folder.join("dh.pem"));
        }
        let process = Running::start(&mut command).map_err(StartError::Io)?;
        match process.wait_for(Duration::from_secs(30), |log| log.contains("done").then_some(())) {
            Some(()) => Ok(((Ipv4Addr::LOCALHOST, port).into(), Some(process))),
            None => Err(StartError::NotReady(process.log())),
        }
    }

    pub(super) fn openssl(&self, folder: &Path, port: u16) -> Result<(SocketAddr, Option<Running>), StartError> {
        let program = require("openssl").ok_or_else(|| StartError::NotReady("no openssl".to_owned()))?;
        let mut command = Command::new(&program);
        command.args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-www"]);
        command.arg("-cert").arg(folder.join("server.pem")).arg("-key").arg(folder.join("key.pem"));
        if !self.chain.is_empty() && !self.self_signed {
            command.arg("-cert_chain").arg(folder.join("chain.pem"));
        }
        if self.staple.is_some() {
            command.arg("-status_file").arg(folder.join("staple.der"));
        }
        if self.verifies_clients {
            command.args(["-Verify", "1", "-verify_return_error"]).arg("-CAfile").arg(folder.join("ca.pem"));
        }
        if self.dh.is_some() {
            command.arg("-dhparam").arg(folder.join("dh.pem"));
        }
        let process = Running::start(command.args(&self.arguments)).map_err(StartError::Io)?;
        let ready = process.wait_for(Duration::from_secs(30), |log| log.contains("ACCEPT").then_some(()));
        match ready {
            Some(()) => Ok(((Ipv4Addr::LOCALHOST, port).into(), Some(process))),
            None => Err(StartError::NotReady(process.log())),
        }
    }

    /// What the server staples: the answer of the intermediate authority, made by the real `openssl ocsp`. `state`: the
    /// first fields of the line in the authority's index.
    pub(super) fn write_staple(&self, folder: &Path, state: &str) -> Result<(), StartError> {
        let program = require("openssl").ok_or_else(|| StartError::NotReady("no openssl".to_owned()))?;
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).map_err(StartError::Io);
        write("index.txt", &format!("{state}\t{:X}\tunknown\t/CN={NAME}\n", self.server.serial))?;
        write("issuer.pem", &pem("CERTIFICATE", &self.letter('i')))?;
        write("issuer.key", &self.keys[1].pem())?;
        let mut command = Command::new(program);
        command.current_dir(folder).args([
            "ocsp",
            "-index",
            "index.txt",
            "-rsigner",
            "issuer.pem",
            "-rkey",
            "issuer.key",
        ]);
        command.args(["-CA", "issuer.pem", "-issuer", "issuer.pem", "-cert", "server.pem", "-ndays", "1", "-noverify"]);
        finished(command.args(["-respout", "staple.der"])).map_err(StartError::Io)
    }

    /// A site of the scenario's name; every other name, and none, is refused.
    pub(super) fn nginx(&self, folder: &Path, port: u16) -> Result<(SocketAddr, Option<Running>), StartError> {
        let program = require("nginx").ok_or_else(|| StartError::NotReady("no nginx".to_owned()))?;
        let (place, names) = (folder.display(), self.arguments.join(" "));
        let text = format!(
            "daemon off; master_process off; pid {place}/pid; error_log stderr notice;\nevents {{}}\nhttp {{ access_log \
             off; client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c; \
             uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;\n\
             server {{ listen 127.0.0.1:{port} ssl default_server; server_name _; ssl_reject_handshake on; }}\n\
             server {{ listen 127.0.0.1:{port} ssl; server_name {names}; ssl_certificate {place}/full.pem; \
             ssl_certificate_key {place}/key.pem; return 200; }} }}\n"
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, text).map_err(StartError::Io)?;
        let mut command = Command::new(program);
        command.arg("-p").arg(folder).arg("-c").arg(&file).args(["-e", "stderr"]);
        let process = Running::start(&mut command).map_err(StartError::Io)?;
        let ready = process.wait_for(Duration::from_secs(30), |log| log.contains("using the").then_some(()));
        match ready {
            Some(()) => Ok(((Ipv4Addr::LOCALHOST, port).into(), Some(process))),
            None => Err(StartError::NotReady(process.log())),
        }
    }
}

fn finished(command: &mut Command) -> io::Result<()> {
    let finished = crate::process::run(command, b"", Duration::from_secs(60))?;
    match finished.status.is_some_and(|status| status.success()) {
        true => Ok(()),
        false => Err(io::Error::other(finished.text())),
    }
}
