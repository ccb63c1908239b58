use shakedown_model::ssh::SshOffer;
use shakedown_model::{Item, Known, Name, Slot};
use shakedown_wire::ssh::{KexInit, NameList, NameListField};

/// The lists of a KEXINIT that have to agree, with their slots.
pub(super) const SLOTS: [(NameListField, Slot); 8] = [
    (NameListField::KexAlgorithms, Slot::Kex),
    (NameListField::ServerHostKeyAlgorithms, Slot::HostKey),
    (NameListField::EncryptionAlgorithmsClientToServer, Slot::CipherC2s),
    (NameListField::EncryptionAlgorithmsServerToClient, Slot::CipherS2c),
    (NameListField::MacAlgorithmsClientToServer, Slot::MacC2s),
    (NameListField::MacAlgorithmsServerToClient, Slot::MacS2c),
    (NameListField::CompressionAlgorithmsClientToServer, Slot::CompressionC2s),
    (NameListField::CompressionAlgorithmsServerToClient, Slot::CompressionS2c),
];

/// What a KEXINIT offers: every list complete, in order, markers included. Elements have no origin of their own.
pub fn offer_from_kexinit(kexinit: &KexInit, identification: Option<Name>) -> SshOffer {
    let mut offer = SshOffer {
        identification,
        languages: (
            names(kexinit.list(NameListField::LanguagesClientToServer)),
            names(kexinit.list(NameListField::LanguagesServerToClient)),
        ),
        first_kex_packet_follows: kexinit.first_kex_packet_follows,
        ..SshOffer::default()
    };
    for (field, slot) in SLOTS {
        if let Some(list) = offer.list_mut(slot) {
            let items = names(kexinit.list(field)).into_iter().map(|name| Item { name, origin: None });
            *list = Known::Complete(items.collect());
        }
    }
    offer
}

/// The KEXINIT that makes this offer. A list of which only a part is known is sent as that part, an unknown one empty.
pub fn kexinit_from_offer(offer: &SshOffer, cookie: [u8; 16]) -> KexInit {
    let mut kexinit =
        KexInit { cookie, first_kex_packet_follows: offer.first_kex_packet_follows, ..KexInit::default() };
    for (field, slot) in SLOTS {
        let accepted = offer.list(slot).accepted().map(Vec::as_slice).unwrap_or_default();
        *kexinit.list_mut(field) = accepted.iter().map(|item| item.name.to_bytes()).collect();
    }
    let (c2s, s2c) = &offer.languages;
    *kexinit.list_mut(NameListField::LanguagesClientToServer) = bytes(c2s);
    *kexinit.list_mut(NameListField::LanguagesServerToClient) = bytes(s2c);
    kexinit
}

fn names(list: &[Vec<u8>]) -> Vec<Name> {
    list.iter().map(|name| Name::from_bytes(name)).collect()
}

pub(super) fn bytes(names: &[Name]) -> NameList {
    names.iter().map(Name::to_bytes).collect()
}
