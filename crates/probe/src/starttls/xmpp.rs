use super::dialogue::{Buffer, Dialogue, Refusal, Step};

/// XMPP: stream features, STARTTLS (RFC 6120 section 5.4). The XML is read by its tags, which suffices for these few.
pub(super) struct Xmpp {
    namespace: &'static str,
    host: String,
    state: State,
}

enum State {
    Begin,
    Features,
    Proceed,
}

impl Xmpp {
    pub(super) fn new(namespace: &'static str, host: &str) -> Self {
        let host = host.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;");
        Self { namespace, host, state: State::Begin }
    }
}

impl Dialogue for Xmpp {
    fn step(&mut self, received: &mut Buffer) -> Step {
        let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        let bytes = received.bytes();
        match self.state {
            State::Begin => {
                self.state = State::Features;
                Step::Send(
                    format!(
                        "<?xml version='1.0'?><stream:stream xmlns='{}' \
                         xmlns:stream='http://etherx.jabber.org/streams' to='{}' version='1.0'>",
                        self.namespace, self.host
                    )
                    .into_bytes(),
                )
            }
            State::Features if has(bytes, "stream:error") => Refusal::refused(bytes),
            State::Features if has(bytes, "</stream:features>") || has(bytes, "<stream:features/>") => {
                if !has(bytes, "urn:ietf:params:xml:ns:xmpp-tls") {
                    return Refusal::not_offered(bytes);
                }
                received.rest();
                self.state = State::Proceed;
                Step::Send(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>".to_vec())
            }
            State::Features if bytes.first().is_some_and(|&byte| byte != b'<' && !byte.is_ascii_whitespace()) => {
                Refusal::other(bytes)
            }
            State::Proceed if has(bytes, "<proceed") && bytes.ends_with(b">") => {
                received.rest();
                Step::Begin
            }
            State::Proceed if has(bytes, "<failure") => Refusal::refused(bytes),
            State::Features | State::Proceed => Step::Wait,
        }
    }
}
