use super::dialogue::{Buffer, Dialogue, Refusal, Step, begins};

/// POP3: greeting, STLS (RFC 2595 section 4).
#[derive(Default)]
pub(super) struct Pop3 {
    asked: bool,
}

impl Dialogue for Pop3 {
    fn step(&mut self, received: &mut Buffer) -> Step {
        let Some(line) = received.line() else { return Step::Wait };
        match (self.asked, begins(&line, "+OK"), begins(&line, "-ERR")) {
            (false, true, _) => {
                self.asked = true;
                Step::line("STLS")
            }
            (true, true, _) => Step::Begin,
            (false, _, true) => Refusal::refused(&line),
            (true, _, true) => Refusal::not_offered(&line),
            _ => Refusal::other(&line),
        }
    }
}
