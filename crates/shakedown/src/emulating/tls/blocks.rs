//! The servers that one file has behind one address: the name that a client asks for says which of them it meets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use shakedown_handshake::tls::{ClientOpening, Decision};
use shakedown_listen::tls::Decide;
use shakedown_model::tls::{ClientCertificate, DhParameters, Preference};
use shakedown_model::{Context, Item, Known, Party, PartySource, Policy, Role};

use super::identity::{self, Pool};
use super::rules::Rules;
use super::{dh, habits};
use crate::{Error, Session};

/// How many names are remembered; the block of a further one is read again each time.
const NAMES: usize = 256;

/// One server.
pub(super) struct Block {
    pub(super) rules: Rules,
    /// As it acts; its notes say where it departs from the real one.
    pub(super) party: Party,
}

/// All of them.
pub(super) struct Blocks {
    session: Session,
    /// What the party was before it was made to act.
    read: Party,
    first: Arc<Block>,
    others: Mutex<HashMap<String, Arc<Block>>>,
    pool: Mutex<Pool>,
}

impl Decide for Blocks {
    fn decide(&self, opening: &ClientOpening) -> Decision {
        self.of(opening).rules.decide(opening)
    }
}

impl Blocks {
    pub(super) fn new(session: &Session, party: &Party) -> Result<Self, Error> {
        let mut pool = Pool::default();
        let first = Arc::new(block(session, party.clone(), &mut pool)?);
        Ok(Self {
            session: session.clone(),
            read: party.clone(),
            first,
            others: Mutex::default(),
            pool: Mutex::new(pool),
        })
    }

    /// The one that was named, or that clients without a name meet.
    pub(super) fn first(&self) -> &Block {
        &self.first
    }

    /// The one that this client meets.
    pub(super) fn of(&self, opening: &ClientOpening) -> Arc<Block> {
        let found = asked_for(opening).and_then(|name| self.named(&name));
        found.unwrap_or_else(|| Arc::clone(&self.first))
    }

    /// The one of a name; `None` where the name makes no difference.
    fn named(&self, name: &str) -> Option<Arc<Block>> {
        let configuration =
            self.read.configuration.as_ref().filter(|_| self.read.source == PartySource::Configuration)?;
        let lock = || self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(name) {
            return Some(Arc::clone(known));
        }
        let (software, path) = (self.read.software.as_ref()?, &configuration.files.first()?.path);
        let context = Context { server_name: Some(name.to_owned()), ..(*configuration.context).clone() };
        // What cannot be read any more is as it was when this began.
        let gathered = self.session.configured_tls(&self.read.label, software, path, Role::Server, &context).ok()?;
        let mut party = gathered.parties.into_iter().next()?;
        let block = if party.policy == self.read.policy {
            Arc::clone(&self.first)
        } else {
            party.label = format!("{}, asked for `{}`", self.read.label, shakedown_model::Name::new(name));
            let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::new(block(&self.session, party, &mut pool).ok()?)
        };
        let mut others = lock();
        if others.len() < NAMES {
            others.insert(name.to_owned(), Arc::clone(&block));
        }
        Some(block)
    }
}

/// The name in a hello (RFC 6066 section 3).
fn asked_for(opening: &ClientOpening) -> Option<String> {
    let ClientOpening::Hello(hello) = opening else { return None };
    String::from_utf8(hello.server_name()?).ok()
}

/// A party made to act.
fn block(session: &Session, mut party: Party, pool: &mut Pool) -> Result<Block, Error> {
    let Some(mut policy) = party.tls().cloned() else {
        return Err(Error::Party { party: party.label.clone(), expected: "it does not speak TLS".to_owned() });
    };
    if policy.offer.versions.accepted().is_none() || policy.offer.cipher_suites == Known::Unknown {
        return Err(Error::Party {
            party: party.label.clone(),
            expected: "its versions and cipher suites are not known, so that nobody can act as it".to_owned(),
        });
    }
    let mut notes = Vec::new();
    let habits = habits::of(&session.catalog, &party).unwrap_or_else(|| {
        notes.push(
            "how it refuses a client is not known: the alert handshake_failure is sent (RFC 8446 section 6.2)"
                .to_owned(),
        );
        habits::assumed()
    });
    if let Some(curve) = &habits.curve
        && party.software.as_ref().is_some_and(|software| software.layers.len() == 1)
    {
        notes
            .push(format!("which curve a program gives it is not known: {curve} is assumed, as its own server has it"));
        policy.offer.groups = Known::Complete(vec![Item::new(curve)]);
        policy.behaviour.group_order = Some(Preference::Server);
    }
    let files = session.files()?;
    let configuration = party.configuration.as_ref();
    let identities = identity::identities(&mut policy, configuration, &files, session.now(), pool, &mut notes)?;
    let own_dh = configuration.and_then(|configuration| dh::read(&files, configuration.dh_parameters.as_deref()?));
    match &policy.offer.dh_parameters {
        Known::Complete(DhParameters::Fixed { bits }) if own_dh.is_none() => {
            notes.push(format!("for DHE it uses a well-known prime of {bits} bits, which need not be the real one's"));
        }
        Known::Complete(_) => {}
        Known::Partial { .. } | Known::Unknown => {
            notes.push("whether it has parameters for DHE is not known: none are assumed".to_owned());
            policy.offer.dh_parameters = Known::Complete(DhParameters::None);
        }
    }
    if policy.offer.client_certificate.complete().is_some_and(|asked| *asked != ClientCertificate::NotAsked) {
        notes.push(
            "it asks for a client's certificate, and lets everybody in: whom the real one trusts is not shown"
                .to_owned(),
        );
    }
    notes.push("sessions are not resumed, and no tickets are given".to_owned());
    party.policy = Policy::Tls(Box::new(policy.clone()));
    party.notes.extend(notes);
    let is_nginx = party.software.as_ref().is_some_and(|software| software.product() == "nginx");
    let catalog = Arc::clone(&session.catalog);
    Ok(Block { rules: Rules { catalog, policy, identities, habits, is_nginx, own_dh }, party })
}
