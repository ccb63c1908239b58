use shakedown_model::{Evidence, Fact, Gathered, Party, Role};
use tokio::time::Instant;

use crate::address::Address;
use crate::budget::Budget;
use crate::compare::difference;
use crate::resolve::{self, Wanted};
use crate::{Options, Probed, Route, SshTarget, all};

/// Finds out what the SSH server of a target offers: every address is tried, all at the same time. What goes wrong is
/// evidence; this function does not fail. Must be called within a tokio runtime with its I/O and time drivers enabled;
/// dropping the future closes all connections and ends all programs.
pub async fn ssh(target: &SshTarget, options: &Options) -> Probed {
    let begun = Instant::now();
    let deadline = begun + options.timeout;
    let budget = Budget::new(options.max_connections);
    let mut gathered = Gathered::default();
    let addresses = match &target.route {
        Route::Command { .. } => vec![None],
        Route::Direct { .. } => {
            addresses(target, options, begun, &mut gathered.evidence).await.into_iter().map(Some).collect()
        }
    };
    let name = format!("{}:{}", target.host, target.port);
    let several = addresses.len() > 1;
    let probes = addresses.into_iter().map(|address| {
        let label = match address {
            Some(address) if several => format!("{name} at {}", address.ip()),
            _ => name.clone(),
        };
        let (budget, evidence, notes) = (budget.clone(), Vec::new(), Vec::new());
        Address { target, options, address, label, budget, deadline, evidence, notes }.probe()
    });
    for (party, evidence) in all(probes.collect()).await {
        gathered.evidence.extend(evidence);
        gathered.parties.extend(party);
    }
    gathered.evidence.extend(differing(&gathered.parties));
    Probed { gathered, connections: budget.used() }
}

async fn addresses(
    target: &SshTarget,
    options: &Options,
    begun: Instant,
    evidence: &mut Vec<Evidence>,
) -> Vec<std::net::SocketAddr> {
    let wanted = Wanted {
        host: &target.host,
        port: target.port,
        given: &target.addresses,
        family: options.family,
        progress: options.progress.as_ref(),
        deadline: begun + options.timeout / 2,
    };
    resolve::addresses(wanted, evidence).await
}

/// Addresses of one name that answer differently.
fn differing(parties: &[Party]) -> Option<Evidence> {
    let mut offers = parties.iter().filter_map(|party| Some((&party.label, &party.ssh()?.offer)));
    let (label, first) = offers.next()?;
    let what = offers.find_map(|(other, offer)| {
        let what = difference(first, offer)?;
        Some(format!("between {label} and {other}: {what}"))
    })?;
    Some(Evidence::new(Fact::BackendsDiffer { what }).by(Role::Server))
}
