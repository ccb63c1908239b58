//! Reading a party's files again, with edits made in memory.

use std::sync::Arc;

use shakedown_catalog::Catalog;
use shakedown_model::ssh::is_marker;
use shakedown_model::{
    ConfigurationKind, FileEdit, Gathered, Item, Known, Party, PartySource, Policy, Role, Slot, SourceFile,
};

use super::EditError;
use crate::files::Memory;
use crate::openssh::defaults::Defaults;
use crate::openssh::keyword::Dialect;
use crate::openssh::party::plain_signatures;
use crate::openssh::read::{ClientSpec, ConfigError, ServerSpec, client_with, server_with};
use crate::openssh::setting::Settings;

const USER_FILE: &str = "~/.ssh/config";
const SYSTEM_FILE: &str = "/etc/ssh/ssh_config";

/// A party read again.
pub(crate) struct Again {
    pub(crate) settings: Settings,
    pub(crate) dialect: Dialect,
    pub(crate) defaults: Defaults,
    gathered: Gathered,
    files: Vec<Arc<SourceFile>>,
}

/// The party as it would be with the edits made. Nothing is written.
///
/// # Errors
/// [`ConfigError`] where the party has no files, or its version is not known.
pub fn with_edits(party: &Party, edits: &[FileEdit], catalog: &Catalog) -> Result<Gathered, ConfigError> {
    match Again::read(party, edits, catalog) {
        Ok(again) => Ok(again.gathered),
        Err(EditError::Read(error)) => Err(error),
        Err(_) => Err(ConfigError::NoConfiguration),
    }
}

/// Edits of several directives as one edit for each file. All of them have to be made for the same text.
pub fn merge(edits: &[FileEdit]) -> Vec<FileEdit> {
    let mut merged: Vec<FileEdit> = Vec::new();
    for edit in edits {
        match merged.iter_mut().find(|other| other.file.path == edit.file.path) {
            Some(other) => other.edits.extend(edit.edits.iter().cloned()),
            None => merged.push(edit.clone()),
        }
    }
    merged.iter_mut().for_each(|edit| edit.edits.sort_by_key(|edit| edit.span.start));
    merged
}

impl Again {
    pub(crate) fn read(party: &Party, edits: &[FileEdit], catalog: &Catalog) -> Result<Self, EditError> {
        let configuration = party.configuration.as_ref().ok_or(EditError::NoConfiguration)?;
        let software = party.software.as_ref().ok_or(EditError::NoConfiguration)?;
        let mut memory = Memory::new();
        let mut order: Vec<String> = Vec::new();
        for file in &configuration.files {
            memory.insert(&file.path, file.text.clone());
            order.push(file.path.clone());
        }
        for edit in &merge(edits) {
            memory.insert(&edit.file.path, edit.apply());
            if !order.contains(&edit.file.path) {
                order.insert(0, edit.file.path.clone());
            }
        }
        let context = (*configuration.context).clone();
        let role = party.role;
        let defaults = Defaults::find(catalog, software, role).map_err(ConfigError::from)?;
        let dialect = Dialect::new(role, software);
        let (gathered, settings) = match configuration.kind {
            ConfigurationKind::SshConfig => {
                let mut paths: Vec<String> = order.first().cloned().into_iter().collect();
                if paths.first().is_none_or(|path| path == SYSTEM_FILE) {
                    // Without a file of the user's.
                    paths.insert(0, USER_FILE.to_owned());
                }
                loop {
                    let spec = ClientSpec::new(software.clone(), paths.clone(), context.clone());
                    let (reading, settings) = client_with(&memory, &spec, &defaults)?;
                    // A file that none of these includes was named beside them.
                    let read = reading.gathered.parties.first().and_then(|party| party.configuration.as_ref());
                    let seen =
                        |path: &String| read.is_some_and(|read| read.files.iter().any(|file| file.path == *path));
                    match order.iter().find(|path| !seen(path) && !paths.contains(path)) {
                        Some(path) => paths.push(path.clone()),
                        None => break (reading.gathered, settings),
                    }
                }
            }
            ConfigurationKind::SshdConfig => {
                let path = order.first().ok_or(EditError::NoConfiguration)?;
                let spec = ServerSpec::new(software.clone(), path, context);
                let keys = party.ssh().and_then(|policy| policy.offer.host_keys.complete().cloned());
                let (reading, settings) = server_with(&memory, &spec, &defaults, keys)?;
                (reading.gathered, settings)
            }
            // Those of other programs are not OpenSSH's to read again.
            _ => return Err(EditError::NoConfiguration),
        };
        let mut again = Self { settings, dialect, defaults, gathered, files: configuration.files.clone() };
        again.keep(party);
        Ok(again)
    }

    /// What is not in the files stays as it was: the label, what was heard from the party itself, group sizes.
    fn keep(&mut self, party: &Party) {
        let Some(new) = self.gathered.parties.first_mut() else { return };
        new.label.clone_from(&party.label);
        if !matches!(party.source, PartySource::Live { .. }) {
            new.source.clone_from(&party.source);
        }
        let (Policy::Ssh(new), Policy::Ssh(old)) = (&mut new.policy, &party.policy) else { return };
        if !new.offer.gex_sizes.is_complete() {
            new.offer.gex_sizes.clone_from(&old.offer.gex_sizes);
        }
    }

    /// The file that new directives go into: the user's or the server's.
    pub(crate) fn main_file(&self) -> Option<Arc<SourceFile>> {
        let empty = || Arc::new(SourceFile::new(USER_FILE, Vec::new()));
        match (self.dialect.role, self.files.first()) {
            (Role::Client, None) => Some(empty()),
            (Role::Client, Some(file)) if file.path == SYSTEM_FILE => Some(empty()),
            (_, file) => file.filter(|file| super::insert::may_edit(file)).cloned(),
        }
    }

    /// The effective list of a directive, without markers.
    pub(crate) fn list(&self, keyword: &str) -> Known<Vec<Item>> {
        let Some(policy) = self.gathered.parties.first().and_then(Party::ssh) else { return Known::Unknown };
        let list = match keyword {
            "KexAlgorithms" => policy.offer.list(Slot::Kex),
            "Ciphers" => policy.offer.list(Slot::CipherC2s),
            "MACs" => policy.offer.list(Slot::MacC2s),
            "HostKeyAlgorithms" if self.dialect.role == Role::Client => policy.offer.list(Slot::HostKey),
            "PubkeyAcceptedAlgorithms" => &policy.offer.public_key_auth,
            // A server's list of permitted algorithms is not its offer.
            _ => return self.assembled(keyword),
        };
        match list.complete() {
            Some(list) => Known::Complete(list.iter().filter(|item| !is_marker(item.name.as_str())).cloned().collect()),
            None => Known::Unknown,
        }
    }

    fn assembled(&self, keyword: &str) -> Known<Vec<Item>> {
        let mut builder = crate::openssh::party::Builder::new(&self.defaults, &self.settings, &self.dialect);
        match keyword {
            "CASignatureAlgorithms" => builder.list(keyword, &plain_signatures(&self.defaults.key_types)),
            _ => builder.list(keyword, &self.defaults.key_types.clone()),
        }
    }

    /// The list without a directive.
    pub(crate) fn default(&self, keyword: &str) -> Vec<Item> {
        let offer = &self.defaults.policy.offer;
        let list = match keyword {
            "KexAlgorithms" => offer.kex.clone(),
            "Ciphers" => offer.cipher_c2s.clone(),
            "MACs" => offer.mac_c2s.clone(),
            "CASignatureAlgorithms" => plain_signatures(&self.defaults.key_types),
            _ => self.defaults.key_types.clone(),
        };
        list.complete().cloned().unwrap_or_default()
    }
}
