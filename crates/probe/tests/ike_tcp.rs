//! IKE over TCP (RFC 9329): a responder behind a front that takes the packets out of a stream.

mod ike_support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use ike_support::{Fake, answer, beside, candidates, options, transforms, wait};
use shakedown_model::{ConnectFailure, Fact};
use shakedown_probe::ike::{Answering, IkeProbed, IkeTarget, map};
use shakedown_wire::ike::{Frames, frame};

/// What a connection comes to.
#[derive(Clone, Copy)]
enum Front {
    /// Packets go on as datagrams, and what comes back is cut in two.
    Forward(SocketAddr),
    /// It is closed after the first bytes.
    Close,
    /// It is answered with a length that does not count itself.
    Broken,
}

/// The address of a front, which goes on until the test program ends; the first thing that is no stream of IKE ends it.
fn front(kind: Front) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            match kind {
                Front::Forward(responder) => forward(stream, responder),
                Front::Close => {
                    let mut bytes = [0; 600];
                    let _first = stream.read(&mut bytes).unwrap();
                }
                Front::Broken => {
                    let mut bytes = [0; 600];
                    let _first = stream.read(&mut bytes).unwrap();
                    stream.write_all(&[0, 1, 0, 0]).unwrap();
                    // It stays open: only what it sent ends it.
                    while stream.read(&mut bytes).is_ok_and(|size| size > 0) {}
                }
            }
        }
    });
    address
}

fn forward(mut stream: TcpStream, responder: SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(responder).unwrap();
    let (back, mut out) = (socket.try_clone().unwrap(), stream.try_clone().unwrap());
    thread::spawn(move || {
        let mut buffer = [0; 0xffff];
        while let Ok(size) = back.recv(&mut buffer) {
            let framed = frame(&buffer[..size]).unwrap();
            let (first, second) = framed.split_at(framed.len() / 2);
            if out.write_all(first).and_then(|()| out.flush()).and_then(|()| out.write_all(second)).is_err() {
                return;
            }
        }
    });
    let (mut frames, mut begun, mut buffer) = (Frames::default(), false, [0; 700]);
    while let Ok(size @ 1..) = stream.read(&mut buffer) {
        frames.push(&buffer[..size]);
        begun = begun || frames.prefix().expect("IKETCP first").is_some();
        while begun && let Some(packet) = frames.packet().expect("frames") {
            assert!(packet.starts_with(&[0; 4]), "the marker stands before each message");
            socket.send(&packet).unwrap();
        }
    }
}

fn target(address: SocketAddr) -> IkeTarget {
    IkeTarget { tcp: true, ..IkeTarget::at(address) }
}

fn mapped(address: SocketAddr) -> IkeProbed {
    wait(async { beside(map(&target(address), &options(4000), &candidates())).await })
}

#[test]
fn a_responder_is_mapped_over_tcp() {
    let own = vec![transforms("aes256gcm16-prfsha384-ecp384-x25519"), transforms("aes256-sha256-prfsha256-modp2048")];
    let (probed, received) = wait(async {
        let fake = Fake::start(true, Box::new(move |request, _| vec![answer(&own, request)])).await;
        let address = front(Front::Forward(fake.address));
        let probed = beside(map(&target(address), &options(20_000), &candidates())).await;
        let received = fake.received.lock().unwrap().len();
        (probed, received)
    });
    let [party] = probed.gathered.parties.as_slice() else { panic!("{:?}", probed.gathered) };
    let proposals = party.ike().unwrap().proposals.complete().unwrap();
    let mut texts: Vec<String> = proposals.iter().map(ToString::to_string).collect();
    texts.sort();
    assert_eq!(texts, ["aes256-sha256-modp2048", "aes256gcm16-prfsha384-ecp384-x25519"]);
    assert!(matches!(probed.answering, Some(Answering { tcp: true, marked: true, .. })), "{:?}", probed.answering);
    assert!(party.notes.iter().any(|note| note.contains("over TCP")), "{:?}", party.notes);
    // Nothing is sent twice, and nothing of IKEv1.
    assert_eq!(u32::try_from(received).unwrap(), probed.packets);
}

#[test]
fn a_connection_that_ends_or_breaks_is_no_silence() {
    for kind in [Front::Close, Front::Broken] {
        let begun = Instant::now();
        let probed = mapped(front(kind));
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        let failures: Vec<&Fact> = probed.gathered.evidence.iter().map(|one| &one.fact).collect();
        let [Fact::NotConnected { failure, .. }] = failures.as_slice() else { panic!("{failures:?}") };
        assert_ne!(*failure, ConnectFailure::TimedOut);
    }
    // And where nobody listens it is refused at once.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let probed = mapped(closed);
    let facts: Vec<&Fact> = probed.gathered.evidence.iter().map(|one| &one.fact).collect();
    assert!(matches!(facts.as_slice(), [Fact::NotConnected { failure: ConnectFailure::Refused, .. }]), "{facts:?}");
}
