//! IKE as real daemons speak it: the captures of `../shared`, where it is there. What is read is written as the same
//! bytes, and every payload that is not encrypted is understood.

#![allow(clippy::print_stdout, reason = "figures, shown by the test harness with a failure only")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use shakedown_wire::ike::number::{exchange, notify, payload};
use shakedown_wire::ike::{Datagram, Message, MessageLimits, View};

#[path = "support/pcap.rs"]
#[expect(dead_code, reason = "streams are for other tests")]
mod pcap;

/// Captures that hold messages made wrong on purpose.
const BROKEN: [&str; 5] = ["bad-length", "zero-length", "segfault", "duplicate-proposals", "synthetic"];

fn captures(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            captures(&path, found);
        } else if path.extension().is_some_and(|end| end == "pcap" || end == "pcapng" || end == "cap") {
            found.push(path);
        }
    }
}

/// The message of a datagram to or from IKE's ports.
fn message<'a>((_, from, _, to): &pcap::Flow, datagram: &'a [u8]) -> Option<&'a [u8]> {
    if [*from, *to].contains(&4500) {
        return match Datagram::recognise(datagram) {
            Datagram::Ike(message) => Some(message),
            _ => None,
        };
    }
    [*from, *to].contains(&500).then_some(datagram)
}

#[test]
fn captures_of_others() {
    let Some(shared) = shakedown_testkit::shared_dir() else { return };
    let mut files = Vec::new();
    captures(&shared.join("captures"), &mut files);
    captures(&shared.join("cases"), &mut files);
    files.sort();
    let (mut exchanges, mut kinds) = (BTreeMap::<&str, usize>::new(), BTreeMap::<&str, usize>::new());
    let (mut notifies, mut problems) = (BTreeMap::<&str, usize>::new(), Vec::new());
    for path in &files {
        let file = std::fs::read(path).unwrap();
        for (flow, datagram) in pcap::datagrams(&file) {
            let Some(bytes) = message(&flow, datagram) else { continue };
            let read = match Message::parse(bytes, MessageLimits::default()) {
                Ok(read) => read,
                Err(error) => {
                    problems.push(format!("{}: {error} at {}", path.display(), error.offset));
                    continue;
                }
            };
            assert_eq!(read.write(), bytes, "{}", path.display());
            *exchanges.entry(exchange::name(read.header.exchange).unwrap_or("?")).or_default() += 1;
            for one in &read.payloads {
                *kinds.entry(payload::name(one.number).unwrap_or("?")).or_default() += 1;
                match one.view() {
                    Ok(view) => {
                        assert_eq!(view.write(), one.body, "{}", path.display());
                        if let View::Notify(sent) = view {
                            *notifies.entry(notify::name(sent.kind).unwrap_or("?")).or_default() += 1;
                        }
                    }
                    Err(error) => problems.push(format!("{}: {error} at {}", path.display(), error.offset)),
                }
            }
        }
    }
    println!("{exchanges:?}\n{kinds:?}\n{notifies:?}\n{}", problems.join("\n"));
    problems.retain(|problem| !BROKEN.iter().any(|name| problem.contains(name)));
    assert!(problems.is_empty(), "{problems:#?}");
    let total: usize = exchanges.values().sum();
    assert!(total >= 200 && notifies.contains_key("NO_PROPOSAL_CHOSEN"), "{exchanges:?} {notifies:?}");
}
