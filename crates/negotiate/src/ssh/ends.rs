use shakedown_model::ssh::{SshBehaviour, SshOffer, SshPolicy};
use shakedown_model::{Context, Role, Slot};

use super::list::List;

/// Both ends as they open towards each other.
pub(crate) struct Ends<'a> {
    pub(crate) client: End<'a>,
    pub(crate) server: End<'a>,
}

/// One end: what it would do, and the offer that it makes to this peer.
pub(crate) struct End<'a> {
    pub(crate) policy: &'a SshPolicy,
    pub(crate) offer: SshOffer,
}

impl<'a> Ends<'a> {
    /// Opens both policies: known hosts change the client's order, and each end's identification may change what the
    /// other offers.
    pub(crate) fn open(client: &'a SshPolicy, server: &'a SshPolicy, context: &Context) -> Self {
        let mut towards_server = context.clone();
        if let Some(identification) = &server.offer.identification {
            towards_server.peer_identification = Some(identification.clone());
        }
        let towards_client = Context { peer_identification: client.offer.identification.clone(), ..Context::default() };
        Self {
            client: End { policy: client, offer: client.open(Role::Client, &towards_server) },
            server: End { policy: server, offer: server.open(Role::Server, &towards_client) },
        }
    }

    pub(crate) fn end(&self, role: Role) -> &End<'a> {
        match role {
            Role::Client => &self.client,
            Role::Server => &self.server,
        }
    }

    /// The first end whose behaviour is so.
    pub(crate) fn who(&self, is: impl Fn(&SshBehaviour) -> bool) -> Option<Role> {
        [Role::Client, Role::Server].into_iter().find(|&role| is(&self.end(role).policy.behaviour))
    }

    /// The criterion of a configuration block that nobody could decide and that the slot depends on.
    pub(crate) fn undecided(&self, slot: Slot) -> Option<String> {
        [Role::Client, Role::Server].into_iter().find_map(|role| {
            let undecided = self.end(role).policy.undecided.iter().find(|undecided| undecided.slot == slot)?;
            Some(format!("whether `{}` holds for the {role}", undecided.criterion))
        })
    }

    /// What to say of a list that the context has changed.
    pub(crate) fn context_note(&self, slot: Slot) -> String {
        let mut note = String::new();
        for role in [Role::Client, Role::Server] {
            let end = self.end(role);
            let (before, after) = (end.policy.offer.list(slot), end.offer.list(slot));
            if before == after {
                continue;
            }
            let dropped = before.complete().map(Vec::len) > after.complete().map(Vec::len);
            note += &match (slot, dropped) {
                (Slot::HostKey, false) => format!("; the {role} puts the types of known host keys first"),
                (Slot::HostKey, true) if end.policy.offer.host_key != end.offer.host_key && self.reordered(role) => {
                    format!("; the {role} keeps only the types of known host keys")
                }
                _ => format!("; the {role} leaves names out for a peer that identifies itself as this one"),
            };
        }
        note
    }

    fn reordered(&self, role: Role) -> bool {
        role == Role::Client && self.client.policy.host_key_order != shakedown_model::ssh::HostKeyOrder::Fixed
    }
}

impl End<'_> {
    pub(crate) fn list(&self, slot: Slot) -> List {
        List::new(self.offer.list(slot))
    }
}
