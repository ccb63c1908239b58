//! A server that takes so many connections and then begins to refuse: what was not asked until then stays unknown, and the
//! report says so. Nothing that the server has is called not supported, and no other cause is named.

use std::net::SocketAddr;
use std::time::Duration;

use shakedown::{Options, blocking};
use shakedown_model::{Known, Report, Slot, names};
use shakedown_testkit::peers::openssl_s_server;
use shakedown_testkit::{Gate, Turned};

/// A rate limit as people set it: so many new connections of one client in ten seconds.
const LIMIT: usize = 20;
const KINDS: [Turned; 3] = [Turned::Closed, Turned::Reset, Turned::Silent];

fn options(address: SocketAddr) -> Options {
    let mut options = Options::default();
    options.connect = vec![address];
    options.timeout = Duration::from_secs(5);
    options
}

fn target(address: SocketAddr) -> String {
    format!("tls://test.example:{}", address.port())
}

fn likely(report: &Report) -> Vec<&'static str> {
    report.diagnoses.iter().filter(|one| one.confidence() >= 0.5).map(|one| one.cause).collect()
}

fn says_so(report: &Report) -> bool {
    let notes = report.notes.iter().chain(report.parties.iter().flat_map(|party| &party.notes));
    notes.into_iter().any(|note| note.contains("no longer answered a hello that it had accepted before"))
}

/// The lists of a server: what it is known to have, what it is known not to have, and whether that is all.
type Lists = Vec<(Slot, Vec<String>, Vec<String>, bool)>;

fn lists(report: &Report) -> Lists {
    let offer = &report.parties.last().and_then(|party| party.tls()).expect("a server").offer;
    let text = |items: &[shakedown_model::Item]| names(items).iter().map(ToString::to_string).collect::<Vec<_>>();
    [Slot::Version, Slot::CipherSuite, Slot::Group, Slot::SignatureScheme]
        .map(|slot| match offer.list(slot) {
            Known::Complete(items) => (slot, text(&items), Vec::new(), true),
            Known::Partial { accepted, refused } => (slot, text(&accepted), text(&refused), false),
            Known::Unknown => (slot, Vec::new(), Vec::new(), false),
        })
        .to_vec()
}

/// Nothing that the server has is called not supported, and no part of a list all of it.
fn holds_nothing_wrong(report: &Report, truth: &Lists, when: &str) {
    for ((slot, has, lacks, is_all), (_, all, ..)) in lists(report).into_iter().zip(truth) {
        assert!(has.iter().all(|name| all.contains(name)), "{when} {slot:?}: {has:?}");
        let wrong: Vec<_> = lacks.iter().filter(|name| all.contains(name)).collect();
        assert!(wrong.is_empty(), "{when} {slot:?}: called not supported: {wrong:?}");
        assert!(!is_all || has.len() == all.len(), "{when} {slot:?}: called all: {has:?}");
    }
}

#[test]
fn an_offer_that_is_cut_short_holds_nothing_wrong() {
    let Some(server) = openssl_s_server(&["rsa"], &[]) else { return };
    let mut patient = options(server.address());
    patient.timeout = Duration::from_secs(20);
    let whole = blocking::offer(&target(server.address()), patient).expect("a report");
    assert!(likely(&whole).is_empty() && whole.connections as usize > LIMIT, "{}", whole.connections);
    let truth = lists(&whole);
    for turned in KINDS {
        let gate = Gate::new(server.address(), LIMIT, turned);
        let report = blocking::offer(&target(gate.address()), options(gate.address())).expect("a report");
        assert!(gate.connections() > LIMIT, "{turned:?}: it was asked no further");
        holds_nothing_wrong(&report, &truth, &format!("{turned:?}"));
        assert_eq!(likely(&report), ["connection-throttled"], "{turned:?}");
        assert!(says_so(&report), "{turned:?}");
    }
}

#[test]
fn a_check_that_is_cut_short_names_no_other_cause() {
    let Some(server) = openssl_s_server(&["rsa"], &["-tls1_3"]) else { return };
    let mut patient = options(server.address());
    patient.timeout = Duration::from_secs(20);
    let truth = lists(&blocking::offer(&target(server.address()), patient).expect("a report"));
    // A client without TLS 1.3: the server's map is made to say why. A limit within each round of it.
    for turned in KINDS {
        // Each silence is waited for.
        let limits: &[usize] = if turned == Turned::Silent { &[7] } else { &[2, 5, 7, 9, 12] };
        for &limit in limits {
            let gate = Gate::new(server.address(), limit, turned);
            let mut options = options(gate.address());
            options.clients = vec!["openssl@1.0.2u".to_owned()];
            let report = blocking::check(&target(gate.address()), options).expect("a report");
            let found = likely(&report);
            let is_true = |cause: &&str| ["connection-throttled", "no-common-version"].contains(cause);
            assert!(found.iter().all(is_true), "{turned:?} {limit}: {found:?}");
            let began = gate.connections() > limit && report.parties.len() > 1;
            assert!(!began || says_so(&report), "{turned:?} {limit}: {found:?} {:?}", report.notes);
            if report.parties.len() > 1 {
                holds_nothing_wrong(&report, &truth, &format!("{turned:?} {limit}"));
            }
        }
    }
}

#[test]
fn a_client_that_was_let_in_is_not_said_to_fail() {
    let Some(server) = openssl_s_server(&["rsa"], &[]) else { return };
    for turned in KINDS {
        // Its hello is answered; the whole handshake, a second connection, is not.
        let gate = Gate::new(server.address(), 1, turned);
        let mut options = options(gate.address());
        options.cacert = Some(server.folder().join("rsa.pem"));
        options.clients = vec!["openssl@3.0.15".to_owned()];
        let report = blocking::check(&target(gate.address()), options).expect("a report");
        let outcome = &report.pairs.first().expect("a pair").outcome;
        assert_ne!(outcome.result(), shakedown_model::OutcomeResult::Failed, "{turned:?}: {outcome:?}");
        let found = likely(&report);
        assert!(found.iter().all(|cause| *cause == "connection-throttled"), "{turned:?}: {found:?}");
    }
}

/// It was said to have no certificate.
#[test]
fn a_server_that_says_that_it_is_busy_is_believed() {
    let said: [(&str, &[u8]); 3] = [
        ("imap", b"* BYE Maximum number of connections from user+IP exceeded\r\n"),
        ("smtp", b"421 4.7.0 too many connections\r\n"),
        ("pop3", b"-ERR server too busy\r\n"),
    ];
    for (scheme, greeting) in said {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            for mut stream in listener.incoming().take(8).flatten() {
                let _sent = std::io::Write::write_all(&mut stream, greeting);
            }
        });
        let mut options = options(address);
        options.clients = vec!["openssl@3.0.15".to_owned()];
        let report =
            blocking::check(&format!("{scheme}://test.example:{}", address.port()), options).expect("a report");
        assert_eq!(likely(&report), ["connection-throttled"], "{scheme}");
    }
}
