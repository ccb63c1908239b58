//! Files that a tool writes: a change by hand would be lost.

use std::path::Path;
use std::sync::OnceLock;

use serde::Deserialize;

/// What writes a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Managed {
    /// The tool.
    pub tool: &'static str,
    /// What to change instead.
    pub change: &'static str,
    /// The template or source that the header names.
    pub from: Option<String>,
    /// The line or the path that says so.
    pub sign: String,
}

impl Managed {
    /// What to change instead, with the place of it where the header names one.
    pub fn instead(&self) -> String {
        match &self.from {
            Some(from) => format!("{} (`{from}`)", self.change),
            None => self.change.to_owned(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    sign: Vec<Sign>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sign {
    text: Option<String>,
    path: Option<String>,
    tool: String,
    change: String,
    #[allow(dead_code, reason = "every row says where it was read")]
    source: String,
}

fn signs() -> &'static [Sign] {
    static SIGNS: OnceLock<Vec<Sign>> = OnceLock::new();
    SIGNS.get_or_init(|| {
        let text = include_str!(concat!(env!("OUT_DIR"), "/managed.json"));
        // The build has read the same text; a test looks at every row.
        serde_json::from_str::<Data>(text).map(|data| data.sign).unwrap_or_default()
    })
}

/// The lines of a header: comments are looked for no further than this.
const HEADER_LINES: usize = 40;

/// The sign that a file is written by a tool: in its path, links followed, or in the comments at its top.
pub fn sign_of(target: &Path, bytes: &[u8]) -> Option<Managed> {
    let path = target.to_string_lossy();
    let by_path = signs().iter().find(|sign| sign.path.as_ref().is_some_and(|part| path.contains(part.as_str())));
    if let Some(sign) = by_path {
        let sign_of_path = format!("its path is `{path}`");
        return Some(Managed { tool: &sign.tool, change: &sign.change, from: None, sign: sign_of_path });
    }
    let start = bytes.get(..bytes.len().min(16 << 10)).unwrap_or_default();
    let text = String::from_utf8_lossy(start);
    let comments: Vec<&str> = text
        .lines()
        .take(HEADER_LINES)
        .map(str::trim)
        .take_while(|line| line.is_empty() || line.starts_with(['#', ';', '/', '*', '<']))
        .filter(|line| !line.is_empty())
        .collect();
    let lower: Vec<String> = comments.iter().map(|line| line.to_lowercase()).collect();
    signs().iter().find_map(|sign| {
        let at = lower.iter().position(|line| sign.text.as_ref().is_some_and(|text| line.contains(text.as_str())))?;
        let line: String = comments.get(at)?.chars().filter(|c| !c.is_control() && *c != '`').take(120).collect();
        let from = comments.iter().find_map(|line| source_in(line));
        Some(Managed { tool: &sign.tool, change: &sign.change, from, sign: format!("its header has `{line}`") })
    })
}

/// Endings of the templates of Ansible and Salt (Jinja), Puppet and Chef (ERB, EPP) and Helm.
const TEMPLATES: [&str; 10] =
    [".j2", ".jinja", ".jinja2", ".erb", ".epp", ".tpl", ".tmpl", ".yaml", ".yml", ".mustache"];
/// What addresses of the tools' own begin with.
const ADDRESSES: [&str; 2] = ["puppet:///", "salt://"];

/// The template or source that a line of a header names.
fn source_in(line: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:~".contains(c);
    let mut words = line.split(|c: char| !plain(c)).map(|word| word.trim_end_matches(['.', ':', '-']));
    let is_source = |word: &&str| {
        let lower = word.to_ascii_lowercase();
        let template = TEMPLATES.iter().any(|end| lower.len() > end.len() && lower.ends_with(end));
        word.len() <= 200 && (template || ADDRESSES.iter().any(|start| lower.starts_with(start)))
    };
    words.find(is_source).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_has_one_sign() {
        assert!(signs().len() > 10);
        for sign in signs() {
            assert!(sign.text.is_some() != sign.path.is_some(), "{sign:?}");
            assert_eq!(sign.text, sign.text.as_ref().map(|text| text.to_lowercase()));
            assert!(!sign.source.is_empty());
        }
    }

    #[test]
    fn what_the_header_names_is_to_be_changed() {
        let of = |text: &str| sign_of(Path::new("/etc/ssh/sshd_config"), text.as_bytes()).unwrap();
        let ansible =
            of("# Ansible managed: /srv/roles/ssh/templates/sshd_config.j2 modified on 2026-01-31 by root on a\n");
        assert_eq!(ansible.from.as_deref(), Some("/srv/roles/ssh/templates/sshd_config.j2"));
        let instead =
            "the template or the role's variable that it is made from (`/srv/roles/ssh/templates/sshd_config.j2`)";
        assert_eq!(ansible.instead(), instead);
        for (text, from) in [
            ("# Managed by Puppet\n# source: puppet:///modules/ssh/sshd_config\n", "puppet:///modules/ssh/sshd_config"),
            ("# managed by Puppet (template 'ssh/sshd_config.erb').\n", "ssh/sshd_config.erb"),
            ("# Source: web/templates/configmap.yaml\n# managed by Helm\n", "web/templates/configmap.yaml"),
            ("# managed by Salt: salt://openssh/files/sshd_config\n", "salt://openssh/files/sshd_config"),
        ] {
            assert_eq!(of(text).from.as_deref(), Some(from), "{text}");
        }
        assert_eq!(of("# Ansible managed\n").from, None);
        assert_eq!(of("# Ansible managed: see .j2 of it\n").from, None);
    }

    #[test]
    fn the_tool_is_named() {
        let of = |text: &str| sign_of(Path::new("/etc/ssh/sshd_config"), text.as_bytes()).map(|managed| managed.tool);
        assert_eq!(of("#\n# Ansible managed: do not edit\nPort 22\n"), Some("Ansible"));
        assert_eq!(of("# This file is managed by Puppet. DO NOT EDIT.\n"), Some("Puppet"));
        assert_eq!(of("# DO NOT EDIT\n"), Some("a tool that its header does not name"));
        assert_eq!(of("Port 22\n# do not edit the next line\n"), None);
        assert_eq!(of("# This is the sshd server system-wide configuration file.\nPort 22\n"), None);
        let ingress = "# Configuration checksum: 1234567890\n\n# setup custom paths that do not require root access\n";
        let found = sign_of(Path::new("/etc/nginx/nginx.conf"), ingress.as_bytes()).unwrap();
        assert!(found.tool == "ingress-nginx" && found.change.contains("`controller.config`"), "{found:?}");
        let mounted = Path::new("/etc/nginx/..2026_11_21/nginx.conf");
        assert_eq!(sign_of(mounted, b"").map(|managed| managed.tool), Some("Kubernetes"));
    }
}
