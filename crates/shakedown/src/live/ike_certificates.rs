//! The certificates of an initiator: of the options, else of the folders beside its `swanctl.conf` or `ipsec.conf`.

use std::path::Path;

use shakedown_config::files::FILE_LIMIT;
use shakedown_config::{Files, ipsec_conf, swanctl};
use shakedown_crypto::Hash;
use shakedown_crypto::ike::SigningKey;
use shakedown_handshake::ike::Certificate;
use shakedown_model::ike::Peering;
use shakedown_model::{ConfigurationKind, Party, Secret};
use shakedown_x509::{Anchors, KeyFit, Limits, certificates as read_certificates, key_fits};

use super::{certificates, identity};
use crate::{Error, Session};

/// The most files of a folder that are looked at.
const MOST: usize = 100;

/// What lies beside a configuration.
struct Beside<F> {
    files: F,
    /// The main file.
    main: String,
    /// Where certificates and keys are; `None` where they are in no file that is read here.
    places: Option<Places>,
}

/// The folders that `swanctl --load-creds`, or strongSwan's starter, reads.
struct Places {
    kind: ConfigurationKind,
    /// The folder that the others are in.
    folder: String,
    certificates: &'static str,
    authorities: &'static str,
    keys: &'static [&'static str],
}

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

    /// That of the connection's `certs`, or of the `leftcert` of an `ipsec.conf`; its key is looked for where the program does.
    fn configured_certificate(&self, party: &Party, peering: &Peering) -> Result<Result<Certificate, String>, Error> {
        let Some(Beside { files, main, places }) = self.beside(party)? else {
            return Ok(Err("none is named".to_owned()));
        };
        let Some(places) = places else {
            return Ok(Err(
                "libreswan keeps it in a database of NSS, which is not read here (`pk12util -o FILE -n NICKNAME \
                           -d /var/lib/ipsec/nss` brings it out)"
                    .to_owned(),
            ));
        };
        let failed = |error| Error::File { path: main.clone(), source: std::io::Error::other(error) };
        let names = match &peering.written {
            None => return Ok(Err("its connection is not known".to_owned())),
            Some(own) if places.kind == ConfigurationKind::Swanctl => {
                let reading = swanctl::read(&files, &main).map_err(failed)?;
                let connection = reading.connections.iter().find(|one| own.name.name == *one.name);
                let round = connection.and_then(|one| one.local.first());
                round.into_iter().flat_map(|round| &round.certificates).map(|one| one.as_str().to_owned()).collect()
            }
            Some(own) => {
                let reading = ipsec_conf::read(&files, &main, ipsec_conf::Daemon::StrongSwan).map_err(failed)?;
                let connection = reading.connections.iter().find(|one| own.name.name == *one.name);
                let setting = if own.is_right { "rightcert" } else { "leftcert" };
                let value = connection.and_then(|one| one.value(setting));
                let all = value.map(|value| value.split(|letter| letter == ',')).unwrap_or_default();
                all.iter().map(|one| one.as_str().to_owned()).collect::<Vec<_>>()
            }
        };
        for name in names {
            let place =
                if name.starts_with('/') { name } else { format!("{}/{}/{name}", places.folder, places.certificates) };
            let Ok(bytes) = files.read(&place, FILE_LIMIT) else { continue };
            let (read, _) = read_certificates(&bytes, &Limits::default());
            let Some(own) = read.first() else { continue };
            let all = places.keys.iter().flat_map(|keys| files.glob(&format!("{}/{keys}/*", places.folder)));
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

    /// What lies beside the configuration that a party was read from.
    fn beside(&self, party: &Party) -> Result<Option<Beside<impl Files + use<>>>, Error> {
        let Some(configuration) = &party.configuration else { return Ok(None) };
        let Some(main) = configuration.files.first().map(|file| file.path.clone()) else { return Ok(None) };
        let folder = main.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let is_libreswan = party.software.as_ref().is_some_and(|software| software.product() == "libreswan");
        let places = match configuration.kind {
            ConfigurationKind::Swanctl => Some(Places {
                kind: configuration.kind,
                folder: folder.to_owned(),
                certificates: "x509",
                authorities: "x509ca",
                keys: &["private", "rsa", "ecdsa", "pkcs8"],
            }),
            ConfigurationKind::IpsecConf if is_libreswan => None,
            ConfigurationKind::IpsecConf => Some(Places {
                kind: configuration.kind,
                folder: format!("{folder}/ipsec.d"),
                certificates: "certs",
                authorities: "cacerts",
                keys: &["private"],
            }),
            _ => return Ok(None),
        };
        Ok(Some(Beside { files: self.files()?, main, places }))
    }

    /// Whom the initiator trusts, and a note that says whom: `--cacert`, else the authorities beside its configuration, else
    /// this machine's.
    pub(super) fn ike_anchors(&self, party: &Party) -> Result<(Anchors, String), Error> {
        if self.options.cacert.is_none()
            && let Some(Beside { files, places: Some(places), .. }) = self.beside(party)?
        {
            let folder = format!("{}/{}", places.folder, places.authorities);
            let mut all = Vec::new();
            for place in files.glob(&format!("{folder}/*")).into_iter().take(MOST) {
                let Ok(bytes) = files.read(&place, FILE_LIMIT) else { continue };
                all.extend(read_certificates(&bytes, &Limits::default()).0.into_iter().map(|one| one.certificate));
            }
            if !all.is_empty() {
                return Ok((Anchors::from_certificates(all), format!("trusted: the certificates in `{folder}`")));
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
