//! The one page that an emulated server has, in HTTP/1 and HTTP/2.

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME_HEADER: usize = 9;

/// Types and flags of HTTP/2's frames, RFC 9113 section 6.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The answer to what the client has said so far, which ends the connection; `None` while no whole request has come.
pub(super) fn answer(said: &[u8], text: &str) -> Option<Vec<u8>> {
    if PREFACE.starts_with(said) {
        return None;
    }
    match said.strip_prefix(PREFACE) {
        Some(frames) => http2(frames, text),
        None => http1(said, text),
    }
}

fn http1(said: &[u8], text: &str) -> Option<Vec<u8>> {
    let ended = |end: &[u8]| said.windows(end.len()).any(|part| part == end);
    if !ended(b"\r\n\r\n") && !ended(b"\n\n") {
        return None;
    }
    let body = if said.starts_with(b"HEAD ") { "" } else { text };
    Some(
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            text.len()
        )
        .into_bytes(),
    )
}

/// RFC 9113: settings, then a response on the stream of the first request.
fn http2(mut frames: &[u8], text: &str) -> Option<Vec<u8>> {
    loop {
        let (header, rest) = frames.split_at_checked(FRAME_HEADER)?;
        let [l0, l1, l2, kind, _, s0, s1, s2, s3] = *header else { return None };
        let length = u32::from_be_bytes([0, l0, l1, l2]);
        let (_, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        if kind == HEADERS {
            let stream = [s0, s1, s2, s3];
            // `:status: 200` of the static table, RFC 7541 appendix A.
            let parts = [
                frame(SETTINGS, 0, [0; 4], &[]),
                frame(SETTINGS, ACK, [0; 4], &[]),
                frame(HEADERS, END_HEADERS, stream, &[0x88]),
                frame(DATA, END_STREAM, stream, text.as_bytes()),
                frame(GOAWAY, 0, [0; 4], &[&stream[..], &[0; 4]].concat()),
            ];
            return Some(parts.concat());
        }
        frames = after;
    }
}

fn frame(kind: u8, flags: u8, stream: [u8; 4], content: &[u8]) -> Vec<u8> {
    let [_, l0, l1, l2] = u32::try_from(content.len()).unwrap_or_default().to_be_bytes();
    [&[l0, l1, l2, kind, flags], &stream[..], content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_answered_once_it_is_whole() {
        assert_eq!(answer(b"GET / HTTP/1.1\r\nHost: a\r\n", "x"), None);
        let whole = answer(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "text").unwrap();
        assert!(whole.starts_with(b"HTTP/1.1 200 OK\r\n") && whole.ends_with(b"\r\n\r\ntext"));
        let head = answer(b"HEAD / HTTP/1.1\r\n\r\n", "text").unwrap();
        assert!(head.ends_with(b"close\r\n\r\n"));
        let settings = frame(SETTINGS, 0, [0; 4], &[]);
        let request = frame(HEADERS, END_HEADERS | END_STREAM, [0, 0, 0, 1], &[0x82]);
        let all = [PREFACE, &settings, &request].concat();
        for length in 0..all.len() {
            assert_eq!(answer(&all[..length], "text"), None);
        }
        assert!(answer(&all, "text").is_some());
        assert_eq!(answer(&[PREFACE, &[0xff; 20]].concat(), "text"), None);
    }
}
