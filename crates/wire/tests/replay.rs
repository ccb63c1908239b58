//! Feeds the seeds of the fuzz targets through the very functions that are fuzzed.

#![allow(clippy::print_stdout, reason = "shown by the test harness with a failure only")]

use std::fs;
use std::path::Path;

use shakedown_wire::fuzzing;

fn replay(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut seeds = 0;
    for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        // The seed that caused a failure is the last one named.
        println!("{}", path.display());
        body(&fs::read(&path).unwrap());
        seeds += 1;
    }
    assert!(seeds > 0, "{} is empty", folder.display());
}

#[test]
fn ssh_identification() {
    replay("ssh_identification", fuzzing::ssh_identification);
}

#[test]
fn ssh_packet() {
    replay("ssh_packet", fuzzing::ssh_packet);
}

#[test]
fn ssh_messages() {
    replay("ssh_messages", fuzzing::ssh_messages);
}

#[test]
fn tls_records() {
    replay("tls_records", fuzzing::tls_records);
}

#[test]
fn tls_messages() {
    replay("tls_messages", fuzzing::tls_messages);
}

#[test]
fn tls_extensions() {
    replay("tls_extensions", fuzzing::tls_extensions);
}

#[test]
fn tls_other_records() {
    replay("tls_other_records", fuzzing::tls_other_records);
}
