//! Clients that were seen at a server, in its logs or by `listen`: a fix says which of them it would cut off or let in.

use std::path::PathBuf;

use shakedown_model::{Name, Party, PartySource, Role};

use crate::{Error, Session};

/// As many different clients of one file are computed.
const MOST: usize = 500;
/// Of a longer log the end is read.
const LARGEST: usize = 64 << 20;

impl Session {
    /// The clients that these files tell of, each once, and what is to be said of the files.
    pub(super) fn seen_clients(&self, paths: &[PathBuf]) -> Result<(Vec<Party>, Vec<String>), Error> {
        let (mut all, mut notes) = (Vec::new(), Vec::new());
        for path in paths {
            let shown = path.display().to_string();
            let bytes = std::fs::read(path).map_err(|source| Error::File { path: shown.clone(), source })?;
            let start = bytes.len().saturating_sub(LARGEST);
            let text = bytes.get(start..).unwrap_or_default();
            let found = match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
                Some(b'{') => self.recorded_clients(text, &shown)?,
                _ => self.clients_of_text(text)?,
            };
            let mut kinds: Vec<(Party, Option<String>, u64)> = Vec::new();
            for (party, peer, count) in found {
                let same = |known: &&mut (Party, Option<String>, u64)| {
                    known.0.policy == party.policy && known.0.software == party.software
                };
                match kinds.iter_mut().find(same) {
                    Some(known) => known.2 = known.2.saturating_add(count),
                    None => kinds.push((party, peer, count)),
                }
            }
            let left_out = kinds.len().saturating_sub(MOST);
            kinds.truncate(MOST);
            let file = Name::new(&shown);
            notes.push(match (kinds.len(), left_out) {
                (0, _) => format!("`{file}` tells of no client what it is or offers: none is computed again"),
                (count, 0) => format!("{count} kinds of clients seen in `{file}` are computed with every change"),
                (count, more) => format!(
                    "{count} kinds of clients seen in `{file}` are computed with every change, {more} more are not"
                ),
            });
            all.extend(kinds.into_iter().map(|(party, peer, count)| named(party, peer.as_deref(), count)));
        }
        Ok((all, notes))
    }

    /// Offers in JSON, one document behind the other, as `listen` and `offer` write them.
    fn recorded_clients(&self, text: &[u8], path: &str) -> Result<Vec<(Party, Option<String>, u64)>, Error> {
        let mut found = Vec::new();
        for document in serde_json::Deserializer::from_slice(text).into_iter::<serde_json::Value>() {
            // A record that is being written ends in the middle.
            let Ok(document) = document else { break };
            let bytes = document.to_string().into_bytes();
            // A client that offered nothing has a document as well.
            if document.get("offers").and_then(|offers| offers.as_array()).is_none_or(Vec::is_empty) {
                continue;
            }
            let parties = shakedown_schema::party_from_json(&bytes, Some(Role::Client))
                .map_err(|source| Error::Offer { path: path.to_owned(), source })?;
            for mut party in parties.into_iter().filter(|party| party.role == Role::Client) {
                self.enrich(&mut party);
                let peer = Some(party.label.clone());
                found.push((party, peer, 1));
            }
        }
        Ok(found)
    }
}

/// The party by a label that says who it is.
fn named(mut party: Party, peer: Option<&str>, count: u64) -> Party {
    let what = party.software.as_ref().map_or_else(|| "a client".to_owned(), ToString::to_string);
    let peer = peer.filter(|peer| *peer != what).map(|peer| Name::new(peer).to_string());
    party.label = match (peer, count) {
        (Some(peer), 0 | 1) => format!("{what} of {peer}"),
        (Some(peer), count) => format!("{what} of {peer} and {} more connections", count - 1),
        (None, 0 | 1) => what,
        (None, count) => format!("{what} ({count} connections)"),
    };
    party.source = PartySource::Offer { path: "what was seen".to_owned() };
    party
}
