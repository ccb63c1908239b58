#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shakedown_handshake::fuzzing::handshake_tls_server(data));
