use std::ops::Range;

use super::cursor::Cursor;

/// A time at the beginning of a log line.
pub(super) struct Time {
    pub(super) range: Range<usize>,
    /// Whether it has a date.
    pub(super) has_date: bool,
    /// Who writes times like that.
    pub(super) style: Style,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// syslog of RFC 3164: a host and a program follow.
    Syslog,
    /// Anybody.
    Any,
    /// nginx and Go: no host follows.
    Slashes,
}

/// How times look: `9` is a digit, `8` one that may be missing, `M` a month's and `D` a day's name, `_` blanks, `T` the
/// letter or blanks, `;` a comma that may be missing, all else itself.
const PICTURES: &[(&str, Style)] = &[
    ("9999-99-99T99:99:99", Style::Any),
    ("9999/99/99_99:99:99", Style::Slashes),
    ("9999.99.99_99:99:99", Style::Any),
    ("99999999-99:99:99", Style::Any),
    ("99999999_99:99:99", Style::Any),
    ("M_98_99:99:99", Style::Syslog),
    ("M_98_9999_99:99:99", Style::Syslog),
    ("M_98,_9999_98:99:99", Style::Any),
    ("D_M_98_99:99:99", Style::Any),
    ("D,_98_M_9999_99:99:99", Style::Any),
    ("98_M_9999_99:99:99", Style::Any),
    ("98-M-9999_99:99:99", Style::Any),
    ("98/M/9999:99:99:99", Style::Any),
    ("98/98/9999;_98:99:99", Style::Any),
    ("98.98.9999;_98:99:99", Style::Any),
    ("98-98-9999;_98:99:99", Style::Any),
    ("9999999999", Style::Any),
    ("99:99:99", Style::Any),
];

/// Reads a time.
pub(super) fn read(cursor: &mut Cursor) -> Option<Time> {
    let first = cursor.peek()?;
    if !first.is_ascii_digit() && !first.is_ascii_uppercase() {
        return None;
    }
    let start = cursor.at();
    let begins = |picture: &str| picture.starts_with('9') == first.is_ascii_digit();
    let (mut after, picture, style) =
        PICTURES.iter().filter(|(picture, _)| begins(picture)).find_map(|(picture, style)| {
            let mut after = *cursor;
            fits(&mut after, picture).then_some((after, *picture, *style))
        })?;
    fraction(&mut after);
    if picture.starts_with("D_M") {
        // The zone and the year come last: `Fri Dec 22 10:11:12.123456 UTC 2023`.
        let mut year = after;
        zone(&mut year);
        if fits(&mut year, "_9999") {
            after = year;
        }
    }
    if picture.contains("98:99:99") {
        let mut half = after;
        half.blanks();
        if ["AM", "PM", "am", "pm"].iter().any(|text| half.eat(text)) && half.is_end() {
            after = half;
        }
    }
    zone(&mut after);
    if !after.is_end() {
        return None;
    }
    *cursor = after;
    Some(Time { range: start..after.at(), has_date: picture != "99:99:99", style })
}

fn fits(cursor: &mut Cursor, picture: &str) -> bool {
    picture.bytes().all(|part| match part {
        b'9' => cursor.take(1, |byte| byte.is_ascii_digit()).len() == 1,
        b'8' => {
            cursor.take(1, |byte| byte.is_ascii_digit());
            true
        }
        b'M' => name(cursor, "JanFebMarAprMayJunJulAugSepOctNovDec"),
        b'D' => name(cursor, "MonTueWedThuFriSatSun"),
        b'_' => cursor.blanks() > 0,
        b'T' => cursor.eat("T") || cursor.blanks() > 0,
        b';' => {
            cursor.eat(",");
            true
        }
        literal => cursor.take(1, |byte| byte == literal).len() == 1,
    })
}

/// One of the names, which have three letters each.
fn name(cursor: &mut Cursor, names: &str) -> bool {
    let found = cursor.rest().get(..3).is_some_and(|text| names.as_bytes().chunks_exact(3).any(|name| name == text));
    if found {
        cursor.advance(3);
    }
    found
}

fn fraction(cursor: &mut Cursor) {
    let mut after = *cursor;
    if (after.eat(".") || after.eat(",")) && after.number().is_some() {
        *cursor = after;
    }
}

fn zone(cursor: &mut Cursor) {
    let mut after = *cursor;
    after.blanks();
    if after.eat("Z") || after.eat("UTC") || after.eat("GMT") {
        if after.is_end() {
            *cursor = after;
        }
        return;
    }
    if after.eat("+") || after.eat("-") {
        let hours = after.take(2, |byte| byte.is_ascii_digit()).len();
        after.eat(":");
        let minutes = after.take(2, |byte| byte.is_ascii_digit()).len();
        if hours == 2 && (minutes == 2 || minutes == 0) && after.is_end() {
            *cursor = after;
        }
        return;
    }
    // CET, EST, PDT, CEST, ...: no level of a log looks like that.
    let letters = after.take(6, |byte| byte.is_ascii_uppercase());
    if (3..=4).contains(&letters.len()) && after.text(&letters).ends_with(b"T") && after.is_end() {
        *cursor = after;
    }
}
