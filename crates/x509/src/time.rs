use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::Offset;

use crate::der::{DerError, Element, GENERALIZED_TIME, Reader, UTC_TIME};

/// UTCTime or GeneralizedTime in the only forms that certificates may have, RFC 5280 section 4.1.2.5: whole seconds,
/// and `Z` at the end.
pub(crate) fn read(reader: &mut Reader<'_>, field: &str) -> Result<Timestamp, DerError> {
    let element = reader.any(field)?;
    parse(&element).ok_or_else(|| DerError::form(element.offset, field, "a time of the form YYYYMMDDhhmmssZ"))
}

fn parse(element: &Element<'_>) -> Option<Timestamp> {
    let (digits, last) = element.value.split_last_chunk::<1>()?;
    if *last != *b"Z" || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let pair = |from: usize| Some(digits.get(from..from + 2)?.iter().fold(0_i16, |n, &d| n * 10 + i16::from(d - b'0')));
    let (year, rest) = match (element.tag, digits.len()) {
        // The century is chosen by RFC 5280 section 4.1.2.5.1.
        (UTC_TIME, 12) => (pair(0)? + if pair(0)? >= 50 { 1900 } else { 2000 }, 2),
        (GENERALIZED_TIME, 14) => (pair(0)? * 100 + pair(2)?, 4),
        _ => return None,
    };
    let small = |from: usize| i8::try_from(pair(rest + from)?).ok();
    let (month, day) = (small(0)?, small(2)?);
    let (hour, minute, second) = (small(4)?, small(6)?, small(8)?);
    // The library's types end a day before the year 9999 does, and `99991231235959Z` stands for "never".
    if year == 9999 && month == 12 && day == 31 {
        return Some(Timestamp::MAX);
    }
    let days = jiff::civil::Date::new(year, month, day).ok().filter(|day| *day >= date(0, 1, 1))?;
    let time = jiff::civil::Time::new(hour, minute, second, 0).ok()?;
    Offset::UTC.to_timestamp(days.to_datetime(time)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(tag: u8, text: &str) -> Option<String> {
        let mut bytes = vec![tag, text.len() as u8];
        bytes.extend_from_slice(text.as_bytes());
        read(&mut Reader::new(&bytes), "t").ok().map(|time| time.to_string())
    }

    #[test]
    fn the_forms_of_certificates_and_no_others() {
        assert_eq!(time(UTC_TIME, "491231235959Z").as_deref(), Some("2049-12-31T23:59:59Z"));
        assert_eq!(time(UTC_TIME, "500101000000Z").as_deref(), Some("1950-01-01T00:00:00Z"));
        assert_eq!(time(GENERALIZED_TIME, "20500101000000Z").as_deref(), Some("2050-01-01T00:00:00Z"));
        assert_eq!(time(GENERALIZED_TIME, "99991231235959Z"), Some(Timestamp::MAX.to_string()));
        for bad in ["4912312359Z", "491231235959+0100", "490231000000Z", "491231246000Z", "49123123595 Z", ""] {
            assert_eq!(time(UTC_TIME, bad), None, "{bad}");
        }
        assert_eq!(time(GENERALIZED_TIME, "20500101000000.5Z"), None);
    }
}
