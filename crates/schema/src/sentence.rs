use shakedown_model::{
    Completion, CompletionEnd, ConnectFailure, Ending, Fact, FilePermission, KnownHostStatus, Name, Phase,
    ResolveFailure, Slot, Throttle,
};

use crate::address_text;

/// An observed fact in one sentence: lower case, no full stop, names in backticks.
pub fn sentence(fact: &Fact) -> String {
    match fact {
        Fact::NotResolved { host, failure } => match failure {
            ResolveFailure::NoSuchName => format!("the name `{host}` does not exist"),
            ResolveFailure::NoAddress => format!("the name `{host}` has no address of the family asked for"),
            ResolveFailure::ResolverFailed => format!("the resolver gave no answer for `{host}`"),
            ResolveFailure::TimedOut => format!("the resolver did not answer for `{host}` in time"),
        },
        Fact::Resolved { host, addresses } => {
            let addresses: Vec<String> = addresses.iter().map(address_text).collect();
            format!("`{host}` has the address {}", addresses.join(", "))
        }
        Fact::NotConnected { address, failure } => not_connected(&address_text(address), *failure),
        Fact::Connected { address, milliseconds } => {
            format!("{} accepted a connection in {milliseconds} ms", address_text(address))
        }
        Fact::Ended { phase, ending, received } => ended(*phase, *ending, *received),
        Fact::Preamble { lines } => format!("{} came before the identification", count(lines.len(), "line", "lines")),
        Fact::Identification { text } => format!("the peer identifies as {}", quoted(text)),
        Fact::SshOneOnly { identification } => {
            format!("the peer speaks only SSH protocol 1: {}", quoted(identification))
        }
        Fact::Throttled { throttle, text } => match throttle {
            Throttle::MaxStartups => format!("the server limits new connections (MaxStartups): {}", quoted(text)),
            Throttle::NotAllowedAtThisTime | Throttle::Other => format!("the server limits or bans: {}", quoted(text)),
        },
        Fact::OtherProtocol { protocol, first_bytes } => {
            format!("{} answers: {}", protocol.phrase(), quoted(first_bytes))
        }
        Fact::Disconnected { phase, code, text } => {
            format!("the peer disconnected {} with code {code}: {}", during(*phase), quoted(text))
        }
        Fact::Malformed { phase, what, offset } => {
            format!("malformed bytes {} at offset {offset}: {what}", during(*phase))
        }
        Fact::LimitReached { phase, limit } => format!("the peer went beyond {limit} {}", during(*phase)),
        Fact::TooSlow { phase, received, milliseconds } => {
            let bytes = count(*received, "byte", "bytes");
            format!("only {bytes} came in {milliseconds} ms {}", during(*phase))
        }
        Fact::BackendsDiffer { what } => format!("connections to one name were answered differently: {what}"),
        Fact::TrustStore { client, path, trusts: true } => {
            format!(
                "the server's certificates lead to an authority in `{path}`, the store of `{client}`, and to none of this machine's"
            )
        }
        Fact::TrustStore { client, path, trusts: false } => {
            format!(
                "the server's certificates lead to an authority of this machine's, and to none in `{path}`, the store of `{client}`"
            )
        }
        Fact::HostKeyLookup { status, key_type, fingerprint } => known_host(status, key_type, fingerprint),
        Fact::WrongSignature { algorithm } => format!("the server's `{algorithm}` signature is wrong"),
        Fact::SmallKey { key_type, bits, minimum } => {
            format!("the `{key_type}` key has {bits} bits, below the {minimum} demanded")
        }
        Fact::Configuration { message, suggestion, .. } => match suggestion {
            Some(suggestion) => format!("{message} (did you mean `{suggestion}`?)"),
            None => message.clone(),
        },
        Fact::KeyFile { path, permission } => match permission {
            FilePermission::Missing => format!("the key file `{path}` does not exist"),
            FilePermission::NotReadable => format!("the key file `{path}` cannot be read by this user"),
            FilePermission::TooOpen { mode } => format!("the key file `{path}` can be read by others (mode {mode:#o})"),
            FilePermission::BadFormat { reason } => format!("the key file `{path}` cannot be used: {reason}"),
            FilePermission::DoesNotMatch => format!("the two parts of the key `{path}` do not belong together"),
        },
        Fact::Disagreement { setting, ours, theirs, program } => {
            format!("`{program}` says `{setting} {theirs}`, the files as read here say `{ours}`")
        }
        Fact::ProxyRefused { text } => format!("the hop refused to pass the connection on: {}", quoted(text)),
        Fact::NoStartTls { protocol, is_offered: false, text } => {
            format!("the server speaks {protocol} and does not offer TLS: {}", quoted(text))
        }
        Fact::NoStartTls { protocol, is_offered: true, text } => {
            format!("the server speaks {protocol} and refused to begin TLS: {}", quoted(text))
        }
        Fact::Alert { level, number, name, after_finished, .. } => {
            let kind = if *level == 1 { "warning" } else { "alert" };
            let when = if *after_finished { " after this end's last message" } else { "" };
            format!("the peer sent the {kind} `{name}` ({number}){when}")
        }
        Fact::Certificate(finding) => {
            let subject = quoted(&finding.subject);
            match finding.is_anchor {
                true => format!("the trusted certificate {subject} {}", finding.problem),
                false => format!("the certificate {subject} {}", finding.problem),
            }
        }
        Fact::Completion(completion) => completed(completion),
        Fact::Notify { number, name, to_everything, .. } => {
            let to = if *to_everything { "all that it was offered" } else { "the offer" };
            format!("the responder answered {to} with `{name}` ({number})")
        }
        Fact::Unanswered { .. } => {
            "the responder, which has answered before, gives no answer to the initiator's proof".to_owned()
        }
        Fact::TunnelPart { slot: Slot::TrafficSelector, accepted: true } => {
            "asked for the same networks with proposals that nobody takes, the responder refuses the proposals: it takes \
             the networks"
                .to_owned()
        }
        Fact::TunnelPart { slot: Slot::TrafficSelector, accepted: false } => {
            "asked for the same networks with proposals that nobody takes, the responder refuses the networks all the same"
                .to_owned()
        }
        Fact::TunnelPart { accepted: true, .. } => {
            "asked for the same tunnel with all proposals at once, the responder takes one".to_owned()
        }
        Fact::TunnelPart { accepted: false, .. } => {
            "asked for the same tunnel with all proposals at once, the responder takes none".to_owned()
        }
        Fact::OldVersionOnly => "the responder answers IKEv1, and not IKEv2".to_owned(),
        Fact::Departure { what } => what.clone(),
        Fact::LargeHelloLost { ending } => {
            let how = match ending {
                Ending::Closed => "is closed upon",
                Ending::Reset => "is reset",
                Ending::Silent { .. } => "gets no answer",
            };
            format!("the client's hello with a large key share {how}, and the same hello without it is answered")
        }
        Fact::NoUserSignature { client, server } => {
            format!("the client would sign with {}, the server accepts {}", or_nothing(client), or_nothing(server))
        }
        Fact::Program { command, text } => format!("`{command}` printed: {}", quoted(text)),
        Fact::Said(said) => match said.times {
            // Nobody in particular prints them.
            0 | 1 if said.product == "plain-words" => format!("the text says {}", quoted(&said.text)),
            0 | 1 => format!("`{}` printed: {}", said.product, quoted(&said.text)),
            times => format!("`{}` printed {times} times: {}", said.product, quoted(&said.text)),
        },
    }
}

fn not_connected(address: &str, failure: ConnectFailure) -> String {
    match failure {
        ConnectFailure::Refused => format!("{address} refuses connections: nothing listens there"),
        ConnectFailure::TimedOut => format!("{address} does not answer"),
        ConnectFailure::HostUnreachable => format!("no way leads to the host {address}"),
        ConnectFailure::NetworkUnreachable => format!("no way leads to the network of {address}"),
        ConnectFailure::Prohibited => format!("a rule forbids the connection to {address}"),
        ConnectFailure::SourceNotAvailable => {
            format!("the source address for {address} is not one of this machine's")
        }
        ConnectFailure::Other => format!("the connection to {address} failed"),
    }
}

fn completed(completion: &Completion) -> String {
    let shown = match (&completion.shown, completion.asked) {
        (Some(shown), _) => format!(" with the client certificate {}", quoted(&shown.subject)),
        (None, true) => " without a client certificate".to_owned(),
        (None, false) => String::new(),
    };
    let how = match &completion.end {
        CompletionEnd::Complete => "is complete".to_owned(),
        CompletionEnd::Quiet { milliseconds } => {
            format!("is complete here, and the server said nothing more in {milliseconds} ms")
        }
        CompletionEnd::Alert { number, name } => format!("ended by the server's alert `{name}` ({number})"),
        CompletionEnd::Answered { status, title } => {
            format!("is complete, and the web server answers {status}: {}", quoted(title))
        }
        CompletionEnd::Ended { ending: Ending::Closed } => "ended as the server closed the connection".to_owned(),
        CompletionEnd::Ended { ending: Ending::Reset } => "ended in a reset".to_owned(),
        CompletionEnd::Ended { ending: Ending::Silent { milliseconds } } => {
            format!("came no further in {milliseconds} ms")
        }
        CompletionEnd::Stopped { what } => format!("was given up here: {what}"),
    };
    let agreed = [&completion.version, &completion.cipher_suite, &completion.group, &completion.protocol];
    let agreed: Vec<String> = agreed.into_iter().flatten().map(quoted).collect();
    let agreed = if agreed.is_empty() { String::new() } else { format!(" ({})", agreed.join(", ")) };
    format!("a whole handshake by {}{agreed}{shown} {how}", completion.by)
}

fn ended(phase: Phase, ending: Ending, received: u64) -> String {
    let when = during(phase);
    let bytes = count(received, "byte", "bytes");
    match ending {
        Ending::Closed => format!("the peer closed the connection {when}, after {bytes}"),
        Ending::Reset => format!("the connection was reset {when}, after {bytes}"),
        Ending::Silent { milliseconds } => format!("the peer sent nothing for {milliseconds} ms {when}, after {bytes}"),
    }
}

fn during(phase: Phase) -> &'static str {
    match phase {
        Phase::Resolve => "during name resolution",
        Phase::Connect => "while connecting",
        Phase::Identification => "before its identification was whole",
        Phase::Kexinit => "before its KEXINIT was whole",
        Phase::Hello => "while both ends said hello",
        Phase::IkeSa => "in the negotiation of the IKE SA",
        Phase::KeyExchange => "in the key exchange",
        Phase::Certificate => "while the certificate was checked",
        Phase::ClientCertificate => "while the client's certificate was checked",
        Phase::Auth => "while both ends authenticated",
        Phase::ChildSa => "in the negotiation of the CHILD SA",
        Phase::Rekey => "while rekeying",
        Phase::Service => "after the key exchange",
        Phase::Authentication => "in user authentication",
    }
}

fn known_host(status: &KnownHostStatus, key_type: &Name, fingerprint: &str) -> String {
    match status {
        KnownHostStatus::Known => format!("the `{key_type}` host key {fingerprint} is the known one"),
        KnownHostStatus::Changed { fingerprint: known, .. } => {
            format!("the `{key_type}` host key is {fingerprint}, and {known} is known for this host")
        }
        KnownHostStatus::Unknown { other_types, strict } => {
            let mut text = format!("no `{key_type}` host key is known for this host");
            if !other_types.is_empty() {
                text.push_str(&format!(" (known types: {})", or_nothing(other_types)));
            }
            if *strict {
                text.push_str(", and the client refuses unknown keys");
            }
            text
        }
        KnownHostStatus::Revoked { .. } => format!("the `{key_type}` host key {fingerprint} is marked as revoked"),
        KnownHostStatus::BadCertificate { reason } => format!("the host certificate is not accepted: {reason}"),
    }
}

/// A peer's words in backticks; what is in them cannot end the quotation.
fn quoted(text: &Name) -> String {
    format!("`{}`", text.as_str().replace('`', "'"))
}

fn or_nothing(names: &[Name]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    names.iter().map(quoted).collect::<Vec<_>>().join(", ")
}

fn count(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    match number.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}
