//! Shell patterns as `glob(3)` and `fnmatch(3)` know them: `*`, `?`, `[...]`, `\`. A leading dot has to be written.

/// Whether the path component holds a wildcard.
pub(super) fn has_wildcard(component: &str) -> bool {
    let mut escaped = false;
    for letter in component.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '*' | '?' | '[' => return true,
            _ => {}
        }
    }
    false
}

/// The component without its backslashes.
pub(super) fn unescape(component: &str) -> String {
    let mut text = String::with_capacity(component.len());
    let mut letters = component.chars();
    while let Some(letter) = letters.next() {
        text.push(if letter == '\\' { letters.next().unwrap_or('\\') } else { letter });
    }
    text
}

/// Whether a pattern matches one path component.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.trim_start_matches('\\').starts_with('.') {
        return false;
    }
    let tokens = tokens(pattern);
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(&letter) = name.get(n) {
        let step = match tokens.get(p) {
            Some(Token::Star) => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(Token::Any) => true,
            Some(Token::Letter(expected)) => *expected == letter,
            Some(Token::Set { negated, ranges }) => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter)) != *negated
            }
            None => false,
        };
        if step {
            p += 1;
            n += 1;
        } else if let Some((star_p, star_n)) = star {
            p = star_p + 1;
            n = star_n + 1;
            star = Some((star_p, star_n + 1));
        } else {
            return false;
        }
    }
    tokens.get(p..).is_none_or(|rest| rest.iter().all(|token| *token == Token::Star))
}

#[derive(PartialEq)]
enum Token {
    Star,
    Any,
    Letter(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

fn tokens(pattern: &str) -> Vec<Token> {
    let letters: Vec<char> = pattern.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        at += 1;
        tokens.push(match letter {
            '*' => Token::Star,
            '?' => Token::Any,
            '\\' => {
                at += 1;
                Token::Letter(letters.get(at - 1).copied().unwrap_or('\\'))
            }
            '[' => match set(&letters, at) {
                Some((token, end)) => {
                    at = end;
                    token
                }
                // Without its end it is a plain letter.
                None => Token::Letter('['),
            },
            letter => Token::Letter(letter),
        });
    }
    tokens
}

fn set(letters: &[char], start: usize) -> Option<(Token, usize)> {
    let mut at = start;
    let negated = matches!(letters.get(at), Some('!' | '^'));
    at += usize::from(negated);
    let first = at;
    let mut ranges = Vec::new();
    loop {
        let &letter = letters.get(at)?;
        at += 1;
        if letter == ']' && at - 1 != first {
            return Some((Token::Set { negated, ranges }, at));
        }
        match (letters.get(at), letters.get(at + 1)) {
            (Some('-'), Some(&high)) if high != ']' => {
                ranges.push((letter, high));
                at += 2;
            }
            _ => ranges.push((letter, letter)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(matches("*.conf", "10-a.conf"));
        assert!(!matches("*.conf", ".hidden.conf"));
        assert!(matches(".*.conf", ".hidden.conf"));
        assert!(matches("[0-9][!a].?", "5b.x"));
        assert!(!matches("[0-9][!a].?", "5a.x"));
        assert!(matches("a\\*", "a*"));
        assert!(!matches("a\\*", "ab"));
        assert!(matches("[", "["));
        assert!(matches("[]]", "]"));
        assert!(!has_wildcard("a\\*b") && has_wildcard("a*b"));
        assert_eq!(unescape("a\\*b"), "a*b");
    }
}
