//! The same tunnel asked for again in another way, where the responder's refusal does not say what it is about: a notify of
//! IKE_AUTH stands for several causes, and a kernel that takes no tunnel is told as wrong selectors (libreswan) or wrong
//! proposals (strongSwan).
//!
//! Both look for a connection with these selectors first, then at the proposals, and only in the end at their kernel
//! (`child_create.c` of strongSwan, `ikev2_child.c` of libreswan). So proposals that nobody takes tell whether the selectors
//! are taken, and all proposals at once tell whether any would be.

use std::time::Duration;

use shakedown_handshake::ike::Step;
use shakedown_model::ike::SaProtocol;
use shakedown_model::{Evidence, Fact, Known, Origin, OriginKind, Party, Policy, Role, Slot};
use shakedown_probe::ike::{Answering, Candidates};
use shakedown_wire::ike::number::notify;

use super::ike_initiate::Attempted;
use crate::{Error, Session};

/// CAST and MD5 are in no kernel's ESP of today together (RFC 8221 sections 5 and 6 rule both out).
const TAKEN_BY_NOBODY: [&str; 1] = ["cast128-md5-noesn"];
/// All that is a cipher of ESP today or was lately.
const ALL: [&str; 2] = [
    "aes256gcm16-aes192gcm16-aes128gcm16-aes256gcm12-aes128gcm12-aes256gcm8-aes128gcm8-aes256ccm16-aes128ccm16-aes256ccm8-\
     aes128ccm8-chacha20poly1305-noesn-esn",
    "aes256-aes192-aes128-aes256ctr-aes128ctr-camellia256-camellia192-camellia128-3des-sha512-sha384-sha256-sha1-md5-aesxcbc-\
     aescmac-noesn-esn",
];

impl Session {
    /// Asks again for a tunnel that was refused with this notify; what is learnt from the answer, and the datagrams.
    pub(super) async fn ask_again(
        &self,
        party: &Party,
        candidates: &Candidates,
        answering: Answering,
        (group, left, place): (Option<u16>, Duration, &str),
        refused: u16,
    ) -> Result<(Option<Evidence>, u32), Error> {
        let (proposals, slot) = match refused {
            notify::TS_UNACCEPTABLE => (TAKEN_BY_NOBODY.as_slice(), Slot::TrafficSelector),
            notify::NO_PROPOSAL_CHOSEN => (ALL.as_slice(), Slot::Encryption),
            _ => return Ok((None, 0)),
        };
        let read = proposals.iter().map(|text| self.catalog.proposal_of_keywords(SaProtocol::Esp, text));
        let Ok(proposals) = read.collect::<Result<Vec<_>, _>>() else { return Ok((None, 0)) };
        let mut other = party.clone();
        let Policy::Ike(policy) = &mut other.policy else { return Ok((None, 0)) };
        policy.child_proposals = Known::Complete(proposals);
        self.progress("asking what the refusal is about");
        let Ok(Attempted { attempt, .. }) = self.initiate(&other, candidates, answering, (group, left)).await? else {
            return Ok((None, 0));
        };
        let observation = &attempt.observation;
        let taken = match (&observation.auth, &observation.child, slot) {
            (Step::Done, Step::Done, _) => Some(true),
            (Step::Done, Step::Refused(notify::NO_PROPOSAL_CHOSEN), Slot::TrafficSelector) => Some(true),
            // Nothing of the proposals is told by selectors that are refused.
            (Step::Done, Step::Refused(number), _) if *number == refused => Some(false),
            _ => None,
        };
        let what = "IKE_AUTH response to the same tunnel with other proposals".to_owned();
        let origin = Origin::new(OriginKind::Peer { address: place.to_owned(), connection: 2, what });
        let fact = taken.map(|accepted| Fact::TunnelPart { slot, accepted });
        Ok((fact.map(|fact| Evidence::new(fact).by(Role::Server).at(origin)), attempt.packets))
    }
}
