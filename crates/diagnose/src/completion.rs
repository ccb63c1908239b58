//! What the causes that a whole handshake tells share.

use shakedown_model::{Completion, EvidenceId, Fact};

use crate::Case;
use crate::text::list;

/// The whole handshakes that were made, in order.
pub(crate) fn seen<'a>(case: &Case<'a>) -> impl Iterator<Item = (EvidenceId, &'a Completion)> + use<'a> {
    case.facts().filter_map(|(id, evidence)| match &evidence.fact {
        Fact::Completion(completion) => Some((id, completion.as_ref())),
        _ => None,
    })
}

/// Of which authorities the server asked for a certificate, where it said so.
pub(crate) fn names_asked_for(completion: &Completion) -> Option<String> {
    (!completion.authorities.is_empty())
        .then(|| format!("the server asks for a certificate of: {}", list(&completion.authorities)))
}
