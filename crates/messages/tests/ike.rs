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

#[test]
fn who_refuses_in_an_exchange_of_its_own_is_the_initiator() {
    let refused = "12[CFG] no issuer certificate found for \"CN=vpn.example.com\"\n\
        12[IKE] no trusted RSA public key found for 'vpn.example.com'\n";
    let initiator = format!("{refused}12[ENC] generating INFORMATIONAL request 2 [ N(AUTH_FAILED) ]");
    let responder = format!("{refused}12[ENC] generating IKE_AUTH response 1 [ N(AUTH_FAILED) ]");
    assert_eq!(first(&initiator), ("certificate-untrusted".into(), Fault::Side(Side::Client)));
    assert_eq!(first(&responder), ("certificate-untrusted".into(), Fault::Side(Side::Server)));
}

#[test]
fn a_responder_without_a_connection_for_the_identities_is_at_fault() {
    for none in ["no matching peer config found", "no peer config found"] {
        let text = format!("13[CFG] looking for peer configs matching 192.0.2.2[b]...192.0.2.1[a]\n13[CFG] {none}");
        assert_eq!(first(&text), ("peer-identity-mismatch".into(), Fault::Side(Side::Server)), "{none}");
    }
}

#[test]
fn the_end_that_asks_for_a_child_is_the_initiator_and_one_that_rekeys_is_not() {
    let failed = "07[KNL] unable to install policy 10.1.0.0/24 === 10.2.0.0/24 out for reqid 2, the same policy for reqid 1 exists";
    let of = |payloads: &str| {
        first(&format!(
            "07[ENC] generating CREATE_CHILD_SA request 2 [ {payloads} ]\n{failed}\n\
            07[IKE] unable to install IPsec policies (SPD) in kernel"
        ))
    };
    assert_eq!(of("SA No TSi TSr"), ("invalid-configuration".into(), Fault::Side(Side::Client)));
    assert_eq!(of("N(REKEY_SA) SA No TSi TSr"), ("invalid-configuration".into(), Fault::Side(Side::Unknown)));
}

#[test]
fn the_states_of_pluto_tell_whose_log_it_is() {
    let of = |state: &str| {
        let text = format!(
            "\"two\" #3: cannot install kernel policy 10.1.0.0/24===10.2.0.0/24; it is in use by the routed-tunnel connection \"one\"\n\
             \"two\" #3: state transition function for {state} had internal error"
        );
        first(&text)
    };
    assert_eq!(of("STATE_QUICK_I1"), ("invalid-configuration".into(), Fault::Side(Side::Client)));
    assert_eq!(of("STATE_QUICK_R0"), ("invalid-configuration".into(), Fault::Side(Side::Server)));
}

#[test]
fn an_error_of_the_system_belongs_to_the_connection_it_names() {
    let text = "002 \"home\" #1: initiating Main Mode
003 ERROR: \"home\" #1: sendto on lo to 192.0.2.9:500 failed in reply packet for main_outI1. Errno 22: Invalid argument
104 \"home\" #1: STATE_MAIN_I1: initiate
010 \"home\" #1: STATE_MAIN_I1: retransmission; will wait 0.5 seconds for response
003 ERROR: \"home\" #1: sendto on lo to 192.0.2.9:500 failed in EVENT_v1_RETRANSMIT. Errno 22: Invalid argument
010 \"home\" #1: STATE_MAIN_I1: retransmission; will wait 1 seconds for response";
    assert_eq!(attempts(text).len(), 1);
    assert_eq!(first(text), ("invalid-configuration".into(), Fault::Side(Side::Client)));
    assert!(causes(text).iter().all(|(_, fault)| *fault != Fault::Side(Side::Network)), "{:?}", causes(text));
}

#[test]
fn openswan_names_the_notify_after_a_comma() {
    let of = |notify: &str| {
        first(&format!(
            "108 \"home\" #1: STATE_MAIN_I3: sent MI3, expecting MR3\n\
             003 \"home\" #1: ignoring informational payload, type {notify} msgid=00000000\n\
             031 \"home\" #1: max number of retransmissions (2) reached STATE_MAIN_I3.  Possible authentication failure: no acceptable response to our first encrypted message"
        ))
        .0
    };
    assert_eq!(of("INVALID_ID_INFORMATION"), "peer-identity-mismatch");
    assert_eq!(of("INVALID_KEY_INFORMATION"), "certificate-untrusted");
    assert_eq!(of("AUTHENTICATION_FAILED"), "psk-mismatch");
}

#[test]
fn silence_in_quick_mode_is_about_phase_2() {
    for text in [
        "031 \"home/0x2\" #9: max number of retransmissions (2) reached STATE_QUICK_I1",
        "\"home\" #9: STATE_QUICK_I1: 60 second timeout exceeded after 7 retransmits.",
    ] {
        assert_eq!(first(text).0, "no-common-child-proposal", "{text}");
    }
    let first_message = "031 \"home\" #1: max number of retransmissions (20) reached STATE_MAIN_I1";
    assert_eq!(first(first_message).0, "port-filtered");
}

#[test]
fn ios_names_the_protocol_of_a_refused_proposal() {
    let text = "ISAKMP:(1003): processing NOTIFY PROPOSAL_NOT_CHOSEN protocol 3";
    assert_eq!(first(text), ("no-common-child-proposal".into(), Fault::Side(Side::Both)));
    let benign = "%CRYPTO-4-IKMP_NO_SA: IKE message from 192.0.2.7 has no SA and is not an initialization offer\n\
        %CRYPTO-6-EZVPN_CONNECTION_UP: (Client) User=a Group=b Server_public_addr=192.0.2.7";
    assert!(causes(benign).iter().all(|(cause, _)| cause == "stale-state"), "{:?}", causes(benign));
}

#[test]
fn a_peer_that_does_not_encrypt_its_identity_is_at_fault() {
    let text = "13[ENC] generating ID_PROT request 0 [ ID HASH ]\n\
        06[ENC] payload type ID_V1 was not encrypted\n\
        06[ENC] could not decrypt payloads\n\
        06[IKE] integrity check failed";
    assert_eq!(first(text), ("implementation-defect".into(), Fault::Side(Side::Server)));
}

#[test]
fn what_a_daemon_says_of_its_socket_belongs_to_the_only_connection_of_a_text() {
    let text = |other: &str| {
        format!(
            "May  6 02:41:25 gw charon: 12[NET] <home|1> sending packet: from 192.0.2.7[500] to 192.0.2.9[500] (464 bytes)\n\
             May  6 02:41:25 gw charon: 04[NET] error writing to socket: Network is unreachable\n\
             May  6 02:41:29 gw charon: 06[IKE] <home|1> retransmit 1 of request with message ID 0\n{other}"
        )
    };
    assert_eq!(attempts(&text("")).len(), 1);
    assert_eq!(first(&text("")), ("invalid-configuration".into(), Fault::Side(Side::Client)));
    let two = text("May  6 02:41:29 gw charon: 07[IKE] <other|2> retransmit 1 of request with message ID 0");
    assert!(attempts(&two).len() > 1, "{:#?}", attempts(&two));
}

#[test]
fn a_client_without_the_plugin_of_eap_has_no_wrong_password() {
    let failed = "15[IKE] received EAP_FAILURE, EAP authentication failed";
    let identity = format!("14[IKE] EAP_IDENTITY not supported, sending EAP_NAK\n{failed}");
    assert_eq!(first(&identity), ("platform-support-missing".into(), Fault::Side(Side::Client)));
    assert!(causes(&identity).iter().all(|(cause, _)| cause == "platform-support-missing"), "{:?}", causes(&identity));
    let method = format!("14[IKE] EAP method not supported, sending EAP_NAK\n{failed}");
    assert_eq!(first(&method).0, "auth-method-mismatch");
    assert!(causes(&method).iter().all(|(cause, _)| cause != "authentication-failed"), "{:?}", causes(&method));
    // Another method was offered and taken: then it is the password.
    let offered = "14[IKE] requesting EAP_MSCHAPV2 authentication, sending EAP_NAK
14[ENC] generating IKE_AUTH request 2 [ EAP/RES/NAK ]
15[NET] received packet: from 192.0.2.9[4500] to 192.0.2.7[4500] (108 bytes)
15[ENC] parsed IKE_AUTH response 2 [ EAP/REQ/MSCHAPV2 ]
15[IKE] server requested EAP_MSCHAPV2 authentication (id 0x01)
15[ENC] generating IKE_AUTH request 3 [ EAP/RES/MSCHAPV2 ]";
    let password = format!("{offered}\n{failed}");
    assert!(causes(&password).iter().any(|(cause, _)| cause == "authentication-failed"), "{:?}", causes(&password));
}

#[test]
fn payloads_of_nat_traversal_are_no_garbage() {
    let of = |payload: u8| {
        let text = format!("racoon: ERROR: ignore the packet, received unexpecting payload type {payload}.");
        causes(&text).into_iter().map(|(cause, _)| cause).collect::<Vec<_>>()
    };
    assert_eq!(of(130).first().map(String::as_str), Some("nat-traversal-blocked"));
    assert_eq!(of(97), ["psk-mismatch"]);
}
