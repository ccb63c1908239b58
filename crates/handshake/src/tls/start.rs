//! What is spoken before TLS on protocols that begin in plain text, watched from outside: where TLS begins, and why it does
//! not.

use shakedown_model::tls::StartTls;
use shakedown_model::{Name, Role};
use shakedown_wire::tls::Opening;

/// What was seen of the part before TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartSeen {
    /// Whether the server announced that TLS can be begun; `None` where it was not asked, or the protocol has no such word.
    pub offered: Option<bool>,
    /// Whether the client asked for TLS.
    pub asked: bool,
    /// Whether the client began TLS with its very first byte.
    pub direct: bool,
    /// The server's last words in plain text, cut to some length: after [`Self::asked`] its answer.
    pub words: Option<Name>,
    /// Whether the server answered that TLS may begin; `None` where it has not answered, or by words that are not known.
    pub agreed: Option<bool>,
    /// Whether the client's TLS began.
    pub begun: bool,
    /// Whether more was said in plain text than is read: no TLS is looked for any more.
    pub plain: bool,
}

/// The most that is read in plain text of each end, in bytes.
const MOST: usize = 64 * 1024;
/// As much of a server's words as is kept.
const KEPT: usize = 200;

/// Follows both directions up to TLS.
pub(super) struct Start {
    kind: StartTls,
    client: Direction,
    server: Direction,
    seen: StartSeen,
    /// Whether the client has asked what there is.
    inquired: bool,
    /// Whether the client asked for TLS before the server had said a word.
    blind: bool,
    /// IMAP: the tag of the client's question, which the answer bears.
    tag: Vec<u8>,
}

#[derive(Default)]
struct Direction {
    buffer: Vec<u8>,
    /// All that came in plain text.
    total: usize,
    /// Whether a whole unit of the protocol came.
    spoken: bool,
    begun: bool,
    /// SQL Server: TLS without packets around it, as it is after the handshake.
    bare: bool,
}

impl Start {
    pub(super) fn new(kind: StartTls) -> Self {
        Self {
            kind,
            client: Direction::default(),
            server: Direction::default(),
            seen: StartSeen::default(),
            inquired: false,
            blind: false,
            tag: Vec::new(),
        }
    }

    pub(super) fn seen(&self) -> &StartSeen {
        &self.seen
    }

    /// The first bytes of an end that said nothing that is a unit of the protocol.
    pub(super) fn unread(&self, of: Role) -> &[u8] {
        let direction = self.of(of);
        if direction.spoken || direction.begun { &[] } else { &direction.buffer }
    }

    /// Bytes of one end; gives those that belong to TLS.
    pub(super) fn receive(&mut self, from: Role, bytes: &[u8]) -> Vec<u8> {
        let is_tds = self.kind == StartTls::Mssql;
        let direction = self.direction(from);
        if direction.begun && (!is_tds || direction.bare) {
            return bytes.to_vec();
        }
        if self.seen.plain {
            return Vec::new();
        }
        let direction = self.direction(from);
        direction.buffer.extend_from_slice(bytes);
        let found = if is_tds { self.packets(from) } else { self.units(from) };
        let direction = self.direction(from);
        // Nothing of TLS is left out: a limit holds for plain text only.
        if !direction.begun && (direction.total > MOST || direction.buffer.len() > MOST) {
            direction.buffer = Vec::new();
            self.seen.plain = true;
        }
        found
    }

    fn of(&self, role: Role) -> &Direction {
        match role {
            Role::Client => &self.client,
            Role::Server => &self.server,
        }
    }

    fn direction(&mut self, role: Role) -> &mut Direction {
        match role {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    /// TLS begins at the end of a unit, once the client has asked for it; each direction is judged by its own bytes, because
    /// a server speaks TLS only to a hello.
    fn units(&mut self, from: Role) -> Vec<u8> {
        loop {
            let direction = self.of(from);
            let first = from == Role::Client && !direction.spoken;
            let may_begin = match from {
                Role::Client => first || self.seen.asked,
                Role::Server => self.client.begun,
            };
            if may_begin {
                // A hello of SSL 2.0 begins with a length, as messages of other protocols may.
                let may_be_ssl2 = from == Role::Client && !first && is_of_lines(self.kind);
                let is_low = direction.buffer.first().is_some_and(|&byte| byte < 0x80);
                match Opening::recognise(&direction.buffer) {
                    Opening::Undecided if is_low || may_be_ssl2 => return Vec::new(),
                    Opening::Ssl2 if !may_be_ssl2 => {}
                    Opening::Records | Opening::Ssl2 => return self.begin(from, first),
                    Opening::Undecided | Opening::Other => {}
                }
            }
            let Some(length) = unit(self.kind, from, &self.of(from).buffer) else { return Vec::new() };
            let direction = self.direction(from);
            let unit: Vec<u8> = direction.buffer.drain(..length.min(direction.buffer.len())).collect();
            direction.total = direction.total.saturating_add(unit.len());
            direction.spoken = true;
            self.read(from, &unit);
        }
    }

    fn begin(&mut self, from: Role, first: bool) -> Vec<u8> {
        if from == Role::Client {
            self.seen.begun = true;
            self.seen.direct = first;
        }
        let direction = self.direction(from);
        direction.begun = true;
        std::mem::take(&mut direction.buffer)
    }

    /// SQL Server: TLS travels in the packets that the negotiation came in, and bare after the handshake.
    fn packets(&mut self, from: Role) -> Vec<u8> {
        const PRELOGIN: u8 = 0x12;
        const RESPONSE: u8 = 0x04;
        let mut found = Vec::new();
        loop {
            let direction = self.direction(from);
            if Opening::recognise(&direction.buffer) == Opening::Records {
                // Since TDS 8 also from the first byte.
                let first = !direction.spoken;
                direction.begun = true;
                direction.bare = true;
                found.append(&mut direction.buffer);
                if from == Role::Client {
                    self.seen.direct |= first;
                    self.seen.begun = true;
                }
                return found;
            }
            let Some(&[kind, _, high, low, ..]) = direction.buffer.first_chunk::<8>() else { return found };
            let length = usize::from(u16::from_be_bytes([high, low])).max(8);
            if direction.buffer.len() < length {
                return found;
            }
            let packet: Vec<u8> = direction.buffer.drain(..length).collect();
            let content = packet.get(8..).unwrap_or_default();
            let is_negotiation = kind == PRELOGIN || kind == RESPONSE;
            // A record of TLS may be cut over packets: the second goes on where the first has begun.
            if is_negotiation && (direction.begun || Opening::recognise(content) == Opening::Records) {
                direction.begun = true;
                found.extend_from_slice(content);
                if from == Role::Client {
                    self.seen.begun = true;
                }
                continue;
            }
            direction.spoken = true;
            direction.total = direction.total.saturating_add(packet.len());
            match (from, encryption(content)) {
                // ENCRYPT_NOT_SUP.
                (Role::Client, Some(wanted)) => self.seen.asked |= wanted != 2,
                (Role::Server, Some(2)) => {
                    self.seen.offered = Some(false);
                    self.seen.words = Some(Name::new("ENCRYPT_NOT_SUP"));
                    self.seen.agreed = self.seen.asked.then_some(false);
                }
                (Role::Server, Some(_)) => {
                    self.seen.offered = Some(true);
                    self.seen.agreed = self.seen.asked.then_some(true);
                }
                _ => {}
            }
            if self.of(from).total > MOST {
                return found;
            }
        }
    }

    /// What a unit says.
    fn read(&mut self, from: Role, unit: &[u8]) {
        let kind = self.kind;
        let text = if is_of_lines(kind) || is_xmpp(kind) { unit.trim_ascii() } else { unit };
        if from == Role::Client {
            if asks(kind, text) {
                self.seen.asked = true;
                self.seen.words = None;
                self.seen.agreed = None;
                // A client that does not wait for the greeting: which line answers what is not followed.
                self.blind = is_of_lines(kind) && kind != StartTls::Irc && !self.server.spoken;
                self.tag = text.split(|&byte| byte == b' ').next().unwrap_or_default().to_vec();
            }
            self.inquired |= asks_what_is_offered(kind, text);
            return;
        }
        let seen = &mut self.seen;
        if !seen.asked && offers(kind, text) {
            seen.offered = Some(true);
        }
        let is_list = kind == StartTls::Mysql || self.inquired && is_last_line(kind, text);
        if is_list && !seen.asked && seen.offered.is_none() {
            seen.offered = Some(false);
        }
        // The first answer counts: what follows is another matter. MySQL's only words are those before.
        let is_answered = seen.asked && seen.agreed.is_some();
        let is_of_another = kind == StartTls::Imap && text.split(|&byte| byte == b' ').next() != Some(&self.tag);
        if seen.asked && !is_answered && !self.blind && !is_of_another {
            seen.agreed = answer(kind, text);
        }
        if !is_answered {
            seen.words = Some(words(kind, text));
        }
    }
}

/// Whether it is spoken in lines.
fn is_of_lines(kind: StartTls) -> bool {
    use StartTls::{Ftp, Imap, Irc, Lmtp, Nntp, Pop3, Sieve, Smtp};
    matches!(kind, Smtp | Lmtp | Imap | Pop3 | Ftp | Nntp | Sieve | Irc)
}

fn is_xmpp(kind: StartTls) -> bool {
    matches!(kind, StartTls::XmppClient | StartTls::XmppServer)
}

/// The length of the first whole unit of a protocol; `None` while it is not whole.
fn unit(kind: StartTls, from: Role, bytes: &[u8]) -> Option<usize> {
    if is_of_lines(kind) {
        return bytes.iter().position(|&byte| byte == b'\n').map(|end| end + 1);
    }
    let length = match kind {
        StartTls::XmppClient | StartTls::XmppServer if bytes.first()?.is_ascii_whitespace() => return Some(1),
        StartTls::XmppClient | StartTls::XmppServer => {
            return bytes.iter().position(|&byte| byte == b'>').map(|end| end + 1);
        }
        StartTls::Ldap => element(bytes)?,
        // The server answers each request by one byte, or by an error, after which it closes.
        StartTls::Postgres if from == Role::Server => {
            return Some(if bytes.first() == Some(&b'E') { bytes.len() } else { 1 }).filter(|_| !bytes.is_empty());
        }
        StartTls::Postgres => {
            let length = u32::from_be_bytes(*bytes.first_chunk::<4>()?);
            usize::try_from(length).unwrap_or(usize::MAX).max(4)
        }
        StartTls::Mysql => match *bytes.first_chunk::<4>()? {
            [low, middle, high, _] => {
                usize::try_from(u32::from_le_bytes([low, middle, high, 0])).ok()?.checked_add(4)?
            }
        },
        StartTls::Rdp => match *bytes.first_chunk::<4>()? {
            [_, _, high, low] => usize::from(u16::from_be_bytes([high, low])).max(4),
        },
        StartTls::Telnet => return telnet(bytes),
        _ => return None,
    };
    (bytes.len() >= length).then_some(length)
}

/// The length of a BER element with its header, X.690 section 8.1.3.
fn element(bytes: &[u8]) -> Option<usize> {
    let first = usize::from(*bytes.get(1)?);
    if first < 0x80 {
        return Some(2 + first);
    }
    // Four bytes of length are more than any message has.
    let count = (first & 0x7f).min(4);
    let length = bytes.get(2..2 + count)?.iter().fold(0_usize, |length, &byte| length << 8 | usize::from(byte));
    length.checked_add(2 + count)
}

const IAC: u8 = 255;
const SB: u8 = 250;
const SE: u8 = 240;
/// Option 46 of draft-altman-telnet-starttls, and FOLLOWS.
const START_TLS: [u8; 4] = [IAC, SB, 46, 1];

/// A command, a subnegotiation, or text up to the next of them (RFC 854, RFC 855).
fn telnet(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        [] | [IAC] => None,
        [IAC, SB, ..] => bytes.windows(2).position(|pair| pair == [IAC, SE]).map(|end| end + 2),
        [IAC, command, ..] if command < SB => Some(2),
        [IAC, _, _, ..] => Some(3),
        [IAC, _] => None,
        _ => Some(bytes.iter().take_while(|&&byte| byte != IAC).count()),
    }
}

/// Whether the client's unit asks for TLS.
fn asks(kind: StartTls, text: &[u8]) -> bool {
    let is = |words: &str| text.eq_ignore_ascii_case(words.as_bytes());
    match kind {
        StartTls::Smtp | StartTls::Lmtp | StartTls::Nntp | StartTls::Sieve | StartTls::Irc => is("STARTTLS"),
        StartTls::Pop3 => is("STLS"),
        StartTls::Ftp => is("AUTH TLS") || is("AUTH SSL") || is("AUTH TLS-C") || is("AUTH TLS-P"),
        StartTls::Imap => {
            let command = text.splitn(2, |&byte| byte == b' ').nth(1).unwrap_or_default();
            command.trim_ascii().eq_ignore_ascii_case(b"STARTTLS")
        }
        StartTls::Ldap => holds(text, b"1.3.6.1.4.1.1466.20037"),
        StartTls::XmppClient | StartTls::XmppServer => holds(text, b"<starttls"),
        // Length 8, code 1234 and 5679.
        StartTls::Postgres => text == [0, 0, 0, 8, 4, 210, 22, 47],
        // The flags of the client's first packet: CLIENT_SSL, which alone makes 32 bytes of it.
        StartTls::Mysql => {
            let flags = text.get(4..8).and_then(<[u8]>::first_chunk::<4>).map(|flags| u32::from_le_bytes(*flags));
            flags.is_some_and(|flags| flags & 1 << 11 != 0)
        }
        StartTls::Rdp => text.get(11) == Some(&1) && text.get(15).is_some_and(|protocols| *protocols != 0),
        StartTls::Telnet => text.starts_with(&START_TLS),
        StartTls::Mssql => false,
    }
}

/// Whether the server's unit, after the client has asked for TLS, lets it begin or refuses it; `None` for what is neither.
fn answer(kind: StartTls, text: &[u8]) -> Option<bool> {
    let upper = text.to_ascii_uppercase();
    let begins = |words: &str| upper.starts_with(words.as_bytes());
    let either = |yes: bool, no: bool| if yes { Some(true) } else { no.then_some(false) };
    let words: Vec<&[u8]> = upper.split(|&byte| byte == b' ').filter(|word| !word.is_empty()).collect();
    // By reply codes of three digits: 2 and 3 go on, 4 and 5 refuse.
    let code = |yes: &str| either(begins(yes), begins("4") || begins("5"));
    match kind {
        StartTls::Smtp | StartTls::Lmtp => code("220"),
        StartTls::Ftp => code("234"),
        StartTls::Nntp => code("382"),
        StartTls::Imap => match words.as_slice() {
            [b"*" | b"+", ..] => None,
            [_, state, ..] => either(*state == b"OK", *state == b"NO" || *state == b"BAD"),
            _ => None,
        },
        StartTls::Pop3 => either(begins("+OK"), begins("-ERR")),
        StartTls::Sieve => either(begins("OK"), begins("NO") || begins("BYE")),
        StartTls::Irc => {
            let at = usize::from(words.first().is_some_and(|word| word.starts_with(b":")));
            let word = words.get(at).copied().unwrap_or_default();
            either(word == b"670", [&b"691"[..], b"421", b"451", b"ERROR"].contains(&word))
        }
        StartTls::XmppClient | StartTls::XmppServer => either(holds(text, b"<proceed"), holds(text, b"<failure")),
        // An extended response, RFC 4511 section 4.12; the result is success.
        StartTls::Ldap => text.contains(&0x78).then(|| holds(text, &[0x0a, 1, 0])),
        StartTls::Postgres => Some(text.first() == Some(&b'S')),
        // A negotiation response, MS-RDPBCGR section 2.2.1.2.1.
        StartTls::Rdp => Some(text.get(11) == Some(&2)),
        StartTls::Telnet => text.starts_with(&START_TLS).then_some(true),
        // Their servers say nothing more until TLS has begun, but for an error.
        StartTls::Mysql | StartTls::Mssql => Some(false),
    }
}

/// Whether the client asks what there is, so that an answer without TLS in it says that there is none.
fn asks_what_is_offered(kind: StartTls, text: &[u8]) -> bool {
    let begins = |words: &str| text.get(..words.len()).is_some_and(|head| head.eq_ignore_ascii_case(words.as_bytes()));
    match kind {
        StartTls::Smtp => begins("EHLO"),
        StartTls::Lmtp => begins("LHLO"),
        StartTls::Imap => {
            let command = text.splitn(2, |&byte| byte == b' ').nth(1).unwrap_or_default();
            command.trim_ascii().eq_ignore_ascii_case(b"CAPABILITY")
        }
        StartTls::Pop3 => begins("CAPA"),
        StartTls::Ftp => begins("FEAT"),
        StartTls::Nntp => begins("CAPABILITIES"),
        _ => false,
    }
}

/// Whether the server's line ends its answer to [`asks_what_is_offered`].
fn is_last_line(kind: StartTls, text: &[u8]) -> bool {
    match kind {
        StartTls::Smtp | StartTls::Lmtp | StartTls::Ftp => {
            text.get(..3).is_some_and(|code| code.iter().all(u8::is_ascii_digit)) && text.get(3) != Some(&b'-')
        }
        StartTls::Imap => !text.starts_with(b"* "),
        StartTls::Pop3 | StartTls::Nntp => text == b"." || text.starts_with(b"-ERR") || text.starts_with(b"5"),
        _ => false,
    }
}

/// Whether the server's unit announces that TLS can be begun.
fn offers(kind: StartTls, text: &[u8]) -> bool {
    let upper = text.to_ascii_uppercase();
    let word = |word: &[u8]| upper.split(|byte| !byte.is_ascii_alphanumeric()).any(|part| part == word);
    match kind {
        StartTls::Smtp | StartTls::Lmtp | StartTls::Imap | StartTls::Nntp | StartTls::Sieve => word(b"STARTTLS"),
        StartTls::Pop3 => upper == b"STLS",
        StartTls::Ftp => word(b"AUTH") && (word(b"TLS") || word(b"SSL")),
        StartTls::XmppClient | StartTls::XmppServer => holds(text, b"<starttls"),
        StartTls::Mysql => mysql_flags(text).is_some_and(|flags| flags & 1 << 11 != 0),
        _ => false,
    }
}

/// The lower capability flags of a server's handshake packet: after its number, its version, the connection's number, eight
/// bytes and one more.
fn mysql_flags(packet: &[u8]) -> Option<u32> {
    let body = packet.get(4..).filter(|body| body.first() == Some(&10))?;
    let end = body.iter().skip(1).position(|&byte| byte == 0)?;
    let flags = body.get(end + 2 + 4 + 8 + 1..)?.first_chunk::<2>()?;
    Some(u32::from(u16::from_le_bytes(*flags)))
}

/// A server's words, as far as they can be shown.
fn words(kind: StartTls, unit: &[u8]) -> Name {
    let text = match kind {
        // An error packet holds its number before its words.
        StartTls::Mysql if unit.get(4) == Some(&0xff) => unit.get(7..).unwrap_or_default(),
        StartTls::Mysql => b"the server's capabilities",
        _ => unit,
    };
    let text = text.trim_ascii();
    Name::from_bytes(text.get(..text.len().min(KEPT)).unwrap_or_default())
}

/// The value of the option ENCRYPTION of a PRELOGIN, MS-TDS section 2.2.6.5.
fn encryption(content: &[u8]) -> Option<u8> {
    for option in content.chunks(5) {
        match *option {
            [1, high, low, _, _] => return content.get(usize::from(u16::from_be_bytes([high, low]))).copied(),
            [0xff, ..] => return None,
            _ => {}
        }
    }
    None
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
