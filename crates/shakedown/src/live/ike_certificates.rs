//! The certificates of an initiator: of the options, else of the folders beside its `swanctl.conf`.

use std::path::Path;

use shakedown_config::files::FILE_LIMIT;
use shakedown_config::{Files, swanctl};
use shakedown_crypto::Hash;
use shakedown_crypto::ike::SigningKey;
use shakedown_handshake::ike::Certificate;
use shakedown_model::ike::Peering;
use shakedown_model::{ConfigurationKind, Item, Party, Secret};
use shakedown_x509::{Anchors, KeyFit, Limits, certificates as read_certificates, key_fits};

use super::{certificates, identity};
use crate::{Error, Session};

/// The folders of private keys that `swanctl --load-creds` reads.
const KEYS: [&str; 4] = ["private", "rsa", "ecdsa", "pkcs8"];
/// The most files of a folder that are looked at.
const MOST: usize = 100;

impl Session {
    /// The certificate of an initiator with its key; `Err` within says what is missing.
    pub(super) fn ike_certificate(
        &self,
        party: &Party,
        peering: &Peering,
    ) -> Result<Result<Certificate, String>, Error> {
        match &self.options.certificate {
            Some(path) => self.given_certificate(path).map(Ok),
            None => self.configured_certificate(party, peering),
        }
    }

    /// That of `--cert` and `--key`.
    fn given_certificate(&self, path: &Path) -> Result<Certificate, Error> {
        let key_path = self.options.key.as_deref().unwrap_or(path);
        let wrong = |option: &'static str, path: &Path, expected: String| Error::OptionValue {
            option,
            value: path.display().to_string(),
            expected,
        };
        let file = identity::read_secret(path, identity::MOST)?;
        let chain = chain(file.expose());
        if chain.is_empty() {
            return Err(wrong("--cert", path, "it holds no certificate in PEM".to_owned()));
        }
        let file = self.private_key(key_path)?;
        let key = SigningKey::from_file(file.expose()).map_err(|error| wrong("--key", key_path, error.to_string()))?;
        Ok(Certificate { chain, key })
    }

    /// That of the connection's `certs`, whose key is looked for where `swanctl` does.
    fn configured_certificate(&self, party: &Party, peering: &Peering) -> Result<Result<Certificate, String>, Error> {
        let Some((files, path)) = self.swanctl_of(party)? else { return Ok(Err("none is named".to_owned())) };
        let failed = |source| Error::File { path: path.clone(), source: std::io::Error::other(source) };
        let reading = swanctl::read(&files, &path).map_err(failed)?;
        let is_meant = |one: &&swanctl::Connection| {
            let own = one.local.first().and_then(|round| round.id.as_ref()).map(|id| id.0.as_str());
            let theirs = one.remote.first().and_then(|round| round.id.as_ref()).map(|id| id.0.as_str());
            let text = |item: &Option<Item>| item.as_ref().map(|item| item.name.as_str().to_owned());
            let addresses = peering.remote_addresses.iter().map(|item| item.name.as_str());
            let said = one.remote_addresses.iter().map(|value| value.as_str()).filter(|text| *text != "%any");
            (own.is_none() || own == text(&peering.local.identity).as_deref())
                && (theirs.is_none() || theirs == text(&peering.remote.identity).as_deref())
                && said.eq(addresses)
        };
        let mut meant = reading.connections.iter().filter(is_meant);
        let names: Vec<&str> = match (meant.next(), meant.next()) {
            (Some(one), None) => {
                let rounds = one.local.first();
                rounds.into_iter().flat_map(|round| &round.certificates).map(|value| value.as_str()).collect()
            }
            _ => return Ok(Err("its connection cannot be told from others of the file".to_owned())),
        };
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        for name in names {
            let place = if name.starts_with('/') { name.to_owned() } else { format!("{folder}/x509/{name}") };
            let Ok(bytes) = files.read(&place, FILE_LIMIT) else { continue };
            let (read, _) = read_certificates(&bytes, &Limits::default());
            let Some(own) = read.first() else { continue };
            let all = KEYS.iter().flat_map(|keys| files.glob(&format!("{folder}/{keys}/*")));
            for place in all.take(MOST) {
                let Ok(bytes) = files.read(&place, FILE_LIMIT).map(Secret::new) else { continue };
                if key_fits(bytes.expose(), &own.certificate) == KeyFit::Fits
                    && let Ok(key) = SigningKey::from_file(bytes.expose())
                {
                    let chain = read.iter().map(|one| one.certificate.der.to_vec()).collect();
                    return Ok(Ok(Certificate { chain, key }));
                }
            }
            return Ok(Err(format!("no key of `{place}` without a passphrase is beside it")));
        }
        Ok(Err("its connection names none that can be read".to_owned()))
    }

    /// The files and the main file of a party that was read from a `swanctl.conf`.
    fn swanctl_of(&self, party: &Party) -> Result<Option<(impl Files + use<>, String)>, Error> {
        let configuration = party.configuration.as_ref().filter(|one| one.kind == ConfigurationKind::Swanctl);
        let Some(main) = configuration.and_then(|one| one.files.first()) else { return Ok(None) };
        Ok(Some((self.files()?, main.path.clone())))
    }

    /// Whom the initiator trusts, and a note that says whom: `--cacert`, else the authorities beside its `swanctl.conf`, else
    /// this machine's.
    pub(super) fn ike_anchors(&self, party: &Party) -> Result<(Anchors, String), Error> {
        if self.options.cacert.is_none()
            && let Some((files, path)) = self.swanctl_of(party)?
        {
            let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
            let mut all = Vec::new();
            for place in files.glob(&format!("{folder}/x509ca/*")).into_iter().take(MOST) {
                let Ok(bytes) = files.read(&place, FILE_LIMIT) else { continue };
                all.extend(read_certificates(&bytes, &Limits::default()).0.into_iter().map(|one| one.certificate));
            }
            if !all.is_empty() {
                return Ok((
                    Anchors::from_certificates(all),
                    format!("trusted: the certificates in `{folder}/x509ca`"),
                ));
            }
        }
        certificates::anchors(self.options.cacert.as_deref())
    }

    /// Digests of the keys of the authorities that the initiator names; of this machine's none is named, which asks for any
    /// certificate.
    pub(super) fn trusted_keys(&self, party: &Party) -> Result<Vec<Vec<u8>>, Error> {
        let (anchors, _) = self.ike_anchors(party)?;
        let known = anchors.list.iter().filter_map(|anchor| anchor.certificate.as_ref());
        let digests: Vec<Vec<u8>> = known.map(|one| Hash::Sha1.digest(&[&one.key_info()])).collect();
        let own = self.options.cacert.is_some() || party.configuration.is_some();
        Ok(if own && digests.len() <= MOST { digests } else { Vec::new() })
    }
}

/// The certificates of a file in PEM or DER.
fn chain(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (read, _) = read_certificates(bytes, &Limits::default());
    read.into_iter().map(|one| one.certificate.der.to_vec()).collect()
}
