//! Public key infrastructures made at random, with faults at random.

#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use proptest::prelude::*;
use shakedown_testkit::certificates::{
    Authority, CertificateKey, CertificateSpec, Damage, TestName, purpose, sequence,
};

pub const NOW: i64 = 1_750_000_000;
const DAY: i64 = 86_400;

/// One certificate's faults.
#[derive(Clone, Debug)]
pub enum Flaw {
    Expired,
    Early,
    Never,
    NoConstraints,
    NotCa,
    PathLength(u8),
    KeyUsage,
    Purposes(Vec<&'static str>),
    Constraints(Vec<TestName>, Vec<TestName>),
    Critical(&'static str),
    Version(u8),
    Damage(Damage),
    OtherIssuer,
    Printable,
}

fn name() -> impl Strategy<Value = TestName> {
    prop_oneof![
        Just(TestName::dns("www.example.org")),
        Just(TestName::dns("example.org")),
        Just(TestName::dns("*.example.org")),
        Just(TestName::dns("*.org")),
        Just(TestName::dns(".example.org")),
        Just(TestName::dns("example.com")),
        Just(TestName::dns("")),
        Just(TestName::dns("bad_name.example.org")),
        Just(TestName::dns("-bad.example.org")),
        Just(TestName::dns("example.org.")),
        Just(TestName::dns("192.0.2.7")),
        Just(TestName::Dns(b"www.example.org\0.example.com".to_vec())),
        Just(TestName::Ip(vec![192, 0, 2, 7])),
        Just(TestName::Ip(vec![192, 0, 2, 0, 255, 255, 255, 0])),
        Just(TestName::Ip(vec![192, 0, 2, 0, 255, 0, 255, 0])),
        Just(TestName::Ip(vec![1; 16])),
        Just(TestName::Ip(vec![1; 5])),
        Just(TestName::Uri("https://example.org/".to_owned())),
        Just(TestName::Email("a@example.org".to_owned())),
        Just(TestName::Directory("www.example.org".to_owned())),
    ]
}

fn flaw() -> impl Strategy<Value = Flaw> {
    let names = || prop::collection::vec(name(), 0..3);
    prop_oneof![
        Just(Flaw::Expired),
        Just(Flaw::Early),
        Just(Flaw::Never),
        Just(Flaw::NoConstraints),
        Just(Flaw::NotCa),
        (0_u8..4).prop_map(Flaw::PathLength),
        Just(Flaw::KeyUsage),
        prop::sample::subsequence(vec![purpose::SERVER, purpose::CLIENT, purpose::ANY], 0..=3).prop_map(Flaw::Purposes),
        (names(), names()).prop_map(|(permitted, excluded)| Flaw::Constraints(permitted, excluded)),
        prop::sample::select(vec!["2.5.29.31", "2.5.29.32", "2.5.29.36", "2.5.29.18", "1.2.3.4"])
            .prop_map(Flaw::Critical),
        prop::sample::select(vec![1_u8, 2]).prop_map(Flaw::Version),
        prop::sample::select(vec![
            Damage::Signature,
            Damage::Algorithms,
            Damage::UniqueIds,
            Damage::Cut,
            Damage::Twice,
            Damage::Names,
        ])
        .prop_map(Flaw::Damage),
        Just(Flaw::OtherIssuer),
        Just(Flaw::Printable),
    ]
}

/// What a certificate is: the authority's above it, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The authorities from the root down, and last the server.
    levels: Vec<Vec<Flaw>>,
    /// At which levels a second certificate of the same key is sent, signed by a second root, with its flaws.
    crossed: Vec<(usize, Vec<Flaw>)>,
    names: Vec<TestName>,
    second_root_trusted: bool,
    first_root_trusted: bool,
    left_out: Vec<usize>,
    order: u64,
}

pub fn plan() -> impl Strategy<Value = Plan> {
    let flaws = || prop_oneof![4 => Just(Vec::new()), 1 => flaw().prop_map(|flaw| vec![flaw])];
    (
        prop::collection::vec(flaws(), 2..10),
        prop::collection::vec((1_usize..8, flaws()), 0..3),
        prop::collection::vec(name(), 0..4),
        any::<bool>(),
        prop::bool::weighted(0.8),
        prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(1_usize..6, 0..2)],
        any::<u64>(),
    )
        .prop_map(|(levels, crossed, mut names, second_root_trusted, first_root_trusted, left_out, order)| {
            if order % 4 != 0 {
                names.insert(0, TestName::dns("www.example.org"));
            }
            Plan { levels, crossed, names, second_root_trusted, first_root_trusted, left_out, order }
        })
}

fn apply(spec: &mut CertificateSpec, flaws: &[Flaw]) -> bool {
    let mut other_issuer = false;
    for flaw in flaws {
        match flaw.clone() {
            Flaw::Expired => spec.not_after = NOW - 3 * DAY,
            Flaw::Early => spec.not_before = NOW + 3 * DAY,
            Flaw::Never => (spec.not_before, spec.not_after) = (NOW + DAY, NOW - DAY),
            Flaw::NoConstraints => spec.basic_constraints = None,
            Flaw::NotCa => spec.basic_constraints = Some((spec.basic_constraints != Some((true, None)), None)),
            Flaw::PathLength(length) => spec.basic_constraints = Some((true, Some(length))),
            Flaw::KeyUsage => spec.key_usage = Some(1 << 1),
            Flaw::Purposes(purposes) => spec.purposes = Some(purposes),
            Flaw::Constraints(permitted, excluded) => spec.constraints = Some((permitted, excluded)),
            Flaw::Critical(oid) => spec.extensions.push((oid, true, sequence(&[]))),
            Flaw::Version(version) => spec.version = version,
            Flaw::Damage(damage) => spec.damage = damage,
            Flaw::OtherIssuer => other_issuer = true,
            Flaw::Printable => spec.printable = true,
        }
    }
    other_issuer
}

pub struct Made {
    pub end: Vec<u8>,
    pub others: Vec<Vec<u8>>,
    pub anchors: Vec<Vec<u8>>,
}

pub fn make(plan: &Plan, keys: &[CertificateKey]) -> Made {
    let second_key = &keys[keys.len() - 1];
    let second_spec = CertificateSpec::authority("Second Root", NOW);
    let second = second_spec.signer(second_key);
    let mut made = Made { end: Vec::new(), others: Vec::new(), anchors: Vec::new() };
    let mut above: Option<Authority> = None;
    for (level, flaws) in plan.levels.iter().enumerate() {
        let key = &keys[level % (keys.len() - 1)];
        let is_end = level + 1 == plan.levels.len();
        let mut spec = if is_end {
            let mut spec = CertificateSpec::server("www.example.org", NOW);
            spec.names = plan.names.clone();
            spec
        } else {
            CertificateSpec::authority(&format!("Level {level}"), NOW)
        };
        spec.serial = 100 + level as u64;
        let other_issuer = apply(&mut spec, flaws);
        let mut issuer = above.clone().unwrap_or_else(|| spec.signer(key));
        if other_issuer {
            issuer.key = second_key.clone();
        }
        let certificate = spec.signed(key, &issuer);
        if is_end {
            made.end = certificate;
        } else if level == 0 {
            if plan.first_root_trusted {
                made.anchors.push(certificate.clone());
            }
            made.others.push(certificate);
        } else if !plan.left_out.contains(&level) {
            made.others.push(certificate);
        }
        for (at, flaws) in plan.crossed.iter().filter(|(at, _)| *at == level && !is_end) {
            let mut crossed = CertificateSpec::authority(&format!("Level {level}"), NOW);
            crossed.serial = 200 + *at as u64;
            apply(&mut crossed, flaws);
            made.others.push(crossed.signed(key, &second));
        }
        above = Some(spec.signer(key));
    }
    if plan.second_root_trusted {
        made.anchors.push(second_spec.self_signed(second_key));
    }
    // A shuffle that the seed decides.
    let mut state = plan.order | 1;
    for place in (1..made.others.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        made.others.swap(place, (state >> 33) as usize % (place + 1));
    }
    made
}

impl Plan {
    /// Whether any certificate constrains the names below it.
    pub fn has_constraints(&self) -> bool {
        let mut flaws = self.levels.iter().chain(self.crossed.iter().map(|(_, flaws)| flaws)).flatten();
        flaws.any(|flaw| matches!(flaw, Flaw::Constraints(..)))
    }
}
