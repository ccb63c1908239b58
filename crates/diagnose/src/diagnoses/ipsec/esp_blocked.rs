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
//! Programs say:
//! - Nothing, mostly: both logs end in `CHILD_SA ... established` (strongSwan) or `established Child SA` (libreswan).
//!   After a while dead peer detection may end it: `giving up after 5 retransmits`.
//! - Applications time out; `ping` through the tunnel gets no answer in either direction or in one.
//!
//! Look yourself:
//! - `swanctl --list-sas`, `ipsec trafficstatus`, `ip -s xfrm state`: packets out on the one side, none in on the
//!   other.
//! - `tcpdump -n esp or udp port 4500` on both outer interfaces at the same time. What leaves and does not arrive was
//!   dropped on the way; what arrives and is not counted was dropped by the kernel (`ip -s xfrm state`,
//!   `/proc/net/xfrm_stat`).
//! - `ip route get INNER-ADDRESS`, `sysctl net.ipv4.conf.all.rp_filter`, `nft list ruleset` behind the tunnel.
//!
//! Look-alikes:
//! - `path-mtu`: `ping` works and large transfers stop; `ping -M do -s 1400` decides.
//! - `traffic-selector-mismatch`: the tunnel stands for other networks than those used; `swanctl --list-sas` prints
//!   them.
//! - `stale-state`: it worked until a restart; the peer counts packets with an unknown SPI.
//! - `nat-traversal-blocked`: IKE itself does not finish.
//!
//! ## Fix
//! Network: allow protocol 50 between the gateways, in both directions, also in the cloud's security rules.
//!
//! Initiator or responder: force UDP encapsulation (`encap = yes` in strongSwan, `encapsulation=yes` in libreswan),
//! so that all goes over UDP 4500.
//!
//! Safer: no difference in protection.
//!
//! Never: `null` encryption or a tunnel without IPsec "for a test" that is then left.
//!
//! ## Example
//! ```said
//! $ swanctl --list-sas
//!   net: #3, reqid 1, INSTALLED, TUNNEL, ESP:AES_GCM_16-256
//!     installed 310s ago, rekeying in 3012s, expires in 3650s
//!     in  c0ffee01,      0 bytes,     0 packets
//!     out c0ffee02,  50400 bytes,   600 packets,     1s ago
//! ```
//!
//! ```said
//! net{2}:  AES_GCM_16_256, 0 bytes_i, 50400 bytes_o (600 pkts, 1s ago), rekeying in 43 minutes
//! ```
