//! TLS targets: how they are reached, what is asked of them, and what their certificates say. IKE targets: `ike.rs`.

mod back_ends;
mod certificates;
mod chosen;
mod complete;
mod identity;
mod ike;
mod local_clients;
mod scheme;
mod tls;
