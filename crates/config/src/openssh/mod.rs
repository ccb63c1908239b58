//! OpenSSH: `ssh_config`, `sshd_config`, key files and `known_hosts`.

mod keyword;
mod names;
mod pattern;
