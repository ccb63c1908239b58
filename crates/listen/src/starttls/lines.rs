//! Protocols of lines.

use super::{Dialogue, Step, take};

/// A protocol whose client sends one command a line.
pub(super) struct Protocol {
    greeting: &'static str,
    /// Whether commands follow a tag that the answer repeats.
    tagged: bool,
    /// The command, and what becomes of it. The first that the line begins with holds.
    commands: &'static [(&'static str, Answer)],
    /// What any other command is told.
    other: &'static str,
}

/// What a command is answered with. `TAG` stands for the client's tag.
enum Answer {
    Send(&'static str),
    Begin(&'static str),
    End(&'static str),
}

use Answer::{Begin, End, Send};

pub(super) static SMTP: Protocol = Protocol {
    greeting: "220 localhost ESMTP shakedown\r\n",
    tagged: false,
    commands: &[
        ("EHLO", Send("250-localhost\r\n250 STARTTLS\r\n")),
        ("HELO", Send("250 localhost\r\n")),
        ("STARTTLS", Begin("220 begin TLS\r\n")),
        ("NOOP", Send("250 fine\r\n")),
        ("RSET", Send("250 fine\r\n")),
        ("QUIT", End("221 until next time\r\n")),
    ],
    // RFC 3207 section 4.
    other: "530 Must issue a STARTTLS command first\r\n",
};

pub(super) static LMTP: Protocol = Protocol {
    greeting: "220 localhost LMTP shakedown\r\n",
    tagged: false,
    commands: &[
        ("LHLO", Send("250-localhost\r\n250 STARTTLS\r\n")),
        ("STARTTLS", Begin("220 begin TLS\r\n")),
        ("NOOP", Send("250 fine\r\n")),
        ("QUIT", End("221 until next time\r\n")),
    ],
    other: "530 Must issue a STARTTLS command first\r\n",
};

pub(super) static IMAP: Protocol = Protocol {
    greeting: "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] shakedown\r\n",
    tagged: true,
    commands: &[
        ("CAPABILITY", Send("* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\nTAG OK done\r\n")),
        ("STARTTLS", Begin("TAG OK begin TLS\r\n")),
        ("NOOP", Send("TAG OK done\r\n")),
        ("LOGOUT", End("* BYE until next time\r\nTAG OK done\r\n")),
    ],
    other: "TAG BAD STARTTLS comes first\r\n",
};

pub(super) static POP3: Protocol = Protocol {
    greeting: "+OK shakedown\r\n",
    tagged: false,
    commands: &[
        ("CAPA", Send("+OK\r\nSTLS\r\n.\r\n")),
        ("STLS", Begin("+OK begin TLS\r\n")),
        ("NOOP", Send("+OK\r\n")),
        ("QUIT", End("+OK until next time\r\n")),
    ],
    other: "-ERR STLS comes first\r\n",
};

pub(super) static FTP: Protocol = Protocol {
    greeting: "220 shakedown\r\n",
    tagged: false,
    commands: &[
        ("FEAT", Send("211-Features:\r\n AUTH TLS\r\n211 End\r\n")),
        ("AUTH TLS", Begin("234 begin TLS\r\n")),
        ("AUTH SSL", Begin("234 begin TLS\r\n")),
        ("NOOP", Send("200 fine\r\n")),
        ("QUIT", End("221 until next time\r\n")),
        // RFC 4217 section 4: another mechanism may be known.
        ("AUTH", Send("504 AUTH TLS is what there is\r\n")),
    ],
    other: "530 AUTH TLS comes first\r\n",
};

pub(super) static NNTP: Protocol = Protocol {
    greeting: "200 shakedown\r\n",
    tagged: false,
    commands: &[
        ("CAPABILITIES", Send("101 Capabilities:\r\nVERSION 2\r\nREADER\r\nSTARTTLS\r\n.\r\n")),
        ("MODE READER", Send("200 fine\r\n")),
        ("STARTTLS", Begin("382 begin TLS\r\n")),
        ("QUIT", End("205 until next time\r\n")),
    ],
    other: "483 STARTTLS comes first\r\n",
};

pub(super) static SIEVE: Protocol = Protocol {
    greeting: "\"IMPLEMENTATION\" \"shakedown\"\r\n\"SASL\" \"\"\r\n\"SIEVE\" \"\"\r\n\"STARTTLS\"\r\nOK\r\n",
    tagged: false,
    commands: &[
        ("CAPABILITY", Send("\"STARTTLS\"\r\nOK\r\n")),
        ("STARTTLS", Begin("OK\r\n")),
        ("NOOP", Send("OK\r\n")),
        ("LOGOUT", End("OK\r\n")),
    ],
    other: "NO \"STARTTLS comes first\"\r\n",
};

/// The server's side of a protocol of lines.
pub(super) struct Lines(&'static Protocol);

impl Lines {
    pub(super) fn new(protocol: &'static Protocol) -> Self {
        Self(protocol)
    }
}

impl Dialogue for Lines {
    fn greeting(&self) -> Vec<u8> {
        self.0.greeting.into()
    }

    fn step(&mut self, received: &mut Vec<u8>) -> Step {
        let Some(end) = received.iter().position(|&byte| byte == b'\n') else { return Step::Wait };
        let line = take(received, end + 1).unwrap_or_default();
        let line = String::from_utf8_lossy(line.trim_ascii());
        let (tag, command) = match line.split_once(' ') {
            Some((tag, command)) if self.0.tagged => (tag, command),
            _ => ("*", &*line),
        };
        let begins = |text: &str| command.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text));
        let answer = self.0.commands.iter().find(|(text, _)| begins(text)).map(|(_, answer)| answer);
        let text = |text: &str| text.replace("TAG", tag).into_bytes();
        match answer {
            Some(Send(words)) => Step::Send(text(words)),
            Some(Begin(words)) => Step::Begin(text(words)),
            Some(End(words)) => Step::End(text(words)),
            None => Step::Send(text(self.0.other)),
        }
    }
}
