//! What a client sent, as a party that says who it is.

use shakedown_listen::{fingerprint, ike as initiators};
use shakedown_model::ssh::{SshOffer, SshPolicy, is_marker};
use shakedown_model::tls::TlsPolicy;
use shakedown_model::{Context, Name, Origin, Party, PartySource, Policy, Role, Slot, Software, names};
use shakedown_wire::ike::Message;
use shakedown_wire::tls::{ClientHello, Ssl2ClientHello};

use super::known::{KnownOffers, ssh_key, tls_key};
use super::seen_at;
use crate::Session;

const NOBODYS: &str = "no client of the catalog has just these lists by default";

fn recorded(label: String, policy: Policy) -> Party {
    Party {
        label,
        role: Role::Client,
        software: None,
        source: PartySource::Offer { path: String::new() },
        policy,
        configuration: None,
        notes: Vec::new(),
    }
}

pub(crate) fn ssh(
    session: &Session,
    known: Option<&KnownOffers>,
    mut offer: SshOffer,
    label: String,
    origin: &Origin,
) -> Party {
    for slot in Slot::SSH {
        if let Some(list) = offer.list_mut(slot) {
            seen_at(list, origin);
        }
    }
    let hassh = fingerprint::hassh(&offer);
    let key = ssh_key(&offer);
    let policy = SshPolicy { offer, ..SshPolicy::default() };
    let mut party = recorded(label, Policy::Ssh(Box::new(policy)));
    session.enrich(&mut party);
    party.notes.extend(hassh.map(|hassh| format!("HASSH {hassh}")));
    let compared = party.software.clone().and_then(|software| compared(session, &party, software));
    match (compared, key.and_then(|key| known?.of(&key))) {
        (Some(words), _) if words.equal => party.notes.push(words.text),
        (words, Some(same)) => {
            party.notes.extend(words.map(|words| words.text));
            party.notes.push(format!("the lists are the defaults of {same}"));
        }
        (words, None) => {
            party.notes.extend(words.map(|words| words.text));
            // Where they were not computed, nothing is said of them.
            party.notes.extend(known.map(|_| NOBODYS.to_owned()));
        }
    }
    if party.software.as_ref().is_some_and(|software| software.product() == "openssh") {
        party.notes.push(
            "OpenSSH puts the host key algorithms first whose keys it knows of the name it was given: towards the real \
             server their order may differ"
                .to_owned(),
        );
    }
    party
}

/// The offer beside the defaults of the software that the identification names.
struct Compared {
    equal: bool,
    text: String,
}

fn compared(session: &Session, party: &Party, software: Software) -> Option<Compared> {
    let named = software.to_string();
    let gathered = session.catalog_party(&named, software, Role::Client).ok()?;
    let theirs = gathered.parties.first()?.ssh()?.open(Role::Client, &Context::default());
    let ours = &party.ssh()?.offer;
    let mut differing = Vec::new();
    for slot in Slot::SSH {
        let (Some(theirs), Some(ours)) = (theirs.list(slot).complete(), ours.list(slot).complete()) else { continue };
        let (mut theirs, mut ours) = (names(theirs), names(ours));
        if slot == Slot::Kex {
            // Names that stand for an ability and not for a method have no order (RFC 8308 section 2.1).
            let markers_last =
                |list: &mut Vec<Name>| list.sort_by_key(|name| is_marker(name.as_str()).then(|| name.clone()));
            markers_last(&mut theirs);
            markers_last(&mut ours);
        }
        if slot == Slot::HostKey {
            theirs.sort();
            ours.sort();
        }
        if theirs != ours {
            differing.push(slot.as_str());
        }
    }
    let equal = differing.is_empty();
    let text = match equal {
        true => format!("it offers what `{named}` does by default"),
        false => format!("it departs from the defaults of `{named}` in {}", differing.join(", ")),
    };
    Some(Compared { equal, text })
}

pub(crate) fn tls(
    session: &Session,
    known: Option<&KnownOffers>,
    hello: &ClientHello,
    label: String,
    origin: &Origin,
) -> Party {
    let name = |slot, number| session.catalog.tls_name(slot, number);
    let offer = shakedown_handshake::tls::offered(hello, &name, origin);
    let same = tls_key(&offer).and_then(|key| known?.of(&key));
    let server_name = match offer.server_name.complete() {
        Some(Some(name)) => format!("it asks for the name `{name}`"),
        _ => "it sends no server name".to_owned(),
    };
    let policy = TlsPolicy { offer, ..TlsPolicy::default() };
    let mut party = recorded(label, Policy::Tls(Box::new(policy)));
    party.notes.push(format!("JA4 {}", fingerprint::ja4(hello)));
    party.notes.push(server_name);
    party.notes.extend(match same {
        Some(same) => Some(format!("the lists are the defaults of {same}")),
        None => known.map(|_| NOBODYS.to_owned()),
    });
    party
}

/// A CLIENT-HELLO of SSL 2.0 that may stand for later versions too: RFC 5246 appendix E.2.
pub(crate) fn ssl2(session: &Session, hello: &Ssl2ClientHello, label: String, origin: &Origin) -> Party {
    let later = ClientHello {
        version: hello.version,
        cipher_suites: hello.cipher_suites().collect(),
        ..ClientHello::default()
    };
    let name = |slot, number| session.catalog.tls_name(slot, number);
    let offer = shakedown_handshake::tls::offered(&later, &name, origin);
    let mut party = recorded(label, Policy::Tls(Box::new(TlsPolicy { offer, ..TlsPolicy::default() })));
    party.notes.push(
        "its hello has the form of SSL 2.0 (RFC 6176 forbids it): no name, no groups and no signature schemes are in it, \
         and many servers close at once"
            .to_owned(),
    );
    party
}

pub(crate) fn ike(session: &Session, message: &Message, label: String, origin: &Origin) -> Party {
    let transforms = session.catalog.ike_transforms();
    let name = |slot: Slot, number: u16, bits: Option<u16>| {
        let found = transforms.iter().find(|one| one.slot == slot && one.number == number && one.key_length == bits);
        found.map(|one| one.name.clone())
    };
    let found = initiators::initiator(message, &name, origin);
    let mut party = recorded(label, Policy::Ike(Box::new(found.policy)));
    let version = if message.header.major() == 1 { "IKEv1" } else { "IKEv2" };
    party.notes.push(match (message.header.major(), found.aggressive) {
        (1, true) => "it speaks IKEv1 in aggressive mode, which shows a hash over the shared key to anyone".to_owned(),
        (1, false) => "it speaks IKEv1 in main mode".to_owned(),
        _ => format!("it speaks {version}"),
    });
    party.notes.extend(found.guess.map(|group| format!("it sends a public value for `{group}` along")));
    if !found.methods.is_empty() {
        party.notes.push(format!("it proposes to authenticate by {}", found.methods.join(", ")));
    }
    let ids: Vec<&Vec<u8>> = found.vendor_ids.iter().collect();
    party.notes.extend(crate::live::vendors(&session.catalog, &ids));
    party.notes.extend(found.unread.into_iter().map(|error| format!("not read: {error}")));
    party.notes.push("what it proposes for the CHILD SA is sent later, encrypted, and stays unknown".to_owned());
    party
}
