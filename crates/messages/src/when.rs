//! How far apart two lines of a log are.

/// The time that a log wrote, in seconds. Only differences mean anything: a year that is missing is taken for the same
/// one, and a time without a date for one of the same day.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    of_syslog(text.as_bytes()).or_else(|| of_any(text))
}

/// `Nov 21 10:11:12`, which most logs write in each line.
fn of_syslog(text: &[u8]) -> Option<f64> {
    let &[a, b, c, b' ', d, e, b' ', h, i, b':', m, n, b':', s, t] = text else { return None };
    let two = |ten: u8, one: u8| {
        let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
        Some(digit(ten)? * 10 + digit(one)?)
    };
    let (names, _) = MONTHS.as_bytes().as_chunks::<3>();
    let month = (1..).zip(names).find(|(_, name)| **name == [a, b, c])?.0;
    let day = two(if d == b' ' { b'0' } else { d }, e).filter(|day| (1..=31).contains(day))?;
    let clock = two(h, i)? * 3600 + two(m, n)? * 60 + two(s, t)?;
    Some((civil(SOME_YEAR, month, day) * 86_400 + clock) as f64)
}

fn of_any(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let plain = text.trim().trim_end_matches('Z');
    if !plain.contains(':') {
        let number: f64 = plain.parse().ok()?;
        // Milliseconds since 1970 have three digits more than seconds.
        return Some(if number > 1e11 { number / 1000.0 } else { number });
    }
    let clock = bytes.windows(8).position(is_clock)?;
    let two = |at: usize| number(bytes.get(at..at + 2)?);
    let mut seconds = (two(clock)? * 3600 + two(clock + 3)? * 60 + two(clock + 6)?) as f64;
    let after = text.get(clock + 8..).unwrap_or_default();
    if after.starts_with(['.', ',']) {
        let digits: String = after.chars().skip(1).take_while(char::is_ascii_digit).collect();
        seconds += format!("0.{digits}").parse().unwrap_or(0.0);
    }
    seconds += half_of_day(after, two(clock)?) - zone(after);
    let date = format!("{} {}", text.get(..clock).unwrap_or_default(), after.trim_start_matches(['.', ',']));
    Some(seconds + day(&date).unwrap_or(0) as f64 * 86_400.0)
}

/// `12:34:56`
fn is_clock(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(at, byte)| if at == 2 || at == 5 { *byte == b':' } else { byte.is_ascii_digit() })
}

fn number(bytes: &[u8]) -> Option<i64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn half_of_day(after: &str, hour: i64) -> f64 {
    let after = after.to_ascii_uppercase();
    match (after.contains("PM"), after.contains("AM"), hour) {
        (true, _, ..12) => 43_200.0,
        (_, true, 12) => -43_200.0,
        _ => 0.0,
    }
}

/// `+02:00`, `-0530`, after the clock.
fn zone(after: &str) -> f64 {
    let Some(at) = after.find(['+', '-']) else { return 0.0 };
    let digits: Vec<u8> = after.bytes().skip(at + 1).filter(|byte| *byte != b':').collect();
    if digits.len() < 4 || !digits.iter().take(4).all(u8::is_ascii_digit) {
        return 0.0;
    }
    let two = |at: usize| digits.get(at..at + 2).and_then(number).unwrap_or(0);
    let offset = (two(0) * 3600 + two(2) * 60) as f64;
    if after.as_bytes().get(at) == Some(&b'-') { -offset } else { offset }
}

const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
/// The year of dates that have none.
const SOME_YEAR: i64 = 2000;

/// The day of a date, counted from some day.
fn day(text: &str) -> Option<i64> {
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let month_name = |word: &str| {
        let place = MONTHS.find(word.get(..3)?)?;
        (word.len() == 3 && place % 3 == 0).then_some(place as i64 / 3 + 1)
    };
    let named = words.iter().enumerate().find_map(|(at, word)| Some((at, month_name(word)?)));
    let numbers: Vec<(usize, i64)> =
        words.iter().filter_map(|word| Some((word.len(), word.trim_end_matches('T').parse().ok()?))).collect();
    let year = numbers.iter().find(|(length, _)| *length == 4).map_or(SOME_YEAR, |(_, year)| *year);
    if let Some((at, month)) = named {
        let beside = |word: Option<&&str>| word.and_then(|word| word.parse().ok()).filter(|day| (1..=31).contains(day));
        let day =
            at.checked_sub(1).and_then(|before| beside(words.get(before))).or_else(|| beside(words.get(at + 1)))?;
        return Some(civil(year, month, day));
    }
    match numbers.as_slice() {
        [(8, all), ..] => Some(civil(all / 10_000, all / 100 % 100, all % 100)),
        [(4, year), (_, month), (_, day), ..] => Some(civil(*year, *month, *day)),
        // Day and month may have changed places: within one log they do so always.
        [(_, day), (_, month), (4, year), ..] => Some(civil(*year, *month, *day)),
        _ => None,
    }
}

/// The day of the proleptic Gregorian calendar.
fn civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_right_in_every_way_of_writing() {
        for (first, second, apart) in [
            ("2026-02-28T23:59:30Z", "2026-03-01T00:00:30Z", 60.0),
            ("2026-02-28T23:59:30.250+01:00", "2026-02-28T22:59:31.750Z", 1.5),
            ("Nov 30 23:59:59", "Dec  1 00:00:01", 2.0),
            ("2026/01/01 10:00:00", "2026/01/01 10:07:00", 420.0),
            ("01/Jan/2026:10:00:00 +0000", "02/Jan/2026:10:00:00 +0000", 86_400.0),
            ("Thu Jan  1 10:00:00.123456 2026", "Thu Jan  1 10:00:02.123456 2026", 2.0),
            ("1700000000", "1700000100.5", 100.5),
            ("20260101-10:00:00.000", "20260102-10:00:00.000", 86_400.0),
            ("31.12.2025, 10:00:00", "01.01.2026, 10:00:00", 86_400.0),
            ("10:00:00", "10:00:05", 5.0),
        ] {
            let between = seconds(second).unwrap() - seconds(first).unwrap();
            assert!((between - apart).abs() < 0.001, "{first} .. {second}: {between}");
        }
        assert_eq!(seconds("yesterday"), None);
    }

    /// The short way to what most logs write ends where the long one does.
    #[test]
    fn times_of_syslog_are_those_of_the_long_way() {
        let (names, _) = MONTHS.as_bytes().as_chunks::<3>();
        for (month, day) in names.iter().flat_map(|month| (0..=32).map(move |day| (month, day))) {
            for clock in ["00:00:00", "09:59:07", "12:30:30", "23:59:59"] {
                let text = format!("{} {day:2} {clock}", String::from_utf8_lossy(month));
                let is_day = (1..=31).contains(&day);
                assert_eq!(of_syslog(text.as_bytes()).is_some(), is_day, "{text}");
                assert_eq!(seconds(&text), of_any(&text), "{text}");
            }
        }
        for other in ["nov 21 10:11:12", "Nov 21 10:11:1x", "Nov 2 10:11:12", "Nov 21 10:11:12 ", "Nov 21 10.11.12"] {
            assert_eq!(of_syslog(other.as_bytes()), None, "{other}");
        }
    }
}
