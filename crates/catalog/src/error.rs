use shakedown_model::Role;

use crate::blob::BlobError;
use crate::load::DataErrors;

/// Why a look-up has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// The blob cannot be opened.
    #[error("the catalog cannot be opened")]
    Blob(#[from] BlobError),
    /// Data files hold rows that are wrong.
    #[error("the data files of the catalog are wrong")]
    Data(#[from] DataErrors),
    /// No product has this name.
    #[error("the catalog has no product `{product}`{}", did_you_mean(.suggestions))]
    UnknownProduct {
        /// The name as written.
        product: String,
        /// Names that are close to it.
        suggestions: Vec<String>,
    },
    /// The product does not have this role, as far as the catalog knows.
    #[error("the catalog has no {role} offers of `{product}`")]
    NoRole {
        /// The product's id.
        product: String,
        /// The role asked for.
        role: Role,
    },
    /// The product speaks another protocol than the one asked for.
    #[error("`{product}` does not speak {protocol}")]
    OtherProtocol {
        /// The product's id.
        product: String,
        /// The protocol asked for.
        protocol: &'static str,
    },
    /// The version is older than all that is known.
    #[error("the catalog does not reach back to `{product}` {version}: its oldest version is {oldest}")]
    TooOld {
        /// The product's id.
        product: String,
        /// The version asked for.
        version: String,
        /// The oldest version known.
        oldest: String,
    },
    /// The version is not known, and the product's versions have no order to find a near one by.
    #[error("the catalog has no `{product}` {version}; it has {}", .known.join(", "))]
    UnknownVersion {
        /// The product's id.
        product: String,
        /// The version asked for.
        version: String,
        /// The versions known.
        known: Vec<String>,
    },
    /// No policy has this name.
    #[error("the catalog has no policy `{name}`{}", did_you_mean(.suggestions))]
    UnknownPolicy {
        /// The name as written.
        name: String,
        /// Names that are close to it.
        suggestions: Vec<String>,
    },
    /// A system policy does not reach this product.
    #[error("crypto-policies has no lists for `{product}`; it has them for openssh and libssh")]
    PolicyDoesNotApply {
        /// The product's id.
        product: String,
    },
}

fn did_you_mean(suggestions: &[String]) -> String {
    match suggestions {
        [] => String::new(),
        [only] => format!("; did you mean `{only}`?"),
        [first, second, ..] => format!("; did you mean `{first}` or `{second}`?"),
    }
}

/// The names closest to a word, at most two: those that hold it, then those a few letters away.
pub(crate) fn close<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut scored: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let holds = name.contains(word) || word.contains(name);
            let distance = if holds { 1 } else { distance(word, name) };
            (distance <= (word.len() / 3).max(1)).then_some((distance, name))
        })
        .collect();
    scored.sort();
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(2).map(|(_, name)| name.to_owned()).collect()
}

/// How many letters have to change, be added or be taken away.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, &above) in b.iter().zip(row.iter().skip(1)) {
            let change = diagonal + usize::from(x != *y);
            left = change.min(above + 1).min(left + 1);
            diagonal = above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_come_first() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(close("opensh", ["openssh", "putty"].into_iter()), ["openssh"]);
        assert!(close("nginx", ["openssh", "putty"].into_iter()).is_empty());
    }
}
