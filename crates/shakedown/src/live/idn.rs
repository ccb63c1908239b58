//! Names as people write them, as they stand in certificates and go over the wire (RFC 5890 section 2.3.2.1).

/// The name with each label in ASCII, by RFC 3492. `None` where that takes more than lower case and Punycode: marks that
/// combine, signs that are no letters.
pub(super) fn to_ascii(name: &str) -> Option<String> {
    let labels: Option<Vec<String>> = name.split('.').map(label).collect();
    Some(labels?.join("."))
}

fn label(label: &str) -> Option<String> {
    if label.is_ascii() {
        return Some(label.to_owned());
    }
    let lower = label.to_lowercase();
    let is_plain = |c: char| c == '-' || c.is_alphanumeric();
    let encoded = lower.chars().all(is_plain).then(|| punycode(&lower)).flatten()?;
    Some(format!("xn--{encoded}"))
}

/// RFC 3492 section 6.3.
fn punycode(text: &str) -> Option<String> {
    const BASE: u32 = 36;
    const LOWEST: u32 = 1;
    const HIGHEST: u32 = 26;
    let mut out: String = text.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(out.len()).ok()?;
    if basic > 0 {
        out.push('-');
    }
    let total = u32::try_from(text.chars().count()).ok()?;
    let (mut next, mut delta, mut bias, mut done) = (128_u32, 0_u32, 72_u32, basic);
    while done < total {
        let least = text.chars().map(u32::from).filter(|code| *code >= next).min()?;
        delta = delta.checked_add((least - next).checked_mul(done + 1)?)?;
        next = least;
        for code in text.chars().map(u32::from) {
            if code < next {
                delta = delta.checked_add(1)?;
            }
            if code != next {
                continue;
            }
            let mut rest = delta;
            for place in (BASE..).step_by(BASE as usize) {
                let threshold = place.saturating_sub(bias).clamp(LOWEST, HIGHEST);
                if rest < threshold {
                    break;
                }
                out.push(digit(threshold + (rest - threshold) % (BASE - threshold))?);
                rest = (rest - threshold) / (BASE - threshold);
            }
            out.push(digit(rest)?);
            bias = adapted(delta, done + 1, done == basic);
            delta = 0;
            done += 1;
        }
        delta = delta.checked_add(1)?;
        next = next.checked_add(1)?;
    }
    Some(out)
}

/// `a` to `z`, `0` to `9`.
fn digit(value: u32) -> Option<char> {
    char::from_digit(value.checked_sub(26).unwrap_or(value + 10), 36)
}

/// RFC 3492 section 6.1.
fn adapted(delta: u32, points: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut steps = 0;
    while delta > 455 {
        delta /= 35;
        steps += 36;
    }
    steps + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_registries() {
        for (name, ascii) in [
            ("www.example.org", Some("www.example.org")),
            ("B\u{fc}cher.example", Some("xn--bcher-kva.example")),
            ("m\u{fc}nchen.de", Some("xn--mnchen-3ya.de")),
            // RFC 3492 section 7.1 (L), and IANA's test domain.
            ("3\u{5e74}b\u{7d44}\u{91d1}\u{516b}\u{5148}\u{751f}", Some("xn--3b-ww4c5e180e575a65lsy2b")),
            ("\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.example", Some("xn--e1afmkfd.example")),
            ("u\u{308}.example", None),
            ("\u{1f600}.example", None),
        ] {
            assert_eq!(to_ascii(name).as_deref(), ascii, "{name}");
        }
    }
}
