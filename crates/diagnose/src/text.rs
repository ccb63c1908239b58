use shakedown_model::{Name, Role, Slot, Software};

/// `a`, `b`, `c`, ... (10): the first few names in backticks, and how many there are.
pub(crate) fn list(names: &[Name]) -> String {
    const SHOWN: usize = 3;
    let mut text = names.iter().take(SHOWN).map(|name| quoted(name.as_str())).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(", ... ({})", names.len()));
    }
    text
}

/// The text in backticks; what is in it cannot end them.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

/// A peer's or program's words, short enough for one line of a note.
pub(crate) fn words(text: &Name) -> String {
    const LONGEST: usize = 160;
    let text = text.as_str().trim();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => quoted(&format!("{}...", text.get(..end).unwrap_or_default())),
        None => quoted(text),
    }
}

/// The software of a party in backticks, or its role: "`openssh@9.2p1`", "the server".
pub(crate) fn software_or_role(software: Option<&Software>, role: Role) -> String {
    software.map_or_else(|| format!("the {role}"), |software| quoted(&software.to_string()))
}

/// A duration of a probe in seconds, without a needless fraction.
pub(crate) fn seconds(milliseconds: u64) -> String {
    match (milliseconds / 1000, milliseconds % 1000 / 100) {
        (whole, 0) => format!("{whole} s"),
        (whole, tenth) => format!("{whole}.{tenth} s"),
    }
}

/// The cause that a slot without agreement is.
pub(crate) fn cause_of(slot: Slot) -> &'static str {
    match slot {
        Slot::HostKey => "no-common-host-key-algorithm",
        Slot::CipherC2s | Slot::CipherS2c => "no-common-cipher",
        Slot::MacC2s | Slot::MacS2c => "no-common-mac",
        Slot::CompressionC2s | Slot::CompressionS2c => "no-common-compression",
        Slot::Version => "no-common-version",
        Slot::CipherSuite => "no-common-cipher",
        Slot::Group => "no-common-group",
        Slot::SignatureScheme => "no-common-signature-algorithm",
        _ => "no-common-kex",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_say_how_long() {
        let names: Vec<Name> = ["a", "b", "c", "d"].into_iter().map(Name::new).collect();
        assert_eq!(list(&names), "`a`, `b`, `c`, ... (4)");
        assert_eq!(list(&names[..2]), "`a`, `b`");
    }

    #[test]
    fn words_of_a_peer_are_cut_and_cannot_end_the_quotation() {
        let long = Name::new(&"x`".repeat(400));
        let text = words(&long);
        assert!(text.len() < 200 && text.matches('`').count() == 2, "{text}");
        assert_eq!(seconds(10_000), "10 s");
        assert_eq!(seconds(2_530), "2.5 s");
    }
}
