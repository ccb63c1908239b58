//! The body of the fuzz target for IKE.

use super::{Datagram, Message, MessageLimits, Payload, read_payloads, write_payloads};

/// A message, its payloads and what they say are written as the same bytes; sizes keep to the limits.
pub fn ike_messages(data: &[u8]) {
    if let Datagram::Ike(message) = Datagram::recognise(data) {
        assert_eq!(Datagram::mark(message), data);
        one(message);
    }
    one(data);
    // The first byte is a payload type, the rest its body.
    if let Some((&number, body)) = data.split_first() {
        view(&Payload { number, reserved: 0, body: body.to_vec() });
        // The same as what was encrypted.
        if let Ok(payloads) = read_payloads(number, body, MessageLimits { bytes: 3000, payloads: 30 })
            && !payloads.iter().any(Payload::is_encrypted)
        {
            assert_eq!(write_payloads(&payloads), body);
        }
    }
}

fn one(data: &[u8]) {
    let limits = MessageLimits { bytes: 3000, payloads: 30 };
    match Message::parse(data, limits) {
        Ok(message) => {
            assert_eq!(message.write(), data);
            assert!(data.len() <= limits.bytes && message.payloads.len() <= limits.payloads);
            message.payloads.iter().for_each(view);
            let end = message.offset_of(message.payloads.len());
            assert_eq!(end.saturating_add(message.rest.len()), data.len().saturating_add(4));
        }
        Err(error) => assert!(error.offset <= data.len() && error.field.as_str().starts_with("ike.")),
    }
}

fn view(payload: &Payload) {
    match payload.view() {
        Ok(view) => {
            assert_eq!(view.write(), payload.body);
            assert_eq!(Payload::new(payload.number, &view).view(), Ok(view));
        }
        Err(error) => assert!(error.offset <= payload.body.len()),
    }
}
