use super::dialogue::{Buffer, Dialogue, Refusal, Step, begins};

/// ManageSieve: capabilities, STARTTLS (RFC 5804 section 2.2).
#[derive(Default)]
pub(super) struct Sieve {
    asked: bool,
    is_offered: bool,
}

impl Dialogue for Sieve {
    fn step(&mut self, received: &mut Buffer) -> Step {
        while let Some(line) = received.line() {
            let ok = begins(&line, "OK");
            let no = begins(&line, "NO") || begins(&line, "BYE");
            match (self.asked, ok, no) {
                (false, true, _) if self.is_offered => {
                    self.asked = true;
                    return Step::line("STARTTLS");
                }
                (false, true, _) => return Refusal::not_offered(&line),
                (true, true, _) => return Step::Begin,
                (_, _, true) => return Refusal::refused(&line),
                // Capabilities are quoted strings.
                _ if line.first() == Some(&b'"') => self.is_offered |= begins(&line, "\"STARTTLS\""),
                _ => return Refusal::other(&line),
            }
        }
        Step::Wait
    }
}
