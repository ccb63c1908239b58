//! Feeds the seeds of the fuzz targets, and certificates with bytes changed at random, through the very functions that
//! are fuzzed.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use shakedown_testkit::certificates::{CertificateKey, CertificateSpec, TestName, pem, purpose};
use shakedown_testkit::{properties, replay};
use shakedown_x509::{Certificate, GeneralName, fuzzing};
use x509_parser::extensions::{GeneralName as TheirName, ParsedExtension};
use x509_parser::prelude::{FromDer as _, X509Certificate};

#[test]
fn x509_certificate() {
    replay("x509_certificate", fuzzing::x509_certificate);
}

#[test]
fn x509_file() {
    replay("x509_file", fuzzing::x509_file);
}

#[test]
fn x509_staple() {
    replay("x509_staple", fuzzing::x509_staple);
}

#[test]
fn x509_revocation_list() {
    replay("x509_revocation_list", fuzzing::x509_revocation_list);
}

fn full() -> Vec<u8> {
    let mut spec = CertificateSpec::server("www.example.org", 1_750_000_000);
    spec.names.push(TestName::Ip(vec![192, 0, 2, 7]));
    spec.names.push(TestName::Uri("https://example.org/".to_owned()));
    spec.names.push(TestName::Directory("example".to_owned()));
    spec.constraints = Some((vec![TestName::dns("example.org")], vec![TestName::Ip(vec![0; 8])]));
    spec.purposes = Some(vec![purpose::SERVER, purpose::CLIENT]);
    spec.ca_issuers = Some("http://ca.example.org/ca.cer".to_owned());
    spec.ocsp = Some("http://ocsp.example.org/".to_owned());
    spec.must_staple = true;
    spec.self_signed(&CertificateKey::p256())
}

/// Bytes changed, left out and repeated.
fn damage(base: &[u8], changes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    let mut bytes = base.to_vec();
    for (place, byte, kind) in changes {
        let place = place.index(bytes.len());
        match kind % 4 {
            0 => bytes[place] = *byte,
            1 => bytes[place] ^= 1 << (byte % 8),
            2 => {
                bytes.remove(place);
            }
            _ => bytes.insert(place, *byte),
        }
    }
    bytes
}

#[test]
fn damaged_certificates_never_panic() {
    let base = full();
    let bundle = format!("{}{}", pem("CERTIFICATE", &base), CertificateKey::p256().pem());
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<u8>()), 1..4);
    let mut runner = TestRunner::new(properties(300));
    let result = runner.run(&changes, |changes| {
        fuzzing::x509_certificate(&damage(&base, &changes));
        fuzzing::x509_file(&damage(bundle.as_bytes(), &changes));
        fuzzing::x509_staple(&damage(&base, &changes));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// What both readers take, both read alike; `x509-parser` is the oracle.
#[test]
fn facts_are_those_of_x509_parser() {
    let base = full();
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..2), 0..3);
    let both = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(properties(1000));
    let result = runner.run(&changes, |changes| {
        let bytes = damage(&base, &changes);
        let (Ok(ours), Ok((rest, theirs))) = (Certificate::from_der(&bytes), X509Certificate::from_der(&bytes)) else {
            return Ok(());
        };
        prop_assert!(rest.is_empty());
        both.set(both.get() + 1);
        prop_assert_eq!(&ours.serial, theirs.raw_serial());
        prop_assert_eq!(ours.version, theirs.version().0 + 1);
        prop_assert_eq!(ours.validity.not_before.as_second(), theirs.validity().not_before.timestamp());
        prop_assert_eq!(ours.validity.not_after.as_second(), theirs.validity().not_after.timestamp());
        prop_assert_eq!(ours.subject.attributes.len(), theirs.subject().iter_attributes().count());
        prop_assert_eq!(ours.extensions.all.len(), theirs.extensions().len());
        if !ours.extensions.problems.is_empty() {
            return Ok(());
        }
        for extension in theirs.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::BasicConstraints(constraints) => prop_assert_eq!(constraints.ca, ours.is_ca()),
                ParsedExtension::SubjectAlternativeName(names) => {
                    let dns = |name: &&TheirName<'_>| matches!(name, TheirName::DNSName(_));
                    let our_dns = ours.extensions.names.iter().flatten();
                    let our_dns =
                        our_dns.filter(|name| matches!(name, GeneralName::Dns(text) if text.to_bytes().is_ascii()));
                    prop_assert_eq!(names.general_names.iter().filter(dns).count(), our_dns.count());
                }
                ParsedExtension::KeyUsage(usage) => {
                    prop_assert_eq!(Some(usage.flags), ours.extensions.key_usage.map(|usage| usage.0));
                }
                ParsedExtension::SubjectKeyIdentifier(id) => {
                    prop_assert_eq!(Some(id.0.to_vec()), ours.extensions.subject_key_id.clone());
                }
                _ => {}
            }
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(both.get() > 100, "{} of the certificates were read by both", both.get());
}
