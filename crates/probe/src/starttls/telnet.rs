use super::dialogue::{Buffer, Dialogue, Refusal, Step};

/// Commands of RFC 854 section "TELNET commands", and option 46 of draft-altman-telnet-starttls.
const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;
const START_TLS: u8 = 46;
const FOLLOWS: u8 = 1;

/// Telnet: the option START_TLS, each end saying FOLLOWS.
#[derive(Default)]
pub(super) struct Telnet {
    asked: bool,
    sent_follows: bool,
}

impl Dialogue for Telnet {
    fn step(&mut self, received: &mut Buffer) -> Step {
        if !self.asked {
            self.asked = true;
            return Step::Send(vec![IAC, WILL, START_TLS]);
        }
        loop {
            let (count, step) = match *received.bytes() {
                [IAC, SB, START_TLS, FOLLOWS, IAC, SE, ..] => (6, Some(Step::Begin)),
                [IAC, SB, ..] => {
                    let end = received.bytes().windows(2).position(|pair| pair == [IAC, SE]);
                    let Some(end) = end else { return Step::Wait };
                    (end + 2, None)
                }
                [IAC, DO, START_TLS, ..] if !self.sent_follows => {
                    self.sent_follows = true;
                    (3, Some(Step::Send(vec![IAC, SB, START_TLS, FOLLOWS, IAC, SE])))
                }
                [IAC, DONT, START_TLS, ..] => (3, Some(Refusal::not_offered(b"IAC DONT START_TLS"))),
                // Every other option is declined: nothing but TLS is wanted.
                [IAC, DO, option, ..] => (3, Some(Step::Send(vec![IAC, WONT, option]))),
                [IAC, WILL, option, ..] => (3, Some(Step::Send(vec![IAC, DONT, option]))),
                [IAC, WONT | DONT, _, ..] => (3, None),
                [IAC, command, ..] if command < SB => (2, None),
                [IAC, ..] | [] => return Step::Wait,
                [_, ..] => {
                    // Text before the options are settled: a banner or a login prompt.
                    let text = received.bytes().iter().take_while(|&&byte| byte != IAC).count();
                    (text, None)
                }
            };
            received.take(count);
            if let Some(step) = step {
                return step;
            }
        }
    }
}
