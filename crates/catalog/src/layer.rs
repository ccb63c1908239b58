//! Distribution builds and system-wide policies, laid over the offer of a version.

use shakedown_model::{Layer, Role};

use crate::Catalog;
use crate::blob::Section;
use crate::error::{CatalogError, close};
use crate::facts::{BuildRow, CryptoPolicyRow, OfferRow};

impl Catalog {
    /// The build rows that hold for a version, in the order of the data.
    pub(crate) fn build_rows(&self, id: &str, role: Role, build: &str, version: &str) -> Vec<BuildRow> {
        let blob = self.blob();
        blob.named(Section::Builds, id)
            .map(|row| blob.row::<BuildRow>(row))
            .filter(|row| row.build == build && row.role.covers(role))
            .filter(|row| row.version.as_deref().is_none_or(|only| only == version))
            .collect()
    }

    pub(crate) fn has_build_row(&self, id: &str, build: &str) -> bool {
        let blob = self.blob();
        blob.named(Section::Builds, id).any(|row| blob.row::<BuildRow>(row).build == build)
    }

    /// The lists of a system-wide policy for a product. `rows` are those that the build wants, the first one first;
    /// without them the newest row before the release counts.
    pub(crate) fn crypto_policy(
        &self,
        layer: &Layer,
        id: &str,
        role: Role,
        rows: &[String],
        released: Option<&str>,
    ) -> Result<CryptoPolicyRow, CatalogError> {
        let backend = match (id, role) {
            ("openssh", Role::Client) => "openssh",
            ("openssh", Role::Server) => "opensshserver",
            ("libssh", _) => "libssh",
            _ => return Err(CatalogError::PolicyDoesNotApply { product: id.to_owned() }),
        };
        let blob = self.blob();
        let names = || {
            (0..blob.rows(Section::CryptoPolicies))
                .map(|row| (row, blob.string(blob.cell(Section::CryptoPolicies, row, 0))))
        };
        let all: Vec<CryptoPolicyRow> =
            names().filter(|(_, name)| same_policy(name, &layer.version)).map(|(row, _)| blob.row(row)).collect();
        if all.is_empty() {
            let name = layer.version.to_ascii_uppercase();
            return Err(CatalogError::UnknownPolicy {
                suggestions: close(&name, names().map(|(_, name)| name)),
                name: layer.version.clone(),
            });
        }
        let mine: Vec<&CryptoPolicyRow> = all.iter().filter(|row| row.backend == backend).collect();
        // Of some releases only the server's lists were seen; the generator writes the same ones for the client.
        let server_only = |name: &String| {
            all.iter().find(|row| backend == "openssh" && row.backend == "opensshserver" && row.row == *name)
        };
        let wanted: Vec<CryptoPolicyRow> = rows
            .iter()
            .filter_map(|name| match mine.iter().find(|row| row.row == *name) {
                Some(row) => Some((*row).clone()),
                None => server_only(name).map(|row| CryptoPolicyRow { host_key: None, ..row.clone() }),
            })
            .collect();
        // A release's own row may show only some lists: the next row fills in the others.
        if let Some((first, more)) = wanted.split_first() {
            let mut row = first.clone();
            for other in more {
                for (mine, theirs) in [
                    (&mut row.kex, &other.kex),
                    (&mut row.host_key, &other.host_key),
                    (&mut row.cipher, &other.cipher),
                    (&mut row.mac, &other.mac),
                    (&mut row.public_key_auth, &other.public_key_auth),
                ] {
                    if mine.is_none() {
                        mine.clone_from(theirs);
                    }
                }
                row.min_rsa_bits = row.min_rsa_bits.or(other.min_rsa_bits);
            }
            return Ok(row);
        }
        let dated = |row: &&&CryptoPolicyRow| row.row.starts_with(|c: char| c.is_ascii_digit());
        let before = released
            .and_then(|day| mine.iter().filter(dated).filter(|row| row.row.as_str() <= day).max_by_key(|row| &row.row));
        let newest = || mine.iter().filter(dated).max_by_key(|row| &row.row);
        before
            .or_else(newest)
            .or_else(|| mine.first())
            .map(|row| (*row).clone())
            .ok_or_else(|| CatalogError::UnknownPolicy { name: layer.version.clone(), suggestions: Vec::new() })
    }
}

/// `FIPS.OSPP`, `fips-ospp` and `FIPS:OSPP` are one name.
fn same_policy(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.to_ascii_uppercase().replace([':', '.', '-', '_'], ".");
    plain(a) == plain(b)
}

/// Changes an offer to that of a distribution's build.
pub(crate) fn apply_build(row: &mut OfferRow, build: &BuildRow) {
    if let (Some(kex), Some(removed)) = (&mut row.kex, &build.kex_removed) {
        kex.retain(|name| !removed.contains(name));
    }
    if let (Some(kex), Some(first)) = (&mut row.kex, &build.kex_first) {
        kex.retain(|name| !first.contains(name));
        kex.splice(0..0, first.iter().cloned());
    }
    for (mine, theirs) in [
        (&mut row.markers, &build.markers),
        (&mut row.host_key, &build.host_key),
        (&mut row.cipher, &build.cipher),
        (&mut row.mac, &build.mac),
    ] {
        if theirs.is_some() {
            mine.clone_from(theirs);
        }
    }
    if build.identification.is_some() {
        row.identification.clone_from(&build.identification);
    }
}

/// Changes an offer to what a system-wide policy writes. `able` says whether the version has a name at all: programs
/// leave out names that they do not have.
pub(crate) fn apply_crypto_policy(
    row: &mut OfferRow,
    policy: &CryptoPolicyRow,
    role: Role,
    able: impl Fn(&str) -> bool,
) {
    for (mine, theirs) in [
        (&mut row.kex, &policy.kex),
        (&mut row.cipher, &policy.cipher),
        (&mut row.mac, &policy.mac),
        (&mut row.public_key_auth, &policy.public_key_auth),
    ] {
        if let Some(theirs) = theirs {
            *mine = Some(theirs.iter().filter(|name| able(name)).cloned().collect());
        }
    }
    match (role, &mut row.host_key, &policy.host_key) {
        // A server lists its keys in their order; the policy only takes away.
        (Role::Server, Some(mine), Some(theirs)) => mine.retain(|name| theirs.contains(name)),
        (Role::Client, mine, Some(theirs)) => {
            *mine = Some(theirs.iter().filter(|name| able(name)).cloned().collect());
        }
        _ => {}
    }
    row.min_rsa_bits = policy.min_rsa_bits.or(row.min_rsa_bits);
}
