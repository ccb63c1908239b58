//! Feeds the seeds of the fuzz targets through the very functions that are fuzzed.

use shakedown_handshake::fuzzing;
use shakedown_testkit::replay;

#[test]
fn handshake_client() {
    replay("handshake_client", fuzzing::handshake_client);
}

#[test]
fn handshake_server() {
    replay("handshake_server", fuzzing::handshake_server);
}

#[test]
fn handshake_tls_server() {
    replay("handshake_tls_server", fuzzing::handshake_tls_server);
}
