use std::net::SocketAddr;
use std::time::Duration;

use shakedown_crypto::kex::methods;
use shakedown_handshake::ssh::{ClientConfig, Negotiated, Strategy};
use shakedown_model::ssh::{HostKey, SshOffer, key_type_of};
use shakedown_model::{ConnectFailure, Evidence, Fact, HopRef, Known, Name, Party, Phase, Role};
use tokio::time::{Instant, timeout_at};

use crate::budget::Budget;
use crate::command::CommandStream;
use crate::compare::difference;
use crate::party::{by_key_type, host_keys, origin, place, server};
use crate::session::{self, Transcript, milliseconds};
use crate::stream::Stream;
use crate::{HostKeys, Options, Progress, Route, SshTarget, sys};

/// The sizes that the probe asks for in a group exchange, in bits. A server that has a group of 2048 bits or more answers
/// with one of these; one that answers with less has nothing larger.
const GEX_SIZES: (u32, u32, u32) = (1024, 2048, 8192);

/// One address of a target, or the command that leads there.
pub(crate) struct Address<'a> {
    pub(crate) target: &'a SshTarget,
    pub(crate) options: &'a Options,
    /// `None` where a command leads there.
    pub(crate) address: Option<SocketAddr>,
    /// How the party is called.
    pub(crate) label: String,
    pub(crate) budget: Budget,
    pub(crate) deadline: Instant,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) notes: Vec<String>,
}

/// What was agreed on, slot by slot.
fn in_words(agreed: &Negotiated) -> String {
    let mac = |mac: &Option<Name>| mac.as_ref().map_or_else(String::new, |mac| format!(" with `{mac}`"));
    format!(
        "`{}`, host key by `{}`, `{}`{} to the server, `{}`{} from it",
        agreed.kex,
        agreed.host_key,
        agreed.cipher_c2s,
        mac(&agreed.mac_c2s),
        agreed.cipher_s2c,
        mac(&agreed.mac_s2c)
    )
}

/// What one connection came to.
struct Connection {
    number: u32,
    transcript: Transcript,
}

impl Address<'_> {
    /// The party, where the address answered with a KEXINIT, and all evidence.
    pub(crate) async fn probe(mut self) -> (Option<Party>, Vec<Evidence>) {
        let party = self.party().await;
        (party, self.evidence)
    }

    async fn party(&mut self) -> Option<Party> {
        let strategy = match &self.options.want.host_keys {
            HostKeys::None => Strategy::ReadOffer,
            // Where the client's own methods are not in common, the host key is worth knowing all the same.
            HostKeys::One { kex, host_key } => {
                let implemented = methods().iter().map(|method| Name::new(method.name));
                Strategy::Exchange { kex: kex.iter().cloned().chain(implemented).collect(), host_key: host_key.clone() }
            }
            HostKeys::All => Strategy::Exchange { kex: Vec::new(), host_key: Vec::new() },
            HostKeys::As(offer) => Strategy::Offer(offer.clone()),
        };
        let deadline = self.deadline;
        let first = self.connect(strategy, "offer", deadline, true).await?;
        let seen = *first.transcript.offer?;
        self.report(|address| Progress::Offer { address });
        let mut offer = place(seen.clone(), &self.place(), first.number);
        if let Some(reason) = &first.transcript.impossible
            && self.options.want.host_keys != HostKeys::None
        {
            self.notes.push(format!("no key exchange was made in the first connection: {reason}"));
        }
        if let (HostKeys::As(_), Some(agreed)) = (&self.options.want.host_keys, &first.transcript.agreed) {
            let far =
                if first.transcript.new_keys { "the key exchange was carried out to its end" } else { "it began" };
            self.notes.push(format!("as this client, {far}: {}", in_words(agreed)));
        }
        let mut keys = Vec::new();
        self.keep_key(&mut keys, first.transcript.host_key, first.number);
        let mut gex_bits = first.transcript.gex_bits;
        let asked = first.transcript.host_key_algorithm.filter(|_| !keys.is_empty());
        // Whoever is throttled already makes it worse by asking again.
        let mut refused = first.transcript.throttled;
        let mut all = false;
        if self.options.want.host_keys == HostKeys::All {
            all = self.all_host_keys(&seen, asked, &mut keys, &mut refused).await;
        }
        let offers_gex = seen.kex_methods().iter().any(|item| is_group_exchange(&item.name));
        if self.options.want.gex_sizes && offers_gex && gex_bits.is_none() && !refused {
            gex_bits = self.gex(&seen).await;
        }
        offer.host_keys = match self.options.want.host_keys {
            HostKeys::None => Known::Unknown,
            _ => host_keys(keys, all),
        };
        if let Some(bits) = gex_bits {
            offer.gex_sizes = Known::Partial { accepted: vec![bits], refused: Vec::new() };
        }
        Some(server(self.label.clone(), self.place(), offer, std::mem::take(&mut self.notes)))
    }

    /// Whether the keys of all types offered were received.
    async fn all_host_keys(
        &mut self,
        seen: &SshOffer,
        asked: Option<Name>,
        keys: &mut Vec<HostKey>,
        refused: &mut bool,
    ) -> bool {
        let offered = seen.host_key.accepted().map_or(&[][..], Vec::as_slice);
        let mut groups = by_key_type(offered);
        if let Some(algorithm) = asked {
            groups.retain(|(key_type, _)| key_type != key_type_of(algorithm.as_str()));
        }
        let mut all = true;
        let mut rest = groups.into_iter();
        while let Some((key_type, algorithms)) = rest.next() {
            let strategy = Strategy::Exchange { kex: Vec::new(), host_key: algorithms };
            let purpose = format!("host key {key_type}");
            let connection = if *refused { None } else { self.connect_again(strategy, &purpose, seen).await };
            let Some(connection) = connection else {
                *refused = true;
                let not_asked: Vec<String> = std::iter::once(key_type)
                    .chain(rest.map(|(key_type, _)| key_type))
                    .map(|name| format!("`{name}`"))
                    .collect();
                self.notes.push(format!("not asked for the host keys {}", not_asked.join(", ")));
                return false;
            };
            let number = connection.number;
            if let Some(reason) = connection.transcript.impossible {
                self.notes.push(format!("the host key `{key_type}` was not read: {reason}"));
            }
            all &= connection.transcript.host_key.is_some();
            self.keep_key(keys, connection.transcript.host_key, number);
        }
        all
    }

    async fn gex(&mut self, seen: &SshOffer) -> Option<u32> {
        let (minimum, preferred, maximum) = GEX_SIZES;
        let strategy = Strategy::Gex { minimum, preferred, maximum };
        match self.connect_again(strategy, "group exchange", seen).await {
            Some(connection) if connection.transcript.gex_bits.is_none() => {
                self.notes.push("the server gave no group for a group exchange of 1024 to 8192 bits".to_owned());
                None
            }
            Some(connection) => connection.transcript.gex_bits,
            None => {
                self.notes.push("not asked for the sizes of its group exchange".to_owned());
                None
            }
        }
    }

    fn keep_key(&mut self, keys: &mut Vec<HostKey>, key: Option<Box<HostKey>>, connection: u32) {
        let Some(mut key) = key else { return };
        key.origin = Some(origin(&self.place(), connection, "host key"));
        self.report(|address| Progress::HostKey { address, key_type: key.key_type.clone() });
        if !keys.iter().any(|known| known.fingerprint == key.fingerprint && known.key_type == key.key_type) {
            keys.push(*key);
        }
    }

    /// A further connection, which must bring the same offer. `None` where the server, the deadline or the number of
    /// connections allows no more; the reason is in the notes or the evidence.
    async fn connect_again(&mut self, strategy: Strategy, purpose: &str, seen: &SshOffer) -> Option<Connection> {
        let now = Instant::now();
        if now >= self.deadline {
            self.note("the time was over");
            return None;
        }
        // One slow answer must not use up the time of all that is still to be asked.
        let deadline = self.deadline.min(now + self.options.timeout / 2);
        let connection = self.connect(strategy, purpose, deadline, false).await?;
        let offer = connection.transcript.offer.as_deref()?;
        if let Some(what) = difference(seen, offer) {
            let what = format!("between connections to {}: {what}", self.place());
            let evidence = Evidence::new(Fact::BackendsDiffer { what }).by(Role::Server).on(connection.number);
            self.evidence.push(evidence);
            self.note("connections to it do not end at the same back end");
            return None;
        }
        (!connection.transcript.throttled).then_some(connection)
    }

    /// `first`: what every connection shows anew, such as the identification, is only evidence the first time.
    async fn connect(
        &mut self,
        strategy: Strategy,
        purpose: &str,
        deadline: Instant,
        first: bool,
    ) -> Option<Connection> {
        let Some(number) = self.budget.take() else {
            let limit = format!("{} connections to one host in one run", self.budget.most());
            self.note(&format!("no more than {limit} are made"));
            if first {
                self.evidence.push(Evidence::new(Fact::LimitReached { phase: Phase::Connect, limit }));
            }
            return None;
        };
        self.report(|address| Progress::Connecting { address, connection: number, purpose: purpose.to_owned() });
        let mut stream = self.open(number, deadline, first).await?;
        let mut config = ClientConfig::new(strategy);
        if let Strategy::Offer(offer) = &config.strategy
            && let Some(identification) = &offer.identification
        {
            config.identification = identification.to_bytes();
        }
        let mut transcript = session::run(&mut stream, config, deadline).await;
        let mut hop = HopRef::Target;
        if !transcript.complete
            && transcript.identification.is_none()
            && let (Stream::Command(command), Route::Command { argv, hop: through }) = (&mut stream, &self.target.route)
        {
            // A program that has closed its output says why at the same time; one that kept silent has said all.
            let now = Instant::now();
            let patience = (now + self.options.timeout / 10).min(deadline).max(now + Duration::from_millis(20));
            if let Some(fact) = command.complaint(argv, patience).await {
                hop = through.clone();
                transcript.facts.push(fact);
            }
        }
        for fact in transcript.facts.drain(..) {
            let routine = matches!(fact, Fact::Identification { .. } | Fact::Preamble { .. });
            if first || !routine {
                let mut evidence = Evidence::new(fact).by(Role::Server).on(number);
                evidence.origin = Some(origin(&self.place(), number, purpose));
                evidence.hop = hop.clone();
                self.evidence.push(evidence);
            }
        }
        Some(Connection { number, transcript })
    }

    async fn open(&mut self, number: u32, deadline: Instant, first: bool) -> Option<Stream> {
        let begun = Instant::now();
        match (&self.target.route, self.address) {
            (Route::Command { argv, hop }, _) => match CommandStream::start(argv) {
                Ok(stream) => Some(Stream::Command(Box::new(stream))),
                Err(fact) => {
                    let mut evidence = Evidence::new(fact).on(number);
                    evidence.hop = hop.clone();
                    self.evidence.push(evidence);
                    None
                }
            },
            (Route::Direct { .. }, None) => None,
            (Route::Direct { source }, Some(address)) => {
                // What is left has to be enough for the exchange.
                let deadline = deadline.min(begun + self.options.timeout * 3 / 5);
                let failure = match timeout_at(deadline, sys::connect(address, *source)).await {
                    Ok(Ok(stream)) => {
                        if first {
                            let milliseconds = milliseconds(begun.elapsed());
                            self.evidence.push(Evidence::new(Fact::Connected { address, milliseconds }).on(number));
                        }
                        return Some(Stream::Tcp(stream));
                    }
                    Ok(Err(error)) => sys::connect_failure(&error, source.is_some()),
                    Err(_) => ConnectFailure::TimedOut,
                };
                self.evidence.push(Evidence::new(Fact::NotConnected { address, failure }).on(number));
                None
            }
        }
    }

    /// The address as it stands in origins and parties.
    fn place(&self) -> String {
        self.address.map_or_else(|| format!("{}:{}", self.target.host, self.target.port), |address| address.to_string())
    }

    fn note(&mut self, note: &str) {
        if !self.notes.iter().any(|known| known == note) {
            self.notes.push(note.to_owned());
        }
    }

    fn report(&self, progress: impl FnOnce(String) -> Progress) {
        if let Some(function) = &self.options.progress {
            function(progress(self.place()));
        }
    }
}

fn is_group_exchange(method: &Name) -> bool {
    method.as_str().starts_with("diffie-hellman-group-exchange-")
}
