//! What both ends say of one attempt. Each text alone may leave several causes open; the cause that fits both, and no
//! other one as well, is certain.

use std::sync::Arc;

use shakedown_model::{Fact, MessageKind, OriginKind, Role, Said, SourceFile, Strength};

use crate::Case;

/// The cause that both ends' texts point to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Joint {
    pub(super) cause: String,
    pub(super) strength: Strength,
}

/// How much a text speaks for a cause that it points to in this way, beside one that it does not name. Whoever notices
/// what is wrong says so, and the other end hears only that it is over; so each text's candidates are taken for
/// independent, and multiplied.
const WEIGHTS: [(Strength, f64); 3] = [(Strength::Decisive, 50.0), (Strength::Strong, 10.0), (Strength::Weak, 1.0)];
const NOT_NAMED: f64 = 0.1;
/// From this share on, the cause that fits both texts is the one.
const CLEAR: f64 = 0.85;

/// The cause that the client's and the server's texts have in common, where one stands out.
pub(super) fn joint(case: &Case<'_>) -> Option<Joint> {
    let [mut client, mut server] = [Role::Client, Role::Server].map(|role| Text::of(case, role));
    let (at_client, at_server) = (client.explained_by(&server), server.explained_by(&client));
    client.causes.extend(at_client);
    server.causes.extend(at_server);
    // Who printed a line of a single text is known by its looks only.
    let apart = !client.files.iter().any(|file| server.files.iter().any(|other| Arc::ptr_eq(file, other)));
    if !apart || client.causes.is_empty() || server.causes.is_empty() {
        return None;
    }
    let only_server = server.causes.iter().filter(|(cause, _)| client.strength(cause).is_none());
    let all = client.causes.iter().chain(only_server).map(|(cause, _)| *cause);
    let weighed: Vec<(&str, f64)> = all.map(|cause| (cause, client.weight(cause) * server.weight(cause))).collect();
    let total: f64 = weighed.iter().map(|(_, weight)| weight).sum();
    let (cause, weight) = weighed.into_iter().max_by(|one, other| one.1.total_cmp(&other.1))?;
    let strongest = client.strength(cause)?.max(server.strength(cause)?);
    // Two texts that merely do not exclude a cause do not prove it.
    let strength = if strongest == Strength::Weak { Strength::Strong } else { Strength::Decisive };
    (weight / total >= CLEAR).then(|| Joint { cause: cause.to_owned(), strength })
}

/// What one end says.
#[derive(Debug, Default)]
struct Text<'a> {
    /// Each cause with its strongest indication.
    causes: Vec<(&'a str, Strength)>,
    said: Vec<&'a Said>,
    files: Vec<&'a Arc<SourceFile>>,
}

impl<'a> Text<'a> {
    fn of(case: &Case<'a>, role: Role) -> Self {
        let mut text = Self::default();
        for (_, evidence) in case.facts() {
            let Fact::Said(said) = &evidence.fact else { continue };
            let Some(OriginKind::File { file, .. }) = evidence.origin.as_ref().map(|origin| origin.kind()) else {
                continue;
            };
            if said.printed_by == Some(role) && said.kind != MessageKind::Context {
                text.add(said);
                text.said.push(said);
                text.files.push(file);
            }
        }
        text
    }

    /// A message that points to nothing because one of the other end's explains it fits whatever that one points to.
    fn explained_by(&self, other: &Self) -> Vec<(&'a str, Strength)> {
        if !self.causes.is_empty() {
            return Vec::new();
        }
        let explained = |by: &&&Said| {
            self.said.iter().any(|said| by.explains.contains(&said.message) && said.message != by.message)
        };
        let explaining = other.said.iter().filter(explained);
        let mut causes: Vec<&str> =
            explaining.flat_map(|said| &said.indications).map(|one| one.cause.as_str()).collect();
        causes.sort_unstable();
        causes.dedup();
        causes.into_iter().map(|cause| (cause, Strength::Weak)).collect()
    }

    fn add(&mut self, said: &'a Said) {
        for indication in &said.indications {
            match self.causes.iter_mut().find(|(cause, _)| *cause == indication.cause) {
                Some((_, strength)) => *strength = indication.strength.max(*strength),
                None => self.causes.push((&indication.cause, indication.strength)),
            }
        }
    }

    fn strength(&self, cause: &str) -> Option<Strength> {
        self.causes.iter().find(|(other, _)| *other == cause).map(|(_, strength)| *strength)
    }

    fn weight(&self, cause: &str) -> f64 {
        let strength = self.strength(cause);
        let weight = WEIGHTS.iter().find(|(key, _)| Some(*key) == strength);
        weight.map_or(NOT_NAMED, |(_, weight)| *weight)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use shakedown_catalog::Catalog;
    use shakedown_model::{Context, Evidence, Fault, Indication, Name, Origin, Protocol, Reason, Side, SourceFile};

    use super::*;
    use crate::diagnose;

    static CATALOG: LazyLock<Catalog> =
        LazyLock::new(|| Catalog::from_blob(shakedown_catalog_data::BLOB).expect("the catalog"));

    type Indications = &'static [(&'static str, Strength, Side)];

    fn said(role: Role, file: &Arc<SourceFile>, indications: Indications) -> Evidence {
        let indications = indications.iter().map(|(cause, strength, side)| Indication {
            cause: (*cause).to_owned(),
            strength: *strength,
            fault: Fault::Side(*side),
            because: String::new(),
            reason: Reason::Unknown,
            object: String::new(),
        });
        let said = Said {
            message: "strongswan/example".to_owned(),
            product: "strongswan".to_owned(),
            protocol: Some(Protocol::Ike),
            kind: MessageKind::Failure,
            printed_by: Some(role),
            phase: None,
            slot: None,
            text: Name::new("it failed"),
            captures: Vec::new(),
            indications: indications.collect(),
            explains: Vec::new(),
            summary: String::new(),
            note: String::new(),
            decides: Some("read the other end's log".to_owned()),
            times: 1,
        };
        Evidence { origin: Some(Origin::file(file, 0..4)), ..Evidence::new(Fact::Said(Box::new(said))) }
    }

    fn text(name: &str) -> Arc<SourceFile> {
        Arc::new(SourceFile::new(name, b"text".to_vec()))
    }

    /// Cause, side and confidence of each diagnosis.
    fn found(evidence: &[Evidence]) -> Vec<(&'static str, Side, u16)> {
        let context = Context::default();
        let case = Case { evidence, ..Case::new(Protocol::Ike, &context, &CATALOG) };
        diagnose(&case).into_iter().map(|one| (one.cause, one.side, one.confidence_permille)).collect()
    }

    /// The initiator hears that authentication failed.
    const HEARD: Indications = &[
        ("psk-mismatch", Strength::Strong, Side::Both),
        ("peer-identity-mismatch", Strength::Strong, Side::Unknown),
        ("no-matching-connection", Strength::Weak, Side::Server),
    ];
    /// The responder knows why.
    const NOTICED: Indications = &[
        ("peer-identity-mismatch", Strength::Strong, Side::Both),
        ("no-matching-connection", Strength::Weak, Side::Server),
    ];

    #[test]
    fn the_cause_that_fits_both_texts_is_certain() {
        let evidence =
            [said(Role::Client, &text("client.log"), HEARD), said(Role::Server, &text("server.log"), NOTICED)];
        let found = found(&evidence);
        assert_eq!((found[0].0, found[0].1), ("peer-identity-mismatch", Side::Both), "{found:?}");
        assert!(found[0].2 >= 900, "{found:?}");
        assert!(found[1..].iter().all(|(.., confidence)| *confidence < 500), "{found:?}");
    }

    #[test]
    fn one_text_alone_stays_as_open_as_it_is() {
        let file = text("both.log");
        for evidence in [
            vec![said(Role::Server, &file, NOTICED)],
            // Both in one text: who printed what is a guess.
            vec![said(Role::Client, &file, HEARD), said(Role::Server, &file, NOTICED)],
        ] {
            let found = found(&evidence);
            assert!(found[0].2 < 800, "{found:?}");
        }
    }

    #[test]
    fn texts_that_contradict_each_other_decide_nothing() {
        let other: Indications = &[("certificate-expired", Strength::Strong, Side::Server)];
        let evidence = [said(Role::Client, &text("a"), other), said(Role::Server, &text("b"), NOTICED)];
        let found = found(&evidence);
        assert!(found.iter().all(|(.., confidence)| *confidence < 800), "{found:?}");
    }

    #[test]
    fn two_texts_with_the_same_candidates_are_as_open_as_one() {
        let evidence = [said(Role::Client, &text("a"), HEARD), said(Role::Server, &text("b"), HEARD)];
        let found = found(&evidence);
        assert!(found.iter().all(|(.., confidence)| *confidence < 800), "{found:?}");
    }

    #[test]
    fn a_message_that_the_other_end_explains_bears_it_out() {
        let mut alert = said(Role::Client, &text("a"), &[]);
        let mut cause = said(Role::Server, &text("b"), &[("no-common-proposal", Strength::Strong, Side::Client)]);
        if let (Fact::Said(alert), Fact::Said(cause)) = (&mut alert.fact, &mut cause.fact) {
            alert.message = "strongswan/heard".to_owned();
            assert!(found(&[Evidence::new(Fact::Said(cause.clone()))])[0].2 < 800);
            cause.explains = vec!["strongswan/heard".to_owned()];
        }
        let found = found(&[alert, cause]);
        assert!(found[0].0 == "no-common-proposal" && found[0].2 >= 900, "{found:?}");
    }

    #[test]
    fn what_neither_text_excludes_is_likely_and_not_certain() {
        let weak: Indications = &[("psk-mismatch", Strength::Weak, Side::Both)];
        let evidence = [said(Role::Client, &text("a"), weak), said(Role::Server, &text("b"), weak)];
        let found = found(&evidence);
        assert!((500..800).contains(&found[0].2), "{found:?}");
    }
}
