//! Two strongSwan daemons that fail to agree. They run in a network of their own, where nothing else listens, and in a
//! view of the file system in which the unpacked packages lie where the daemons look for their plugins.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use shakedown_testkit::peers::{Strongswan, strongswan_conf};
use shakedown_testkit::run;

use crate::harness::{Scenario, TIME, Transcript, among_first, cause, explain};
use crate::tls::Authority;

/// What one end's configuration says.
#[derive(Clone, Copy)]
struct End {
    version: &'static str,
    proposals: &'static str,
    esp: &'static str,
    id: &'static str,
    /// What it takes the peer to be.
    peer: &'static str,
    auth: &'static str,
    peer_auth: &'static str,
    secret: &'static str,
    own_net: &'static str,
    peer_net: &'static str,
    /// The name of its certificate, and of the authority that it trusts.
    certificate: &'static str,
    trusts: &'static str,
}

const INITIATOR: End = End {
    version: "2",
    proposals: "aes256-sha256-modp2048",
    esp: "aes256-sha256",
    id: "a.example",
    peer: "b.example",
    auth: "psk",
    peer_auth: "psk",
    secret: "sesame",
    own_net: "10.1.0.0/24",
    peer_net: "10.2.0.0/24",
    certificate: "",
    trusts: "root",
};

const RESPONDER: End = End {
    id: INITIATOR.peer,
    peer: INITIATOR.id,
    own_net: INITIATOR.peer_net,
    peer_net: INITIATOR.own_net,
    ..INITIATOR
};

/// A pair that fails.
struct Failing {
    name: &'static str,
    initiator: End,
    responder: End,
    cause: &'static [&'static str],
    /// Whether the responder's log holds the cause.
    responder_knows: bool,
    /// Whether it goes as far as to ask the kernel for an SPI, which some machines cannot give.
    asks_kernel: bool,
}

const PROPOSAL: &[&str] = &["no-common-proposal"];
const GROUP: &[&str] = &["no-common-proposal", "no-common-group"];
const CHILD: &[&str] = &["no-common-child-proposal"];
const VERSION: &[&str] = &["no-common-version", "no-matching-connection", "no-common-proposal"];
const PSK: &[&str] = &["psk-mismatch"];
const IDENTITY: &[&str] = &["peer-identity-mismatch", "no-matching-connection"];
const SELECTOR: &[&str] = &["traffic-selector-mismatch"];
const AUTH: &[&str] = &["auth-method-mismatch"];
const UNTRUSTED: &[&str] = &["certificate-untrusted"];
const EXPIRED: &[&str] = &["certificate-expired"];
const SILENT: &[&str] = &["port-filtered", "port-refused"];

fn failing() -> Vec<Failing> {
    let base = || Failing {
        name: "",
        initiator: INITIATOR,
        responder: RESPONDER,
        cause: PROPOSAL,
        responder_knows: true,
        asks_kernel: false,
    };
    let proposes = |name, proposals| Failing { name, initiator: End { proposals, ..INITIATOR }, ..base() };
    let v1 = |end: End| End { version: "1", ..end };
    let with_certificate = End { auth: "pubkey", id: "localhost", ..RESPONDER };
    let asks_certificate = End { peer_auth: "pubkey", peer: "localhost", ..INITIATOR };
    vec![
        proposes("encryption", "aes128-sha256-modp2048"),
        proposes("integrity", "aes256-sha1-prfsha256-modp2048"),
        proposes("prf", "aes256-sha256-prfsha1-modp2048"),
        Failing { cause: GROUP, ..proposes("group", "aes256-sha256-modp3072") },
        proposes("everything", "aes128-sha1-modp3072"),
        proposes("aead", "aes256gcm16-prfsha256-modp2048"),
        Failing { name: "version", responder: v1(RESPONDER), cause: VERSION, ..base() },
        Failing {
            name: "phase 1",
            initiator: End { proposals: "aes128-sha256-modp2048", ..v1(INITIATOR) },
            responder: v1(RESPONDER),
            ..base()
        },
        Failing {
            name: "phase 1 psk",
            initiator: End { secret: "other", ..v1(INITIATOR) },
            responder: v1(RESPONDER),
            cause: PSK,
            ..base()
        },
        Failing {
            name: "psk",
            initiator: End { secret: "other", ..INITIATOR },
            cause: PSK,
            asks_kernel: true,
            ..base()
        },
        Failing {
            name: "unknown initiator",
            initiator: End { id: "c.example", ..INITIATOR },
            cause: IDENTITY,
            asks_kernel: true,
            ..base()
        },
        Failing {
            name: "other responder wanted",
            initiator: End { peer: "c.example", ..INITIATOR },
            cause: IDENTITY,
            asks_kernel: true,
            ..base()
        },
        Failing {
            name: "certificate wanted",
            responder: End { peer_auth: "pubkey", ..RESPONDER },
            cause: AUTH,
            asks_kernel: true,
            ..base()
        },
        Failing {
            name: "esp",
            initiator: End { esp: "aes128-sha256", ..INITIATOR },
            cause: CHILD,
            asks_kernel: true,
            ..base()
        },
        Failing {
            name: "esp aead",
            initiator: End { esp: "aes256gcm16", ..INITIATOR },
            cause: CHILD,
            asks_kernel: true,
            ..base()
        },
        Failing {
            name: "selectors",
            initiator: End { peer_net: "10.3.0.0/24", ..INITIATOR },
            cause: SELECTOR,
            asks_kernel: true,
            ..base()
        },
        Failing {
            name: "responder's certificate expired",
            initiator: asks_certificate,
            responder: End { certificate: "expired", ..with_certificate },
            cause: EXPIRED,
            responder_knows: false,
            asks_kernel: true,
        },
        Failing {
            name: "responder's certificate untrusted",
            initiator: asks_certificate,
            responder: End { certificate: "strange", ..with_certificate },
            cause: UNTRUSTED,
            responder_knows: false,
            asks_kernel: true,
        },
        Failing {
            name: "initiator's certificate untrusted",
            initiator: End { auth: "pubkey", id: "localhost", certificate: "strange", ..INITIATOR },
            responder: End { peer_auth: "pubkey", peer: "localhost", ..RESPONDER },
            cause: UNTRUSTED,
            responder_knows: true,
            asks_kernel: true,
        },
    ]
}

#[test]
fn two_daemons_that_do_not_agree() {
    let Some(lab) = Lab::new() else { return };
    let lab = Arc::new(lab);
    let mut scenarios: Vec<Scenario> = Vec::new();
    for pair in failing() {
        let lab = Arc::clone(&lab);
        scenarios.push(Box::new(move || lab.transcripts(&pair)));
    }
    scenarios.push(Box::new(move || lab.nobody_there()));
    explain(scenarios, 30);
}

/// The programs and certificates.
struct Lab {
    authority: Authority,
    strongswan: Strongswan,
}

/// What the three texts of one attempt say.
struct Logs {
    initiator: String,
    responder: String,
    command: String,
}

impl Lab {
    /// `None` where a program is missing and need not be there.
    fn new() -> Option<Self> {
        let strongswan = Strongswan::find()?;
        let authority = Authority::new()?;
        authority.server("expired", &["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"]);
        authority.sign("strange", "stranger", "server", &["-newkey", "rsa:2048"], &[]);
        Some(Self { authority, strongswan })
    }

    fn transcripts(&self, pair: &Failing) -> Vec<Transcript> {
        let logs = self.logs(&pair.initiator, &pair.responder, true);
        if pair.asks_kernel && logs.initiator.contains("unable to allocate SPI") {
            eprintln!("skipped: IKE {}: neither this kernel nor /dev/net/tun gives an SPI", pair.name);
            return Vec::new();
        }
        let name = |end: &str| format!("IKE {} {end}", pair.name);
        let three = |text: String, end: &str| Transcript::new(name(end), text, among_first(3, pair.cause));
        let mut all = vec![three(logs.initiator, "initiator"), three(logs.command, "swanctl")];
        if pair.responder_knows {
            all.push(Transcript::new(name("responder"), logs.responder, cause(pair.cause)));
        }
        all
    }

    /// No daemon answers.
    fn nobody_there(&self) -> Vec<Transcript> {
        let logs = self.logs(&INITIATOR, &RESPONDER, false);
        vec![
            Transcript::new("IKE silence initiator", logs.initiator, among_first(3, SILENT)),
            Transcript::new("IKE silence swanctl", logs.command, among_first(3, SILENT)),
        ]
    }

    fn logs(&self, initiator: &End, responder: &End, with_responder: bool) -> Logs {
        let folder = tempfile::tempdir().expect("a temporary folder");
        self.write(folder.path(), "initiator", initiator, ["192.0.2.1", "192.0.2.2"]);
        self.write(folder.path(), "responder", responder, ["192.0.2.2", "192.0.2.1"]);
        let mut command = self.strongswan.script(folder.path(), SCRIPT);
        command.env("ENDS", if with_responder { "responder initiator" } else { "initiator" });
        let finished = run(&mut command, b"", TIME).expect("unshare runs");
        let read = |end: &str| fs::read_to_string(folder.path().join(end).join("log")).unwrap_or_default();
        let logs = Logs { initiator: read("initiator"), responder: read("responder"), command: finished.stdout };
        assert!(logs.initiator.contains("initiating"), "strongSwan did not run: {}{}", logs.command, finished.stderr);
        logs
    }

    fn write(&self, folder: &Path, name: &str, end: &End, [own, peer]: [&str; 2]) {
        let folder = folder.join(name);
        for part in ["x509", "x509ca", "private"] {
            fs::create_dir_all(folder.join(part)).expect("the folders of swanctl");
        }
        let copy = |from: &str, to: &str| {
            fs::copy(self.authority.path(from), folder.join(to)).expect("the certificate");
        };
        copy(&format!("{}.pem", end.trusts), "x509ca/trusted.pem");
        if !end.certificate.is_empty() {
            copy(&format!("{}.pem", end.certificate), "x509/own.pem");
            copy(&format!("{}.key", end.certificate), "private/own.pem");
        }
        strongswan_conf(&folder, RETRANSMISSION, LOG);
        let certificates = if end.certificate.is_empty() { "" } else { "certs = own.pem" };
        let connection = CONNECTION
            .replace("VERSION", end.version)
            .replace("ESP", end.esp)
            .replace("PROPOSALS", end.proposals)
            .replace("OWN_ADDRESS", own)
            .replace("PEER_ADDRESS", peer)
            .replace("OWN_AUTH", end.auth)
            .replace("OWN_ID", end.id)
            .replace("PEER_AUTH", end.peer_auth)
            .replace("PEER_ID", end.peer)
            .replace("OWN_NET", end.own_net)
            .replace("PEER_NET", end.peer_net)
            .replace("CERTIFICATES", certificates)
            .replace("SECRET", end.secret);
        fs::write(folder.join("swanctl.conf"), connection).expect("the connection");
    }
}

/// Starts the daemons of ENDS, each in a network of its own with a cable between them, loads what each has, and
/// initiates. When it ends, the daemons end.
const SCRIPT: &str = r#"
wire
for end in $ENDS; do
  start "$PWD/$end" at "$end"
done
"$SWANCTL" --initiate --child tunnel --timeout 15 --uri "unix://$PWD/initiator/vici" || true
"#;

const RETRANSMISSION: &str = "
  retransmit_tries = 1
  retransmit_timeout = 0.5
  retransmit_base = 1.0
";

/// The levels are those that the manual asks for in a report of a problem.
const LOG: &str = "
      time_format = %b %e %T
      ike_name = yes
      cfg = 2
";

const CONNECTION: &str = r#"
connections {
  site {
    version = VERSION
    mobike = no
    local_addrs = OWN_ADDRESS
    remote_addrs = PEER_ADDRESS
    proposals = PROPOSALS
    local {
      auth = OWN_AUTH
      id = OWN_ID
      CERTIFICATES
    }
    remote {
      auth = PEER_AUTH
      id = PEER_ID
    }
    children {
      tunnel {
        local_ts = OWN_NET
        remote_ts = PEER_NET
        esp_proposals = ESP
      }
    }
  }
}
secrets {
  ike-site {
    secret = "SECRET"
  }
}
"#;
