//! Times, amounts and numbers as OpenSSH writes them (`convtime` of misc.c, `scan_scaled`, `strtonum`).

/// Seconds of a time such as `90`, `1h30m` or `2W`; `None` where it is not one.
pub(crate) fn seconds(text: &str) -> Option<u32> {
    let mut total: u32 = 0;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u32 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let unit = rest.chars().next();
        let factor = match unit.map(|unit| unit.to_ascii_lowercase()) {
            None | Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3_600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            Some(_) => return None,
        };
        rest = rest.get(usize::from(unit.is_some())..)?;
        total = total.checked_add(number.checked_mul(factor)?)?;
    }
    i32::try_from(total).is_ok().then_some(total)
}

/// Bytes of an amount such as `1G` or `512M`.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let (digits, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))?;
    let factor: u64 = match unit.to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1 << 40,
        "P" => 1 << 50,
        "E" => 1 << 60,
        _ => return None,
    };
    let number: u64 = digits.parse().ok()?;
    number.checked_mul(factor).filter(|bytes| i64::try_from(*bytes).is_ok())
}

/// A number from 0 to 2147483647, or in OpenSSH's words why not.
pub(crate) fn number(text: &str) -> Result<u32, &'static str> {
    let trimmed = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    if text.is_empty() {
        return Err("missing");
    }
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("invalid");
    }
    match digits.parse::<u32>() {
        Ok(0) => Ok(0),
        _ if negative => Err("too small"),
        Ok(value) if i32::try_from(value).is_ok() => Ok(value),
        _ => Err("too large"),
    }
}

/// A port by number or by the name of its service; only `ssh`'s name is known here.
pub(crate) fn port(text: &str) -> Option<u16> {
    if text.eq_ignore_ascii_case("ssh") {
        return Some(22);
    }
    number(text).ok().and_then(|value| u16::try_from(value).ok()).filter(|port| *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        assert_eq!(seconds("1h30m"), Some(5_400));
        assert_eq!(seconds("2W1"), Some(1_209_601));
        for bad in ["", "h", "1x", "-1", "99999999999", "3000000000"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
        assert_eq!(bytes("1G"), Some(1 << 30));
        assert_eq!(bytes("512"), Some(512));
        assert_eq!(bytes("9E"), None);
        assert_eq!(bytes("x"), None);
        assert_eq!(number("2048"), Ok(2048));
        assert_eq!(number("-1"), Err("too small"));
        assert_eq!(number("99999999999"), Err("too large"));
        assert_eq!(number("x"), Err("invalid"));
        assert_eq!(port("ssh"), Some(22));
        assert_eq!(port("0"), None);
        assert_eq!(port("65536"), None);
    }
}
