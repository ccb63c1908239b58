//! How products order their versions.

use std::cmp::Ordering;

/// How a product orders its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Numbers from left to right; words such as `rc` or `beta` come before the plain version, other suffixes after it.
    Numeric,
    /// As `Numeric`; `pN` is the release of the portable branch, and a version without it means the newest of them.
    Openssh,
    /// A date in digits, with or without separators.
    Date,
    /// No order is known: versions are only equal or different.
    Opaque,
}

impl Scheme {
    pub(crate) const ALL: [Self; 4] = [Self::Numeric, Self::Openssh, Self::Date, Self::Opaque];

    /// Whether the versions of this scheme have an order.
    pub fn is_ordered(self) -> bool {
        self != Self::Opaque
    }

    /// The name in the data files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Numeric => "numeric",
            Self::Openssh => "openssh",
            Self::Date => "date",
            Self::Opaque => "opaque",
        }
    }

    /// Which of two versions is older. `None` where the scheme has no order and the two differ.
    pub fn compare(self, a: &str, b: &str) -> Option<Ordering> {
        match self {
            Self::Opaque => (a == b).then_some(Ordering::Equal),
            Self::Numeric | Self::Openssh | Self::Date => Some(compare(a, b)),
        }
    }
}

/// One part of a version, in rising order of what it means when the other version has ended before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    /// `dev`, `alpha`, `beta`, `rc`: older than the plain version. With its rank.
    Before(u8, &'a str),
    /// The version has ended.
    End,
    /// `p`, `u`, a letter: newer than the plain version.
    After(&'a str),
    /// A number, without leading zeros: by length, then by digits.
    Number(usize, &'a str),
}

/// The order of two versions of an ordered scheme: `9.2` equals `9.2.0`, `0.53b` follows `0.53`, `6.6.1-beta` comes
/// before `6.6.1`.
fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (parts(a), parts(b));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (x, y) => {
                let (x, y) = (x.unwrap_or(Part::End), y.unwrap_or(Part::End));
                // A trailing zero adds nothing: 2.28 is 2.28.0.
                let zero = |part: Part<'_>| matches!(part, Part::Number(0, _));
                let order = if (zero(x) && y == Part::End) || (x == Part::End && zero(y)) {
                    Ordering::Equal
                } else {
                    x.cmp(&y)
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
}

fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        let first = rest.chars().next()?;
        let end = rest.find(|c: char| c.is_ascii_digit() != first.is_ascii_digit() || !c.is_ascii_alphanumeric());
        let (part, tail) = rest.split_at(end.unwrap_or(rest.len()));
        rest = tail;
        Some(if first.is_ascii_digit() {
            let digits = part.trim_start_matches('0');
            Part::Number(digits.len(), digits)
        } else {
            word(part, tail.starts_with(|c: char| c.is_ascii_digit()))
        })
    })
}

fn word(text: &str, digit_follows: bool) -> Part<'_> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    // A lone letter is a pre-release only with its number, as in `2.0b1`; `0.53b` is a later release.
    if is(&["dev", "snapshot"]) {
        Part::Before(0, "")
    } else if is(&["alpha"]) || (digit_follows && is(&["a"])) {
        Part::Before(1, "")
    } else if is(&["beta", "test"]) || (digit_follows && is(&["b"])) {
        Part::Before(2, "")
    } else if digit_follows && is(&["m"]) {
        Part::Before(3, "")
    } else if is(&["pre", "preview", "prerelease"]) {
        Part::Before(4, "")
    } else if is(&["rc", "cr"]) {
        Part::Before(5, "")
    } else {
        Part::After(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rising(scheme: Scheme, versions: &[&str]) {
        for (i, a) in versions.iter().enumerate() {
            for (j, b) in versions.iter().enumerate() {
                assert_eq!(scheme.compare(a, b), Some(i.cmp(&j)), "{a} and {b}");
            }
        }
    }

    #[test]
    fn each_product_orders_its_own_way() {
        rising(
            Scheme::Openssh,
            &["2.9p2", "2.9.9p1", "2.9.9p2", "3.7p1", "3.7.1p2", "7.4p1", "9.9p1", "9.9p2", "10.0p2"],
        );
        rising(Scheme::Numeric, &["0.44", "0.53", "0.53.1", "2011.54", "2020.79", "2022.83", "2026.94"]);
        rising(Scheme::Numeric, &["0.53", "0.53b", "0.54", "0.70", "0.84"]);
        rising(Scheme::Numeric, &["5.16-alpha", "5.16-beta", "5.16-rc", "5.16", "5.16.1-beta", "5.16.1", "6.0"]);
        rising(Scheme::Numeric, &["2.0.0.rc1", "2.0.0", "8.0.0.beta3", "8.0.0"]);
        rising(Scheme::Numeric, &["3.0.0-M1", "3.0.0-M3", "3.0.0"]);
        rising(Scheme::Numeric, &["24.10.0rc1", "24.10.0", "24.10.0.post1"]);
        rising(Scheme::Numeric, &["7u79", "7u301", "8u292", "11.0.11"]);
        rising(
            Scheme::Numeric,
            &["0.0.0-20120125153112-470549d5029a", "0.0.0-20211117183948-ae814b36b871", "0.1.0", "0.55.0"],
        );
        rising(Scheme::Date, &["20150801", "20260601"]);
    }

    #[test]
    fn trailing_zeros_add_nothing_and_opaque_versions_have_no_order() {
        assert_eq!(Scheme::Numeric.compare("2.28", "2.28.0"), Some(Ordering::Equal));
        assert_eq!(Scheme::Numeric.compare("8.1.0.0", "8.1"), Some(Ordering::Equal));
        assert_eq!(Scheme::Opaque.compare("a", "b"), None);
        assert_eq!(Scheme::Opaque.compare("a", "a"), Some(Ordering::Equal));
    }

    proptest::proptest! {
        #![proptest_config(shakedown_testkit::properties(256))]
        #[test]
        fn the_order_is_total(a in "[0-9a-cp.-]{0,10}", b in "[0-9a-cp.-]{0,10}", c in "[0-9a-cp.-]{0,10}") {
            assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            if compare(&a, &b) == Ordering::Less && compare(&b, &c) == Ordering::Less {
                assert_eq!(compare(&a, &c), Ordering::Less, "{a} {b} {c}");
            }
        }
    }
}
