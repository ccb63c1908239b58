//! # Something on the way interferes
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! Between the two ends stands a device that does more than to pass packets on: a firewall that looks into the traffic,
//! an intrusion prevention system, a proxy that opens TLS, a load balancer. It answers, changes, holds back or cuts
//! what it does not like or does not know.
//!
//! ## Why
//! Encrypted protocols take changed bytes for an attack and stop; that is their purpose. New forms of a message (a
//! larger hello with a post-quantum key share, an unknown version) upset devices that were made before. TLS 1.3
//! disguises itself as TLS 1.2 for just this reason (RFC 8446 appendix D.4).
//!
//! - Deep packet inspection that knows SSH by its first line, and resets or silences it.
//! - TLS inspection: the certificate comes from the company's own authority.
//! - A firewall with "SSH proxy" or "application control" that takes unknown algorithms out of the lists.
//! - SYN proxies and load balancers that accept a connection although no server stands behind them.
//!
//! ## How to tell
//! Programs say:
//! - SSH: `kex_exchange_identification: read: Connection reset by peer` right after the client's first line, `Bad
//!   packet length`, `Corrupted MAC on input`.
//! - TLS: `wrong version number`, `bad record mac`, alert 47 or 50; `self-signed certificate in certificate chain`
//!   with a company's or product's name; Go `downgrade attempt detected, possibly due to a MitM attack or a broken
//!   middlebox`; Firefox `MOZILLA_PKIX_ERROR_MITM_DETECTED`; Chrome `ERR_TLS13_DOWNGRADE_DETECTED`,
//!   `ERR_CERT_KNOWN_INTERCEPTION_BLOCKED`.
//! - IKE: retransmissions from one network only; `INVALID_SYNTAX` or `message parsing failed` behind an "IPsec
//!   helper".
//!
//! Look yourself:
//! - Does it work from another network, over a VPN, or from the server itself (`ssh localhost`)?
//! - `tcpdump` on both ends at the same time: what leaves the one and does not reach the other? Time and hop count
//!   (TTL) of a reset differ from those of the server's real packets.
//! - TLS: `openssl s_client -connect HOST:443 -servername NAME </dev/null | grep issuer`; with another name; with
//!   `-groups X25519`, which makes the first message small.
//!
//! Look-alikes:
//! - `connection-cut`: the server's log knows the connection and its end; here it does not, or knows another story.
//! - `path-mtu`: only the size decides (`ping -M do -s 1472 HOST`), and nothing is reset.
//! - `certificate-untrusted`: another network shows the same issuer.
//! - `implementation-defect`: it fails on the server itself too.
//!
//! ## Fix
//! Network: an exception for this traffic in the device's rules, or newer software for it.
//!
//! Client: take another way (VPN, jump host) for the time being. For TLS inspection on purpose, install the company's
//! authority only where its policy says so. Server: another port helps only against rules that look at ports.
//!
//! Safer: the exception.
//!
//! Never: `curl -k`, `verify=False` or an unknown proxy's authority in the store: that leaves the connection open to
//! everybody else on the way as well.
//!
//! ## Example
//! ```said
//! $ openssl s_client -connect www.example.com:443 -servername www.example.com </dev/null
//! depth=2 C = US, O = Zscaler Inc., CN = Zscaler Root CA
//! verify error:num=19:self-signed certificate in certificate chain
//! ```
//!
//! ```said
//! $ go run fetch.go https://www.example.com
//! tls: downgrade attempt detected, possibly due to a MitM attack or a broken middlebox
//! ```

use shakedown_model::{Change, Ending, Fact, Match, Phase, Remedy, Role, Side, Strength};

use crate::Case;
use crate::hostkey::client_shell;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::new();
    for (id, evidence, phase, ending, _) in case.endings().filter(|(_, _, phase, ..)| *phase <= Phase::KeyExchange) {
        // Where the same server's whole offer was read a moment ago, a device on the way is no likely reason.
        if case.answered() {
            continue;
        }
        let summary = match ending {
            Ending::Silent { .. } if phase <= Phase::Identification => {
                "something on the way may accept connections in the server's place"
            }
            Ending::Silent { .. } => "something on the way may hold the key exchange back",
            Ending::Closed | Ending::Reset => "something on the way may cut the connection",
        };
        let mut one = base(summary, phase);
        one.hop = evidence.hop.clone();
        one.evidence.push(id);
        found.push(one);
    }
    for (id, evidence) in case.facts() {
        let phase = match &evidence.fact {
            Fact::Malformed { phase, .. } => *phase,
            Fact::WrongSignature { .. } => Phase::KeyExchange,
            _ => continue,
        };
        let mut one = base("something on the way may change what is sent", phase);
        one.evidence.push(id);
        found.push(one);
    }
    found.extend(large_hello(case));
    found.dedup_by(|later, first| {
        let same = later.summary == first.summary;
        if same {
            first.evidence.append(&mut later.evidence);
        }
        same
    });
    found
}

/// A hello of two packets that is cut off, where one of a single packet is answered: a device on the way, or the
/// server, takes the first packet for the whole.
fn large_hello(case: &Case<'_>) -> Option<Match> {
    let (id, _) = case.facts().find(|(_, evidence)| match &evidence.fact {
        Fact::LargeHelloLost { ending } => matches!(ending, Ending::Closed | Ending::Reset),
        _ => false,
    })?;
    let summary =
        "a hello with a post-quantum key share, which takes two packets, is cut off, and a smaller one is answered";
    let mut one = Match::new(Strength::Strong, Side::Unknown, summary);
    one.phase = Some(Phase::Hello);
    one.side_because = "a device on the way or the server itself reads one packet as the whole hello".to_owned();
    one.evidence.push(id);
    one.supersedes = vec!["connection-cut"];
    one.what_would_decide = Some("the same hello from the server itself, or from its own network".to_owned());
    let look = format!("openssl s_client -connect {}:{} -groups X25519 </dev/null", case.host(), case.port());
    let steps =
        vec![client_shell(&look, "works without the large key share; with OpenSSL 3.5 and without `-groups` it fails")];
    let title =
        "update the device or the server that cannot read a hello of two packets (RFC 8446 section 5.1)".to_owned();
    one.remedies.push(Remedy { role: Role::Server, change: Change::Decide { title, steps } });
    Some(one)
}

fn base(summary: &str, phase: Phase) -> Match {
    let mut one = Match::new(Strength::Weak, Side::Network, summary);
    one.phase = Some(phase);
    one.side_because = "neither end is known to behave like this by itself".to_owned();
    one.what_would_decide = Some("the same connection from another network, or from the server itself".to_owned());
    let steps = vec![client_shell("ssh -J JUMP HOST", "over another way, such as a jump host or a VPN")];
    let title = "try another way; if that works, ask for an exception on the device in between".to_owned();
    one.remedies.push(Remedy { role: Role::Client, change: Change::Decide { title, steps } });
    one
}
