use shakedown_model::{Context, Outcome, Party, Policy};

use crate::ssh;

/// What the protocol's own rules make of two parties.
pub fn negotiate(client: &Party, server: &Party, context: &Context) -> Outcome {
    match (&client.policy, &server.policy) {
        (Policy::Ssh(client), Policy::Ssh(server)) => ssh::negotiate(client, server, context),
    }
}
