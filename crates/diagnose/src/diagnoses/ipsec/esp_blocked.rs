//! # The tunnel stands, and its packets are lost
//!
//! Protocols: ike
//!
//! ## What happened
//! The two gateways have agreed on everything, and no data gets through. What is blocked is the carrier of the data,
//! ESP.
//!
//! ## Why
//! IKE speaks over UDP. The data travels as another kind of packet, ESP (IP protocol 50, RFC 4303), or inside UDP 4500
//! if an address is translated (RFC 3948). A device on the way can let the first through and drop the second.
//!
//! - A firewall or a cloud's rules allow UDP 500 and not protocol 50.
//! - A provider drops ESP, on mobile networks for example.
//! - The packets arrive, and routing, a firewall or `rp_filter` behind the tunnel drops what was in them.
//! - The kernel has no ESP: see `platform-support-missing`.
//! - Only large packets are lost: see `path-mtu`.
//!
//! ## How to tell
//! - `swanctl --list-sas`, `ip -s xfrm state`: packets out, none in.
//! - `tcpdump -n esp or udp port 4500` on both ends.
//!
//! ## Fix
//! Network: allow protocol 50 between the gateways.
//!
//! Initiator or responder: force UDP encapsulation (`encap = yes` in strongSwan, `encapsulation=yes` in libreswan), so
//! that all goes over UDP 4500.
//!
//! Safer: no difference.
//!
//! ## Example
//! ```console
//! $ swanctl --list-sas
//!   net: #3, INSTALLED, TUNNEL, ESP:AES_GCM_16-256
//!     in  c0ffee01,      0 bytes,     0 packets
//!     out c0ffee02,  50400 bytes,   600 packets
//! ```
