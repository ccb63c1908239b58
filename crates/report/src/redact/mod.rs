//! Replaces hosts, addresses, users, paths, fingerprints and serials by stable placeholders.
//!
//! Two passes: the first learns what has to be hidden from where it stands as such (a target's name, a user, a path),
//! the second replaces it everywhere, also inside sentences, along with whatever looks like an address, a path or a
//! fingerprint. Words of a peer are replaced whole. Of a file, only the lines that the report points at are kept, and of
//! those only the keyword and the algorithm names.

mod dictionary;
mod files;
mod sentence;

use std::net::{IpAddr, SocketAddr};

use shakedown_model::{
    Configuration, FileEdit, Item, Name, Origin, OriginKind, PartySource, Report, Software, SourceFile,
};

use crate::walk::{self, Visit};
use dictionary::{Dictionary, Kind};
use files::Files;

/// Replaces what identifies people and machines by placeholders such as `host-1` and `address-2`. The same value has the
/// same placeholder everywhere, for as long as the redactor lives.
#[derive(Debug, Default)]
pub struct Redactor {
    dictionary: Dictionary,
    files: Files,
}

impl Redactor {
    /// Redacts the report. Byte ranges then refer to the redacted text of the files.
    pub fn apply(&mut self, report: &mut Report) {
        // Secrets go first: they must not become placeholders that can be told apart.
        *report = walk::masked(report);
        for party in &report.parties {
            for layer in party.software.iter().flat_map(|software| &software.layers) {
                self.dictionary.keep(&Software { layers: vec![layer.clone()] }.to_string());
                self.dictionary.keep(&layer.product);
                self.dictionary.keep(&layer.version);
            }
            if let Some(software) = &party.software {
                self.dictionary.keep(&software.to_string());
            }
        }
        walk::report(&mut Learn { redactor: self }, report);
        self.files.learn_names(&mut self.dictionary);
        walk::report(&mut Replace { redactor: self }, report);
    }

    /// Forgets the files of the reports so far, for a run without end. The placeholders stay.
    pub fn forget_files(&mut self) {
        self.files = Files::default();
    }
}

/// The first pass.
struct Learn<'a> {
    redactor: &'a mut Redactor,
}

impl Learn<'_> {
    fn learn(&mut self, kind: Kind, text: &str) {
        self.redactor.dictionary.learn(kind, text);
    }
}

impl Visit for Learn<'_> {
    fn sentence(&mut self, _: &mut String) {}

    fn said(&mut self, text: &mut Name) {
        // An identification names software, which a reader needs; everything else that a peer says is hidden whole.
        if !is_identification(text) {
            self.redactor.dictionary.learn_words(text.as_str());
        }
    }

    fn token(&mut self, name: &mut Name) {
        self.redactor.dictionary.keep(name.as_str());
    }

    fn host(&mut self, text: &mut String) {
        self.redactor.dictionary.learn_endpoint(text);
    }

    fn address(&mut self, text: &mut String) {
        self.redactor.dictionary.learn_endpoint(text);
    }

    fn user(&mut self, text: &mut String) {
        self.learn(Kind::User, text);
    }

    fn path(&mut self, text: &mut String) {
        self.learn(Kind::Path, text);
    }

    fn fingerprint(&mut self, text: &mut String) {
        self.learn(Kind::Fingerprint, text);
    }

    fn label(&mut self, text: &mut String, source: &PartySource) {
        match source {
            PartySource::Live { .. } => self.redactor.dictionary.learn_endpoint(text),
            PartySource::Configuration | PartySource::Offer { .. } => match Software::split_path(text) {
                Some((_, Some(path))) => self.learn(Kind::Path, path),
                Some((_, None)) => {}
                None => self.learn(Kind::Path, text),
            },
            PartySource::Local { .. } | PartySource::Catalog | PartySource::NamedPolicy { .. } => {}
        }
    }

    fn ip(&mut self, address: &mut IpAddr) {
        self.learn(Kind::Address, &address.to_string());
    }

    fn socket(&mut self, address: &mut SocketAddr) {
        self.learn(Kind::Address, &address.ip().to_string());
    }

    fn finding(&mut self, _: &mut String) {}

    fn suggestion(&mut self, text: &mut String) {
        if !self.redactor.dictionary.knows(text) {
            self.redactor.dictionary.keep(text);
        }
    }

    fn origin(&mut self, origin: &mut Origin) {
        let mut next = Some(&*origin);
        while let Some(place) = next {
            match place.kind() {
                OriginKind::File { file, span } => {
                    self.redactor.dictionary.learn(Kind::Path, &file.path);
                    self.redactor.files.need(file, span.clone());
                }
                OriginKind::Peer { address, .. } => self.redactor.dictionary.learn_endpoint(address),
                _ => {}
            }
            next = place.before();
        }
    }

    fn configuration(&mut self, configuration: &mut Configuration) {
        for file in &configuration.files {
            self.redactor.dictionary.learn(Kind::Path, &file.path);
        }
    }

    fn file_edit(&mut self, edit: &mut FileEdit) {
        self.redactor.dictionary.learn(Kind::Path, &edit.file.path);
        for one in &edit.edits {
            self.redactor.files.need(&edit.file, one.span.clone());
        }
    }
}

/// The second pass.
struct Replace<'a> {
    redactor: &'a mut Redactor,
}

impl Replace<'_> {
    fn place(&mut self, origin: &Origin) -> Origin {
        let kind = match origin.kind() {
            OriginKind::File { file, span } => {
                let redactor = &mut *self.redactor;
                let (file, span) = redactor.files.redacted(file, span, &mut redactor.dictionary);
                OriginKind::File { file, span }
            }
            other => {
                let mut kind = other.clone();
                walk::origin_kind(self, &mut kind);
                kind
            }
        };
        let place = Origin::new(kind);
        match origin.before() {
            Some(before) => place.after(self.place(before)),
            None => place,
        }
    }
}

impl Visit for Replace<'_> {
    fn sentence(&mut self, text: &mut String) {
        *text = self.redactor.dictionary.sentence(text);
    }

    fn said(&mut self, text: &mut Name) {
        let shown = if is_identification(text) {
            self.redactor.dictionary.sentence(text.as_str())
        } else {
            self.redactor.dictionary.placeholder(Kind::Text, text.as_str())
        };
        *text = Name::from_escaped(&shown);
    }

    fn token(&mut self, _: &mut Name) {}

    fn item(&mut self, item: &mut Item) {
        // No format shows it, and it would keep the file alive.
        item.origin = None;
    }

    fn host(&mut self, text: &mut String) {
        *text = self.redactor.dictionary.endpoint(text);
    }

    fn address(&mut self, text: &mut String) {
        *text = self.redactor.dictionary.endpoint(text);
    }

    fn user(&mut self, text: &mut String) {
        *text = self.redactor.dictionary.placeholder(Kind::User, text);
    }

    fn path(&mut self, text: &mut String) {
        *text = self.redactor.dictionary.placeholder(Kind::Path, text);
    }

    fn fingerprint(&mut self, text: &mut String) {
        *text = self.redactor.dictionary.placeholder(Kind::Fingerprint, text);
    }

    fn label(&mut self, text: &mut String, source: &PartySource) {
        let dictionary = &mut self.redactor.dictionary;
        *text = match source {
            PartySource::Live { .. } => dictionary.endpoint(text),
            PartySource::Configuration | PartySource::Offer { .. } => match Software::split_path(text) {
                Some((software, Some(path))) => format!("{software}:{}", dictionary.placeholder(Kind::Path, path)),
                Some((software, None)) => software.to_string(),
                None => dictionary.placeholder(Kind::Path, text),
            },
            PartySource::Local { .. } | PartySource::Catalog | PartySource::NamedPolicy { .. } => {
                dictionary.sentence(text)
            }
        };
    }

    fn ip(&mut self, address: &mut IpAddr) {
        *address = self.redactor.dictionary.ip(*address);
    }

    fn socket(&mut self, address: &mut SocketAddr) {
        let ip = self.redactor.dictionary.ip(address.ip());
        *address = SocketAddr::new(ip, address.port());
    }

    fn finding(&mut self, text: &mut String) {
        *text = self.redactor.dictionary.finding(text);
    }

    fn file_lines(&mut self, text: &mut String) {
        *text = files::redact_lines(text, &mut self.redactor.dictionary);
    }

    fn suggestion(&mut self, text: &mut String) {
        if !self.redactor.dictionary.is_kept(text) {
            self.sentence(text);
        }
    }

    fn origin(&mut self, origin: &mut Origin) {
        *origin = self.place(origin);
    }

    fn configuration(&mut self, configuration: &mut Configuration) {
        for file in &mut configuration.files {
            let path = self.redactor.dictionary.placeholder(Kind::Path, &file.path);
            *file = std::sync::Arc::new(SourceFile::new(path, Vec::new()));
        }
    }

    fn file_edit(&mut self, edit: &mut FileEdit) {
        let redactor = &mut *self.redactor;
        let original = edit.file.clone();
        for one in &mut edit.edits {
            let (file, span) = redactor.files.redacted(&original, &one.span, &mut redactor.dictionary);
            one.replacement = files::redact_text(&one.replacement, span.start, &file, &mut redactor.dictionary);
            one.span = span;
            edit.file = file;
        }
    }
}

fn is_identification(text: &Name) -> bool {
    text.as_str().starts_with("SSH-")
}
