//! TLS targets: how they are reached, what is asked of them, and what their certificates say.

mod back_ends;
mod certificates;
mod chosen;
mod complete;
mod identity;
mod local_clients;
mod scheme;
mod tls;
