use shakedown_model::Origin;

use crate::settings::Section;
use crate::value::Value;

/// A connection. What is not written is `None` or empty; the defaults are the program's.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its name.
    pub name: String,
    /// Where that is written.
    pub origin: Option<Origin>,
    /// `1`, `2`, or `0` for both.
    pub version: Option<Value>,
    /// Aggressive mode of IKEv1.
    pub aggressive: Option<Value>,
    /// Addresses of this end, each with ranges and networks as written.
    pub local_addresses: Vec<Value>,
    /// Addresses of the other end.
    pub remote_addresses: Vec<Value>,
    /// Proposals for the IKE SA.
    pub proposals: Vec<Value>,
    /// How this end proves itself, a round each.
    pub local: Vec<Authentication>,
    /// How the other end has to.
    pub remote: Vec<Authentication>,
    /// What runs below it.
    pub children: Vec<Child>,
}

/// One round of authentication.
#[derive(Clone, Debug)]
pub struct Authentication {
    /// `psk`, `pubkey`, `eap-...`; the program's default is `pubkey`.
    pub method: Option<Value>,
    /// The identity.
    pub id: Option<Id>,
    /// The certificates' files.
    pub certificates: Vec<Value>,
}

/// An identity as it is written.
#[derive(Clone, Debug)]
pub struct Id(pub Value);

/// A CHILD SA.
#[derive(Clone, Debug)]
pub struct Child {
    /// Its name.
    pub name: String,
    /// Where that is written.
    pub origin: Option<Origin>,
    /// Proposals for ESP.
    pub esp_proposals: Vec<Value>,
    /// Proposals for AH; where there are some, ESP's do not count.
    pub ah_proposals: Vec<Value>,
    /// Traffic selectors of this end; the program's default is `dynamic`.
    pub local_selectors: Vec<Value>,
    /// Traffic selectors of the other end.
    pub remote_selectors: Vec<Value>,
    /// `tunnel`, `transport`, `beet`, `pass`, `drop`.
    pub mode: Option<Value>,
    /// When its keys are renewed; the program's default is one hour.
    pub rekey_time: Option<Value>,
    /// When they end; a tenth later, if it is not set.
    pub life_time: Option<Value>,
    /// How much earlier they may be renewed; as much as lies between the two, if it is not set.
    pub rand_time: Option<Value>,
}

impl Connection {
    pub(super) fn of(section: &Section) -> Self {
        let rounds = |kind: &str| -> Vec<Authentication> {
            // `local`, `local-1`, `local2`: all that begin so are rounds.
            let of_kind = section.sections.iter().filter(|inner| inner.name.starts_with(kind));
            of_kind.map(Authentication::of).collect()
        };
        let children = section.section("children").into_iter().flat_map(|all| &all.sections);
        Self {
            name: section.name.clone(),
            origin: section.origin.clone(),
            version: section.value("version").cloned(),
            aggressive: section.value("aggressive").cloned(),
            local_addresses: list(section, "local_addrs"),
            remote_addresses: list(section, "remote_addrs"),
            proposals: list(section, "proposals"),
            local: rounds("local"),
            remote: rounds("remote"),
            children: children.map(Child::of).collect(),
        }
    }
}

impl Authentication {
    fn of(section: &Section) -> Self {
        Self {
            method: section.value("auth").cloned(),
            id: section.value("id").cloned().map(Id),
            certificates: list(section, "certs"),
        }
    }
}

impl Child {
    fn of(section: &Section) -> Self {
        Self {
            name: section.name.clone(),
            origin: section.origin.clone(),
            esp_proposals: list(section, "esp_proposals"),
            ah_proposals: list(section, "ah_proposals"),
            local_selectors: list(section, "local_ts"),
            remote_selectors: list(section, "remote_ts"),
            mode: section.value("mode").cloned(),
            rekey_time: section.value("rekey_time").cloned(),
            life_time: section.value("life_time").cloned(),
            rand_time: section.value("rand_time").cloned(),
        }
    }
}

/// The parts of a list with commas.
fn list(section: &Section, name: &str) -> Vec<Value> {
    section.value(name).map(|value| value.split(|letter| letter == ',')).unwrap_or_default()
}
