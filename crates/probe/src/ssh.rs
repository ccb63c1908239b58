use shakedown_model::{Evidence, Fact, Gathered, Party, ResolveFailure, Role};
use tokio::time::Instant;

use crate::address::Address;
use crate::budget::Budget;
use crate::compare::difference;
use crate::resolve::{family_fits, resolve};
use crate::{Options, Probed, Progress, Route, SshTarget, all};

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
    if !target.addresses.is_empty() {
        let fitting: Vec<_> =
            target.addresses.iter().copied().filter(|&address| family_fits(options.family, address)).collect();
        if fitting.is_empty() {
            let failure = ResolveFailure::NoAddress;
            evidence.push(Evidence::new(Fact::NotResolved { host: target.host.clone(), failure }));
        }
        return fitting;
    }
    if let Some(progress) = &options.progress {
        progress(Progress::Resolving { host: target.host.clone() });
    }
    let host = target.host.clone();
    match resolve(&host, target.port, options.family, begun + options.timeout / 2).await {
        Ok(addresses) => {
            if host.parse::<std::net::IpAddr>().is_err() {
                evidence.push(Evidence::new(Fact::Resolved { host, addresses: addresses.clone() }));
            }
            addresses
        }
        Err(failure) => {
            evidence.push(Evidence::new(Fact::NotResolved { host, failure }));
            Vec::new()
        }
    }
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
