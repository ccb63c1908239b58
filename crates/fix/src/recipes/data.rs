//! The recipes as their files hold them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use shakedown_model::Applicability;

include!(concat!(env!("OUT_DIR"), "/recipes.rs"));

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// Recipes of other files, after the file's own.
    #[serde(default)]
    pub(crate) shared: Vec<String>,
    #[serde(default)]
    pub(crate) recipe: Vec<Recipe>,
}

/// One way to resolve a cause. A condition that is left out always holds; of several values any one is enough.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recipe {
    /// Unique in its file.
    pub(crate) id: String,
    /// Recipes of one topic and side are alternatives, the first one that fits is taken; without it the id.
    pub(crate) topic: Option<String>,
    #[serde(default)]
    pub(crate) protocol: Vec<String>,
    /// Who acts.
    pub(crate) side: Actor,
    /// What the acting side runs.
    #[serde(default)]
    pub(crate) product: Vec<String>,
    /// What the other side runs.
    #[serde(default)]
    pub(crate) peer_product: Vec<String>,
    /// The side at fault.
    #[serde(default)]
    pub(crate) fault: Vec<String>,
    #[serde(default)]
    pub(crate) slot: Vec<String>,
    #[serde(default)]
    pub(crate) phase: Vec<String>,
    #[serde(default)]
    pub(crate) reason: Vec<String>,
    /// A part of the diagnosis' object.
    #[serde(default)]
    pub(crate) object: Vec<String>,
    /// Messages or products, one of which must have been seen.
    #[serde(default)]
    pub(crate) with: Vec<String>,
    /// Messages or products, none of which may have been seen.
    #[serde(default)]
    pub(crate) without: Vec<String>,
    /// Values that have to be known.
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// Algorithms or values at issue; a `*` at the end stands for anything.
    #[serde(default)]
    pub(crate) algorithm: Vec<String>,
    /// A captured value begins with one of these.
    #[serde(default)]
    pub(crate) captured: BTreeMap<String, Vec<String>>,
    /// Words in the messages' text, one of which must be there.
    #[serde(default)]
    pub(crate) text: Vec<String>,
    /// SSH: the change is to switch on the best algorithm that the other side offers. What is sound is `Safe`.
    #[serde(default)]
    pub(crate) enable: bool,
    /// SSH: the change is to move to a version that has one of the algorithms that the other side offers.
    #[serde(default)]
    pub(crate) upgrade: bool,
    /// It looks and changes nothing, so that there is nothing to take back.
    #[serde(default)]
    pub(crate) reads_only: bool,
    pub(crate) title: String,
    pub(crate) applicability: Level,
    /// What a weaker setting is limited to.
    pub(crate) scope: Option<Scope>,
    #[serde(default)]
    pub(crate) commands: Vec<Line>,
    #[serde(default)]
    pub(crate) verify: Vec<Line>,
    #[serde(default)]
    pub(crate) undo: Vec<Line>,
    #[serde(default)]
    pub(crate) notes: Vec<String>,
    #[allow(dead_code, reason = "every recipe says where it was read; the tests look at it")]
    pub(crate) source: String,
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Actor {
    Client,
    Server,
    Both,
    Network,
    /// Whoever printed the message: the end that the reader most likely sits at.
    Printer,
    /// The other end.
    Peer,
    /// The side at fault; where it is not one end, whoever printed the message.
    Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Safe,
    Manual,
    Weakens,
}

impl From<Level> for Applicability {
    fn from(level: Level) -> Self {
        match level {
            Level::Safe => Self::Safe,
            Level::Manual => Self::Manual,
            Level::Weakens => Self::Weakens,
        }
    }
}

/// What a weaker setting is limited to, the narrowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scope {
    /// One command or one call.
    Connection,
    /// One host, site or saved session.
    Host,
    /// One tunnel or peer.
    Peer,
    /// One virtual server or listener.
    ServerBlock,
    /// One program's environment.
    Process,
}

/// A command or lines to write.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// `client`, `server` or `own`: a shell there.
    pub(crate) shell: Option<Shell>,
    /// A file, by its usual path.
    pub(crate) file: Option<String>,
    /// A program's own settings.
    pub(crate) settings: Option<String>,
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) say: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shell {
    Client,
    Server,
    /// Where the acting side is.
    Own,
}

/// What is the same for all recipes of a product.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Products {
    #[serde(default)]
    pub(crate) product: Vec<Product>,
    #[serde(default)]
    verify: Vec<Verify>,
}

/// A product that prints messages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Product {
    /// The name that recipes use.
    pub(crate) id: String,
    /// Other names for it.
    #[serde(default)]
    pub(crate) names: Vec<String>,
    /// What people call it.
    pub(crate) label: String,
    /// The end that it usually is, where a message does not say who printed it.
    pub(crate) usual: Option<String>,
    /// What it is built on: recipes for these hold too.
    #[serde(default)]
    pub(crate) uses: Vec<String>,
}

/// How to see that it works now.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Verify {
    protocol: String,
    #[serde(default)]
    product: Vec<String>,
    lines: Vec<Line>,
}

/// The recipes of a cause, the more special ones first. A file that does not parse would give none; a test holds all of
/// them to parse.
pub(crate) fn recipes(cause: &str) -> &'static [Recipe] {
    // A log may tell of hundreds of attempts with the same cause.
    static ALL: OnceLock<Vec<OnceLock<Vec<Recipe>>>> = OnceLock::new();
    let all = ALL.get_or_init(|| FILES.iter().map(|_| OnceLock::new()).collect());
    let place = FILES.iter().position(|(file, _)| *file == cause);
    place.and_then(|place| all.get(place)).map_or(&[], |recipes| recipes.get_or_init(|| read(cause)))
}

fn read(cause: &str) -> Vec<Recipe> {
    let Some(file) = file(cause) else { return Vec::new() };
    let mut recipes = file.recipe;
    for name in &file.shared {
        recipes.extend(self::file(&format!("shared/{name}")).unwrap_or_default().recipe);
    }
    recipes
}

fn file(name: &str) -> Option<File> {
    let (_, text) = FILES.iter().find(|(file, _)| *file == name)?;
    serde_json::from_str(text).ok()
}

const PRODUCTS: &str = include_str!(concat!(env!("OUT_DIR"), "/products.json"));

fn products() -> &'static Products {
    static DATA: OnceLock<Products> = OnceLock::new();
    DATA.get_or_init(|| serde_json::from_str(PRODUCTS).unwrap_or_default())
}

/// The row of a product, by any of its names.
pub(crate) fn product(name: &str) -> Option<&'static Product> {
    products().product.iter().find(|product| product.id == name || product.names.iter().any(|other| other == name))
}

/// How to see that a connection comes about: by the product's own client, else by the protocol's usual one.
pub(crate) fn verify(protocol: &str, products_seen: &[&str]) -> &'static [Line] {
    let rows = || products().verify.iter().filter(|row| row.protocol == protocol);
    let own = products_seen.iter().find_map(|seen| rows().find(|row| row.product.iter().any(|id| id == seen)));
    own.or_else(|| rows().find(|row| row.product.is_empty())).map_or(&[], |row| &row.lines)
}

#[cfg(test)]
pub(crate) fn all_products() -> &'static Products {
    products()
}

#[cfg(test)]
pub(crate) fn products_text() -> &'static str {
    PRODUCTS
}
