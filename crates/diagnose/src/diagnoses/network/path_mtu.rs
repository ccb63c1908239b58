//! # Large packets are lost on the way
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! Small packets arrive, large ones do not. The connection opens, the first lines go to and fro, and as soon as one
//! side sends a full packet there is silence.
//!
//! ## Why
//! Tunnels (VPN, PPPoE, overlay networks) carry smaller packets than Ethernet. A router that cannot pass a packet on
//! says so by ICMP ("fragmentation needed", RFC 1191 section 3; for IPv6 "packet too big", RFC 8201). If a firewall
//! drops these messages, the sender never learns and repeats the large packet for ever. Key exchanges are where this
//! shows first:
//!
//! - SSH: the list of algorithms (about 1 to 2 kB) and post-quantum key shares (`mlkem768x25519-sha256` and
//!   `sntrup761x25519-sha512` bring more than 1 kB each).
//! - TLS: a client hello with a post-quantum share no longer fits into one packet, and a certificate chain never did.
//! - IKE: certificates make IKE_AUTH larger than a packet, and UDP fragments are dropped by many firewalls; RFC 7383
//!   fragments inside of IKE.
//!
//! ## How to tell
//! Programs say:
//! - SSH: `ssh -v` stops after `expecting SSH2_MSG_KEX_ECDH_REPLY` or `SSH2_MSG_KEXINIT sent`, then `Connection timed
//!   out` or `Connection reset`; on a finished connection long output freezes it.
//! - TLS: `openssl s_client` stops after `write to ... Client Hello`; curl `(28) SSL connection timeout`; Chrome
//!   `ERR_TIMED_OUT`; Java `Read timed out` in the handshake.
//! - IKE: `retransmit ... of request with message ID 1` when certificates are used, and not with a shared secret;
//!   Windows error 809; libreswan `Possible authentication failure: no acceptable response to our first encrypted
//!   message`.
//!
//! Look yourself:
//! - `ping -M do -s 1472 HOST` fails while `ping -M do -s 1200 HOST` works (Windows: `ping -f -l 1472`). `tracepath
//!   HOST` prints the smallest MTU.
//! - With smaller packets it works: `ip route change ... mtu 1200`, fewer algorithms (`ssh -o
//!   KexAlgorithms=curve25519-sha256`), `openssl s_client -groups X25519`.
//! - `tcpdump -n host HOST`: large segments are repeated and never acknowledged; for IKE, fragments leave and do not
//!   arrive.
//!
//! Look-alikes:
//! - `middlebox-interference`: a device that dislikes the contents; a large `ping` passes then.
//! - `port-filtered`: not even the connection opens.
//! - `nat-traversal-blocked` (IKE): small packets on 4500 do not arrive either.
//!
//! ## Fix
//! Network: let ICMP "fragmentation needed" and "packet too big" pass, and let the tunnel's router correct the
//! segment size (`tcp option maxseg size set rt mtu` in nftables, "MSS clamping").
//!
//! Client or server: set the interface's MTU to what the way can carry; for IKE switch on fragmentation
//! (`fragmentation = yes`; `fragmentation=yes` in ipsec.conf; Windows since 1803).
//!
//! Safer: the network.
//!
//! Never: leave out post-quantum methods for good, or all ICMP blocked: it hides the fault and gives up protection.
//!
//! ## Example
//! ```case
//! client: openssh@10.0p1
//! fact: ended key-exchange silent 10000 1100
//! alternatives: middlebox-interference
//! side: network
//! ```

use shakedown_model::{Change, Ending, Fact, Match, Phase, Remedy, Role, Side, Slot, Strength};

use crate::Case;
use crate::hostkey::client_shell;
use crate::text::seconds;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::new();
    let is_hello_lost = |fact: &Fact| matches!(fact, Fact::LargeHelloLost { ending: Ending::Silent { .. } });
    let lost = case.facts().find(|(_, evidence)| is_hello_lost(&evidence.fact)).map(|(id, _)| id);
    for (id, evidence, phase, ending, received) in case.endings() {
        let Ending::Silent { milliseconds } = ending else { continue };
        let what = match phase {
            Phase::Kexinit => "the server's list of algorithms",
            Phase::KeyExchange => "the large packets of the key exchange",
            Phase::Hello if lost.is_some() => "the client's hello with its post-quantum key share",
            _ => continue,
        };
        let strength = if lost.is_some() { Strength::Strong } else { Strength::Weak };
        let strength = if phase == Phase::KeyExchange && large(case) { Strength::Strong } else { strength };
        let mut one = Match::new(strength, Side::Network, format!("{what} may be too large for the way"));
        one.phase = Some(phase);
        one.hop = evidence.hop.clone();
        one.side_because = "small packets arrive and large ones are lost".to_owned();
        one.evidence.push(id);
        one.evidence.extend(lost);
        one.notes.push(format!("{received} bytes arrived, then nothing for {}", seconds(milliseconds)));
        one.what_would_decide = Some(format!("`ping -M do -s 1472 {}` fails where `-s 1200` works", case.host()));
        let steps = vec![
            client_shell(
                &format!("ping -c 2 -M do -s 1472 {}", case.host()),
                "a full Ethernet packet; compare with -s 1200",
            ),
            client_shell(
                "ip link set dev IFACE mtu 1280",
                "for a test only: the smallest size that every IPv6 path carries",
            ),
        ];
        let title =
            "let ICMP `fragmentation needed` pass on the way, or clamp the segment size on the tunnel".to_owned();
        one.remedies.push(Remedy { role: Role::Client, change: Change::Decide { title, steps } });
        found.push(one);
    }
    found
}

/// Whether the method in use sends more than a packet: a lattice-based key share, or a client that begins with one.
fn large(case: &Case<'_>) -> bool {
    let lattice = |name: &str| name.contains("mlkem") || name.contains("sntrup");
    match case.outcome.and_then(|outcome| outcome.agreed(Slot::Kex)) {
        Some(name) => lattice(name.as_str()),
        None => {
            let methods = case.client.and_then(|party| party.ssh()).map(|policy| policy.offer.kex_methods());
            methods.is_some_and(|methods| methods.first().is_some_and(|item| lattice(item.name.as_str())))
        }
    }
}
