//! What a version of OpenSSH does without any directive, from the catalog.

use shakedown_catalog::{Catalog, CatalogError};
use shakedown_model::ssh::{SshPolicy, is_marker};
use shakedown_model::{Item, Known, Name, Role, Software};

use super::check::{Names, Universe};

/// The defaults that directives change.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    pub(crate) policy: SshPolicy,
    /// `KEX_DEFAULT_PK_ALG`: the default of every list of key types, the same for both roles.
    pub(crate) key_types: Known<Vec<Item>>,
    pub(crate) universe: Universe,
    /// The compression methods with `Compression yes` and with `no`, where the catalog says.
    pub(crate) compression: (Option<Vec<Name>>, Option<Vec<Name>>),
    /// What a reader has to know about how the defaults were found.
    pub(crate) notes: Vec<String>,
}

impl Defaults {
    /// The defaults of a version in a role.
    pub(crate) fn find(catalog: &Catalog, software: &Software, role: Role) -> Result<Self, CatalogError> {
        let (policy, resolved) = catalog.ssh_policy(software, role)?;
        let client = match role {
            Role::Client => None,
            Role::Server => catalog.ssh_policy(software, Role::Client).ok().map(|(policy, _)| policy),
        };
        let mut defaults = Self::new(role, policy, client.as_ref(), resolved.notes);
        defaults.compression = (catalog.compression(software, role, true), catalog.compression(software, role, false));
        Ok(defaults)
    }

    /// From the party's own row and, for a server, the client's row of the same version, which has the list of key types.
    pub(crate) fn new(role: Role, policy: SshPolicy, client: Option<&SshPolicy>, notes: Vec<String>) -> Self {
        let key_types = match role {
            Role::Client => policy.offer.host_key.clone(),
            Role::Server => {
                let own = policy.offer.public_key_auth.clone();
                client.map_or(own, |client| client.offer.host_key.clone())
            }
        };
        let supported = &policy.supported;
        let universe = Universe {
            kex: known(&supported.kex, &[&policy.offer.kex], &[]),
            cipher: known(&supported.cipher, &[&policy.offer.cipher_c2s, &policy.offer.cipher_s2c], &[]),
            mac: known(&supported.mac, &[&policy.offer.mac_c2s, &policy.offer.mac_s2c], &[]),
            key_type: known(&supported.host_key, &[&key_types, &policy.offer.host_key], KEY_TYPES),
        };
        Self { policy, key_types, universe, compression: (None, None), notes }
    }
}

/// The order in which OpenSSH lists its key types (`keyimpls` of sshkey.c), which is the order of a pattern's names.
const KEY_TYPES: &[&str] = &[
    "ssh-ed25519",
    "ssh-ed25519-cert-v01@openssh.com",
    "sk-ssh-ed25519@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-dss",
    "ssh-dss-cert-v01@openssh.com",
    "ssh-rsa",
    "ssh-rsa-cert-v01@openssh.com",
    "rsa-sha2-256",
    "rsa-sha2-256-cert-v01@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-512-cert-v01@openssh.com",
];

/// What the build supports, together with what it offers; names of `order` come first, in that order.
fn known(supported: &Known<Vec<Name>>, offered: &[&Known<Vec<Item>>], order: &[&str]) -> Names {
    let mut names: Vec<Name> = supported.accepted().cloned().unwrap_or_default();
    for item in offered.iter().filter_map(|list| list.accepted()).flatten() {
        if !names.contains(&item.name) && !is_marker(item.name.as_str()) {
            names.push(item.name.clone());
        }
    }
    names.sort_by_key(|name| order.iter().position(|known| *name == **known).unwrap_or(order.len()));
    Names { names, complete: supported.is_complete() }
}
