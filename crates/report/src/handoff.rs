//! The text for the other party's ticket: what was seen, what each side offers, what to change there and how to check it.

use std::fmt::Write;

use shakedown_model::{
    Applicability, Change, Command, CommandPlace, Diagnosis, DiagnosisId, Evidence, Fact, Fix, Incident, Item, Party,
    PartySource, Remedy, Report, Role, Side, Slot, Standing,
};
use shakedown_schema::sentence;

use crate::escape::printable;
use crate::{diff, walk, words};

/// What goes into the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandoffOptions {
    /// With changes that lower security. Nobody is asked for them otherwise.
    pub allow_weaker: bool,
}

/// Plain text for whoever runs the side `to` ([`Side::Client`] or [`Side::Server`]; others are taken for the server). It
/// says `you` to them and `we` for the other side, blames nobody, and holds nothing of our own files but the lists that
/// the protocol shows the peer anyway. Secrets are masked; for names and addresses there is `Redactor`.
pub fn handoff(report: &Report, to: Side, options: &HandoffOptions) -> String {
    let report = walk::masked(report);
    let to = if to == Side::Client { Role::Client } else { Role::Server };
    let ours = if to == Role::Client { Role::Server } else { Role::Client };
    let mut letter = Letter { report: &report, to, ours, options, out: String::new() };
    letter.write();
    letter.out
}

struct Letter<'a> {
    report: &'a Report,
    to: Role,
    ours: Role,
    options: &'a HandoffOptions,
    out: String,
}

impl<'a> Letter<'a> {
    fn write(&mut self) {
        let report = self.report;
        let sure: Vec<usize> = self.diagnoses(|diagnosis| diagnosis.confidence_permille >= 500);
        let shown = if sure.is_empty() { self.diagnoses(|_| true) } else { sure.clone() };
        let first = shown.first().and_then(|id| report.diagnoses.get(*id));
        let what = first.map_or("no fault was found", |diagnosis| diagnosis.summary.as_str());
        let protocol = first.map(|diagnosis| format!("{} ", diagnosis.protocol.as_str().to_uppercase()));
        let perhaps = match first {
            Some(_) if sure.is_empty() => "possibly: ",
            Some(first) if !words::is_sure(first) => "likely: ",
            _ => "",
        };
        self.line(0, &format!("Subject: {}connection: {perhaps}{what}", protocol.unwrap_or_default()));
        self.gap();
        self.line(0, &format!("In this text the {} is yours, and the {} is ours.", self.to, self.ours));
        self.ends();
        self.times(first);
        self.causes(&shown, !sure.is_empty());
        self.offers();
        self.seen(&shown);
        self.changes(&shown, !sure.is_empty());
        self.gap();
        self.line(
            0,
            &format!(
                "Made by shakedown {} (facts on software as of {}). Passwords and keys that it knew for such are left out.",
                report.vantage.version, report.catalog_date
            ),
        );
    }

    /// The diagnoses by place. Strangers of a log are nobody to write to.
    fn diagnoses(&self, wanted: impl Fn(&Diagnosis) -> bool) -> Vec<usize> {
        let incident = |diagnosis: &Diagnosis| diagnosis.incident.and_then(|index| self.report.incidents.get(index));
        let stranger = |diagnosis| incident(diagnosis).is_some_and(|one| one.standing == Standing::Stranger);
        let all = self.report.diagnoses.iter().enumerate();
        all.filter(|(_, one)| wanted(one) && !stranger(one)).map(|(id, _)| id).collect()
    }

    fn ends(&mut self) {
        let report = self.report;
        self.heading("Who");
        for pair in &report.pairs {
            for role in [self.to, self.ours] {
                let index = if role == Role::Client { pair.client } else { pair.server };
                let Some(party) = report.parties.get(index) else { continue };
                let address = pair.address.as_deref().filter(|_| role == Role::Server);
                self.end(role, party, address);
            }
        }
        if report.pairs.is_empty() {
            for party in &report.parties {
                self.end(party.role, party, None);
            }
        }
        if report.parties.is_empty() && report.incidents.is_empty() {
            self.line(1, "our text names no address");
        }
        let mut peers: Vec<&str> = report.incidents.iter().filter_map(|incident| incident.peer.as_deref()).collect();
        peers.dedup();
        for peer in peers {
            self.line(1, &format!("peer, as our log has it: {peer}"));
        }
        if let Some(host) = &report.vantage.host {
            self.line(1, &format!("seen from: {host}"));
        }
    }

    /// Of our side the software is enough: its label may be a path of ours.
    fn end(&mut self, role: Role, party: &Party, address: Option<&str>) {
        let whose = if role == self.to { "yours" } else { "ours" };
        let mut facts: Vec<String> = Vec::new();
        let live = match &party.source {
            PartySource::Live { address } => Some(address.as_str()),
            _ => None,
        };
        if role == self.to || live.is_some() {
            facts.push(party.label.clone());
        }
        facts.extend(address.or(live).map(str::to_owned));
        facts.extend(party.software.as_ref().map(ToString::to_string));
        let identification = party.ssh().and_then(|policy| policy.offer.identification.as_ref());
        facts.extend(identification.map(|text| text.as_str().to_owned()));
        let context = party.configuration.as_ref().map(|configuration| &configuration.context);
        facts.extend(context.and_then(|context| context.local_address).map(|address| format!("from {address}")));
        let mut told: Vec<String> = Vec::new();
        for fact in facts {
            if !told.contains(&fact) {
                told.push(fact);
            }
        }
        let facts = if told.is_empty() { "no more is known of it".to_owned() } else { told.join(", ") };
        self.line(1, &format!("{role} ({whose}): {facts}"));
    }

    fn times(&mut self, first: Option<&Diagnosis>) {
        let report = self.report;
        self.heading("When (UTC)");
        let mut times: Vec<_> = report.evidence.iter().filter_map(|evidence| evidence.time).collect();
        times.sort_unstable();
        match (times.first(), times.last()) {
            (Some(start), Some(end)) if start != end => self.line(1, &format!("from {start:.0} to {end:.0}")),
            (Some(time), _) => self.line(1, &format!("{time:.0}")),
            (None, _) => self.line(1, &format!("{:.0}", report.observed_at)),
        }
        let incident = first.and_then(|diagnosis| diagnosis.incident).and_then(|index| report.incidents.get(index));
        if let Some(Incident { first: Some(start), last, count, .. }) = incident {
            let until = last.as_ref().filter(|last| *last != start).map(|last| format!(" to {last}"));
            let times = words::count(usize::try_from(*count).unwrap_or(usize::MAX), "attempt", "attempts");
            self.line(1, &format!("{times}, in our log's own time: {start}{}", until.unwrap_or_default()));
        }
    }

    fn causes(&mut self, shown: &[usize], sure: bool) {
        let report = self.report;
        let found: Vec<&Diagnosis> = shown.iter().filter_map(|id| report.diagnoses.get(*id)).collect();
        if found.is_empty() {
            return;
        }
        self.heading(if sure { "What happens" } else { "What may be the reason" });
        for diagnosis in &found {
            let share = match (sure, words::is_sure(diagnosis)) {
                (_, true) => String::new(),
                (true, false) => format!(" (likely, {} %)", words::percent(diagnosis)),
                (false, false) => format!(" ({} %)", words::percent(diagnosis)),
            };
            self.line(1, &format!("- {}{share}", diagnosis.summary));
            let ours: Vec<&str> = self.our_paths();
            for note in diagnosis.notes.iter().filter(|note| !ours.iter().any(|path| note.contains(path))) {
                self.line(2, note);
            }
        }
        let mut told: Vec<&str> = Vec::new();
        for what in found.iter().filter_map(|diagnosis| diagnosis.what_would_decide.as_deref()) {
            if !told.contains(&what) {
                told.push(what);
                self.line(1, &format!("This would decide it: {what}"));
            }
        }
    }

    /// The paths of our own configuration, which are no matter of the other party's.
    fn our_paths(&self) -> Vec<&'a str> {
        let parties = self.report.parties.iter().filter(|party| party.role == self.ours);
        let files = parties.filter_map(|party| party.configuration.as_ref()).flat_map(|one| &one.files);
        files.map(|file| file.path.as_str()).filter(|path| !path.is_empty()).collect()
    }

    fn offers(&mut self) {
        let report = self.report;
        let mut lists: Vec<(Slot, &[Item], &[Item])> = Vec::new();
        for failed in report.pairs.iter().flat_map(|pair| &pair.outcome.failed) {
            let list = (failed.slot, failed.client.as_slice(), failed.server.as_slice());
            let same = |other: &(Slot, &[Item], &[Item])| {
                words::without_direction(other.0) == words::without_direction(list.0)
                    && names(other.1) == names(list.1)
                    && names(other.2) == names(list.2)
            };
            if !lists.iter().any(same) {
                lists.push(list);
            }
        }
        if lists.is_empty() {
            return;
        }
        self.heading("What each side offers");
        for (slot, client, server) in lists {
            let (we, you) = if self.to == Role::Server { (client, server) } else { (server, client) };
            self.line(1, &format!("{}:", words::without_direction(slot)));
            self.line(2, &format!("we offer:  {}", words::shortened(names(we).into_iter(), 0)));
            self.line(2, &format!("you offer: {}", words::shortened(names(you).into_iter(), 0)));
        }
    }

    fn seen(&mut self, shown: &[usize]) {
        let report = self.report;
        let mut ids: Vec<usize> = Vec::new();
        for id in shown.iter().filter_map(|id| report.diagnoses.get(*id)).flat_map(|diagnosis| &diagnosis.evidence) {
            if !ids.contains(&id.0) {
                ids.push(id.0);
            }
        }
        let seen: Vec<&Evidence> = ids.iter().filter_map(|id| report.evidence.get(*id)).collect();
        let told: Vec<&Evidence> = seen.into_iter().filter(|evidence| self.is_theirs_to_see(evidence)).collect();
        if told.is_empty() {
            return;
        }
        self.heading("What was seen");
        for evidence in told {
            let time = evidence.time.map(|time| format!("{time:.0} ")).unwrap_or_default();
            self.line(1, &format!("- {time}{}", sentence(&evidence.fact)));
        }
    }

    /// What passed between the two sides is known to both; what is in files and programs of ours is not.
    fn is_theirs_to_see(&self, evidence: &Evidence) -> bool {
        match evidence.fact {
            Fact::Configuration { .. } | Fact::KeyFile { .. } | Fact::Program { .. } | Fact::Disagreement { .. } => {
                evidence.subject == Some(self.to)
            }
            Fact::NotResolved { .. } | Fact::Resolved { .. } => self.ours == Role::Client,
            _ => true,
        }
    }

    fn changes(&mut self, shown: &[usize], sure: bool) {
        let report = self.report;
        let resolves = |fix: &Fix| fix.resolves.iter().any(|id| shown.contains(&id.0));
        let side = if self.to == Role::Client { Side::Client } else { Side::Server };
        let fixes: Vec<&Fix> = report.fixes.iter().filter(|fix| resolves(fix)).collect();
        let wanted = |fix: &&&Fix| fix.applicability != Applicability::Weakens || self.options.allow_weaker;
        let yours: Vec<&Fix> =
            fixes.iter().filter(|fix| [side, Side::Both].contains(&fix.side)).filter(wanted).copied().collect();
        let without = |id: &&usize| !yours.iter().any(|fix| fix.resolves.contains(&DiagnosisId(**id)));
        let found = shown.iter().filter(without).filter_map(|id| report.diagnoses.get(*id));
        let remedies: Vec<&Remedy> =
            found.flat_map(|diagnosis| &diagnosis.remedies).filter(|remedy| remedy.role == self.to).collect();
        self.heading("What we ask of you");
        let (later, now): (Vec<&Fix>, Vec<&Fix>) = yours.iter().partition(|fix| fix.afterwards);
        let same = |one: &Fix, other: &Fix| one.resolves.iter().any(|id| other.resolves.contains(id));
        let pairs =
            now.iter().enumerate().flat_map(|(index, one)| now.iter().skip(index + 1).map(move |two| (one, two)));
        if pairs.into_iter().any(|(one, two)| same(one, two)) {
            self.line(
                1,
                "Where several changes help against the same, one of them is enough; the safest stands first.",
            );
        }
        for fix in &now {
            self.fix(fix);
        }
        let mut asked = !now.is_empty();
        for remedy in remedies {
            asked |= self.remedy(remedy);
        }
        for fix in &later {
            self.line(1, &format!("- afterwards, and only if you like: {}", fix.title));
        }
        if !asked {
            let line = match (shown.is_empty(), sure) {
                (true, _) => "Nothing: no fault was found.",
                (_, true) => "Nothing that we know of has to change on your side.",
                (_, false) => "We cannot tell yet whether anything has to change. Your log of that time would help us.",
            };
            self.line(1, line);
        }
        if fixes.iter().any(|fix| fix.side != side && fix.applicability != Applicability::Weakens) {
            self.line(1, "We know of a change on our side, which we look after.");
        }
    }

    fn fix(&mut self, fix: &Fix) {
        let kind = match fix.applicability {
            Applicability::Safe => "",
            Applicability::Weakens => " (this lowers security: for a limited time only)",
            Applicability::Manual => " (please decide this yourselves)",
        };
        self.line(1, &format!("- {}{kind}", fix.title));
        for edit in &fix.edits {
            self.line(2, &format!("in {}:", edit.file.path));
            for line in diff::diff(edit, 0) {
                self.line(3, &format!("{} {}", if line.added { '+' } else { '-' }, line.text));
            }
        }
        for command in &fix.commands {
            self.command(command, &words::place(&command.place));
        }
        if let Some(after) = &fix.outcome_after {
            self.line(2, &format!("afterwards: {}", words::afterwards(after)));
        }
        if !fix.cuts_off.is_empty() {
            self.line(2, &format!("would cut off: {}", fix.cuts_off.join(", ")));
        }
        for note in &fix.notes {
            self.line(2, note);
        }
        for command in &fix.verify {
            let ours = match command.place {
                CommandPlace::ClientShell => self.to == Role::Server,
                CommandPlace::ServerShell => self.to == Role::Client,
                CommandPlace::File(_) | CommandPlace::Settings(_) => false,
            };
            let start = if ours { "we then check it with" } else { "to check it on your side" };
            self.command(command, &words::later(&command.place, start));
        }
    }

    /// A change that no fix was computed for. Says whether it says anything.
    fn remedy(&mut self, remedy: &Remedy) -> bool {
        let list = |names: &[shakedown_model::Name]| {
            let names: Vec<String> =
                names.iter().map(|name| format!("`{}`", name.as_str().replace('`', "'"))).collect();
            names.join(", ")
        };
        match &remedy.change {
            Change::Enable { slot, candidates } => {
                let slot = words::without_direction(*slot);
                self.line(1, &format!("- offer one of these as {slot}: {}", list(candidates)));
            }
            Change::Upgrade { slot, candidates } => {
                let slot = words::without_direction(*slot);
                self.line(1, &format!("- move to a release that has one of these as {slot}: {}", list(candidates)));
            }
            // What takes something away helps nobody to connect.
            Change::Disable { .. } => return false,
            Change::ReplaceText { title, .. } => self.line(1, &format!("- {title}")),
            Change::Commands { applicability: Applicability::Weakens, .. } if !self.options.allow_weaker => {
                return false;
            }
            Change::Commands { title, commands, .. } | Change::Decide { title, steps: commands } => {
                self.line(1, &format!("- {title}"));
                for command in commands {
                    self.command(command, &words::place(&command.place));
                }
            }
        }
        true
    }

    fn command(&mut self, command: &Command, start: &str) {
        let explanation =
            if command.explanation.is_empty() { String::new() } else { format!(" ({})", command.explanation) };
        self.line(2, &format!("{start}{explanation}:"));
        for line in command.text.lines() {
            self.line(3, line);
        }
    }

    fn heading(&mut self, text: &str) {
        self.gap();
        self.line(0, text);
    }

    fn gap(&mut self) {
        self.out.push('\n');
    }

    fn line(&mut self, indent: usize, text: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "{:width$}{}", "", printable(text), width = indent * 2);
    }
}

fn names(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.name.as_str()).collect()
}
