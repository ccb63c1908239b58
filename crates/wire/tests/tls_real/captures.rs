use std::collections::BTreeMap;
use std::fs;

use shakedown_wire::tls::number::{content, handshake};
use shakedown_wire::tls::{Form, Ssl2Message, read_ssl2_record};

use crate::pcap;
use crate::walk::{Walk, extensions, walk};

/// Where records begin whose first message is of this type: at once, or after STARTTLS or a proxy.
fn begin(stream: &[u8], number: u8) -> Option<usize> {
    let is_hello = |w: &[u8]| w[0] == content::HANDSHAKE && w[1] == 3 && w[2] < 5 && w[5] == number && w[6] == 0;
    let at = stream.windows(7).position(is_hello)?;
    stream[..at].iter().all(|byte| matches!(byte, 9..=13 | 32..=126)).then_some(at)
}

/// Parts of the names of captures that hold messages made wrong on purpose, or by a draft.
const BROKEN: [&str; 5] = ["synthetic", "incomplete", "duplicate-hello", "violation", "draft16"];

#[test]
fn captures_of_others() {
    let Some(folder) = shakedown_testkit::shared_dir().map(|shared| shared.join("captures")) else { return };
    let mut counts: BTreeMap<u8, usize> = BTreeMap::new();
    let (mut ssl2, mut confirmed, mut views, mut alerts, mut problems) = (0, 0, 0, 0, Vec::new());
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        let streams = pcap::streams(&fs::read(&path).unwrap());
        for ((source, port, target, target_port), bytes) in &streams {
            let back = streams.get(&(target.clone(), *target_port, source.clone(), *port));
            if let Ok(Some((message, _))) = read_ssl2_record(bytes)
                && let Ok(Ssl2Message::ClientHello(hello)) = Ssl2Message::parse(message)
            {
                assert_eq!(hello.write(), message);
                ssl2 += 1;
            }
            let Some(at) = begin(bytes, handshake::CLIENT_HELLO) else { continue };
            let server = back.and_then(|back| begin(back, handshake::SERVER_HELLO).map(|at| &back[at..]));
            let server = server.map_or_else(Walk::default, |bytes| walk(bytes, Form::default()));
            let form = Form { version: server.form.version, ..Form::default() };
            for end in [walk(&bytes[at..], form), server] {
                for message in &end.messages {
                    *counts.entry(message.number()).or_default() += 1;
                }
                confirmed += end.confirmed;
                alerts += end.alerts.len();
                let (seen, odd) = extensions(&end.messages);
                views += seen;
                let problem = end.error.map(|error| format!("{} at {}", error, error.offset));
                let name = path.file_name().unwrap().to_string_lossy();
                problems.extend(odd.into_iter().chain(problem).map(|problem| format!("{name} {port}: {problem}")));
            }
        }
    }
    println!("{counts:?}, SSL 2.0 {ssl2}, confirmed {confirmed}, extensions {views}, alerts {alerts}");
    println!("{}", problems.join("\n"));
    problems.retain(|problem| !BROKEN.iter().any(|name| problem.contains(name)));
    assert!(problems.is_empty(), "{problems:#?}");
    let count = |number| counts.get(&number).copied().unwrap_or_default();
    assert!(count(handshake::CLIENT_HELLO) >= 200 && count(handshake::SERVER_HELLO) >= 200, "{counts:?}");
    assert!(count(handshake::SERVER_KEY_EXCHANGE) >= 90 && count(handshake::CERTIFICATE_REQUEST) >= 5, "{counts:?}");
    assert!(confirmed >= 600 && views >= 2500 && ssl2 >= 5, "{confirmed} {views} {ssl2}");
}
