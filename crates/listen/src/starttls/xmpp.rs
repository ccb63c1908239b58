use super::{Dialogue, Step};

/// XMPP: stream features, STARTTLS (RFC 6120 section 5.4). The XML is read by its tags, which suffices for these few.
#[derive(Default)]
pub(super) struct Xmpp {
    opened: bool,
}

const STREAM: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
                      xmlns:stream='http://etherx.jabber.org/streams' id='shakedown' from='localhost' version='1.0'>\
                      <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>\
                      </stream:features>";

impl Dialogue for Xmpp {
    fn greeting(&self) -> Vec<u8> {
        Vec::new()
    }

    fn step(&mut self, received: &mut Vec<u8>) -> Step {
        let begin = |text: &str| received.windows(text.len()).position(|part| part == text.as_bytes());
        let what = if self.opened { "<starttls" } else { "<stream:stream" };
        let whole = begin(what).is_some_and(|at| received.iter().skip(at).any(|&byte| byte == b'>'));
        if begin("</stream:stream").is_some() {
            return Step::End(b"</stream:stream>".to_vec());
        }
        if !whole {
            return Step::Wait;
        }
        received.clear();
        if self.opened {
            return Step::Begin(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>".to_vec());
        }
        self.opened = true;
        Step::Send(STREAM.into())
    }
}
