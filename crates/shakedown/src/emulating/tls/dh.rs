//! The parameters of DHE that a configuration names: PKCS #3, or X9.42, which begins alike.

use shakedown_config::Files;
use shakedown_config::files::FILE_LIMIT;

/// Prime and generator of a file in PEM, most significant byte first; `None` where it holds none.
pub(super) fn read(files: &dyn Files, path: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let file = files.read(path, FILE_LIMIT).ok()?;
    let text = std::str::from_utf8(&file).ok()?;
    let labels = ["-----BEGIN DH PARAMETERS-----", "-----BEGIN X9.42 DH PARAMETERS-----"];
    let (_, after) = labels.iter().find_map(|label| text.split_once(label))?;
    let (body, _) = after.split_once("-----END")?;
    let der = shakedown_crypto::decode_base64(body.split_whitespace().collect::<String>().as_bytes()).ok()?;
    let (0x30, sequence, _) = element(&der)? else { return None };
    let (0x02, prime, rest) = element(sequence)? else { return None };
    let (0x02, generator, _) = element(rest)? else { return None };
    Some((number(prime), number(generator)))
}

fn number(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().skip_while(|byte| *byte == 0).collect()
}

/// Tag and contents of the first element of DER, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..0x80 => (usize::from(length), rest),
        _ => {
            let (bytes, rest) =
                rest.split_at_checked(usize::from(length & 0x7f)).filter(|(bytes, _)| bytes.len() <= 4)?;
            (bytes.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
    };
    let (contents, after) = rest.split_at_checked(length)?;
    Some((tag, contents, after))
}

#[cfg(test)]
mod tests {
    use shakedown_config::Memory;

    use super::*;

    #[test]
    fn prime_and_generator_are_read() {
        // The prime 0xfb and the generator 2; then without the generator.
        let whole = "-----BEGIN DH PARAMETERS-----\nMAcCAgD7AgEC\n-----END DH PARAMETERS-----\n";
        let cut = "-----BEGIN DH PARAMETERS-----\nMAQCAgD7\n-----END DH PARAMETERS-----\n";
        let files = Memory::new().with("/dh", whole).with("/cut", cut).with("/none", "x");
        assert_eq!(read(&files, "/dh"), Some((vec![0xfb], vec![2])));
        for path in ["/cut", "/none", "/absent"] {
            assert_eq!(read(&files, path), None, "{path}");
        }
    }
}
