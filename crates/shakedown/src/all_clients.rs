//! `check TARGET --as all`: which of all known clients can connect to a server, from one map of it.

use shakedown_catalog::{Catalog, ProductProtocol};
use shakedown_model::{Context, Outcome, Party, Protocol, Report, Role, Software};

use crate::check::Wanted;
use crate::{Error, Session, Target};

/// What stands for all clients that the catalog knows.
pub(crate) const ALL: &str = "all";

/// Versions of one product, one after another, that meet a server alike.
struct Alike {
    product: String,
    oldest: String,
    newest: Party,
    outcome: Outcome,
}

impl Session {
    /// Maps the server once and runs the rules for every client of the catalog. Neighbouring versions of a product that
    /// fare alike are one client in the report: the newest of them, with the range in its label.
    pub(crate) async fn check_all(&self, target: &Target, named: &str) -> Result<Report, Error> {
        let mut report = self.report("check");
        let context = match target.protocol {
            Protocol::Tls => self.tls_context(&self.tls_target(target)?),
            _ => Context { host: Some(target.host.clone()), ..self.client_context(target) },
        };
        let gathered = self.probe_for(target, named, Wanted::Offer).await?;
        report.connections = gathered.connections;
        report.evidence = gathered.evidence;
        if gathered.parties.is_empty() {
            self.judge_evidence(&mut report, None, &context, target.protocol);
            return Ok(report);
        }
        self.progress("negotiating with every known client");
        for server in gathered.parties {
            let mut alike: Vec<Alike> = Vec::new();
            for (product, version) in known_clients(&self.catalog, target.protocol) {
                let software = Software::new(&product, &version);
                let Ok(client) = self.catalog_party(&software.to_string(), software, Role::Client) else { continue };
                let Some(party) = client.parties.into_iter().next() else { continue };
                let outcome = shakedown_negotiate::negotiate(&party, &server, &context);
                match alike.last_mut() {
                    Some(last) if last.product == product && fares_alike(&last.outcome, &outcome) => {
                        last.newest = party
                    }
                    _ => alike.push(Alike { product, oldest: version, newest: party, outcome }),
                }
            }
            let place = report.parties.len();
            report.parties.push(server);
            for Alike { product, oldest, mut newest, outcome } in alike {
                let version =
                    newest.software.as_ref().map(|software| software.version().to_owned()).unwrap_or_default();
                newest.label = if oldest == version {
                    format!("{product} {version}")
                } else {
                    format!("{product} {oldest} to {version}")
                };
                // What would be said of each of a thousand clients is not said here.
                newest.notes.clear();
                let client = report.parties.len();
                report.parties.push(newest);
                // The planner has a list of its own of the clients that are still met.
                self.judge_among(&mut report, client, place, &context, outcome, &[]);
            }
        }
        report.notes.push("computed from the server's map: no hello of these clients was sent".to_owned());
        if target.protocol == Protocol::Tls {
            report.notes.push("whether each client trusts the certificate is not part of this".to_owned());
        }
        Ok(report)
    }
}

/// The products of a protocol that are clients, with their versions, the oldest first.
pub(crate) fn known_clients(catalog: &Catalog, protocol: Protocol) -> Vec<(String, String)> {
    let of = match protocol {
        Protocol::Ssh => ProductProtocol::Ssh,
        Protocol::Tls => ProductProtocol::Tls,
        Protocol::Ike => return Vec::new(),
    };
    let mut products: Vec<String> =
        catalog.products().filter(|product| product.protocol == of).map(|product| product.id).collect();
    products.sort();
    let mut known = Vec::new();
    for product in products {
        let versions = catalog.versions(&product, Role::Client);
        known.extend(versions.into_iter().map(|version| (product.clone(), version.to_owned())));
    }
    known
}

/// Whether a person would be told the same of both.
fn fares_alike(a: &Outcome, b: &Outcome) -> bool {
    let failed =
        |outcome: &Outcome| outcome.failed.iter().map(|failed| (failed.stage, failed.slot)).collect::<Vec<_>>();
    a.result() == b.result() && a.agreed == b.agreed && failed(a) == failed(b)
}
