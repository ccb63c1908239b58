//! # The name does not lead to an address
//!
//! Protocols: ssh, tls, ike
//!
//! ## What happened
//! Before anything is sent, the name of the other end has to be turned into an address. That failed, or it gave an
//! address that is not the machine's.
//!
//! ## Why
//! The resolver asks the hosts file, then the name servers of this machine (RFC 1034 section 5). "No such name" is an
//! answer: somebody responsible for the zone says that it does not exist. No answer at all is another thing: the name
//! server, or the way to it, is broken.
//!
//! - A typing error, or a short name (`db01`) without the search domain that it needs.
//! - The name exists only inside: VPN not connected, split DNS, a container with its own resolver.
//! - A `Host` alias of `~/.ssh/config` used by a program that does not read that file, or with another user's home.
//! - A name with only an IPv6 address, asked for with `-4` or on a machine without IPv6.
//! - An old address in `/etc/hosts`, in a cache or in a record after a move.
//!
//! ## How to tell
//! Programs say:
//! - SSH: `ssh: Could not resolve hostname ...: Name or service not known` (no such name), `Temporary failure in name
//!   resolution` (no answer); PuTTY `Host does not exist`; Java `UnknownHostException`; Go `no such host`; node
//!   `ENOTFOUND` or `EAI_AGAIN`; Python `gaierror`.
//! - TLS: curl `(6) Could not resolve host`; Chrome `ERR_NAME_NOT_RESOLVED`; nginx `host not found in upstream`;
//!   Postfix `Host or domain name not found`.
//! - IKE: strongSwan `unable to resolve ..., initiate aborted`; libreswan `failed to resolve`; Windows error 868.
//!
//! Look yourself:
//! - `getent hosts NAME` asks as programs do; `dig NAME` asks the name server itself (Windows: `Resolve-DnsName
//!   NAME`). If they differ, look at the hosts file and at caches (`resolvectl query NAME`).
//! - `ssh -G NAME | grep -i ^hostname` shows the name that OpenSSH really asks for.
//! - `NXDOMAIN` = no such name; `SERVFAIL` or a time-out = the resolver.
//!
//! Look-alikes:
//! - `port-filtered`: there is an address, and no answer from it; the message names the address or says `timed out`.
//! - `certificate-name-mismatch` and `host-key-changed`: the name led to a wrong machine; compare the address with
//!   the one that was meant.
//! - `proxy-refused`: the name is resolved by the proxy, and that one does not know it.
//!
//! ## Fix
//! Client: use the full name, connect the VPN, correct `/etc/hosts`, the search domain or the `HostName` line.
//! Without IPv6 on the way: `ssh -4`, `curl -4`.
//!
//! Server: add or correct the DNS record.
//!
//! Safer: correct the name.
//!
//! Never: an address in place of the name together with certificate checks switched off; for a test `curl --resolve`
//! keeps the check.
//!
//! ## Example
//! ```case
//! fact: not-resolved db01.example no-such-name
//! side: client
//! ```

use shakedown_model::{Change, Fact, Match, Phase, Remedy, ResolveFailure, Role, Side, Strength};

use crate::Case;
use crate::hostkey::client_shell;
use crate::text::quoted;

pub(crate) fn matches(case: &Case<'_>) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::new();
    for (id, evidence) in case.facts() {
        let Fact::NotResolved { host, failure } = &evidence.fact else { continue };
        let name = quoted(host);
        let (side, summary, because) = match failure {
            ResolveFailure::NoSuchName => (
                Side::Client,
                format!("the name {name} does not exist"),
                "the name that it asks for is unknown to its resolver",
            ),
            ResolveFailure::NoAddress => (
                Side::Unknown,
                format!("the name {name} has no address of the kind asked for"),
                "the name exists without such an address",
            ),
            ResolveFailure::ResolverFailed => (
                Side::Network,
                format!("the resolver cannot tell the address of {name}"),
                "the resolver failed or could not be asked",
            ),
            ResolveFailure::TimedOut => (
                Side::Network,
                format!("the resolver does not answer for {name}"),
                "the resolver did not answer in time",
            ),
        };
        if let Some(same) = found.iter_mut().find(|one| one.summary == summary) {
            same.evidence.push(id);
            continue;
        }
        let mut one = Match::new(Strength::Decisive, side, summary);
        one.phase = Some(Phase::Resolve);
        one.side_because = because.to_owned();
        one.hop = evidence.hop.clone();
        one.evidence.push(id);
        let steps = vec![
            client_shell(&format!("getent ahosts {host}"), "asks as programs on this machine do"),
            client_shell(
                &format!("ssh -G {} | grep -i '^hostname '", case.host()),
                "the name that the configuration leads to",
            ),
        ];
        let title = format!("correct the name {name}, or the record or hosts file that should hold it");
        one.remedies.push(Remedy { role: Role::Client, change: Change::Decide { title, steps } });
        found.push(one);
    }
    found
}
