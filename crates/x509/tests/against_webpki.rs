//! The verdict is that of rustls-webpki: on public key infrastructures made at random, with faults at random. What
//! differs stands in the README, and is left out here by name.

mod made;

use jiff::Timestamp;
use made::{Made, NOW, make, plan};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use shakedown_testkit::certificates::{CertificateKey, CertificateSpec, SignatureDigest};
use shakedown_testkit::properties;
use shakedown_x509::{Anchors, Bounds, Certificate, NameMatch, Purpose, Rules, Search, Wanted, match_name, paths};

/// What webpki says: whether the path holds, and whether the name does.
fn webpki(made: &Made) -> (bool, bool) {
    let anchors: Vec<CertificateDer<'_>> =
        made.anchors.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let anchors: Vec<_> = anchors.iter().filter_map(|der| webpki::anchor_from_trusted_cert(der).ok()).collect();
    let others: Vec<CertificateDer<'_>> = made.others.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let end = CertificateDer::from(made.end.as_slice());
    let Ok(end) = webpki::EndEntityCert::try_from(&end) else { return (false, false) };
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW as u64));
    let usage = webpki::KeyUsage::server_auth();
    let path = end.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, &others, time, usage, None, None);
    let name = ServerName::try_from("www.example.org").expect("a name");
    (path.is_ok(), end.verify_is_valid_for_subject_name(&name).is_ok())
}

fn ours(made: &Made) -> (bool, String) {
    let read = |der: &Vec<u8>| Certificate::from_der(der).ok();
    let Some(end) = read(&made.end) else { return (false, "unreadable".to_owned()) };
    let others: Vec<Certificate> = made.others.iter().filter_map(read).collect();
    let anchors = Anchors::from_certificates(made.anchors.iter().filter_map(read));
    let search = Search {
        end: &end,
        others: &others,
        anchors: &anchors,
        now: Timestamp::from_second(NOW).expect("a time"),
        purpose: Purpose::Server,
        bounds: Bounds::default(),
    };
    let found = paths(&search);
    let verdict = found.verdict(&Rules::webpki());
    (verdict.is_trusted(), format!("{:?}", verdict.refusals))
}

#[test]
fn the_verdict_is_that_of_webpki() {
    let keys: Vec<CertificateKey> = (0..10).map(|_| CertificateKey::p256()).collect();
    let (trusted, refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let mut runner = TestRunner::new(properties(1500));
    let result = runner.run(&plan(), |plan| {
        let mut made = make(&plan, &keys);
        // What webpki cannot load as an anchor at all is none for either.
        made.anchors.retain(|der| webpki::anchor_from_trusted_cert(&CertificateDer::from(der.as_slice())).is_ok());
        let (theirs, name) = webpki(&made);
        let (mine, why) = ours(&made);
        prop_assert_eq!(mine, theirs, "{}", why);
        if let Ok(end) = Certificate::from_der(&made.end).as_ref()
            && theirs
        {
            let wanted = Wanted::parse("www.example.org").expect("a name");
            prop_assert_eq!(matches!(match_name(end, &wanted), NameMatch::Matches(_)), name);
        }
        let count = if mine { &trusted } else { &refused };
        count.set(count.get() + 1);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    // Both answers are met often enough to mean something.
    let all = trusted.get() + refused.get();
    assert!(trusted.get() * 10 > all && refused.get() * 10 > all, "{trusted:?} of {all}");
}

#[test]
fn every_hash_and_key_that_webpki_knows_is_known() {
    let rsa = CertificateKey::rsa();
    let pairs = [
        (rsa.clone(), SignatureDigest::Sha256, true),
        (rsa.clone(), SignatureDigest::Sha384, true),
        (rsa, SignatureDigest::Sha512, true),
        (CertificateKey::p384(), SignatureDigest::Sha384, true),
        (CertificateKey::ed25519(), SignatureDigest::Sha256, true),
    ];
    for (key, digest, trusted) in pairs {
        let root = CertificateSpec::authority("Root", NOW);
        let mut spec = CertificateSpec::server("www.example.org", NOW);
        spec.digest = digest;
        let end = spec.signed(&CertificateKey::p256(), &root.signer(&key));
        let made = Made { end, others: Vec::new(), anchors: vec![root.self_signed(&key)] };
        assert_eq!((webpki(&made).0, ours(&made).0), (trusted, trusted), "{digest:?}: {}", ours(&made).1);
    }
}
