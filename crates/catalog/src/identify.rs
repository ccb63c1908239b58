use shakedown_model::Software;
use shakedown_model::ssh::wildcard;

use crate::Catalog;
use crate::blob::Section;
use crate::facts::{Alias, BannerRow, DistributionRow};

impl Catalog {
    /// The software that sends this identification string, with the distribution's build where the string tells it.
    /// A version that the string does not tell is `unknown`.
    pub fn identify(&self, identification: impl AsRef<str>) -> Option<Software> {
        let blob = self.blob();
        let text = identification.as_ref().trim_end();
        // SSH-2.0-softwareversion SP comments, RFC 4253 section 4.2.
        let text = text.strip_prefix("SSH-").and_then(|rest| rest.split_once('-')).map_or(text, |(_, text)| text);
        let rows: Vec<BannerRow> = blob.all();
        let (row, version) = rows.iter().find_map(|row| Some((row, matched(row, text)?)))?;
        let product = self.successor(&row.product, &version);
        let mut software = Software::new(&product, &version);
        let build = row.build.as_deref().and_then(|build| match build.strip_suffix('*') {
            // Any release of the distribution: the one that ships this version.
            Some(start) => {
                let releases: Vec<String> = blob
                    .named(Section::Distributions, &row.product)
                    .map(|place| blob.row::<DistributionRow>(place))
                    .filter(|release| release.version == version)
                    .filter_map(|release| release.build)
                    .filter(|build| build.starts_with(start))
                    .collect();
                // Two releases may ship the same version: then the string does not tell.
                releases.first().filter(|first| releases.iter().all(|other| other == *first)).cloned()
            }
            None => Some(build.to_owned()),
        });
        if let Some(layer) = software.layers.first_mut() {
            layer.build = build;
        }
        Some(software)
    }
}

impl Catalog {
    /// The product that has taken over a shared name by this version: `JSCH-0.1.56` comes from `jsch-mwiede`.
    fn successor(&self, product: &str, version: &str) -> String {
        let blob = self.blob();
        let shared = (0..blob.rows(Section::Aliases))
            .map(|row| blob.row::<Alias>(row))
            .find(|alias| alias.product == product)
            .and_then(|alias| self.product_id(&alias.name, version).map(str::to_owned));
        shared.unwrap_or_else(|| product.to_owned())
    }
}

/// The version that a pattern finds in a text.
fn matched(row: &BannerRow, text: &str) -> Option<String> {
    let Some((before, after)) = row.pattern.split_once("{version}") else {
        return wildcard(&row.pattern, text).then(|| row.version.clone().unwrap_or_else(|| "unknown".to_owned()));
    };
    let rest = text
        .get(before.len()..)
        .filter(|_| text.get(..before.len()).is_some_and(|start| start.eq_ignore_ascii_case(before)))?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
    let (version, rest) = rest.split_at(end);
    let version = version.trim_end_matches('.');
    (version.starts_with(|c: char| c.is_ascii_digit()) && wildcard(after, rest)).then(|| version.to_owned())
}
