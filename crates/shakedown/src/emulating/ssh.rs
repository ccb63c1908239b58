//! SSH servers of some software: its lists and its order, its own rules, host keys of the types that it has.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use shakedown_crypto::PrivateHostKey;
use shakedown_crypto::kex::method;
use shakedown_handshake::ssh::{Login, Negotiated, ServerConfig, ServerRules};
use shakedown_listen::ssh::{Limits, Listener, Observation};
use shakedown_model::ssh::{SshOffer, SshPolicy, key_type_of};
use shakedown_model::{Context, Name, Origin, OriginKind, Party, Role, Slot, names};
use shakedown_negotiate::ssh::server_choice;

use super::Seen;
use super::habits::{self, SshHabits};
use crate::recording::{self, KnownOffers};
use crate::{Error, Session};

/// An SSH server that acts as a party.
pub(super) struct Front {
    listener: Listener,
}

/// The policy's own rules.
struct Rules(SshPolicy);

impl ServerRules for Rules {
    fn offer(&self, client: &Name) -> SshOffer {
        let context = Context { peer_identification: Some(client.clone()), ..Context::default() };
        self.0.open(Role::Server, &context)
    }

    fn choose(&self, client: &SshOffer, server: &SshOffer) -> Result<Negotiated, Slot> {
        let chosen = server_choice(client, &self.0, server)?;
        let of = |slot: Slot| chosen.iter().find(|(other, _)| *other == slot).and_then(|(_, name)| name.clone());
        let need = |slot: Slot| of(slot).ok_or(slot);
        Ok(Negotiated {
            kex: need(Slot::Kex)?,
            host_key: need(Slot::HostKey)?,
            cipher_c2s: need(Slot::CipherC2s)?,
            cipher_s2c: need(Slot::CipherS2c)?,
            mac_c2s: of(Slot::MacC2s),
            mac_s2c: of(Slot::MacS2c),
            compression_c2s: need(Slot::CompressionC2s)?,
            compression_s2c: need(Slot::CompressionS2c)?,
        })
    }
}

impl Front {
    /// Listens; notes of the party say where it departs from the software.
    pub(super) async fn bind(session: &Session, party: &mut Party, address: SocketAddr) -> Result<Self, Error> {
        let Some(policy) = party.ssh().cloned() else {
            return Err(not_whole(party, "its offer"));
        };
        for slot in Slot::SSH {
            if !policy.offer.list(slot).is_complete() {
                return Err(not_whole(party, &format!("its list for the {}", slot.phrase())));
            }
        }
        let habits = party.software.as_ref().map(|software| habits::ssh(&session.catalog, software));
        let habits = habits.unwrap_or_default();
        let mut notes = Vec::new();
        let identification = policy.offer.identification.clone().unwrap_or_else(|| {
            notes.push("how it identifies itself is not known: this program's own identification stands in".to_owned());
            Name::new(&format!("SSH-2.0-shakedown_{}", env!("CARGO_PKG_VERSION")))
        });
        if habits.refusal.is_none() {
            notes.push(
                "what it does where nothing fits is not known: a DISCONNECT is sent (RFC 4253 section 7.1)".to_owned(),
            );
        }
        let host_keys = host_keys(session, &policy, habits, &mut notes)?;
        notes.extend(not_computed(&policy));
        notes.push(
            "for a login only `publickey` is named, whatever the software names: no password is asked for".to_owned(),
        );
        let mut config = ServerConfig::new(identification.to_bytes(), policy.offer.clone(), host_keys);
        config.refusal = habits.refusal.unwrap_or_default();
        config.groups = habits.groups.unwrap_or_default();
        config.login = Some(Login {
            signature_algorithms: signature_algorithms(&policy),
            // A password is never asked for: nobody's is to be typed into a stand-in.
            methods: vec![Name::new("publickey")],
            most: MAX_AUTH_TRIES,
        });
        config.rules = Some(Arc::new(Rules(policy)));
        party.notes.extend(notes);
        // OpenSSH waits 120 s for a login; a person may be asked for a passphrase meanwhile.
        let limits = Limits { time: Duration::from_secs(120), connections: 32, ..Limits::default() };
        let listener = Listener::serve(address, config, limits).await;
        Ok(Self { listener: listener.map_err(|source| Error::Listen { address, source })? })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    pub(super) async fn next(&self, session: &Session, known: Option<&KnownOffers>) -> Seen {
        let seen = self.listener.next().await;
        let Observation { connection, address, identification, offer, facts, .. } = &seen;
        let label = address.to_string();
        let client = offer.clone().map(|mut offer| {
            offer.identification.clone_from(identification);
            let kind = OriginKind::Peer { address: label.clone(), connection: *connection, what: "KEXINIT".to_owned() };
            recording::party::ssh(session, known, *offer, label, &Origin::new(kind))
        });
        Seen {
            number: *connection,
            address: *address,
            client,
            server_name: None,
            notes: came_out(&seen),
            facts: facts.clone(),
            server: None,
        }
    }
}

/// OpenSSH's default of `MaxAuthTries`.
const MAX_AUTH_TRIES: u32 = 6;

/// What it says that users may sign with, as far as it is known.
fn signature_algorithms(policy: &SshPolicy) -> Vec<Name> {
    let all = names(policy.offer.public_key_auth.complete().map(Vec::as_slice).unwrap_or_default());
    all.into_iter().filter(|name| !name.as_str().contains("-cert-v0")).collect()
}

/// How far it went on the wire, in words.
fn came_out(seen: &Observation) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(seen.group_bits.map(|bits| format!("a group of {bits} bits was given")));
    if let Some((_, reason)) = &seen.refused {
        notes.push(match &seen.agreed {
            Some(_) => format!("agreed, not carried further: {reason}"),
            None => format!("the server ended the connection: {reason}"),
        });
    } else if seen.completed {
        notes.push("the key exchange was carried out to its end with this client".to_owned());
    }
    if let Some(name) = &seen.not_protected {
        notes.push(format!("agreed, not carried further: `{name}` is not computed here"));
    }
    if seen.logins > 0 {
        let methods = seen.methods.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
        notes.push(format!(
            "its packets were read with the keys agreed on; logins refused: {} ({methods})",
            seen.logins
        ));
    }
    notes
}

fn not_whole(party: &Party, what: &str) -> Error {
    Error::Party {
        party: party.label.clone(),
        expected: format!("{what} is not known whole, so that nobody can act as it"),
    }
}

/// A key of each type that the list names; all servers of a session that have the same types show the same keys.
fn host_keys(
    session: &Session,
    policy: &SshPolicy,
    habits: SshHabits,
    notes: &mut Vec<String>,
) -> Result<Arc<[PrivateHostKey]>, Error> {
    /// What most programs make where nothing else is known.
    const RSA_BITS: u32 = 2048;
    let mut wanted: Vec<(String, u32)> = Vec::new();
    let mut missing: Vec<String> = Vec::new();
    let configured = policy.offer.host_keys.complete();
    for item in policy.offer.host_key.complete().into_iter().flatten() {
        let key_type = key_type_of(item.name.as_str());
        if wanted.iter().any(|(known, _)| known == key_type) {
            continue;
        }
        let bits = match key_type {
            "ssh-rsa" => {
                let own = configured.and_then(|keys| keys.iter().find(|key| key.key_type == *key_type)?.bits);
                let wanted = own.or(habits.rsa_bits).unwrap_or(RSA_BITS);
                let bits = if matches!(wanted, 2048 | 3072 | 4096 | 8192) { wanted } else { RSA_BITS };
                if bits != wanted {
                    notes.push(format!(
                        "an RSA key of {wanted} bits is not made here, one of {bits} bits stands in: a client that minds \
                         the size does not show it"
                    ));
                }
                bits
            }
            "ssh-ed25519" | "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" => 0,
            _ => {
                missing.push(item.name.to_string());
                continue;
            }
        };
        wanted.push((key_type.to_owned(), bits));
    }
    let mut made = session.host_keys.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let keys = match made.iter().find(|(of, _)| *of == wanted) {
        Some((_, keys)) => Arc::clone(keys),
        None => {
            let keys: Result<Vec<PrivateHostKey>, _> =
                wanted.iter().map(|(key_type, bits)| new_key(key_type, *bits)).collect();
            let failed = |source| Error::System { doing: "making a host key", source: std::io::Error::other(source) };
            let keys: Arc<[PrivateHostKey]> = keys.map_err(failed)?.into();
            made.push((wanted, Arc::clone(&keys)));
            keys
        }
    };
    if !missing.is_empty() {
        notes.push(format!(
            "it has no host key to sign with for {}: a client that agrees on one gets no further",
            missing.join(", ")
        ));
    }
    Ok(keys)
}

fn new_key(key_type: &str, bits: u32) -> Result<PrivateHostKey, shakedown_crypto::CryptoError> {
    match key_type.strip_prefix("ecdsa-sha2-") {
        Some(curve) => PrivateHostKey::generate_ecdsa(curve),
        None if key_type == "ssh-rsa" => PrivateHostKey::generate_rsa(bits),
        None => PrivateHostKey::generate_ed25519(),
    }
}

/// The key exchange methods of the list that are not computed here.
fn not_computed(policy: &SshPolicy) -> Option<String> {
    let methods = policy.offer.kex_methods();
    let derived = |name: &str| method(name).is_some();
    let missing: Vec<&str> = methods.iter().map(|item| item.name.as_str()).filter(|name| !derived(name)).collect();
    (!missing.is_empty())
        .then(|| format!("not computed here: {}; a client that agrees on one gets no further", missing.join(", ")))
}
