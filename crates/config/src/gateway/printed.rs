//! Proposals as a FortiGate's debug output lists them: an attribute a line.

use shakedown_model::ike::{IkeVersion, Proposal, SaProtocol};
use shakedown_model::{Item, Slot};

use super::suite::means;

/// The proposals of one list, with the version of IKE where the lines tell it. Names that are not known stay as they are printed:
/// the other end would have to have them all the same.
pub fn printed<'a>(lines: impl IntoIterator<Item = &'a str>) -> (Vec<Proposal>, Option<IkeVersion>) {
    let mut all: Vec<Proposal> = Vec::new();
    let mut protocol = SaProtocol::Ike;
    let mut version = None;
    // Forward secrecy stands before the transforms of a proposal.
    let mut pfs: Option<Item> = None;
    for line in lines {
        let Some((name, value)) = line.split_once('=').map(|(name, value)| (name.trim(), value.trim())) else {
            continue;
        };
        match name {
            "proposal id" => pfs = None,
            "protocol id" | "protocol" => {
                version = match value {
                    "ISAKMP" | "IPSEC_ESP" | "IPSEC_AH" => Some(IkeVersion::V1),
                    "IKEv2" => Some(IkeVersion::V2),
                    _ => version,
                };
                protocol = match value {
                    "ISAKMP" | "IKEv2" => SaProtocol::Ike,
                    "IPSEC_AH" | "AH" => SaProtocol::Ah,
                    _ => SaProtocol::Esp,
                };
                all.push(Proposal::new(protocol));
            }
            "PFS DH group" => pfs = Some(item(Slot::Group, value, means("groups", Slot::Group, value))),
            "trans_id" => {
                // Each transform of IKEv1 is a combination of its own.
                if all.last().is_none_or(|last| last.protocol != protocol || !is_empty(last)) {
                    all.push(Proposal::new(protocol));
                }
                let Some(last) = all.last_mut() else { continue };
                last.group.extend(pfs.clone());
                if value != "KEY_IKE" {
                    push(last, Slot::Encryption, value);
                }
            }
            "type" => {
                // `type=ENCR, val=AES_CBC (key_len = 256)`
                let Some((kind, value)) = value.split_once(',') else { continue };
                let Some((_, value)) = value.split_once('=') else { continue };
                let slot = match kind.trim() {
                    "OAKLEY_ENCRYPT_ALG" | "ENCR" => Slot::Encryption,
                    "OAKLEY_HASH_ALG" | "INTEGR" | "AUTH_ALG" => Slot::Integrity,
                    "PRF" => Slot::Prf,
                    "OAKLEY_GROUP" | "DH_GROUP" => Slot::Group,
                    _ => continue,
                };
                if let Some(last) = all.last_mut() {
                    push(last, slot, value.trim());
                }
            }
            _ => {}
        }
    }
    all.retain(|proposal| !is_empty(proposal));
    (all, version)
}

fn is_empty(proposal: &Proposal) -> bool {
    Proposal::SLOTS.iter().all(|slot| proposal.list(*slot).is_empty())
}

/// `AES_CBC (key_len = 256)`, `AES_CBC, key-len=256`: the name, with the key length behind it.
fn push(proposal: &mut Proposal, slot: Slot, value: &str) {
    let name: String = value.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    let bits = value.rsplit_once('=').map(|(_, bits)| bits.trim().trim_end_matches([')', '.']));
    let word = bits.map_or_else(|| name.clone(), |bits| format!("{name} {bits}"));
    let item = item(slot, &word, means("fortios debug", slot, &word));
    if let Some(list) = proposal.list_mut(slot)
        && !list.iter().any(|known| known.name == item.name)
    {
        list.push(item);
    }
}

fn item(slot: Slot, printed: &str, means: Option<&str>) -> Item {
    // Without forward secrecy there is none: a number that is not known is still a group.
    Item::new(means.unwrap_or(match (slot, printed) {
        (Slot::Group, "0") => "none",
        (_, printed) => printed,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_both_versions_and_of_the_tunnel() {
        let read = |text: &str| {
            let (all, version) = printed(text.lines().map(str::trim));
            (all.iter().map(ToString::to_string).collect::<Vec<_>>(), version)
        };
        let v1 = "proposal id = 0\nprotocol id = ISAKMP\ntrans_id = KEY_IKE\ntype=OAKLEY_ENCRYPT_ALG, val=AES_CBC, key-len=256\n\
                  type=OAKLEY_HASH_ALG, val=SHA2_256\ntype=OAKLEY_GROUP, val=MODP2048\ntrans_id = KEY_IKE\n\
                  type=OAKLEY_ENCRYPT_ALG, val=3DES_CBC\ntype=OAKLEY_HASH_ALG, val=SHA\ntype=OAKLEY_GROUP, val=MODP1536";
        assert_eq!(
            read(v1),
            (vec!["aes256-sha256-modp2048".to_owned(), "3des-sha1-modp1536".to_owned()], Some(IkeVersion::V1))
        );
        let v2 = "proposal id = 1\nprotocol = IKEv2\ntype=ENCR, val=AES_GCM_16 (key_len = 256)\ntype=PRF, val=PRF_HMAC_SHA2_384\n\
                  type=DH_GROUP, val=ECP384\ntype=DH_GROUP, val=SOMETHING";
        assert_eq!(read(v2), (vec!["aes256gcm16-prfsha384-ecp384-SOMETHING".to_owned()], Some(IkeVersion::V2)));
        let esp = "protocol id = IPSEC_ESP\nPFS DH group = 14\ntrans_id = ESP_AES_CBC (key_len = 256)\ntype = AUTH_ALG, val=SHA1";
        assert_eq!(read(esp).0, ["aes256-sha1-modp2048"]);
        assert_eq!(read("type=\n=\ntype=ENCR,\ntype=ENCR, val=X\n"), (Vec::new(), None));
    }
}
