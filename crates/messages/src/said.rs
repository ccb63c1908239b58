use shakedown_model::{MessageKind, Said, Slot};

use crate::Messages;
use crate::event::Event;

/// What is handed on about a message.
pub(crate) fn said(messages: &Messages, event: &Event) -> Said {
    let entry = messages.entries().get(event.entry).cloned().unwrap_or_default();
    Said {
        protocol: match entry.protocol.as_str() {
            "ssh" => Some(shakedown_model::Protocol::Ssh),
            "tls" => Some(shakedown_model::Protocol::Tls),
            "ike" => Some(shakedown_model::Protocol::Ike),
            _ => None,
        },
        kind: match entry.kind.as_str() {
            "consequence" => MessageKind::Consequence,
            "context" => MessageKind::Context,
            "success" => MessageKind::Success,
            "warning" => MessageKind::Warning,
            _ => MessageKind::Failure,
        },
        printed_by: event.printed_by,
        phase: shakedown_model::Phase::parse(&entry.phase),
        slot: slot(&entry.protocol, &entry.slot),
        text: event.text.clone(),
        captures: event.captures.iter().map(|(key, text, _)| (key.clone(), text.clone())).collect(),
        indications: Vec::new(),
        explains: entry.explains,
        summary: entry.summary,
        note: entry.note,
        decides: (!entry.decides.is_empty()).then_some(entry.decides),
        times: event.times,
        message: entry.id,
        product: entry.product,
    }
}

fn slot(protocol: &str, text: &str) -> Option<Slot> {
    let protocol = match protocol {
        "ssh" => shakedown_model::Protocol::Ssh,
        "tls" => shakedown_model::Protocol::Tls,
        "ike" => shakedown_model::Protocol::Ike,
        _ => return None,
    };
    // A message that names no direction stands for the one that is looked at first.
    let text = match text {
        "cipher" => "cipher_c2s",
        "mac" => "mac_c2s",
        "compression" => "compression_c2s",
        other => other,
    };
    Slot::parse(protocol, text)
}
