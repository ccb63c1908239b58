//! Titles and lists in words.

use shakedown_model::{Name, Role, Side};

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

/// A few of them, and how many more there are.
pub(crate) fn some(parts: &[String]) -> String {
    const SHOWN: usize = 6;
    match parts.get(SHOWN..) {
        Some(more) if more.len() > 1 => {
            format!("{} and {} more", parts.get(..SHOWN).unwrap_or_default().join(", "), more.len())
        }
        _ => joined(parts),
    }
}

/// The side of the roles that change.
pub(crate) fn side(roles: &[Role]) -> Side {
    match roles {
        [one] => (*one).into(),
        _ => Side::Both,
    }
}
