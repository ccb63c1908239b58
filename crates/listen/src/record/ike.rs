use std::collections::VecDeque;
use std::net::SocketAddr;

use shakedown_handshake::ike::refusal;
use shakedown_model::{Fact, Name, Phase, StrangeProtocol};
use shakedown_wire::ike::number::exchange;
use shakedown_wire::ike::{Datagram, Message, MessageLimits, NON_ESP_MARKER};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::rate::Gate;
use super::{Opening, Recorded};

/// What an initiator is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IkeAnswer {
    /// NO_PROPOSAL_CHOSEN, so that it ends at once and says so in its log.
    #[default]
    NoProposalChosen,
    /// Nothing: it goes on until its own time is over.
    Silence,
}

/// Initiators whose repeated messages are known; they repeat for some minutes.
const REMEMBERED: usize = 1_024;
/// The largest datagram.
const LARGEST: usize = 0xffff;

/// Records the first messages of initiators. An initiator repeats what is not answered: each is told of once.
pub(super) async fn serve(socket: UdpSocket, answer: IkeAnswer, mut gate: Gate, sender: mpsc::Sender<Recorded>) {
    let mut buffer = vec![0; LARGEST];
    let mut known: VecDeque<(SocketAddr, [u8; 8])> = VecDeque::with_capacity(REMEMBERED);
    let mut number = 0_u32;
    loop {
        // An error is of a datagram that was sent before and did not arrive.
        let Ok((size, address)) = socket.recv_from(&mut buffer).await else { continue };
        if !gate.lets_in(address.ip(), Instant::now()) {
            continue;
        }
        let datagram = buffer.get(..size).unwrap_or_default();
        // The SPI that a message begins with is never zero.
        let (marked, bytes) = match Datagram::recognise(datagram) {
            Datagram::Ike(message) => (true, message),
            Datagram::KeepAlive => continue,
            Datagram::Esp(message) | Datagram::Short(message) => (false, message),
        };
        let mut recorded = Recorded { number, address, opening: None, facts: Vec::new() };
        match Message::parse(bytes, MessageLimits::default()) {
            Ok(message) if begins_sa(&message) => {
                if answer == IkeAnswer::NoProposalChosen {
                    let reply = refusal(&message.header);
                    let reply = if marked { Datagram::mark(&reply) } else { reply };
                    // What does not arrive is as good as silence.
                    let _ = socket.send_to(&reply, address).await;
                }
                let who = (address, message.header.initiator_spi);
                if known.contains(&who) {
                    continue;
                }
                if known.len() == REMEMBERED {
                    known.pop_front();
                }
                known.push_back(who);
                recorded.opening = Some(Opening::Ike(Box::new(message)));
            }
            // What belongs to an exchange that is over: a client that was refused may still say why it gives up.
            Ok(_) => continue,
            Err(error) if looks_like_ike(bytes) => {
                let marker = if marked { NON_ESP_MARKER.len() } else { 0 };
                let offset = u64::try_from(error.offset.saturating_add(marker)).unwrap_or(u64::MAX);
                recorded.facts.push(Fact::Malformed { phase: Phase::IkeSa, what: error.to_string(), offset });
            }
            Err(_) => {
                let first_bytes = Name::from_bytes(datagram.get(..size.min(64)).unwrap_or_default());
                recorded.facts.push(Fact::OtherProtocol { protocol: StrangeProtocol::Unknown, first_bytes });
            }
        }
        number = number.saturating_add(1);
        recorded.number = number;
        if sender.send(recorded).await.is_err() {
            return;
        }
    }
}

/// A request that begins an IKE SA.
pub(crate) fn begins_sa(message: &Message) -> bool {
    let header = &message.header;
    header.responder_spi == [0; 8]
        && header.initiator_spi != [0; 8]
        && match header.major() {
            1 => matches!(header.exchange, exchange::IDENTITY_PROTECTION | exchange::AGGRESSIVE | 3),
            2 => header.exchange == exchange::IKE_SA_INIT && !header.is_response(),
            _ => false,
        }
}

/// By the version and the length in the header.
pub(crate) fn looks_like_ike(bytes: &[u8]) -> bool {
    bytes.len() >= 28 && matches!(bytes.get(17), Some(0x10 | 0x20))
}

#[cfg(test)]
mod tests {
    use shakedown_wire::ike::number::flag;
    use shakedown_wire::ike::{Header, View};

    use super::*;

    #[test]
    fn refusals_can_be_read() {
        let first = Header::sa_init([7; 8]);
        let message = Message::parse(&refusal(&first), MessageLimits::default()).unwrap();
        assert!(message.header.is_response() && message.header.initiator_spi == [7; 8]);
        let View::Notify(notify) = message.payloads[0].view().unwrap() else { panic!("a notify") };
        assert_eq!(notify.kind, 14);
        let old = Header { version: Header::V1, exchange: exchange::IDENTITY_PROTECTION, ..first };
        let message = Message::parse(&refusal(&old), MessageLimits::default()).unwrap();
        assert_eq!((message.header.version, message.header.exchange), (Header::V1, exchange::INFORMATIONAL_V1));
    }

    #[test]
    fn what_begins_an_sa() {
        let message = |header| Message { header, ..Message::default() };
        assert!(begins_sa(&message(Header::sa_init([1; 8]))));
        assert!(!begins_sa(&message(Header { flags: flag::RESPONSE, ..Header::sa_init([1; 8]) })));
        assert!(!begins_sa(&message(Header { responder_spi: [2; 8], ..Header::sa_init([1; 8]) })));
        assert!(!begins_sa(&message(Header { exchange: exchange::IKE_AUTH, ..Header::sa_init([1; 8]) })));
    }
}
