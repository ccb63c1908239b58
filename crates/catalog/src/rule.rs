//! The behaviour rows: ways in which a product departs from the plain rules of RFC 4253.

use shakedown_model::ssh::{BannerRule, GexRequest, GuessRule, HostKeyOrder};
use shakedown_model::tls::{GroupRule, Preference, StapleRule};
use shakedown_model::{Name, Protocol, Slot};

use crate::facts::BehaviourRow;

/// One departure, read from a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// `mac-needed-beside-aead`
    MacNeededBesideAead,
    /// `one-cipher`
    OneCipher,
    /// `kex-needs-host-key`
    KexNeedsHostKey,
    /// `server-prefers-own`
    ServerPrefersOwn,
    /// `name-limit`, with `maximum`
    NameLimit(usize),
    /// `guess`, with `value`
    Guess(GuessRule),
    /// `stops`, with `names`: slots in the order in which it stops.
    Stops(Vec<Slot>),
    /// `drops`, with `peers`, `slot` and `names`
    Drops(BannerRule),
    /// `broken`, with `names` and the reason as `value`
    Broken(Vec<Name>, String),
    /// `host-key-order`, with `value`
    HostKeyOrder(HostKeyOrder),
    /// `gex-request`, with `minimum`, `preferred` and `maximum`
    GexRequest(GexRequest),
    /// `sends`, with `slot` and `names`: what goes over the wire where the source's default list says less.
    Sends(Slot, Vec<Name>),
    /// `compression-enabled`, with `names`: the list after the user has switched compression on.
    CompressionEnabled(Vec<Name>),
    /// `compression-disabled`, with `names`: the list after the user has switched compression off.
    CompressionDisabled(Vec<Name>),
    /// `confirms`, with `slot` and `names`: it asks a person before it uses one of these.
    Confirms(Slot, Vec<Name>),
    /// `no-rekey-with`, with `peers`
    NoRekeyWith(Vec<String>),
    /// `optional`, with `slot` and `names`: they need a part that the usual installation lacks; the build `full` has it.
    Optional(Slot, Vec<Name>),
    /// `offers-all`: what it offers by default is all that it can do.
    OffersAll,
    /// `guesses`: it sends a guessed first packet.
    Guesses,
    /// `tls-order`, with `slot` (`cipher_suite`, `group` or `signature_scheme`) and `value`: whose order decides.
    TlsOrder(Slot, Preference),
    /// `tls-group-rule`, with `value`: how a server comes to a group in TLS 1.3.
    TlsGroupChoice(GroupRule),
    /// `tls-certificate-curve-in-groups`
    TlsCertificateCurve,
    /// `tls-chacha-first-unless-gcm`
    TlsChaChaUnlessGcm,
    /// `tls-negotiates-ffdhe`
    TlsFfdhe,
    /// `tls-bundles`, with `value`: the version of the library that it brings with it.
    TlsBundles(String),
    /// `tls-min-rsa-bits`, with `minimum`
    TlsMinRsaBits(u32),
    /// `tls-max-dh-bits`, with `maximum`
    TlsMaxDhBits(u32),
    /// `tls-staples`, with `value`: what a client makes of stapled OCSP responses.
    TlsStaples(StapleRule),
    /// `tls-no-extended-master-secret`: it does not have RFC 7627.
    TlsNoExtendedMasterSecret,
}

impl Rule {
    /// Reads a row, or says what is missing in it.
    pub(crate) fn from_row(row: &BehaviourRow) -> Result<Self, String> {
        let slot = || {
            row.slot
                .as_deref()
                .and_then(|text| Slot::parse(Protocol::Ssh, text))
                .ok_or_else(|| format!("rule `{}` needs `slot`", row.rule))
        };
        let names = || {
            row.names
                .as_ref()
                .map(|names| names.iter().map(|name| Name::new(name)).collect::<Vec<_>>())
                .ok_or_else(|| format!("rule `{}` needs `names`", row.rule))
        };
        let value = || row.value.as_deref().ok_or_else(|| format!("rule `{}` needs `value`", row.rule));
        let number =
            |number: Option<u32>, field: &str| number.ok_or_else(|| format!("rule `{}` needs `{field}`", row.rule));
        Ok(match row.rule.as_str() {
            "mac-needed-beside-aead" => Self::MacNeededBesideAead,
            "one-cipher" => Self::OneCipher,
            "kex-needs-host-key" => Self::KexNeedsHostKey,
            "server-prefers-own" => Self::ServerPrefersOwn,
            "offers-all" => Self::OffersAll,
            "guesses" => Self::Guesses,
            "name-limit" => Self::NameLimit(number(row.maximum, "maximum")? as usize),
            "guess" => Self::Guess(match value()? {
                "firsts" => GuessRule::Firsts,
                "firsts-without-markers" => GuessRule::FirstsWithoutMarkers,
                "chosen-is-clients-first" => GuessRule::ChosenIsClientsFirst,
                other => return Err(format!("`{other}` is no way to judge a guess")),
            }),
            "stops" => Self::Stops(
                names()?
                    .iter()
                    .map(|name| {
                        Slot::parse(Protocol::Ssh, name.as_str()).ok_or_else(|| format!("`{name}` is no slot of SSH"))
                    })
                    .collect::<Result<_, _>>()?,
            ),
            "drops" => Self::Drops(BannerRule {
                peer: row.peers.clone().ok_or_else(|| format!("rule `{}` needs `peers`", row.rule))?,
                slot: slot()?,
                drop: names()?,
            }),
            "no-rekey-with" => {
                Self::NoRekeyWith(row.peers.clone().ok_or_else(|| format!("rule `{}` needs `peers`", row.rule))?)
            }
            "broken" => Self::Broken(names()?, value()?.to_owned()),
            "host-key-order" => Self::HostKeyOrder(match value()? {
                "fixed" => HostKeyOrder::Fixed,
                "known-first" => HostKeyOrder::KnownFirst,
                "known-first-unless-best" => HostKeyOrder::KnownFirstUnlessBest,
                "known-only" => HostKeyOrder::KnownOnly,
                other => return Err(format!("`{other}` is no order of host key algorithms")),
            }),
            "gex-request" => Self::GexRequest(GexRequest {
                minimum: number(row.minimum, "minimum")?,
                preferred: row.preferred,
                maximum: number(row.maximum, "maximum")?,
            }),
            "sends" => Self::Sends(slot()?, names()?),
            "optional" => Self::Optional(slot()?, names()?),
            "compression-enabled" => Self::CompressionEnabled(names()?),
            "compression-disabled" => Self::CompressionDisabled(names()?),
            "confirms" => Self::Confirms(slot()?, names()?),
            "tls-order" => {
                let slot = row.slot.as_deref().and_then(|text| Slot::parse(Protocol::Tls, text));
                Self::TlsOrder(
                    slot.ok_or_else(|| format!("rule `{}` needs `slot`", row.rule))?,
                    match value()? {
                        "client" => Preference::Client,
                        "server" => Preference::Server,
                        other => return Err(format!("`{other}` is neither `client` nor `server`")),
                    },
                )
            }
            "tls-group-rule" => Self::TlsGroupChoice(match value()? {
                "first-share" => GroupRule::FirstShare,
                "tuples" => GroupRule::Tuples,
                "own-order-with-share" => GroupRule::OwnOrderWithShare,
                "own-order" => GroupRule::OwnOrder,
                "client-order" => GroupRule::ClientOrder,
                other => return Err(format!("`{other}` is no way to come to a group")),
            }),
            "tls-certificate-curve-in-groups" => Self::TlsCertificateCurve,
            "tls-chacha-first-unless-gcm" => Self::TlsChaChaUnlessGcm,
            "tls-negotiates-ffdhe" => Self::TlsFfdhe,
            "tls-bundles" => Self::TlsBundles(value()?.to_owned()),
            "tls-min-rsa-bits" => Self::TlsMinRsaBits(number(row.minimum, "minimum")?),
            "tls-max-dh-bits" => Self::TlsMaxDhBits(number(row.maximum, "maximum")?),
            "tls-no-extended-master-secret" => Self::TlsNoExtendedMasterSecret,
            "tls-staples" => Self::TlsStaples(match value()? {
                "heeds" => StapleRule::Heeds,
                "demands" => StapleRule::Demands,
                other => return Err(format!("`{other}` is neither `heeds` nor `demands`")),
            }),
            other => return Err(format!("`{other}` is no rule")),
        })
    }
}
