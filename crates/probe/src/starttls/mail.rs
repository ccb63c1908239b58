use super::dialogue::{Buffer, Dialogue, Refusal, Step, reply_code};

/// The name that the client gives itself: an address literal that is always right, RFC 5321 section 4.1.3.
const OWN_NAME: &str = "[127.0.0.1]";

/// SMTP and LMTP: greeting, EHLO or LHLO, STARTTLS (RFC 3207).
pub(super) struct Mail {
    hello: &'static str,
    state: State,
    is_offered: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Greeting,
    Extensions,
    Ready,
}

impl Mail {
    pub(super) fn new(hello: &'static str) -> Self {
        Self { hello, state: State::Greeting, is_offered: false }
    }
}

impl Dialogue for Mail {
    fn step(&mut self, received: &mut Buffer) -> Step {
        while let Some(line) = received.line() {
            let Some((code, more)) = reply_code(&line) else { return Refusal::other(&line) };
            match self.state {
                State::Extensions => {
                    let keyword = line.get(4..).unwrap_or_default();
                    let keyword = keyword.split(|byte| *byte == b' ').next().unwrap_or_default();
                    self.is_offered |= keyword.eq_ignore_ascii_case(b"STARTTLS");
                }
                State::Greeting | State::Ready => {}
            }
            if more {
                continue;
            }
            match (self.state, code) {
                (State::Greeting, 220) => {
                    self.state = State::Extensions;
                    return Step::line(&format!("{} {OWN_NAME}", self.hello));
                }
                (State::Extensions, 250) if self.is_offered => {
                    self.state = State::Ready;
                    return Step::line("STARTTLS");
                }
                (State::Extensions, 250) => return Refusal::not_offered(&line),
                (State::Ready, 220) => return Step::Begin,
                _ => return Refusal::refused(&line),
            }
        }
        Step::Wait
    }
}
