use super::dialogue::{Buffer, Dialogue, Refusal, Step};

/// PostgreSQL: SSLRequest, answered by one byte ("Message Formats" of the protocol's documentation).
#[derive(Default)]
pub(super) struct Postgres {
    asked: bool,
}

impl Dialogue for Postgres {
    fn step(&mut self, received: &mut Buffer) -> Step {
        if !self.asked {
            self.asked = true;
            // Length 8, code 1234 and 5679.
            return Step::Send(vec![0, 0, 0, 8, 4, 210, 22, 47]);
        }
        match received.bytes().first() {
            None => Step::Wait,
            // Nothing may follow before the client's hello.
            Some(b'S') if received.bytes().len() == 1 => {
                received.take(1);
                Step::Begin
            }
            Some(b'N') => Refusal::not_offered(b"N"),
            // An ErrorResponse of old servers, or of those that have no room for more.
            Some(b'E') => Refusal::refused(received.bytes()),
            Some(_) => Refusal::other(received.bytes()),
        }
    }
}
