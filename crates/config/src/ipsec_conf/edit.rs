//! Edits of one connection. What it has of another section stays there: its own section gets the setting.

use std::net::IpAddr;

use shakedown_model::ike::{IkeVersion, Peering};
use shakedown_model::{Origin, OriginKind, TextEdit};

use super::{Daemon, Reading, at_least, read};
use crate::Files;
use crate::ike_edit::{Line, SETUP, Setting, indent_of, insertion, line_end};
use crate::value::Value;

/// The lines of a setting.
pub(crate) fn lines(daemon: Daemon, version: &str, peering: &Peering, setting: &Setting) -> Option<Vec<Line>> {
    let is_right = peering.written.as_ref()?.is_right;
    let side = |local: bool| if local == is_right { "right" } else { "left" };
    let line = |key: String, value: &str| Some(Line { sections: Vec::new(), key, value: written(value)? });
    if *setting == Setting::OldVersionAllowed {
        let line = line("ikev1-policy".into(), "accept").filter(|_| daemon == Daemon::Libreswan)?;
        return Some(vec![Line { sections: vec![SETUP.to_owned()], ..line }]);
    }
    let libreswan = daemon == Daemon::Libreswan;
    let one = match setting {
        Setting::OldVersionAllowed => None,
        Setting::Version(IkeVersion::V2) if libreswan && !at_least(version, "5.0") => line("ikev2".into(), "insist"),
        Setting::Version(IkeVersion::V1) if libreswan && !at_least(version, "5.0") => line("ikev2".into(), "no"),
        Setting::Version(IkeVersion::V2) => line("keyexchange".into(), "ikev2"),
        Setting::Version(IkeVersion::V1) => line("keyexchange".into(), "ikev1"),
        Setting::Aggressive(on) => line("aggressive".into(), if *on { "yes" } else { "no" }),
        Setting::Transport(on) => line("type".into(), if *on { "transport" } else { "tunnel" }),
        Setting::Identity { local, name } => line(format!("{}id", side(*local)), &identity(daemon, name.as_str())?),
        Setting::Methods { local, remote } => {
            let words = |method: &str| match (method, libreswan) {
                ("psk", true) => Some("secret"),
                ("psk", false) => Some("psk"),
                ("pubkey", true) => Some("rsasig"),
                ("pubkey", false) => Some("pubkey"),
                _ => None,
            };
            let (local, remote) = (words(local.as_str())?, words(remote.as_str())?);
            if local == remote {
                return Some(vec![line("authby".into(), if local == "psk" { "secret" } else { local })?]);
            }
            return Some(vec![
                line(format!("{}auth", side(true)), local)?,
                line(format!("{}auth", side(false)), remote)?,
            ]);
        }
        Setting::Selectors { local, selectors } => {
            let all: Vec<&str> = selectors.iter().map(|name| name.as_str()).collect();
            let key = side(*local);
            match (libreswan, all.as_slice()) {
                // Protocols and ports stand in a setting of their own there.
                (true, all) if all.iter().any(|one| one.contains('[')) => None,
                (true, [one]) => line(format!("{key}subnet"), &network(one)),
                (true, all) => line(format!("{key}subnets"), &format!("{{{}}}", all.join(" "))),
                (false, all) => line(format!("{key}subnet"), &all.join(",")),
            }
        }
    };
    one.map(|line| vec![line])
}

/// A network as libreswan takes it, which has a length for one address too.
fn network(text: &str) -> String {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => format!("{text}/32"),
        Ok(IpAddr::V6(_)) => format!("{text}/128"),
        Err(_) => text.to_owned(),
    }
}

/// An identity as the daemon reads it: libreswan looks up the address of a name without an `@`.
fn identity(daemon: Daemon, name: &str) -> Option<String> {
    let plain = name.parse::<IpAddr>().is_ok() || name.contains(['@', '=', '%', '*']);
    match daemon {
        Daemon::Libreswan if !plain => Some(format!("@{name}")),
        _ if name.starts_with('%') => None,
        _ => Some(name.to_owned()),
    }
}

/// A value as it has to be written: in quotes, unless it is plain.
fn written(value: &str) -> Option<String> {
    if value.is_empty() || value.contains('"') || value.chars().any(char::is_control) {
        return None;
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@/%*[],:+{}".contains(&byte);
    Some(if value.bytes().all(is_plain) { value.to_owned() } else { format!("\"{value}\"") })
}

/// The path of the file and the edit that gives a connection this line.
pub(crate) fn set(
    files: &dyn Files,
    main: &str,
    daemon: Daemon,
    peering: &Peering,
    line: &Line,
) -> Option<(String, TextEdit)> {
    let reading = read(files, main, daemon).ok()?;
    if line.sections == [SETUP] {
        return set_up(main, &reading, line);
    }
    let name = peering.written.as_ref()?.name.name.as_str();
    let connection = reading.connections.iter().find(|connection| connection.name == name)?;
    // Another word for the same, or a setting of one end that counts before that of both.
    let others: &[&str] = match line.key.as_str() {
        "ikev2" => &["keyexchange"],
        "keyexchange" => &["ikev2"],
        "aggressive" => &["aggrmode"],
        "authby" => &["leftauth", "rightauth"],
        "leftsubnet" => &["leftsubnets"],
        "rightsubnet" => &["rightsubnets"],
        "leftsubnets" => &["leftsubnet"],
        "rightsubnets" => &["rightsubnet"],
        _ => &[],
    };
    let mut line = line.clone();
    if let Some(other) = others.iter().find(|other| connection.value(other).is_some()) {
        match (line.key.as_str(), *other) {
            ("ikev2", "keyexchange") => {
                line.value = if line.value == "no" { "ikev1".to_owned() } else { "ikev2".to_owned() };
            }
            ("keyexchange", "ikev2") => {
                line.value = if line.value == "ikev1" { "no".to_owned() } else { "insist".to_owned() };
            }
            ("aggressive", _) => {}
            _ => return None,
        }
        line.key = (*other).to_owned();
    }
    match connection.own_value(&line.key) {
        Some(own) => replaced(own, line.value),
        None => beneath(&connection.origin, &line),
    }
}

/// A setting of `config setup`: the last one that is written counts. A file without that section gets one at its end.
fn set_up(main: &str, reading: &Reading, line: &Line) -> Option<(String, TextEdit)> {
    if let Some((_, own)) = reading.setup.iter().rev().find(|(name, _)| name.as_str() == line.key) {
        return replaced(own, line.value.clone());
    }
    if let Some(head) = &reading.setup_head {
        return beneath(head, line);
    }
    let text = &reading.files.iter().find(|file| file.path == main)?.text;
    let start = if text.is_empty() || text.ends_with(b"\n") { "" } else { "\n" };
    let section = format!("{start}{SETUP}\n    {}={}\n", line.key, line.value);
    Some((main.to_owned(), insertion(text.len(), section)))
}

/// Another value in the place of one that is written.
fn replaced(own: &Value, replacement: String) -> Option<(String, TextEdit)> {
    let OriginKind::File { file, span } = own.origin().kind() else { return None };
    let quoted = |at: usize| file.text.get(at) == Some(&b'"');
    // The quotes of a value are none of its place.
    let around = span.start > 0 && quoted(span.start - 1) && quoted(span.end);
    let span = if around { span.start - 1..span.end + 1 } else { span.clone() };
    Some((file.path.clone(), TextEdit { span, replacement }))
}

/// A line below the head of its section.
fn beneath(head: &Origin, line: &Line) -> Option<(String, TextEdit)> {
    let OriginKind::File { file, span } = head.kind() else { return None };
    let text = &file.text;
    let end = line_end(text, span.end);
    // As the next line is indented, if it is one of the section.
    let next = text.get(end + 1..).and_then(|rest| rest.split(|&byte| byte == b'\n').next()).unwrap_or_default();
    let own = indent_of(text, (end + 1).min(text.len()));
    let indent = if next.trim_ascii().is_empty() || own.is_empty() { "    ".to_owned() } else { own };
    let is_ended = end < text.len();
    let text = format!("\n{indent}{}={}{}", line.key, line.value, if is_ended { "" } else { "\n" });
    Some((file.path.clone(), insertion(end, text)))
}
