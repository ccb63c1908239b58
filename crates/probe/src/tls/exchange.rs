use std::net::SocketAddr;

use shakedown_handshake::tls::{Client, ClientConfig, Observation};
use shakedown_model::{Ending, Fact, Phase};
use tokio::time::Instant;

use super::line::{Line, NotBegun, Read};
use super::{TlsTarget, facts};

/// What one connection came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exchanged {
    /// What the server answered; `None` where no hello was sent.
    pub(crate) observation: Option<Observation>,
    /// What ended the connection before its time, or stood before TLS.
    pub(crate) failure: Option<Fact>,
    /// Whether the failure is the proxy's.
    pub(crate) at_proxy: bool,
    /// How long connecting took.
    pub(crate) connect_milliseconds: u64,
    /// How long the server was silent at the end.
    pub(crate) phase: Option<Phase>,
}

/// One connection with one hello.
pub(crate) async fn run(
    target: &TlsTarget,
    address: SocketAddr,
    config: ClientConfig,
    connect_deadline: Instant,
    deadline: Instant,
) -> Exchanged {
    let mut exchanged = Exchanged::default();
    let mut line = match Line::open(target, address, connect_deadline, deadline).await {
        Ok(line) => line,
        Err(NotBegun { fact, at_proxy, connect_milliseconds }) => {
            return Exchanged { failure: Some(fact), at_proxy, connect_milliseconds, ..exchanged };
        }
    };
    exchanged.connect_milliseconds = line.connect_milliseconds;
    match Client::new(config) {
        Ok(client) => exchange(&mut line, client, &mut exchanged).await,
        Err(error) => {
            let what = error.to_string();
            exchanged.failure = Some(Fact::Malformed { phase: Phase::Hello, what, offset: 0 });
        }
    }
    line.stream.abandon();
    exchanged
}

async fn exchange(line: &mut Line, mut client: Client, exchanged: &mut Exchanged) {
    let failure = loop {
        let mut in_time = true;
        while let Some(bytes) = client.transmit() {
            in_time &= line.send(&bytes).await;
        }
        if client.is_done() {
            break None;
        }
        if !in_time {
            break Some(line.out_of_time(client.phase()));
        }
        match line.receive(None).await {
            Read::Bytes(bytes) => client.receive(&bytes),
            Read::End => client.end_of_stream(),
            Read::Reset => {
                let phase = client.phase();
                break Some(Fact::Ended { phase, ending: Ending::Reset, received: line.received });
            }
            Read::OutOfTime => break Some(line.out_of_time(client.phase())),
        }
    };
    let phase = client.phase();
    exchanged.phase = Some(phase);
    let observation = client.into_observation();
    exchanged.failure = failure.or_else(|| facts::ending(&observation, phase));
    exchanged.observation = Some(observation);
}
