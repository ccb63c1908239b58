//! Numbers that stand in the code in base 16.

/// The bytes of such a number; what is no digit is passed over.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |value, &digit| value << 4 | digit as u8)).collect()
}
