//! TOML as the nodes that YAML is read into, with the place of every value.

use std::ops::Range;
use std::sync::Arc;

use shakedown_model::{Origin, SourceFile};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::value::Value;
use crate::yaml::Node;

const DEEPEST: usize = 64;

/// The table of a file; else what is wrong with it and where.
pub(super) fn parse(file: &Arc<SourceFile>) -> Result<Node, (String, Range<usize>)> {
    let text = std::str::from_utf8(&file.text).map_err(|error| {
        let at = error.valid_up_to();
        ("not UTF-8".to_owned(), at..at + 1)
    })?;
    match DeTable::parse(text) {
        Ok(table) => Ok(self::table(file, table.get_ref(), 0)),
        Err(error) => Err((error.message().to_owned(), error.span().unwrap_or(0..0))),
    }
}

fn table(file: &Arc<SourceFile>, table: &DeTable<'_>, depth: usize) -> Node {
    let mut entries: Vec<(Value, Node)> = table
        .iter()
        .map(|(key, value)| (scalar(file, key.get_ref(), key.span()), node(file, value, depth + 1)))
        .collect();
    entries.sort_by_key(|(key, _)| key.part_span(0..0).map_or(0, |span| span.start));
    Node::Mapping(entries)
}

fn node(file: &Arc<SourceFile>, value: &Spanned<DeValue<'_>>, depth: usize) -> Node {
    let span = value.span();
    match value.get_ref() {
        _ if depth > DEEPEST => Node::NotRead(scalar(file, "", span)),
        DeValue::String(text) => Node::Scalar(scalar(file, text, span)),
        DeValue::Array(elements) => {
            Node::Sequence(elements.iter().map(|element| node(file, element, depth + 1)).collect())
        }
        DeValue::Table(inner) => table(file, inner, depth),
        _ => {
            let text = file.text.get(span.clone()).unwrap_or_default();
            Node::Scalar(scalar(file, &String::from_utf8_lossy(text), span))
        }
    }
}

/// A text with its place; where it stands in the file as it is, with that of each byte.
fn scalar(file: &Arc<SourceFile>, text: &str, span: Range<usize>) -> Value {
    let written = file.text.get(span.clone()).unwrap_or_default();
    match memchr::memmem::find(written, text.as_bytes()) {
        Some(at) if written.len() <= text.len() + 2 => {
            let places: Vec<usize> = (span.start + at..span.start + at + text.len()).collect();
            Value::written(file, text.as_bytes(), &places, span, None)
        }
        _ => Value::unwritten(text, Origin::file(file, span)),
    }
}
