use shakedown_model::{MessageKind, Phase, Protocol, Said, Slot};

use crate::Messages;
use crate::data::Entry;
use crate::event::Event;

/// What is handed on about a message.
pub(crate) fn said(messages: &Messages, event: &Event) -> Said {
    let none = Entry::default();
    let entry = messages.entry(event.entry).unwrap_or(&none);
    Said {
        protocol: protocol(&entry.protocol),
        kind: match entry.kind.as_str() {
            "consequence" => MessageKind::Consequence,
            "context" => MessageKind::Context,
            "success" => MessageKind::Success,
            "warning" => MessageKind::Warning,
            _ => MessageKind::Failure,
        },
        printed_by: event.printed_by,
        phase: Phase::parse(&entry.phase),
        slot: slot(&entry.protocol, &entry.slot),
        text: event.text.clone(),
        captures: event.captures.iter().map(|(key, text, _)| (key.clone(), text.clone())).collect(),
        indications: Vec::new(),
        explains: entry.explains.clone(),
        summary: entry.summary.clone(),
        note: entry.note.clone(),
        decides: (!entry.decides.is_empty()).then(|| entry.decides.clone()),
        times: event.times,
        message: entry.id.clone(),
        product: entry.product.clone(),
    }
}

/// The protocol of an entry; none where it is `any`.
fn protocol(text: &str) -> Option<Protocol> {
    [Protocol::Ssh, Protocol::Tls, Protocol::Ike].into_iter().find(|protocol| protocol.as_str() == text)
}

fn slot(of: &str, text: &str) -> Option<Slot> {
    let protocol = protocol(of)?;
    // A message that names no direction stands for the one that is looked at first.
    let text = match text {
        "cipher" => "cipher_c2s",
        "mac" => "mac_c2s",
        "compression" => "compression_c2s",
        other => other,
    };
    Slot::parse(protocol, text)
}
