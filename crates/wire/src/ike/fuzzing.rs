//! The body of the fuzz target for IKE.

use super::{Datagram, Frames, Message, MessageLimits, Payload, frame, read_payloads, write_payloads};

/// A message, its payloads and what they say are written as the same bytes; sizes keep to the limits.
pub fn ike_messages(data: &[u8]) {
    if let Datagram::Ike(message) = Datagram::recognise(data) {
        assert_eq!(Datagram::mark(message), data);
        one(message);
    }
    one(data);
    // As a stream, in two pieces: what comes out of it is what went in.
    let (mut frames, mut packets) = (Frames::default(), 0);
    let (first, second) = data.split_at(data.len() / 2);
    for piece in [first, second] {
        frames.push(piece);
        while let Ok(Some(packet)) = frames.packet() {
            let framed = frame(&packet).unwrap_or_default();
            assert_eq!(data.get(packets..packets + framed.len()), Some(framed.as_slice()));
            packets += framed.len();
        }
    }
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
