//! The ConfigMap of ingress-nginx: what its controller sets in nginx for every host (`ssl-protocols`, `ssl-ciphers`...), over
//! what it sets by itself. Read only.

use std::sync::Arc;

use shakedown_model::{ConfigProblem, Evidence, Fact, Role, SourceFile, nearest};

use crate::files::{FILE_LIMIT, Files, Unreadable};
use crate::tls::{CertificateFiles, Listen, ServerSettings, Setting, Switch, TlsVersion, VersionBound, defaults};
use crate::value::Value;
use crate::yaml::{self, Node};

/// What was read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The file.
    pub file: Arc<SourceFile>,
    /// One for each ConfigMap with such settings in the file.
    pub servers: Vec<ServerSettings>,
    /// What is wrong with it, or was not read.
    pub evidence: Vec<Evidence>,
}

/// Reads the ConfigMaps of a file; other objects are passed over.
///
/// # Errors
/// [`Unreadable`] where the file cannot be read.
pub fn read(files: &dyn Files, path: &str) -> Result<Reading, Unreadable> {
    let text = files.read(path, FILE_LIMIT).map_err(|source| Unreadable { path: path.to_owned(), source })?;
    let file = Arc::new(SourceFile::new(path, text));
    let document = yaml::parse(&file);
    let mut evidence: Vec<Evidence> = document
        .not_read
        .iter()
        .map(|value| told(value, ConfigProblem::Ineffective, "this part of YAML is not read".to_owned(), None))
        .collect();
    let mut servers = Vec::new();
    for node in &document.documents {
        let is_map = node.get("kind").and_then(Node::scalar).is_some_and(|kind| kind.as_str() == "ConfigMap");
        let Some(data) = node.get("data").filter(|_| is_map) else { continue };
        if !data.entries().iter().any(|(key, _)| key.as_str().starts_with("ssl-")) {
            continue;
        }
        let name = node.at(&["metadata", "name"]).and_then(Node::scalar).map_or("ingress-nginx", Value::as_str);
        let mut server = ServerSettings::new("nginx", Role::Server, name);
        let written = |key: &str| data.get(key).and_then(Node::scalar).filter(|value| !value.as_str().is_empty());
        let text = |key: &str| written(key).cloned().or_else(|| defaults::default("ingress-nginx", None, key));
        let settings = &mut server.settings;
        settings.cipher_list = text("ssl-ciphers");
        settings.groups = text("ssl-ecdh-curve").filter(|value| value.as_str() != "auto");
        if let Some(value) = text("ssl-prefer-server-ciphers") {
            let on = value.as_str() == "true";
            settings.options.push(Switch { what: "ServerPreference", on, origin: value.origin().clone() });
        }
        if let Some(value) = &text("ssl-protocols") {
            let named = value.split(char::is_whitespace);
            for version in TlsVersion::ALL {
                let place = named.iter().find(|name| TlsVersion::parse(name.as_str()) == Some(version));
                let origin = place.map_or_else(|| value.origin().clone(), |name| name.origin().clone());
                settings.protocols.push(Switch { what: version, on: place.is_some(), origin });
            }
            for name in named.iter().filter(|name| TlsVersion::parse(name.as_str()).is_none()) {
                let message = format!("invalid value \"{}\" in \"ssl_protocols\"", name.as_str());
                let near = nearest(name.as_str(), TlsVersion::ALL.map(TlsVersion::as_str));
                evidence.push(told(name, ConfigProblem::BadValue, message, near));
            }
            // nginx leaves no bound of the library's.
            let none = Setting::new(VersionBound::None, value.origin().clone());
            settings.min_protocol = Some(none.clone());
            settings.max_protocol = Some(none);
        }
        if [written("ssl-protocols"), written("ssl-ciphers")].iter().any(Option::is_none) {
            let note = "where the map says nothing, the defaults of the controller since 0.26 are taken".to_owned();
            server.notes.push(note);
        }
        let origin = node.get("kind").and_then(Node::scalar).map(|kind| kind.origin().clone());
        if let Some(origin) = origin {
            let listen = Listen {
                address: None,
                name: None,
                port: 443,
                tls: true,
                default: true,
                quic: false,
                proxy_protocol: false,
            };
            server.listen.push(Setting::new(listen, origin.clone()));
            // Of each host's Secret, which is not at hand.
            let certificate = Value::unwritten("tls.crt", origin.clone());
            server.certificates.push(CertificateFiles { certificate, key: None, chain: None });
            server.block = Some(origin);
        }
        server.files.push(Arc::clone(&file));
        servers.push(server);
    }
    Ok(Reading { file, servers, evidence })
}

fn told(value: &Value, problem: ConfigProblem, message: String, suggestion: Option<&str>) -> Evidence {
    let fact = Fact::Configuration { problem, message, suggestion: suggestion.map(str::to_owned) };
    Evidence::new(fact).by(Role::Server).at(value.origin().clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    #[test]
    fn a_map_of_the_controller() {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ingress-nginx-controller\ndata:\n  ssl-protocols: \"TLSv1.2 TLSv1.4\"\n  ssl-ciphers: HIGH:!aNULL\n  ssl-prefer-server-ciphers: 'false'\n---\nkind: Secret\ndata:\n  ssl-x: y\n";
        let reading = read(&Memory::new().with("/m", text), "/m").unwrap();
        let [server] = reading.servers.as_slice() else { panic!("{reading:?}") };
        assert_eq!(server.label, "ingress-nginx-controller");
        assert!(
            server.settings.allows(TlsVersion::Tls12).is_ok() && server.settings.allows(TlsVersion::Tls13).is_err()
        );
        assert_eq!(server.settings.cipher_list.as_ref().unwrap().as_str(), "HIGH:!aNULL");
        assert!(!server.settings.option("ServerPreference").unwrap().on);
        assert_eq!((reading.evidence.len(), server.notes.len()), (1, 0));
        let text = "kind: ConfigMap\ndata:\n  ssl-ciphers: HIGH\n";
        let reading = read(&Memory::new().with("/m", text), "/m").unwrap();
        let [server] = reading.servers.as_slice() else { panic!("{reading:?}") };
        let allows = |version| server.settings.allows(version).is_ok();
        assert!(allows(TlsVersion::Tls13) && allows(TlsVersion::Tls12) && !allows(TlsVersion::Tls11));
        assert!(server.settings.option("ServerPreference").unwrap().on);
    }
}
