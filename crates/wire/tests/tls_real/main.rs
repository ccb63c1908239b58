//! TLS as real programs speak it: clients and servers of this machine, and captures where `../shared` is there. What is
//! read leaves nothing over, is written as the same bytes, and is what `tls-parser` reads.

#![allow(clippy::print_stdout, reason = "figures, shown by the test harness with a failure only")]

mod captures;
mod clients;
mod oracle;
#[path = "../support/pcap.rs"]
#[expect(dead_code, reason = "datagrams are for other tests")]
mod pcap;
mod servers;
mod walk;
