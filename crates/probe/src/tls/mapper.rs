//! What is asked of a server, in which order: what is likely is asked for side by side, absence is proved by refusals
//! of whole lists, and a known-good hello tells a refusal from a server that has had enough.

use shakedown_handshake::tls::{ClientConfig, FirstMessage, HelloSpec, Observation, Until};
use shakedown_model::tls::{CertificateKeyType, TlsVersion};
use shakedown_model::{Ending, Evidence, Fact, Party};
use shakedown_wire::tls::Ssl2ClientHello;
use shakedown_wire::tls::number::version;

use super::candidates::{Class, class};
use super::complete::Completed;
use super::engine::Engine;
use super::findings::Findings;
use super::{Chain, Reply, Verdict, party, plan, refusal};
use crate::all;

/// Connections that are left for what comes after the suites that few servers have.
const RESERVE: u32 = 2;

/// Asks one server all that is to be known of it.
pub(super) struct Mapper<'a> {
    pub(super) engine: Engine<'a>,
    pub(super) base: HelloSpec,
    pub(super) findings: Findings,
    /// The hello that the server accepted first.
    pub(super) good: Option<HelloSpec>,
    /// Clients' hellos that the server refused: what was missing in them is asked once its suites are known.
    pub(super) refused: Vec<HelloSpec>,
    /// The whole handshake that was made.
    pub(super) completed: Option<Completed>,
}

/// What one loop of taking out the chosen brought.
#[derive(Default)]
struct Taken {
    replies: Vec<Reply>,
    /// What was left when the server refused.
    refused: Vec<u16>,
}

/// What a loop takes out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subject {
    Suites,
    Groups,
}

impl<'a> Mapper<'a> {
    pub(super) fn new(engine: Engine<'a>) -> Self {
        let base = HelloSpec {
            groups: plan::curves(engine.candidates),
            signature_schemes: plan::all_schemes(engine.candidates),
            server_name: engine.target.server_name.as_ref().map(|name| name.clone().into_bytes()),
            protocols: engine.target.protocols.iter().map(|name| name.clone().into_bytes()).collect(),
            ..HelloSpec::default()
        };
        Self { engine, base, findings: Findings::default(), good: None, refused: Vec::new(), completed: None }
    }

    /// The full map.
    pub(super) async fn run(&mut self) {
        self.first_round().await;
        if self.good.is_some() {
            self.second_round().await;
            self.complete_where_asked().await;
            for hello in std::mem::take(&mut self.refused) {
                refusal::explain(self, &hello).await;
            }
            self.third_round().await;
            self.rare_suites().await;
            self.schemes_of_tls12().await;
        }
    }

    /// A hello that is to be known by the server's answer to it; it becomes the canary where there is none yet.
    pub(super) async fn meet(&mut self, hello: HelloSpec, purpose: &str) -> Reply {
        let reply = self.engine.ask(hello.clone(), Until::Answer, purpose).await;
        if let Some(seen) = reply.accepted() {
            self.engine.set_canary(&hello, seen).await;
            self.good.get_or_insert(hello);
            self.findings.learn(&reply);
        }
        reply
    }

    /// The party, where the server accepted a hello; the evidence; the certificates.
    pub(super) fn finish(self) -> (Option<Party>, Vec<Evidence>, Vec<Chain>) {
        let Self { engine, findings, good, .. } = self;
        // SSL 2.0 has a hello of its own kind.
        if good.is_none() && !findings.has(version::SSL2) {
            return (None, engine.into_log().0, Vec::new());
        }
        for departure in &findings.departures {
            engine.evidence(super::facts::departure(*departure, engine.candidates), 1, "server's choice");
        }
        let (candidates, place, target) = (engine.candidates, engine.place(), engine.target);
        let stopped = engine.has_stopped();
        let (evidence, notes) = engine.into_log();
        let party = party::party(target, &place, &findings, candidates, notes, !stopped);
        (Some(party), evidence, findings.chains)
    }

    /// TLS 1.3 with TLS 1.2, TLS 1.2 with each class of certificate, the older versions, SSL 2.0.
    async fn first_round(&mut self) {
        let candidates = self.engine.candidates;
        let class = |class, highest| plan::suites(candidates, class, highest);
        let first = |mut list: Vec<u16>| {
            list.truncate(plan::MOST_SUITES);
            list
        };
        let rsa = first(class(Class::Rsa, TlsVersion::Tls12));
        let ecdsa = first(class(Class::Ecdsa, TlsVersion::Tls12));
        let modern = HelloSpec {
            status_request: true,
            ..self.tls13(
                [plan::tls13_suites(candidates), ecdsa.iter().take(12).chain(rsa.iter().take(40)).copied().collect()]
                    .concat(),
            )
        };
        let of_rsa = HelloSpec {
            compression_methods: vec![1, 0],
            status_request: true,
            ..plan::hello(&self.base, version::TLS12, rsa)
        };
        let of_ecdsa = plan::hello(&self.base, version::TLS12, ecdsa.clone());
        let mut legacy = class(Class::Rsa, TlsVersion::Tls11);
        legacy.truncate(plan::MOST_SUITES - 30);
        legacy.extend(class(Class::Ecdsa, TlsVersion::Tls11).into_iter().take(15));
        legacy.extend(class(Class::Other, TlsVersion::Tls11).into_iter().take(15));
        let of_legacy = plan::hello(&self.base, version::TLS11, legacy);
        let hellos = [
            (modern.clone(), Until::Answer, "versions"),
            (of_rsa.clone(), Until::Flight, "TLS 1.2 with RSA"),
            (of_ecdsa.clone(), Until::Flight, "TLS 1.2 with ECDSA"),
            (of_legacy.clone(), Until::Flight, "TLS 1.1 and below"),
        ];
        let asked = hellos.clone().map(|(hello, until, purpose)| self.engine.ask(hello, until, purpose));
        let (mut replies, (ssl2, ssl2_seen)) = tokio::join!(all(asked.into_iter().collect()), self.ssl2());
        for (reply, (hello, ..)) in replies.iter().zip(&hellos) {
            if let Some(seen) = reply.accepted() {
                self.engine.set_canary(hello, seen).await;
                self.good.get_or_insert_with(|| hello.clone());
            }
        }
        if let (None, Some((config, seen))) = (&self.good, ssl2_seen) {
            self.engine.set_canary_of(config, &seen).await;
        }
        if self.good.is_none() && !replies.iter().all(Reply::is_hopeless) {
            self.other_first_hellos().await;
        }
        if self.good.is_none() && ssl2 != Verdict::Accepted {
            self.explain(&replies);
            replies.iter().for_each(|reply| self.engine.keep(reply, "hello"));
            return;
        }
        for (reply, (.., purpose)) in replies.iter_mut().zip(&hellos) {
            self.engine.judge_again(reply).await;
            self.engine.keep(reply, purpose);
            self.findings.learn(reply);
        }
        self.findings.version(version::SSL2, ssl2);
        self.judge_versions(&replies);
        self.judge_classes(&replies, &of_rsa, &of_ecdsa);
    }

    /// A hello of TLS 1.3 and 1.2.
    fn tls13(&self, suites: Vec<u16>) -> HelloSpec {
        let candidates = self.engine.candidates;
        let mut groups = self.base.groups.clone();
        groups.extend(
            candidates.groups.iter().map(|group| group.number).filter(|number| !self.base.groups.contains(number)),
        );
        HelloSpec {
            versions: vec![version::TLS13, version::TLS12],
            cipher_suites: suites,
            key_shares: vec![0x001d, 0x0017],
            groups,
            ..self.base.clone()
        }
    }

    /// What the server makes of a hello of SSL 2.0, and that hello with the answer where it is taken.
    async fn ssl2(&self) -> (Verdict, Option<(ClientConfig, Observation)>) {
        // All that SSL 2.0 ever had, by the numbers of its specification section "cipher specifications".
        let cipher_specs =
            vec![[7, 0, 0xc0], [5, 0, 0x80], [3, 0, 0x80], [1, 0, 0x80], [6, 0, 0x40], [4, 0, 0x80], [2, 0, 0x80]];
        let hello =
            Ssl2ClientHello { version: version::SSL2, cipher_specs, session_id: Vec::new(), challenge: vec![0x5a; 16] };
        let mut config = ClientConfig::new(HelloSpec::default(), Until::ServerHello, self.engine.candidates.table());
        config.first = FirstMessage::Ssl2(hello);
        let reply = self.engine.ask_with(config.clone(), "SSL 2.0").await;
        let is_silent =
            matches!(reply.failure, Some(Fact::Ended { ending: Ending::Silent { .. }, .. } | Fact::TooSlow { .. }));
        match (reply.verdict, &reply.observation) {
            (Verdict::Accepted, Some(seen)) if seen.ssl2.is_some() => (Verdict::Accepted, Some((config, seen.clone()))),
            (Verdict::Accepted | Verdict::Refused, _) => (Verdict::Refused, None),
            // A server without SSL 2.0 takes such a hello for garbage, and ends in any way.
            (Verdict::Unknown, Some(_)) if !is_silent => (Verdict::Refused, None),
            (Verdict::Unknown, _) => (Verdict::Unknown, None),
        }
    }

    /// Hellos for servers that stumble over a usual one: small, without a name, of an old client.
    async fn other_first_hellos(&mut self) {
        let candidates = self.engine.candidates;
        let few: Vec<u16> = plan::suites(candidates, Class::Rsa, TlsVersion::Tls12).into_iter().take(8).collect();
        let others = plan::suites(candidates, Class::Other, TlsVersion::Tls12);
        let small = HelloSpec {
            groups: vec![0x001d, 0x0017, 0x0018],
            signature_schemes: plan::schemes(candidates, |key| key == CertificateKeyType::Rsa)
                .into_iter()
                .take(6)
                .collect(),
            ..plan::hello(&self.base, version::TLS12, few)
        };
        let nameless = HelloSpec { server_name: None, ..self.tls13(plan::tls13_suites(candidates)) };
        let alone = HelloSpec { versions: vec![version::TLS13], ..self.tls13(plan::tls13_suites(candidates)) };
        let mut other = plan::hello(&self.base, version::TLS12, others.into_iter().take(plan::MOST_SUITES).collect());
        other.session_ticket = false;
        for (hello, purpose) in [
            (small, "a small hello"),
            (alone, "TLS 1.3 alone"),
            (nameless, "no server name"),
            (other, "no certificate"),
        ] {
            let reply = self.engine.ask(hello.clone(), Until::Flight, purpose).await;
            if let Some(seen) = reply.accepted() {
                self.engine.set_canary(&hello, seen).await;
                self.engine.note(format!("the server answers only to an unusual hello: {purpose}"));
                self.findings.learn(&reply);
                self.good = Some(hello);
                return;
            }
            if reply.connection == 0 {
                return;
            }
        }
    }

    /// No hello was accepted: the alerts say why.
    fn explain(&self, replies: &[Reply]) {
        for reply in replies.iter().take(2) {
            let Some(seen) = &reply.observation else { continue };
            for fact in super::facts::alerts(seen) {
                self.engine.evidence(fact, reply.connection, "hello");
            }
        }
    }

    fn judge_versions(&mut self, replies: &[Reply]) {
        let [modern, rsa, ecdsa, legacy] = replies else { return };
        if let Some(seen) = modern.accepted()
            && seen.version != Some(version::TLS13)
        {
            self.findings.version(version::TLS13, Verdict::Refused);
        }
        if modern.verdict == Verdict::Refused {
            self.findings.version(version::TLS13, Verdict::Refused);
        }
        let below = |reply: &Reply, than: u16| reply.accepted().is_some_and(|seen| seen.version < Some(than));
        let refuses = |reply: &Reply| reply.verdict == Verdict::Refused;
        if refuses(rsa) && refuses(ecdsa) || below(rsa, version::TLS12) || below(ecdsa, version::TLS12) {
            self.findings.version(version::TLS12, Verdict::Refused);
        }
        if refuses(legacy) {
            for number in [version::TLS11, version::TLS10, version::SSL3] {
                self.findings.version(number, Verdict::Refused);
            }
        } else if let Some(chosen) = legacy.accepted().and_then(|seen| seen.version) {
            for number in [version::TLS11, version::TLS10] {
                if number > chosen {
                    self.findings.version(number, Verdict::Refused);
                }
            }
        }
    }

    /// Refusals of whole classes, and what was chosen out of them.
    fn judge_classes(&mut self, replies: &[Reply], of_rsa: &HelloSpec, of_ecdsa: &HelloSpec) {
        let [_, rsa, ecdsa, _] = replies else { return };
        for (reply, hello) in [(rsa, of_rsa), (ecdsa, of_ecdsa)] {
            if reply.verdict == Verdict::Refused {
                self.findings.suites.refuse(&hello.cipher_suites);
            }
        }
        if let Some(seen) = rsa.accepted() {
            self.findings.compression = seen.hello.as_ref().map(|hello| hello.compression_method != 0);
        }
    }

    /// The suites that healthy servers have, and one hello with all others of a class: a server that refuses it has
    /// none of them. The same with groups; older versions.
    async fn second_round(&mut self) {
        let highest = self.highest_legacy();
        let (modern, others) = self.modern_and_others();
        let tls13 = self.findings.has(version::TLS13);
        let suites = async {
            let Some(highest) = highest else { return Vec::new() };
            let loops = modern.iter().enumerate().map(|(index, cluster)| self.suites(highest, cluster, index));
            let once = others.iter().enumerate().map(|(index, list)| self.once(highest, list, index));
            let (mut loops, once) = tokio::join!(all(loops.collect()), all(once.collect()));
            loops.extend(once);
            loops
        };
        let rest: Vec<u16> = plan::tls13_suites(self.engine.candidates)
            .into_iter()
            .filter(|suite| !self.findings.tls13_suites.is_known(*suite))
            .collect();
        let tls13_suites = async {
            if !tls13 {
                return Taken::default();
            }
            self.take_out(self.tls13_alone(rest), Subject::Suites, 0, Until::ServerHello, "suites of TLS 1.3").await
        };
        let (suites, tls13_suites, groups, older) =
            tokio::join!(suites, tls13_suites, self.unusual_groups(), self.older());
        self.learn_suites(suites);
        tls13_suites.replies.iter().for_each(|reply| self.findings.learn(reply));
        self.findings.tls13_suites.refuse(&tls13_suites.refused);
        self.learn_groups(groups);
        for (number, reply) in older {
            self.findings.learn(&reply);
            let verdict = match reply.accepted() {
                Some(seen) if seen.version == Some(number) => Verdict::Accepted,
                Some(_) => Verdict::Refused,
                None => reply.verdict,
            };
            self.findings.version(number, verdict);
        }
        // What is left of the usual suites.
        let (usual, _) = self.clusters();
        if let Some(highest) = highest {
            let loops = usual.iter().enumerate().map(|(index, cluster)| self.suites(highest, cluster, index));
            let loops = all(loops.collect()).await;
            self.learn_suites(loops);
        }
    }

    fn learn_suites(&mut self, loops: Vec<Taken>) {
        for taken in loops {
            taken.replies.iter().for_each(|reply| self.findings.learn(reply));
            self.findings.suites.refuse(&taken.refused);
        }
    }

    /// All groups but the curves that most servers have, in one hello.
    async fn unusual_groups(&self) -> Vec<Taken> {
        if !self.findings.has(version::TLS13) {
            return Vec::new();
        }
        let known = &self.findings.groups.accepted;
        let unusual: Vec<u16> = plan::group_families(self.engine.candidates, known)
            .into_iter()
            .filter(|family| !family.first().is_some_and(|&group| plan::is_usual(group)))
            .flatten()
            .collect();
        let mut hello = self.tls13_alone(plan::tls13_suites(self.engine.candidates));
        hello.groups = unusual;
        vec![self.take_one(hello, Subject::Groups, "groups").await]
    }

    async fn once(&self, highest: u16, suites: &[u16], index: usize) -> Taken {
        let mut hello = plan::hello(&self.base, highest, suites.to_vec());
        self.rotate(&mut hello, index, &[]);
        self.take_one(hello, Subject::Suites, "cipher suites").await
    }

    /// One hello: what the server chooses of it, or all of it refused.
    async fn take_one(&self, hello: HelloSpec, subject: Subject, purpose: &str) -> Taken {
        let list = if subject == Subject::Suites { hello.cipher_suites.clone() } else { hello.groups.clone() };
        if list.is_empty() {
            return Taken::default();
        }
        let until = if subject == Subject::Groups { Until::ServerHello } else { Until::KeyExchange };
        let reply = self.engine.ask(hello, until, purpose).await;
        let refused = if reply.verdict == Verdict::Refused { list } else { Vec::new() };
        Taken { replies: vec![reply], refused }
    }

    fn learn_groups(&mut self, loops: Vec<Taken>) {
        for taken in loops {
            taken.replies.iter().for_each(|reply| self.findings.learn(reply));
            self.findings.groups.refuse(&taken.refused);
        }
    }

    /// Whose order decides, names, groups that are still open, certificates, TLS_FALLBACK_SCSV.
    async fn third_round(&mut self) {
        let open = plan::group_families(self.engine.candidates, &[])
            .into_iter()
            .map(|family| family.into_iter().filter(|&group| !self.findings.groups.is_known(group)).collect::<Vec<_>>())
            .filter(|family| !family.is_empty());
        let open: Vec<Vec<u16>> = if self.findings.has(version::TLS13) { open.collect() } else { Vec::new() };
        let groups = async { all(open.into_iter().map(|family| self.groups(family)).collect()).await };
        let (groups, suite_order, group_order, names, certificates, fallback) = tokio::join!(
            groups,
            self.suite_order(),
            self.group_order(),
            self.names(),
            self.certificates(),
            self.fallback()
        );
        self.learn_groups(groups);
        self.findings.suite_order_is_own = suite_order;
        self.findings.group_order_is_own = group_order;
        (self.findings.without_name, self.findings.with_other_name) = names;
        let complete = certificates.iter().all(|reply| reply.verdict != Verdict::Unknown);
        self.findings.all_chains = complete && !self.engine.has_stopped();
        certificates.iter().for_each(|reply| self.findings.learn(reply));
        self.findings.fallback = fallback;
    }

    /// Suites that few servers have, as far as the connections go.
    async fn rare_suites(&mut self) {
        let (_, rare) = self.clusters();
        let highest = self.highest_legacy().unwrap_or(version::TLS12);
        // A server that has no suite of the usual ones may have the others.
        let loops = rare.iter().enumerate().map(|(index, cluster)| self.suites(highest, cluster, index));
        for taken in all(loops.collect()).await {
            taken.replies.iter().for_each(|reply| self.findings.learn(reply));
            self.findings.suites.refuse(&taken.refused);
        }
    }

    /// The highest version below TLS 1.3.
    pub(super) fn highest_legacy(&self) -> Option<u16> {
        [version::TLS12, version::TLS11, version::TLS10, version::SSL3]
            .into_iter()
            .find(|&number| self.findings.has(number))
    }

    /// Suites that are still open: of each class those that healthy servers have, and all others in as few lists as may
    /// be.
    fn modern_and_others(&self) -> (Vec<Vec<u16>>, Vec<Vec<u16>>) {
        let candidates = self.engine.candidates;
        let (mut modern, mut others) = (Vec::new(), Vec::new());
        for class in [Class::Rsa, Class::Ecdsa] {
            let (one, rest): (Vec<u16>, Vec<u16>) =
                self.open(class).into_iter().partition(|suite| plan::is_modern(candidates, *suite));
            modern.extend(Some(one).filter(|list| !list.is_empty()));
            others.extend(rest.chunks(plan::MOST_SUITES).map(<[u16]>::to_vec));
        }
        (modern, others)
    }

    /// Suites of a class of which nothing is known yet.
    fn open(&self, class: Class) -> Vec<u16> {
        let highest = match self.highest_legacy() {
            Some(version::TLS12) | None => TlsVersion::Tls12,
            Some(_) => TlsVersion::Tls11,
        };
        let mut suites = plan::suites(self.engine.candidates, class, highest);
        suites.retain(|suite| !self.findings.suites.is_known(*suite));
        suites
    }

    /// Suites that are still open, in clusters: those that are asked for first, and those that few servers have.
    fn clusters(&self) -> (Vec<Vec<u16>>, Vec<Vec<u16>>) {
        let candidates = self.engine.candidates;
        let mut usual = Vec::new();
        let mut rare = Vec::new();
        for class in [Class::Rsa, Class::Ecdsa] {
            for cluster in plan::clusters(candidates, &self.open(class)) {
                let is_rare = cluster.first().is_some_and(|suite| plan::is_rare(candidates, *suite));
                if is_rare { rare.push(cluster) } else { usual.push(cluster) }
            }
        }
        rare.extend(self.open(Class::Other).chunks(plan::MOST_SUITES).map(<[u16]>::to_vec));
        (usual, rare)
    }

    /// TLS 1.3 alone with these suites; groups that are known to be accepted, where any are.
    pub(super) fn tls13_alone(&self, suites: Vec<u16>) -> HelloSpec {
        let mut hello = HelloSpec { versions: vec![version::TLS13], key_shares: Vec::new(), ..self.tls13(suites) };
        hello.protocols.clear();
        if !self.findings.groups.accepted.is_empty() {
            hello.groups.clone_from(&self.findings.groups.accepted);
        }
        hello
    }

    async fn suites(&self, highest: u16, cluster: &[u16], index: usize) -> Taken {
        let hello = plan::hello(&self.base, highest, cluster.to_vec());
        self.take_out(hello, Subject::Suites, index, Until::KeyExchange, "cipher suites").await
    }

    async fn groups(&self, family: Vec<u16>) -> Taken {
        let mut hello = self.tls13_alone(plan::tls13_suites(self.engine.candidates));
        hello.groups = family;
        self.take_out(hello, Subject::Groups, 0, Until::ServerHello, "groups").await
    }

    /// Takes out what the server chooses until it refuses, or nothing is left. `index`: by how many places groups and
    /// schemes are rotated.
    async fn take_out(
        &self,
        mut hello: HelloSpec,
        subject: Subject,
        index: usize,
        until: Until,
        purpose: &str,
    ) -> Taken {
        let mut taken = Taken::default();
        for round in index.saturating_mul(3).. {
            let left = if subject == Subject::Suites { &hello.cipher_suites } else { &hello.groups };
            let rare = hello.cipher_suites.first().is_some_and(|suite| plan::is_rare(self.engine.candidates, *suite));
            if left.is_empty() || !self.engine.can_ask() || (rare && self.engine.left() <= RESERVE) {
                break;
            }
            if subject == Subject::Suites && !hello.offers_tls13() {
                self.rotate(&mut hello, round, &taken.replies);
            }
            let reply = self.engine.ask(hello.clone(), until, purpose).await;
            match reply.verdict {
                Verdict::Refused => {
                    taken.refused = if subject == Subject::Suites { hello.cipher_suites } else { hello.groups };
                    break;
                }
                Verdict::Unknown => break,
                Verdict::Accepted => {}
            }
            let chosen = reply.accepted().and_then(|seen| match subject {
                Subject::Suites => seen.cipher_suite,
                Subject::Groups => seen.group,
            });
            taken.replies.push(reply);
            let left = if subject == Subject::Suites { &mut hello.cipher_suites } else { &mut hello.groups };
            let before = left.len();
            left.retain(|number| Some(*number) != chosen);
            if left.len() == before {
                // The server chose what was not offered: it would go on so for ever.
                break;
            }
        }
        taken
    }

    /// Puts another of the usual groups and fitting schemes first: where the client's order decides, a server shows by
    /// and by all that it accepts, at no cost. Schemes that it has shown already come after the others.
    fn rotate(&self, hello: &mut HelloSpec, by: usize, shown: &[Reply]) {
        let usual = &self.base.groups;
        let (front, back) = usual.split_at_checked(5.min(usual.len())).unwrap_or((usual, &[]));
        hello.groups = [&plan::rotated(front, by)[..], back].concat();
        let (fitting, other) = self.schemes_for(hello.cipher_suites.first().copied());
        let is_shown = |scheme: &u16| {
            let mut seen = shown.iter().filter_map(|reply| reply.accepted()?.signature_scheme);
            self.findings.schemes.accepted.contains(scheme) || seen.any(|seen| seen == *scheme)
        };
        let (shown, open): (Vec<u16>, Vec<u16>) = fitting.into_iter().partition(is_shown);
        hello.signature_schemes = [plan::rotated(&open, by), shown, other].concat();
    }

    /// The schemes that fit the certificate of a suite, and the others.
    fn schemes_for(&self, suite: Option<u16>) -> (Vec<u16>, Vec<u16>) {
        let candidates = self.engine.candidates;
        let suite = suite.and_then(|number| candidates.suites.iter().find(|suite| suite.number == number));
        let is_ecdsa = suite.is_some_and(|suite| class(suite) == Class::Ecdsa);
        let fitting = plan::schemes(candidates, |key| match key {
            CertificateKeyType::Rsa => !is_ecdsa,
            CertificateKeyType::Ec => is_ecdsa,
            _ => false,
        });
        let mut other = self.base.signature_schemes.clone();
        other.retain(|scheme| !fitting.contains(scheme));
        (fitting, other)
    }

    /// Versions below the one that the server chose as its highest.
    async fn older(&self) -> Vec<(u16, Reply)> {
        let open: Vec<u16> = [version::TLS10, version::SSL3]
            .into_iter()
            .filter(|number| !self.findings.versions.contains_key(number))
            .collect();
        let candidates = self.engine.candidates;
        let mut legacy = plan::suites(candidates, Class::Rsa, TlsVersion::Ssl3);
        legacy.truncate(plan::MOST_SUITES - 20);
        legacy.extend(plan::suites(candidates, Class::Ecdsa, TlsVersion::Ssl3).into_iter().take(10));
        let ask = |number: u16| {
            let hello = plan::hello(&self.base, number, legacy.clone());
            async move { (number, self.engine.ask(hello, Until::KeyExchange, "older versions").await) }
        };
        all(open.into_iter().map(ask).collect()).await
    }
}
