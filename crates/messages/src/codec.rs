//! The data as one run of bytes: lengths and texts, in the order of the fields. Also compiled into the build script.

use crate::data::{Data, Entry, Points, Value};

/// Writes all rows.
pub(crate) fn encode(data: &Data) -> Vec<u8> {
    let mut out = Vec::new();
    number(&mut out, data.entries.len());
    for entry in &data.entries {
        write_entry(&mut out, entry);
    }
    number(&mut out, data.values.len());
    for value in &data.values {
        texts(&mut out, [&value.table, &value.summary, &value.note, &value.decides]);
        list(&mut out, &value.keys);
        list(&mut out, &value.tags);
        write_points(&mut out, &value.indicates);
    }
    out
}

fn write_entry(out: &mut Vec<u8>, entry: &Entry) {
    texts(out, [&entry.id, &entry.product, &entry.protocol, &entry.pattern, &entry.printed_by, &entry.since]);
    texts(out, [&entry.until, &entry.source, &entry.phase, &entry.slot, &entry.kind, &entry.summary]);
    texts(out, [&entry.note, &entry.decides, &entry.begins_offer_of, &entry.offer_of]);
    number(out, usize::from(entry.lines));
    number(out, usize::from(entry.general));
    for names in [&entry.literals, &entry.tags, &entry.explains, &entry.examples, &entry.counterexamples] {
        list(out, names);
    }
    write_points(out, &entry.indicates);
}

fn write_points(out: &mut Vec<u8>, points: &[Points]) {
    number(out, points.len());
    for one in points {
        texts(out, [&one.cause, &one.strength, &one.side, &one.because, &one.reason, &one.object]);
        list(out, &one.with);
        list(out, &one.without);
        number(out, usize::try_from(one.times).unwrap_or(1));
    }
}

fn texts<'a>(out: &mut Vec<u8>, texts: impl IntoIterator<Item = &'a String>) {
    for text in texts {
        number(out, text.len());
        out.extend_from_slice(text.as_bytes());
    }
}

fn list(out: &mut Vec<u8>, names: &[String]) {
    number(out, names.len());
    texts(out, names);
}

/// Seven bits a byte, the last one without the high bit.
fn number(out: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads what [`encode`] wrote; `None` where it is not that.
pub(crate) fn decode(bytes: &[u8]) -> Option<Data> {
    let mut input = bytes;
    let mut data = Data::default();
    for _ in 0..read_number(&mut input)? {
        data.entries.push(read_entry(&mut input)?);
    }
    for _ in 0..read_number(&mut input)? {
        let mut text = || read_text(&mut input);
        let (table, summary, note, decides) = (text()?, text()?, text()?, text()?);
        let keys = read_list(&mut input)?;
        let tags = read_list(&mut input)?;
        data.values.push(Value { table, keys, tags, summary, note, decides, indicates: read_points(&mut input)? });
    }
    Some(data)
}

fn read_entry(input: &mut &[u8]) -> Option<Entry> {
    let mut text = || read_text(input);
    let mut entry = Entry {
        id: text()?,
        product: text()?,
        protocol: text()?,
        pattern: text()?,
        printed_by: text()?,
        since: text()?,
        until: text()?,
        source: text()?,
        phase: text()?,
        slot: text()?,
        kind: text()?,
        summary: text()?,
        note: text()?,
        decides: text()?,
        begins_offer_of: text()?,
        offer_of: text()?,
        ..Entry::default()
    };
    entry.lines = u8::try_from(read_number(input)?).ok()?;
    entry.general = read_number(input)? != 0;
    for field in
        [&mut entry.literals, &mut entry.tags, &mut entry.explains, &mut entry.examples, &mut entry.counterexamples]
    {
        *field = read_list(input)?;
    }
    entry.indicates = read_points(input)?;
    Some(entry)
}

fn read_points(input: &mut &[u8]) -> Option<Vec<Points>> {
    (0..read_number(input)?)
        .map(|_| {
            let mut text = || read_text(input);
            let (cause, strength, side) = (text()?, text()?, text()?);
            let (because, reason, object) = (text()?, text()?, text()?);
            let (with, without) = (read_list(input)?, read_list(input)?);
            let times = u64::try_from(read_number(input)?).ok()?;
            Some(Points { cause, strength, side, because, reason, object, with, without, times })
        })
        .collect()
}

fn read_list(input: &mut &[u8]) -> Option<Vec<String>> {
    (0..read_number(input)?).map(|_| read_text(input)).collect()
}

fn read_text(input: &mut &[u8]) -> Option<String> {
    let length = read_number(input)?;
    let (text, rest) = input.split_at_checked(length)?;
    *input = rest;
    String::from_utf8(text.to_vec()).ok()
}

fn read_number(input: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (first, rest) = input.split_first()?;
        *input = rest;
        value |= usize::from(first & 0x7f).checked_shl(shift)?;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
