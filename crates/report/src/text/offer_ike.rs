use shakedown_model::Known;
use shakedown_model::ike::{IkePolicy, IkeVersion, Proposal, is_aead};

use super::offer::Draw;

impl Draw<'_> {
    /// All that an IKE party proposes or accepts: of each list one is agreed on.
    pub(super) fn ike(&mut self, policy: &IkePolicy) {
        if let Some(version) = policy.version {
            self.heading("protocol version");
            self.line(match version {
                IkeVersion::V1 => "IKEv1",
                IkeVersion::V2 => "IKEv2",
            });
        }
        self.proposals("for the IKE SA", &policy.proposals);
        // A responder that was only asked for its IKE SA has said nothing of what runs below it.
        if policy.child_proposals != Known::Unknown {
            self.proposals("for the CHILD SA", &policy.child_offer());
        }
    }

    fn proposals(&mut self, what: &str, known: &Known<Vec<Proposal>>) {
        let (proposals, part) = match known {
            Known::Complete(proposals) => (proposals.as_slice(), ""),
            Known::Partial { accepted, .. } => (accepted.as_slice(), ", known in part"),
            Known::Unknown => {
                self.heading(&format!("proposals {what}"));
                self.line("unknown");
                return;
            }
        };
        if proposals.is_empty() {
            self.heading(&format!("proposals {what}{part}"));
            self.line("nothing");
        }
        for (number, proposal) in (1..).zip(proposals) {
            let title = format!("proposal {number} {what} ({}){part}", proposal.protocol.as_str());
            for slot in Proposal::SLOTS {
                let list = proposal.list(slot);
                if !list.is_empty() {
                    self.heading(&format!("{title}, {}", slot.phrase()));
                    self.names(slot, list);
                }
            }
            if !proposal.encryption.is_empty() && proposal.encryption.iter().all(|item| is_aead(item.name.as_str())) {
                self.note(&format!("the ciphers of proposal {number} bring their own integrity"));
            }
            for item in &proposal.unknown {
                self.line(&format!("not known here: {}", item.name));
            }
        }
    }
}
