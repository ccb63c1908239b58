//! Texts that are trees of words: statements in braces, `set` commands, XML.

use std::ops::Range;
use std::sync::Arc;

use shakedown_model::SourceFile;

use super::text::{ranges, value, words};
use crate::value::Value;

/// How deep and how large a tree may be; what is beyond is left out.
const DEEPEST: usize = 48;
const MOST_NODES: usize = 200_000;

/// A word, and what stands below it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) word: Value,
    pub(super) inner: Vec<Node>,
}

/// The first node down a path of words.
pub(super) fn at<'a>(nodes: &'a [Node], path: &[&str]) -> Option<&'a Node> {
    let (first, rest) = path.split_first()?;
    let mut fitting = nodes.iter().filter(|node| node.word.as_str() == *first);
    if rest.is_empty() { fitting.next() } else { fitting.find_map(|node| at(&node.inner, rest)) }
}

impl Node {
    /// The node down a path below this one.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        at(&self.inner, path)
    }

    /// The first word down a path: a setting's value.
    pub(super) fn value(&self, path: &[&str]) -> Option<&Value> {
        Some(&self.at(path)?.inner.first()?.word)
    }

    /// All words down a path: a list's values.
    pub(super) fn values(&self, path: &[&str]) -> Vec<&Value> {
        self.at(path).map(|node| node.inner.iter().map(|inner| &inner.word).collect()).unwrap_or_default()
    }

    /// The nodes of this word below this one.
    pub(super) fn all<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a Node> {
        self.inner.iter().filter(move |node| node.word.as_str() == word)
    }
}

/// Puts a path of words into a tree; what begins alike stands together.
fn insert(mut into: &mut Vec<Node>, path: &[Value]) {
    for (depth, word) in path.iter().enumerate() {
        if depth >= DEEPEST {
            return;
        }
        let known = into.iter().rposition(|node| node.word.as_str() == word.as_str());
        let index = known.unwrap_or_else(|| {
            into.push(Node { word: word.clone(), inner: Vec::new() });
            into.len() - 1
        });
        let Some(node) = into.get_mut(index) else { return };
        into = &mut node.inner;
    }
}

/// The `set` commands of a text in whose words these follow one another somewhere; `[ a b ]` is a list.
pub(super) fn set_commands(file: &Arc<SourceFile>, keep: &[&str]) -> Vec<Node> {
    let mut tree = Vec::new();
    let mut count = 0;
    for range in ranges(file) {
        let text = file.text.get(range.clone()).unwrap_or_default();
        let wanted = keep.iter().any(|words| memchr::memmem::find(text, words.as_bytes()).is_some());
        if !text.starts_with(b"set ") || !wanted || count >= MOST_NODES {
            continue;
        }
        let words = words(file, range.start + 4..range.end);
        count += words.len();
        statement(&mut tree, &words);
    }
    tree
}

/// A statement: a path, with a list in brackets at its end, if any.
fn statement(into: &mut Vec<Node>, words: &[Value]) {
    let opens = words.iter().position(|word| word.as_str() == "[");
    let path = words.get(..opens.unwrap_or(words.len())).unwrap_or_default();
    let list = opens.and_then(|opens| words.get(opens + 1..)).unwrap_or_default();
    if list.is_empty() {
        insert(into, path);
    }
    for word in list.iter().filter(|word| word.as_str() != "]") {
        insert(into, &[path, std::slice::from_ref(word)].concat());
    }
}

/// Statements in braces: `word word { word; }`, with `#` and `/* */` as comments. Of the outermost blocks only these are kept.
pub(super) fn braces(file: &Arc<SourceFile>, keep: &[&str]) -> Vec<Node> {
    let text = &file.text;
    let mut tree = Vec::new();
    let mut path: Vec<Value> = Vec::new();
    // How many words of the path each open brace brought.
    let mut open: Vec<usize> = Vec::new();
    let mut current: Vec<Value> = Vec::new();
    let (mut position, mut count) = (0, 0);
    while let Some(byte) = text.get(position) {
        let rest = text.get(position..).unwrap_or_default();
        let line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        match byte {
            byte if byte.is_ascii_whitespace() => position += 1,
            b'#' => position += line.max(1),
            b'/' if rest.starts_with(b"/*") => {
                position += memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2);
            }
            b'{' => {
                open.push(current.len());
                path.append(&mut current);
                position += 1;
            }
            b'}' => {
                let length = path.len().saturating_sub(open.pop().unwrap_or(0));
                path.truncate(length);
                current.clear();
                position += 1;
            }
            b';' => {
                let outermost = path.first().or_else(|| current.first()).map_or("", Value::as_str);
                if keep.contains(&outermost) && open.len() < DEEPEST && count < MOST_NODES {
                    count += current.len();
                    let words: Vec<Value> = path.iter().chain(&current).cloned().collect();
                    statement(&mut tree, &words);
                }
                current.clear();
                position += 1;
            }
            b'"' => {
                let length = rest.iter().skip(1).position(|byte| *byte == b'"').unwrap_or(rest.len() - 1);
                current.push(value(file, position + 1..position + 1 + length));
                position += length + 2;
            }
            b'[' | b']' => {
                current.push(value(file, position..position + 1));
                position += 1;
            }
            _ => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b";{}[]".contains(byte);
                let length = rest.iter().position(ends).unwrap_or(rest.len()).max(1);
                if current.len() < DEEPEST {
                    current.push(value(file, position..position + length));
                }
                position += length;
            }
        }
    }
    tree
}

/// An XML text: elements, with their attributes and their text below them. `<entry name="a">` is the word `a`, and
/// `<member>a</member>` too. Only what stands in one of these elements is kept, each as a tree of its own.
pub(super) fn xml(file: &Arc<SourceFile>, keep: &[&str]) -> Vec<Node> {
    let text = &file.text;
    let mut trees = Vec::new();
    let mut open: Vec<Node> = Vec::new();
    // Elements that are open but not kept, as they are too deep.
    let mut passed = 0_usize;
    let (mut position, mut count) = (0, 0);
    while position < text.len() {
        let rest = text.get(position..).unwrap_or_default();
        let Some(start) = memchr::memchr(b'<', rest) else { break };
        if let Some(parent) = open.last_mut().filter(|_| passed == 0) {
            push_text(file, position..position + start, parent);
        }
        position += start;
        let rest = text.get(position..).unwrap_or_default();
        if rest.starts_with(b"<!--") {
            position += memchr::memmem::find(rest, b"-->").map_or(rest.len(), |end| end + 3);
            continue;
        }
        if rest.starts_with(b"<![CDATA[") {
            let end = memchr::memmem::find(rest, b"]]>").unwrap_or(rest.len());
            if let Some(parent) = open.last_mut().filter(|_| passed == 0) {
                push_text(file, position + 9..(position + end).max(position + 9), parent);
            }
            position += (end + 3).min(rest.len());
            continue;
        }
        let Some(end) = memchr::memchr(b'>', rest) else { break };
        let tag = rest.get(1..end).unwrap_or_default();
        let inside = position + 1..position + end;
        position += end + 1;
        if tag.starts_with(b"?") || tag.starts_with(b"!") {
            continue;
        }
        if tag.starts_with(b"/") {
            if passed > 0 {
                passed -= 1;
            } else if let Some(node) = open.pop() {
                close(node, &mut open, &mut trees);
            }
            continue;
        }
        let closed = tag.ends_with(b"/");
        let length = tag.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/').unwrap_or(tag.len());
        let name = inside.start..inside.start + length;
        let is_kept = !open.is_empty() || keep.iter().any(|keep| text.get(name.clone()) == Some(keep.as_bytes()));
        if !is_kept {
            continue;
        }
        count += 1;
        if open.len() >= DEEPEST || count >= MOST_NODES || passed > 0 {
            passed += usize::from(!closed);
            continue;
        }
        let mut node = Node { word: value(file, name.clone()), inner: Vec::new() };
        attributes(file, name.end..inside.end, &mut node);
        if closed {
            close(node, &mut open, &mut trees);
        } else {
            open.push(node);
        }
    }
    // A text that was cut off is used as far as it goes.
    while let Some(node) = open.pop() {
        close(node, &mut open, &mut trees);
    }
    trees
}

fn push_text(file: &Arc<SourceFile>, range: Range<usize>, parent: &mut Node) {
    let text = file.text.get(range.clone()).unwrap_or_default();
    let trimmed = text.trim_ascii_start();
    let start = range.start + text.len() - trimmed.len();
    let length = trimmed.trim_ascii_end().len();
    if length > 0 {
        parent.inner.push(Node { word: value(file, start..start + length), inner: Vec::new() });
    }
}

/// `name="value"` of a tag, each as a word below it.
fn attributes(file: &Arc<SourceFile>, range: Range<usize>, node: &mut Node) {
    let mut at = range.start;
    while at < range.end {
        let rest = file.text.get(at..range.end).unwrap_or_default();
        let Some(equals) = rest.iter().position(|byte| *byte == b'=') else { break };
        let quote = rest.get(equals + 1).copied().filter(|byte| matches!(byte, b'"' | b'\''));
        let Some(quote) = quote else { break };
        let inner = rest.get(equals + 2..).unwrap_or_default();
        let Some(length) = inner.iter().position(|byte| *byte == quote) else { break };
        let name = rest.get(..equals).unwrap_or_default();
        let blank = name.len() - name.trim_ascii_start().len();
        let start = at + equals + 2;
        let text = Node { word: value(file, start..start + length), inner: Vec::new() };
        node.inner.push(Node { word: value(file, at + blank..at + equals), inner: vec![text] });
        at = start + length + 1;
    }
}

fn close(mut node: Node, open: &mut [Node], trees: &mut Vec<Node>) {
    match node.word.as_str() {
        "entry" => {
            let name = node.inner.iter().position(|inner| inner.word.as_str() == "name" && inner.inner.len() == 1);
            if let Some(mut name) = name.map(|index| node.inner.remove(index)).and_then(|mut name| name.inner.pop()) {
                name.inner = std::mem::take(&mut node.inner);
                node = name;
            }
        }
        "member" => {
            if let Some(text) = node.inner.pop().filter(|text| text.inner.is_empty()) {
                node = text;
            }
        }
        _ => {}
    }
    match open.last_mut() {
        Some(parent) => parent.inner.push(node),
        None => trees.push(node),
    }
}
