//! IKE proposals as they are written and printed.

use shakedown_catalog::{Catalog, KeywordError, Rating};
use shakedown_model::Slot;
use shakedown_model::ike::SaProtocol;

fn catalog() -> Catalog {
    Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap()
}

fn printed(text: &str) -> Vec<String> {
    catalog().printed_proposals(text).iter().map(ToString::to_string).collect()
}

#[test]
fn strongswan_prints_flat_lists() {
    let text = "IKE:AES_CBC_256/AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048, \
                IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/CURVE_25519/ECP_384";
    let expected = ["aes256-aes128-sha256-modp2048", "aes256gcm16-prfsha384-x25519-ecp384"];
    assert_eq!(printed(text), expected);
    assert_eq!(printed("ESP:AES_CBC_256/HMAC_SHA1_96/MODP_1024/NO_EXT_SEQ"), ["aes256-sha1-modp1024"]);
    assert_eq!(printed("ESP:AES_CBC_256/HMAC_SHA1_96/MODP_2048/NONE/EXT_SEQ"), ["aes256-sha1-modp2048-none-esn"]);
}

#[test]
fn libreswan_prints_types() {
    let text = "1:IKE:ENCR=AES_GCM_C_256,AES_GCM_C_128;PRF=HMAC_SHA2_512,HMAC_SHA2_256;DH=MODP2048,DH19 \
                2:IKE:ENCR=AES_CBC_256;PRF=HMAC_SHA2_256;INTEG=HMAC_SHA2_256_128;DH=MODP2048[first-match]";
    let expected = ["aes256gcm16-aes128gcm16-prfsha512-prfsha256-modp2048-ecp256", "aes256-sha256-modp2048"];
    assert_eq!(printed(text), expected);
    assert_eq!(printed("1:ESP:ENCR=AES_CBC_128;INTEG=HMAC_SHA1_96;ESN=DISABLED"), ["aes128-sha1"]);
}

#[test]
fn libreswan_prints_columns() {
    let text = "1:IKE=AES_CBC_256-HMAC_SHA2_512+HMAC_SHA2_256-HMAC_SHA2_512_256+HMAC_SHA2_256_128-MODP2048+DH20";
    assert_eq!(printed(text), ["aes256-sha512-sha256-modp2048-ecp384"]);
    assert_eq!(printed("1:ESP=AES_GCM_C_256-NONE-NONE-ENABLED"), ["aes256gcm16-none-none-esn"]);
}

#[test]
fn what_is_not_known_is_kept() {
    let proposals = catalog().printed_proposals("IKE:AES_CBC_256/(1234)/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048");
    assert_eq!(proposals[0].unknown[0].name, "(1234)");
    let proposals =
        catalog().printed_proposals("1:IKE:ENCR=SOMETHING_NEW;PRF=HMAC_SHA1;INTEG=HMAC_SHA1_96;DH=MODP2048");
    assert_eq!(proposals[0].encryption[0].name, "SOMETHING_NEW");
    assert!(printed("nothing of the kind: here=there").is_empty());
}

#[test]
fn keywords_are_completed_as_strongswan_does() {
    let catalog = catalog();
    let ike = |text| catalog.proposal_of_keywords(SaProtocol::Ike, text);
    let proposal = ike("aes256-sha2_512-curve25519").unwrap();
    assert_eq!(proposal.prf[0].name, "prfsha512");
    assert_eq!(proposal.to_string(), "aes256-sha512-x25519");
    assert!(ike("aes128gcm16-sha256-ecp256").unwrap().integrity.is_empty());
    let esp = catalog.proposal_of_keywords(SaProtocol::Esp, "aes128-sha1").unwrap();
    assert_eq!((esp.esn[0].name.as_str(), esp.prf.len()), ("noesn", 0));
    assert_eq!(ike("aes256-sha25-modp2048").unwrap_err(), KeywordError::Unknown("sha25".to_owned()));
    assert_eq!(ike("aes256-aes256gcm16-sha256-modp2048").unwrap_err(), KeywordError::MixedCiphers);
    assert!(matches!(ike("aes256-sha256").unwrap_err(), KeywordError::Missing { what: "a key exchange group", .. }));
}

#[test]
fn transforms_are_rated() {
    let catalog = catalog();
    assert_eq!(catalog.rating(Slot::Group, "modp1024"), Some(Rating::Broken));
    assert_eq!(catalog.rating(Slot::Encryption, "aes256gcm16"), Some(Rating::Strong));
    assert_eq!(catalog.rating(Slot::Integrity, "sha1"), Some(Rating::Legacy));
    assert_eq!(catalog.transform(Some(Slot::Prf), "HMAC_SHA2_256").unwrap().1.name, "prfsha256");
    assert_eq!(catalog.transform(None, "dh19").unwrap().1.number, Some(19));
}

#[test]
fn transforms_for_an_ike_sa() {
    let all = catalog().ike_transforms();
    let find = |name: &str| all.iter().find(|one| one.name == name).map(|one| (one.slot, one.number, one.key_length));
    assert_eq!(find("aes256"), Some((Slot::Encryption, 12, Some(256))));
    assert_eq!(find("3des"), Some((Slot::Encryption, 3, None)));
    assert_eq!(find("chacha20poly1305"), Some((Slot::Encryption, 28, None)));
    assert_eq!(find("prfsha384"), Some((Slot::Prf, 6, None)));
    assert_eq!(find("x25519"), Some((Slot::Group, 31, None)));
    for name in ["none", "null", "noesn", "aes256gmac", "serpent256", "sha256_96"] {
        assert_eq!(find(name), None, "{name}");
    }
    let mut numbers: Vec<_> = all.iter().map(|one| (one.slot, one.number, one.key_length)).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), all.len());
}

#[test]
fn vendor_ids_tell_who_sends_them() {
    let catalog = catalog();
    let strongswan = b"\x88\x2f\xe5\x6d\x6f\xd2\x0d\xbc\x22\x51\x61\x3b\x2e\xbe\x5b\xeb";
    assert_eq!(catalog.vendor_id(strongswan), Some(("strongSwan".to_owned(), true)));
    assert_eq!(catalog.vendor_id(&[strongswan.as_slice(), b"more"].concat()).unwrap().0, "strongSwan");
    assert_eq!(catalog.vendor_id(b"\x09\x00\x26\x89\xdf\xd6\xb7\x12"), Some(("XAUTH".to_owned(), false)));
    assert_eq!(catalog.vendor_id(&strongswan[..8]), None);
    assert_eq!(catalog.vendor_id(b""), None);
}

/// The table of names is made once; what it gives is what looking through all of them gives.
#[test]
fn each_transform_is_found_by_its_name() {
    let catalog = catalog();
    for transform in catalog.ike_transforms() {
        let upper = transform.name.to_uppercase();
        for name in [transform.name.as_str(), &upper, &transform.name.replace("gcm", "-gcm_")] {
            let (slot, found) = catalog.transform(Some(transform.slot), name).unwrap();
            assert_eq!((slot, found.name.as_str()), (transform.slot, transform.name.as_str()), "{name}");
        }
    }
    // A name of two types is the first of them.
    assert_eq!(catalog.transform(None, "sha256").map(|(slot, _)| slot), Some(Slot::Integrity));
    assert_eq!(catalog.transform(Some(Slot::Prf), "HMAC_SHA2_256").map(|(slot, _)| slot), Some(Slot::Prf));
    assert!(catalog.transform(Some(Slot::Group), "aes256").is_none() && catalog.transform(None, "").is_none());
}
