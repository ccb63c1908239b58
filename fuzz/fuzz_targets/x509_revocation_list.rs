#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shakedown_x509::fuzzing::x509_revocation_list(data));
