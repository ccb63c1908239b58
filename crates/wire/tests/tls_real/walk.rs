//! Reads one direction of a connection as far as it is not encrypted.

use shakedown_wire::WireError;
use shakedown_wire::tls::number::{content, handshake, version};
use shakedown_wire::tls::{
    Alert, Deframer, Extension, Form, HandshakeLimits, KeyExchange, Message, Place, RecordLimits, RecordReader,
};

use crate::oracle;

#[derive(Debug, Default)]
pub(crate) struct Walk {
    pub(crate) messages: Vec<Message>,
    pub(crate) alerts: Vec<Alert>,
    /// Where reading ended before its time.
    pub(crate) error: Option<WireError>,
    /// Messages that `tls-parser` read too.
    pub(crate) confirmed: usize,
    /// The form at the end.
    pub(crate) form: Form,
}

impl Walk {
    /// Whether a message of this type was read.
    pub(crate) fn has(&self, number: u8) -> bool {
        self.messages.iter().any(|message| message.number() == number)
    }
}

/// # Panics
/// Where something is not written as it was read, or `tls-parser` reads something else.
pub(crate) fn walk(stream: &[u8], form: Form) -> Walk {
    let mut walk = Walk { form, ..Walk::default() };
    let mut reader = RecordReader::new(RecordLimits::default());
    let mut deframer = Deframer::new(HandshakeLimits::default());
    reader.push(stream);
    let mut place = 0;
    loop {
        let record = match reader.next_record() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(error) => {
                walk.error = Some(error);
                break;
            }
        };
        let written = record.write();
        assert_eq!(record.offset, place);
        assert_eq!(stream[place..place + written.len()], written);
        place += written.len();
        match record.content_type {
            content::ALERT => {
                walk.alerts.extend(Alert::parse(&record.fragment));
                break;
            }
            // Between two hellos of TLS 1.3 it changes nothing.
            content::CHANGE_CIPHER_SPEC if version::is_tls13(walk.form.version) => {}
            content::HANDSHAKE => {
                deframer.push(&record.fragment);
                if let Err(error) = messages(&mut walk, &mut deframer) {
                    walk.error = Some(error);
                    break;
                }
            }
            _ => break,
        }
    }
    walk
}

fn messages(walk: &mut Walk, deframer: &mut Deframer) -> Result<(), WireError> {
    while let Some(bytes) = deframer.next_message()? {
        if bytes.message_type() == Some(handshake::SERVER_KEY_EXCHANGE) {
            // The suite says which; so does the first byte, for a prime of 768 to 1023 bytes is not in use.
            let curve = bytes.bytes.get(4) == Some(&3);
            walk.form.key_exchange = if curve { KeyExchange::Ecdhe } else { KeyExchange::Dhe };
        }
        let message = Message::parse(&bytes.bytes, walk.form).map_err(|error| error.shifted(bytes.offset))?;
        assert_eq!(message.write(), bytes.bytes);
        walk.confirmed += usize::from(oracle::agrees(&message, &bytes.bytes));
        if let Message::ServerHello(hello) | Message::HelloRetryRequest(hello) = &message {
            walk.form.version = hello.selected_version();
        }
        walk.messages.push(message);
    }
    Ok(())
}

/// The number of extensions in all hellos, and those that cannot be read; what can be read is written the same.
pub(crate) fn extensions(messages: &[Message]) -> (usize, Vec<String>) {
    let (mut seen, mut odd) = (0, Vec::new());
    for message in messages {
        let (list, place): (&[Extension], _) = match message {
            Message::ClientHello(hello) => (hello.extensions(), Place::ClientHello),
            Message::ServerHello(hello) => (hello.extensions.as_ref().map_or(&[], |list| &list.0), Place::ServerHello),
            Message::HelloRetryRequest(hello) => {
                (hello.extensions.as_ref().map_or(&[], |list| &list.0), Place::HelloRetryRequest)
            }
            _ => continue,
        };
        for extension in list {
            seen += 1;
            match extension.view(place) {
                Ok(view) => assert_eq!(view.write(), extension.data),
                Err(error) => odd.push(format!("{place:?}: {error}")),
            }
        }
    }
    (seen, odd)
}
