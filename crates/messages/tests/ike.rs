//! IKE logs: what later lines say of earlier ones, and whose log it is.

use shakedown_messages::{Attempt, Messages, Reader};
use shakedown_model::{Fault, IncidentResult, Side};

fn attempts(text: &str) -> Vec<Attempt> {
    let messages = Messages::built_in();
    let mut reader = Reader::new(&messages);
    reader.read(0, 0, text.as_bytes());
    reader.finish().0
}

/// Causes that failures still point to, with the side at fault.
fn causes(text: &str) -> Vec<(String, Fault)> {
    let said = attempts(text).into_iter().flat_map(|attempt| attempt.said);
    said.flat_map(|(said, _)| said.indications).map(|one| (one.cause, one.fault)).collect()
}

fn first(text: &str) -> (String, Fault) {
    causes(text).into_iter().next().unwrap_or_else(|| panic!("nothing said of:\n{text}"))
}

#[test]
fn the_lines_of_a_log_tell_whose_it_is() {
    let key = "07[IKE] no private key found for 'vpn.example.com'";
    let initiator = format!("07[IKE] initiating IKE_SA home[1] to 192.0.2.7\n{key}");
    let responder = format!("07[IKE] 192.0.2.9 is initiating an IKE_SA\n{key}");
    assert_eq!(first(&initiator), ("private-key-invalid".into(), Fault::Side(Side::Client)));
    assert_eq!(first(&responder), ("private-key-invalid".into(), Fault::Side(Side::Server)));
}

#[test]
fn a_refused_offer_is_no_failure_when_another_is_taken() {
    let text = r#"
"office"[1] 192.0.2.9 #1: responding to Main Mode from unknown peer 192.0.2.9:500
"office"[1] 192.0.2.9 #1: Oakley Transform [AES_CBC (256), HMAC_SHA1, DH20] refused
"office"[1] 192.0.2.9 #1: STATE_MAIN_R1: sent MR1, expecting MI2
"office"[1] 192.0.2.9 #1: STATE_MAIN_R2: sent MR2, expecting MI3
"office"[1] 192.0.2.9 #1: STATE_MAIN_R2: retransmission; will wait 8 seconds for response"#;
    assert_eq!(first(text), ("nat-traversal-blocked".into(), Fault::Side(Side::Network)));
    assert!(causes(text).iter().all(|(cause, _)| cause != "no-common-proposal"));
}

#[test]
fn a_retry_with_another_group_is_no_failure() {
    let text = "
09[IKE] initiating IKE_SA home[1] to 192.0.2.7
09[IKE] peer didn't accept DH group ECP_256, it requested MODP_2048
09[IKE] initiating IKE_SA home[1] to 192.0.2.7
09[CFG] selected proposal: IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048
09[IKE] IKE_SA home[1] established between 192.0.2.9[a.example.com]...192.0.2.7[b.example.com]
09[IKE] CHILD_SA net{1} established with SPIs c41392ee_i 6caad021_o and TS 10.2.0.0/24 === 10.1.0.0/24";
    let all = attempts(text);
    assert!(all.iter().all(|attempt| attempt.result != IncidentResult::Failed), "{all:#?}");
}

#[test]
fn garbage_in_the_first_encrypted_message_explains_the_silence_after_it() {
    let text = "
05[IKE] initiating Main Mode IKE_SA home[1] to 192.0.2.7
05[ENC] generating ID_PROT request 0 [ ID HASH N(INITIAL_CONTACT) ]
05[NET] sending packet: from 192.0.2.9[4500] to 192.0.2.7[4500] (108 bytes)
03[ENC] invalid HASH_V1 payload length, decryption failed?
03[ENC] could not decrypt payloads
11[IKE] giving up after 5 retransmits
11[IKE] establishing IKE_SA failed, peer not responding";
    assert!(causes(text).iter().all(|(cause, _)| cause == "psk-mismatch"), "{:?}", causes(text));
}

#[test]
fn the_same_notify_means_another_thing_after_authentication() {
    let first_phase =
        "09[ENC] parsed IKE_SA_INIT response 0 [ N(NO_PROP) ]\n09[IKE] received NO_PROPOSAL_CHOSEN notify error";
    let second_phase = "09[ENC] parsed IKE_AUTH response 1 [ IDr AUTH N(NO_PROP) ]\n\
        09[IKE] IKE_SA home[1] established between 192.0.2.9[a.example.com]...192.0.2.7[b.example.com]\n\
        09[IKE] received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built";
    assert_eq!(first(first_phase).0, "no-common-proposal");
    assert_eq!(first(second_phase).0, "no-common-child-proposal");
}

#[test]
fn where_the_silence_begins_tells_what_is_blocked() {
    let init = "07[IKE] initiating IKE_SA home[1] to 192.0.2.7\n07[IKE] giving up after 5 retransmits";
    let auth = "07[IKE] initiating IKE_SA home[1] to 192.0.2.7\n\
        07[NET] sending packet: from 192.0.2.9[4500] to 192.0.2.7[4500] (304 bytes)\n\
        07[IKE] giving up after 5 retransmits";
    let certificate = "07[IKE] initiating IKE_SA home[1] to 192.0.2.7\n\
        07[IKE] sending end entity cert \"CN=a.example.com\"\n\
        07[NET] sending packet: from 192.0.2.9[4500] to 192.0.2.7[4500] (2104 bytes)\n\
        07[IKE] giving up after 5 retransmits";
    assert_eq!(first(init).0, "port-filtered");
    assert_eq!(first(auth).0, "nat-traversal-blocked");
    assert_eq!(first(certificate).0, "path-mtu");
}
