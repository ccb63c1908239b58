//! What the files beside a server's certificate mend: a chain that is not whole or not in order, a certificate that is over
//! and has been renewed. Nothing of it changes what anybody trusts: only what leads to an authority that the clients trust
//! already is put in place.

use std::path::Path;
use std::sync::Arc;

use shakedown_config::tls_party::{CertificatePlace, certificate_places};
use shakedown_model::{
    Applicability, CertificateFinding, CertificateProblem, Command, CommandPlace, Context, DiagnosisId, Evidence, Fact,
    FileEdit, Fix, OriginKind, OutcomeResult, Party, Report, Role, Side, SourceFile, TextEdit,
};
use shakedown_x509::{
    Anchors, Builder, Certificate, KeyFit, Limits, ReadCertificate, RevocationLists, Rules, Shown, SignatureCheck,
    Wanted, certificates, findings, key_fits,
};

use crate::Session;
use crate::key_pairs::{KEY, private_key};

/// How many files of a folder are looked at, and how large they may be.
const MOST: usize = 300;
const LARGEST: u64 = 256 * 1024;
/// How many authorities a chain may have.
const LONGEST: usize = 8;

/// What of a check of a running server its files may mend.
pub(super) fn about_files(evidence: &[Evidence]) -> Vec<Evidence> {
    let mends = |one: &&Evidence| one.subject == Some(Role::Server) && mendable(one).is_some();
    evidence.iter().filter(mends).cloned().collect()
}

fn mendable(evidence: &Evidence) -> Option<(&CertificateFinding, &'static str)> {
    let Fact::Certificate(finding) = &evidence.fact else { return None };
    match finding.problem {
        CertificateProblem::IssuerMissing { .. } => Some((finding, "certificate-chain-incomplete")),
        CertificateProblem::Expired { .. } if finding.place == 0 => Some((finding, "certificate-expired")),
        _ => None,
    }
}

/// A file of the folder that a certificate is in.
pub(super) struct Beside {
    pub(super) path: String,
    bytes: Vec<u8>,
    pub(super) certificates: Vec<ReadCertificate>,
}

impl Beside {
    pub(super) fn read(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok().filter(|file| file.is_file() && file.len() <= LARGEST)?;
        let bytes = std::fs::read(path).ok().filter(|_| metadata.len() > 0)?;
        let (read, _) = certificates(&bytes, &Limits::default());
        Some(Self { path: path.to_str()?.to_owned(), bytes, certificates: read })
    }

    /// Its first private key, in the form of PEM, whatever else it holds.
    pub(super) fn key(&self) -> Option<&[u8]> {
        private_key(&self.bytes)
    }

    /// The text of a certificate in the form of PEM.
    fn pem(&self, read: &ReadCertificate) -> Option<&str> {
        let text = std::str::from_utf8(self.bytes.get(read.span.clone())?).ok()?;
        text.starts_with("-----BEGIN").then(|| text.trim_end())
    }

    /// The file as it may be shown: the contents of private keys are not kept.
    fn shown(&self) -> Arc<SourceFile> {
        let mut text = self.bytes.clone();
        let mut within = false;
        for line in text.split_mut(|byte| *byte == b'\n') {
            if line.starts_with(b"-----BEGIN ") {
                within = line.windows(KEY.len()).any(|window| window == KEY);
            } else if line.starts_with(b"-----END ") {
                within = false;
            } else if within {
                line.iter_mut().filter(|byte| **byte != b'\r').for_each(|byte| *byte = b'*');
            }
        }
        Arc::new(SourceFile::new(self.path.clone(), text))
    }
}

/// The files of a folder, by name.
pub(super) fn folder_of(path: &str) -> Vec<Beside> {
    let Some(folder) = Path::new(path).parent() else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).take(MOST).collect();
    paths.sort();
    paths.iter().filter_map(|path| Beside::read(path)).collect()
}

/// Who the server's clients are taken for.
struct Trust<'a> {
    anchors: &'a Anchors,
    wanted: Option<Wanted>,
    rules: Rules,
    now: jiff::Timestamp,
}

impl Trust<'_> {
    /// Whether nothing speaks against a chain.
    fn accepts(&self, chain: &[&Certificate]) -> bool {
        let chain: Vec<Vec<u8>> = chain.iter().map(|one| one.der.to_vec()).collect();
        findings(&Shown {
            chain: &chain,
            by: Role::Server,
            wanted: self.wanted.as_ref(),
            staple: None,
            staple_asked: false,
            lists: RevocationLists::default(),
            anchors: self.anchors,
            rules: &self.rules,
            builder: Builder::TrustedFirst,
            now: self.now,
        })
        .is_empty()
    }
}

/// What is to be written, and what the server then shows.
struct Mended {
    title: String,
    edits: Vec<FileEdit>,
    notes: Vec<String>,
    leaf: Certificate,
    chain: Vec<Certificate>,
}

impl Session {
    /// Adds the fixes that the files at hand allow for what was found of the running server's certificates; where there is
    /// none, what a person decides says why.
    pub(super) fn mend_certificates(&self, report: &mut Report, context: &Context) {
        if self.options.root.is_some() {
            return;
        }
        let mut found: Vec<(CertificateFinding, &'static str)> = Vec::new();
        for (finding, cause) in report.evidence.iter().filter_map(mendable) {
            if !found.iter().any(|(_, known)| *known == cause) {
                found.push((finding.clone(), cause));
            }
        }
        let Ok((anchors, _)) = crate::live::certificates::anchors(self.options.cacert.as_deref()) else { return };
        let name = context.server_name.as_deref().or(context.target.as_deref());
        for (finding, cause) in found {
            for pair in 0..report.pairs.len() {
                let Some((client, server)) = report.pairs.get(pair).map(|pair| (pair.client, pair.server)) else {
                    continue;
                };
                let resolves: Vec<DiagnosisId> = report
                    .diagnoses
                    .iter()
                    .enumerate()
                    .filter(|(_, one)| one.cause == cause && one.pair == Some(pair))
                    .map(|(index, _)| DiagnosisId(index))
                    .collect();
                let (Some(client), Some(party), Some(first)) =
                    (report.parties.get(client), report.parties.get(server), resolves.first().copied())
                else {
                    continue;
                };
                let level = client.tls().and_then(|policy| policy.offer.security_level);
                let trust = Trust {
                    anchors: &anchors,
                    wanted: name.and_then(Wanted::parse),
                    rules: Rules::openssl(level.unwrap_or(1)),
                    now: report.observed_at,
                };
                match mended(party, &finding, cause, &trust) {
                    Ok((place, mended)) => {
                        let outcome = shakedown_negotiate::negotiate(client, &with(party, &place, &mended), context);
                        if outcome.result() != OutcomeResult::Agreed {
                            continue;
                        }
                        let files: Vec<Arc<SourceFile>> =
                            mended.edits.iter().map(|edit| Arc::clone(&edit.file)).collect();
                        let mut fix = Fix::new(resolves, mended.title, Side::Server, Applicability::Safe);
                        fix.notes = mended.notes;
                        fix.undo.extend(mended.edits.iter().map(undo));
                        fix.edits = mended.edits;
                        fix.verify.push(verify(context));
                        fix.outcome_after = Some(outcome);
                        report.fixes.insert(0, fix);
                        if let Some(own) = report.parties.get_mut(server).and_then(|party| party.configuration.as_mut())
                        {
                            let new =
                                files.into_iter().filter(|file| !own.files.iter().any(|known| known.path == file.path));
                            own.files.extend(new.collect::<Vec<_>>());
                        }
                    }
                    Err(why) => {
                        let by_hand = report.fixes.iter_mut().filter(|fix| fix.resolves.contains(&first));
                        by_hand.for_each(|fix| fix.notes.push(why.clone()));
                    }
                }
            }
        }
    }
}

fn mended(
    party: &Party,
    finding: &CertificateFinding,
    cause: &str,
    trust: &Trust<'_>,
) -> Result<(CertificatePlace, Mended), String> {
    const UNKNOWN: &str = "none of the certificates that the file names is the one that the running server shows";
    let plain = |text: &str| text.replace(':', "").to_ascii_lowercase();
    for place in certificate_places(party) {
        let Some(own) = Beside::read(Path::new(&place.path)) else { continue };
        let behind = place.chain.as_ref().and_then(|path| Beside::read(Path::new(path)));
        let mut all = own.certificates.iter().chain(behind.iter().flat_map(|file| &file.certificates));
        let is_it = |one: &ReadCertificate| hex(&one.certificate.sha256()) == plain(&finding.fingerprint);
        if !all.any(is_it) {
            continue;
        }
        let found = match cause {
            "certificate-expired" => renewed(&place, &own, trust),
            _ => whole(&own, behind.as_ref(), trust),
        };
        return found.map(|mended| (place, mended));
    }
    Err(UNKNOWN.to_owned())
}

/// The chain with what is missing from files of the same folder, in its order.
fn whole(own: &Beside, behind: Option<&Beside>, trust: &Trust<'_>) -> Result<Mended, String> {
    let leaf = own.certificates.first().ok_or("the file holds no certificate")?;
    let file = behind.unwrap_or(own);
    let folder = folder_of(&file.path);
    let present: Vec<&ReadCertificate> = match behind {
        Some(behind) => behind.certificates.iter().collect(),
        None => own.certificates.iter().skip(1).collect(),
    };
    let sources = || std::iter::once(file).chain(&folder);
    let mut chain: Vec<&Certificate> = vec![&leaf.certificate];
    let mut texts: Vec<&str> = Vec::new();
    let mut from: Vec<&str> = Vec::new();
    while let Some(last) = chain.last().filter(|_| chain.len() <= LONGEST && !trust.accepts(&chain)) {
        let issues = |one: &&ReadCertificate| {
            let other = &one.certificate;
            other.is_ca()
                && !other.is_self_signed()
                && other.subject.is_same(&last.issuer)
                && last.signature_by(&other.key) != SignatureCheck::Wrong
        };
        let found = sources().find_map(|file| {
            let read = file.certificates.iter().find(issues)?;
            Some((file, read, file.pem(read)?))
        });
        let Some((source, read, text)) = found else { break };
        if source.path != file.path && !from.contains(&source.path.as_str()) {
            from.push(&source.path);
        }
        chain.push(&read.certificate);
        texts.push(text);
    }
    if !trust.accepts(&chain) {
        let missing = chain.last().map(|last| last.issuer.to_string()).unwrap_or_default();
        return Err(format!(
            "no file beside `{}` holds what leads on to an authority that is trusted (`{missing}`): it has to be fetched and \
             looked at first",
            file.path
        ));
    }
    let same =
        present.iter().zip(chain.iter().skip(1)).take_while(|(have, want)| have.certificate.der == want.der).count();
    let ended = file.certificates.last().map_or(file.bytes.len(), |last| last.span.end);
    // The line end stays behind what is put in.
    let trimmed = file.bytes.get(..ended).unwrap_or_default().trim_ascii_end().len();
    let last = if trimmed == 0 { ended } else { trimmed };
    let start = match (same == present.len(), present.first()) {
        (true, _) | (_, None) => last,
        (false, Some(first)) => first.span.start,
    };
    let region = file.bytes.get(start..last).unwrap_or_default();
    if region.windows(KEY.len()).any(|window| window == KEY) {
        return Err(format!(
            "a private key stands between the certificates of `{}`: put them in order by hand",
            file.path
        ));
    }
    let end = if file.bytes.windows(2).any(|pair| pair == b"\r\n") { "\r\n" } else { "\n" };
    let texts: Vec<String> = texts.iter().map(|text| text.lines().collect::<Vec<_>>().join(end)).collect();
    let (replacement, title) = if start == last {
        let new: String = texts.iter().skip(same).map(|text| format!("{end}{text}")).collect();
        (new, format!("append the intermediate certificate that is missing to `{}`", file.path))
    } else {
        (
            texts.join(end),
            format!("put the certificates of `{}` in the order that leads to a trusted authority", file.path),
        )
    };
    let edit = TextEdit { span: start..last, replacement };
    let mut notes: Vec<String> = from.iter().map(|path| format!("it is taken from `{path}`")).collect();
    notes.push("the server shows more certificates, and nobody trusts more than before".to_owned());
    Ok(Mended {
        title,
        edits: vec![FileEdit { file: file.shown(), edits: vec![edit] }],
        notes,
        leaf: leaf.certificate.clone(),
        chain: chain.into_iter().skip(1).cloned().collect(),
    })
}

/// The files' names in the configuration, changed to those of a certificate for the same names that is not over, with its key.
fn renewed(place: &CertificatePlace, own: &Beside, trust: &Trust<'_>) -> Result<Mended, String> {
    let old = own.certificates.first().ok_or("the file holds no certificate")?.certificate.facts();
    let folder = folder_of(&place.path);
    let key = place.key.as_ref().and_then(|(path, _)| Beside::read(Path::new(path)));
    let keys = place.key.as_ref().map(|(path, _)| folder_of(path)).unwrap_or_default();
    let mut best: Option<(&Beside, Option<&Beside>)> = None;
    let over = |file: &Beside| file.certificates.first().map(|one| one.certificate.validity.not_after);
    for file in folder.iter().filter(|file| file.path != own.path) {
        let Some(leaf) = file.certificates.first().filter(|one| !one.certificate.is_ca()) else { continue };
        let names = leaf.certificate.facts().names;
        let for_the_same = old.names.iter().all(|name| names.contains(name));
        let chain: Vec<&Certificate> = file.certificates.iter().map(|one| &one.certificate).collect();
        if !for_the_same || !trust.accepts(&chain) {
            continue;
        }
        let fits = |file: &Beside| file.key().is_some_and(|key| key_fits(key, &leaf.certificate) == KeyFit::Fits);
        let with = match &key {
            // All in one file.
            None => fits(file).then_some(None),
            Some(key) if fits(key) => Some(None),
            Some(_) => keys.iter().find(|other| fits(other)).map(Some),
        };
        if let Some(with) = with.filter(|_| best.is_none_or(|(known, _)| over(known) < over(file))) {
            best = Some((file, with));
        }
    }
    let Some((file, with)) = best else {
        return Err(format!(
            "no file beside `{}` holds a certificate for the same names that is not over, leads to a trusted authority and \
             has its key here: it has to be renewed at its authority",
            place.path
        ));
    };
    let mut edits = vec![renamed(&place.origin, &place.path, &file.path)];
    let mut notes = Vec::new();
    if let (Some(other), Some((path, origin))) = (with, &place.key) {
        edits.push(renamed(origin, path, &other.path));
        notes.push("its key is another one: who pins the old key has to be told first".to_owned());
    }
    let edits: Option<Vec<(Arc<SourceFile>, TextEdit)>> = edits.into_iter().collect();
    let mut files: Vec<FileEdit> = Vec::new();
    for (file, edit) in edits.ok_or("the certificate's path is written in a way that is not changed here")? {
        match files.iter_mut().find(|known| Arc::ptr_eq(&known.file, &file)) {
            Some(known) => known.edits.push(edit),
            None => files.push(FileEdit { file, edits: vec![edit] }),
        }
    }
    let mut all = file.certificates.iter().map(|one| one.certificate.clone());
    let leaf = all.next().ok_or("the file holds no certificate")?;
    Ok(Mended {
        title: format!("name the renewed certificate `{}` in the place of the one that is over", file.path),
        edits: files,
        notes,
        leaf,
        chain: all.collect(),
    })
}

/// Another file of the same folder, in the words that the path is written in.
pub(super) fn renamed(origin: &shakedown_model::Origin, old: &str, new: &str) -> Option<(Arc<SourceFile>, TextEdit)> {
    let OriginKind::File { file, span } = origin.kind() else { return None };
    let written = std::str::from_utf8(file.text.get(span.clone())?).ok()?;
    let (old, new) = (Path::new(old).file_name()?.to_str()?, Path::new(new).file_name()?.to_str()?);
    let plain = |name: &str| name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
    let at = written.rfind(old).filter(|_| plain(new))?;
    let start = span.start + at;
    Some((Arc::clone(file), TextEdit { span: start..start + old.len(), replacement: new.to_owned() }))
}

/// The server as it then is.
fn with(party: &Party, place: &CertificatePlace, mended: &Mended) -> Party {
    use shakedown_model::Known::{Complete, Partial};
    let mut party = party.clone();
    let Some(policy) = party.tls_mut() else { return party };
    if let Complete(all) | Partial { accepted: all, .. } = &mut policy.offer.certificates {
        for one in all.iter_mut().filter(|one| one.origin.as_ref() == Some(&place.origin)) {
            let mut new = mended.leaf.facts();
            new.chain = mended.chain.iter().map(Certificate::facts).collect();
            new.origin.clone_from(&one.origin);
            *one = new;
        }
    }
    party
}

pub(super) fn undo(edit: &FileEdit) -> Command {
    let place = CommandPlace::File(edit.file.path.clone());
    Command {
        place,
        text: "put the old text back".to_owned(),
        explanation: "as the backup beside the file has it".into(),
    }
}

fn verify(context: &Context) -> Command {
    let host = context.target.as_deref().or(context.host.as_deref()).unwrap_or("HOST");
    let port = context.port.unwrap_or(443);
    let name = context.server_name.as_deref().filter(|name| *name != host).map(|name| format!(" --sni {name}"));
    let text = format!("shakedown check tls://{host}:{port}{}", name.unwrap_or_default());
    Command { place: CommandPlace::ClientShell, text, explanation: "shows the certificates once more".to_owned() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
