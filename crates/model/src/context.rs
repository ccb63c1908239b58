use std::net::IpAddr;

use crate::Name;

/// What a party's decision depends on besides the party itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The name that the person typed: what `Host` and `Match originalhost` see.
    pub target: Option<String>,
    /// The host name after the configuration's `HostName`.
    pub host: Option<String>,
    /// The peer's address.
    pub address: Option<IpAddr>,
    /// The port.
    pub port: Option<u16>,
    /// The remote user.
    pub user: Option<String>,
    /// The local user.
    pub local_user: Option<String>,
    /// The address of this end, `laddr` of `sshd -C`.
    pub local_address: Option<IpAddr>,
    /// The port of this end, `lport` of `sshd -C`.
    pub local_port: Option<u16>,
    /// TLS: the server name sent; `None` for none.
    pub server_name: Option<String>,
    /// TLS: whether certificates are judged by what the machine trusts, and by no file that somebody chose for this server.
    pub machine_authorities: bool,
    /// SSH: the host keys that the client already knows for this host.
    pub known_hosts: Vec<KnownHostKey>,
    /// SSH: entries that count when a host key is judged, and not when its type is asked for: those of the host without its
    /// port, which OpenSSH turns to where none has the port, and those of a `RevokedHostKeys` file.
    pub other_known_hosts: Vec<KnownHostKey>,
    /// SSH: whether the client refuses a host key that it does not know (`StrictHostKeyChecking yes`). Only where this is
    /// `Some(true)` can a host key fail for being unknown.
    pub strict_host_keys: Option<bool>,
    /// The identification string that the peer has sent, where it is known (banner rules).
    pub peer_identification: Option<Name>,
    /// Which attempt this is, counted from 0 (IKE's retry after INVALID_KE_PAYLOAD).
    pub attempt: u32,
    /// The time to judge by; `None` leaves out what depends on it.
    pub time: Option<jiff::Timestamp>,
}

/// One entry of a known_hosts file that holds for the host in question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownHostKey {
    /// The key type, such as `ssh-ed25519`.
    pub key_type: Name,
    /// The SHA-256 fingerprint, `SHA256:...` as OpenSSH prints it.
    pub fingerprint: String,
    /// The marker in front of the entry.
    pub mark: KnownHostMark,
    /// Where the entry stands.
    pub origin: crate::Origin,
}

/// The marker of a known_hosts entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownHostMark {
    /// An ordinary key.
    None,
    /// `@cert-authority`.
    CertAuthority,
    /// `@revoked`.
    Revoked,
}
