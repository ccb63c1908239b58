//! The lexer of the line family: one directive a line, as OpenSSH's `readconf.c` and `servconf.c` read it (`strdelim` and
//! `argv_split` of `misc.c`). Works on any bytes and keeps every one of them.

use std::ops::Range;
use std::sync::Arc;

use shakedown_model::SourceFile;

/// A file cut into lines. The pieces of all lines, one after another, are the file.
#[derive(Clone, Debug)]
pub struct Document {
    file: Arc<SourceFile>,
    lines: Vec<Line>,
}

/// One line, as byte ranges of the file that follow each other without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// White space in front (and the `=` that OpenSSH lets stand there).
    pub indent: Range<usize>,
    /// The keyword with its quotes, if it has any; empty in a line without one.
    pub keyword: Range<usize>,
    /// White space and at most one `=` after the keyword.
    pub separator: Range<usize>,
    /// All that follows, comment included, without white space at the end.
    pub arguments: Range<usize>,
    /// White space at the end, and all that follows a NUL byte.
    pub trailing: Range<usize>,
    /// The line feed; empty at the end of a file without one.
    pub ending: Range<usize>,
    /// What the line is.
    pub kind: LineKind,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Nothing, or a comment.
    Blank,
    /// A keyword with or without arguments.
    Directive,
    /// A quoted keyword without its closing quote: OpenSSH passes the line over in silence.
    PassedOver,
}

impl Line {
    fn pieces(&self) -> [Range<usize>; 6] {
        [&self.indent, &self.keyword, &self.separator, &self.arguments, &self.trailing, &self.ending].map(Clone::clone)
    }

    /// The whole line without its line feed.
    pub fn span(&self) -> Range<usize> {
        self.indent.start..self.trailing.end
    }
}

impl Document {
    /// Cuts a file into lines.
    pub fn parse(file: Arc<SourceFile>) -> Self {
        let text = &file.text;
        let mut lines = Vec::new();
        let mut start = 0;
        while start < text.len() {
            let rest = text.get(start..).unwrap_or_default();
            let length = rest.iter().position(|&byte| byte == b'\n');
            let end = length.map_or(text.len(), |length| start + length);
            let next = length.map_or(text.len(), |length| start + length + 1);
            lines.push(line(text, start, end, next));
            start = next;
        }
        Self { file, lines }
    }

    /// The file again, from its pieces.
    pub fn render(&self) -> Vec<u8> {
        let pieces = self.lines.iter().flat_map(Line::pieces);
        pieces.flat_map(|piece| self.bytes(&piece)).copied().collect()
    }

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// The lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The bytes of a range; empty where it lies outside.
    pub fn bytes(&self, span: &Range<usize>) -> &[u8] {
        self.file.text.get(span.clone()).unwrap_or_default()
    }

    /// The keyword of a line without its quotes.
    pub fn keyword(&self, line: &Line) -> Vec<u8> {
        self.bytes(&line.keyword).iter().copied().filter(|&byte| byte != b'"').collect()
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn line(text: &[u8], start: usize, end: usize, next: usize) -> Line {
    let whole = text.get(start..end).unwrap_or_default();
    // To C a line ends at its first NUL.
    let visible = whole.iter().position(|&byte| byte == 0).unwrap_or(whole.len());
    let blank = |byte: &u8| is_space(*byte) || *byte == b'\x0c';
    let trimmed = whole.get(..visible).unwrap_or_default().iter().rposition(|byte| !blank(byte)).map_or(0, |at| at + 1);
    let stop = start + trimmed;
    let content = text.get(..stop).unwrap_or_default();
    let blank_line = |kind| Line {
        indent: start..start,
        keyword: start..start,
        separator: start..start,
        arguments: start..stop,
        trailing: stop..end,
        ending: end..next,
        kind,
    };
    let mut first = delimited(content, start);
    if let Delimited::Token { span, next, .. } = &first
        && span.is_empty()
    {
        // White space in front of the keyword is a first, empty token.
        first = next.map_or(Delimited::End, |next| delimited(content, next));
    }
    let (keyword, after) = match first {
        Delimited::Unterminated => return blank_line(LineKind::PassedOver),
        Delimited::End => return blank_line(LineKind::Blank),
        Delimited::Token { span, .. } if span.is_empty() => return blank_line(LineKind::Blank),
        Delimited::Token { span, next } => (span, next.unwrap_or(stop)),
    };
    if content.get(keyword.start) == Some(&b'#') {
        return blank_line(LineKind::Blank);
    }
    let arguments = skip_space(content, after);
    Line {
        indent: start..keyword.start,
        separator: keyword.end..arguments,
        keyword,
        arguments: arguments..stop,
        trailing: stop..end,
        ending: end..next,
        kind: LineKind::Directive,
    }
}

enum Delimited {
    /// The token, quotes included, and where the next one begins; `None` where nothing follows.
    Token {
        span: Range<usize>,
        next: Option<usize>,
    },
    Unterminated,
    End,
}

fn skip_space(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().position(|&byte| !is_space(byte)).unwrap_or(rest.len())
}

/// `strdelim`: the next token up to white space, a quoted part or one `=`.
fn delimited(text: &[u8], from: usize) -> Delimited {
    let Some(rest) = text.get(from..) else { return Delimited::End };
    let Some(length) = rest.iter().position(|&byte| is_space(byte) || byte == b'"' || byte == b'=') else {
        return Delimited::Token { span: from..text.len(), next: None };
    };
    let stop = from + length;
    let delimiter = text.get(stop).copied();
    if delimiter == Some(b'"') {
        let quoted = text.get(stop + 1..).unwrap_or_default();
        let Some(length) = quoted.iter().position(|&byte| byte == b'"') else { return Delimited::Unterminated };
        let end = stop + 1 + length + 1;
        return Delimited::Token { span: from..end, next: Some(skip_space(text, end)) };
    }
    let mut next = skip_space(text, stop + 1);
    if delimiter != Some(b'=') && text.get(next) == Some(&b'=') {
        next = skip_space(text, next + 1);
    }
    Delimited::Token { span: from..stop, next: Some(next) }
}

/// How a version of OpenSSH splits arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Splitting {
    /// `strdelim` (before 8.7): double quotes only, `=` separates, no comment after arguments.
    Strdelim,
    /// `argv_split`: both quotes, backslashes, a comment after arguments.
    Argv,
}

/// One argument of a directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Without quotes and escapes.
    pub text: Vec<u8>,
    /// With them, in the file.
    pub span: Range<usize>,
}

/// The arguments in a range of a file, and where a comment behind them begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// The arguments.
    pub list: Vec<Argument>,
    /// Where `#` ends them.
    pub comment: Option<usize>,
    /// Whether there are more than [`MOST_ARGUMENTS`]; those are left out.
    pub cut: bool,
}

/// How many arguments of a directive are kept. No directive that is meant has as many.
pub const MOST_ARGUMENTS: usize = 10_000;

/// A quote without its closing quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unterminated {
    /// Where the argument with it begins.
    pub at: usize,
}

impl Splitting {
    /// Splits the arguments.
    ///
    /// # Errors
    /// [`Unterminated`]: OpenSSH refuses the line (`invalid quotes`); before 8.7 it passed the rest over, as this does.
    pub fn split(self, text: &[u8], range: &Range<usize>) -> Result<Arguments, Unterminated> {
        let text = text.get(..range.end).unwrap_or_default();
        match self {
            Self::Argv => split_argv(text, range.start),
            Self::Strdelim => Ok(split_delimited(text, range.start)),
        }
    }

    /// For each byte of an argument's text, its place in the file.
    pub fn places(self, text: &[u8], argument: &Argument) -> Vec<usize> {
        if argument.text.len() == argument.span.len() {
            return argument.span.clone().collect();
        }
        let raw = text.get(..argument.span.end).unwrap_or_default();
        let mut places = Vec::with_capacity(argument.text.len());
        match self {
            Self::Argv => {
                unquote(raw, argument.span.start, |place, _| places.push(place));
            }
            Self::Strdelim => {
                places.extend(argument.span.clone().filter(|&place| raw.get(place) != Some(&b'"')));
            }
        }
        places
    }
}

fn split_delimited(text: &[u8], start: usize) -> Arguments {
    let mut list = Vec::new();
    let mut at = Some(start);
    while let Some(from) = at {
        if list.len() == MOST_ARGUMENTS {
            return Arguments { list, comment: None, cut: true };
        }
        match delimited(text, from) {
            Delimited::Token { span, next } => {
                let raw = text.get(span.clone()).unwrap_or_default();
                let quoted = raw.contains(&b'"');
                // An empty token that is not `""` is the end of the line or a stray `=`.
                if quoted || !raw.is_empty() {
                    list.push(Argument { text: raw.iter().copied().filter(|&byte| byte != b'"').collect(), span });
                }
                at = next.filter(|&next| next < text.len() && next > from);
            }
            Delimited::Unterminated | Delimited::End => at = None,
        }
    }
    Arguments { list, comment: None, cut: false }
}

fn split_argv(text: &[u8], start: usize) -> Result<Arguments, Unterminated> {
    let mut arguments = Arguments::default();
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        if byte == b' ' || byte == b'\t' {
            at += 1;
            continue;
        }
        if byte == b'#' {
            arguments.comment = Some(at);
            break;
        }
        if arguments.list.len() == MOST_ARGUMENTS {
            arguments.cut = true;
            break;
        }
        let mut token = Vec::new();
        let (end, closed) = unquote(text, at, |_, byte| token.push(byte));
        if !closed {
            return Err(Unterminated { at });
        }
        arguments.list.push(Argument { text: token, span: at..end });
        at = end;
    }
    Ok(arguments)
}

/// Reads one token of `argv_split`, tells each byte of its text with its place, and gives the token's end and whether all
/// its quotes are closed.
fn unquote(text: &[u8], start: usize, mut emit: impl FnMut(usize, u8)) -> (usize, bool) {
    let mut quote: Option<u8> = None;
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' => {
                let next = text.get(at + 1).copied();
                let escape = matches!(next, Some(b'\'' | b'"' | b'\\')) || (next == Some(b' ') && quote.is_none());
                at += usize::from(escape);
                emit(at, text.get(at).copied().unwrap_or(byte));
            }
            b' ' | b'\t' if quote.is_none() => break,
            b'"' | b'\'' if quote.is_none() => quote = Some(byte),
            byte if quote == Some(byte) => quote = None,
            byte => emit(at, byte),
        }
        at += 1;
    }
    (at, quote.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn document(text: &[u8]) -> Document {
        Document::parse(Arc::new(SourceFile::new("f", text.to_vec())))
    }

    fn read(text: &str, splitting: Splitting) -> Vec<(String, Vec<String>)> {
        let document = document(text.as_bytes());
        let lines = document.lines().iter().filter(|line| line.kind == LineKind::Directive);
        lines
            .map(|line| {
                let arguments = splitting.split(&document.file().text, &line.arguments).unwrap();
                let arguments =
                    arguments.list.iter().map(|argument| String::from_utf8_lossy(&argument.text).into_owned());
                (String::from_utf8_lossy(&document.keyword(line)).into_owned(), arguments.collect())
            })
            .collect()
    }

    fn one(text: &str, splitting: Splitting) -> (String, Vec<String>) {
        read(text, splitting).remove(0)
    }

    fn expected(keyword: &str, arguments: &[&str]) -> (String, Vec<String>) {
        (keyword.into(), arguments.iter().map(|&text| text.to_owned()).collect())
    }

    #[test]
    fn keywords_and_separators() {
        for text in
            ["Port 22", "Port=22", "  Port = 22 \r", "\"Port\" 22", "=Port 22", "\tPort\t22\x0c", "Port 22\0junk"]
        {
            assert_eq!(one(text, Splitting::Argv), expected("Port", &["22"]), "{text:?}");
        }
        assert_eq!(one("Port==22", Splitting::Argv), expected("Port", &["=22"]));
        assert_eq!(one("Port", Splitting::Argv), expected("Port", &[]));
        assert!(read("# Port 22\n\n   \n \t# x", Splitting::Argv).is_empty());
        assert_eq!(document(b"\"Port 22").lines()[0].kind, LineKind::PassedOver);
    }

    #[test]
    fn quotes_and_escapes() {
        let text = r#"X "a b" 'c"d' e\ f "g\"h" i'j k'l "" # comment"#;
        assert_eq!(one(text, Splitting::Argv), expected("X", &["a b", "c\"d", "e f", "g\"h", "ij kl", ""]));
        assert_eq!(one("X a#b", Splitting::Argv), expected("X", &["a#b"]));
        assert_eq!(one(r#"X a "b c" 'd e' #"#, Splitting::Strdelim), expected("X", &["a", "b c", "'d", "e'", "#"]));
        let document = document(b"X 'a");
        assert_eq!(
            Splitting::Argv.split(&document.file().text, &document.lines()[0].arguments),
            Err(Unterminated { at: 2 })
        );
    }

    #[test]
    fn places_lead_back_into_the_file() {
        let text = br#"X "a b"c\"d"#;
        let arguments = Splitting::Argv.split(text, &(2..text.len())).unwrap();
        let places = Splitting::Argv.places(text, &arguments.list[0]);
        let found: Vec<u8> = places.iter().map(|&place| text[place]).collect();
        assert_eq!(found, arguments.list[0].text);
        assert_eq!(arguments.list[0].text, b"a bc\"d");
    }

    proptest! {
        #![proptest_config(shakedown_testkit::properties(256))]

        #[test]
        fn rendering_gives_the_file_back(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(document(&text).render(), text);
        }

        #[test]
        fn rendering_gives_lines_back(text in "([ \t=\"'#\\\\\r\n\0a-cHost]{0,12}){0,8}") {
            let document = document(text.as_bytes());
            prop_assert_eq!(document.render(), text.as_bytes());
            for line in document.lines() {
                for splitting in [Splitting::Argv, Splitting::Strdelim] {
                    if let Ok(arguments) = splitting.split(text.as_bytes(), &line.arguments) {
                        for argument in &arguments.list {
                            prop_assert_eq!(splitting.places(text.as_bytes(), argument).len(), argument.text.len());
                        }
                    }
                }
            }
        }
    }
}
