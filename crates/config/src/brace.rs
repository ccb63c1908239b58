//! The lexer of the brace family, as nginx reads it (`ngx_conf_read_token` of `ngx_conf_file.c`): words, `;`, `{` and `}`.
//! Works on any bytes and keeps every one of them.

use std::ops::Range;
use std::sync::Arc;

use shakedown_model::SourceFile;

/// The longest word, in bytes (`NGX_CONF_BUFFER`).
const LONGEST_WORD: usize = 4_096;

/// How many statements of a file are kept. No configuration that is meant has as many.
const MOST_STATEMENTS: usize = 200_000;

/// A file cut into statements, up to the first thing that the program refuses.
#[derive(Clone, Debug)]
pub struct Document {
    file: Arc<SourceFile>,
    statements: Vec<Statement>,
    problem: Option<Problem>,
}

/// One statement: words and what ends them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The words, the directive's name first; never empty but for a closing brace.
    pub words: Vec<Word>,
    /// The `;`, `{` or `}` that ends it.
    pub end: Range<usize>,
    /// Which of the three it is.
    pub kind: StatementKind,
    /// The statement whose block it stands in.
    pub parent: Option<usize>,
}

/// What ends a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// `;`.
    Simple,
    /// `{`: a block begins.
    Open {
        /// The statement that closes it; `None` where the file ends before.
        close: Option<usize>,
    },
    /// `}`: the block of `parent` ends.
    Close,
}

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// With its quotes.
    pub span: Range<usize>,
    /// Without them; escapes still in it.
    pub inner: Range<usize>,
}

/// What the program refuses; it reads no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In its words.
    pub message: String,
    /// Where.
    pub at: Range<usize>,
    /// How many statements stand before it.
    pub statement: usize,
}

impl Statement {
    /// From its first word to its end.
    pub fn span(&self) -> Range<usize> {
        self.words.first().map_or(self.end.start, |word| word.span.start)..self.end.end
    }
}

impl Document {
    /// Cuts a file into statements.
    pub fn parse(file: Arc<SourceFile>) -> Self {
        let mut lexer = Lexer { text: &file.text, at: 0 };
        let mut statements: Vec<Statement> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut problem = None;
        loop {
            let parent = open.last().copied();
            if statements.len() == MOST_STATEMENTS {
                let message = format!("more than {MOST_STATEMENTS} directives");
                problem = Some(Problem { message, at: lexer.at..lexer.at, statement: MOST_STATEMENTS });
                break;
            }
            match lexer.statement() {
                Ok(Some((words, end))) => {
                    let index = statements.len();
                    let kind = match file.text.get(end.start) {
                        Some(b'{') => StatementKind::Open { close: None },
                        Some(b'}') => StatementKind::Close,
                        _ => StatementKind::Simple,
                    };
                    if kind == StatementKind::Close {
                        let Some(block) = open.pop() else {
                            let message = "unexpected \"}\"".to_owned();
                            problem = Some(Problem { message, at: end, statement: index });
                            break;
                        };
                        if let Some(statement) = statements.get_mut(block) {
                            statement.kind = StatementKind::Open { close: Some(index) };
                        }
                    }
                    let raw = words.first().and_then(|word: &Word| file.text.get(word.inner.clone()));
                    let script = kind == (StatementKind::Open { close: None })
                        && raw.is_some_and(|name| name.ends_with(b"_by_lua_block"));
                    statements.push(Statement { words, end, kind, parent });
                    if script {
                        lexer.skip_script();
                    }
                    if matches!(kind, StatementKind::Open { .. }) {
                        open.push(index);
                    }
                }
                Ok(None) => {
                    if !open.is_empty() {
                        let message = "unexpected end of file, expecting \"}\"".to_owned();
                        let end = file.text.len();
                        problem = Some(Problem { message, at: end..end, statement: statements.len() });
                    }
                    break;
                }
                Err((message, at)) => {
                    problem = Some(Problem { message, at, statement: statements.len() });
                    break;
                }
            }
        }
        Self { file, statements, problem }
    }

    /// The file again: statements and what stands between them.
    pub fn render(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.file.text.len());
        let mut done = 0;
        for statement in &self.statements {
            for piece in statement.words.iter().map(|word| &word.span).chain([&statement.end]) {
                out.extend_from_slice(self.file.text.get(done..piece.start).unwrap_or_default());
                out.extend_from_slice(self.file.text.get(piece.clone()).unwrap_or_default());
                done = piece.end;
            }
        }
        out.extend_from_slice(self.file.text.get(done..).unwrap_or_default());
        out
    }

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// The statements, in the order of the file.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// What the program refuses, where it does.
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// A word as the program reads it, and the place of each byte of it.
    pub fn word(&self, word: &Word) -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut places) = (Vec::with_capacity(word.inner.len()), Vec::with_capacity(word.inner.len()));
        let mut at = word.inner.start;
        while at < word.inner.end {
            let byte = self.file.text.get(at).copied().unwrap_or_default();
            // `src[1]` may be the closing quote: an escape never ends a word.
            let next = self.file.text.get(at + 1).copied();
            let escaped = match (byte, next) {
                (b'\\', Some(next @ (b'"' | b'\'' | b'\\'))) => Some(next),
                (b'\\', Some(b't')) => Some(b'\t'),
                (b'\\', Some(b'r')) => Some(b'\r'),
                (b'\\', Some(b'n')) => Some(b'\n'),
                _ => None,
            };
            bytes.push(escaped.unwrap_or(byte));
            places.push(at);
            at += if escaped.is_some() { 2 } else { 1 };
        }
        (bytes, places)
    }
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
}

type Ended = (Vec<Word>, Range<usize>);

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

impl Lexer<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// The next statement; `None` at the end of the file.
    fn statement(&mut self) -> Result<Option<Ended>, (String, Range<usize>)> {
        let mut words = Vec::new();
        // Behind a closing quote white space, `;`, `{` or `)` has to follow.
        let mut need_space = false;
        loop {
            let start = self.at;
            let Some(byte) = self.peek() else {
                if words.is_empty() {
                    return Ok(None);
                }
                let message = "unexpected end of file, expecting \";\" or \"}\"".to_owned();
                return Err((message, start..start));
            };
            if need_space && !is_space(byte) {
                match byte {
                    b';' | b'{' => {}
                    // As good as white space, and a word of its own.
                    b')' => {}
                    _ => return Err((format!("unexpected \"{}\"", shown(byte)), start..start + 1)),
                }
            }
            need_space = false;
            match byte {
                byte if is_space(byte) => self.at += 1,
                b';' | b'{' if words.is_empty() => {
                    return Err((format!("unexpected \"{}\"", shown(byte)), start..start + 1));
                }
                b'}' if !words.is_empty() => return Err(("unexpected \"}\"".to_owned(), start..start + 1)),
                b';' | b'{' | b'}' => {
                    self.at += 1;
                    return Ok(Some((words, start..start + 1)));
                }
                b'#' => {
                    let rest = self.text.get(self.at..).unwrap_or_default();
                    self.at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
                }
                b'"' | b'\'' => {
                    words.push(self.quoted(byte)?);
                    need_space = true;
                }
                _ => words.push(self.plain()?),
            }
        }
    }

    fn quoted(&mut self, quote: u8) -> Result<Word, (String, Range<usize>)> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(("unexpected end of file, expecting \";\" or \"}\"".to_owned(), start..self.at)),
                Some(_) if self.at - start > LONGEST_WORD => {
                    let message =
                        format!("too long parameter, probably missing terminating \"{}\" character", shown(quote));
                    return Err((message, start..start + 1));
                }
                Some(b'\\') => self.at = (self.at + 2).min(self.text.len()),
                Some(byte) if byte == quote => {
                    self.at += 1;
                    return Ok(Word { span: start..self.at, inner: start + 1..self.at - 1 });
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn plain(&mut self) -> Result<Word, (String, Range<usize>)> {
        let start = self.at;
        let mut variable = false;
        loop {
            match self.peek() {
                None => return Err(("unexpected end of file, expecting \";\" or \"}\"".to_owned(), start..self.at)),
                Some(_) if self.at - start > LONGEST_WORD => {
                    let begun = self.text.get(start..start + 10).unwrap_or_default();
                    let begun = String::from_utf8_lossy(begun);
                    return Err((format!("too long parameter \"{begun}...\" started"), start..start + 10));
                }
                // The brace of `${name}`.
                Some(b'{') if variable => self.at += 1,
                Some(b'\\') => {
                    self.at = (self.at + 2).min(self.text.len());
                    variable = false;
                }
                Some(b'$') => {
                    self.at += 1;
                    variable = true;
                }
                Some(byte) if self.at > start && (is_space(byte) || matches!(byte, b';' | b'{')) => {
                    return Ok(Word { span: start..self.at, inner: start..self.at });
                }
                Some(_) => {
                    self.at += 1;
                    variable = false;
                }
            }
        }
    }

    /// Passes over the inside of a block of Lua (OpenResty), by its braces; strings and comments in it are seen.
    fn skip_script(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            let rest = self.text.get(self.at..).unwrap_or_default();
            match byte {
                b'}' if depth == 0 => return,
                b'}' => depth -= 1,
                b'{' => depth += 1,
                b'-' if rest.starts_with(b"--") => {
                    self.at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
                    continue;
                }
                b'"' | b'\'' => {
                    let mut end = 1;
                    while let Some(&inner) = rest.get(end).filter(|inner| **inner != byte && **inner != b'\n') {
                        end += if inner == b'\\' { 2 } else { 1 };
                    }
                    self.at += end.min(rest.len().saturating_sub(1));
                }
                _ => {}
            }
            self.at += 1;
        }
    }
}

fn shown(byte: u8) -> String {
    if byte.is_ascii_graphic() { char::from(byte).to_string() } else { format!("\\x{byte:02x}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: impl Into<Vec<u8>>) -> Document {
        Document::parse(Arc::new(SourceFile::new("f", text.into())))
    }

    fn shown(text: &str) -> Vec<String> {
        let document = parse(text);
        let text = |statement: &Statement| {
            let words = statement.words.iter().map(|word| String::from_utf8(document.word(word).0).unwrap());
            let end = String::from_utf8_lossy(&document.file().text[statement.end.clone()]).into_owned();
            words.chain([end]).collect::<Vec<_>>().join("|")
        };
        let mut lines: Vec<String> = document.statements().iter().map(text).collect();
        lines.extend(document.problem().map(|problem| problem.message.clone()));
        lines
    }

    #[test]
    fn statements() {
        assert_eq!(shown("a b; # c;\nd{e f;}"), ["a|b|;", "d|{", "e|f|;", "}"]);
        assert_eq!(shown("a \"b c\" 'd\"' e\\;f ${x}y$;"), ["a|b c|d\"|e\\;f|${x}y$|;"]);
        assert_eq!(shown("a \"b\\\"\\n\\x\";"), ["a|b\"\n\\x|;"]);
        assert_eq!(shown("if ($a = \"b\") {}"), ["if|($a|=|b|)|{", "}"]);
        assert_eq!(shown("a b}c;"), ["a|b}c|;"]);
    }

    #[test]
    fn what_is_refused() {
        assert_eq!(shown("a"), ["unexpected end of file, expecting \";\" or \"}\""]);
        assert_eq!(shown("a{b;"), ["a|{", "b|;", "unexpected end of file, expecting \"}\""]);
        assert_eq!(shown("a;}b;"), ["a|;", "unexpected \"}\""]);
        assert_eq!(shown("a \"b\"c;"), ["unexpected \"c\""]);
        assert_eq!(shown(";"), ["unexpected \";\""]);
        assert_eq!(shown("a }"), ["unexpected \"}\""]);
        let long = format!("a \"{};", "b".repeat(5_000));
        assert_eq!(shown(&long), ["too long parameter, probably missing terminating \"\"\" character"]);
    }

    #[test]
    fn lua_is_passed_over() {
        let text = "content_by_lua_block { local a = { \"}\" } -- }\n if a then b() end }\nc d;";
        assert_eq!(shown(text), ["content_by_lua_block|{", "}", "c|d|;"]);
    }

    proptest! {
        #![proptest_config(shakedown_testkit::properties(512))]

        #[test]
        fn any_bytes_are_kept(text in proptest::collection::vec(prop_oneof![
            any::<u8>(), Just(b'\n'), Just(b'\\'), Just(b'{'), Just(b'}'), Just(b';'), Just(b'"'), Just(b'#'), Just(b'$')
        ], 0..200)) {
            prop_assert_eq!(parse(text.clone()).render(), text);
        }
    }
}
