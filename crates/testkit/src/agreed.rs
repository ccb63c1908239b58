/// What two programs agreed on, as one of them says it; `None` where it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// Key exchange method.
    pub kex: Option<String>,
    /// Host key algorithm.
    pub host_key: Option<String>,
    /// Cipher, client to server.
    pub cipher_c2s: Option<String>,
    /// Cipher, server to client.
    pub cipher_s2c: Option<String>,
    /// MAC, client to server; `None` also beside an AEAD cipher.
    pub mac_c2s: Option<String>,
    /// MAC, server to client; `None` also beside an AEAD cipher.
    pub mac_s2c: Option<String>,
    /// Compression, client to server.
    pub compression_c2s: Option<String>,
    /// Compression, server to client.
    pub compression_s2c: Option<String>,
}

impl Agreed {
    /// Reads the last exchange that OpenSSH's client or server logged with `-v` or `LogLevel DEBUG`.
    pub fn from_openssh_log(log: &str) -> Self {
        let mut agreed = Self::default();
        for line in log.lines() {
            let Some((_, rest)) = line.split_once("debug1: kex: ") else { continue };
            let rest = rest.trim_end().trim_end_matches(" [preauth]");
            if let Some(name) = rest.strip_prefix("algorithm: ") {
                agreed = Self { kex: Some(name.to_owned()), ..Self::default() };
            } else if let Some(name) = rest.strip_prefix("host key algorithm: ") {
                agreed.host_key = Some(name.to_owned());
            } else if let Some(rest) = rest.strip_prefix("client->server ") {
                (agreed.cipher_c2s, agreed.mac_c2s, agreed.compression_c2s) = direction(rest);
            } else if let Some(rest) = rest.strip_prefix("server->client ") {
                (agreed.cipher_s2c, agreed.mac_s2c, agreed.compression_s2c) = direction(rest);
            }
        }
        agreed
    }

    /// Reads a line `agreed NAME=VALUE ...` as the scripts of this crate print it.
    pub(crate) fn from_script(output: &str) -> Self {
        let mut agreed = Self::default();
        let Some(line) = output.lines().rev().find_map(|line| line.strip_prefix("agreed ")) else { return agreed };
        for (name, value) in line.split_whitespace().filter_map(|word| word.split_once('=')) {
            let value = (value != "-").then(|| value.to_owned());
            match name {
                "kex" => agreed.kex = value,
                "host_key" => agreed.host_key = value,
                "cipher_c2s" => agreed.cipher_c2s = value,
                "cipher_s2c" => agreed.cipher_s2c = value,
                "mac_c2s" => agreed.mac_c2s = value,
                "mac_s2c" => agreed.mac_s2c = value,
                "compression_c2s" => agreed.compression_c2s = value,
                "compression_s2c" => agreed.compression_s2c = value,
                _ => {}
            }
        }
        agreed
    }
}

/// `cipher: X MAC: Y compression: Z`.
fn direction(text: &str) -> (Option<String>, Option<String>, Option<String>) {
    let value = |label: &str| {
        let (_, rest) = text.split_once(label)?;
        rest.split_whitespace().next().map(str::to_owned)
    };
    (value("cipher: "), value("MAC: ").filter(|mac| mac != "<implicit>"), value("compression: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_last_exchange_of_a_log() {
        let log = "debug1: kex: algorithm: first\r\n\
                   debug1: kex: algorithm: ecdh-sha2-nistp256 [preauth]\n\
                   debug1: kex: host key algorithm: rsa-sha2-512 [preauth]\n\
                   debug1: kex: client->server cipher: aes128-gcm@openssh.com MAC: <implicit> compression: none [preauth]\n\
                   debug1: kex: server->client cipher: aes256-ctr MAC: hmac-sha1 compression: zlib@openssh.com\n";
        let agreed = Agreed::from_openssh_log(log);
        assert_eq!(agreed.kex.as_deref(), Some("ecdh-sha2-nistp256"));
        assert_eq!(agreed.host_key.as_deref(), Some("rsa-sha2-512"));
        assert_eq!(agreed.cipher_c2s.as_deref(), Some("aes128-gcm@openssh.com"));
        assert_eq!(agreed.mac_c2s, None);
        assert_eq!(agreed.mac_s2c.as_deref(), Some("hmac-sha1"));
        assert_eq!(agreed.compression_s2c.as_deref(), Some("zlib@openssh.com"));
    }
}
