//! Apache httpd with mod_ssl: the main server and its virtual hosts, what each inherits, and which one a connection meets.

mod edit;
mod host;
mod read;

pub use read::{Reading, Selection, Spec, read};

/// Where a build of httpd reads its configuration, without `-f`.
pub fn default_path(build: Option<&str>) -> &'static str {
    match build.and_then(|build| build.split('-').next()) {
        Some("debian" | "ubuntu") => "/etc/apache2/apache2.conf",
        _ => "/etc/httpd/conf/httpd.conf",
    }
}
