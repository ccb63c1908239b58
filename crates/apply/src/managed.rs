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
    /// The line or the path that says so.
    pub sign: String,
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
        return Some(Managed { tool: &sign.tool, change: &sign.change, sign: format!("its path is `{path}`") });
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
        Some(Managed { tool: &sign.tool, change: &sign.change, sign: format!("its header has `{line}`") })
    })
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
    fn the_tool_is_named() {
        let of = |text: &str| sign_of(Path::new("/etc/ssh/sshd_config"), text.as_bytes()).map(|managed| managed.tool);
        assert_eq!(of("#\n# Ansible managed: do not edit\nPort 22\n"), Some("Ansible"));
        assert_eq!(of("# This file is managed by Puppet. DO NOT EDIT.\n"), Some("Puppet"));
        assert_eq!(of("# DO NOT EDIT\n"), Some("a tool that its header does not name"));
        assert_eq!(of("Port 22\n# do not edit the next line\n"), None);
        assert_eq!(of("# This is the sshd server system-wide configuration file.\nPort 22\n"), None);
        let mounted = Path::new("/etc/nginx/..2026_11_21/nginx.conf");
        assert_eq!(sign_of(mounted, b"").map(|managed| managed.tool), Some("Kubernetes"));
    }
}
