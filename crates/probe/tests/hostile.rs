//! Servers that misbehave: each has to be known by the right fact, within the deadline.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use shakedown_model::ssh::SignatureCheck;
use shakedown_model::{ConnectFailure, Ending, Evidence, Fact, HopRef, Known, Phase, ResolveFailure, Role};
use shakedown_probe::{Family, HostKeys, Options, Probed, Route, SshTarget, Want};
use shakedown_testkit::hostile::{Hostile, PEERS, Step, kexinit, kexinit_with, packet};

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Long enough for an exchange on loopback, short enough for many tests.
const TIMEOUT: Duration = Duration::from_millis(600);
/// What a loaded machine may add.
const SLACK: Duration = Duration::from_millis(1500);

fn all() -> Want {
    Want { host_keys: HostKeys::All, gex_sizes: true }
}

fn probe(target: &SshTarget, want: Want) -> Probed {
    let options = Options { want, timeout: TIMEOUT, ..Options::default() };
    let begun = Instant::now();
    let probed = wait(shakedown_probe::ssh(target, &options));
    assert!(begun.elapsed() < TIMEOUT + SLACK, "it took {:?}", begun.elapsed());
    probed
}

fn facts(probed: &Probed) -> Vec<&Fact> {
    probed.gathered.evidence.iter().map(|evidence| &evidence.fact).collect()
}

#[test]
fn each_hostile_peer_is_known_by_the_right_fact() {
    // Side by side, because most of them use up the deadline.
    let threads: Vec<_> = PEERS
        .iter()
        .map(|peer| {
            std::thread::spawn(move || {
                let server = Hostile::run((peer.script)());
                let probed = probe(&SshTarget::at(server.address()), all());
                let fits = probed.gathered.evidence.iter().any(|evidence| (peer.expected)(&evidence.fact));
                assert!(fits, "{}: {:#?}", peer.name, facts(&probed));
                let answered = !probed.gathered.parties.is_empty();
                assert_eq!(answered, peer.offers, "{}: {:#?}", peer.name, facts(&probed));
                assert!(probed.connections <= 14);
            })
        })
        .collect();
    let failed: Vec<_> = threads
        .into_iter()
        .zip(&PEERS)
        .filter_map(|(thread, peer)| thread.join().is_err().then_some(peer.name))
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn facts_say_where_they_were_seen() {
    let server = Hostile::run(vec![Step::Hold]);
    let probed = probe(&SshTarget::at(server.address()), all());
    let ended: &Evidence =
        probed.gathered.evidence.iter().find(|evidence| matches!(evidence.fact, Fact::Ended { .. })).unwrap();
    assert_eq!((ended.subject, ended.connection), (Some(Role::Server), Some(1)));
    assert!(ended.origin.is_some());
    let connected = facts(&probed)[0];
    assert!(matches!(connected, Fact::Connected { address, .. } if *address == server.address()), "{connected:?}");
}

#[test]
fn a_port_where_nothing_listens_is_refused() {
    let address = Hostile::run(vec![Step::Hold]).address();
    let probed = probe(&SshTarget::at(address), all());
    assert_eq!(facts(&probed), [&Fact::NotConnected { address, failure: ConnectFailure::Refused }]);
}

#[test]
fn an_address_without_a_route_is_unreachable() {
    // TCP to a broadcast address is refused by the machine's own routing table.
    let address = "127.255.255.255:22".parse().unwrap();
    let probed = probe(&SshTarget::at(address), all());
    assert_eq!(facts(&probed), [&Fact::NotConnected { address, failure: ConnectFailure::NetworkUnreachable }]);
}

#[test]
fn a_port_that_does_not_answer_times_out() {
    // Linux drops further connection attempts to a listening socket whose queue is full.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let _fills_the_queue = std::net::TcpStream::connect(address).unwrap();
    let probed = probe(&SshTarget::at(address), all());
    assert_eq!(facts(&probed), [&Fact::NotConnected { address, failure: ConnectFailure::TimedOut }]);
}

#[test]
fn a_foreign_source_address_is_not_available() {
    let server = Hostile::run(vec![Step::Hold]);
    let mut target = SshTarget::at(server.address());
    target.route = Route::Direct { source: Some("192.0.2.7".parse().unwrap()) };
    let probed = probe(&target, all());
    let [Fact::NotConnected { failure, .. }] = facts(&probed)[..] else { panic!("{:?}", facts(&probed)) };
    assert_eq!(*failure, ConnectFailure::SourceNotAvailable);
    assert_eq!(server.connections(), 0);
}

#[test]
fn names_that_lead_nowhere() {
    let none = probe(&SshTarget::new("", 22), all());
    let failure = |probed: &Probed| match facts(probed)[..] {
        [Fact::NotResolved { failure, .. }] => *failure,
        ref other => panic!("{other:?}"),
    };
    assert_eq!(failure(&none), ResolveFailure::NoSuchName);
    let options = Options { family: Family::V6, timeout: TIMEOUT, ..Options::default() };
    let wrong_family = wait(shakedown_probe::ssh(&SshTarget::new("127.0.0.1", 22), &options));
    assert_eq!(failure(&wrong_family), ResolveFailure::NoAddress);
    assert_eq!(wrong_family.connections, 0);
}

fn banner() -> Step {
    Step::Send(b"SSH-2.0-Hostile\r\n".to_vec())
}

fn answers() -> Vec<Step> {
    vec![banner(), Step::Send(packet(&kexinit())), Step::Read(1500), Step::Hold]
}

#[test]
fn what_was_got_before_a_refusal_is_kept() {
    let refuses = vec![Step::Send(b"Not allowed at this time\r\n".to_vec()), Step::Close];
    let closes_in_exchange = vec![banner(), Step::Send(packet(&kexinit())), Step::Read(60), Step::Close];
    let server = Hostile::start(vec![closes_in_exchange, refuses]);
    let probed = probe(&SshTarget::at(server.address()), all());
    let party = &probed.gathered.parties[0];
    assert!(party.ssh().unwrap().offer.kex.is_complete());
    assert!(
        party.notes.iter().any(|note| note.contains("`ssh-ed25519`") && note.contains("`ssh-rsa`")),
        "{:?}",
        party.notes
    );
    assert!(facts(&probed).iter().any(|fact| matches!(fact, Fact::Throttled { .. })));
    // It stops there: one connection for the offer, one that was refused.
    assert_eq!((probed.connections, server.connections()), (2, 2));
}

#[test]
fn different_back_ends_are_not_merged() {
    let closes = |lists| vec![banner(), Step::Send(packet(&kexinit_with(lists))), Step::Read(60), Step::Close];
    let lists = ["curve25519-sha256", "ssh-ed25519,ssh-rsa", "a", "a", "b", "b", "none", "none", "", ""];
    let mut others = lists;
    others[2] = "c";
    let server = Hostile::start(vec![closes(lists), closes(others)]);
    let probed = probe(&SshTarget::at(server.address()), all());
    let what = facts(&probed).into_iter().find_map(|fact| match fact {
        Fact::BackendsDiffer { what } => Some(what.as_str()),
        _ => None,
    });
    assert!(what.unwrap().contains("cipher_c2s"), "{what:?}");
    assert_eq!(probed.gathered.parties[0].ssh().unwrap().offer.host_keys, Known::Unknown);
    assert_eq!(probed.connections, 2);
}

#[test]
fn every_address_is_tried_and_gets_a_party() {
    let (one, other) = (Hostile::run(answers()), Hostile::run(answers()));
    let gone = Hostile::run(vec![Step::Hold]).address();
    let mut target = SshTarget::new("db01.example", 22);
    target.addresses = vec![one.address(), gone, other.address()];
    let probed = probe(&target, Want::default());
    assert_eq!(probed.gathered.parties.len(), 2);
    assert!(probed.gathered.parties.iter().all(|party| party.label.starts_with("db01.example:22 at 127.0.0.1")));
    assert!(facts(&probed).contains(&&Fact::NotConnected { address: gone, failure: ConnectFailure::Refused }));
    assert_eq!(probed.connections, 3);
    let differ = |probed: &Probed| facts(probed).iter().any(|fact| matches!(fact, Fact::BackendsDiffer { .. }));
    assert!(!differ(&probed));

    let older = vec![Step::Send(b"SSH-2.0-Older\r\n".to_vec()), Step::Send(packet(&kexinit())), Step::Hold];
    let older = Hostile::run(older);
    target.addresses = vec![one.address(), older.address()];
    assert!(differ(&probe(&target, Want::default())));

    let options = Options { family: Family::V6, ..Options::default() };
    let probed = wait(shakedown_probe::ssh(&target, &options));
    assert!(matches!(facts(&probed)[..], [Fact::NotResolved { failure: ResolveFailure::NoAddress, .. }]));
}

#[test]
fn no_more_connections_than_allowed() {
    let server = Hostile::run(vec![banner(), Step::Send(packet(&kexinit())), Step::Read(60), Step::Close]);
    let options = Options { want: all(), timeout: TIMEOUT, max_connections: 1, ..Options::default() };
    let probed = wait(shakedown_probe::ssh(&SshTarget::at(server.address()), &options));
    assert_eq!((probed.connections, server.connections()), (1, 1));
    let notes = &probed.gathered.parties[0].notes;
    assert!(notes.iter().any(|note| note.contains("1 connection")), "{notes:?}");
    // Of two addresses the second is not even tried, and that is said too.
    let mut target = SshTarget::at(server.address());
    target.addresses.push(server.address());
    let probed = wait(shakedown_probe::ssh(&target, &options));
    assert_eq!(server.connections(), 2);
    let said = facts(&probed).iter().any(|fact| matches!(fact, Fact::LimitReached { phase: Phase::Connect, .. }));
    assert!(said, "{:?}", facts(&probed));
}

#[test]
fn a_server_that_waits_for_the_clients_kexinit_gets_it() {
    let waits = vec![banner(), Step::ReadLine, Step::Read(200), Step::Send(packet(&kexinit())), Step::Hold];
    let server = Hostile::run(waits);
    let probed = probe(&SshTarget::at(server.address()), Want::default());
    assert_eq!(probed.gathered.parties.len(), 1, "{:?}", facts(&probed));
}

#[test]
fn dropping_the_future_closes_the_connection() {
    let server = Hostile::run(vec![Step::Hold]);
    let target = SshTarget::at(server.address());
    let options = Options { timeout: Duration::from_secs(60), ..Options::default() };
    wait(async {
        let probe = shakedown_probe::ssh(&target, &options);
        assert!(tokio::time::timeout(Duration::from_millis(100), probe).await.is_err());
    });
    // Dropping the server waits for its connection to end; with the probe still there it would wait for ever.
    drop(server);
}

fn command(script: &str) -> SshTarget {
    let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
    let mut target = SshTarget::new("target.example", 22);
    target.route = Route::Command { argv, hop: HopRef::JumpHost("jump".to_owned()) };
    target
}

fn of_the_hop(probed: &Probed) -> Vec<&Fact> {
    let hop = HopRef::JumpHost("jump".to_owned());
    probed.gathered.evidence.iter().filter(|evidence| evidence.hop == hop).map(|evidence| &evidence.fact).collect()
}

#[test]
fn a_hop_that_refuses_is_named() {
    let probed =
        probe(&command("echo 'channel 0: open failed: administratively prohibited: open failed' >&2; exit 255"), all());
    let facts = of_the_hop(&probed);
    assert!(
        facts.iter().any(|fact| matches!(fact, Fact::ProxyRefused { text } if text.as_str().contains("prohibited"))),
        "{facts:?}"
    );
    let probed = probe(&command("echo 'ssh: connect to host jump port 22: Connection refused' >&2; exit 255"), all());
    let facts = of_the_hop(&probed);
    assert!(
        facts.iter().any(|fact| matches!(fact, Fact::Program { text, .. } if text.as_str().contains("refused"))),
        "{facts:?}"
    );
}

#[test]
fn a_command_that_does_not_exist_is_named() {
    let mut target = command("");
    target.route = Route::Command { argv: vec!["/no/such/program".to_owned()], hop: HopRef::Proxy("x".to_owned()) };
    let probed = probe(&target, all());
    assert!(matches!(facts(&probed)[..], [Fact::Program { .. }]), "{:?}", facts(&probed));
}

#[test]
fn a_command_that_hangs_ends_with_the_deadline() {
    let probed = probe(&command("cat >/dev/null; sleep 600"), all());
    let silent = facts(&probed)
        .iter()
        .any(|fact| matches!(fact, Fact::Ended { phase: Phase::Identification, ending: Ending::Silent { .. }, .. }));
    assert!(silent, "{:?}", facts(&probed));
}

#[test]
fn a_command_that_says_much_is_not_held_up() {
    let server = Hostile::run(answers());
    let port = server.address().port();
    // More than a pipe holds.
    let script =
        format!("exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; head -c 300000 /dev/zero >&2; cat <&3 & cat >&3'");
    let probed = probe(&command(&script), Want::default());
    assert_eq!(probed.gathered.parties.len(), 1, "{:?}", facts(&probed));
}

#[test]
fn a_command_carries_the_bytes() {
    let server = Hostile::run(answers());
    // The shell's own file redirection is enough of a proxy, where it is bash.
    let port = server.address().port();
    let script = format!("exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; cat <&3 & cat >&3'");
    let probed = probe(&command(&script), Want::default());
    assert_eq!(probed.gathered.parties.len(), 1, "{:?}", facts(&probed));
    assert_eq!(probed.gathered.parties[0].label, "target.example:22");
}

#[test]
fn a_wrong_signature_is_seen() {
    // A host key of 32 arbitrary bytes and a signature that cannot be its.
    let string = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
    let key = [string(b"ssh-ed25519"), string(&[7; 32])].concat();
    let signature = [string(b"ssh-ed25519"), string(&[9; 64])].concat();
    let mut public = [0; 32];
    public[0] = 9;
    let reply = [vec![31], string(&key), string(&public), string(&signature)].concat();
    let script = vec![
        banner(),
        Step::Send(packet(&kexinit())),
        Step::Send(packet(&reply)),
        Step::Send(packet(&[21])),
        Step::Hold,
    ];
    let server = Hostile::run(script);
    let want = Want { host_keys: HostKeys::One { kex: Vec::new(), host_key: Vec::new() }, gex_sizes: false };
    let probed = probe(&SshTarget::at(server.address()), want);
    let wrong = facts(&probed).iter().any(|fact| matches!(fact, Fact::WrongSignature { .. }));
    assert!(wrong, "{:?}", facts(&probed));
    let keys = probed.gathered.parties[0].ssh().unwrap().offer.host_keys.accepted().unwrap();
    assert_eq!(keys[0].signature, SignatureCheck::Wrong);
}
