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
//! - IKE_SA_INIT is answered, IKE_AUTH is repeated without an answer; Windows error 809.
//! - `tcpdump -n udp port 4500` on both ends: what leaves and does not arrive?
//!
//! ## Fix
//! Network: allow and forward UDP 4500 as well as UDP 500, and switch "IPsec passthrough" or "IPsec ALG" off.
//!
//! Initiator and responder: NAT traversal on, keepalives on; TCP encapsulation (RFC 9329) where UDP is blocked
//! altogether.
//!
//! Safer: no difference.
//!
//! ## Example
//! ```console
//! charon: local host is behind NAT, sending keep alives
//! charon: sending packet: from 192.168.0.2[4500] to 203.0.113.5[4500]
//! charon: retransmit 5 of request with message ID 1
//! ```
