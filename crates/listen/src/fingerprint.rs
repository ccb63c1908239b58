//! Short names of offers that others count by: HASSH for SSH, JA4 for TLS.

use shakedown_crypto::Hash;
use shakedown_model::ssh::SshOffer;
use shakedown_model::{Item, Known};
use shakedown_wire::tls::number::{extension as x, is_grease, version};
use shakedown_wire::tls::{ClientHello, View};

/// HASSH of a client's KEXINIT: MD5 of the key exchange methods, ciphers, MACs and compression of the direction to the
/// server, each list joined by commas and the lists by semicolons (salesforce/hassh, `README.md`). `None` where a list is
/// not known whole.
pub fn hassh(offer: &SshOffer) -> Option<String> {
    let joined = |list: &Known<Vec<Item>>| -> Option<Vec<u8>> {
        let names: Vec<Vec<u8>> = list.complete()?.iter().map(|item| item.name.to_bytes()).collect();
        Some(names.join(&b','))
    };
    let lists = [&offer.kex, &offer.cipher_c2s, &offer.mac_c2s, &offer.compression_c2s];
    let lists: Option<Vec<Vec<u8>>> = lists.into_iter().map(joined).collect();
    Some(hex(&Hash::Md5.digest(&[&lists?.join(&b';')])))
}

/// JA4 of a ClientHello over TCP (FoxIO-LLC/ja4, `technical_details/JA4.md`): version, whether a name is sent, how many
/// suites and extensions, the first application protocol; a digest of the sorted suites; one of the sorted extensions with
/// the signature algorithms in order. GREASE counts nowhere.
pub fn ja4(hello: &ClientHello) -> String {
    let real = |numbers: &[u16]| -> Vec<u16> { numbers.iter().copied().filter(|number| !is_grease(*number)).collect() };
    let view = |number: u16| hello.view(number).and_then(Result::ok);
    let highest = match hello.supported_versions() {
        Some(versions) => real(&versions).into_iter().max().unwrap_or(hello.version),
        None => hello.version,
    };
    let version = match highest {
        version::TLS13 => "13",
        version::TLS12 => "12",
        version::TLS11 => "11",
        version::TLS10 => "10",
        version::SSL3 => "s3",
        _ => "00",
    };
    let numbers: Vec<u16> = hello.extensions().iter().map(|extension| extension.number).collect();
    let mut extensions = real(&numbers);
    let name = if extensions.contains(&x::SERVER_NAME) { 'd' } else { 'i' };
    let mut suites = real(&hello.cipher_suites);
    let protocol = match view(x::ALPN) {
        Some(View::Protocols(names)) => names.first().map(|name| ends(name)),
        _ => None,
    };
    let count = |list: &[u16]| list.len().min(99);
    let head = format!(
        "t{version}{name}{:02}{:02}{}",
        count(&suites),
        count(&extensions),
        protocol.unwrap_or_else(|| "00".to_owned())
    );
    suites.sort_unstable();
    extensions.retain(|number| !matches!(*number, x::SERVER_NAME | x::ALPN));
    extensions.sort_unstable();
    let schemes = match view(x::SIGNATURE_ALGORITHMS) {
        Some(View::SignatureAlgorithms(schemes)) => real(&schemes),
        _ => Vec::new(),
    };
    let mut second = listed(&extensions);
    if !schemes.is_empty() {
        second = format!("{second}_{}", listed(&schemes));
    }
    let second = if extensions.is_empty() { NOTHING.to_owned() } else { short(&second) };
    let first = if suites.is_empty() { NOTHING.to_owned() } else { short(&listed(&suites)) };
    format!("{head}_{first}_{second}")
}

/// Stands for the digest of no numbers.
const NOTHING: &str = "000000000000";

fn listed(numbers: &[u16]) -> String {
    let texts: Vec<String> = numbers.iter().map(|number| format!("{number:04x}")).collect();
    texts.join(",")
}

/// The first twelve digits of SHA-256.
fn short(text: &str) -> String {
    hex(&Hash::Sha256.digest(&[text.as_bytes()])).chars().take(12).collect()
}

/// The first and the last character; of names that do not begin and end with a letter or digit the first and the last
/// digit of their bytes in hexadecimal.
fn ends(name: &[u8]) -> String {
    let (Some(first), Some(last)) = (name.first(), name.last()) else { return "00".to_owned() };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [char::from(*first), char::from(*last)].into_iter().collect();
    }
    let digits = hex(name);
    digits.chars().take(1).chain(digits.chars().last()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use shakedown_model::items;
    use shakedown_wire::tls::{Extension, Extensions};

    use super::*;

    /// The example of JA4's own description, a hello of Chrome.
    #[test]
    fn ja4_of_the_published_example() {
        let suites = [
            0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
            0x009d, 0x002f, 0x0035,
        ];
        let schemes = vec![0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
        let plain = |number: u16| Extension { number, data: vec![0] };
        let extensions = vec![
            plain(0x1a1a),
            plain(0x001b),
            Extension::new(0, &View::ServerNames(vec![(0, b"a.example".to_vec())])),
            plain(0x0033),
            Extension::new(0x0010, &View::Protocols(vec![b"h2".to_vec(), b"http/1.1".to_vec()])),
            plain(0x4469),
            plain(0x0017),
            plain(0x002d),
            Extension::new(0x000d, &View::SignatureAlgorithms(schemes)),
            plain(0x0005),
            plain(0x0023),
            plain(0x0012),
            Extension::new(0x002b, &View::SupportedVersions(vec![0x2a2a, 0x0304, 0x0303])),
            plain(0xff01),
            plain(0x000b),
            plain(0x000a),
            plain(0x0015),
        ];
        let hello = ClientHello {
            cipher_suites: suites.to_vec(),
            extensions: Some(Extensions(extensions)),
            ..ClientHello::default()
        };
        assert_eq!(ja4(&hello), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    #[test]
    fn ja4_of_little() {
        assert_eq!(ja4(&ClientHello::default()), "t12i000000_000000000000_000000000000");
        assert_eq!((ends(b"h2"), ends(b"\xabx\x0c"), ends(b"")), ("h2".into(), "ac".into(), "00".into()));
    }

    #[test]
    fn hassh_needs_all_lists() {
        let list = |names: &[&str]| Known::Complete(items(names.iter().copied()));
        let mut offer = SshOffer {
            kex: list(&["a", "b"]),
            cipher_c2s: list(&["c"]),
            mac_c2s: list(&["d", "e"]),
            compression_c2s: list(&["none"]),
            ..SshOffer::default()
        };
        // echo -n 'a,b;c;d,e;none' | md5sum
        assert_eq!(hassh(&offer).as_deref(), Some("5805a76b71c8a195f51057e2106e790a"));
        offer.mac_c2s = Known::Unknown;
        assert_eq!(hassh(&offer), None);
    }
}
