//! # One side remembers a connection that the other has forgotten
//!
//! Protocols: tls, ike
//!
//! ## What happened
//! The two sides do not agree on what there is. One of them was restarted, or its memory expired, and the other goes on
//! as before: it sends packets for a tunnel, or a ticket for a session, that nobody knows any more.
//!
//! ## Why
//! Both ends keep state, and nothing forces them to lose it together. An IPsec gateway that gets a packet with an
//! unknown number (SPI) may say so with INVALID_SPI, but unprotected, so that the other must not believe it (RFC 7296
//! sections 1.5 and 2.4). It finds out only by liveness checks (dead peer detection). In TLS a resumed session that the
//! server no longer knows must fall back to a whole handshake (RFC 8446 section 2.2); faulty servers fail instead.
//!
//! - A gateway was restarted; its peer sends into the void until the lifetime ends.
//! - Both sides opened a tunnel at once and keep different ones.
//! - A load balancer sends a returning client to a server that does not share ticket keys.
//!
//! ## How to tell
//! Programs say:
//! - IKE: strongSwan `received CHILD_SA_NOT_FOUND notify`, IKEv1 `received INVALID_SPI error notify`; libreswan
//!   `Child SA not found`, `ISAKMP SA not found (maybe expired)`; Cisco `%CRYPTO-4-RECVD_PKT_INV_SPI`; RouterOS
//!   `phase1 negotiation failed due to time up`.
//! - TLS: the first connection works and a later one does not: alert 20, 40 or 47 upon resumption; OpenSSL `session
//!   id context uninitialized`; nginx and HAProxy clusters whose members do not share ticket keys; OpenVPN
//!   `local/remote TLS keys are out of sync`.
//!
//! Look yourself:
//! - IKE: `grep XfrmInNoStates /proc/net/xfrm_stat` counts packets with an unknown SPI. Compare `swanctl --list-sas`
//!   (`ipsec status`) on both sides: the SPIs must be each other's. It heals by itself after the lifetime, or at once
//!   after `swanctl --terminate --ike NAME`.
//! - TLS: `openssl s_client -connect HOST:443 -reconnect`; `-no_ticket`, or a fresh client, works.
//!
//! Look-alikes:
//! - `esp-blocked`: it never worked, and closing the tunnel on both sides changes nothing.
//! - `no-common-child-proposal`: it fails at each rekey, at the same hour, and not after a restart.
//! - `connection-cut`: a connection that a firewall forgot after idle minutes; keepalives cure it.
//!
//! ## Fix
//! The side that remembers: close its tunnel (`swanctl --terminate`, `ipsec down NAME`, `clear crypto sa`); switch on
//! dead peer detection (`dpd_delay = 30s`). TLS client: drop its session cache.
//!
//! The side that was restarted: let it send INITIAL_CONTACT (the default), so that the peer clears old state (RFC
//! 7296 section 2.4). TLS server: share ticket keys among members, or switch tickets off.
//!
//! Safer: no difference.
//!
//! Never: believe an unprotected INVALID_SPI by configuration, or make lifetimes days long to see it less often.
//!
//! ## Example
//! ```said
//! %CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr=203.0.113.5, prot=50,
//! spi=0xC0FFEE02(3237998082), srcaddr=198.51.100.7, input interface=GigabitEthernet0/0
//! ```
