//! # NAT traversal does not get through
//!
//! Protocols: ike
//!
//! ## What happened
//! One of the gateways stands behind a router that translates addresses. From the third message on the VPN has to use
//! UDP port 4500, and these packets do not arrive.
//!
//! ## Why
//! ESP has no port numbers, so that most routers cannot translate it. Both ends therefore find out in the first two
//! messages whether an address was translated, and then wrap everything in UDP 4500 (RFC 7296 section 2.23, RFC 3948;
//! for IKEv1 RFC 3947). UDP 500 works, and the next message is lost:
//!
//! - A firewall allows UDP 500 and protocol ESP, and not UDP 4500.
//! - The router in front of the server forwards only port 500.
//! - A router with "IPsec passthrough" changes packets that it should leave alone.
//! - Windows does not connect to a server behind NAT without the value `AssumeUDPEncapsulationContextOnSendRule`.
//! - The mapping in the router was forgotten; keepalives (every 20 s) are off.
//!
//! ## How to tell
//! Programs say:
//! - strongSwan: `local host is behind NAT, sending keep alives` or `remote host is behind NAT`, then `retransmit ...
//!   of request with message ID 1` and `giving up after 5 retransmits`; the packets carry `[4500]`.
//! - libreswan: `NAT-Traversal: Result using RFC 3947 ... behind NAT`, then `Possible authentication failure: no
//!   acceptable response to our first encrypted message`.
//! - Windows error 809 (789 for L2TP), macOS "the VPN server did not respond".
//!
//! Look yourself:
//! - `tcpdump -n udp port 500 or udp port 4500` on both ends: what leaves the one on 4500 and does not reach the
//!   other?
//! - `swanctl --log` on the responder: is there an `IKE_AUTH request` at all? `nc -u` proves nothing here, since a
//!   gateway passes over what is not IKE.
//!
//! Look-alikes:
//! - `path-mtu`: small packets on 4500 arrive, and the large IKE_AUTH with certificates does not; `tcpdump` shows
//!   fragments. With `fragmentation = yes`, or a shared secret, it works.
//! - `psk-mismatch` in IKEv1: the responder drops the third message silently, but its log has seen it.
//! - `esp-blocked`: IKE is finished, and only the data is lost.
//!
//! ## Fix
//! Network: allow and forward UDP 4500 as well as UDP 500, and switch "IPsec passthrough" or "IPsec ALG" off.
//!
//! Initiator and responder: NAT traversal on, keepalives on (`keep_alive = 20s`); TCP encapsulation (RFC 9329) where
//! UDP is blocked altogether. Windows behind or in front of NAT: `AssumeUDPEncapsulationContextOnSendRule = 2`.
//!
//! Safer: no difference.
//!
//! Never: expose the inner machine as "DMZ host" with all its ports for the sake of one.
//!
//! ## Example
//! ```said
//! charon: 12[IKE] local host is behind NAT, sending keep alives
//! charon: 12[ENC] generating IKE_AUTH request 1 [ IDi AUTH SA TSi TSr ]
//! charon: 12[NET] sending packet: from 192.168.0.2[4500] to 203.0.113.5[4500] (380 bytes)
//! charon: 14[IKE] retransmit 5 of request with message ID 1
//! charon: 15[IKE] giving up after 5 retransmits
//! ```
