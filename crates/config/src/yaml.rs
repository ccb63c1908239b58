//! The part of YAML that configurations are written in, with the place of every value: mappings and sequences by indentation or
//! in brackets (JSON is such a text), plain and quoted scalars, texts in blocks, comments. Anchors, aliases, tags, keys that are
//! no scalar and merges are not read, and said so.

use std::sync::Arc;

use shakedown_model::SourceFile;

use crate::value::Value;

/// How many values, and how many levels, are looked at.
const MOST_NODES: usize = 200_000;
const DEEPEST: usize = 64;

/// A value of YAML.
#[derive(Clone, Debug)]
pub enum Node {
    /// A text, number or word; quotes are taken away.
    Scalar(Value),
    /// Keys with their values, in order. A key that stands there twice is kept twice.
    Mapping(Vec<(Value, Node)>),
    /// Elements in order.
    Sequence(Vec<Node>),
    /// Nothing stands there.
    Empty,
    /// Something that is not read here.
    NotRead(Value),
}

impl Node {
    /// The value of a key; the last one counts.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Mapping(entries) = self else { return None };
        entries.iter().rev().find(|(name, _)| name.as_str() == key).map(|(_, value)| value)
    }

    /// The value down a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of a scalar.
    pub fn scalar(&self) -> Option<&Value> {
        match self {
            Self::Scalar(value) => Some(value),
            _ => None,
        }
    }

    /// The scalars of a sequence.
    pub fn scalars(&self) -> Vec<&Value> {
        match self {
            Self::Sequence(elements) => elements.iter().filter_map(Self::scalar).collect(),
            _ => Vec::new(),
        }
    }

    /// All entries of a mapping.
    pub fn entries(&self) -> &[(Value, Self)] {
        match self {
            Self::Mapping(entries) => entries,
            _ => &[],
        }
    }
}

/// The documents of a file, and the places of what is not read in them.
#[derive(Clone, Debug)]
pub struct Document {
    /// One for each document of the file.
    pub documents: Vec<Node>,
    /// What could not be read.
    pub not_read: Vec<Value>,
}

/// Reads a file. What cannot be read is [`Node::NotRead`] in its place; nothing is an error.
pub fn parse(file: &Arc<SourceFile>) -> Document {
    let mut parser = Parser { file, lines: lines(file), at: 0, not_read: Vec::new(), nodes: 0 };
    let mut documents = Vec::new();
    while parser.at < parser.lines.len() {
        if parser.peek().is_some_and(|line| line.is_divider(&file.text)) {
            parser.at += 1;
            continue;
        }
        let before = parser.at;
        documents.push(parser.block(0, 0));
        if parser.at == before {
            // Something that no block begins with.
            let range = parser.peek().map_or(0..0, |line| line.start..line.end);
            parser.refuse(range);
            parser.at += 1;
        }
    }
    Document { documents, not_read: parser.not_read }
}

/// A line with something in it.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// The first letter.
    start: usize,
    /// Behind the last one, without a comment.
    end: usize,
    indent: usize,
}

impl Line {
    fn is_divider(&self, text: &[u8]) -> bool {
        self.indent == 0 && matches!(text.get(self.start..self.end), Some(b"---" | b"..."))
    }
}

fn lines(file: &SourceFile) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for raw in file.text.split_inclusive(|&byte| byte == b'\n') {
        let indent = raw.iter().take_while(|byte| **byte == b' ').count();
        let content = raw.get(indent..).unwrap_or_default();
        let length = without_comment(content);
        let end = content.get(..length).unwrap_or_default().iter().rposition(|byte| !byte.is_ascii_whitespace());
        if let Some(last) = end
            && lines.len() < MOST_NODES
        {
            lines.push(Line { start: start + indent, end: start + indent + last + 1, indent });
        }
        start += raw.len();
    }
    lines
}

/// Where a comment begins: `#` at the beginning or behind white space, outside of quotes.
fn without_comment(content: &[u8]) -> usize {
    let mut quote = None;
    let mut before = b' ';
    let mut skip = false;
    for (at, &byte) in content.iter().enumerate() {
        if skip {
            skip = false;
            continue;
        }
        match (quote, byte) {
            (Some(b'"'), b'\\') => skip = true,
            (Some(open), byte) if byte == open => quote = None,
            (None, b'"' | b'\'') if matches!(before, b' ' | b'\t' | b'[' | b'{' | b',' | b':') => quote = Some(byte),
            (None, b'#') if before.is_ascii_whitespace() => return at,
            _ => {}
        }
        before = byte;
    }
    content.len()
}

struct Parser<'f> {
    file: &'f Arc<SourceFile>,
    lines: Vec<Line>,
    at: usize,
    not_read: Vec<Value>,
    nodes: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<Line> {
        self.lines.get(self.at).copied()
    }

    fn text(&self, range: std::ops::Range<usize>) -> &[u8] {
        self.file.text.get(range).unwrap_or_default()
    }

    fn value(&self, range: std::ops::Range<usize>) -> Value {
        let places: Vec<usize> = range.clone().collect();
        Value::written(self.file, self.text(range.clone()), &places, range, None)
    }

    fn refuse(&mut self, range: std::ops::Range<usize>) -> Node {
        let value = self.value(range);
        if self.not_read.len() < 200 {
            self.not_read.push(value.clone());
        }
        Node::NotRead(value)
    }

    /// A block whose lines are indented by at least so much.
    fn block(&mut self, indent: usize, depth: usize) -> Node {
        self.nodes += 1;
        let Some(first) = self.peek().filter(|line| line.indent >= indent && !line.is_divider(&self.file.text)) else {
            return Node::Empty;
        };
        if depth > DEEPEST || self.nodes > MOST_NODES {
            self.at = self.lines.len();
            return self.refuse(first.start..first.end);
        }
        let text = self.text(first.start..first.end);
        if text == b"-" || text.starts_with(b"- ") {
            return self.sequence(first.indent, depth);
        }
        if matches!(text.first(), Some(b'{' | b'[')) {
            return self.flow_at(first.start);
        }
        match self.key(first) {
            Some(_) => self.mapping(first.indent, depth),
            None => {
                self.at += 1;
                self.scalar(first.start..first.end, first.indent)
            }
        }
    }

    fn sequence(&mut self, indent: usize, depth: usize) -> Node {
        let mut elements = Vec::new();
        while let Some(line) = self.peek().filter(|line| line.indent == indent) {
            let text = self.text(line.start..line.end);
            if text == b"-" {
                self.at += 1;
                elements.push(self.block(indent + 1, depth + 1));
            } else if text.starts_with(b"- ") {
                // What follows is a block of its own, as far to the right as it stands.
                let rest = self.text(line.start + 1..line.end);
                let space = rest.iter().take_while(|byte| **byte == b' ').count();
                let inner = Line { start: line.start + 1 + space, end: line.end, indent: line.indent + 1 + space };
                if let Some(slot) = self.lines.get_mut(self.at) {
                    *slot = inner;
                }
                elements.push(self.block(inner.indent, depth + 1));
            } else {
                break;
            }
        }
        Node::Sequence(elements)
    }

    fn mapping(&mut self, indent: usize, depth: usize) -> Node {
        let mut entries = Vec::new();
        while let Some(line) = self.peek().filter(|line| line.indent == indent && !line.is_divider(&self.file.text)) {
            let Some((key, rest)) = self.key(line) else {
                self.at += 1;
                self.refuse(line.start..line.end);
                continue;
            };
            let text = self.text(rest.clone());
            let node = match text.first() {
                None => {
                    self.at += 1;
                    // A sequence may stand as far left as its key.
                    let below = self.peek().filter(|below| below.indent == indent);
                    let is_list = below.is_some_and(|below| {
                        let text = self.text(below.start..below.end);
                        text == b"-" || text.starts_with(b"- ")
                    });
                    if is_list { self.sequence(indent, depth + 1) } else { self.block(indent + 1, depth + 1) }
                }
                Some(b'{' | b'[') => self.flow_at(rest.start),
                Some(b'|' | b'>') => {
                    self.at += 1;
                    self.literal(indent)
                }
                Some(b'&' | b'*' | b'!') => {
                    self.at += 1;
                    while self.peek().is_some_and(|line| line.indent > indent) {
                        self.at += 1;
                    }
                    self.refuse(rest)
                }
                Some(_) => {
                    self.at += 1;
                    self.scalar(rest, indent)
                }
            };
            entries.push((key, node));
        }
        Node::Mapping(entries)
    }

    /// The key of a line and what follows it.
    fn key(&self, line: Line) -> Option<(Value, std::ops::Range<usize>)> {
        let text = self.text(line.start..line.end);
        let (key, colon) = match text.first() {
            Some(quote @ (b'"' | b'\'')) => {
                let close = 1 + text.get(1..)?.iter().position(|byte| byte == quote)?;
                let after = text.get(close + 1..)?;
                let space = after.iter().take_while(|byte| **byte == b' ').count();
                (1..close, close + 1 + space)
            }
            _ => {
                let ends = |at: &usize| matches!(text.get(at + 1), None | Some(b' ' | b'\t'));
                let colon = (0..text.len()).filter(|at| text.get(*at) == Some(&b':')).find(ends)?;
                (0..colon, colon)
            }
        };
        if text.get(colon) != Some(&b':') {
            return None;
        }
        let from = colon + 1 + text.get(colon + 1..)?.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let key = self.value(line.start + key.start..line.start + key.end);
        Some((key, (line.start + from).min(line.end)..line.end))
    }

    /// A plain or quoted scalar; lines further right go on with it.
    fn scalar(&mut self, range: std::ops::Range<usize>, indent: usize) -> Node {
        let mut range = range;
        let first = self.text(range.clone()).first().copied();
        if matches!(first, Some(b'&' | b'*' | b'!' | b'%' | b'@' | b'`')) {
            return self.refuse(range);
        }
        if let Some(quote @ (b'"' | b'\'')) = first {
            let text = self.text(range.clone());
            if text.len() < 2 || text.last() != Some(&quote) {
                return self.refuse(range);
            }
            range = range.start + 1..range.end - 1;
        } else if self.peek().is_some_and(|line| line.indent > indent && self.key(line).is_none()) {
            // A plain text over several lines.
            while self.peek().is_some_and(|line| line.indent > indent) {
                self.at += 1;
            }
            return self.refuse(range);
        }
        Node::Scalar(self.value(range))
    }

    /// A text in a block: the lines further right than its key, as they stand.
    fn literal(&mut self, indent: usize) -> Node {
        let mut range: Option<std::ops::Range<usize>> = None;
        while let Some(line) = self.peek().filter(|line| line.indent > indent) {
            range = Some(range.map_or(line.start, |range| range.start)..line.end);
            self.at += 1;
        }
        range.map_or(Node::Empty, |range| Node::Scalar(self.value(range)))
    }

    /// A collection in brackets; it may go over several lines.
    fn flow_at(&mut self, start: usize) -> Node {
        let mut at = start;
        let node = self.flow(&mut at, 0);
        let node = node.unwrap_or_else(|place| self.refuse(start..place.max(start + 1)));
        // The lines that it stands in.
        while self.peek().is_some_and(|line| line.start < at) {
            self.at += 1;
        }
        if at == start {
            self.at += 1;
        }
        node
    }

    fn flow_space(&self, at: &mut usize) {
        while let Some(byte) = self.file.text.get(*at) {
            match byte {
                b'#' => {
                    let rest = self.file.text.get(*at..).unwrap_or_default();
                    *at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                }
                byte if byte.is_ascii_whitespace() => *at += 1,
                _ => break,
            }
        }
    }

    /// `Err` with the place of what cannot be read.
    fn flow(&mut self, at: &mut usize, depth: usize) -> Result<Node, usize> {
        self.nodes += 1;
        if depth > DEEPEST || self.nodes > MOST_NODES {
            *at = self.file.text.len();
            return Err(*at);
        }
        self.flow_space(at);
        match self.file.text.get(*at) {
            Some(b'[') => {
                *at += 1;
                let mut elements = Vec::new();
                loop {
                    self.flow_space(at);
                    match self.file.text.get(*at) {
                        Some(b']') => break,
                        Some(b',') => *at += 1,
                        Some(_) => elements.push(self.flow(at, depth + 1)?),
                        None => return Err(*at),
                    }
                }
                *at += 1;
                Ok(Node::Sequence(elements))
            }
            Some(b'{') => {
                *at += 1;
                let mut entries = Vec::new();
                loop {
                    self.flow_space(at);
                    match self.file.text.get(*at) {
                        Some(b'}') => break,
                        Some(b',') => *at += 1,
                        Some(_) => {
                            let Node::Scalar(key) = self.flow(at, depth + 1)? else { return Err(*at) };
                            self.flow_space(at);
                            if self.file.text.get(*at) != Some(&b':') {
                                return Err(*at);
                            }
                            *at += 1;
                            entries.push((key, self.flow(at, depth + 1)?));
                        }
                        None => return Err(*at),
                    }
                }
                *at += 1;
                Ok(Node::Mapping(entries))
            }
            Some(quote @ (b'"' | b'\'')) => {
                let quote = *quote;
                let start = *at + 1;
                let mut end = start;
                loop {
                    match self.file.text.get(end) {
                        None => return Err(end),
                        Some(b'\\') if quote == b'"' => end += 2,
                        Some(byte) if *byte == quote => break,
                        Some(_) => end += 1,
                    }
                }
                *at = end + 1;
                Ok(Node::Scalar(self.value(start..end)))
            }
            Some(_) => {
                let rest = self.file.text.get(*at..).unwrap_or_default();
                let length = rest
                    .iter()
                    .enumerate()
                    .position(|(index, byte)| {
                        matches!(byte, b',' | b']' | b'}' | b'[' | b'{' | b'\n')
                            || *byte == b':' && rest.get(index + 1).is_none_or(u8::is_ascii_whitespace)
                    })
                    .unwrap_or(rest.len());
                let text = rest.get(..length).unwrap_or_default();
                let trimmed = text.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
                let range = *at..*at + trimmed;
                if length == 0 || matches!(rest.first(), Some(b'&' | b'*' | b'!')) {
                    return Err(*at + 1);
                }
                *at += length;
                Ok(Node::Scalar(self.value(range)))
            }
            None => Err(*at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Document {
        parse(&Arc::new(SourceFile::new("/y", text.as_bytes().to_vec())))
    }

    #[test]
    fn blocks_lists_and_brackets() {
        let text = "# c\na:\n  b: \"x\" # y\n  list:\n  - one\n  - 'two'\n  flow: [a, \"b c\", {k: v}]\n  text: |\n    l1\n    l2\nz: 1\n---\nsecond: doc\n";
        let document = of(text);
        assert!(document.not_read.is_empty(), "{:?}", document.not_read);
        let [first, second] = document.documents.as_slice() else { panic!("{document:#?}") };
        assert_eq!(first.at(&["a", "b"]).unwrap().scalar().unwrap().as_str(), "x");
        let list = first.at(&["a", "list"]).unwrap().scalars();
        assert_eq!(list.iter().map(|value| value.as_str()).collect::<Vec<_>>(), ["one", "two"]);
        let Node::Sequence(flow) = first.at(&["a", "flow"]).unwrap() else { panic!() };
        assert_eq!(flow[2].get("k").unwrap().scalar().unwrap().as_str(), "v");
        assert_eq!(first.at(&["a", "text"]).unwrap().scalar().unwrap().as_str(), "l1\n    l2");
        assert_eq!(first.get("z").unwrap().scalar().unwrap().as_str(), "1");
        assert_eq!(second.get("second").unwrap().scalar().unwrap().as_str(), "doc");
    }

    #[test]
    fn lists_of_mappings_and_json() {
        let document = of("x:\n- name: a\n  v: 1\n-\n  name: b\n");
        let Node::Sequence(list) = document.documents[0].get("x").unwrap() else { panic!("{document:#?}") };
        assert_eq!(list[0].get("v").unwrap().scalar().unwrap().as_str(), "1");
        assert_eq!(list[1].get("name").unwrap().scalar().unwrap().as_str(), "b");
        let document = of("{\n  \"a\": {\"b\": [1, 2,\n 3]},\n \"c\": \"d:e\"\n}\n");
        assert_eq!(document.documents[0].at(&["a", "b"]).unwrap().scalars().len(), 3);
        assert_eq!(document.documents[0].get("c").unwrap().scalar().unwrap().as_str(), "d:e");
    }

    #[test]
    fn what_is_not_read_is_said() {
        let document = of("a: &x\n  b: 1\nc: *x\nd: 2\n<<: [\n");
        assert_eq!(document.documents[0].get("d").unwrap().scalar().unwrap().as_str(), "2");
        assert!(document.not_read.len() >= 3, "{:?}", document.not_read);
        for text in ["- ", "-", "a:\n- b\n c: d\n", "[", "{a", ":", "? x", "\t- a", "a: 'b", "- - - x\n"] {
            of(text);
        }
    }
}
