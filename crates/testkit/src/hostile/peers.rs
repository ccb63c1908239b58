use std::time::Duration;

use shakedown_model::{Ending, Fact, Phase, StrangeProtocol, Throttle};

use super::Step::{self, Close, Drip, Hold, Read, ReadLine, Reset, Send, SendForever};
use super::bytes::{disconnect, kexinit, kexinit_with, message, packet};

/// A server that misbehaves, and the fact by which it has to be known.
#[derive(Clone, Copy)]
pub struct HostilePeer {
    /// What it does, in a few words.
    pub name: &'static str,
    /// What it does, step by step.
    pub script: fn() -> Vec<Step>,
    /// Whether this is the fact that a probe has to report.
    pub expected: fn(&Fact) -> bool,
    /// Whether its KEXINIT can be read, so that its offer is known all the same.
    pub offers: bool,
}

const BANNER: &[u8] = b"SSH-2.0-Hostile\r\n";
/// One byte in that time is far too slow for any deadline of a test.
const PAUSE: Duration = Duration::from_millis(15);

fn banner() -> Step {
    Send(BANNER.to_vec())
}

fn send(payload: &[u8]) -> Step {
    Send(packet(payload))
}

/// All of them.
pub const PEERS: [HostilePeer; 38] = [
    HostilePeer {
        name: "silent",
        script: || vec![Hold],
        expected: |fact| ended(fact, Phase::Identification, is_silent),
        offers: false,
    },
    HostilePeer {
        name: "closes at once",
        script: || vec![ReadLine, Close],
        expected: |fact| ended(fact, Phase::Identification, is_closed),
        offers: false,
    },
    HostilePeer {
        name: "resets at once",
        script: || vec![Reset],
        expected: |fact| ended(fact, Phase::Identification, is_reset),
        offers: false,
    },
    HostilePeer {
        name: "identification, then silence",
        script: || vec![banner(), Hold],
        expected: |fact| ended(fact, Phase::Kexinit, is_silent),
        offers: false,
    },
    HostilePeer {
        name: "identification, then closes",
        script: || vec![banner(), ReadLine, Close],
        expected: |fact| ended(fact, Phase::Kexinit, is_closed),
        offers: false,
    },
    HostilePeer {
        name: "identification, then resets",
        script: || vec![banner(), Reset],
        expected: |fact| ended(fact, Phase::Kexinit, is_reset),
        offers: false,
    },
    HostilePeer {
        name: "part of an identification, then silence",
        script: || vec![Send(b"SSH-2.0-Host".to_vec()), Hold],
        expected: |fact| ended(fact, Phase::Identification, is_silent),
        offers: false,
    },
    HostilePeer {
        name: "identification one byte at a time",
        script: || vec![Drip(b"x".to_vec(), PAUSE)],
        expected: |fact| matches!(fact, Fact::TooSlow { phase: Phase::Identification, received, .. } if *received > 1),
        offers: false,
    },
    HostilePeer {
        name: "slow preamble lines without end",
        script: || vec![Drip(b"wait\r\n".to_vec(), PAUSE)],
        expected: |fact| matches!(fact, Fact::TooSlow { phase: Phase::Identification, .. }),
        offers: false,
    },
    HostilePeer {
        name: "packets one byte at a time",
        script: || vec![banner(), Drip(packet(&kexinit()), PAUSE)],
        expected: |fact| matches!(fact, Fact::TooSlow { phase: Phase::Kexinit, .. }),
        offers: false,
    },
    HostilePeer {
        name: "preamble lines without end",
        script: || vec![SendForever(b"welcome to this host\r\n".to_vec())],
        expected: |fact| matches!(fact, Fact::LimitReached { phase: Phase::Identification, .. }),
        offers: false,
    },
    HostilePeer {
        name: "a line without end",
        script: || vec![SendForever(vec![b'a'; 4096])],
        expected: |fact| matches!(fact, Fact::LimitReached { phase: Phase::Identification, .. }),
        offers: false,
    },
    HostilePeer {
        name: "random bytes without end",
        script: || vec![SendForever(noise(65_536))],
        expected: |fact| {
            matches!(fact, Fact::Malformed { .. } | Fact::LimitReached { .. } | Fact::OtherProtocol { .. })
        },
        offers: false,
    },
    HostilePeer {
        name: "zeros without end",
        script: || vec![SendForever(vec![0; 65_536])],
        expected: |fact| {
            matches!(fact, Fact::Malformed { .. } | Fact::LimitReached { .. } | Fact::OtherProtocol { .. })
        },
        offers: false,
    },
    HostilePeer {
        name: "a packet length of 4 GB",
        script: || vec![banner(), Send(b"\xff\xff\xff\xf0\x04\x14\x00\x00".to_vec()), Hold],
        expected: |fact| malformed_or_limit(fact, Phase::Kexinit),
        offers: false,
    },
    HostilePeer {
        name: "a packet length of zero",
        script: || vec![banner(), Send(vec![0; 16]), Hold],
        expected: |fact| malformed(fact, Phase::Kexinit),
        offers: false,
    },
    HostilePeer {
        name: "more padding than packet",
        script: || {
            vec![banner(), Send(b"\x00\x00\x00\x0c\xff\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00".to_vec()), Hold]
        },
        expected: |fact| malformed(fact, Phase::Kexinit),
        offers: false,
    },
    HostilePeer {
        name: "random bytes for packets",
        script: || vec![banner(), SendForever(noise(4096))],
        expected: |fact| malformed_or_limit(fact, Phase::Kexinit),
        offers: false,
    },
    HostilePeer {
        name: "a KEXINIT that ends within a list",
        script: || vec![banner(), send(kexinit().get(..40).unwrap_or_default()), Hold],
        expected: |fact| malformed(fact, Phase::Kexinit),
        offers: false,
    },
    HostilePeer {
        name: "a KEXINIT with a list of 4 GB",
        script: || {
            let mut payload = kexinit();
            payload.splice(17..21, [0xff, 0xff, 0xff, 0xff]);
            vec![banner(), send(&payload), Hold]
        },
        expected: |fact| malformed(fact, Phase::Kexinit),
        offers: false,
    },
    HostilePeer {
        name: "a packet that never ends",
        script: || vec![banner(), Send(packet(&kexinit()).get(..100).unwrap_or_default().to_vec()), Hold],
        expected: |fact| ended(fact, Phase::Kexinit, is_silent),
        offers: false,
    },
    HostilePeer {
        name: "IGNORE without end",
        script: || vec![banner(), SendForever(packet(&message(2, &[b"nothing"])))],
        expected: |fact| matches!(fact, Fact::LimitReached { phase: Phase::Kexinit, .. }),
        offers: false,
    },
    HostilePeer {
        name: "IGNORE and DEBUG before KEXINIT, which is legal, then silence",
        script: || {
            let debug = [4, 0, 0, 0, 0, 2, b'h', b'i', 0, 0, 0, 0];
            vec![banner(), send(&message(2, &[b""])), send(&debug), send(&kexinit()), Hold]
        },
        expected: |fact| ended(fact, Phase::KeyExchange, is_silent),
        offers: true,
    },
    HostilePeer {
        name: "DISCONNECT with a text",
        script: || vec![banner(), send(&disconnect(2, b"go \x1b[31maway")), Close],
        expected: |fact| matches!(fact, Fact::Disconnected { phase: Phase::Kexinit, code: 2, text } if *text == "go \\x1b[31maway"),
        offers: false,
    },
    HostilePeer {
        name: "KEXINIT, then closes",
        script: || vec![banner(), send(&kexinit()), Read(60), Close],
        expected: |fact| ended(fact, Phase::KeyExchange, is_closed),
        offers: true,
    },
    HostilePeer {
        name: "KEXINIT, then resets",
        script: || vec![banner(), ReadLine, send(&kexinit()), Reset],
        expected: |fact| ended(fact, Phase::KeyExchange, is_reset),
        offers: true,
    },
    HostilePeer {
        name: "KEXINIT, then silence",
        script: || vec![banner(), send(&kexinit()), Hold],
        expected: |fact| ended(fact, Phase::KeyExchange, is_silent),
        offers: true,
    },
    HostilePeer {
        name: "KEXINIT, then a reply of random bytes",
        script: || vec![banner(), send(&kexinit()), send(&message(31, &[&noise(51), &noise(32), &noise(83)])), Hold],
        expected: |fact| matches!(fact, Fact::WrongSignature { .. }) || ended(fact, Phase::KeyExchange, is_silent),
        offers: true,
    },
    HostilePeer {
        name: "KEXINIT, then a public value of zeros",
        script: || vec![banner(), send(&kexinit()), send(&message(31, &[&noise(51), &[0; 32], &noise(83)])), Hold],
        expected: |fact| malformed(fact, Phase::KeyExchange),
        offers: true,
    },
    HostilePeer {
        name: "KEXINIT over and over",
        script: || vec![banner(), SendForever(packet(&kexinit()))],
        expected: |fact| malformed_or_limit(fact, Phase::KeyExchange),
        offers: true,
    },
    HostilePeer {
        name: "a KEXINIT of empty lists",
        script: || vec![banner(), send(&kexinit_with([""; 10])), Hold],
        expected: |fact| matches!(fact, Fact::Identification { .. }),
        offers: true,
    },
    HostilePeer {
        name: "protocol 1 only",
        script: || vec![Send(b"SSH-1.5-Cisco-1.25\n".to_vec()), Hold],
        expected: |fact| matches!(fact, Fact::SshOneOnly { .. }),
        offers: false,
    },
    HostilePeer {
        name: "throttled by MaxStartups",
        script: || vec![Send(b"Exceeded MaxStartups\r\n".to_vec()), Close],
        expected: |fact| matches!(fact, Fact::Throttled { throttle: Throttle::MaxStartups, .. }),
        offers: false,
    },
    HostilePeer {
        name: "not allowed at this time",
        script: || vec![Send(b"Not allowed at this time\r\n".to_vec()), Close],
        expected: |fact| matches!(fact, Fact::Throttled { throttle: Throttle::NotAllowedAtThisTime, .. }),
        offers: false,
    },
    HostilePeer {
        name: "a web server",
        script: || vec![ReadLine, Send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec()), Close],
        expected: |fact| other(fact, StrangeProtocol::Http),
        offers: false,
    },
    HostilePeer {
        name: "a TLS server",
        script: || vec![ReadLine, Send(b"\x15\x03\x01\x00\x02\x02\x0a".to_vec()), Close],
        expected: |fact| other(fact, StrangeProtocol::Tls),
        offers: false,
    },
    HostilePeer {
        name: "a mail server",
        script: || vec![Send(b"220 mail.example ESMTP ready\r\n".to_vec()), Hold],
        expected: |fact| other(fact, StrangeProtocol::Smtp),
        offers: false,
    },
    HostilePeer {
        name: "a Remote Desktop server",
        script: || {
            vec![
                ReadLine,
                Send(b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x0f\x08\x00\x02\x00\x00\x00".to_vec()),
                Close,
            ]
        },
        expected: |fact| other(fact, StrangeProtocol::Rdp),
        offers: false,
    },
];

fn ended(fact: &Fact, at: Phase, how: fn(&Ending) -> bool) -> bool {
    matches!(fact, Fact::Ended { phase, ending, .. } if *phase == at && how(ending))
}

fn is_silent(ending: &Ending) -> bool {
    matches!(ending, Ending::Silent { .. })
}

fn is_closed(ending: &Ending) -> bool {
    *ending == Ending::Closed
}

fn is_reset(ending: &Ending) -> bool {
    *ending == Ending::Reset
}

fn malformed(fact: &Fact, at: Phase) -> bool {
    matches!(fact, Fact::Malformed { phase, .. } if *phase == at)
}

fn malformed_or_limit(fact: &Fact, at: Phase) -> bool {
    malformed(fact, at) || matches!(fact, Fact::LimitReached { phase, .. } if *phase == at)
}

fn other(fact: &Fact, expected: StrangeProtocol) -> bool {
    matches!(fact, Fact::OtherProtocol { protocol, .. } if *protocol == expected)
}

/// Bytes without order, the same each time.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..count).map(|_| next()).collect()
}
