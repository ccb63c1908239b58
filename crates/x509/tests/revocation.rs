//! What revocation lists say of a chain is what the real `openssl verify` says with `-crl_check` and `-crl_check_all`; the
//! lists are made by the real `openssl ca`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;
use shakedown_model::{CertificateProblem, Fact, Role};
use shakedown_testkit::certificates::{CertificateKey, CertificateSpec, context, key_usage, pem, sequence, tlv};
use shakedown_testkit::{Finished, require, run};
use shakedown_x509::{
    Anchors, Builder, Certificate, GivenList, ListStatus, RevocationLists, Rules, Shown, findings, fuzzing,
    revocation_lists, revocation_status,
};

const NOW: i64 = 1_750_000_000;
const DAY: i64 = 86_400;
const PLACE: &str = "http://ca.example.org/intermediate.crl";

/// A root, an intermediate and a server in a folder, with which `openssl` works.
struct Pki {
    program: PathBuf,
    folder: tempfile::TempDir,
    chain: Vec<Vec<u8>>,
    root: Vec<u8>,
}

/// A list to be made.
#[derive(Clone, Copy)]
struct List<'a> {
    /// `root`, `intermediate`, or `other`, which has the intermediate's name and another key.
    by: &'a str,
    /// The certificates in it: `end` or `intermediate`, and a reason with a comma in front, or nothing.
    revoked: &'a [(&'a str, &'a str)],
    /// From when to when it is good, in days from now.
    days: (i64, i64),
    /// Its extensions as `openssl ca` takes them, and those of its distribution point.
    extensions: &'a [&'a str],
    point: &'a [&'a str],
    is_der: bool,
}

const INTERMEDIATE: List<'_> =
    List { by: "intermediate", revoked: &[], days: (-1, 7), extensions: &[], point: &[], is_der: false };
const ROOT: List<'_> = List { by: "root", ..INTERMEDIATE };
const REVOKED: &[(&str, &str)] = &[("end", ",keyCompromise")];
const POINT: &[&str] = &["issuingDistributionPoint = critical, @point"];

impl Pki {
    fn new(program: PathBuf, may_sign_lists: bool, key: fn() -> CertificateKey) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = [CertificateKey::p256(), key(), CertificateKey::p256(), CertificateKey::p256()];
        let root = CertificateSpec { serial: 1, ..CertificateSpec::authority("Example Root", NOW) };
        let mut intermediate = CertificateSpec { serial: 2, ..CertificateSpec::authority("Example Intermediate", NOW) };
        if !may_sign_lists {
            intermediate.key_usage = Some(key_usage::CERTIFICATE_SIGNING);
        }
        let mut end = CertificateSpec { serial: 3, ..CertificateSpec::server("www.example.org", NOW) };
        let uri = tlv(0x86, PLACE.as_bytes());
        end.extensions = vec![("2.5.29.31", false, sequence(&[sequence(&[context(0, &context(0, &uri))])]))];
        let made = [
            ("root", root.self_signed(&keys[0]), 0),
            ("intermediate", intermediate.signed(&keys[1], &root.signer(&keys[0])), 1),
            ("other", intermediate.signed(&keys[3], &root.signer(&keys[0])), 3),
            ("end", end.signed(&keys[2], &intermediate.signer(&keys[1])), 2),
        ];
        for (name, der, key) in &made {
            std::fs::write(folder.path().join(format!("{name}.pem")), pem("CERTIFICATE", der)).expect("a file");
            std::fs::write(folder.path().join(format!("{name}.key")), keys[*key].pem()).expect("a file");
        }
        let [(_, root, _), (_, intermediate, _), _, (_, end, _)] = made;
        Self { program, folder, chain: vec![end, intermediate], root }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn openssl(&self, arguments: &[&str]) -> Finished {
        let mut command = Command::new(&self.program);
        run(command.current_dir(self.path()).args(arguments), b"", Duration::from_secs(60)).expect("openssl")
    }

    /// Has the list made, and gives its file's name.
    fn make(&self, list: &List<'_>, number: usize) -> String {
        let name = format!("{number}.crl");
        let lines: String = list
            .revoked
            .iter()
            .map(|(whose, reason)| {
                let serial = if *whose == "end" { "03" } else { "02" };
                format!("R\t400101000000Z\t250101000000Z{reason}\t{serial}\tunknown\t/CN={whose}\n")
            })
            .collect();
        std::fs::write(self.path().join("index.txt"), lines).expect("a file");
        let (extensions, point) = (list.extensions.join("\n"), list.point.join("\n"));
        let settings = format!(
            "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\ndefault_md = sha256\n[extensions]\n{extensions}\n\
             [point]\n{point}\n"
        );
        std::fs::write(self.path().join("ca.cnf"), settings).expect("a file");
        let time = |days: i64| {
            let time = Timestamp::from_second(NOW + days * DAY).expect("a time");
            time.strftime("%Y%m%d%H%M%SZ").to_string()
        };
        let (certificate, key) = (format!("{}.pem", list.by), format!("{}.key", list.by));
        let (from, to) = (time(list.days.0), time(list.days.1));
        let mut arguments = vec!["ca", "-gencrl", "-config", "ca.cnf", "-cert", &certificate, "-keyfile", &key];
        arguments.extend(["-crl_lastupdate", &from, "-crl_nextupdate", &to, "-out", &name]);
        if !list.extensions.is_empty() {
            arguments.extend(["-crlexts", "extensions"]);
        }
        let finished = self.openssl(&arguments);
        assert!(finished.status.is_some_and(|status| status.success()), "{}", finished.text());
        if list.is_der {
            let finished = self.openssl(&["crl", "-in", &name, "-outform", "DER", "-out", "list.der"]);
            assert!(finished.status.is_some_and(|status| status.success()), "{}", finished.text());
            std::fs::rename(self.path().join("list.der"), self.path().join(&name)).expect("a file");
        }
        name
    }

    /// The error numbers that the program gives; none where it trusts the chain.
    fn theirs(&self, files: &[String], check: &[&str]) -> (Vec<u32>, String) {
        let time = NOW.to_string();
        let mut arguments = vec!["verify", "-attime", &time, "-no-CApath", "-no-CAstore", "-CAfile", "root.pem"];
        arguments.extend(["-untrusted", "intermediate.pem"]);
        arguments.extend(check);
        for file in files {
            arguments.extend(["-CRLfile", file]);
        }
        arguments.push("end.pem");
        let finished = self.openssl(&arguments);
        let text = finished.text();
        let mut numbers: Vec<u32> =
            text.lines().filter_map(|line| line.strip_prefix("error ")?.split_once(" at ")?.0.parse().ok()).collect();
        if finished.status.is_some_and(|status| status.success()) {
            numbers.clear();
        }
        (numbers, text)
    }

    fn lists(&self, files: &[String]) -> Vec<GivenList> {
        let read = |file: &String| {
            let bytes = std::fs::read(self.path().join(file)).expect("a file");
            fuzzing::x509_revocation_list(&bytes);
            let (lists, others) = revocation_lists(&bytes);
            assert!(others.is_empty(), "{others:?}");
            lists.into_iter().map(|list| GivenList { file: file.clone(), list }).collect::<Vec<_>>()
        };
        files.iter().flat_map(read).collect()
    }

    fn shown<'a>(&'a self, anchors: &'a Anchors, rules: &'a Rules, lists: RevocationLists<'a>) -> Shown<'a> {
        Shown {
            chain: &self.chain,
            by: Role::Server,
            wanted: None,
            staple: None,
            staple_asked: false,
            lists,
            anchors,
            rules,
            builder: Builder::TrustedFirst,
            now: Timestamp::from_second(NOW).expect("a time"),
        }
    }

    fn ours(&self, given: &[GivenList], whole_path: bool, demanded: bool) -> Vec<(usize, CertificateProblem)> {
        let anchors = Anchors::from_certificates(Certificate::from_der(&self.root));
        let rules = Rules::openssl(1);
        let lists = RevocationLists { lists: given, whole_path, demanded };
        let problem = |fact: &Fact| match fact {
            Fact::Certificate(finding) => (finding.place, finding.problem.clone()),
            other => panic!("{other:?}"),
        };
        findings(&self.shown(&anchors, &rules, lists)).iter().map(|evidence| problem(&evidence.fact)).collect()
    }
}

/// The error numbers of `x509_vfy.h` that a problem has there.
fn numbers(problem: &CertificateProblem) -> &'static [u32] {
    match problem {
        CertificateProblem::Revoked { .. } => &[23],
        // No list, or none that may be used.
        CertificateProblem::ListMissing { .. } => &[3],
        CertificateProblem::ListUnusable { .. } => &[3, 8, 11, 12, 33, 35, 36, 44],
        _ => &[],
    }
}

#[test]
fn the_verdict_is_that_of_openssl() {
    let Some(program) = require("openssl") else { return };
    let pki = Pki::new(program.clone(), true, CertificateKey::p256);
    let may_not = Pki::new(program.clone(), false, CertificateKey::p256);
    let rsa = Pki::new(program, true, CertificateKey::rsa);
    let ends = ["issuingDistributionPoint = critical, @point", "authorityKeyIdentifier = keyid:always"];
    let of = |list: List<'static>| list;
    let listed = of(List { revoked: REVOKED, ..INTERMEDIATE });
    let point = |point: &'static [&'static str]| of(List { extensions: POINT, point, ..INTERMEDIATE });
    let place = "fullname = URI:http://ca.example.org/intermediate.crl";
    let places: &'static [&'static str] = Box::leak(Box::new([place]));
    let both: &'static [&'static str] = Box::leak(Box::new(ends));
    let with_root = |list: List<'static>| vec![list, ROOT];
    let cases: Vec<(&str, &Pki, Vec<List<'_>>)> = vec![
        ("not named", &pki, with_root(INTERMEDIATE)),
        ("named", &pki, with_root(listed)),
        ("named without a reason", &pki, with_root(List { revoked: &[("end", "")], ..INTERMEDIATE })),
        ("on hold", &pki, with_root(List { revoked: &[("end", ",certificateHold")], ..INTERMEDIATE })),
        ("in DER", &pki, with_root(List { is_der: true, ..listed })),
        ("by an RSA key", &rsa, with_root(listed)),
        ("by an RSA key, not named", &rsa, with_root(INTERMEDIATE)),
        (
            "with the key's identifier",
            &pki,
            with_root(List { extensions: &["authorityKeyIdentifier = keyid:always"], ..listed }),
        ),
        ("over", &pki, with_root(List { days: (-9, -2), ..INTERMEDIATE })),
        ("still to come", &pki, with_root(List { days: (2, 9), ..INTERMEDIATE })),
        ("still to come, named", &pki, with_root(List { days: (2, 9), ..listed })),
        (
            "over, and the root's as well",
            &pki,
            vec![List { days: (-9, -2), ..INTERMEDIATE }, List { days: (-9, -2), ..ROOT }],
        ),
        ("the root's is over", &pki, vec![INTERMEDIATE, List { days: (-9, -2), ..ROOT }]),
        ("an old one and a new one that names it", &pki, vec![List { days: (-9, -2), ..INTERMEDIATE }, listed, ROOT]),
        ("the newer one does not name it", &pki, vec![List { days: (-3, 7), ..listed }, INTERMEDIATE, ROOT]),
        ("the newer one names it", &pki, vec![List { days: (-3, 7), ..INTERMEDIATE }, listed, ROOT]),
        ("by another key of that name", &pki, with_root(List { by: "other", ..listed })),
        (
            "by another key, which it names",
            &pki,
            with_root(List { by: "other", extensions: &["authorityKeyIdentifier = keyid:always"], ..listed }),
        ),
        ("a key that may not sign lists", &may_not, with_root(INTERMEDIATE)),
        ("only the root's", &pki, vec![ROOT]),
        ("only the intermediate's", &pki, vec![INTERMEDIATE]),
        (
            "only the root's, which names the intermediate",
            &pki,
            vec![List { revoked: &[("intermediate", ",cACompromise")], ..ROOT }],
        ),
        ("the intermediate is named", &pki, vec![INTERMEDIATE, List { revoked: &[("intermediate", "")], ..ROOT }]),
        ("ends only", &pki, with_root(point(&["onlyuser = TRUE"]))),
        ("ends only, named", &pki, with_root(List { revoked: REVOKED, ..point(&["onlyuser = TRUE"]) })),
        (
            "ends only, with the key's identifier",
            &pki,
            with_root(List { extensions: both, ..point(&["onlyuser = TRUE"]) }),
        ),
        ("authorities only", &pki, with_root(point(&["onlyCA = TRUE"]))),
        ("attribute certificates only", &pki, with_root(point(&["onlyAA = TRUE"]))),
        ("indirect", &pki, with_root(point(&["indirectCRL = TRUE"]))),
        ("some reasons", &pki, with_root(point(&["onlysomereasons = keyCompromise, CACompromise"]))),
        ("the place that the certificate names", &pki, with_root(point(places))),
        ("another place", &pki, with_root(point(&["fullname = URI:http://ca.example.org/other.crl"]))),
        ("a place that is a directory name", &pki, with_root(point(&["fullname = RID:1.2.3"]))),
        (
            "a critical extension",
            &pki,
            with_root(List { extensions: &["1.2.3.4 = critical, DER:0500"], ..INTERMEDIATE }),
        ),
        ("another extension", &pki, with_root(List { extensions: &["1.2.3.4 = DER:0500"], ..INTERMEDIATE })),
    ];
    let (mut refused, mut accepted) = (0, 0);
    for (name, pki, lists) in &cases {
        let files: Vec<String> = lists.iter().enumerate().map(|(number, list)| pki.make(list, number)).collect();
        let given = pki.lists(&files);
        for (check, whole) in [(&["-crl_check"][..], false), (&["-crl_check", "-crl_check_all"], true)] {
            let (theirs, said) = pki.theirs(&files, check);
            let mine = pki.ours(&given, whole, true);
            assert_eq!(mine.is_empty(), theirs.is_empty(), "{name}, {check:?}: {mine:?} {said}");
            if let (Some((_, first)), Some(number)) = (mine.first(), theirs.first()) {
                assert!(numbers(first).contains(number), "{name}, {check:?}: {first:?} {said}");
                refused += 1;
            } else {
                accepted += 1;
            }
        }
    }
    // Both verdicts are met: else nothing was compared.
    assert!(refused > 20 && accepted > 10, "{refused} {accepted}");
}

#[test]
fn a_list_tells_when_and_why() {
    let Some(program) = require("openssl") else { return };
    let pki = Pki::new(program, true, CertificateKey::p256);
    let day: Timestamp = "2025-01-01T00:00:00Z".parse().expect("a time");
    for (reason, expected) in [
        ("", None),
        (",unspecified", Some("unspecified")),
        (",keyCompromise", Some("keyCompromise")),
        (",superseded", Some("superseded")),
        (",cessationOfOperation", Some("cessationOfOperation")),
        (",certificateHold", Some("certificateHold")),
        (",holdInstruction,1.2.840.10040.2.2", Some("certificateHold")),
        (",keyTime,20250101000000Z", Some("keyCompromise")),
    ] {
        let revoked: &[(&str, &str)] = &[("end", reason)];
        let file = pki.make(&List { revoked, ..INTERMEDIATE }, 0);
        let found = pki.ours(&pki.lists(&[file]), true, false);
        let reason = expected.map(str::to_owned);
        assert_eq!(found, [(0, CertificateProblem::Revoked { at: day, reason })]);
    }
}

#[test]
fn what_a_list_does_not_tell_is_unknown() {
    let Some(program) = require("openssl") else { return };
    let pki = Pki::new(program, true, CertificateKey::p256);
    let over = List { days: (-9, -2), ..INTERMEDIATE };
    let made = |list: List<'_>| pki.lists(&[pki.make(&list, 0)]);
    let found = |list: List<'_>| {
        let found = pki.ours(&made(list), true, false);
        found.into_iter().map(|(_, problem)| problem.to_string()).collect::<Vec<_>>()
    };
    let ended = "cannot be looked up in the revocation list `0.crl`, which ended 2 days ago, on 2025-06-13";
    assert_eq!(found(over), [ended]);
    // A revocation outlives the list, a hold does not.
    assert_eq!(found(List { revoked: REVOKED, ..over }), ["was revoked on 2025-01-01 (keyCompromise)"]);
    assert_eq!(found(List { revoked: &[("end", ",certificateHold")], ..over }), [ended]);
    let other = List { by: "other", revoked: REVOKED, ..INTERMEDIATE };
    let forged = "cannot be looked up in the revocation list `0.crl`, which was not signed with its issuer's key";
    assert_eq!(found(other), [forged]);
    // Nobody refuses a certificate because another one's list is at hand, but for who demands a list of each.
    assert_eq!(found(ROOT), [""; 0]);
    assert_eq!(found(List { days: (-9, -2), ..ROOT }), [""; 0]);
    let status = |given: &[GivenList]| {
        let anchors = Anchors::from_certificates(Certificate::from_der(&pki.root));
        let lists = RevocationLists { lists: given, whole_path: true, demanded: false };
        let all = revocation_status(&pki.shown(&anchors, &Rules::openssl(1), lists));
        all.into_iter().map(|one| (one.place, one.fetch.len(), one.status)).collect::<Vec<_>>()
    };
    let good = ListStatus::Good { list: 0 };
    assert_eq!(status(&made(ROOT)), [(0, 1, ListStatus::Missing), (1, 0, good.clone())]);
    assert_eq!(status(&made(INTERMEDIATE)), [(0, 1, good), (1, 0, ListStatus::Missing)]);
}

#[test]
fn a_list_with_a_bit_turned_is_no_list_of_its_issuer() {
    let Some(program) = require("openssl") else { return };
    let pki = Pki::new(program, true, CertificateKey::p256);
    let file = pki.make(&List { is_der: true, revoked: REVOKED, ..INTERMEDIATE }, 0);
    let whole = std::fs::read(pki.path().join(&file)).expect("a file");
    // The day of the revocation.
    let day = whole.windows(13).position(|window| window == b"250101000000Z").expect("the day") + 5;
    let mut turned = whole.clone();
    turned[day] ^= 3;
    std::fs::write(pki.path().join(&file), &turned).expect("a file");
    let found = pki.ours(&pki.lists(std::slice::from_ref(&file)), true, false);
    assert!(
        matches!(found.as_slice(), [(0, CertificateProblem::ListUnusable { why, .. })] if why.contains("not signed"))
    );
    for end in [0, 1, 10, 60, whole.len() - 1] {
        assert_eq!(revocation_lists(&whole[..end]).0, []);
        fuzzing::x509_revocation_list(&whole[..end]);
    }
}
