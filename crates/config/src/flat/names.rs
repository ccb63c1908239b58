//! Names of cipher suites as OpenVPN writes them: IANA's, with dashes (`tls_cipher_name_translation_table` of `ssl.c`).

use crate::value::Value;

/// The list as its library reads it.
pub(super) fn openssl_names(value: &Value) -> Value {
    let words = value.as_str().split(':').map(openssl_name);
    Value::unwritten(words.collect::<Vec<_>>().join(":"), value.origin().clone())
}

fn openssl_name(word: &str) -> String {
    let Some(rest) = word.strip_prefix("TLS-").filter(|rest| rest.contains("-WITH-")) else { return word.to_owned() };
    let mut rest = rest.replace("-WITH-", "-");
    for (iana, openssl) in [
        ("AES-128", "AES128"),
        ("AES-256", "AES256"),
        ("CAMELLIA-128", "CAMELLIA128"),
        ("CAMELLIA-256", "CAMELLIA256"),
        ("AES128-CBC-", "AES128-"),
        ("AES256-CBC-", "AES256-"),
        ("CAMELLIA128-CBC-", "CAMELLIA128-"),
        ("CAMELLIA256-CBC-", "CAMELLIA256-"),
        ("3DES-EDE-CBC", "DES-CBC3"),
        ("CHACHA20-POLY1305-SHA256", "CHACHA20-POLY1305"),
    ] {
        rest = rest.replace(iana, openssl);
    }
    rest.strip_prefix("RSA-").map(str::to_owned).unwrap_or(rest)
}

/// A suite's name as OpenVPN wants it; any other word of a cipher string as it is.
pub(crate) fn openvpn_name(word: &str) -> String {
    let exchanges = ["ECDHE-ECDSA-", "ECDHE-RSA-", "DHE-RSA-", "DHE-DSS-"];
    let exchange = exchanges.iter().find(|exchange| word.starts_with(**exchange));
    let rest = exchange.and_then(|exchange| word.strip_prefix(exchange)).unwrap_or(word);
    let exchange = exchange.map_or("RSA", |exchange| exchange.trim_end_matches('-'));
    let mut name = format!("TLS-{exchange}-WITH-{rest}");
    if name.ends_with("CHACHA20-POLY1305") {
        name.push_str("-SHA256");
    }
    for cipher in ["AES", "CAMELLIA"] {
        for bits in ["128", "256"] {
            let short = format!("{cipher}{bits}-");
            if let Some((before, after)) = name.split_once(&short) {
                let mode = if after.starts_with("SHA") { "CBC-" } else { "" };
                name = format!("{before}{cipher}-{bits}-{mode}{after}");
            }
        }
    }
    name = name.replace("DES-CBC3", "3DES-EDE-CBC");
    // Only what is read again as the same suite.
    let is_suite = name.len() > word.len() && word.contains('-') && !word.contains(['!', '+', '@', '=']);
    if is_suite && openssl_name(&name) == word { name } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_there_and_back() {
        for (openssl, iana) in [
            ("AES128-SHA", "TLS-RSA-WITH-AES-128-CBC-SHA"),
            ("AES256-GCM-SHA384", "TLS-RSA-WITH-AES-256-GCM-SHA384"),
            ("DES-CBC3-SHA", "TLS-RSA-WITH-3DES-EDE-CBC-SHA"),
            ("ECDHE-ECDSA-CHACHA20-POLY1305", "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256"),
            ("DHE-RSA-CAMELLIA128-SHA256", "TLS-DHE-RSA-WITH-CAMELLIA-128-CBC-SHA256"),
            ("ECDHE-RSA-AES256-SHA384", "TLS-ECDHE-RSA-WITH-AES-256-CBC-SHA384"),
        ] {
            assert_eq!((openvpn_name(openssl).as_str(), openssl_name(iana).as_str()), (iana, openssl));
        }
        for word in ["DEFAULT", "!aNULL", "@SECLEVEL=0", "HIGH", "ECDHE+AESGCM", "AES256", "!AES128-SHA"] {
            assert_eq!(openvpn_name(word), word);
        }
    }
}
