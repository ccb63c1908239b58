//! Which program's configuration a file is that comes without a program: by its name, then by what stands in it; and which
//! version of that program is installed here.

use std::io::Read as _;
use std::path::Path;

use shakedown_catalog::Catalog;
use shakedown_config::files::FILE_LIMIT;
use shakedown_config::gateway::{self, Vendor};
use shakedown_model::{Layer, Role, Software};

use crate::installed::{self, distribution, find};

/// How much of a file is looked into, in bytes.
const LOOKED_INTO: u32 = 256 << 10;
/// The versions that stand for those of programs whose own rows the catalog has no offers for, where none is installed: those
/// that the rows on their defaults were last checked with.
const CHECKED: [(&str, &str); 6] = [
    ("schannel", "Windows-Server-2022"),
    ("strongswan", "6.0.6"),
    ("libreswan", "5.4"),
    ("caddy", "2.11.4"),
    ("traefik", "3.7.9"),
    ("envoy", "1.28.5"),
];
/// Programs that bring their own library, or are one.
const OWN_LIBRARY: [&str; 8] =
    ["schannel", "openssl", "java-jsse", "strongswan", "libreswan", "caddy", "traefik", "envoy"];

/// A program whose files are told apart here.
#[derive(Debug)]
pub(crate) struct Program {
    /// Its id in the catalog.
    pub(crate) product: &'static str,
    /// The names that its main files have.
    names: &'static [&'static str],
    /// What tells its version: names of the program, an argument, the text in front of the version.
    asks: &'static [&'static str],
    argument: &'static [&'static str],
    before: &'static str,
    /// Beginnings of lines, in lower case, that no other program's files have. Any of them is enough.
    lines: &'static [&'static str],
    /// Beginnings of lines that tell it only together.
    together: &'static [&'static str],
}

const PROGRAMS: &[Program] = &[
    Program {
        product: "nginx",
        names: &["nginx.conf"],
        asks: &["nginx"],
        argument: &["-v"],
        before: "nginx/",
        lines: &["ssl_certificate ", "proxy_pass "],
        together: &["http {", "server {"],
    },
    // The ConfigMap of its ingress controller: the nginx of this machine says nothing about it.
    Program {
        product: "nginx",
        names: &[],
        asks: &[],
        argument: &[],
        before: "",
        lines: &[],
        together: &["kind: configmap", "ssl-"],
    },
    Program {
        product: "schannel",
        names: &[],
        asks: &[],
        argument: &[],
        before: "",
        lines: &["windows registry editor version", "regedit4"],
        together: &[],
    },
    Program {
        product: "apache-httpd",
        names: &["apache2.conf", "httpd.conf", "ssl.conf", "default-ssl.conf"],
        asks: &["apache2", "httpd", "apachectl"],
        argument: &["-v"],
        before: "Apache/",
        lines: &["<virtualhost", "sslengine ", "sslcertificatefile", "loadmodule ", "sslprotocol ", "<ifmodule"],
        together: &[],
    },
    Program {
        product: "haproxy",
        names: &["haproxy.cfg"],
        asks: &["haproxy"],
        argument: &["-v"],
        before: "version ",
        lines: &["ssl-default-bind-", "ssl-default-server-"],
        together: &["frontend ", "bind "],
    },
    Program {
        product: "postfix",
        names: &["main.cf", "master.cf"],
        asks: &["postconf"],
        argument: &["-d", "-h", "mail_version"],
        before: "",
        lines: &["smtpd_tls_", "smtp_tls_", "smtpd_relay_restrictions", "mydestination"],
        together: &[],
    },
    Program {
        product: "dovecot",
        names: &["dovecot.conf", "10-ssl.conf"],
        asks: &["dovecot"],
        argument: &["--version"],
        before: "",
        lines: &["ssl_cert = <", "ssl_cert=<", "ssl_server_cert_file", "ssl_min_protocol =", "mail_location"],
        together: &[],
    },
    Program {
        product: "stunnel",
        names: &["stunnel.conf"],
        asks: &["stunnel", "stunnel4"],
        argument: &["-version"],
        before: "stunnel ",
        lines: &["sslversionmin", "verifychain"],
        together: &["[", "accept", "connect"],
    },
    Program {
        product: "postgresql",
        names: &["postgresql.conf"],
        asks: &["postgres"],
        argument: &["--version"],
        before: "(PostgreSQL) ",
        lines: &["ssl_min_protocol_version", "shared_buffers", "ssl_ecdh_curve = '", "ssl_cert_file = '"],
        together: &[],
    },
    Program {
        product: "openvpn",
        names: &["openvpn.conf"],
        asks: &["openvpn"],
        argument: &["--version"],
        before: "OpenVPN ",
        lines: &["tls-cipher ", "tls-version-min ", "tls-ciphersuites ", "remote-cert-tls "],
        together: &["dev ", "proto "],
    },
    Program {
        product: "lighttpd",
        names: &["lighttpd.conf"],
        asks: &["lighttpd"],
        argument: &["-v"],
        before: "lighttpd/",
        lines: &["ssl.engine", "ssl.pemfile", "server.modules", "server.document-root"],
        together: &[],
    },
    Program {
        product: "java-jsse",
        names: &["java.security"],
        asks: &["java"],
        argument: &["-version"],
        before: "version \"",
        lines: &["jdk.tls.disabledalgorithms", "jdk.certpath.disabledalgorithms", "security.provider.1"],
        together: &[],
    },
    Program {
        product: "caddy",
        names: &["Caddyfile"],
        asks: &["caddy"],
        argument: &["version"],
        before: "",
        lines: &["reverse_proxy ", "php_fastcgi ", "file_server"],
        together: &[],
    },
    Program {
        product: "traefik",
        names: &[],
        asks: &["traefik"],
        argument: &["version"],
        before: "Version:",
        lines: &[
            "minversion: versiontls",
            "minversion = \"versiontls",
            "curvepreferences:",
            "snistrict:",
            "kind: tlsoption",
        ],
        together: &[],
    },
    Program {
        product: "envoy",
        names: &["envoy.yaml", "envoy.json"],
        asks: &["envoy"],
        argument: &["--version"],
        before: "/",
        lines: &["static_resources:", "common_tls_context:", "tls_minimum_protocol_version:"],
        together: &[],
    },
    Program {
        product: "strongswan",
        names: &["swanctl.conf"],
        asks: &["swanctl"],
        argument: &["--version"],
        before: "swanctl ",
        lines: &["esp_proposals"],
        together: &["connections {", "remote_addrs"],
    },
    Program {
        product: "strongswan",
        names: &[],
        asks: &["swanctl"],
        argument: &["--version"],
        before: "swanctl ",
        lines: &["charondebug", "leftfirewall=", "rightfirewall=", "strictcrlpolicy", "leftauth=psk", "rightauth=psk"],
        together: &[],
    },
    Program {
        product: "libreswan",
        names: &[],
        asks: &["pluto"],
        argument: &["--version"],
        before: "Libreswan ",
        lines: &[
            "nssdir=",
            "ikev2=",
            "ikev1-policy=",
            "phase2alg=",
            "virtual-private=",
            "protostack=",
            "leftrsasigkey=",
        ],
        together: &[],
    },
    Program {
        product: "openssl",
        names: &["openssl.cnf", "openssl.conf"],
        asks: &["openssl"],
        argument: &["version"],
        before: "OpenSSL ",
        lines: &["openssl_conf", "[system_default_sect]", "[ system_default_sect ]", "cipherstring", "minprotocol"],
        together: &[],
    },
];

/// Names of OpenSSH's own files: they are read as such, whatever is in them.
const OPENSSH: [&str; 3] = ["ssh_config", "sshd_config", "config"];

/// The beginning of a file, as much of it as is looked into.
pub(crate) fn beginning(path: &str) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LOOKED_INTO.into()).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The gateway of another vendor that a file is of, whatever its name. A long one may begin with what all firewalls have: it is
/// looked into as a whole.
pub(crate) fn gateway(path: &Path, text: &[u8]) -> Option<Vendor> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if OPENSSH.contains(&name) || PROGRAMS.iter().any(|program| program.names.contains(&name)) {
        return None;
    }
    gateway::recognise(text).or_else(|| {
        let is_long = u32::try_from(text.len()).is_ok_and(|length| length == LOOKED_INTO);
        let rest = std::fs::File::open(path).ok().filter(|_| is_long)?;
        let (mut whole, most) = (Vec::new(), u64::try_from(FILE_LIMIT).unwrap_or(u64::MAX));
        rest.take(most).read_to_end(&mut whole).ok()?;
        gateway::recognise(&whole)
    })
}

/// The program that a file is of. `None` where neither name nor contents tell, or it is OpenSSH's.
pub(crate) fn program(path: &Path, text: &[u8]) -> Option<&'static Program> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if OPENSSH.contains(&name) {
        return None;
    }
    let by_name = PROGRAMS.iter().find(|program| program.names.contains(&name));
    by_name.or_else(|| by_contents(text))
}

/// The program of a file that begins with a `{`, which offers in JSON do too.
pub(crate) fn in_braces(path: &Path, text: &[u8]) -> Option<&'static Program> {
    let text = String::from_utf8_lossy(text);
    let has = |word: &str| text.contains(&format!("\"{word}\""));
    let product = if has("tls_connection_policies") {
        "caddy"
    } else if has("static_resources") || has("common_tls_context") || has("commonTlsContext") {
        "envoy"
    } else {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        return PROGRAMS.iter().find(|program| program.names.contains(&name));
    };
    PROGRAMS.iter().find(|program| program.product == product)
}

fn by_contents(text: &[u8]) -> Option<&'static Program> {
    // `regedit` writes UTF-16.
    let narrow = text.strip_prefix(&[0xff, 0xfe]).map(|wide| wide.iter().copied().filter(|byte| *byte != 0).collect());
    let text: std::borrow::Cow<'_, [u8]> = narrow.map_or(text.into(), |narrow: Vec<u8>| narrow.into());
    let text = String::from_utf8_lossy(&text).to_ascii_lowercase();
    let lines: Vec<&str> =
        text.lines().map(str::trim_start).filter(|line| !line.starts_with(['#', ';', '!'])).collect();
    let has = |start: &&str| lines.iter().any(|line| line.starts_with(*start));
    let fits: Vec<&Program> = PROGRAMS
        .iter()
        .filter(|program| {
            program.lines.iter().any(has) || !program.together.is_empty() && program.together.iter().all(has)
        })
        .collect();
    // Where several fit, nothing is guessed.
    match fits.as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

/// What reads the file, and a note that says how that was found: the program of this machine, with the OpenSSL of this
/// machine below it, or the newest of the catalog. A file of another machine (`foreign`) asks nothing here.
pub(crate) async fn reader(
    program: &Program,
    catalog: &Catalog,
    role: Role,
    foreign: bool,
) -> Option<(Software, String)> {
    let installed = if foreign { None } else { version(program).await };
    if let Some(version) = installed {
        let mut software = Software::new(program.product, &version);
        let openssl = PROGRAMS.iter().find(|other| other.product == "openssl");
        if !OWN_LIBRARY.contains(&program.product)
            && let Some(openssl) = openssl
            && let Some(version) = self::version(openssl).await
        {
            software.layers.push(Layer { product: "openssl".to_owned(), version, build: None });
        }
        if let Some(layer) = software.layers.iter_mut().find(|layer| layer.product == "openssl") {
            layer.build = distribution();
        }
        let note = format!("the file names no software: read as this machine's `{software}` would");
        return Some((software, note));
    }
    let newest = match CHECKED.iter().find(|(product, _)| *product == program.product) {
        Some((_, version)) => Some(*version),
        None => catalog.newest(program.product, role).or_else(|| catalog.newest(program.product, other(role))),
    };
    let software = Software::new(program.product, newest?);
    let why = if foreign { "the file is of another machine" } else { "none is installed here" };
    let note = format!("the file names no software and {why}: read as `{software}` would, the newest of the catalog");
    Some((software, note))
}

fn other(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}

/// What an installed program says of its version.
async fn version(program: &Program) -> Option<String> {
    for name in program.asks {
        let Some(path) = find(name) else { continue };
        let Some(output) = installed::run(&path, program.argument).await else { continue };
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        if let Some(version) = said(&text, program) {
            return Some(version);
        }
    }
    None
}

/// The version in what a program prints: digits and dots behind the text before it.
fn said(text: &str, program: &Program) -> Option<String> {
    // `OpenSSL 3.0.22 ... (Library: OpenSSL 3.0.19 ...)`: the library counts, which stands last.
    let (_, after) = match program.product {
        "openssl" => text.lines().next()?.rsplit_once(program.before)?,
        _ => text.split_once(program.before)?,
    };
    let after = after.trim_start().trim_start_matches('v');
    let in_version = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_');
    let end = after.find(|letter| !in_version(letter)).unwrap_or(after.len());
    let version = after.get(..end)?;
    version.starts_with(|letter: char| letter.is_ascii_digit()).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, text: &str) -> Option<&'static str> {
        program(Path::new(path), text.as_bytes()).map(|program| program.product)
    }

    #[test]
    fn names_and_contents_tell_the_program() {
        assert_eq!(of("/etc/nginx/nginx.conf", ""), Some("nginx"));
        assert_eq!(of("/x/site.conf", "server {\n  listen 443 ssl;\n  ssl_certificate a;\n}\n"), Some("nginx"));
        assert_eq!(of("/x/site", "<VirtualHost *:443>\nSSLEngine on\n"), Some("apache-httpd"));
        assert_eq!(of("/x/h", "frontend a\n  bind :443 ssl crt x\n"), Some("haproxy"));
        assert_eq!(of("/x/m", "# ssl_ciphers x\nsmtpd_tls_security_level = may\n"), Some("postfix"));
        assert_eq!(of("/x/d", "ssl = required\nssl_cert = </a\n"), Some("dovecot"));
        assert_eq!(of("/x/s", "[https]\naccept = 443\nconnect = 80\n"), Some("stunnel"));
        assert_eq!(of("/x/o", "client\ndev tun\nproto udp\nremote a 1194\n"), Some("openvpn"));
        assert_eq!(of("/x/l", "server.modules = (\"mod_openssl\")\n"), Some("lighttpd"));
        assert_eq!(of("/x/j", "jdk.tls.disabledAlgorithms=SSLv3\n"), Some("java-jsse"));
        assert_eq!(of("/x/c", "openssl_conf = a\n[a]\n"), Some("openssl"));
        assert_eq!(of("/x/y", "a.example {\n    reverse_proxy 127.0.0.1:1\n"), Some("caddy"));
        assert_eq!(of("/x/t", "tls:\n  options:\n    default:\n      minVersion: VersionTLS12\n"), Some("traefik"));
        assert_eq!(of("/x/e", "static_resources:\n  listeners: []\n"), Some("envoy"));
        let braces = |text: &str| in_braces(Path::new("/x/o"), text.as_bytes()).map(|program| program.product);
        assert_eq!(braces("{\"apps\": {\"tls_connection_policies\": []}}"), Some("caddy"));
        assert_eq!(braces("{\"static_resources\": {}}"), Some("envoy"));
        assert_eq!(braces("{\"protocol\": \"tls\"}"), None);
        assert_eq!(of("/x/i", "config setup\n    nssdir=/x\nconn a\n"), Some("libreswan"));
        assert_eq!(of("/x/i", "config setup\n    charondebug=ike 2\nconn a\n"), Some("strongswan"));
        assert_eq!(of("/x/i", "conn a\n    left=%defaultroute\n"), None);
        assert_eq!(of("/x/w", "connections {\n  a {\n    remote_addrs = 192.0.2.1\n"), Some("strongswan"));
    }

    #[test]
    fn gateways_are_known_by_their_contents() {
        let of = |path: &str, text: &str| gateway(Path::new(path), text.as_bytes()).map(Vendor::product);
        assert_eq!(of("/x/a", "!\ncrypto isakmp policy 10\n"), Some("cisco-ios"));
        assert_eq!(of("/x/a", "{\"VpnConnections\": []}"), Some("aws-vpn"));
        assert_eq!(of("/x/a", "/ip ipsec peer\nadd\n"), Some("routeros"));
        assert_eq!(of("/x/sshd_config", "crypto isakmp policy 10\n"), None);
        assert_eq!(of("/x/nginx.conf", "security {\nike {\nproposal-set x\n"), None);
    }

    #[test]
    fn what_is_opensshs_stays_so() {
        assert_eq!(of("/etc/ssh/sshd_config", "smtpd_tls_x\n"), None);
        assert_eq!(of("/x/ssh.conf", "Host *\n  Ciphers aes128-ctr\n  ProxyCommand x\n"), None);
        assert_eq!(of("/x/unknown", "server {\nhttp {\n<VirtualHost\n"), None);
    }

    #[test]
    fn versions_as_programs_print_them() {
        let said = |product: &str, text: &str| {
            said(text, PROGRAMS.iter().find(|program| program.product == product).unwrap()).unwrap()
        };
        assert_eq!(said("nginx", "nginx version: nginx/1.22.1\n"), "1.22.1");
        assert_eq!(said("apache-httpd", "Server version: Apache/2.4.57 (Debian)\n"), "2.4.57");
        assert_eq!(said("haproxy", "HAProxy version 2.6.12-1+deb12u1 2023/12/16 - https://haproxy.org/\n"), "2.6.12");
        assert_eq!(said("postfix", "3.7.11\n"), "3.7.11");
        assert_eq!(said("caddy", "v2.8.4 h1:q3pe0wpBj1OcHFZ3n/1nl4V4bxBrYoSoab7rL9BMYNk=\n"), "2.8.4");
        assert_eq!(said("traefik", "Version:      3.1.0\nCodename:     comte\n"), "3.1.0");
        assert_eq!(said("envoy", "envoy  version: 8161/1.30.1/Clean/RELEASE/BoringSSL\n"), "1.30.1");
        assert_eq!(said("dovecot", "2.3.19.1 (9b53102964)\n"), "2.3.19.1");
        assert_eq!(said("postgresql", "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), "15.18");
        assert_eq!(said("java-jsse", "openjdk version \"17.0.15\" 2025-04-15\n"), "17.0.15");
        assert_eq!(said("openssl", "OpenSSL 3.0.22 25 Aug 2026 (Library: OpenSSL 3.0.19 27 Jan 2026)\n"), "3.0.19");
    }
}
