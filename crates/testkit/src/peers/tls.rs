use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{START, on_free_port};
use crate::process::{Running, StartError};
use crate::program::require;

/// A TLS server that ends when this is dropped. It trusts no file of this machine's: OpenSSL's own configuration is not
/// read.
#[derive(Debug)]
pub struct TlsServer {
    process: Running,
    folder: TempDir,
    port: u16,
}

impl TlsServer {
    /// 127.0.0.1 and its port.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Waits until `find` makes something of what it has printed; `None` where nothing comes of it in time.
    pub fn wait_for<T>(&self, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.process.wait_for(START, find)
    }

    /// The folder with its certificates, `KIND.pem` and `KIND.key`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Makes a self-signed certificate for `test.example` in this folder.
///
/// # Errors
/// `openssl` fails; its words are in the error.
fn certificate(folder: &Path, kind: &str) -> Result<(), StartError> {
    let key: &[&str] = match kind {
        "ec" => &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
        "ed25519" => &["-newkey", "ed25519"],
        _ => &["-newkey", "rsa:2048"],
    };
    let path = |end: &str| folder.join(format!("{kind}.{end}")).display().to_string();
    let openssl = require("openssl").ok_or_else(|| StartError::NotReady("there is no openssl".to_owned()))?;
    let made = Command::new(openssl)
        .args(["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=test.example"])
        .args(["-addext", "subjectAltName=DNS:test.example"])
        .args(key)
        .args(["-keyout", &path("key"), "-out", &path("pem")])
        .output()
        .map_err(StartError::Io)?;
    if made.status.success() {
        return Ok(());
    }
    Err(StartError::NotReady(String::from_utf8_lossy(&made.stderr).into_owned()))
}

/// Starts a program in a folder with these certificates; it is ready when it has printed `ready`.
fn start(certificates: &[&str], ready: &str, command: impl Fn(&Path, u16) -> std::io::Result<Command>) -> TlsServer {
    let started = on_free_port(|port| {
        let folder = tempfile::tempdir().map_err(StartError::Io)?;
        for kind in certificates {
            certificate(folder.path(), kind)?;
        }
        let mut command = command(folder.path(), port).map_err(StartError::Io)?;
        command.env("OPENSSL_CONF", "/dev/null").current_dir(folder.path());
        let process = Running::start(&mut command).map_err(StartError::Io)?;
        match process.wait_for(START, |log| log.contains(ready).then_some(())) {
            Some(()) => Ok(TlsServer { process, folder, port }),
            None => Err(StartError::NotReady(process.log())),
        }
    });
    match started {
        Ok(server) => server,
        Err(StartError::Io(error)) => panic!("a TLS server: {error}"),
        Err(StartError::NotReady(log)) => panic!("a TLS server did not start:\n{log}"),
    }
}

/// `openssl s_server` with one or two certificates (`rsa`, `ec`, `ed25519`) and these arguments; `None` where it is not
/// on this machine and need not be (see [`crate::require`]).
///
/// # Panics
/// Where it does not start, with its log.
pub fn openssl_s_server(certificates: &[&str], arguments: &[&str]) -> Option<TlsServer> {
    let program = require("openssl")?;
    Some(start(certificates, "ACCEPT", |folder, port| {
        let mut command = Command::new(&program);
        command.args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-www"]);
        for (kind, (certificate, key)) in certificates.iter().zip([("-cert", "-key"), ("-dcert", "-dkey")]) {
            command.arg(certificate).arg(folder.join(format!("{kind}.pem")));
            command.arg(key).arg(folder.join(format!("{kind}.key")));
        }
        command.args(arguments);
        Ok(command)
    }))
}

/// `gnutls-serv` with an RSA key and this priority string; `None` as [`openssl_s_server`].
///
/// # Panics
/// Where it does not start, with its log.
pub fn gnutls_serv(priority: &str) -> Option<TlsServer> {
    gnutls_serv_with(priority, &[])
}

/// The same with further arguments.
///
/// # Panics
/// Where it does not start, with its log.
pub fn gnutls_serv_with(priority: &str, arguments: &[&str]) -> Option<TlsServer> {
    let program = require("gnutls-serv")?;
    require("openssl")?;
    Some(start(&["rsa"], "done", |folder, port| {
        let mut command = Command::new(&program);
        command.args(["--http", "--port", &port.to_string(), "--priority", priority]).args(arguments);
        command.arg("--x509certfile").arg(folder.join("rsa.pem")).arg("--x509keyfile").arg(folder.join("rsa.key"));
        Ok(command)
    }))
}

/// nginx with one site, these certificates and these settings in its `server` block; `None` as [`openssl_s_server`].
///
/// # Panics
/// Where it does not start, with its log.
pub fn nginx(certificates: &[&str], settings: &str) -> Option<TlsServer> {
    // The last line of the start of a single process.
    nginx_of(certificates, settings, "off", "getrlimit")
}

/// The same with a master process and its workers, which reads its files again at SIGHUP as one in service does.
///
/// # Panics
/// Where it does not start, with its log.
pub fn nginx_with_workers(certificates: &[&str], settings: &str) -> Option<TlsServer> {
    nginx_of(certificates, settings, "on; worker_processes 1", "start worker process ")
}

fn nginx_of(certificates: &[&str], settings: &str, master: &str, ready: &str) -> Option<TlsServer> {
    let program = require("nginx")?;
    require("openssl")?;
    Some(start(certificates, ready, |folder, port| {
        let path = |kind: &str, end: &str| folder.join(format!("{kind}.{end}")).display().to_string();
        let files: String = certificates
            .iter()
            .map(|kind| format!("ssl_certificate {}; ssl_certificate_key {};\n", path(kind, "pem"), path(kind, "key")))
            .collect();
        let place = folder.display();
        let text = format!(
            "daemon off; master_process {master}; pid {place}/pid; error_log stderr notice;\n\
             events {{ worker_connections 64; }}\n\
             http {{ access_log off; client_body_temp_path {place}/a; proxy_temp_path {place}/b;\n\
             fastcgi_temp_path {place}/c; uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;\n\
             server {{ listen 127.0.0.1:{port} ssl; server_name test.example; {files} {settings} return 200; }} }}\n",
        );
        fs::write(folder.join("nginx.conf"), text)?;
        let mut command = Command::new(&program);
        command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf")).args(["-e", "stderr"]);
        Ok(command)
    }))
}

/// nginx with many sites, each on a port of its own. It ends when this is dropped.
#[derive(Debug)]
pub struct NginxSites {
    process: Running,
    folder: TempDir,
    ports: Vec<u16>,
}

impl NginxSites {
    /// 127.0.0.1 and the port of a site.
    ///
    /// # Panics
    /// Where there is no such site.
    pub fn address(&self, site: usize) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports[site]).into()
    }

    /// A configuration file that has this site alone.
    pub fn file(&self, site: usize) -> PathBuf {
        self.folder.path().join(format!("site-{site}.conf"))
    }

    /// The folder with its certificates, `KIND.pem` and `KIND.key`, all of the former in `all.pem`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        self.process.log()
    }
}

/// nginx with these sites, each one or more `server` blocks in which `PORT` is its port and `PLACE` the folder with the
/// certificates and the further files; `None` as [`openssl_s_server`].
///
/// # Panics
/// Where it does not start, with its log.
pub fn nginx_sites(certificates: &[&str], files: &[(&str, Vec<u8>)], sites: &[String]) -> Option<NginxSites> {
    let program = require("nginx")?;
    require("openssl")?;
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("a folder: {error}"));
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    };
    let mut all = Vec::new();
    for kind in certificates {
        match certificate(folder.path(), kind) {
            Ok(()) => all.extend(fs::read(folder.path().join(format!("{kind}.pem"))).unwrap_or_default()),
            Err(error) => panic!("a certificate: {error:?}"),
        }
    }
    write("all.pem", &all);
    files.iter().for_each(|(name, bytes)| _ = write(name, bytes));
    let place = folder.path().display().to_string();
    let around = |blocks: &str| {
        format!(
            "daemon off; master_process off; pid {place}/pid; error_log stderr notice;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; client_body_temp_path {place}/a; proxy_temp_path {place}/b;\n\
             fastcgi_temp_path {place}/c; uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;\n{blocks} }}\n"
        )
    };
    let started = on_free_port(|first| {
        let mut ports = vec![first];
        while ports.len() < sites.len() {
            let port = crate::process::free_port().map_err(StartError::Io)?;
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        let filled = sites.iter().zip(&ports).map(|(site, port)| {
            let site = site.replace("PLACE", &place).replace("PORT", &port.to_string());
            site + "\n"
        });
        let blocks: Vec<String> = filled.collect();
        for (number, block) in blocks.iter().enumerate() {
            write(&format!("site-{number}.conf"), around(block).as_bytes());
        }
        let file = write("nginx.conf", around(&blocks.concat()).as_bytes());
        let mut command = Command::new(&program);
        command.arg("-p").arg(folder.path()).arg("-c").arg(file).args(["-e", "stderr"]);
        command.env("OPENSSL_CONF", "/dev/null").current_dir(folder.path());
        let process = Running::start(&mut command).map_err(StartError::Io)?;
        match process.wait_for(START, |log| log.contains("getrlimit").then_some(())) {
            Some(()) => Ok((process, ports)),
            None => Err(StartError::NotReady(process.log())),
        }
    });
    match started {
        Ok((process, ports)) => Some(NginxSites { process, folder, ports }),
        Err(StartError::Io(error)) => panic!("nginx: {error}"),
        Err(StartError::NotReady(log)) => panic!("nginx did not start:\n{log}"),
    }
}

/// nginx once more with the certificates of a server of [`nginx`] and this text as its file: the folder and the port of the
/// other one in it are replaced. `None` as [`openssl_s_server`].
///
/// # Panics
/// Where it does not start, with its log.
pub fn nginx_again(other: &TlsServer, text: &str) -> Option<TlsServer> {
    let program = require("nginx")?;
    Some(start(&[], "getrlimit", |folder, port| {
        for entry in fs::read_dir(other.folder())? {
            let path = entry?.path();
            if let Some(name) = path.file_name().filter(|_| path.is_file()) {
                fs::copy(&path, folder.join(name))?;
            }
        }
        let text = text
            .replace(&other.folder().display().to_string(), &folder.display().to_string())
            .replace(&format!(":{} ssl", other.port), &format!(":{port} ssl"));
        fs::write(folder.join("nginx.conf"), text)?;
        let mut command = Command::new(&program);
        command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf")).args(["-e", "stderr"]);
        Ok(command)
    }))
}
