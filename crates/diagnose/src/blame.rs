//! Which side a missing agreement is laid to, and why: one rule for every list that has nothing in common.
//!
//! 1. A side whose configuration, policy or keys took away what would have agreed with the other side's list, and that
//!    is still sound, is at fault.
//! 2. Else a side that lists nothing sound, while the other does.
//! 3. Else the side whose release is older, where both dates are known.
//! 4. Else it is unknown, and said so.

use shakedown_model::{Name, Reason, Role, Side};

use crate::text::{list, quoted};

/// What is known of one end of a list that has nothing in common with the other's.
#[derive(Clone, Debug, Default)]
pub(crate) struct End {
    /// What it offers, without markers.
    pub(crate) offered: Vec<Name>,
    /// What its software offers by default, policy layers and build included.
    pub(crate) defaults: Option<Vec<Name>>,
    /// What its version offers by default without policy layers and without the distribution's changes.
    pub(crate) upstream: Option<Vec<Name>>,
    /// What its build could do if it were enabled.
    pub(crate) supported: Option<Vec<Name>>,
    /// The day of its release, `2020-02-14`.
    pub(crate) released: Option<String>,
    /// The software, as a person writes it.
    pub(crate) software: Option<String>,
    /// A system-wide policy in force: `crypto-policies@FIPS`, or the path of the file that brings it.
    pub(crate) policy: Option<String>,
    /// Server, host key slot: the algorithms that it has no key for.
    pub(crate) without_key: Vec<Name>,
}

/// The side at fault and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blame {
    pub(crate) side: Side,
    pub(crate) reason: Reason,
    /// In a few words, for `at fault: server (...)`.
    pub(crate) because: String,
}

/// Applies the rule above. `sound` says whether an algorithm is still recommended, `None` where that is not known.
pub(crate) fn decide(client: &End, server: &End, sound: impl Fn(&Name) -> Option<bool>) -> Blame {
    let not_unsound = |name: &Name| sound(name) != Some(false);
    let client_cut = Cut::of(client, server, not_unsound);
    let server_cut = Cut::of(server, client, not_unsound);
    match (client_cut, server_cut) {
        (Some(cut), None) => return cut.blame(Role::Client, client),
        (None, Some(cut)) => return cut.blame(Role::Server, server),
        (Some(cut), Some(other)) => {
            let because = format!(
                "either side's defaults would have agreed: the client's version has {}, the server's {}",
                list(cut.names.get(..1).unwrap_or_default()),
                list(other.names.get(..1).unwrap_or_default())
            );
            // What a person wrote is easier to undo than a policy.
            let reason = if cut.reason == other.reason { cut.reason } else { Reason::ConfiguredOut };
            return Blame { side: Side::Both, reason, because };
        }
        (None, None) => {}
    }
    if let Some(agreed) = both_cut(client, server, not_unsound) {
        let because =
            format!("configured out on both sides: with their defaults they agree on {}", quoted(agreed.as_str()));
        return Blame { side: Side::Both, reason: Reason::ConfiguredOut, because };
    }
    let has_sound = |end: &End| end.offered.iter().any(|name| sound(name) == Some(true));
    match (has_sound(client), has_sound(server)) {
        (true, false) if !server.offered.is_empty() => outdated(Role::Server, server, client, false),
        (false, true) if !client.offered.is_empty() => outdated(Role::Client, client, server, false),
        (true, true) => match older(client, server) {
            Some(Role::Client) => outdated(Role::Client, client, server, true),
            Some(Role::Server) => outdated(Role::Server, server, client, true),
            None => unknown("both lists hold sound algorithms, and it is not known which side is the older one"),
        },
        _ => weak_only(client, server),
    }
}

/// What a side would also have listed, and what took it away.
struct Cut {
    names: Vec<Name>,
    reason: Reason,
}

impl Cut {
    fn of(end: &End, other: &End, allowed: impl Fn(&Name) -> bool) -> Option<Self> {
        let agreed = |list: &Option<Vec<Name>>| -> Vec<Name> {
            let names =
                list.iter().flatten().filter(|name| other.offered.contains(name) && !end.offered.contains(name));
            names.filter(|name| allowed(name)).cloned().collect()
        };
        let names = agreed(&end.defaults);
        if !names.is_empty() {
            let reason = match &end.policy {
                _ if names.iter().all(|name| end.without_key.contains(name)) => Reason::KeyMaterial,
                // The defaults hold the policy layer already, unless it came in as a file.
                Some(policy) if policy.starts_with('/') => Reason::PolicyLayer,
                _ => Reason::ConfiguredOut,
            };
            return Some(Self { names, reason });
        }
        let names = agreed(&end.upstream);
        let reason = if end.policy.is_some() { Reason::PolicyLayer } else { Reason::BuildOption };
        (!names.is_empty()).then_some(Self { names, reason })
    }

    fn blame(self, role: Role, end: &End) -> Blame {
        let names = list(self.names.get(..1).unwrap_or_default());
        let because = match self.reason {
            Reason::KeyMaterial => format!("key material: it has no host key for {names}"),
            Reason::PolicyLayer => {
                let policy = end.policy.as_deref().map_or("a system-wide policy".to_owned(), quoted);
                format!("policy layer: its version has {names}, but {policy} forbids it")
            }
            Reason::BuildOption => format!("build option: its version has {names}, but this build leaves it out"),
            _ => format!("configured out: its version has {names}"),
        };
        Blame { side: role.into(), reason: self.reason, because }
    }
}

/// Neither side's defaults fit the other's list, but the two defaults fit each other.
fn both_cut(client: &End, server: &End, allowed: impl Fn(&Name) -> bool) -> Option<Name> {
    let (ours, theirs) = (client.defaults.as_ref()?, server.defaults.as_ref()?);
    let mut common = ours.iter().filter(|name| theirs.contains(name) && allowed(name));
    common.find(|name| !client.offered.contains(name) && !server.offered.contains(name)).cloned()
}

fn older(client: &End, server: &End) -> Option<Role> {
    match client.released.as_ref()?.cmp(server.released.as_ref()?) {
        std::cmp::Ordering::Less => Some(Role::Client),
        std::cmp::Ordering::Greater => Some(Role::Server),
        std::cmp::Ordering::Equal => None,
    }
}

/// `end` is behind: either the other side once had what it offers, or never did.
fn outdated(role: Role, end: &End, other: &End, sound: bool) -> Blame {
    let peer = role.peer();
    let shared = |list: &Option<Vec<Name>>| list.iter().flatten().any(|name| end.offered.contains(name));
    let forbidden = other.policy.is_some() && shared(&other.upstream) && !shared(&other.defaults);
    let reason = match () {
        () if forbidden => Reason::PolicyLayer,
        () if shared(&other.supported) => Reason::RemovedByDefault,
        () => Reason::OutdatedSoftware,
    };
    // Its own configuration may be what is behind: the version has better, though not what the other side asks for.
    let name = end.software.as_deref().map_or_else(|| "it".to_owned(), quoted);
    let dated = end.released.as_ref().map_or_else(|| name.clone(), |date| format!("{name} of {date}"));
    let because = match (sound, reason) {
        (_, Reason::PolicyLayer) => {
            let policy = other.policy.as_deref().map_or("a system-wide policy".to_owned(), quoted);
            format!("policy layer: the {peer}'s {policy} forbids all that {dated} offers")
        }
        (true, _) => format!("outdated software: {dated} is the older side"),
        (false, Reason::RemovedByDefault) => {
            format!("removed by default: {dated} offers only what newer versions of the {peer} leave out")
        }
        (false, _) => format!("outdated software: {dated} offers nothing that is still recommended"),
    };
    Blame { side: role.into(), reason, because }
}

fn weak_only(client: &End, server: &End) -> Blame {
    if client.offered.is_empty() != server.offered.is_empty() {
        let role = if client.offered.is_empty() { Role::Client } else { Role::Server };
        return Blame { side: role.into(), reason: Reason::Unknown, because: "it offers nothing at all".to_owned() };
    }
    let any = |_: &Name| true;
    match (Cut::of(client, server, any), Cut::of(server, client, any)) {
        (Some(cut), None) => cut.blame(Role::Client, client),
        (None, Some(cut)) => cut.blame(Role::Server, server),
        _ => match older(client, server) {
            Some(Role::Client) => outdated(Role::Client, client, server, true),
            Some(Role::Server) => outdated(Role::Server, server, client, true),
            None => unknown("neither list is known to be the outdated one"),
        },
    }
}

fn unknown(because: &str) -> Blame {
    Blame { side: Side::Unknown, reason: Reason::Unknown, because: because.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<Name> {
        text.split_whitespace().map(Name::new).collect()
    }

    fn end(offered: &str, defaults: &str) -> End {
        let defaults = (!defaults.is_empty()).then(|| names(defaults));
        End { offered: names(offered), upstream: defaults.clone(), defaults, ..End::default() }
    }

    fn sound(name: &Name) -> Option<bool> {
        match name.as_str() {
            "curve25519-sha256" | "mlkem768x25519-sha256" | "ssh-ed25519" | "rsa-sha2-512" => Some(true),
            "diffie-hellman-group1-sha1" | "ssh-rsa" => Some(false),
            _ => None,
        }
    }

    #[test]
    fn the_side_whose_configuration_took_a_sound_method_away() {
        let client = end("curve25519-sha256", "curve25519-sha256");
        let server = end("diffie-hellman-group1-sha1", "curve25519-sha256 diffie-hellman-group1-sha1");
        let blame = decide(&client, &server, sound);
        assert_eq!((blame.side, blame.reason), (Side::Server, Reason::ConfiguredOut));
        assert_eq!(blame.because, "configured out: its version has `curve25519-sha256`");
        assert_eq!(decide(&server, &client, sound).side, Side::Client);
    }

    #[test]
    fn taking_away_what_is_broken_is_no_fault() {
        let client = end("diffie-hellman-group1-sha1", "diffie-hellman-group1-sha1");
        let server = end("curve25519-sha256", "curve25519-sha256 diffie-hellman-group1-sha1");
        let blame = decide(&client, &server, sound);
        assert_eq!((blame.side, blame.reason), (Side::Client, Reason::OutdatedSoftware));
    }

    #[test]
    fn what_the_newer_side_supports_but_no_longer_offers_is_removed_by_default() {
        let mut client = end("curve25519-sha256", "curve25519-sha256");
        client.supported = Some(names("curve25519-sha256 diffie-hellman-group1-sha1"));
        let server = end("diffie-hellman-group1-sha1", "");
        let blame = decide(&client, &server, sound);
        assert_eq!((blame.side, blame.reason), (Side::Server, Reason::RemovedByDefault));
    }

    #[test]
    fn a_policy_layer_is_named() {
        let mut client = end("x", "x");
        client.upstream = Some(names("curve25519-sha256 x"));
        client.policy = Some("crypto-policies@FIPS".to_owned());
        let server = end("curve25519-sha256", "curve25519-sha256");
        let blame = decide(&client, &server, sound);
        assert_eq!((blame.side, blame.reason), (Side::Client, Reason::PolicyLayer));
        assert!(blame.because.contains("`crypto-policies@FIPS`"), "{}", blame.because);
        client.policy = None;
        assert_eq!(decide(&client, &server, sound).reason, Reason::BuildOption);
    }

    #[test]
    fn a_server_without_the_key() {
        let client = end("ssh-ed25519", "ssh-ed25519 rsa-sha2-512");
        let mut server = end("rsa-sha2-512", "ssh-ed25519 rsa-sha2-512");
        server.without_key = names("ssh-ed25519");
        // The client's own list was cut as well: with its defaults `rsa-sha2-512` agrees.
        assert_eq!(decide(&client, &server, sound).side, Side::Both);
        let client = end("ssh-ed25519", "ssh-ed25519");
        let blame = decide(&client, &server, sound);
        assert_eq!((blame.side, blame.reason), (Side::Server, Reason::KeyMaterial));
    }

    #[test]
    fn both_cut_where_only_the_two_defaults_fit() {
        let client = end("mlkem768x25519-sha256", "curve25519-sha256 mlkem768x25519-sha256");
        let server = end("diffie-hellman-group1-sha1", "curve25519-sha256 diffie-hellman-group1-sha1");
        let blame = decide(&client, &server, sound);
        assert_eq!((blame.side, blame.reason), (Side::Both, Reason::ConfiguredOut));
    }

    #[test]
    fn the_older_of_two_sound_lists_and_unknown_without_dates() {
        let mut client = end("mlkem768x25519-sha256", "");
        let mut server = end("curve25519-sha256", "");
        assert_eq!(decide(&client, &server, sound).side, Side::Unknown);
        client.released = Some("2025-04-09".to_owned());
        server.released = Some("2014-01-30".to_owned());
        let blame = decide(&client, &server, sound);
        assert_eq!((blame.side, blame.reason), (Side::Server, Reason::OutdatedSoftware));
        server.released = client.released.clone();
        assert_eq!(decide(&client, &server, sound).side, Side::Unknown);
    }

    #[test]
    fn nothing_known_about_either_list() {
        let blame = decide(&end("a", ""), &end("b", ""), sound);
        assert_eq!((blame.side, blame.reason), (Side::Unknown, Reason::Unknown));
        assert_eq!(decide(&end("a", ""), &end("", ""), sound).side, Side::Server);
    }
}
