//! SSH packets of a plain form, written without the codecs that the tests are about.

/// An unencrypted binary packet, RFC 4253 section 6.
pub fn packet(payload: &[u8]) -> Vec<u8> {
    let mut padding = 8 - (5 + payload.len()) % 8;
    if padding < 4 {
        padding += 8;
    }
    let mut packet = (1 + payload.len() as u32 + padding as u32).to_be_bytes().to_vec();
    packet.push(padding as u8);
    packet.extend_from_slice(payload);
    packet.resize(packet.len() + padding, 0);
    packet
}

/// The payload of a KEXINIT with these ten name-lists, RFC 4253 section 7.1.
pub fn kexinit_with(lists: [&str; 10]) -> Vec<u8> {
    let mut payload = vec![20];
    payload.extend([0x5a; 16]);
    for list in lists {
        payload.extend((list.len() as u32).to_be_bytes());
        payload.extend(list.as_bytes());
    }
    payload.extend([0; 5]);
    payload
}

/// The payload of an ordinary server's KEXINIT.
pub fn kexinit() -> Vec<u8> {
    kexinit_with([
        "curve25519-sha256,diffie-hellman-group14-sha256",
        "ssh-ed25519,rsa-sha2-256",
        "aes128-ctr,aes256-ctr",
        "aes128-ctr,aes256-ctr",
        "hmac-sha2-256",
        "hmac-sha2-256",
        "none",
        "none",
        "",
        "",
    ])
}

/// The payload of SSH_MSG_DISCONNECT.
pub(super) fn disconnect(code: u32, text: &[u8]) -> Vec<u8> {
    let mut payload = vec![1];
    payload.extend(code.to_be_bytes());
    payload.extend((text.len() as u32).to_be_bytes());
    payload.extend(text);
    payload.extend([0; 4]);
    payload
}

/// A payload of a message number and strings.
pub(super) fn message(number: u8, strings: &[&[u8]]) -> Vec<u8> {
    let mut payload = vec![number];
    for string in strings {
        payload.extend((string.len() as u32).to_be_bytes());
        payload.extend(*string);
    }
    payload
}
