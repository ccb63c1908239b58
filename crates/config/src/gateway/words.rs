//! A proposal in a product's own words, for what a person is to change there.

use shakedown_model::ike::{IkeVersion, Proposal, SaProtocol, is_aead, prf_of};
use shakedown_model::{Name, Slot};

use super::Vendor;
use super::suite::spelled;

/// What to write at a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The lines, in the product's syntax; what stands in capitals is for the person to fill in.
    pub text: String,
    /// Where they belong, in a few words.
    pub place: &'static str,
}

/// Whether changes of this kind of gateway are written here.
pub fn has_words(vendor: Vendor) -> bool {
    use Vendor::{CiscoAsa, CiscoIos, FortiOs, Junos, PanOs, RouterOs};
    matches!(vendor, CiscoIos | CiscoAsa | FortiOs | RouterOs | Junos | PanOs)
}

/// A proposal of one algorithm a type as this kind of gateway has it. `None` where its words for one of them are not known, or
/// where changes of that product are not written here.
pub fn written(vendor: Vendor, proposal: &Proposal, version: IkeVersion) -> Option<Change> {
    let one = One { proposal };
    match (vendor, proposal.protocol) {
        (_, SaProtocol::Ah) => None,
        (Vendor::CiscoIos, SaProtocol::Ike) if version == IkeVersion::V1 => {
            let of = "ios isakmp";
            let lines = [
                "crypto isakmp policy NUMBER".to_owned(),
                format!(" encryption {}", one.of(of, Slot::Encryption)?),
                format!(" hash {}", one.of(of, Slot::Integrity)?),
                " authentication METHOD".to_owned(),
                format!(" group {}", one.group()?),
            ];
            Some(Change { text: lines.join("\n"), place: "configure terminal" })
        }
        (Vendor::CiscoIos, SaProtocol::Ike) => {
            let of = "ios ikev2";
            let mut lines =
                vec!["crypto ikev2 proposal NAME".to_owned(), format!(" encryption {}", one.of(of, Slot::Encryption)?)];
            if one.is_aead() {
                lines.push(format!(" prf {}", one.of(of, Slot::Prf)?));
            } else {
                one.follows()?;
                lines.push(format!(" integrity {}", one.of(of, Slot::Integrity)?));
            }
            lines.push(format!(" group {}", one.group()?));
            lines.push("crypto ikev2 policy POLICY\n proposal NAME".to_owned());
            Some(Change { text: lines.join("\n"), place: "configure terminal" })
        }
        (Vendor::CiscoIos, SaProtocol::Esp) => {
            let of = "ios esp";
            let mut set = format!("crypto ipsec transform-set NAME {}", one.of(of, Slot::Encryption)?);
            if !one.is_aead() {
                set = format!("{set} {}", one.of(of, Slot::Integrity)?);
            }
            let pfs = match one.group() {
                Some(group) => format!(" set pfs group{group}"),
                None => " no set pfs".to_owned(),
            };
            let text = format!("{set}\ncrypto map MAP NUMBER ipsec-isakmp\n set transform-set NAME\n{pfs}");
            Some(Change {
                text,
                place: "configure terminal; with a tunnel interface the last lines go into `crypto ipsec profile`",
            })
        }
        (Vendor::CiscoAsa, SaProtocol::Ike) => {
            let (of, word) = if version == IkeVersion::V1 { ("asa ikev1", "ikev1") } else { ("asa ikev2", "ikev2") };
            let mut lines =
                vec![format!("crypto {word} policy NUMBER"), format!(" encryption {}", one.of(of, Slot::Encryption)?)];
            let integrity = if one.is_aead() { "null" } else { one.of(of, Slot::Integrity)? };
            if version == IkeVersion::V1 {
                lines.push(format!(" hash {integrity}\n authentication METHOD"));
            } else {
                lines.push(format!(" integrity {integrity}\n prf {}", one.of(of, Slot::Prf)?));
            }
            lines.push(format!(" group {}", one.group()?));
            Some(Change { text: lines.join("\n"), place: "configure terminal" })
        }
        (Vendor::CiscoAsa, SaProtocol::Esp) => {
            let of = "asa esp";
            let pfs = match one.group() {
                Some(group) => format!("crypto map MAP NUMBER set pfs group{group}"),
                None => "no crypto map MAP NUMBER set pfs".to_owned(),
            };
            let text = if version == IkeVersion::V1 {
                // The words of IKEv1 begin with `esp-`.
                let esp = |slot: Slot| one.words(of, slot, |word| word.starts_with("esp-"));
                let set = format!("{} {}", esp(Slot::Encryption)?, esp(Slot::Integrity)?);
                format!(
                    "crypto ipsec ikev1 transform-set NAME {set}\ncrypto map MAP NUMBER set ikev1 transform-set NAME\n{pfs}"
                )
            } else {
                let plain = |slot: Slot| one.words(of, slot, |word| !word.starts_with("esp-"));
                let integrity = if one.is_aead() { "null" } else { plain(Slot::Integrity)? };
                format!(
                    "crypto ipsec ikev2 ipsec-proposal NAME\n protocol esp encryption {}\n protocol esp integrity {integrity}\n\
                     crypto map MAP NUMBER set ikev2 ipsec-proposal NAME\n{pfs}",
                    plain(Slot::Encryption)?
                )
            };
            Some(Change { text, place: "configure terminal" })
        }
        (Vendor::FortiOs, protocol) => {
            let of = "fortios";
            let cipher = one.of(of, Slot::Encryption)?;
            let is_ike = protocol == SaProtocol::Ike;
            let word = match (one.is_aead(), is_ike) {
                (false, _) => {
                    one.follows()?;
                    format!("{cipher}-{}", one.of(of, Slot::Integrity)?)
                }
                (true, true) => format!("{cipher}-{}", one.of(of, Slot::Prf)?),
                (true, false) => cipher.to_owned(),
            };
            let phase = if is_ike { "phase1-interface" } else { "phase2-interface" };
            let group = match one.group() {
                Some(group) if is_ike => format!("append dhgrp {group}"),
                Some(group) => format!("set pfs enable\n        append dhgrp {group}"),
                None => "set pfs disable".to_owned(),
            };
            let text = format!(
                "config vpn ipsec {phase}\n    edit NAME\n        append proposal {word}\n        {group}\n    next\nend"
            );
            Some(Change { text, place: "the command line; all proposals of a phase share its groups" })
        }
        (Vendor::RouterOs, SaProtocol::Ike) => {
            let of = "routeros ike";
            one.follows()?;
            let text = format!(
                "/ip ipsec profile set [ find name=NAME ] enc-algorithm={} hash-algorithm={} dh-group={}",
                one.of(of, Slot::Encryption)?,
                one.of(of, Slot::Integrity)?,
                one.of(of, Slot::Group)?
            );
            Some(Change { text, place: "the terminal; name what is there already as well, with commas, to keep it" })
        }
        (Vendor::RouterOs, SaProtocol::Esp) => {
            let of = "routeros esp";
            let hash = if one.is_aead() { "null" } else { one.of(of, Slot::Integrity)? };
            let group = if one.group().is_some() { one.of(of, Slot::Group)? } else { "none" };
            let text = format!(
                "/ip ipsec proposal set [ find name=NAME ] enc-algorithms={} auth-algorithms={hash} pfs-group={group}",
                one.of(of, Slot::Encryption)?
            );
            Some(Change { text, place: "the terminal; name what is there already as well, with commas, to keep it" })
        }
        (Vendor::Junos, SaProtocol::Ike) => {
            let of = "junos ike";
            let hash = spelled(of, Slot::Prf, one.name(Slot::Prf)?)?;
            let lines = [
                format!("set security ike proposal NAME encryption-algorithm {}", one.of(of, Slot::Encryption)?),
                format!("set security ike proposal NAME authentication-algorithm {hash}"),
                format!("set security ike proposal NAME dh-group group{}", one.group()?),
                "set security ike proposal NAME authentication-method METHOD".to_owned(),
                "set security ike policy POLICY proposals NAME".to_owned(),
            ];
            one.is_aead().then_some(()).or_else(|| one.follows())?;
            Some(Change { text: lines.join("\n"), place: "configuration mode, then `commit`" })
        }
        (Vendor::Junos, SaProtocol::Esp) => {
            let of = "junos esp";
            let mut lines = vec![format!(
                "set security ipsec proposal NAME protocol esp encryption-algorithm {}",
                one.of(of, Slot::Encryption)?
            )];
            if !one.is_aead() {
                let hash = one.of(of, Slot::Integrity)?;
                lines.push(format!("set security ipsec proposal NAME authentication-algorithm {hash}"));
            }
            lines.push("set security ipsec policy POLICY proposals NAME".to_owned());
            lines.push(match one.group() {
                Some(group) => format!("set security ipsec policy POLICY perfect-forward-secrecy keys group{group}"),
                None => "delete security ipsec policy POLICY perfect-forward-secrecy".to_owned(),
            });
            Some(Change { text: lines.join("\n"), place: "configuration mode, then `commit`" })
        }
        (Vendor::PanOs, protocol) => {
            let is_ike = protocol == SaProtocol::Ike;
            let of = if is_ike { "panos ike" } else { "panos esp" };
            let path = if is_ike { "ike-crypto-profiles PROFILE" } else { "ipsec-crypto-profiles PROFILE" };
            let head = format!("set network ike crypto-profiles {path}");
            let (cipher, hash) = if is_ike { ("encryption", "hash") } else { ("esp encryption", "esp authentication") };
            let mut lines = vec![format!("{head} {cipher} {}", one.of(of, Slot::Encryption)?)];
            if !one.is_aead() {
                one.follows()?;
                lines.push(format!("{head} {hash} {}", one.of(of, Slot::Integrity)?));
            } else if is_ike {
                // The hash of the profile is the pseudo-random function.
                lines.push(format!("{head} {hash} {}", one.name(Slot::Prf)?.strip_prefix("prf")?));
            } else {
                lines.push(format!("{head} {hash} none"));
            }
            lines.push(match one.group() {
                Some(group) => format!("{head} dh-group group{group}"),
                None => format!("{head} dh-group no-pfs"),
            });
            Some(Change { text: lines.join("\n"), place: "configuration mode, then `commit`" })
        }
        _ => None,
    }
}

/// A proposal of one algorithm a type.
struct One<'a> {
    proposal: &'a Proposal,
}

impl<'a> One<'a> {
    fn name(&self, slot: Slot) -> Option<&'a str> {
        self.proposal.list(slot).first().map(|item| item.name.as_str())
    }

    fn of(&self, table: &str, slot: Slot) -> Option<&'static str> {
        spelled(table, slot, self.name(slot)?)
    }

    /// A word of a table that has several for one thing.
    fn words(&self, table: &str, slot: Slot, fits: impl Fn(&str) -> bool) -> Option<&'static str> {
        super::suite::all_spelled(table, slot, self.name(slot)?).find(|word| fits(word))
    }

    /// The number of the group; `None` without perfect forward secrecy.
    fn group(&self) -> Option<&'static str> {
        let name = self.name(Slot::Group).filter(|name| *name != "none")?;
        spelled("groups", Slot::Group, name)
    }

    fn is_aead(&self) -> bool {
        self.name(Slot::Encryption).is_some_and(is_aead)
    }

    /// Whether the pseudo-random function is that of the hash, where the product has no word for another one.
    fn follows(&self) -> Option<()> {
        let (Some(prf), Some(hash)) = (self.name(Slot::Prf), self.name(Slot::Integrity)) else { return Some(()) };
        (prf_of(hash).is_some_and(|own| Name::new(&own) == Name::new(prf))).then_some(())
    }
}
