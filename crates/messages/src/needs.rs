//! What a text must hold so that a pattern can match it.
//!
//! A literal leads to every message that it may be part of, most of which are others. A few more words that the pattern
//! has in all its forms tell most of them apart, at a small part of what a search costs.

use memchr::memmem::Finder;
use regex_automata::util::syntax;
use regex_syntax::hir::{Hir, HirKind};

/// Texts without which there is no match.
#[derive(Clone, Debug)]
pub(crate) enum Needs {
    /// Each of them.
    All(Vec<Needs>),
    /// One of them.
    Any(Vec<Needs>),
    /// This text; ASCII letters are small.
    Text(Box<Finder<'static>>),
}

/// Shorter texts are in most lines.
const SHORTEST: usize = 3;
/// Of longer lists of words, one is in most lines.
const MOST: usize = 16;

impl Needs {
    /// What a pattern needs besides the literals, of which at least one is there.
    pub(crate) fn of(pattern: &str, syntax: syntax::Config, literals: &[String]) -> Self {
        let needs = syntax::parse_with(pattern, &syntax.case_insensitive(false)).ok().and_then(|hir| needs(&hir));
        let literals: Vec<_> = literals.iter().map(|literal| literal.to_ascii_lowercase()).collect();
        let given = |needs: &Self| literals.iter().all(|literal| needs.are_in(literal.as_bytes()));
        let needs = match needs {
            Some(Self::All(all)) => all,
            other => other.into_iter().collect(),
        };
        Self::All(needs.into_iter().filter(|needs| !given(needs)).collect())
    }

    /// Whether a text, of which ASCII letters are small, has what is needed.
    pub(crate) fn are_in(&self, text: &[u8]) -> bool {
        match self {
            Self::All(all) => all.iter().all(|needs| needs.are_in(text)),
            Self::Any(any) => any.iter().any(|needs| needs.are_in(text)),
            Self::Text(finder) => finder.find(text).is_some(),
        }
    }
}

/// What an expression needs; `None` where it may match nearly anything.
fn needs(hir: &Hir) -> Option<Needs> {
    match hir.kind() {
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => None,
        HirKind::Literal(literal) => {
            // White space may be where something was taken out of the text.
            let words = literal.0.split(u8::is_ascii_whitespace).filter(|word| word.len() >= SHORTEST);
            let texts = words.map(|word| Needs::Text(Box::new(Finder::new(&word.to_ascii_lowercase()).into_owned())));
            all(texts.collect())
        }
        HirKind::Repetition(repetition) if repetition.min == 0 => None,
        HirKind::Repetition(repetition) => needs(&repetition.sub),
        HirKind::Capture(capture) => needs(&capture.sub),
        HirKind::Concat(parts) => all(parts.iter().filter_map(needs).collect()),
        HirKind::Alternation(parts) if parts.len() <= MOST => {
            Some(Needs::Any(parts.iter().map(needs).collect::<Option<_>>()?))
        }
        HirKind::Alternation(_) => None,
    }
}

fn all(mut needs: Vec<Needs>) -> Option<Needs> {
    match needs.len() {
        0 | 1 => needs.pop(),
        _ => Some(Needs::All(needs)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Messages;

    fn of(pattern: &str) -> Needs {
        Needs::of(pattern, syntax::Config::new().unicode(false).utf8(false), &["no matching".to_owned()])
    }

    #[test]
    fn words_that_every_form_has_are_needed() {
        let needs = of(r"no matching (?:KEX|hmac (?:type|name)s?) found:\s+(?:client )?\S+");
        for (text, has) in [
            ("no matching kex found: hmac-md5", true),
            ("no matching hmac names found: hmac-md5", true),
            ("no matching cipher found: aes", false),
            ("no matching hmac given: hmac-md5", false),
            ("no matching hmac lists found: hmac-md5", false),
        ] {
            assert_eq!(needs.are_in(text.as_bytes()), has, "{text}: {needs:?}");
        }
    }

    #[test]
    fn what_may_be_anything_needs_nothing() {
        for pattern in ["", "no matching", r"no matching \S+", "(?:cipher|.*)", "(?:cipher)?", "[abc]", "("] {
            assert!(of(pattern).are_in(b""), "{pattern}");
        }
    }

    /// The literals are the data's affair; here it is what a pattern needs besides them.
    #[test]
    fn no_example_lacks_what_its_message_needs() {
        let messages = Messages::built_in();
        // Only what is looked for often is asked for its needs.
        let asked = |index: usize| (0..1000).find_map(|_| messages.regex(index).and_then(|_| messages.needs(index)));
        let (mut wrong, mut some) = (Vec::new(), 0);
        for (index, entry) in messages.entries().enumerate() {
            let Some(needs) = asked(index) else { continue };
            some += usize::from(!needs.are_in(b""));
            for example in &entry.examples {
                for text in [example.clone(), example.to_uppercase(), example.replace(' ', " \n ")] {
                    let found = messages.regex(index).is_some_and(|regex| regex.is_match(&text));
                    if found && !needs.are_in(text.to_ascii_lowercase().as_bytes()) {
                        wrong.push(format!("{}: {text}", entry.id));
                    }
                }
            }
        }
        assert!(some > 1000, "{some}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
