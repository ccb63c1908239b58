//! A certificate and a key of a configuration that do not belong together: the file beside them that does belong.

use std::path::Path;

use shakedown_config::tls_party::{CertificatePlace, certificate_places, with_edits};
use shakedown_model::{Applicability, DiagnosisId, FileEdit, Fix, OutcomeResult, Party, Report, Side};
use shakedown_x509::{KeyFit, key_fits};

use super::certificates::{Beside, folder_of, renamed, undo};
use crate::Session;
use crate::key_pairs::key_of;

impl Session {
    /// Adds a fix for each pair that does not belong together where another file of the same folder is its other half; else
    /// what a person decides says why there is none.
    pub(crate) fn mend_keys(&self, report: &mut Report) {
        if self.options.root.is_some() {
            return;
        }
        for pair in 0..report.pairs.len() {
            let Some((client, server)) = report.pairs.get(pair).map(|pair| (pair.client, pair.server)) else {
                continue;
            };
            let is_about = |one: &shakedown_model::Diagnosis| {
                one.cause == "private-key-invalid" && one.pair == Some(pair) && one.side == Side::Server
            };
            let about = report.diagnoses.iter().enumerate().filter(|(_, one)| is_about(one));
            let resolves: Vec<DiagnosisId> = about.map(|(index, _)| DiagnosisId(index)).collect();
            let (Some(client), Some(party), Some(first)) =
                (report.parties.get(client), report.parties.get(server), resolves.first().copied())
            else {
                continue;
            };
            for place in certificate_places(party) {
                let Some(found) = other_half(party, &place) else { continue };
                let (title, edit) = match found {
                    Ok(found) => found,
                    Err(why) => {
                        let by_hand = report.fixes.iter_mut().filter(|fix| fix.resolves.contains(&first));
                        by_hand.for_each(|fix| fix.notes.push(why.clone()));
                        continue;
                    }
                };
                let edits = vec![edit];
                let Some(after) = with_edits(party, &edits, &self.catalog) else { continue };
                let context = party.configuration.as_ref().map(|own| (*own.context).clone()).unwrap_or_default();
                let outcome = shakedown_negotiate::negotiate(client, &after, &context);
                if outcome.result() != OutcomeResult::Agreed {
                    continue;
                }
                let mut fix = Fix::new(resolves.clone(), title, Side::Server, Applicability::Safe);
                fix.undo.extend(edits.iter().map(undo));
                fix.edits = edits;
                fix.notes
                    .push("the two were compared by their public halves; nothing else of the key was looked at".into());
                fix.outcome_after = Some(outcome);
                report.fixes.insert(0, fix);
                break;
            }
        }
    }
}

/// What to name instead, for a pair that does not belong together; `None` for one that does, or that cannot be read.
fn other_half(party: &Party, place: &CertificatePlace) -> Option<Result<(String, FileEdit), String>> {
    let own = Beside::read(Path::new(&place.path))?;
    let leaf = own.certificates.first()?;
    let (key_path, key_origin) = key_of(place);
    let key = Beside::read(Path::new(key_path))?;
    if key_fits(key.key()?, &leaf.certificate) != KeyFit::Differs {
        return None;
    }
    let fits = |file: &Beside| file.key().is_some_and(|key| key_fits(key, &leaf.certificate) == KeyFit::Fits);
    let edit = |made: Option<(std::sync::Arc<shakedown_model::SourceFile>, shakedown_model::TextEdit)>| {
        made.map(|(file, edit)| FileEdit { file, edits: vec![edit] })
    };
    // Files that the configuration names elsewhere, then those that lie beside.
    let named = party.configuration.iter().flat_map(|own| &own.key_pairs).map(|pair| pair.key.as_str());
    let named: Vec<Beside> = named.filter_map(|path| Beside::read(Path::new(path))).collect();
    let beside = folder_of(key_path);
    // One that holds nothing else is meant before one that holds a certificate too.
    let mut holders: Vec<&Beside> =
        named.iter().chain(&beside).filter(|file| file.path != key.path && fits(file)).collect();
    holders.sort_by_key(|file| !file.certificates.is_empty());
    let holder = holders.first().copied();
    if let Some(holder) = holder {
        let same_folder = Path::new(&holder.path).parent() == Path::new(key_path).parent();
        let made = edit(renamed(key_origin, key_path, &holder.path)).filter(|_| same_folder && place.key.is_some());
        return Some(match made {
            Some(made) => Ok((format!("name the key `{}`, which belongs to the certificate", holder.path), made)),
            None => Err(format!("the key of `{}` is in `{}`", place.path, holder.path)),
        });
    }
    // Another certificate for the same names, whose key is the one that is there.
    let names = leaf.certificate.facts().names;
    let is_other = |file: &&Beside| {
        file.path != own.path
            && file.certificates.first().is_some_and(|other| {
                let theirs = other.certificate.facts().names;
                let present = key.key().is_some_and(|key| key_fits(key, &other.certificate) == KeyFit::Fits);
                present && !other.certificate.is_ca() && names.iter().all(|name| theirs.contains(name))
            })
    };
    let folder = folder_of(&place.path);
    let Some(other) = folder
        .iter()
        .filter(is_other)
        .max_by_key(|file| file.certificates.first().map(|one| one.certificate.validity.not_after))
    else {
        return Some(Err(format!(
            "no file beside `{}` holds the other half of the certificate or of the key",
            place.path
        )));
    };
    let made = edit(renamed(&place.origin, &place.path, &other.path)).filter(|_| place.key.is_some());
    Some(match made {
        Some(made) => Ok((format!("name the certificate `{}`, which belongs to the key", other.path), made)),
        None => Err(format!("the certificate of the key in `{key_path}` is in `{}`", other.path)),
    })
}
