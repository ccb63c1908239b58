//! What the Java runtimes of this machine trust: each has a store of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use shakedown_model::{CertificateProblem, Evidence, Fact, Party, PartySource};
use shakedown_x509::Anchors;

use super::local_clients::runtimes;
use crate::installed::run_within;

/// The store of a Java runtime.
pub(crate) struct Store {
    /// The program that the runtime is known by among the clients.
    pub(super) program: String,
    /// Where it is.
    pub(super) path: String,
    /// What it holds; `None` where it could not be read.
    pub(super) anchors: Option<Anchors>,
}

/// The stores of all runtimes, as `keytool` lists them; it may take so long.
pub(super) async fn stores(patience: Duration) -> Vec<Store> {
    let all = runtimes().into_iter().map(|keytool| read(keytool, patience)).collect();
    shakedown_probe::all(all).await.into_iter().flatten().collect()
}

async fn read(keytool: PathBuf, patience: Duration) -> Option<Store> {
    let path = place(&keytool)?.display().to_string();
    // The password of the store that comes with Java: it protects nothing that is secret.
    let arguments = ["-J-Duser.language=en", "-list", "-rfc", "-keystore", &path, "-storepass", "changeit"];
    let output = run_within(&keytool, &arguments, patience).await.filter(|output| output.status.success());
    let anchors = output.map(|output| Anchors::from_pem(&output.stdout).0);
    Some(Store { program: keytool.display().to_string(), path, anchors })
}

/// The store that a runtime reads where a program names none (JSSE Reference Guide, "The default truststore").
fn place(keytool: &Path) -> Option<PathBuf> {
    let home = keytool.parent()?.parent()?;
    let folders = [home.join("lib/security"), home.join("jre/lib/security")];
    let names = ["jssecacerts", "cacerts"];
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

/// The store of a client, where it is one of these runtimes.
pub(super) fn of<'a>(stores: &'a [Store], client: &Party) -> Option<&'a Store> {
    let PartySource::Local { program } = &client.source else { return None };
    stores.iter().find(|store| store.program == *program)
}

/// Whether none of these says that no path leads to an authority that is trusted.
pub(super) fn trusts(found: &[Evidence]) -> bool {
    let about = |evidence: &Evidence| match &evidence.fact {
        Fact::Certificate(finding) => matches!(
            finding.problem,
            CertificateProblem::SelfSigned
                | CertificateProblem::UntrustedRoot
                | CertificateProblem::IssuerMissing { .. }
        ),
        _ => false,
    };
    !found.iter().any(about)
}
