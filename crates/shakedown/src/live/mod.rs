//! TLS targets: how they are reached, what is asked of them, and what their certificates say. IKE targets: `ike.rs`.

mod back_ends;
pub(crate) mod certificates;
mod chosen;
mod complete;
mod identity;
mod idn;
mod ike;
mod ike_again;
mod ike_certificates;
mod ike_initiate;
mod ike_old;
mod ike_old_seen;
mod ike_seen;
mod java_stores;
mod local_clients;
mod proxy;
mod scheme;
mod tls;

pub(crate) use back_ends::{Meeting, Observed};
pub(crate) use certificates::{Trust, anchors, findings};
pub(crate) use chosen::chosen;
pub(crate) use ike::{candidates as ike_candidates, vendors};
pub(crate) use ike_initiate::selector;
pub(crate) use proxy::proxy;
use shakedown_model::Context;
use shakedown_probe as probe;
pub(crate) use tls::{candidates, seen};

use crate::check::describe;
use crate::{Family, Session};

impl Session {
    /// Tells whoever started the run of each step of a probe.
    pub(crate) fn steps(&self) -> Option<probe::ProgressFunction> {
        let told = self.options.progress.clone()?;
        Some(std::sync::Arc::new(move |step: probe::Progress| told(&describe(&step))))
    }

    /// What is negotiated in with a server of this name.
    fn context_of(&self, host: &str, port: u16) -> Context {
        let mut context = self.options.context.clone();
        context.target = Some(self.options.host.clone().unwrap_or_else(|| host.to_owned()));
        context.host = Some(host.to_owned());
        context.port = Some(port);
        context.time = Some(self.now());
        context
    }
}

impl From<Family> for probe::Family {
    fn from(family: Family) -> Self {
        match family {
            Family::Any => Self::Any,
            Family::V4 => Self::V4,
            Family::V6 => Self::V6,
        }
    }
}
