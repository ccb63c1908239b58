use super::dialogue::{Buffer, Dialogue, Refusal, Step, begins};

/// IMAP: greeting, CAPABILITY, STARTTLS (RFC 9051 section 6.2.1).
#[derive(Default)]
pub(super) struct Imap {
    state: State,
    is_offered: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Greeting,
    Capabilities,
    Ready,
}

impl Dialogue for Imap {
    fn step(&mut self, received: &mut Buffer) -> Step {
        while let Some(line) = received.line() {
            match self.state {
                State::Greeting if begins(&line, "* OK") => {
                    self.state = State::Capabilities;
                    return Step::line("a1 CAPABILITY");
                }
                State::Greeting if begins(&line, "* BYE") || begins(&line, "* PREAUTH") => {
                    return Refusal::refused(&line);
                }
                State::Greeting => return Refusal::other(&line),
                State::Capabilities if begins(&line, "* CAPABILITY") => {
                    let mut words = line.split(|byte| *byte == b' ');
                    self.is_offered |= words.any(|word| word.eq_ignore_ascii_case(b"STARTTLS"));
                }
                State::Capabilities if begins(&line, "a1 OK") && self.is_offered => {
                    self.state = State::Ready;
                    return Step::line("a2 STARTTLS");
                }
                State::Capabilities if begins(&line, "a1 ") => return Refusal::not_offered(&line),
                State::Ready if begins(&line, "a2 OK") => return Step::Begin,
                State::Ready if begins(&line, "a2 ") => return Refusal::refused(&line),
                State::Capabilities | State::Ready => {}
            }
        }
        Step::Wait
    }
}
