//! TLS targets: how they are reached, what is asked of them, and what their certificates say.

mod certificates;
mod chosen;
mod local_clients;
mod scheme;
mod tls;
