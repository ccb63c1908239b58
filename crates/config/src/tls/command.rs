//! Commands of SSL_CONF_cmd(3), as files write them (`ssl/ssl_conf.c` of OpenSSL).

use std::cmp::Ordering;

use shakedown_catalog::Scheme;
use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, Role, nearest};

use super::{ClientVerification, LibrarySettings, Setting, Switch, TlsVersion, VersionBound};
use crate::value::Value;

/// A command's name, the versions that have it, and where it may stand.
struct Row {
    name: &'static str,
    since: &'static str,
    certificate: bool,
    server: bool,
}

include!(concat!(env!("OUT_DIR"), "/openssl_commands.rs"));

/// One command with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The name as written, without what stands before a dot.
    pub name: Value,
    /// The value.
    pub value: Value,
}

/// The commands under one name of the `ssl_conf` section, such as `system_default`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandSet {
    /// The name that programs ask for.
    pub name: String,
    /// The section that holds the commands.
    pub section: Value,
    /// The commands, in the order in which they are run.
    pub commands: Vec<Command>,
}

/// Who runs the commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope<'a> {
    /// The version of OpenSSL; `None` where it is not known.
    pub version: Option<&'a str>,
    /// Which end the program is. A client is taken to use a context for clients only (`TLS_client_method`), as curl, Python
    /// and `openssl s_client` do: it refuses what is for servers.
    pub role: Role,
    /// Whether certificates may be named: not in the system-wide section.
    pub certificates: bool,
}

/// Why a command has no effect, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of problem it is.
    pub problem: ConfigProblem,
    /// In one sentence.
    pub message: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
    /// Where.
    pub origin: Origin,
}

impl Refusal {
    /// The same as evidence about a party.
    pub fn evidence(&self, role: Role) -> Evidence {
        let fact = Fact::Configuration {
            problem: self.problem,
            message: self.message.clone(),
            suggestion: self.suggestion.clone(),
        };
        Evidence::new(fact).by(role).at(self.origin.clone())
    }
}

/// Runs commands one after another on top of what is set. A command that is refused changes nothing; a list is used up to
/// the first element that is refused, as `CONF_parse_list` does. Strings in OpenSSL's own languages (cipher strings, groups,
/// signature algorithms) are not looked into here.
pub fn apply(commands: &[Command], scope: Scope<'_>, settings: &mut LibrarySettings) -> Vec<Refusal> {
    commands.iter().filter_map(|command| run(command, scope, settings).err()).collect()
}

fn has(row: &Row, scope: Scope<'_>) -> bool {
    scope.version.is_none_or(|version| Scheme::Numeric.compare(row.since, version) != Some(Ordering::Greater))
}

/// Whether the version may know more than the table does.
fn may_know_more(scope: Scope<'_>) -> bool {
    scope.version.is_none_or(|version| Scheme::Numeric.compare(version, CHECKED) == Some(Ordering::Greater))
}

fn run(command: &Command, scope: Scope<'_>, settings: &mut LibrarySettings) -> Result<(), Refusal> {
    let written = command.name.as_str();
    let row = COMMANDS.iter().find(|row| row.name.eq_ignore_ascii_case(written));
    let refuse = |problem, message: String, suggestion: Option<String>| {
        Err(Refusal { problem, message, suggestion, origin: command.name.origin().clone() })
    };
    let Some(row) = row else {
        let names = COMMANDS.iter().filter(|row| has(row, scope)).map(|row| row.name);
        let suggestion = nearest(written, names).map(str::to_owned);
        let message = if may_know_more(scope) && suggestion.is_none() {
            format!("`{}` is no command that is known here", shown(written))
        } else {
            format!("unknown cmd name: cmd={}", shown(written))
        };
        return refuse(ConfigProblem::UnknownKeyword, message, suggestion);
    };
    if !has(row, scope) {
        let version = scope.version.unwrap_or_default();
        let message =
            format!("unknown cmd name: cmd={written}; OpenSSL {version} does not have it, {} does", row.since);
        return refuse(ConfigProblem::UnknownKeyword, message, None);
    }
    if row.certificate && !scope.certificates {
        let message =
            format!("unknown cmd name: cmd={written}; a system-wide section cannot name certificates and keys");
        return refuse(ConfigProblem::NotAllowedHere, message, None);
    }
    if row.server && scope.role == Role::Client {
        let message = format!("`{}` is a server's command: a client passes it over", row.name);
        return refuse(ConfigProblem::Ineffective, message, None);
    }
    let value = &command.value;
    let take = |field: &mut Option<Value>| *field = Some(value.clone());
    match row.name {
        "CipherString" => take(&mut settings.cipher_list),
        "Ciphersuites" => take(&mut settings.cipher_suites),
        "Groups" | "Curves" => take(&mut settings.groups),
        "ECDHParameters" => ecdh_parameters(value, settings)?,
        "SignatureAlgorithms" => take(&mut settings.signature_algorithms),
        "ClientSignatureAlgorithms" => take(&mut settings.client_signature_algorithms),
        "MinProtocol" => bound(row.name, value, scope, &mut settings.min_protocol)?,
        "MaxProtocol" => bound(row.name, value, scope, &mut settings.max_protocol)?,
        "Protocol" => protocols(value, settings)?,
        "Options" => options(value, scope, settings)?,
        "VerifyMode" => verify_mode(value, scope, settings)?,
        "DHParameters" => take(&mut settings.dh_parameters),
        name => settings.other.push((name, value.clone())),
    }
    Ok(())
}

/// A name in a sentence: what it cannot be is cut.
fn shown(name: &str) -> String {
    name.chars().take(64).map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

fn bad_value(command: &str, value: &Value, origin: Origin, suggestion: Option<&str>) -> Refusal {
    Refusal {
        problem: ConfigProblem::BadValue,
        message: format!("bad value: cmd={command}, value={}", shown(value.as_str())),
        suggestion: suggestion.map(str::to_owned),
        origin,
    }
}

/// `min_max_proto`: names are compared exactly. Bounds of DTLS leave TLS alone.
fn bound(
    command: &str,
    value: &Value,
    scope: Scope<'_>,
    field: &mut Option<Setting<VersionBound>>,
) -> Result<(), Refusal> {
    const NAMES: [&str; 8] = ["None", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", "DTLSv1", "DTLSv1.2"];
    let since_tls13 = |version: &str| Scheme::Numeric.compare("1.1.1", version) != Some(Ordering::Greater);
    let origin = value.origin().clone();
    match value.as_str() {
        "None" => *field = Some(Setting::new(VersionBound::None, origin)),
        "DTLSv1" | "DTLSv1.2" => {}
        name => {
            let version = TlsVersion::parse(name)
                .filter(|version| *version != TlsVersion::Ssl2)
                .filter(|version| *version != TlsVersion::Tls13 || scope.version.is_none_or(since_tls13));
            let Some(version) = version else {
                let meant = TlsVersion::parse_any_case(name).filter(|version| version.as_str() != name);
                let suggestion = meant.map(TlsVersion::as_str).or_else(|| nearest(name, NAMES));
                return Err(bad_value(command, value, origin, suggestion));
            };
            *field = Some(Setting::new(VersionBound::Version(version), origin));
        }
    }
    Ok(())
}

/// The elements of a list with commas, each with `+` or `-` in front; an empty one is an error (`CONF_parse_list`).
fn elements(value: &Value) -> impl Iterator<Item = (Value, bool)> + '_ {
    let text = value.as_str();
    let mut start = 0;
    let mut done = false;
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let rest = text.get(start..).unwrap_or_default();
        let length = rest.find(',').unwrap_or(rest.len());
        done = length == rest.len();
        let raw = rest.get(..length).unwrap_or_default();
        let from = start + (raw.len() - raw.trim_start().len());
        let name = raw.trim();
        let on = !name.starts_with('-');
        let sign = usize::from(name.starts_with(['+', '-']));
        start += length + 1;
        Some((value.slice(from + sign..from + name.len()), on))
    })
}

fn protocols(value: &Value, settings: &mut LibrarySettings) -> Result<(), Refusal> {
    for (element, on) in elements(value) {
        let name = element.as_str();
        let origin = element.origin().clone();
        if name.eq_ignore_ascii_case("ALL") {
            let switch = |version| Switch { what: version, on, origin: origin.clone() };
            settings.protocols.extend(TlsVersion::ALL.map(switch));
            continue;
        }
        if name.eq_ignore_ascii_case("DTLSv1") || name.eq_ignore_ascii_case("DTLSv1.2") {
            continue;
        }
        let found = TlsVersion::ALL.into_iter().find(|version| version.as_str().eq_ignore_ascii_case(name));
        let Some(version) = found else {
            let suggestion = nearest(name, TlsVersion::ALL.map(TlsVersion::as_str));
            return Err(bad_value("Protocol", value, origin, suggestion));
        };
        settings.protocols.push(Switch { what: version, on, origin });
    }
    Ok(())
}

fn options(value: &Value, scope: Scope<'_>, settings: &mut LibrarySettings) -> Result<(), Refusal> {
    for (element, on) in elements(value) {
        let name = element.as_str();
        let origin = element.origin().clone();
        let known = || OPTIONS.iter().filter(|row| has(row, scope));
        let Some(row) = known().find(|row| row.name.eq_ignore_ascii_case(name)) else {
            let suggestion = nearest(name, known().map(|row| row.name));
            let mut refusal = bad_value("Options", value, origin, suggestion);
            if let Some(later) = OPTIONS.iter().find(|row| row.name.eq_ignore_ascii_case(name)) {
                let version = scope.version.unwrap_or_default();
                let note = format!("; OpenSSL {version} does not have `{}`, {} does", later.name, later.since);
                refusal.message.push_str(&note);
            }
            return Err(refusal);
        };
        if row.server && scope.role == Role::Client {
            let message = format!("`{}` is a server's option: a client passes over it and what follows it", row.name);
            return Err(Refusal { problem: ConfigProblem::Ineffective, message, suggestion: None, origin });
        }
        settings.options.push(Switch { what: row.name, on, origin });
    }
    Ok(())
}

/// One group only; `automatic` is what old versions had for the library's choice.
fn ecdh_parameters(value: &Value, settings: &mut LibrarySettings) -> Result<(), Refusal> {
    let text = value.as_str();
    if text.eq_ignore_ascii_case("automatic") || text.eq_ignore_ascii_case("+automatic") {
        return Ok(());
    }
    if text.contains(':') {
        return Err(bad_value("ECDHParameters", value, value.origin().clone(), None));
    }
    settings.groups = Some(value.clone());
    Ok(())
}

fn verify_mode(value: &Value, scope: Scope<'_>, settings: &mut LibrarySettings) -> Result<(), Refusal> {
    for (element, on) in elements(value) {
        let mode = match element.as_str().to_ascii_lowercase().as_str() {
            "peer" | "request" | "once" | "requestposthandshake" => ClientVerification::Optional,
            "require" | "requireposthandshake" => ClientVerification::Required,
            _ => return Err(bad_value("VerifyMode", value, element.origin().clone(), None)),
        };
        let mode = if on { mode } else { ClientVerification::None };
        if scope.role == Role::Server {
            settings.client_verification = Some(Setting::new(mode, element.origin().clone()));
        }
    }
    Ok(())
}
