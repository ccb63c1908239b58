//! The bodies of the fuzz targets, so that a test on stable replays the very same code. Not part of the API.

use jiff::Timestamp;
use shakedown_model::Role;

use crate::{
    Anchors, Builder, Certificate, GivenList, Limits, OcspResponse, RevocationList, RevocationLists, Rules, Shown,
    Wanted, certificates, chain_order, describe, findings, key_fits, match_name, revocation_lists, untimely,
};

/// A certificate is read or refused with a place in it; what is read can be told, compared and judged.
pub fn x509_certificate(data: &[u8]) {
    let certificate = match Certificate::from_der(data) {
        Ok(certificate) => certificate,
        Err(error) => {
            assert!(error.offset <= data.len() && !error.to_string().is_empty());
            return;
        }
    };
    assert_eq!(&*certificate.der, data);
    assert_eq!(Certificate::from_der(data).as_ref(), Ok(&certificate));
    assert!(certificate.extensions.problems.iter().all(|problem| problem.offset <= data.len()));
    let texts = [certificate.subject.to_string(), certificate.issuer.to_string(), certificate.key.kind.to_string()];
    assert!(texts.iter().all(|text| text.bytes().all(|byte| (0x20..=0x7e).contains(&byte))), "{texts:?}");
    assert_eq!((certificate.sha256().len(), certificate.key_sha256().len()), (32, 32));
    judge(&[data.to_vec()], &Anchors::default());
    judge(&[data.to_vec()], &Anchors::from_certificates([certificate]));
}

/// A file of certificates and what else is in it; its certificates are judged as a chain.
pub fn x509_file(data: &[u8]) {
    let limits = Limits { bytes: 1 << 16, extensions: 64, names: 256 };
    let (read, others) = certificates(data, &limits);
    for span in read.iter().map(|one| &one.span).chain(others.iter().map(|block| &block.span)) {
        assert!(span.start <= span.end && span.end <= data.len());
    }
    assert!(others.iter().all(|block| block.der.is_empty() || !block.label.as_str().contains("PRIVATE")));
    let _order = chain_order(&read);
    if let Some(first) = read.first() {
        let _fit = key_fits(data, &first.certificate);
    }
    let chain: Vec<Vec<u8>> = read.iter().map(|one| one.certificate.der.to_vec()).collect();
    let last = read.last().map(|one| one.certificate.clone());
    judge(&chain, &Anchors::from_certificates(last));
}

/// An OCSP response.
pub fn x509_staple(data: &[u8]) {
    match OcspResponse::from_der(data) {
        Ok(response) => assert_eq!(OcspResponse::from_der(data), Ok(response)),
        Err(error) => assert!(error.offset <= data.len()),
    }
}

/// A revocation list, or a file of them.
pub fn x509_revocation_list(data: &[u8]) {
    match RevocationList::from_der(data) {
        Ok(list) => {
            assert_eq!(RevocationList::from_der(data).as_ref(), Ok(&list));
            let _why = untimely(&list, Timestamp::from_second(1_750_000_000).unwrap_or_default());
            let _entry = list.entry(&[1]);
        }
        Err(error) => assert!(error.offset <= data.len()),
    }
    let (_read, others) = revocation_lists(data);
    assert!(others.iter().all(|block| block.der.is_empty() && block.span.end <= data.len()));
}

fn judge(chain: &[Vec<u8>], anchors: &Anchors) {
    let _described = describe(chain);
    let wanted = Wanted::parse("www.example.org");
    let now = Timestamp::from_second(1_750_000_000).unwrap_or_default();
    let read = chain.last().and_then(|der| RevocationList::from_der(der).ok());
    let lists: Vec<GivenList> = read.into_iter().map(|list| GivenList { file: "list".to_owned(), list }).collect();
    if let (Some(first), Some(wanted)) = (chain.first().and_then(|der| Certificate::from_der(der).ok()), &wanted) {
        let _matched = match_name(&first, wanted);
    }
    for (rules, builder) in [
        (Rules::webpki(), Builder::AllPaths),
        (Rules::openssl(1), Builder::TrustedFirst),
        (Rules::openssl(0), Builder::SentFirst),
    ] {
        let found = findings(&Shown {
            chain,
            by: Role::Server,
            wanted: wanted.as_ref(),
            staple: chain.last().map(Vec::as_slice),
            staple_asked: true,
            lists: RevocationLists { lists: &lists, whole_path: true, demanded: true },
            anchors,
            rules: &rules,
            builder,
            now,
        });
        assert!(chain.is_empty() || found.len() < 4096);
    }
}
