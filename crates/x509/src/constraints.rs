//! Name constraints, RFC 5280 section 4.2.1.10.

use crate::{Certificate, DistinguishedName, Fault, GeneralName, NameConstraints};

/// How a name lies to a constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lies {
    Within,
    Outside,
    /// The constraint or the name is broken, or the form is not compared here.
    Unknown,
}

/// Which side of the constraints a base stands on. A wildcard counts as within an excluded part as soon as one of its
/// names could be (CVE-2025-61727), and never as within a permitted one by its star.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Permitted,
    Excluded,
}

/// How many comparisons one certificate may ask for; webpki and Go stop there too.
const COMPARISONS: usize = 250_000;

/// What the constraints of the authority at `by` have against a certificate below it.
pub(crate) fn check(constraints: &NameConstraints, certificate: &Certificate, by: usize, faults: &mut Vec<Fault>) {
    let names = certificate.extensions.names.as_deref().unwrap_or_default();
    let bases = constraints.permitted.len() + constraints.excluded.len();
    if names.len().saturating_mul(bases) > COMPARISONS {
        let what = format!("{} names under {bases} constraints are not compared", names.len());
        push(faults, Fault::Malformed { field: "nameConstraints".to_owned(), offset: 0, what });
        return;
    }
    let subject = GeneralName::Directory(certificate.subject.clone());
    for name in names {
        one(constraints, name, by, faults);
    }
    if certificate.subject.is_empty() {
        // An empty subject is no name, but whoever refuses the form refuses it all the same.
        let forms = constraints.permitted.iter().chain(&constraints.excluded);
        if forms.into_iter().any(|base| base.form() == subject.form()) {
            push(faults, Fault::UnknownConstraint { form: subject.form(), by });
        }
    } else {
        one(constraints, &subject, by, faults);
    }
}

fn one(constraints: &NameConstraints, name: &GeneralName, by: usize, faults: &mut Vec<Fault>) {
    let same_form = |base: &&GeneralName| base.form() == name.form();
    let permitted: Vec<Lies> =
        constraints.permitted.iter().filter(same_form).map(|base| lies(name, base, Part::Permitted)).collect();
    let excluded: Vec<Lies> =
        constraints.excluded.iter().filter(same_form).map(|base| lies(name, base, Part::Excluded)).collect();
    let compared = matches!(name, GeneralName::Dns(_) | GeneralName::Ip(_));
    let constrained = !permitted.is_empty() || !excluded.is_empty();
    if constrained && !compared {
        push(faults, Fault::UnknownConstraint { form: name.form(), by });
    }
    // What cannot be told counts against a name of the forms that everybody compares.
    let inside = |lies: &Lies| *lies == Lies::Within || (compared && *lies == Lies::Unknown);
    if excluded.iter().any(inside) {
        push(faults, Fault::NameConstraint { name: name.clone(), by, excluded: true });
    }
    let outside = !permitted.is_empty() && permitted.iter().all(|lies| *lies == Lies::Outside);
    let broken = compared && permitted.contains(&Lies::Unknown);
    if outside || broken {
        push(faults, Fault::NameConstraint { name: name.clone(), by, excluded: false });
    }
}

/// One fault says enough of ten thousand names.
fn push(faults: &mut Vec<Fault>, fault: Fault) {
    let kind = std::mem::discriminant(&fault);
    if faults.iter().filter(|other| std::mem::discriminant(*other) == kind).count() < 4 && !faults.contains(&fault) {
        faults.push(fault);
    }
}

fn lies(name: &GeneralName, base: &GeneralName, part: Part) -> Lies {
    let within = match (name, base) {
        (GeneralName::Dns(name), GeneralName::Dns(base)) => dns(&name.to_bytes(), &base.to_bytes(), part),
        (GeneralName::Ip(name), GeneralName::Ip(base)) => ip(name, base),
        (GeneralName::Directory(name), GeneralName::Directory(base)) => Some(directory(name, base)),
        _ => None,
    };
    match within {
        Some(true) => Lies::Within,
        Some(false) => Lies::Outside,
        None => Lies::Unknown,
    }
}

/// Whether a DNS name is the base or lies below it; a base that begins with a dot stands only for what lies below.
fn dns(name: &[u8], base: &[u8], part: Part) -> Option<bool> {
    let (name, base) = (name.to_ascii_lowercase(), base.to_ascii_lowercase());
    let bare = base.strip_prefix(b".").unwrap_or(&base);
    let wildcard = name.strip_prefix(b"*.");
    if !is_dns_name(wildcard.unwrap_or(&name), wildcard.is_some()) || !(base.is_empty() || is_dns_name(bare, false)) {
        return None;
    }
    if base.is_empty() {
        return Some(true);
    }
    let below = |name: &[u8]| name.strip_suffix(bare).is_some_and(|rest| rest.ends_with(b"."));
    if below(&name) || (name == bare && base == bare) {
        return Some(true);
    }
    // `*.example.org` has names within `www.example.org`.
    let reaches = |parent: &[u8]| {
        let first = bare.split(|byte| *byte == b'.').next().unwrap_or_default().len();
        bare.get(first + 1..) == Some(parent)
    };
    Some(part == Part::Excluded && base == bare && wildcard.is_some_and(reaches))
}

/// Letters, digits, hyphens and underscores in labels of at most 63, no dot at the end (RFC 1034 section 3.5, and
/// underscores as they are in use).
pub(crate) fn is_dns_name(name: &[u8], below_wildcard: bool) -> bool {
    let mut labels = name.split(|byte| *byte == b'.');
    let good = |label: &[u8]| {
        (1..=63).contains(&label.len())
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let last_is_number =
        name.rsplit(|byte| *byte == b'.').next().is_some_and(|label| label.iter().all(u8::is_ascii_digit));
    let count = name.iter().filter(|byte| **byte == b'.').count() + 1;
    name.len() <= 253 && labels.all(good) && !last_is_number && (!below_wildcard || count >= 2)
}

fn ip(name: &[u8], base: &[u8]) -> Option<bool> {
    match (name.len(), base.len()) {
        (4, 8) | (16, 32) => {}
        (4, 32) | (16, 8) => return Some(false),
        _ => return None,
    }
    let (address, mask) = base.split_at_checked(name.len())?;
    let bits: Vec<u8> = mask.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    if bits.is_sorted_by(|left, right| left >= right) {
        Some(name.iter().zip(address).zip(mask).all(|((name, address), mask)| name & mask == address & mask))
    } else {
        None
    }
}

/// Whether a distinguished name begins with the base.
fn directory(name: &DistinguishedName, base: &DistinguishedName) -> bool {
    let head = |length: usize| DistinguishedName {
        der: Vec::new(),
        attributes: name.attributes.iter().take(length).cloned().collect(),
    };
    base.attributes.is_empty()
        || (name.attributes.len() >= base.attributes.len()
            && DistinguishedName { der: vec![0], ..base.clone() }.is_same(&head(base.attributes.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_names_lie_where_webpki_says() {
        let permitted = |name: &str, base: &str| dns(name.as_bytes(), base.as_bytes(), Part::Permitted);
        let excluded = |name: &str, base: &str| dns(name.as_bytes(), base.as_bytes(), Part::Excluded);
        for (name, base, within) in [
            ("www.example.org", "example.org", Some(true)),
            ("example.org", "Example.ORG", Some(true)),
            ("badexample.org", "example.org", Some(false)),
            ("example.org", ".example.org", Some(false)),
            ("www.example.org", ".example.org", Some(true)),
            ("*.example.org", "example.org", Some(true)),
            ("anything.test", "", Some(true)),
            ("nul\0.example.org", "example.org", None),
            ("example.org.", "example.org", None),
        ] {
            assert_eq!(permitted(name, base), within, "{name} in {base}");
        }
        assert_eq!(permitted("*.example.org", "www.example.org"), Some(false));
        assert_eq!(excluded("*.example.org", "www.example.org"), Some(true));
        assert_eq!(excluded("*.example.org", "a.www.example.org"), Some(false));
    }

    #[test]
    fn addresses_lie_in_networks() {
        assert_eq!(ip(&[192, 0, 2, 7], &[192, 0, 2, 0, 255, 255, 255, 0]), Some(true));
        assert_eq!(ip(&[192, 0, 3, 7], &[192, 0, 2, 0, 255, 255, 255, 0]), Some(false));
        assert_eq!(ip(&[192, 0, 2, 7], &[192, 0, 2, 0, 255, 0, 255, 0]), None);
        assert_eq!(ip(&[192, 0, 2], &[192, 0, 2, 0, 255, 255, 255, 0]), None);
        assert_eq!(ip(&[1; 16], &[192, 0, 2, 0, 255, 255, 255, 0]), Some(false));
    }
}
