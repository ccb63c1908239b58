use super::dialogue::{Buffer, Dialogue, Refusal, Step, reply_code};

/// NNTP: greeting, STARTTLS (RFC 4642 section 2.2).
#[derive(Default)]
pub(super) struct Nntp {
    asked: bool,
}

impl Dialogue for Nntp {
    fn step(&mut self, received: &mut Buffer) -> Step {
        let Some(line) = received.line() else { return Step::Wait };
        let Some((code, _)) = reply_code(&line) else { return Refusal::other(&line) };
        match (self.asked, code) {
            (false, 200 | 201) => {
                self.asked = true;
                Step::line("STARTTLS")
            }
            (true, 382) => Step::Begin,
            (true, 500..=503) => Refusal::not_offered(&line),
            _ => Refusal::refused(&line),
        }
    }
}
