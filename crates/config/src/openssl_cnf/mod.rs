//! `openssl.cnf`: sections, variables, includes and pragmas as `crypto/conf/conf_def.c` of OpenSSL reads them, and the commands
//! of its `ssl_conf` section, of which `system_default` is run in every TLS context since OpenSSL 1.1.1.
//!
//! [`read()`] gives the sets of commands with the place of every value; [`Reading::system_settings`] what they set. What
//! OpenSSL does with a mistake depends on its place: one of syntax leaves the whole file unused, one of a module the modules
//! behind it, one of a command that command; programs tell of none of them, unless `config_diagnostics` is set.

mod edit;
mod expand;
mod modules;
mod read;
mod sections;

pub use read::{Reading, Spec, Use, read};

/// Where a build of OpenSSL reads its configuration, without `OPENSSL_CONF` (`openssl version -d`).
pub fn default_path(build: Option<&str>) -> &'static str {
    match build.and_then(|build| build.split('-').next()) {
        Some("rhel" | "centos" | "fedora" | "rocky" | "alma" | "almalinux" | "amazon" | "oracle") => {
            "/etc/pki/tls/openssl.cnf"
        }
        Some("debian" | "ubuntu") => "/usr/lib/ssl/openssl.cnf",
        _ => "/etc/ssl/openssl.cnf",
    }
}
