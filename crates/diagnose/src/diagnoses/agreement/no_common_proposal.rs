//! # No IKE proposal in common
//!
//! Protocols: ike
//!
//! ## What happened
//! Two VPN gateways first have to agree on how to protect their own conversation (IKE SA, "phase 1"): encryption,
//! integrity, a function to derive keys, and a group for the key exchange. No combination of the initiator's fits one
//! of the responder's.
//!
//! ## Why
//! IKEv2: the initiator sends proposals in order. The responder takes one proposal and from it exactly one algorithm of
//! each kind; one kind without a match makes the whole proposal unfit (RFC 7296 sections 2.7 and 3.3). It then answers
//! NO_PROPOSAL_CHOSEN. A key length is part of the algorithm: AES-128 and AES-256 are two. Ciphers with their own
//! integrity (GCM) and those without cannot stand in one proposal.
//!
//! IKEv1: each transform is one whole combination, and exactly one of them must be equal (RFC 2409 appendix A, RFC 2408
//! section 4.2). It has no number for AES-GCM here, and no pseudorandom function apart from the hash: what it has no
//! number for is not sent.
//!
//! The same answer is also given when the responder knows no connection for this peer: see `no-matching-connection`.
//!
//! - Old gateways end at 3DES, SHA-1 and `modp1024`; current ones have dropped just these.
//! - One side uses AES-GCM and the other AES-CBC.
//! - A typing error in one keyword made the responder drop the whole connection at load.
//!
//! ## How to tell
//! Programs say:
//! - strongSwan, responder: `received proposals:` and `configured proposals:` below each other, then `received
//!   proposals unacceptable`; initiator: `received NO_PROPOSAL_CHOSEN notify error`.
//! - libreswan: `no local proposal matches remote proposals`; IKEv1 `Oakley Transform [...] refused`, `no acceptable
//!   Oakley Transform`. The initiator drops the unprotected answer and repeats its request.
//! - Windows error 13868 ("policy match error"), FortiGate `no SA proposal chosen`, Cisco `atts are not acceptable`,
//!   racoon `no suitable proposal found`, OpenIKED `no proposal chosen`.
//!
//! Look yourself:
//! - `swanctl --log` or `journalctl -u strongswan` on the responder while the other side tries; `ipsec status` and
//!   `ipsec algparse` on libreswan show what a keyword list means.
//! - `swanctl --list-conns` shows the loaded connections; the default lists of strongSwan are not used once
//!   `proposals` is set, unless it names `default`.
//!
//! Look-alikes:
//! - `no-matching-connection`: the same answer. The responder's log decides: it prints proposals here, and `no IKE
//!   config found` there.
//! - `no-common-child-proposal`: the same notify one step later, in IKE_AUTH or quick mode; the IKE SA stands then.
//! - `no-common-group`: INVALID_KE_PAYLOAD comes instead.
//! - `exchange-mode-mismatch`, `auth-method-mismatch`: in IKEv1 the method of authentication is part of the proposal.
//!
//! ## Fix
//! Responder or initiator: add one combination that the other side has, for example `aes256-sha256-modp2048`, at the
//! end of the list (strongSwan `proposals`, libreswan `ike=`). For Windows clients:
//! `Set-VpnConnectionIPsecConfiguration`, instead of `modp1024` on the gateway.
//!
//! Safer: add the strongest that both sides have, on the side that is newer to the pair.
//!
//! Never: single DES, MD5 and groups below 2048 bits (RFC 8247), nor an empty list that "accepts all".
//!
//! ## Example
//! ```said
//! charon: received proposals: IKE:3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024
//! charon: configured proposals: IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/ECP_256
//! charon: received proposals unacceptable
//! ```
//!
//! ```case
//! client ike: 3des-sha1-modp1024
//! server ike: aes256-sha256-ecp256, aes256gcm16-prfsha256-ecp256
//! side: client
//! reason: outdated-software
//! ```

use shakedown_model::{Match, Phase, Side, Stage, Strength};

use crate::Case;
use crate::ike;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut found = ike::matches(case, Stage::IkeSa, "IKE proposal");
    if let Some(id) = ike::refuses_everything(case).filter(|_| !case.answered()) {
        let summary = "the responder refuses whatever it is offered: it may want what is not known here";
        let mut one = Match::new(Strength::Weak, Side::Unknown, summary);
        one.phase = Some(Phase::IkeSa);
        one.rank = 1;
        one.side_because = "every transform that the catalog has a number for was offered".to_owned();
        one.evidence.push(id);
        one.what_would_decide = Some("the proposals that the responder is set up with: its log prints both".to_owned());
        found.push(one);
    }
    found
}
