//! Certificates that a configuration names, read as far as they can be.

use shakedown_model::tls::Certificate;
use shakedown_x509::{Limits, certificates};

use crate::files::{FILE_LIMIT, Files};
use crate::tls::CertificateFiles;
use crate::value::Value;

/// The certificate of a pair of files, its chain behind it. Where it cannot be read, only its place is known.
pub(super) fn read(files: &dyn Files, pair: &CertificateFiles, base: &str) -> (Certificate, Option<String>) {
    let origin = pair.certificate.origin().clone();
    let unknown = || Certificate { origin: Some(origin.clone()), ..Certificate::default() };
    let path = pair.certificate.as_str();
    if path.starts_with("data:") || path.starts_with("engine:") || path.contains('$') {
        return (unknown(), Some(format!("the certificate `{path}` is known only as the program runs")));
    }
    // OpenVPN's certificate may stand in the configuration itself.
    let inline = path.contains("-----BEGIN CERTIFICATE-----");
    let path = if inline { "the configuration".to_owned() } else { absolute(path, base) };
    let text = pair.certificate.as_str();
    let bytes = if inline { Ok(text.as_bytes().to_vec()) } else { files.read(&path, FILE_LIMIT) };
    let Ok(bytes) = bytes else {
        return (unknown(), Some(format!("`{path}` cannot be read here: its key and signature are not known")));
    };
    let (read, _) = certificates(&bytes, &Limits::default());
    let mut all = read.iter().map(|read| read.certificate.facts());
    let Some(mut first) = all.next() else {
        return (unknown(), Some(format!("`{path}` holds no certificate")));
    };
    first.chain = all.collect();
    first.origin = Some(origin);
    (first, None)
}

/// The certificates of a file of its own behind the first one.
pub(super) fn chain(files: &dyn Files, path: &Value, base: &str) -> Vec<Certificate> {
    let Ok(bytes) = files.read(&absolute(path.as_str(), base), FILE_LIMIT) else { return Vec::new() };
    let (read, _) = certificates(&bytes, &Limits::default());
    read.iter().map(|read| read.certificate.facts()).collect()
}

/// A path as the program reads it, from the folder of its main file.
pub(super) fn absolute(path: &str, base: &str) -> String {
    match base.rsplit_once('/') {
        Some((folder, _)) if !path.starts_with('/') => format!("{folder}/{path}"),
        _ => path.to_owned(),
    }
}
