//! Titles and lists in words.

use shakedown_model::{Name, Role, Side};

/// What comes with a weaker algorithm on a server.
pub(crate) const NO_SERVER_SCOPE: &str = "the server cannot limit this to one client: every client may then choose it, \
     unless a second server on another port takes it alone";

/// What comes with a weaker setting of a client that has none for one server.
pub(crate) const NO_CLIENT_SCOPE: &str =
    "this client cannot limit it to one server: it holds for all that it connects to";

/// `` `a`, `b` and `c` ``
pub(crate) fn list(names: &[Name]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    joined(&quoted)
}

pub(crate) fn joined(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The side of the roles that change.
pub(crate) fn side(roles: &[Role]) -> Side {
    match roles {
        [one] => (*one).into(),
        _ => Side::Both,
    }
}
