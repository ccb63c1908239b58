//! Configurations of other vendors' gateways, as the other end of a tunnel: what they propose for IKE and for the tunnel, the
//! version, identities, addresses and selectors, where the text has them. They are read, not edited.
//!
//! A default that a text leaves out is taken from `data/gateway-defaults.toml`; where no row has one, the list is known in part or
//! not at all, and a note says what would show it. Words that `data/gateway-words.toml` lacks are not guessed at.

mod asa;
mod cloud;
mod fortios;
mod ios;
mod junos;
mod panos;
mod pfsense;
mod printed;
mod recognise;
mod routeros;
mod secrets;
mod suite;
mod text;
mod tree;
mod windows;
mod words;

use std::sync::Arc;

use shakedown_catalog::Catalog;
use shakedown_model::ike::{
    ChildGroups, IkePolicy, IkeVersion, KeyPrint, Lifetime, OfOtherMode, Peering, Preference, Proposal, SharedKey,
};
use shakedown_model::{
    Configuration, ConfigurationKind, Gathered, Item, Known, Name, OriginKind, Party, PartySource, Policy, Role,
    Software, SourceFile,
};

pub use shakedown_model::ike::Vendor;

pub use printed::printed;
pub use recognise::recognise;
pub use words::{Change, has_words, written};

use crate::files::{FILE_LIMIT, FileError, Files};
use crate::value::Value;

/// What comes with a dynamic crypto map.
const DYNAMIC_MAP: &str = "a dynamic crypto map answers peers whose address is not known before, and never begins a tunnel \
                           itself: the peer has to";

/// Which of the tunnels of a text are wanted, and as what.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    /// The version, where the person gave one; else what the text says counts.
    pub version: Option<&'a str>,
    /// Which end it is.
    pub role: Role,
    /// A name or the peer's address; `None` for all tunnels.
    pub name: Option<&'a str>,
    /// What the party is called.
    pub label: &'a str,
}

/// One tunnel of a text.
#[derive(Debug, Default)]
struct Tunnel {
    /// Its name, and what else it may be called: the peer's address, its profiles.
    names: Vec<String>,
    version: Option<IkeVersion>,
    ike: Known<Vec<Proposal>>,
    child: Known<Vec<Proposal>>,
    child_lifetime: Lifetime,
    peering: Peering,
    notes: Vec<String>,
}

impl Tunnel {
    fn new(name: &str) -> Self {
        let peering = Peering { narrowing_open: true, of_other_mode: OfOtherMode::Unknown, ..Peering::default() };
        Self { names: vec![name.to_owned()], peering, ..Self::default() }
    }

    /// Another name for it.
    fn also(&mut self, name: &str) {
        if !name.is_empty() && !self.names.iter().any(|own| own == name) {
            self.names.push(name.to_owned());
        }
    }

    /// The pre-shared key of this tunnel, whoever the peer says to be; `None` leaves it open.
    fn key(&mut self, key: Option<(KeyPrint, &Value)>) {
        self.peering.keys = match key {
            Some((print, value)) => {
                Known::Complete(vec![SharedKey { owners: Vec::new(), print, origin: Some(value.origin().clone()) }])
            }
            None => Known::Unknown,
        };
    }

    /// How both ends prove who they are.
    fn methods(&mut self, method: &str, written: Option<&Value>) {
        for proof in [&mut self.peering.local, &mut self.peering.remote] {
            proof.method = Some(Item { name: Name::new(method), origin: written.map(|value| value.origin().clone()) });
        }
    }

    /// Says when keys are renewed, where the text does.
    fn lifetime(&mut self, of: &str, written: Option<&Value>) {
        if let Some(value) = written {
            let text = Name::new(value.as_str());
            let is_number = value.as_str().bytes().all(|byte| byte.is_ascii_digit());
            let unit = if is_number { " seconds" } else { "" };
            if let (Ok(seconds), "the tunnel") = (value.as_str().parse(), of) {
                self.child_lifetime.ends = Some(seconds);
            }
            self.notes.push(format!("keys of {of} are renewed after {text}{unit}"));
        }
    }
}

/// A value as an item.
fn item(value: &Value) -> Item {
    Item { name: Name::new(value.as_str()), origin: Some(value.origin().clone()) }
}

/// An identity by the product's word for its type: one that is taken as bytes is no name, whatever it looks like.
fn identity(kind: &str, value: &Value) -> Item {
    match kind {
        "keyid" | "key-id" | "keyid tag" => {
            let text = format!("keyid:{}", value.as_str());
            Item { name: Name::new(&text), origin: Some(value.origin().clone()) }
        }
        _ => item(value),
    }
}

/// What the readers have to work with.
struct Source<'a> {
    file: Arc<SourceFile>,
    taken: Vec<secrets::Taken>,
    /// The version that the person gave, or that the text tells; empty where neither does.
    version: String,
    role: Role,
    catalog: &'a Catalog,
}

impl Source<'_> {
    /// What tells the secret at a value from others; `None` where it is encrypted or was hidden.
    fn secret(&self, value: &Value) -> Option<KeyPrint> {
        let OriginKind::File { span, .. } = value.origin().kind() else { return None };
        let overlaps = |taken: &&secrets::Taken| taken.span.start < span.end && span.start < taken.span.end;
        self.taken.iter().find(overlaps)?.print
    }
}

/// The parties of a configuration: one for each of its tunnels that are wanted.
///
/// # Errors
/// The file cannot be read.
pub fn gather(
    files: &dyn Files,
    path: &str,
    vendor: Vendor,
    selection: &Selection<'_>,
    catalog: &Catalog,
) -> Result<Gathered, FileError> {
    let mut text = files.read(path, FILE_LIMIT)?;
    let taken = secrets::take(vendor, &mut text);
    let version = selection.version.map(str::to_owned).or_else(|| recognise::version(vendor, &text));
    let version = version.unwrap_or_default();
    let file = Arc::new(SourceFile::new(path, text));
    let source = Source { file, taken, version, role: selection.role, catalog };
    let tunnels = match vendor {
        Vendor::CiscoIos => ios::read(&source),
        Vendor::CiscoAsa => asa::read(&source),
        Vendor::FortiOs => fortios::read(&source),
        Vendor::RouterOs => routeros::read(&source),
        Vendor::Junos => junos::read(&source),
        Vendor::PanOs => panos::read(&source),
        Vendor::PfSense | Vendor::OpnSense => pfsense::read(&source),
        Vendor::AwsVpn => cloud::aws(&source),
        Vendor::AzureVpn => cloud::azure(&source),
        Vendor::GcpVpn => cloud::gcp(&source),
        Vendor::WindowsVpn => windows::read(&source),
    };
    let several = tunnels.len() > 1;
    let wanted = |tunnel: &Tunnel| selection.name.is_none_or(|name| tunnel.names.iter().any(|own| own == name));
    let software = (!source.version.is_empty()).then(|| Software::new(vendor.product(), &source.version));
    let party = |tunnel: Tunnel| Party {
        label: match tunnel.names.first().filter(|_| several && selection.name.is_none()) {
            Some(name) => format!("{}#{}", selection.label, Name::new(name)),
            None => selection.label.to_owned(),
        },
        role: selection.role,
        software: software.clone(),
        source: PartySource::Configuration,
        policy: Policy::Ike(Box::new(IkePolicy {
            proposals: tunnel.ike,
            child_proposals: tunnel.child,
            child_groups: ChildGroups::Written,
            child_lifetime: tunnel.child_lifetime,
            version: tunnel.version,
            switched_off: None,
            preference: Preference::Responder,
            peering: Some(Box::new(tunnel.peering)),
        })),
        configuration: Some(Configuration {
            kind: ConfigurationKind::Gateway(vendor),
            files: vec![Arc::clone(&source.file)],
            context: Box::default(),
            certificates: Vec::new(),
            key_pairs: Vec::new(),
            dh_parameters: None,
            revocation_lists: None,
        }),
        notes: tunnel.notes,
    };
    Ok(Gathered { parties: tunnels.into_iter().filter(wanted).map(party).collect(), evidence: Vec::new() })
}
