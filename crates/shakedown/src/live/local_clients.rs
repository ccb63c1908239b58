//! The TLS clients of this machine: each library that a program here speaks TLS with, and the hello that it really sends.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use shakedown_config::tls_party;
use shakedown_listen::tls::HelloRecorder;
use shakedown_model::tls::{TlsOffer, TlsPolicy};
use shakedown_model::{Context, Item, Known, Origin, OriginKind, Party, PartySource, Policy, Role, Slot, Software};

use crate::Session;
use crate::installed::{distribution, quiet, run};
use crate::session::Gathering;

/// How long a program may take to send its hello: a Java runtime needs its time.
const PATIENCE: Duration = Duration::from_secs(8);

/// A program of this machine that connects by TLS.
struct Program {
    /// The command; a Java runtime has its own path.
    command: PathBuf,
    kind: Kind,
}

/// The programs that are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    OpenSsl,
    Curl,
    GnuTls,
    Python,
    NodeJs,
    Java,
}

impl Kind {
    /// The arguments with which it says its version.
    fn version(self) -> &'static [&'static str] {
        match self {
            Self::OpenSsl => &["version"],
            Self::Curl | Self::GnuTls => &["--version"],
            Self::Python => &["-c", "import ssl, sys; print(sys.version.split()[0], ssl.OPENSSL_VERSION)"],
            Self::NodeJs => &["-p", "process.versions.node + ' ' + process.versions.openssl"],
            Self::Java => &["-J-version"],
        }
    }

    /// The arguments with which it connects to a port of this machine.
    fn connect(self, port: u16) -> Vec<String> {
        let text = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let port_text = port.to_string();
        match self {
            Self::OpenSsl => text(&["s_client", "-connect", &format!("127.0.0.1:{port}")]),
            Self::Curl => text(&["-s", "-k", "--noproxy", "*", &format!("https://127.0.0.1:{port}/")]),
            Self::GnuTls => text(&["--insecure", "--port", &port_text, "127.0.0.1"]),
            Self::Python => text(&[
                "-c",
                "import socket, ssl, sys\nssl.create_default_context().wrap_socket(\
                 socket.create_connection(('127.0.0.1', int(sys.argv[1]))), server_hostname='127.0.0.1')",
                &port_text,
            ]),
            Self::NodeJs => text(&[
                "-e",
                "require('tls').connect({host: '127.0.0.1', port: +process.argv[1]}).on('error', () => {})",
                &port_text,
            ]),
            // The one program of a Java runtime that connects without a class of one's own.
            Self::Java => text(&["-printcert", "-sslserver", &format!("127.0.0.1:{port}")]),
        }
    }

    /// The software that it says to be, in the words of the catalog, and how people name it.
    fn software(self, said: &str, build: Option<&str>) -> Option<(Software, String)> {
        let mut words = said.split_whitespace();
        let first = words.next()?;
        // The system's OpenSSL is the distribution's build.
        let openssl = |version: &str| {
            let version = version.split('+').next().unwrap_or(version);
            build.map_or_else(|| format!("openssl@{version}"), |build| format!("openssl@{version}/{build}"))
        };
        let (text, label) = match self {
            // `OpenSSL 3.0.22 ... (Library: OpenSSL 3.0.19 ...)`: the library counts, which stands last.
            Self::OpenSsl if first == "OpenSSL" => {
                let version = said.rsplit("OpenSSL ").next()?.split_whitespace().next()?;
                (openssl(version), format!("OpenSSL {version}"))
            }
            Self::OpenSsl => {
                let version = words.next().filter(|_| first == "LibreSSL")?;
                (format!("libressl@{version}"), format!("LibreSSL {version}"))
            }
            Self::Curl => {
                let version = words.next().filter(|_| first == "curl")?;
                let library = words.find_map(|word| word.split_once('/').filter(|(name, _)| is_library(name)))?;
                let below = match library {
                    ("OpenSSL", version) => openssl(version),
                    (name, version) => format!("{}@{version}", name.to_ascii_lowercase()),
                };
                (format!("curl@{version}+{below}"), format!("curl {version} with {} {}", library.0, library.1))
            }
            Self::GnuTls => {
                let version = words.next().filter(|_| first == "gnutls-cli")?;
                (format!("gnutls@{version}"), format!("GnuTLS {version}"))
            }
            Self::Python => {
                let (library, version) = (words.next()?, words.next()?);
                let below = if library == "OpenSSL" { openssl(version) } else { format!("libressl@{version}") };
                (format!("python-ssl@{first}+{below}"), format!("Python {first} with {library} {version}"))
            }
            Self::NodeJs => {
                let version = words.next()?;
                (format!("nodejs@{first}+{}", openssl(version)), format!("Node.js {first} with OpenSSL {version}"))
            }
            Self::Java => {
                // `openjdk version "17.0.15" 2025-04-15`, `java version "1.8.0_442"`.
                let version = said.split('"').nth(1)?;
                let named = match version.strip_prefix("1.").and_then(|rest| rest.split_once(".0_")) {
                    Some((series, update)) => format!("{series}u{update}"),
                    None => version.to_owned(),
                };
                (format!("java-jsse@{named}"), format!("Java {version}"))
            }
        };
        Software::split_path(&text).map(|(software, _)| (software, label))
    }

    /// What it does, to be named in a report: `openssl s_client`.
    fn named(self, command: &Path) -> String {
        match self {
            Self::OpenSsl => "openssl s_client".to_owned(),
            Self::Curl => "curl".to_owned(),
            Self::GnuTls => "gnutls-cli".to_owned(),
            Self::Python => "python3".to_owned(),
            Self::NodeJs => "node".to_owned(),
            Self::Java => command.display().to_string(),
        }
    }
}

fn is_library(name: &str) -> bool {
    matches!(name, "OpenSSL" | "LibreSSL" | "GnuTLS" | "NSS" | "mbedTLS" | "BoringSSL" | "wolfSSL" | "rustls-ffi")
}

/// The programs that are looked for, and every Java runtime of this machine.
fn programs() -> Vec<Program> {
    let mut found: Vec<Program> = [
        ("openssl", Kind::OpenSsl),
        ("gnutls-cli", Kind::GnuTls),
        ("curl", Kind::Curl),
        ("python3", Kind::Python),
        ("node", Kind::NodeJs),
    ]
    .into_iter()
    .map(|(command, kind)| Program { command: command.into(), kind })
    .collect();
    found.extend(runtimes().into_iter().map(|command| Program { command, kind: Kind::Java }));
    found
}

/// `keytool` of every Java runtime of this machine.
pub(super) fn runtimes() -> Vec<PathBuf> {
    let mut runtimes: Vec<PathBuf> = Vec::new();
    let folders = std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten().map(|entry| entry.path());
    let home = std::env::var_os("JAVA_HOME").map(PathBuf::from);
    for folder in home.into_iter().chain(folders) {
        if let Ok(path) = folder.join("bin/keytool").canonicalize()
            && !runtimes.contains(&path)
        {
            runtimes.push(path);
        }
    }
    runtimes.sort();
    runtimes
}

impl Session {
    /// The TLS clients of this machine, each with what its hello offers.
    pub(crate) async fn local_tls_clients(&self, context: &Context) -> Gathering {
        self.progress("asking this machine's TLS clients");
        let build = distribution();
        let asked = programs().into_iter().map(|program| self.local_tls_client(program, build.as_deref(), context));
        let parties = shakedown_probe::all(asked.collect()).await.into_iter().flatten().collect();
        Gathering { parties, ..Gathering::default() }
    }

    async fn local_tls_client(&self, program: Program, build: Option<&str>, context: &Context) -> Option<Party> {
        let kind = program.kind;
        let said = said(&program.command, kind.version()).await?;
        let (software, label) = kind.software(&said, build)?;
        let named = kind.named(&program.command);
        let seen = hello(&program.command, kind, &|origin: &Origin, hello| {
            shakedown_handshake::tls::offered(hello, &|slot, number| self.catalog.tls_name(slot, number), origin)
        })
        .await;
        let mut party = self.below_hello(&software, kind, &program.command, context).await;
        let label = format!("local {label}");
        let source = PartySource::Local { program: named.clone() };
        match (&mut party, seen) {
            (Some(party), Some(seen)) => {
                if let Some(policy) = party.tls_mut() {
                    adopt(policy, seen);
                }
            }
            (None, Some(seen)) => {
                let policy = TlsPolicy { offer: seen, ..TlsPolicy::default() };
                let note = format!("the catalog does not know `{software}`: what its hello does not tell is unknown");
                party = Some(Party {
                    label: String::new(),
                    role: Role::Client,
                    software: Some(software),
                    source: source.clone(),
                    policy: Policy::Tls(Box::new(policy)),
                    configuration: None,
                    notes: vec![note],
                });
            }
            (Some(party), None) => party.notes.push(format!("`{named}` sent no hello here: from the catalog")),
            (None, None) => return None,
        }
        let mut party = party?;
        party.label = label;
        party.source = source;
        // The name is that of the target, not the one that was connected to here.
        if let Some(policy) = party.tls_mut() {
            policy.offer.server_name = Known::Unknown;
        }
        Some(party)
    }

    /// What is known of the client without its hello: OpenSSL's own file for the program `openssl`, else the catalog.
    async fn below_hello(&self, software: &Software, kind: Kind, command: &Path, context: &Context) -> Option<Party> {
        if kind == Kind::OpenSsl
            && let Some(folder) = said(command, &["version", "-d"]).await.and_then(|text| quoted(&text))
        {
            let path = format!("{folder}/openssl.cnf");
            let spec = tls_party::Spec { software, path: &path, openssl_cnf: None, role: Role::Client, context };
            if let Ok(gathered) = tls_party::openssl(&self.own_files(), &spec, &self.catalog)
                && let Some(party) = gathered.parties.into_iter().next()
            {
                return Some(party);
            }
        }
        let gathering = self.catalog_party(&software.to_string(), software.clone(), Role::Client).ok()?;
        gathering.parties.into_iter().next()
    }
}

/// Takes what the hello says; where it says what was known already, the place where that was read stays.
fn adopt(policy: &mut TlsPolicy, seen: TlsOffer) {
    let ours = &mut policy.offer;
    let lists = [
        (&mut ours.versions, seen.versions),
        (&mut ours.tls13_cipher_suites, seen.tls13_cipher_suites),
        (&mut ours.cipher_suites, seen.cipher_suites),
        (&mut ours.groups, seen.groups),
        (&mut ours.key_shares, seen.key_shares),
        (&mut ours.signature_schemes, seen.signature_schemes),
        (&mut ours.alpn, seen.alpn),
    ];
    for (ours, seen) in lists {
        let known: Vec<Item> = ours.accepted().cloned().unwrap_or_default();
        let place = |item: Item| known.iter().find(|known| known.name == item.name).cloned().unwrap_or(item);
        *ours = match seen {
            Known::Complete(items) => Known::Complete(items.into_iter().map(place).collect()),
            // A hello without a list of versions: those below the highest are as they were known.
            Known::Partial { accepted, refused } if !known.is_empty() => {
                let above = |item: &Item| refused.iter().any(|other| other.name == item.name);
                let mut items: Vec<Item> = known.iter().filter(|item| !above(item)).cloned().collect();
                items.extend(accepted.into_iter().filter(|item| !known.iter().any(|known| known.name == item.name)));
                Known::Complete(items)
            }
            other => other,
        };
    }
    ours.certificate_signature_schemes = seen.certificate_signature_schemes;
    ours.secure_renegotiation = seen.secure_renegotiation;
    ours.extended_master_secret = seen.extended_master_secret;
    ours.fallback = seen.fallback;
    // The lists say which belong to no tuple any more.
    let groups = ours.groups.accepted().map_or(0, Vec::len);
    if ours.group_tuples.iter().sum::<usize>() != groups {
        ours.group_tuples.clear();
    }
    policy.unable.clear();
    let missing = |slot: Slot, name: &str| {
        policy.offer.list(slot).accepted().is_none_or(|list| list.iter().all(|item| item.name != *name))
    };
    let kept: Vec<_> = policy.withheld.iter().filter(|one| missing(one.slot, one.name.as_str())).cloned().collect();
    policy.withheld = kept;
}

/// The hello that a program sends to a port of this machine.
async fn hello(
    command: &Path,
    kind: Kind,
    read: &dyn Fn(&Origin, &shakedown_wire::tls::ClientHello) -> TlsOffer,
) -> Option<TlsOffer> {
    let recorder = HelloRecorder::bind(std::net::SocketAddr::from(([127, 0, 0, 1], 0))).await.ok()?;
    let arguments = kind.connect(recorder.address().port());
    // Its standard input ends at once, so that no program waits for words; it is stopped when its hello is there.
    let mut child = quiet(command).args(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let mut next = std::pin::pin!(recorder.next(PATIENCE));
    let hello = tokio::select! {
        biased;
        hello = &mut next => hello,
        // What it sent before it ended may be read yet.
        _ = child.wait() => tokio::time::timeout(Duration::from_millis(500), next).await.ok()?,
    }?;
    let origin = Origin::new(OriginKind::Program { command: kind.named(command) });
    Some(read(&origin, &hello))
}

/// What a program says, on either output; the first line that is not empty.
async fn said(command: &Path, arguments: &[&str]) -> Option<String> {
    let output = run(command, arguments).await?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    // A Java runtime says first which options of the environment it took.
    let line = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with("Picked up "))?;
    Some(line.trim().to_owned())
}

fn quoted(text: &str) -> Option<String> {
    text.split('"').nth(1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_say_of_themselves() {
        let of =
            |kind: Kind, said: &str| kind.software(said, Some("debian-12")).map(|(software, _)| software.to_string());
        let cases = [
            (
                Kind::OpenSsl,
                "OpenSSL 3.0.22 25 Aug 2026 (Library: OpenSSL 3.0.19 27 Jan 2026)",
                "openssl@3.0.19/debian-12",
            ),
            (Kind::OpenSsl, "LibreSSL 3.3.6", "libressl@3.3.6"),
            (
                Kind::Curl,
                "curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.19 zlib/1.2.13",
                "curl@7.88.1+openssl@3.0.19/debian-12",
            ),
            (Kind::Curl, "curl 7.74.0 (x86_64-pc-linux-gnu) libcurl/7.74.0 GnuTLS/3.7.1", "curl@7.74.0+gnutls@3.7.1"),
            (Kind::GnuTls, "gnutls-cli 3.7.9", "gnutls@3.7.9"),
            (Kind::Python, "3.11.7 OpenSSL 3.0.19 27 Jan 2026", "python-ssl@3.11.7+openssl@3.0.19/debian-12"),
            (Kind::NodeJs, "20.20.2 3.0.19+quic", "nodejs@20.20.2+openssl@3.0.19/debian-12"),
            (Kind::Java, "openjdk version \"17.0.15\" 2025-04-15", "java-jsse@17.0.15"),
            (Kind::Java, "java version \"1.8.0_442\"", "java-jsse@8u442"),
        ];
        for (kind, said, software) in cases {
            assert_eq!(of(kind, said).as_deref(), Some(software), "{said}");
        }
        assert_eq!(of(Kind::Curl, "bash: curl: command not found"), None);
    }
}
