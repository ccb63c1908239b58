//! Where an implementation departs from the plain rules is kept in an offer, field by field.

use shakedown_model::ssh::{
    BannerRule, GuessRule, HostKeyOrder, SshBehaviour, SshOffer, SshPolicy, Supported, Undecided,
};
use shakedown_model::{Known, Name, Party, PartySource, Policy, Role, Slot, items};
use shakedown_schema::v1::Offer;

#[test]
fn behaviour_survives() {
    let behaviour = SshBehaviour {
        mac_needed_beside_aead: true,
        one_cipher: true,
        kex_needs_host_key: true,
        server_prefers_own: true,
        name_limit: Some(40),
        guess: GuessRule::ChosenIsClientsFirst,
        drops: vec![BannerRule { peer: vec!["x*".into()], slot: Slot::Kex, drop: vec![Name::new("a")] }],
        stops: vec![Slot::HostKey, Slot::Kex],
        broken: vec![(Name::new("b"), "it is".into())],
        confirms: vec![(Slot::CipherC2s, Name::new("arcfour"))],
        no_rekey_with: vec!["y_1.0*".into()],
    };
    let names = || Known::Complete(vec![Name::new("n")]);
    let policy = SshPolicy {
        offer: SshOffer { kex: Known::Complete(items(["a"])), ..SshOffer::default() },
        host_key_order: HostKeyOrder::KnownOnly,
        behaviour,
        supported: Supported { kex: names(), host_key: names(), cipher: names(), mac: names(), compression: names() },
        undecided: vec![Undecided { slot: Slot::MacC2s, criterion: "Match exec x".into(), origin: None }],
    };
    let party = Party {
        label: "x".into(),
        role: Role::Client,
        software: None,
        source: PartySource::Offer { path: String::new() },
        policy: Policy::Ssh(Box::new(policy)),
        configuration: None,
        notes: Vec::new(),
    };
    assert_eq!(Party::from(&Offer::from(&party)), party);
}
