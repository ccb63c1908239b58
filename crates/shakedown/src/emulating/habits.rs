//! What software does on the wire that is no part of its offer.

use std::cmp::Ordering;

use serde::Deserialize;
use shakedown_catalog::Catalog;
use shakedown_handshake::ssh::{GroupFallback, GroupRules, Refusal};
use shakedown_model::{Role, Software};

const DATA: &str = include_str!("../../data/emulation.toml");

/// How an SSH server behaves beside its lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SshHabits {
    /// What it does where nothing fits; `None` where that is not known.
    pub(super) refusal: Option<Refusal>,
    /// How it chooses groups; `None` where that is not known.
    pub(super) groups: Option<GroupRules>,
    /// The size of the RSA keys that it makes, in bits, where that is known.
    pub(super) rsa_bits: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    ssh: Vec<SshRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SshRow {
    product: String,
    at_least: Option<String>,
    before: Option<String>,
    refusal: Option<RefusalName>,
    groups: Option<GroupsName>,
    #[serde(default)]
    refuses_old_request: bool,
    rsa_bits: Option<u32>,
    #[expect(dead_code, reason = "for whoever reads the file; every row has one")]
    source: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RefusalName {
    Close,
    Disconnect,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum GroupsName {
    Openssh,
    OpensshGroup14,
}

/// What is known of the servers of this software.
pub(super) fn ssh(catalog: &Catalog, software: &Software) -> SshHabits {
    let mut habits = SshHabits::default();
    // A test holds the data to its form.
    let Ok(Data { ssh }) = toml::from_str::<Data>(DATA) else { return habits };
    let Some(product) = catalog.product_id(software.product(), software.version()) else { return habits };
    let compared = |bound: &Option<String>, wanted: &[Ordering]| {
        let Some(bound) = bound else { return true };
        let order = catalog.compare_versions(product, software.version(), bound);
        order.is_some_and(|order| wanted.contains(&order))
    };
    for row in ssh.iter().filter(|row| row.product == product) {
        let holds = compared(&row.at_least, &[Ordering::Greater, Ordering::Equal]);
        if !holds || !compared(&row.before, &[Ordering::Less]) {
            continue;
        }
        if let Some(refusal) = row.refusal {
            habits.refusal = Some(match refusal {
                RefusalName::Close => Refusal::Close,
                RefusalName::Disconnect => Refusal::Disconnect,
            });
        }
        if let Some(name) = row.groups {
            let fallback = match name {
                GroupsName::Openssh => GroupFallback::ByMaximum,
                GroupsName::OpensshGroup14 => GroupFallback::Group14,
            };
            // `DH_GRP_MIN` is the same in the client of a version, whose row has it.
            let client = catalog.ssh_policy(software, Role::Client).ok();
            let least = client.and_then(|(policy, _)| policy.offer.gex_request).map(|request| request.minimum);
            habits.groups = least.map(|least| GroupRules { least: Some(least), fallback, refuses_old: false });
        }
        if let (true, Some(groups)) = (row.refuses_old_request, &mut habits.groups) {
            groups.refuses_old = true;
        }
        habits.rsa_bits = row.rsa_bits.or(habits.rsa_bits);
    }
    habits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Session};

    #[test]
    fn the_data_has_its_form_and_versions_matter() {
        assert!(toml::from_str::<Data>(DATA).is_ok_and(|data| data.ssh.len() > 5));
        let session = Session::new(Options::default()).unwrap();
        let of = |text: &str| ssh(session.catalog(), &text.parse().unwrap());
        let (old, new) = (of("openssh@5.3p1"), of("openssh@9.2p1/debian-12"));
        assert_eq!((old.refusal, new.refusal), (Some(Refusal::Close), Some(Refusal::Close)));
        assert_eq!((old.rsa_bits, new.rsa_bits), (Some(2048), Some(3072)));
        let groups = GroupRules { least: Some(1024), fallback: GroupFallback::Group14, refuses_old: false };
        assert_eq!(old.groups, Some(groups));
        let groups = GroupRules { least: Some(2048), fallback: GroupFallback::ByMaximum, refuses_old: true };
        assert_eq!(new.groups, Some(groups));
        assert_eq!(of("paramiko@3.4.0"), SshHabits::default());
    }
}
