use super::dialogue::{Buffer, Dialogue, Refusal, Step, reply_code};

/// FTP: greeting, AUTH TLS (RFC 4217 section 4).
#[derive(Default)]
pub(super) struct Ftp {
    asked: bool,
}

impl Dialogue for Ftp {
    fn step(&mut self, received: &mut Buffer) -> Step {
        while let Some(line) = received.line() {
            let Some((code, more)) = reply_code(&line) else {
                // Lines between the first and the last of a reply may be anything, RFC 959 section 4.2.
                if self.asked || line.first() == Some(&b' ') {
                    continue;
                }
                return Refusal::other(&line);
            };
            if more {
                continue;
            }
            match (self.asked, code) {
                // 120: ready in some minutes.
                (false, 120) => {}
                (false, 220) => {
                    self.asked = true;
                    return Step::line("AUTH TLS");
                }
                // 334 belongs to the security mechanisms of RFC 2228.
                (true, 234 | 334) => return Step::Begin,
                (true, 500 | 502 | 504 | 530 | 534) => return Refusal::not_offered(&line),
                _ => return Refusal::refused(&line),
            }
        }
        Step::Wait
    }
}
