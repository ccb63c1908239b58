//! This machine's own OpenSSH client: which version it is, and what it says its configuration comes to.

use std::path::Path;

use shakedown_catalog::Catalog;
use shakedown_config::openssh::{Effective, parse_printed};
use shakedown_model::{Context, Item, Known, Name, Origin, OriginKind, Party, Slot, Software};

use crate::installed::run;

/// What `ssh -V` says.
pub(crate) struct Installed {
    /// The catalog's name for it.
    pub(crate) software: Software,
    /// As it would send it: `SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7`.
    pub(crate) identification: Name,
}

/// Asks the `ssh` of this machine for its version. `None` where there is none, or it is no OpenSSH.
pub(crate) async fn installed(catalog: &Catalog) -> Option<Installed> {
    let output = run(Path::new("ssh"), &["-V"]).await?;
    // `OpenSSH_9.2p1 Debian-2+deb12u7, OpenSSL 3.0.17 1 Jul 2025`, on standard error.
    let line = String::from_utf8_lossy(&output.stderr).lines().next()?.to_owned();
    let version = line.split(", ").next()?.trim();
    let identification = format!("SSH-2.0-{version}");
    let software = catalog.identify(&identification)?;
    Some(Installed { software, identification: Name::new(&identification) })
}

/// Asks the `ssh` of this machine what it would use for the destination. The caller makes sure that no `Match exec`
/// would run.
pub(crate) async fn effective(context: &Context, destination: &str, configuration: Option<&Path>) -> Option<Effective> {
    let mut arguments = vec!["-G".to_owned()];
    if let Some(path) = configuration {
        arguments.extend(["-F".to_owned(), path.display().to_string()]);
    }
    if let Some(port) = context.port {
        arguments.extend(["-p".to_owned(), port.to_string()]);
    }
    if let Some(user) = &context.user {
        arguments.extend(["-l".to_owned(), user.clone()]);
    }
    arguments.extend(["--".to_owned(), destination.to_owned()]);
    let output = run(Path::new("ssh"), &arguments).await?;
    output.status.success().then(|| parse_printed(&String::from_utf8_lossy(&output.stdout)))
}

/// The keywords of `ssh -G` that decide the negotiation, with the slots that they fill.
const LISTS: [(&str, &[Slot]); 4] = [
    ("kexalgorithms", &[Slot::Kex]),
    ("hostkeyalgorithms", &[Slot::HostKey]),
    ("ciphers", &[Slot::CipherC2s, Slot::CipherS2c]),
    ("macs", &[Slot::MacC2s, Slot::MacS2c]),
];

/// Takes the program's lists where they differ from what was read here: the program is right for this machine.
pub(crate) fn adopt(party: &mut Party, effective: &Effective) {
    let Some(policy) = party.ssh_mut() else { return };
    for (keyword, slots) in LISTS {
        let Some(theirs) = effective.get(keyword).and_then(|values| values.first()) else { continue };
        let theirs: Vec<&str> = theirs.split(',').filter(|name| !name.is_empty()).collect();
        for slot in slots {
            let Some(list) = policy.offer.list_mut(*slot) else { continue };
            let ours: Vec<Item> = list.complete().cloned().unwrap_or_default();
            let (methods, markers): (Vec<Item>, Vec<Item>) =
                ours.into_iter().partition(|item| !shakedown_model::ssh::is_marker(item.name.as_str()));
            if methods.iter().map(|item| item.name.as_str()).eq(theirs.iter().copied()) {
                continue;
            }
            let origin = Origin::new(OriginKind::Program { command: "ssh -G".to_owned() });
            let mut taken: Vec<Item> = theirs
                .iter()
                .map(|name| {
                    let known = methods.iter().find(|item| item.name == **name).and_then(|item| item.origin.clone());
                    Item { name: Name::new(name), origin: Some(known.unwrap_or_else(|| origin.clone())) }
                })
                .collect();
            taken.extend(markers);
            *list = Known::Complete(taken);
        }
    }
}

/// The name of the user that this process runs as: what `ssh` takes for the remote user where none is named.
pub(crate) fn user_name() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let id = std::fs::metadata("/proc/self").ok()?.uid();
    let named = shakedown_config::files::password_field(id, 0);
    named.or_else(|| std::env::var("LOGNAME").ok()).or_else(|| std::env::var("USER").ok())
}
