//! The texts of an SSH policy.

use shakedown_model::ssh::{HostKey, SignatureCheck, SshBehaviour, SshOffer, SshPolicy, Supported, Undecided};

use super::{Visit, known};

pub(super) fn ssh(visit: &mut dyn Visit, policy: &mut SshPolicy) {
    let SshPolicy { offer, host_key_order: _, behaviour, supported, undecided } = policy;
    let SshOffer {
        identification,
        kex,
        host_key,
        cipher_c2s,
        cipher_s2c,
        mac_c2s,
        mac_s2c,
        compression_c2s,
        compression_s2c,
        languages,
        first_kex_packet_follows: _,
        host_keys,
        gex_request: _,
        gex_sizes: _,
        min_rsa_bits: _,
        public_key_auth,
    } = offer;
    for list in
        [kex, host_key, cipher_c2s, cipher_s2c, mac_c2s, mac_s2c, compression_c2s, compression_s2c, public_key_auth]
    {
        known(list, |items| items.iter_mut().for_each(|item| visit.item(item)));
    }
    languages.0.iter_mut().chain(&mut languages.1).for_each(|name| visit.token(name));
    if let Some(text) = identification {
        visit.said(text);
    }
    known(host_keys, |keys| keys.iter_mut().for_each(|key| host_key_texts(visit, key)));
    // Rules and names of the catalog.
    let SshBehaviour {
        mac_needed_beside_aead: _,
        one_cipher: _,
        kex_needs_host_key: _,
        server_prefers_own: _,
        name_limit: _,
        guess: _,
        drops: _,
        stops: _,
        broken: _,
        confirms: _,
        no_rekey_with: _,
    } = behaviour;
    let Supported { kex: _, host_key: _, cipher: _, mac: _, compression: _ } = supported;
    for Undecided { slot: _, criterion, origin } in undecided {
        visit.finding(criterion);
        origin.iter_mut().for_each(|origin| visit.origin(origin));
    }
}

fn host_key_texts(visit: &mut dyn Visit, key: &mut HostKey) {
    let HostKey { key_type, bits: _, fingerprint, certificate_authority, signature, origin } = key;
    visit.token(key_type);
    [fingerprint, certificate_authority].into_iter().flatten().for_each(|text| visit.fingerprint(text));
    if let SignatureCheck::Unverified { reason } = signature {
        visit.sentence(reason);
    }
    origin.iter_mut().for_each(|origin| visit.origin(origin));
}
