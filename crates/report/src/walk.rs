//! Visits every text of a report, by what kind of text it is.
//!
//! Every struct is taken apart field by field, without `..`: a field that is added to the model has to be judged here
//! before the report crate builds again. That is on purpose; a text that nobody has judged could show what has to be
//! hidden.

mod certificate;
mod ike;
mod ssh;
mod tls;

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use shakedown_model::{
    Change, Command, CommandPlace, Configuration, Context, Diagnosis, Ending, Evidence, Fact, FailedSlot, FailureKind,
    FileEdit, FilePermission, Fix, Forecast, HopRef, Incident, Indication, Item, KeyPair, Known, KnownHostKey,
    KnownHostStatus, Label, Name, NamedFile, Object, Origin, OriginKind, Outcome, Pair, Party, PartySource, Policy,
    Remedy, Report, Risk, Said, SourceFile, StageOutcome, StageResult, TraceStep, Vantage,
};

use self::ike::ike;
use self::ssh::ssh;
use self::tls::tls;

/// What is done with each kind of text.
pub(crate) trait Visit {
    /// Prose and commands of this program, which may quote anything.
    fn sentence(&mut self, text: &mut String);
    /// Words of a peer or of another program.
    fn said(&mut self, text: &mut Name);
    /// An algorithm name or another token of a list.
    fn token(&mut self, name: &mut Name) {
        self.said(name);
    }
    /// An element of a list.
    fn item(&mut self, item: &mut Item) {
        self.token(&mut item.name);
    }
    /// A host name.
    fn host(&mut self, text: &mut String) {
        self.sentence(text);
    }
    /// An address or a host name, with or without a port.
    fn address(&mut self, text: &mut String) {
        self.sentence(text);
    }
    /// A user name.
    fn user(&mut self, text: &mut String) {
        self.sentence(text);
    }
    /// A path.
    fn path(&mut self, text: &mut String) {
        self.sentence(text);
    }
    /// A fingerprint.
    fn fingerprint(&mut self, text: &mut String) {
        self.sentence(text);
    }
    /// The label of a party found in this way.
    fn label(&mut self, text: &mut String, _source: &PartySource) {
        self.sentence(text);
    }
    /// An address.
    fn ip(&mut self, _address: &mut IpAddr) {}
    /// An address with a port.
    fn socket(&mut self, _address: &mut SocketAddr) {}
    /// Something found in a configuration file.
    fn finding(&mut self, text: &mut String) {
        self.sentence(text);
    }
    /// Lines for a configuration file.
    fn file_lines(&mut self, text: &mut String) {
        self.sentence(text);
    }
    /// A name that this program knows, as what was probably meant.
    fn suggestion(&mut self, text: &mut String) {
        self.sentence(text);
    }
    /// A place.
    fn origin(&mut self, origin: &mut Origin);
    /// The files of a party's configuration.
    fn configuration(&mut self, configuration: &mut Configuration);
    /// The edits of a file.
    fn file_edit(&mut self, edit: &mut FileEdit);
}

/// Visits the texts of a place that is not in a file.
pub(crate) fn origin_kind<V: Visit + ?Sized>(visit: &mut V, kind: &mut OriginKind) {
    match kind {
        OriginKind::File { file: _, span: _ } | OriginKind::Catalog { row: _, source: _ } => {}
        OriginKind::Peer { address, connection: _, what: _ } => visit.address(address),
        OriginKind::Program { command } => visit.sentence(command),
        OriginKind::CommandLine { argument } => visit.sentence(argument),
        OriginKind::Edit { title } => visit.sentence(title),
    }
}

/// Visits a whole report.
pub(crate) fn report(visit: &mut dyn Visit, report: &mut Report) {
    let Report {
        command: _,
        observed_at: _,
        vantage,
        catalog_date: _,
        parties,
        pairs,
        evidence: seen,
        incidents,
        diagnoses,
        fixes,
        connections: _,
        notes,
    } = report;
    let Vantage { host, version: _ } = vantage;
    if let Some(host) = host {
        visit.host(host);
    }
    parties.iter_mut().for_each(|one| party(visit, one));
    for Pair { client: _, server: _, address, outcome: result } in pairs {
        if let Some(address) = address {
            visit.address(address);
        }
        outcome(visit, result);
    }
    seen.iter_mut().for_each(|one| evidence(visit, one));
    incidents.iter_mut().for_each(|one| incident(visit, one));
    diagnoses.iter_mut().for_each(|one| diagnosis(visit, one));
    fixes.iter_mut().for_each(|one| fix(visit, one));
    notes.iter_mut().for_each(|note| visit.sentence(note));
}

/// Visits an incident.
fn incident(visit: &mut dyn Visit, incident: &mut Incident) {
    let Incident {
        protocol: _,
        peer,
        peers: _,
        first: _,
        last: _,
        count: _,
        result: _,
        standing: _,
        summary,
        evidence: _,
    } = incident;
    visit.sentence(summary);
    if let Some(peer) = peer {
        visit.address(peer);
    }
}

/// Visits what a program printed.
fn printed(visit: &mut dyn Visit, said: &mut Said) {
    let Said {
        message: _,
        product: _,
        protocol: _,
        kind: _,
        printed_by: _,
        phase: _,
        slot: _,
        text,
        captures,
        indications,
        explains: _,
        summary,
        note,
        decides,
        times: _,
    } = said;
    visit.said(text);
    for (_, capture) in captures {
        visit.said(capture);
    }
    for Indication { cause: _, strength: _, fault: _, because, reason: _, object: _ } in indications {
        visit.sentence(because);
    }
    [summary, note].into_iter().chain(decides).for_each(|text| visit.sentence(text));
}

/// Visits a party.
pub(crate) fn party(visit: &mut dyn Visit, party: &mut Party) {
    let Party { label, role: _, software: _, source, policy, configuration, notes } = party;
    visit.label(label, source);
    match source {
        PartySource::Live { address } => visit.address(address),
        PartySource::Local { program } => visit.sentence(program),
        PartySource::Offer { path } => visit.path(path),
        PartySource::Configuration | PartySource::Catalog | PartySource::NamedPolicy { name: _ } => {}
    }
    match policy {
        Policy::Ssh(policy) => ssh(visit, policy),
        Policy::Ike(policy) => ike(visit, policy),
        Policy::Tls(policy) => tls(visit, policy),
    }
    if let Some(configuration) = configuration {
        visit.configuration(configuration);
        let Configuration {
            kind: _,
            files: _,
            context: decided,
            certificates,
            key_pairs,
            dh_parameters,
            revocation_lists,
        } = configuration;
        context(visit, decided);
        for (path, one) in certificates {
            visit.path(path);
            self::tls::certificate(visit, one);
        }
        for KeyPair { certificate, key, chain } in key_pairs {
            [certificate, key].into_iter().chain(chain).for_each(|path| visit.path(path));
        }
        dh_parameters.iter_mut().for_each(|path| visit.path(path));
        if let Some(NamedFile { path, origin }) = revocation_lists {
            visit.path(path);
            visit.origin(origin);
        }
    }
    notes.iter_mut().for_each(|note| visit.sentence(note));
}

fn context(visit: &mut dyn Visit, context: &mut Context) {
    let Context {
        target,
        host,
        address,
        port: _,
        user,
        local_user,
        local_address,
        local_port: _,
        server_name,
        known_hosts,
        other_known_hosts,
        peer_identification,
        attempt: _,
        time: _,
        strict_host_keys: _,
        machine_authorities: _,
    } = context;
    [target, host, server_name].into_iter().flatten().for_each(|host| visit.host(host));
    [user, local_user].into_iter().flatten().for_each(|user| visit.user(user));
    [address, local_address].into_iter().flatten().for_each(|address| visit.ip(address));
    for KnownHostKey { key_type, fingerprint, mark: _, origin } in known_hosts.iter_mut().chain(other_known_hosts) {
        visit.token(key_type);
        visit.fingerprint(fingerprint);
        visit.origin(origin);
    }
    if let Some(text) = peer_identification {
        visit.said(text);
    }
}

fn known<T>(value: &mut Known<T>, mut each: impl FnMut(&mut T)) {
    match value {
        Known::Complete(value) => each(value),
        Known::Partial { accepted, refused } => {
            each(accepted);
            each(refused);
        }
        Known::Unknown => {}
    }
}

fn outcome(visit: &mut dyn Visit, outcome: &mut Outcome) {
    let Outcome { stages, agreed, agreed_child, failed, forecast, trace, risks } = outcome;
    for StageOutcome { stage: _, result } in stages {
        if let StageResult::Unknown { what_would_decide } = result {
            visit.sentence(what_would_decide);
        }
    }
    agreed.iter_mut().chain(agreed_child).filter_map(|(_, name)| name.as_mut()).for_each(|name| visit.token(name));
    for FailedSlot { stage: _, slot: _, client, server, kind } in failed {
        client.iter_mut().chain(server).for_each(|item| visit.item(item));
        match kind {
            FailureKind::MarkerChosen { marker } => visit.token(marker),
            FailureKind::Deviation { by: _, what } => visit.sentence(what),
            FailureKind::NothingInCommon
            | FailureKind::NothingOffered { by: _ }
            | FailureKind::BeyondLimit { limit: _ }
            | FailureKind::TooSmall { bits: _, minimum: _, demanded_by: _ }
            | FailureKind::OutOfRange { minimum: _, maximum: _, available: _ }
            | FailureKind::NotTheKnownKey
            | FailureKind::WrongIdentity { .. }
            | FailureKind::DifferentKeys
            | FailureKind::NoKey { .. }
            | FailureKind::OtherMode
            | FailureKind::OtherAddress { .. }
            | FailureKind::NoSecureRenegotiation
            | FailureKind::NoExtendedMasterSecret { demanded_by: _ }
            | FailureKind::NoKnownKey
            | FailureKind::RevokedKey => {}
        }
    }
    for Forecast { when: _, stage: _, slot: _, summary, after: _ } in forecast {
        visit.sentence(summary);
    }
    for TraceStep { slot: _, client, server, chosen, rule } in trace {
        client.iter_mut().chain(server).chain(chosen).for_each(|name| visit.token(name));
        visit.sentence(rule);
    }
    // The citation is a public document, chosen by this program.
    for Risk { code: _, slot: _, summary, citation: _ } in risks {
        visit.sentence(summary);
    }
}

fn hop(visit: &mut dyn Visit, hop: &mut HopRef) {
    match hop {
        HopRef::Target => {}
        HopRef::JumpHost(name) => visit.host(name),
        HopRef::Proxy(command) => visit.finding(command),
    }
}

fn evidence(visit: &mut dyn Visit, evidence: &mut Evidence) {
    let Evidence { fact: seen, subject: _, origin, connection: _, hop: at, time: _ } = evidence;
    fact(visit, seen);
    origin.iter_mut().for_each(|origin| visit.origin(origin));
    hop(visit, at);
}

fn fact(visit: &mut dyn Visit, fact: &mut Fact) {
    match fact {
        Fact::NotResolved { host, failure: _ } => visit.host(host),
        Fact::Resolved { host, addresses } => {
            visit.host(host);
            addresses.iter_mut().for_each(|address| visit.socket(address));
        }
        Fact::NotConnected { address, failure: _ } | Fact::Connected { address, milliseconds: _ } => {
            visit.socket(address);
        }
        Fact::Ended { phase: _, ending, received: _ } => match ending {
            Ending::Closed | Ending::Reset | Ending::Silent { milliseconds: _ } => {}
        },
        Fact::Preamble { lines } => lines.iter_mut().for_each(|line| visit.said(line)),
        Fact::Identification { text }
        | Fact::SshOneOnly { identification: text }
        | Fact::Throttled { throttle: _, text }
        | Fact::OtherProtocol { protocol: _, first_bytes: text }
        | Fact::Disconnected { phase: _, code: _, text }
        | Fact::NoStartTls { protocol: _, is_offered: _, text }
        | Fact::ProxyRefused { text } => visit.said(text),
        Fact::Alert { phase: _, level: _, number: _, name: _, is_encrypted: _, after_finished: _ } => {}
        Fact::OldVersionOnly | Fact::Unanswered { phase: _ } | Fact::TunnelPart { slot: _, accepted: _ } => {}
        Fact::Notify { phase: _, number: _, name: _, to_everything: _ } => {}
        Fact::Certificate(finding) => certificate::finding(visit, finding),
        Fact::Completion(completion) => certificate::completion(visit, completion),
        Fact::Departure { what } => visit.sentence(what),
        Fact::LargeHelloLost { ending: _ } => {}
        Fact::Malformed { phase: _, what, offset: _ } | Fact::BackendsDiffer { what } => visit.sentence(what),
        Fact::LimitReached { phase: _, limit } => visit.sentence(limit),
        Fact::TrustStore { client, path, trusts: _ } => {
            visit.path(client);
            visit.path(path);
        }
        Fact::TooSlow { phase: _, received: _, milliseconds: _ } => {}
        Fact::HostKeyLookup { status, key_type, fingerprint } => {
            visit.token(key_type);
            visit.fingerprint(fingerprint);
            match status {
                KnownHostStatus::Known => {}
                KnownHostStatus::Changed { known, fingerprint } => {
                    visit.origin(known);
                    visit.fingerprint(fingerprint);
                }
                KnownHostStatus::Unknown { other_types, strict: _ } => {
                    other_types.iter_mut().for_each(|name| visit.token(name));
                }
                KnownHostStatus::Revoked { entry } => visit.origin(entry),
                KnownHostStatus::BadCertificate { reason } => visit.sentence(reason),
            }
        }
        Fact::WrongSignature { algorithm } => visit.token(algorithm),
        Fact::SmallKey { key_type, bits: _, minimum: _ } => visit.token(key_type),
        Fact::Configuration { problem: _, message, suggestion } => {
            visit.finding(message);
            suggestion.iter_mut().for_each(|text| visit.suggestion(text));
        }
        Fact::KeyFile { path, permission } => {
            visit.path(path);
            match permission {
                FilePermission::BadFormat { reason } => visit.sentence(reason),
                FilePermission::Missing
                | FilePermission::NotReadable
                | FilePermission::TooOpen { mode: _ }
                | FilePermission::DoesNotMatch => {}
            }
        }
        Fact::Disagreement { setting: _, ours, theirs, program } => {
            [ours, theirs].into_iter().for_each(|text| visit.finding(text));
            visit.sentence(program);
        }
        Fact::NoUserSignature { client, server } => {
            client.iter_mut().chain(server).for_each(|name| visit.token(name));
        }
        Fact::Program { command, text } => {
            visit.sentence(command);
            visit.said(text);
        }
        Fact::Said(said) => printed(visit, said),
    }
}

fn diagnosis(visit: &mut dyn Visit, diagnosis: &mut Diagnosis) {
    let Diagnosis {
        pair: _,
        incident: _,
        group: _,
        cause: _,
        reason: _,
        protocol: _,
        object,
        hop: at,
        phase: _,
        side: _,
        side_because,
        confidence_permille: _,
        summary,
        algorithms,
        evidence: _,
        evidence_against: _,
        labels,
        notes,
        what_would_decide,
        remedies,
    } = diagnosis;
    if let Some(Object { kind, name }) = object {
        match *kind {
            "configuration file" | "key file" => visit.path(name),
            _ => visit.sentence(name),
        }
    }
    hop(visit, at);
    visit.sentence(side_because);
    visit.sentence(summary);
    algorithms.iter_mut().for_each(|name| visit.token(name));
    for Label { origin, text } in labels {
        visit.origin(origin);
        visit.sentence(text);
    }
    notes.iter_mut().chain(what_would_decide).for_each(|text| visit.sentence(text));
    for Remedy { role: _, change } in remedies {
        match change {
            Change::Enable { slot: _, candidates: names }
            | Change::Upgrade { slot: _, candidates: names }
            | Change::Disable { slot: _, names } => names.iter_mut().for_each(|name| visit.token(name)),
            Change::ReplaceText { at, replacement, title } => {
                visit.origin(at);
                visit.file_lines(replacement);
                visit.sentence(title);
            }
            Change::Commands { title, commands: list, applicability: _ } | Change::Decide { title, steps: list } => {
                visit.sentence(title);
                commands(visit, list);
            }
        }
    }
}

fn commands(visit: &mut dyn Visit, commands: &mut [Command]) {
    for Command { place, text, explanation } in commands {
        match place {
            CommandPlace::ClientShell | CommandPlace::ServerShell => visit.sentence(text),
            CommandPlace::File(path) => {
                visit.path(path);
                visit.file_lines(text);
            }
            CommandPlace::Settings(path) => {
                visit.sentence(path);
                visit.sentence(text);
            }
        }
        visit.sentence(explanation);
    }
}

fn fix(visit: &mut dyn Visit, fix: &mut Fix) {
    let Fix {
        resolves: _,
        title,
        side: _,
        applicability: _,
        afterwards: _,
        edits,
        commands: list,
        outcome_after,
        verify,
        undo,
        cuts_off,
        notes,
    } = fix;
    visit.sentence(title);
    edits.iter_mut().for_each(|edit| visit.file_edit(edit));
    [list, verify, undo].into_iter().for_each(|list| commands(visit, list));
    if let Some(after) = outcome_after {
        outcome(visit, after);
    }
    cuts_off.iter_mut().chain(notes).for_each(|text| visit.sentence(text));
}

/// Masks the secrets of every text. The text of files is left as it is: what is quoted of it is masked where it is
/// quoted, so that byte ranges stay true.
pub(crate) struct Mask;

impl Visit for Mask {
    fn sentence(&mut self, text: &mut String) {
        if let Cow::Owned(masked) = crate::mask(text) {
            *text = masked;
        }
    }

    fn said(&mut self, text: &mut Name) {
        if let Cow::Owned(masked) = crate::mask(text.as_str()) {
            *text = Name::from_escaped(&masked);
        }
    }

    fn origin(&mut self, origin: &mut Origin) {
        let mut kind = origin.kind().clone();
        match &mut kind {
            OriginKind::File { file, span: _ } => mask_path(file),
            _ => origin_kind(self, &mut kind),
        }
        let mut before = origin.before().cloned();
        before.iter_mut().for_each(|before| self.origin(before));
        if kind != *origin.kind() || before.as_ref() != origin.before() {
            let place = Origin::new(kind);
            *origin = match before {
                Some(before) => place.after(before),
                None => place,
            };
        }
    }

    fn configuration(&mut self, configuration: &mut Configuration) {
        configuration.files.iter_mut().for_each(mask_path);
    }

    fn file_edit(&mut self, edit: &mut FileEdit) {
        mask_path(&mut edit.file);
        for edit in &mut edit.edits {
            self.sentence(&mut edit.replacement);
        }
    }
}

/// A path may hold a secret too, if a person has put a URL where a path belongs.
fn mask_path(file: &mut Arc<SourceFile>) {
    if let Cow::Owned(path) = crate::mask(&file.path) {
        *file = Arc::new(SourceFile { path, text: file.text.clone(), excerpts: file.excerpts.clone() });
    }
}

/// A copy of the report without secrets in its texts.
pub(crate) fn masked(original: &Report) -> Report {
    let mut copy = original.clone();
    report(&mut Mask, &mut copy);
    copy
}
