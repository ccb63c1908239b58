//! The data files: every message matches its own example, and says what it must.

use shakedown_messages::{Messages, Reader};

/// Every example is read as its own message; the fast scan and the pattern agree.
#[test]
fn every_example_is_recognised() {
    let messages = Messages::built_in();
    let mut wrong = Vec::new();
    for entry in messages.entries() {
        for example in &entry.examples {
            if !says(&messages, example, &entry.id) {
                wrong.push(format!("{}: {example}", entry.id));
            }
        }
        for example in &entry.counterexamples {
            if says(&messages, example, &entry.id) {
                wrong.push(format!("{} must not match: {example}", entry.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{} messages:\n{}", wrong.len(), wrong.join("\n"));
}

fn says(messages: &Messages, text: &str, id: &str) -> bool {
    let mut reader = Reader::new(messages);
    reader.read(0, 0, text.as_bytes());
    reader.finish().0.iter().flat_map(|attempt| &attempt.said).any(|(said, _)| said.message == id)
}

#[test]
fn ids_are_there_once() {
    let messages = Messages::built_in();
    let mut ids: Vec<&str> = messages.entries().map(|entry| entry.id.as_str()).collect();
    ids.sort_unstable();
    let twice: Vec<&str> = ids.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

/// What conditions ask for is there.
#[test]
fn conditions_name_what_exists() {
    let messages = Messages::built_in();
    let mut names: Vec<&str> = Vec::new();
    for entry in messages.entries() {
        names.extend([entry.id.as_str(), entry.product.as_str()]);
        names.extend(entry.tags.iter().map(String::as_str));
    }
    names.extend(messages.values().flat_map(|value| value.tags.iter().map(String::as_str)));
    let of_entries = messages.entries().flat_map(|entry| entry.indicates.iter().map(|points| (&entry.id, points)));
    let of_values = messages.values().flat_map(|value| value.indicates.iter().map(|points| (&value.table, points)));
    let mut wrong = Vec::new();
    for (id, points) in of_entries.chain(of_values) {
        for name in points.with.iter().chain(&points.without) {
            if !names.contains(&name.as_str()) {
                wrong.push(format!("{id} asks for `{name}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Sentences keep the style of messages.
#[test]
fn sentences_keep_their_style() {
    let messages = Messages::built_in();
    let mut wrong = Vec::new();
    let of_entries = messages.entries().map(|entry| (&entry.id, [&entry.summary, &entry.note, &entry.decides]));
    let of_values = messages.values().map(|value| (&value.table, [&value.summary, &value.note, &value.decides]));
    for (id, texts) in of_entries.chain(of_values) {
        for text in texts.into_iter().filter(|text| !text.is_empty()) {
            let odd = text.matches('`').count() % 2 == 1;
            if odd || (text.ends_with('.') && !text.ends_with("...")) {
                wrong.push(format!("{id}: {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Attempts are told apart by their peers: each message has to name one as the others do.
#[test]
fn a_peer_is_a_name_or_an_address_and_nothing_around_it() {
    let messages = Messages::built_in();
    let mut wrong = Vec::new();
    for entry in messages.entries() {
        for example in &entry.examples {
            let mut reader = Reader::new(&messages);
            reader.read(0, 0, example.as_bytes());
            for attempt in reader.finish().0 {
                let peer = attempt.peer.unwrap_or_default();
                if peer.contains(|sign: char| "[]()<>,;=\"'@".contains(sign) || sign.is_whitespace()) {
                    wrong.push(format!("{}: `{peer}` of {example}", entry.id));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
