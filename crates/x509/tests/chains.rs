//! Chains as servers show them: which paths there are, which one a client takes, and what it has against it.

use jiff::Timestamp;
use shakedown_model::{CertificateProblem, Evidence, Fact, Role};
use shakedown_testkit::certificates::{CertificateKey, CertificateSpec, Damage, TestName, pem, purpose};
use shakedown_x509::{
    Anchors, Bounds, Builder, Certificate, ChainProblem, Fault, KeyFit, NameMatch, NameMismatch, Purpose,
    RevocationLists, Rules, Search, Shown, Wanted, certificates, chain_order, describe, findings, key_fits, match_name,
    paths,
};

const NOW: i64 = 1_750_000_000;
const DAY: i64 = 86_400;

/// A root, an intermediate and a server, with their keys.
struct Pki {
    keys: [CertificateKey; 3],
    root: CertificateSpec,
    intermediate: CertificateSpec,
    server: CertificateSpec,
}

impl Pki {
    fn new() -> Self {
        Self {
            keys: [CertificateKey::p256(), CertificateKey::p256(), CertificateKey::p256()],
            root: CertificateSpec::authority("Example Root", NOW),
            intermediate: CertificateSpec::authority("Example Intermediate", NOW),
            server: CertificateSpec::server("www.example.org", NOW),
        }
    }

    fn root(&self) -> Vec<u8> {
        self.root.self_signed(&self.keys[0])
    }

    fn intermediate(&self) -> Vec<u8> {
        self.intermediate.signed(&self.keys[1], &self.root.signer(&self.keys[0]))
    }

    fn server(&self) -> Vec<u8> {
        self.server.signed(&self.keys[2], &self.intermediate.signer(&self.keys[1]))
    }

    fn chain(&self) -> Vec<Vec<u8>> {
        vec![self.server(), self.intermediate()]
    }
}

fn anchors(list: &[Vec<u8>]) -> Anchors {
    Anchors::from_certificates(list.iter().map(|der| Certificate::from_der(der).unwrap()))
}

fn found(chain: &[Vec<u8>], anchors: &Anchors, wanted: &str) -> Vec<Evidence> {
    let wanted = Wanted::parse(wanted);
    findings(&Shown {
        chain,
        by: Role::Server,
        wanted: wanted.as_ref(),
        staple: None,
        staple_asked: true,
        lists: RevocationLists::default(),
        anchors,
        rules: &Rules::browser(),
        builder: Builder::AllPaths,
        now: Timestamp::from_second(NOW).unwrap(),
    })
}

fn problems(evidence: &[Evidence]) -> Vec<(&'static str, usize)> {
    let problem = |evidence: &Evidence| match &evidence.fact {
        Fact::Certificate(finding) => (finding.problem.as_str(), finding.place),
        Fact::Malformed { .. } => ("malformed", 0),
        other => panic!("{other:?}"),
    };
    evidence.iter().map(problem).collect()
}

#[test]
fn a_whole_chain_is_trusted_in_any_order_and_with_duplicates() {
    let pki = Pki::new();
    let anchors = anchors(&[pki.root()]);
    assert_eq!(found(&pki.chain(), &anchors, "www.example.org"), []);
    let shuffled = [pki.server(), pki.root(), pki.intermediate(), pki.intermediate(), pki.server()];
    assert_eq!(found(&shuffled, &anchors, "WWW.example.org."), []);
}

/// Each fault alone is found, at its place, and nothing else.
#[test]
fn each_fault_is_found_where_it_is() {
    type Change = fn(&mut Pki);
    let cases: [(&str, usize, Change); 16] = [
        ("expired", 0, |pki| (pki.server.not_before, pki.server.not_after) = (NOW - 90 * DAY, NOW - 3 * DAY)),
        ("expired", 1, |pki| pki.intermediate.not_after = NOW - DAY),
        ("not-yet-valid", 0, |pki| pki.server.not_before = NOW + DAY),
        ("purpose", 0, |pki| pki.server.purposes = Some(vec![purpose::CLIENT])),
        ("purpose", 1, |pki| pki.intermediate.purposes = Some(vec![purpose::CODE])),
        ("purpose", 1, |pki| pki.intermediate.basic_constraints = Some((false, None))),
        ("purpose", 1, |pki| pki.intermediate.key_usage = Some(1)),
        ("purpose", 2, |pki| pki.root.basic_constraints = Some((true, Some(0)))),
        ("other-name", 0, |pki| pki.server.names = vec![TestName::dns("www.example.com")]),
        ("other-name", 0, |pki| pki.server.names = Vec::new()),
        ("policy", 0, |pki| pki.intermediate.constraints = Some((vec![TestName::dns("example.com")], Vec::new()))),
        ("policy", 0, |pki| pki.intermediate.constraints = Some((Vec::new(), vec![TestName::dns("example.org")]))),
        ("policy", 0, |pki| pki.server.extensions.push(("1.2.3.4", true, vec![5, 0]))),
        ("wrong-signature", 0, |pki| pki.server.damage = Damage::Signature),
        ("staple-missing", 0, |pki| pki.server.must_staple = true),
        ("malformed", 0, |pki| pki.server.damage = Damage::Cut),
    ];
    for (problem, place, change) in cases {
        let mut pki = Pki::new();
        change(&mut pki);
        let anchors = anchors(&[pki.root()]);
        assert_eq!(problems(&found(&pki.chain(), &anchors, "www.example.org")), [(problem, place)]);
    }
}

#[test]
fn what_is_missing_says_where_it_can_be_fetched() {
    let mut pki = Pki::new();
    pki.server.ca_issuers = Some("http://ca.example.org/intermediate.cer".to_owned());
    let found = found(&[pki.server()], &anchors(&[pki.root()]), "www.example.org");
    let [Evidence { fact: Fact::Certificate(finding), .. }] = found.as_slice() else { panic!("{found:?}") };
    let CertificateProblem::IssuerMissing { issuer, fetch, sent: 0, other_key: false } = &finding.problem else {
        panic!("{finding:?}")
    };
    assert_eq!(issuer, "CN = Example Intermediate");
    assert_eq!(fetch.iter().map(|one| one.as_str()).collect::<Vec<_>>(), ["http://ca.example.org/intermediate.cer"]);
}

#[test]
fn untrusted_self_signed_and_unknown_are_told_apart() {
    let pki = Pki::new();
    let nothing = Anchors::default();
    assert_eq!(problems(&found(&pki.chain(), &nothing, "www.example.org")), [("issuer-missing", 1)]);
    let whole = [pki.server(), pki.intermediate(), pki.root()];
    assert_eq!(problems(&found(&whole, &nothing, "www.example.org")), [("untrusted-root", 2)]);
    let own = pki.server.self_signed(&pki.keys[2]);
    assert_eq!(problems(&found(std::slice::from_ref(&own), &nothing, "www.example.org")), [("self-signed", 0)]);
    // Trusted itself, it needs nobody above.
    assert_eq!(found(std::slice::from_ref(&own), &anchors(std::slice::from_ref(&own)), "www.example.org"), []);
}

/// As when "DST Root CA X3" expired: the chain sent leads over a cross-signed certificate to a root that has expired,
/// and another root of the same key is trusted.
#[test]
fn a_cross_signed_chain_with_an_expired_root_fails_old_clients_only() {
    let pki = Pki::new();
    let mut old = CertificateSpec::authority("Old Root", NOW);
    old.not_after = NOW - DAY;
    let old_key = CertificateKey::p256();
    let crossed = pki.root.signed(&pki.keys[0], &old.signer(&old_key));
    let chain = [pki.server(), pki.intermediate(), crossed];
    let read: Vec<Certificate> = chain.iter().map(|der| Certificate::from_der(der).unwrap()).collect();
    let anchors = anchors(&[old.self_signed(&old_key), pki.root()]);
    let now = Timestamp::from_second(NOW).unwrap();
    let search = Search {
        end: &read[0],
        others: &read[1..],
        anchors: &anchors,
        now,
        purpose: Purpose::Server,
        bounds: Bounds::default(),
    };
    let all = paths(&search);
    assert_eq!(all.list.len(), 2, "{:?}", all.list);
    assert!(all.complete);
    let rules = Rules::openssl(1);
    for builder in [Builder::AllPaths, Builder::TrustedFirst] {
        let (path, refusals) = all.taken_by(builder, &rules);
        assert_eq!((path.links.len(), refusals.len()), (3, 0), "{builder:?}: {refusals:?}");
    }
    let (path, refusals) = all.taken_by(Builder::SentFirst, &rules);
    assert_eq!(path.links.len(), 4);
    let [refusal] = refusals.as_slice() else { panic!("{refusals:?}") };
    assert!(refusal.link == 3 && matches!(*refusal.fault, Fault::Expired { .. }), "{refusal:?}");
}

#[test]
fn two_hundred_authorities_and_a_mesh_are_followed_within_bounds() {
    let key = CertificateKey::p256();
    let (mut chain, mut above) = (Vec::new(), CertificateSpec::authority("0", NOW).signer(&key));
    let anchor = CertificateSpec::authority("0", NOW).self_signed(&key);
    for level in 1..200 {
        let spec = CertificateSpec::authority(&level.to_string(), NOW);
        chain.push(spec.signed(&key, &above));
        above = spec.signer(&key);
    }
    chain.push(CertificateSpec::server("www.example.org", NOW).signed(&key, &above));
    chain.reverse();
    let found = found(&chain, &anchors(&[anchor]), "www.example.org");
    assert_eq!(problems(&found), [("policy", 0)], "more than a client follows");

    // Each of ten names has three certificates of different keys, each signed by all three of the next.
    let keys = [CertificateKey::p256(), CertificateKey::p256(), CertificateKey::p256()];
    let mut others = Vec::new();
    for level in 0..10 {
        let (spec, next) = (CertificateSpec::authority(&level.to_string(), NOW), (level + 1).to_string());
        let next = CertificateSpec::authority(&next, NOW);
        for (key, signer) in keys.iter().flat_map(|key| keys.iter().map(move |signer| (key, signer))) {
            let der = spec.signed(key, &next.signer(signer));
            others.push(Certificate::from_der(&der).unwrap());
        }
    }
    let end = CertificateSpec::server("www.example.org", NOW);
    let end = end.signed(&keys[0], &CertificateSpec::authority("0", NOW).signer(&keys[0]));
    let end = Certificate::from_der(&end).unwrap();
    let (nothing, bounds) = (Anchors::default(), Bounds::default());
    let now = Timestamp::from_second(NOW).unwrap();
    let search = Search { end: &end, others: &others, anchors: &nothing, now, purpose: Purpose::Server, bounds };
    let all = paths(&search);
    assert!(!all.complete && !all.list.is_empty() && all.list.len() <= bounds.paths);
}

#[test]
fn names_are_compared_as_browsers_do() {
    let certificate = |names: &[TestName], subject: &str| {
        let mut spec = CertificateSpec::server(subject, NOW);
        spec.names = names.to_vec();
        Certificate::from_der(&spec.self_signed(&CertificateKey::p256())).unwrap()
    };
    let cases: &[(&[TestName], &str, Option<NameMismatch>)] = &[
        (&[TestName::dns("www.example.org")], "www.example.org", None),
        (&[TestName::dns("*.example.org")], "www.example.org", None),
        (&[TestName::dns("*.example.org")], "example.org", Some(NameMismatch::WildcardDepth)),
        (&[TestName::dns("*.example.org")], "a.b.example.org", Some(NameMismatch::WildcardDepth)),
        (&[TestName::dns("w*.example.org")], "www.example.org", Some(NameMismatch::WildcardForm)),
        (&[TestName::dns("*.org")], "example.org", Some(NameMismatch::WildcardForm)),
        (&[TestName::dns("www.*.org")], "www.example.org", Some(NameMismatch::WildcardForm)),
        (&[TestName::dns("www.example.org")], "example.org", Some(NameMismatch::Www)),
        (
            &[TestName::Dns(b"www.example.org\0.example.com".to_vec())],
            "www.example.org",
            Some(NameMismatch::MalformedName),
        ),
        (&[TestName::dns("www.example.org.")], "www.example.org", Some(NameMismatch::MalformedName)),
        (&[TestName::dns("192.0.2.7")], "192.0.2.7", Some(NameMismatch::AddressAsName)),
        (&[TestName::Ip(vec![192, 0, 2, 7])], "192.0.2.7", None),
        (&[TestName::Ip(vec![192, 0, 2, 7])], "::ffff:192.0.2.7", Some(NameMismatch::Other)),
        (&[TestName::dns("xn--bcher-kva.example.org")], "xn--bcher-kva.example.org", None),
        (&[TestName::dns("mail.example.com")], "www.example.org", Some(NameMismatch::Other)),
        (&[], "www.example.org", Some(NameMismatch::OnlyCommonName)),
        (&[], "mail.example.org", Some(NameMismatch::NoNames)),
    ];
    for (names, wanted, expected) in cases {
        let result = match_name(&certificate(names, "www.example.org"), &Wanted::parse(wanted).unwrap());
        match (result, expected) {
            (NameMatch::Matches(_), None) => {}
            (NameMatch::Differs { why, .. }, Some(expected)) => assert_eq!(why, *expected, "{names:?} {wanted}"),
            (result, _) => panic!("{names:?} {wanted}: {result:?}"),
        }
    }
    assert_eq!(Wanted::parse("b\u{fc}cher.example.org"), None);
    let names = [TestName::dns("mail.example.org"), TestName::dns("wwww.example.org"), TestName::dns("a.test")];
    let differs = match_name(&certificate(&names, ""), &Wanted::parse("www.example.org").unwrap());
    let NameMatch::Differs { nearest: Some(nearest), names: 3, .. } = differs else { panic!("{differs:?}") };
    assert_eq!(nearest.to_string(), "DNS:wwww.example.org");
}

#[test]
fn large_certificates_are_read() {
    let mut pki = Pki::new();
    pki.server.names = (0..10_000).map(|n| TestName::dns(&format!("host{n}.example.org"))).collect();
    pki.server.extensions.push(("1.2.3.4", false, vec![0; 700_000]));
    assert!(pki.server().len() > 900_000);
    let anchors = anchors(&[pki.root()]);
    assert_eq!(found(&pki.chain(), &anchors, "host9999.example.org"), []);
    assert_eq!(problems(&found(&pki.chain(), &anchors, "www.example.org")), [("other-name", 0)]);
    let described = describe(&pki.chain()).unwrap();
    assert_eq!((described.names.len(), described.chain.len()), (256, 1));
    assert_eq!(described.phrase(), "ECDSA secp256r1");
}

#[test]
fn the_order_of_a_file_and_its_key() {
    let pki = Pki::new();
    let file = |list: &[Vec<u8>]| list.iter().map(|der| pem("CERTIFICATE", der)).collect::<String>();
    let problems = |list: &[Vec<u8>]| {
        let (read, others) = certificates(file(list).as_bytes(), &Default::default());
        assert_eq!((read.len(), others.len()), (list.len(), 0));
        chain_order(&read).into_iter().map(|one| (one.place, one.problem)).collect::<Vec<_>>()
    };
    let [server, intermediate, root] = [pki.server(), pki.intermediate(), pki.root()];
    let other = Pki::new().intermediate();
    assert_eq!(problems(&[server.clone(), intermediate.clone()]), []);
    let listed = [server.clone(), intermediate.clone(), root.clone()];
    assert_eq!(problems(&listed), [(2, ChainProblem::Root)]);
    assert_eq!(problems(&[intermediate.clone(), server.clone()]), [(0, ChainProblem::OwnIsNotFirst { own: 1 })]);
    assert_eq!(problems(&[server.clone(), other, intermediate.clone()])[0], (1, ChainProblem::Unrelated));
    assert_eq!(problems(&[server.clone(), intermediate.clone(), intermediate])[0], (2, ChainProblem::Duplicate));

    let server = Certificate::from_der(&server).unwrap();
    assert_eq!(key_fits(pki.keys[2].pem().as_bytes(), &server), KeyFit::Fits);
    assert_eq!(key_fits(pki.keys[1].pem().as_bytes(), &server), KeyFit::Differs);
    for key in [CertificateKey::rsa(), CertificateKey::ed25519(), CertificateKey::p384()] {
        let own = Certificate::from_der(&CertificateSpec::server("a.test", NOW).self_signed(&key)).unwrap();
        assert_eq!(key_fits(key.pem().as_bytes(), &own), KeyFit::Fits);
        assert_eq!(key_fits(key.pem().as_bytes(), &server), KeyFit::Differs);
    }
    assert!(matches!(key_fits(b"no key", &server), KeyFit::Unreadable { .. }));
}

#[test]
fn broken_blocks_are_found_with_their_place() {
    let pki = Pki::new();
    let whole = pem("CERTIFICATE", &pki.root());
    let text = format!(
        "a comment\n{whole}{}-----BEGIN CERTIFICATE-----\nMII*\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nMIIB\n{}",
        pem("CERTIFICATE", &pki.root()[..100]),
        pki.keys[0].pem(),
    );
    let (read, others) = certificates(text.as_bytes(), &Default::default());
    assert_eq!(read.len(), 1);
    assert_eq!(&text[read[0].span.clone()], whole.trim_end());
    let problems: Vec<String> =
        others.iter().map(|block| block.problem.as_ref().map(ToString::to_string).unwrap_or_default()).collect();
    assert!(problems[0].contains("certificate at byte 0"), "{problems:?}");
    assert!(
        problems[1].contains("not base64") && problems[2].contains("END") && problems[3].is_empty(),
        "{problems:?}"
    );
    assert!(others.iter().all(|block| block.label != "PRIVATE KEY" || block.der.is_empty()));
    let (read, _) = certificates(&pki.root(), &Default::default());
    assert_eq!(read.len(), 1);
}
