use shakedown_model::ssh::{HostKey, SignatureCheck, SshOffer, Undecided, is_marker};
use shakedown_model::{Item, Known, Party, PartySource, Policy, Slot};

use super::canvas::{Canvas, Look};
use crate::options::{Mark, TextOptions};
use crate::{walk, words};

/// All that a party offers, in order, for a terminal: its identification, per slot the list with the rating of each name,
/// markers, host keys, group sizes. Both directions stand once where they are equal. Ends with a line feed.
pub fn offer_text(party: &Party, options: &TextOptions) -> String {
    let mut party = party.clone();
    walk::party(&mut walk::Mask, &mut party);
    let mut draw = Draw { canvas: Canvas::new(options.color), options };
    let policy = match &party.policy {
        Policy::Ssh(policy) => policy,
        Policy::Tls(policy) => {
            draw.head(&party);
            draw.tls(party.role, policy);
            draw.notes(&policy.undecided, &party.notes);
            return draw.canvas.finish();
        }
        Policy::Ike(policy) => {
            draw.head(&party);
            draw.ike(policy);
            draw.notes(&[], &party.notes);
            return draw.canvas.finish();
        }
    };
    let offer = &policy.offer;
    draw.head(&party);
    draw.identification(offer);
    let mut told = Vec::new();
    for slot in Slot::SSH {
        if told.contains(&slot) {
            continue;
        }
        let list = offer.list(slot);
        let mut phrase = slot.phrase();
        if let Some(reverse) = words::reverse(slot)
            && same(list, offer.list(reverse))
        {
            told.push(reverse);
            phrase = words::without_direction(slot);
        }
        draw.slot(slot, phrase, list);
    }
    draw.markers(offer);
    if party.role == shakedown_model::Role::Server {
        draw.host_keys(&offer.host_keys);
        draw.sizes(offer);
    }
    draw.rest(offer);
    draw.notes(&policy.undecided, &party.notes);
    draw.canvas.finish()
}

/// Equal as lists of names; where they were seen does not matter.
fn same(left: &Known<Vec<Item>>, right: &Known<Vec<Item>>) -> bool {
    let names = |items: &Vec<Item>, others: &Vec<Item>| {
        items.iter().map(|item| &item.name).eq(others.iter().map(|item| &item.name))
    };
    match (left, right) {
        (Known::Complete(left), Known::Complete(right)) => names(left, right),
        (Known::Partial { accepted: la, refused: lr }, Known::Partial { accepted: ra, refused: rr }) => {
            names(la, ra) && names(lr, rr)
        }
        (Known::Unknown, Known::Unknown) => true,
        _ => false,
    }
}

pub(super) struct Draw<'a> {
    canvas: Canvas,
    options: &'a TextOptions,
}

impl Draw<'_> {
    fn head(&mut self, party: &Party) {
        self.canvas.put(Look::Strong, party.role.as_str()).plain(" ").put(Look::Strong, &words::party(party));
        if let Some(software) = party.software.as_ref().map(ToString::to_string).filter(|text| *text != party.label) {
            self.canvas.plain(&format!(", {software}"));
        }
        let source = match &party.source {
            PartySource::Live { address } => format!("probed at {address}"),
            PartySource::Local { program } => format!("from `{program}`"),
            PartySource::Configuration => "from its configuration".to_owned(),
            PartySource::Catalog => "from the catalog".to_owned(),
            PartySource::NamedPolicy { name } => format!("the policy `{name}`"),
            PartySource::Offer { path } if path.is_empty() => "from a recorded offer".to_owned(),
            PartySource::Offer { path } => format!("from the offer in {path}"),
        };
        self.canvas.plain(&format!(" ({source})"));
        self.canvas.end();
    }

    fn notes(&mut self, undecided: &[Undecided], notes: &[String]) {
        for part in undecided {
            let slot = words::without_direction(part.slot);
            self.note(&format!("{slot}: depends on `{}`, which was not decided", part.criterion.replace('`', "'")));
        }
        for note in notes {
            self.note(note);
        }
    }

    fn identification(&mut self, offer: &SshOffer) {
        if let Some(identification) = &offer.identification {
            self.heading("identification");
            self.line(identification.as_str());
        }
    }

    fn slot(&mut self, slot: Slot, phrase: &str, list: &Known<Vec<Item>>) {
        let shown = |items: &[Item]| -> Vec<Item> {
            items.iter().filter(|item| slot != Slot::Kex || !is_marker(item.name.as_str())).cloned().collect()
        };
        match list {
            Known::Complete(items) => {
                let items = shown(items);
                self.heading(&format!("{phrase} ({})", items.len()));
                self.names(slot, &items);
            }
            Known::Partial { accepted, refused } => {
                self.heading(&format!("{phrase} (known in part)"));
                self.names(slot, &shown(accepted));
                for item in refused {
                    self.canvas.plain("  refused: ").plain(item.name.as_str());
                    self.canvas.end();
                }
            }
            Known::Unknown => {
                self.heading(phrase);
                self.line("unknown");
            }
        }
    }

    pub(super) fn names(&mut self, slot: Slot, items: &[Item]) {
        if items.is_empty() {
            self.line("nothing");
        }
        let column = items.iter().map(|item| item.name.as_str().len()).max().unwrap_or(0).min(48);
        for item in items {
            let name = item.name.as_str();
            let mark = self.options.ratings.rate(slot, name);
            let look = match mark {
                Some(Mark::Broken | Mark::Weak) => Look::Removed,
                Some(Mark::Legacy) => Look::Warning,
                Some(Mark::PostQuantum) => Look::Added,
                Some(Mark::Acceptable | Mark::Strong) | None => Look::Plain,
            };
            self.canvas.plain("  ").put(look, name);
            if let Some(word) = mark.map(Mark::word).filter(|word| !word.is_empty()) {
                self.canvas.plain(&" ".repeat(column.saturating_sub(name.len()) + 2)).put(look, word);
            }
            self.canvas.end();
        }
    }

    fn markers(&mut self, offer: &SshOffer) {
        let markers = offer.markers();
        if !markers.is_empty() {
            self.heading("markers");
            for marker in markers {
                self.line(marker.name.as_str());
            }
        }
        if offer.first_kex_packet_follows {
            self.note("a guessed key exchange packet follows the KEXINIT");
        }
        for (direction, languages) in
            [("client to server", &offer.languages.0), ("server to client", &offer.languages.1)]
        {
            if !languages.is_empty() {
                let names: Vec<&str> = languages.iter().map(|name| name.as_str()).collect();
                self.note(&format!("languages, {direction}: {}", names.join(", ")));
            }
        }
    }

    fn host_keys(&mut self, keys: &Known<Vec<HostKey>>) {
        let Some(keys) = keys.accepted() else { return };
        self.heading(&format!("host keys ({})", keys.len()));
        if keys.is_empty() {
            self.line("none");
        }
        for key in keys {
            let mut text = key.key_type.to_string();
            if let Some(bits) = key.bits {
                text.push_str(&format!(", {bits} bits"));
            }
            if let Some(fingerprint) = &key.fingerprint {
                text.push_str(&format!(", {fingerprint}"));
            }
            if let Some(authority) = &key.certificate_authority {
                text.push_str(&format!(", signed by {authority}"));
            }
            self.canvas.plain("  ").plain(&text);
            match &key.signature {
                SignatureCheck::Verified => self.canvas.plain(", ").put(Look::Added, "signature verified"),
                SignatureCheck::Wrong => self.canvas.plain(", ").put(Look::Error, "signature wrong"),
                SignatureCheck::Unverified { reason } => {
                    self.canvas.plain(", ").put(Look::Warning, "signature unverified").plain(&format!(" ({reason})"))
                }
                SignatureCheck::NotSeen => self.canvas.plain(", not probed"),
            };
            self.canvas.end();
        }
    }

    fn sizes(&mut self, offer: &SshOffer) {
        let Some(sizes) = offer.gex_sizes.accepted() else { return };
        self.heading("group exchange sizes");
        let sizes: Vec<String> = sizes.iter().map(|bits| format!("{bits} bits")).collect();
        self.line(&if sizes.is_empty() { "none".to_owned() } else { sizes.join(", ") });
    }

    fn rest(&mut self, offer: &SshOffer) {
        if let Some(request) = offer.gex_request {
            let preferred = request.preferred.map_or(String::new(), |bits| format!(", {bits} preferred"));
            self.heading("group exchange request");
            self.line(&format!("{} to {} bits{preferred}", request.minimum, request.maximum));
        }
        if let Some(bits) = offer.min_rsa_bits {
            self.heading("smallest RSA key accepted");
            self.line(&format!("{bits} bits"));
        }
        if let Some(items) = offer.public_key_auth.accepted() {
            self.heading(&format!("signature algorithms for user keys ({})", items.len()));
            self.names(Slot::HostKey, items);
        }
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.canvas.put(Look::Frame, text).plain(":");
        self.canvas.end();
    }

    pub(super) fn line(&mut self, text: &str) {
        self.canvas.plain("  ").plain(text);
        self.canvas.end();
    }

    pub(super) fn note(&mut self, text: &str) {
        self.canvas.put(Look::Note, "note").plain(": ").plain(text);
        self.canvas.end();
    }
}
