use shakedown_crypto::DhGroup;
use shakedown_handshake::tls::Departure;
use shakedown_model::tls::{
    Certificate, ClientCertificate, DhParameters, GroupRule, Preference, TlsBehaviour, TlsOffer, TlsPolicy, UnknownName,
};
use shakedown_model::{Item, Known, Name, Origin, OriginKind, Party, PartySource, Policy, Role, Slot};
use shakedown_wire::tls::number::version;

use super::candidates::Class;
use super::findings::{Findings, OtherName, Tally};
use super::{Candidates, TlsTarget, Verdict, plan};

/// The party that the findings make. `complete`: whether the server answered to the end.
pub(crate) fn party(
    target: &TlsTarget,
    place: &str,
    findings: &Findings,
    candidates: &Candidates,
    mut notes: Vec<String>,
    complete: bool,
) -> Party {
    let origin = Origin::new(OriginKind::Peer {
        address: place.to_owned(),
        connection: 1,
        what: "answers to many hellos".to_owned(),
    });
    let item = |name: Name| Item { name, origin: Some(origin.clone()) };
    let known = |tally: &Tally, all: &[u16], name: &dyn Fn(u16) -> Name| -> Known<Vec<Item>> {
        let names = |numbers: &[u16]| numbers.iter().map(|&number| item(name(number))).collect::<Vec<_>>();
        if tally.is_complete(all) {
            Known::Complete(names(&tally.accepted))
        } else if tally.accepted.is_empty() && tally.refused.is_empty() {
            Known::Unknown
        } else {
            Known::Partial { accepted: names(&tally.accepted), refused: names(&tally.refused) }
        }
    };
    let mut findings = findings.clone();
    imply(&mut findings, candidates);
    let suite = |number| candidates.suite_name(number);
    let group = |number| candidates.group_name(number);
    let scheme = |number| candidates.scheme_name(number);
    let legacy: Vec<u16> =
        candidates.suites.iter().filter(|suite| !suite.is_tls13()).map(|suite| suite.number).collect();
    let groups: Vec<u16> = candidates.groups.iter().map(|group| group.number).collect();
    let certificates: Vec<Certificate> = findings.chains.iter().filter_map(|chain| shown(chain)).collect();
    let mut offer = TlsOffer {
        versions: versions(&findings, &item),
        cipher_suites: known(&findings.suites, &legacy, &suite),
        tls13_cipher_suites: known(&findings.tls13_suites, &plan::tls13_suites(candidates), &suite),
        groups: known(&findings.groups, &groups, &group),
        signature_schemes: match findings.schemes.accepted.is_empty() {
            true => Known::Unknown,
            false => known(&findings.schemes, &plan::all_schemes(candidates), &scheme),
        },
        certificates: if findings.all_chains && complete {
            Known::Complete(certificates)
        } else {
            Known::Partial { accepted: certificates, refused: Vec::new() }
        },
        secure_renegotiation: bool_known(findings.secure_renegotiation),
        extended_master_secret: bool_known(findings.extended_master_secret),
        needs_extended_master_secret: findings.needs_extended_master_secret,
        dh_parameters: findings.dh_bits.map_or(Known::Unknown, |bits| Known::Complete(DhParameters::Fixed { bits })),
        client_certificate: match findings.request {
            Some((false, _)) => Known::Complete(ClientCertificate::NotAsked),
            Some((true, Some(true))) => Known::Complete(ClientCertificate::Required),
            Some((true, Some(false))) => Known::Complete(ClientCertificate::Optional),
            Some((true, None)) | None => Known::Unknown,
        },
        unknown_name: match findings.with_other_name {
            Some(OtherName::Refused) => Known::Complete(UnknownName::Rejected),
            Some(_) => Known::Complete(UnknownName::Default),
            None => Known::Unknown,
        },
        ..TlsOffer::default()
    };
    let protocols: Vec<Item> = findings.protocols.accepted.iter().map(|name| item(Name::from_bytes(name))).collect();
    offer.alpn = match (protocols.is_empty(), target.protocols.is_empty()) {
        (true, true) => Known::Unknown,
        (_, false) | (false, true) => Known::Partial { accepted: protocols, refused: Vec::new() },
    };
    offer.origins = vec![(Slot::Version, origin.clone()), (Slot::CipherSuite, origin)];
    notes.extend(sentences(&findings));
    Party {
        label: format!("{}:{}", target.host, target.port),
        role: Role::Server,
        software: None,
        source: PartySource::Live { address: place.to_owned() },
        policy: Policy::Tls(Box::new(TlsPolicy { offer, behaviour: behaviour(&findings), ..TlsPolicy::default() })),
        configuration: None,
        notes,
    }
}

/// What follows from what is known: without a version its suites and groups cannot be had.
fn imply(findings: &mut Findings, candidates: &Candidates) {
    if findings.versions.get(&version::TLS13) == Some(&Verdict::Refused) {
        findings.tls13_suites.refuse(&plan::tls13_suites(candidates));
    }
    let old = [version::TLS12, version::TLS11, version::TLS10, version::SSL3];
    if old.iter().all(|number| findings.versions.get(number) == Some(&Verdict::Refused)) {
        let legacy: Vec<u16> =
            candidates.suites.iter().filter(|suite| !suite.is_tls13()).map(|suite| suite.number).collect();
        findings.suites.refuse(&legacy);
    }
    // Suites that came with TLS 1.2 are out of reach below it.
    if findings.versions.get(&version::TLS12) == Some(&Verdict::Refused) {
        let newer: Vec<u16> = [Class::Rsa, Class::Ecdsa, Class::Other]
            .into_iter()
            .flat_map(|class| {
                let below = plan::suites(candidates, class, shakedown_model::tls::TlsVersion::Tls11);
                let all = plan::suites(candidates, class, shakedown_model::tls::TlsVersion::Tls12);
                all.into_iter().filter(move |suite| !below.contains(suite))
            })
            .collect();
        findings.suites.refuse(&newer);
    }
}

fn versions(findings: &Findings, item: &dyn Fn(Name) -> Item) -> Known<Vec<Item>> {
    let numbers = [version::TLS13, version::TLS12, version::TLS11, version::TLS10, version::SSL3, version::SSL2];
    let with = |wanted: Verdict| -> Vec<Item> {
        let is = |number: &u16| findings.versions.get(number).copied().unwrap_or(Verdict::Unknown) == wanted;
        numbers.into_iter().filter(is).filter_map(version::name).map(|name| item(Name::new(name))).collect()
    };
    if with(Verdict::Unknown).is_empty() {
        Known::Complete(with(Verdict::Accepted))
    } else {
        Known::Partial { accepted: with(Verdict::Accepted), refused: with(Verdict::Refused) }
    }
}

fn bool_known(value: Option<bool>) -> Known<bool> {
    value.map_or(Known::Unknown, Known::Complete)
}

/// The certificate with its chain; what stands in it is read by whoever judges it.
fn shown(chain: &[Vec<u8>]) -> Option<Certificate> {
    let (own, rest) = chain.split_first()?;
    let one = |der: &[u8]| Certificate { fingerprint: Some(fingerprint(der)), ..Certificate::default() };
    Some(Certificate { chain: rest.iter().map(|der| one(der)).collect(), ..one(own) })
}

fn fingerprint(der: &[u8]) -> String {
    shakedown_crypto::Hash::Sha256.digest(&[der]).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn behaviour(findings: &Findings) -> TlsBehaviour {
    let preference = |is_own: Option<bool>| is_own.map(|own| if own { Preference::Server } else { Preference::Client });
    TlsBehaviour {
        suite_order: preference(findings.suite_order_is_own),
        needs_shared_scheme: findings.needs_shared_scheme,
        group_rule: match findings.group_order_is_own {
            Some(false) => Some(GroupRule::ClientOrder),
            _ => None,
        },
        ..TlsBehaviour::default()
    }
}

/// What has no place in an offer.
fn sentences(findings: &Findings) -> Vec<String> {
    let mut notes = Vec::new();
    let mut say = |holds: bool, note: &str| {
        if holds {
            notes.push(note.to_owned());
        }
    };
    say(findings.compression == Some(true), "the server compresses (CRIME)");
    say(findings.fallback == Some(false), "the server does not know `TLS_FALLBACK_SCSV` (RFC 7507)");
    say(findings.session_ticket == Some(true), "the server gives session tickets below TLS 1.3");
    say(findings.staples == Some(true), "the server staples an answer of the certificate's authority (OCSP)");
    say(findings.without_name == Some(OtherName::Refused), "the server refuses clients without `server_name`");
    say(
        findings.without_name == Some(OtherName::OtherCertificate),
        "the server shows another certificate to clients without `server_name`",
    );
    say(
        matches!(findings.request, Some((true, None))),
        "the server asks for a client certificate; whether it insists is not known",
    );
    match findings.dh_group.as_ref().and_then(|(_, group)| *group) {
        Some(DhGroup::Composite) => {
            say(true, "the modulus of DHE is not prime: whoever knows its factors can read the connections with DHE");
        }
        Some(DhGroup::SmallOrder) => say(
            true,
            "the generator of DHE has a small order: whoever listens can read the connections with DHE (RFC 2785)",
        ),
        Some(DhGroup::OrderUnknown) => say(
            true,
            "the prime of DHE is no safe prime: whether its generator has a small order cannot be told from here (RFC 7919 \
             section 1)",
        ),
        Some(DhGroup::SafePrime | DhGroup::NotTested) | None => {}
    }
    say(findings.departures.contains(&Departure::WrongFinished), "the server's Finished did not fit the handshake");
    notes
}
