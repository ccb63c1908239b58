//! Whose configuration a text is, and of which version, by what stands in it.

use memchr::memmem;

use super::Vendor;

/// The vendor of a text; `None` where it is none of theirs, or where that is open.
pub fn recognise(text: &[u8]) -> Option<Vendor> {
    let start = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    let has = |word: &str| memmem::find(text, word.as_bytes()).is_some();
    match start.first()? {
        b'<' => {
            return if has("<pfsense>") {
                Some(Vendor::PfSense)
            } else if has("<opnsense>") {
                Some(Vendor::OpnSense)
            } else if has("<vpn_connection") && has("<ipsec_tunnel>") {
                Some(Vendor::AwsVpn)
            } else {
                (has("<ike-crypto-profiles>") || has("<ike>") && has("<gateway>")).then_some(Vendor::PanOs)
            };
        }
        b'{' | b'[' => {
            return if has("\"VpnConnections\"") || has("\"TunnelOptions\"") || has("\"VpnConnectionId\"") {
                Some(Vendor::AwsVpn)
            } else if has("\"compute#vpnTunnel\"") {
                Some(Vendor::GcpVpn)
            } else {
                (has("\"ikeEncryption\"") || has("\"ipsecPolicies\"")).then_some(Vendor::AzureVpn)
            };
        }
        _ => {}
    }
    // A byte of UTF-16 is no letter of these: PowerShell's own files are converted first.
    let lines = || text.split(|byte| *byte == b'\n').map(|line| line.trim_ascii_end());
    let begins = |words: &[&str]| lines().any(|line| words.iter().any(|word| line.starts_with(word.as_bytes())));
    let holds = |words: &[&str]| {
        lines().any(|line| {
            let line = line.trim_ascii_start();
            words.iter().any(|word| line.starts_with(word.as_bytes()))
        })
    };
    if begins(&["kind: compute#vpnTunnel"]) {
        return Some(Vendor::GcpVpn);
    }
    if holds(&["config vpn ipsec phase1", "config vpn ipsec phase2", "#config-version=FG"]) {
        return Some(Vendor::FortiOs);
    }
    if begins(&["/ip ipsec "]) {
        return Some(Vendor::RouterOs);
    }
    if begins(&["set security ike ", "set security ipsec "]) {
        return Some(Vendor::Junos);
    }
    if lines().any(|line| line.starts_with(b"set ") && is_panos(line)) {
        return Some(Vendor::PanOs);
    }
    if begins(&[
        "ASA Version",
        "tunnel-group ",
        "crypto ipsec ikev1 transform-set",
        "crypto ipsec ikev2 ipsec-proposal",
        "crypto ikev1 policy",
    ]) {
        return Some(Vendor::CiscoAsa);
    }
    let ios = [
        "crypto isakmp policy ",
        "crypto ikev2 proposal ",
        "crypto ikev2 profile ",
        "crypto ipsec transform-set ",
        "crypto isakmp key ",
    ];
    if begins(&ios) {
        return Some(Vendor::CiscoIos);
    }
    if begins(&["crypto ikev2 policy "]) {
        return Some(Vendor::CiscoAsa);
    }
    if holds(&["security {", "ike {"])
        && ["encryption-algorithm ", "proposal-set ", "ike-policy "]
            .iter()
            .any(|word| memchr::memmem::find(text, word.as_bytes()).is_some())
    {
        return Some(Vendor::Junos);
    }
    let windows = ["CipherTransformConstants", "IPSecCustomPolicy", "KeyExchange"];
    let is_list = |line: &[u8]| {
        windows.iter().any(|word| {
            let rest = line.trim_ascii_start().strip_prefix(word.as_bytes());
            rest.is_some_and(|rest| rest.trim_ascii_start().starts_with(b":"))
        })
    };
    lines().any(is_list).then_some(Vendor::WindowsVpn)
}

fn is_panos(line: &[u8]) -> bool {
    ["network ike crypto-profiles ", "network ike gateway ", "network tunnel ipsec "]
        .iter()
        .any(|words| memmem::find(line, words.as_bytes()).is_some())
}

/// The version that a text tells.
pub(super) fn version(vendor: Vendor, text: &[u8]) -> Option<String> {
    let behind = |words: &str| {
        let at = memmem::find(text, words.as_bytes())? + words.len();
        let rest = text.get(at..)?.trim_ascii_start();
        let length = rest.iter().position(|byte| !(byte.is_ascii_digit() || *byte == b'.')).unwrap_or(rest.len());
        let version = std::str::from_utf8(rest.get(..length)?).ok()?.trim_end_matches('.');
        version.starts_with(|letter: char| letter.is_ascii_digit()).then(|| version.to_owned())
    };
    match vendor {
        Vendor::CiscoIos => behind("\nversion "),
        Vendor::CiscoAsa => behind("ASA Version "),
        Vendor::FortiOs => {
            let line = text.split(|byte| *byte == b'\n').find(|line| line.starts_with(b"#config-version="))?;
            let line = std::str::from_utf8(line).ok()?;
            let version = line
                .split('-')
                .find(|part| part.starts_with(|letter: char| letter.is_ascii_digit()) && part.contains('.'))?;
            Some(version.to_owned())
        }
        Vendor::RouterOs => behind("RouterOS "),
        Vendor::Junos => behind("\nset version ").or_else(|| behind("\nversion ")),
        Vendor::PanOs => behind("<config version=\""),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_junos_may_stand_on_one_line() {
        let text = "security {\n ike {\n  gateway G { ike-policy P; address 192.0.2.1; }\n }\n}\n";
        assert_eq!(recognise(text.as_bytes()), Some(Vendor::Junos));
        assert_eq!(recognise(b"security {\n log { mode stream; }\n}\n"), None);
    }

    #[test]
    fn versions_are_where_each_product_writes_them() {
        let version = |vendor, text: &str| version(vendor, text.as_bytes());
        assert_eq!(version(Vendor::CiscoIos, "!\nversion 15.7\n").as_deref(), Some("15.7"));
        assert_eq!(
            version(Vendor::FortiOs, "#config-version=FGT60F-7.2.5-FW-build1517-230606:opmode=0\n").as_deref(),
            Some("7.2.5")
        );
        assert_eq!(version(Vendor::RouterOs, "# 2026-01-05 by RouterOS 7.14.2\n").as_deref(), Some("7.14.2"));
        assert_eq!(version(Vendor::CiscoAsa, ": Saved\nASA Version 9.16(4)\n").as_deref(), Some("9.16"));
        assert_eq!(version(Vendor::Junos, "\nversion 21.2R3.8;\n").as_deref(), Some("21.2"));
        assert_eq!(version(Vendor::CiscoIos, "no"), None);
    }

    #[test]
    fn what_is_no_gateways_is_left_alone() {
        for text in [
            "",
            "Host *\n  Ciphers aes128-ctr\n",
            "{\"role\": \"server\"}",
            "connections {\n}\n",
            "conn a\n",
            "<VirtualHost *>\n",
            "server {\n}\n",
            "key: 1\n",
        ] {
            assert_eq!(recognise(text.as_bytes()), None, "{text}");
        }
    }
}
