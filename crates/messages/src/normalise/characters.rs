/// What stands for a character in plain text: `None` leaves it as it is.
pub(super) fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        // Blanks of all widths.
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => " ",
        // Nothing to see: joiners, direction marks, soft hyphens, byte order marks, variants of a symbol.
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' => "",
        '\u{85}' | '\u{2028}' | '\u{2029}' => "\n",
        '\u{80}'..='\u{9f}' => "",
        '‘' | '’' | '‚' | '‛' | '′' | '‵' | '´' | 'ʹ' | 'ʼ' | 'ˈ' | '‹' | '›' | '『' | '』' => {
            "'"
        }
        '“' | '”' | '„' | '‟' | '″' | '‶' | '«' | '»' => "\"",
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '⁃' | '﹘' | '﹣' | '─' | '━' | '═' => "-",
        '│' | '┃' | '║' | '┆' | '┊' | '╎' | '╏' | '∣' => "|",
        '┌'..='╋' | '╒'..='╰' => "+",
        '…' => "...",
        // Letters joined by whoever set the page.
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        // Full width letters. The punctuation stays: messages in Chinese and Japanese have it.
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => return full_width(character),
        _ => return None,
    })
}

/// The ASCII character whose full width form this is.
fn full_width(character: char) -> Option<&'static str> {
    const ASCII: &str =
        "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
    let index = (character as usize).checked_sub('！' as usize)?;
    ASCII.get(index..index + 1)
}

/// A byte of Windows code page 1252 that stands alone in text that is not UTF-8.
pub(super) fn windows_1252(byte: u8) -> Option<&'static str> {
    Some(match byte {
        0x82 | 0x91 | 0x92 | 0xb4 | 0x8b | 0x9b => "'",
        0x84 | 0x93 | 0x94 | 0xab | 0xbb => "\"",
        0x96 | 0x97 => "-",
        0x85 => "...",
        0xa0 => " ",
        _ => return None,
    })
}

/// Typographic characters in UTF-8 that somebody read as code page 1252 and wrote as UTF-8 again.
pub(super) const READ_TWICE: &[(&str, &str)] = &[
    ("â€™", "'"),
    ("â€˜", "'"),
    ("â€œ", "\""),
    ("â€\u{9d}", "\""),
    ("â€�", "\""),
    ("â€“", "-"),
    ("â€”", "-"),
    ("â€¦", "..."),
    ("â€‹", ""),
    ("Â\u{a0}", " "),
    ("ï»¿", ""),
];

/// The first character, if the bytes begin with one in UTF-8.
pub(super) fn first(bytes: &[u8]) -> Option<char> {
    let length = match bytes.first()? {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    std::str::from_utf8(bytes.get(..length)?).ok()?.chars().next()
}
