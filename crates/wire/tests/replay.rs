//! Feeds the seeds of the fuzz targets through the very functions that are fuzzed.

use shakedown_testkit::replay;
use shakedown_wire::fuzzing;

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

#[test]
fn ike_messages() {
    replay("ike_messages", fuzzing::ike_messages);
}
