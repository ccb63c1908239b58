//! Which modules of a configuration are run (`crypto/conf/conf_mod.c`), and the commands of `ssl_conf` (`conf_ssl.c`).

use std::cmp::Ordering;

use shakedown_catalog::Scheme;
use shakedown_model::{ConfigProblem, Evidence, Fact, Origin, nearest};

use super::read::{Reading, Spec, Use};
use super::sections::Entry;
use crate::tls::{Command, CommandSet};
use crate::value::Value;

/// The modules built in, in the order in which OpenSSL looks them up.
const MODULES: [&str; 7] = ["oid_section", "stbl_section", "engines", "alg_section", "ssl_conf", "providers", "random"];

/// Whether a version is at least this one; one that is not known is taken for the newest.
pub(super) fn since(version: Option<&str>, least: &str) -> bool {
    version.is_none_or(|version| Scheme::Numeric.compare(version, least) != Some(Ordering::Less))
}

/// Whether `system_default` is run in every context.
pub(super) fn has_system_default(version: Option<&str>) -> bool {
    since(version, "1.1.1")
}

/// Whether `config_diagnostics` makes a TLS context fail over a command of `system_default`: since 3.4.
pub(super) fn diagnostics_reach_commands(reading: &Reading, version: Option<&str>) -> bool {
    since(version, "3.4.0") && diagnostics(reading)
}

fn diagnostics(reading: &Reading) -> bool {
    let entry = reading.sections.entry("default", "config_diagnostics");
    // `_CONF_get_number` reads decimal digits up to the first other letter.
    entry.is_some_and(|entry| {
        let digits = entry.value.as_str().bytes().take_while(u8::is_ascii_digit);
        digits.fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))) != 0
    })
}

/// Runs the modules: the first one that fails ends it.
pub(super) fn load(reading: &mut Reading, spec: &Spec<'_>) {
    let entry = reading.sections.entry("default", spec.application.unwrap_or("openssl_conf"));
    let Some(section) = entry.map(|entry| entry.value.clone()) else {
        if let Some(entry) = reading.sections.entry("default", "ssl_conf") {
            let message = "`ssl_conf` stands outside of the section that `openssl_conf` would name: it has no effect";
            let origin = entry.name.origin().clone();
            tell(reading, spec, origin, ConfigProblem::Ineffective, message.into(), Some("openssl_conf".into()));
        }
        return;
    };
    let Some(modules) = entries(reading, section.as_str()) else {
        let message = format!("openssl conf references missing section: openssl_conf={}", section.as_str());
        return fail(reading, spec, section.origin().clone(), message);
    };
    let strict = since(spec.version, "3.0.0") && diagnostics(reading);
    for module in modules {
        let name = module.name.as_str();
        let length = name.rfind('.').unwrap_or(name.len());
        let wanted = name.get(..length).unwrap_or(name);
        let Some(found) = MODULES.iter().find(|known| known.starts_with(wanted)) else {
            let message = format!("unknown module name: module={name}; the modules behind it are not run");
            let suggestion = nearest(name, MODULES).map(str::to_owned);
            reading.status = if strict { Use::Refused } else { Use::UsedInPart };
            tell(reading, spec, module.name.origin().clone(), ConfigProblem::UnknownKeyword, message, suggestion);
            return;
        };
        if *found == "ssl_conf" {
            if let Err((origin, message)) = commands(reading, &module) {
                return fail(reading, spec, origin, message);
            }
        } else if reading.sections.entries(module.value.as_str()).is_none() {
            // Each of the others wants its section, too.
            let value = module.value.as_str();
            let message = format!("module initialization error: module={name}, value={value}: no such section");
            return fail(reading, spec, module.value.origin().clone(), message);
        }
    }
}

fn entries(reading: &Reading, section: &str) -> Option<Vec<Entry>> {
    reading.sections.entries(section).map(|entries| entries.cloned().collect())
}

fn fail(reading: &mut Reading, spec: &Spec<'_>, origin: Origin, message: String) {
    let strict = since(spec.version, "3.0.0") && diagnostics(reading);
    reading.status = if strict { Use::Refused } else { Use::UsedInPart };
    tell(reading, spec, origin, ConfigProblem::BadValue, message, None);
}

fn tell(
    reading: &mut Reading,
    spec: &Spec<'_>,
    origin: Origin,
    problem: ConfigProblem,
    message: String,
    suggestion: Option<String>,
) {
    let fact = Fact::Configuration { problem, message, suggestion };
    reading.evidence.push(Evidence::new(fact).by(spec.role).at(origin));
}

/// `ssl_module_init`: one section that is missing or empty, and none of the sets is there.
fn commands(reading: &mut Reading, module: &Entry) -> Result<(), (Origin, String)> {
    reading.sets.clear();
    let section = module.value.as_str();
    let wrong = |value: &Value, message: String| Err((value.origin().clone(), message));
    let Some(names) = entries(reading, section) else {
        return wrong(&module.value, format!("ssl section not found: section={section}"));
    };
    if names.is_empty() {
        return wrong(&module.value, format!("ssl section empty: section={section}"));
    }
    let mut sets = Vec::new();
    for name in names {
        let (label, target) = (name.name.as_str(), name.value.as_str());
        let Some(list) = entries(reading, target) else {
            return wrong(&name.value, format!("ssl command section not found: name={label}, value={target}"));
        };
        if list.is_empty() {
            return wrong(&name.value, format!("ssl command section empty: name={label}, value={target}"));
        }
        let commands = list.into_iter().map(|entry| {
            // What stands before the first dot only tells equal names apart.
            let length = entry.name.as_str().len();
            let start = entry.name.as_str().find('.').map_or(0, |dot| dot + 1);
            Command { name: entry.name.slice(start..length), value: entry.value }
        });
        sets.push(CommandSet { name: label.to_owned(), section: name.value.clone(), commands: commands.collect() });
    }
    reading.sets = sets;
    Ok(())
}
