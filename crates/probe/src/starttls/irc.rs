use super::dialogue::{Buffer, Dialogue, Refusal, Step};

/// IRC: STARTTLS, answered by numeric 670 or 691 (IRCv3, "tls" extension).
#[derive(Default)]
pub(super) struct Irc {
    asked: bool,
}

impl Dialogue for Irc {
    fn step(&mut self, received: &mut Buffer) -> Step {
        if !self.asked {
            self.asked = true;
            return Step::line("STARTTLS");
        }
        while let Some(line) = received.line() {
            // `:server 670 * :STARTTLS successful`, the prefix optional.
            let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
            let mut word = words.next().unwrap_or_default();
            if word.first() == Some(&b':') {
                word = words.next().unwrap_or_default();
            }
            match word {
                b"670" => return Step::Begin,
                b"691" => return Refusal::refused(&line),
                // Unknown command, or not registered: the server does not know STARTTLS.
                b"421" | b"451" => return Refusal::not_offered(&line),
                b"ERROR" => return Refusal::refused(&line),
                b"NOTICE" | b"PING" | b"020" | b"439" => {}
                _ => return Refusal::other(&line),
            }
        }
        Step::Wait
    }
}
