//! Windows: what PowerShell prints of a connection and of its policies, as lists of `Name : Value`.

use shakedown_model::Slot;
use shakedown_model::ike::{IkeVersion, SaProtocol};

use super::suite::{Suite, proposals};
use super::text::{ranges, value};
use super::{Source, Tunnel, item};
use crate::value::Value;

pub(super) fn read(source: &Source<'_>) -> Vec<Tunnel> {
    let pairs = pairs(source);
    let get = |name: &str| pairs.iter().find(|(own, _)| own == name).map(|(_, value)| value);
    let mut tunnel = Tunnel::new(get("Name").or_else(|| get("ConnectionName")).map_or("connection", Value::as_str));
    if let Some(address) = get("ServerAddress") {
        tunnel.also(address.as_str());
        tunnel.peering.remote_addresses.push(item(address));
    }
    // Main mode of IPsec rules and L2TP are IKEv1.
    let is_set = get("KeyExchange").is_some();
    tunnel.version = match get("TunnelType").map(Value::as_str) {
        Some("Ikev2" | "IKEv2") => Some(IkeVersion::V2),
        Some("L2tp" | "L2TP") => Some(IkeVersion::V1),
        _ if is_set => Some(IkeVersion::V1),
        _ => Some(IkeVersion::V2),
    };
    let of = "windows";
    if is_set {
        // One proposal after the other, each with these three.
        let mut suites: Vec<Suite> = Vec::new();
        for (name, word) in &pairs {
            if name == "Encryption" {
                suites.push(Suite::default());
            }
            let Some(suite) = suites.last_mut() else { continue };
            match name.as_str() {
                "Encryption" => suite.add(of, Slot::Encryption, word),
                "Hash" => suite.add(of, Slot::Integrity, word),
                "KeyExchange" => suite.add(of, Slot::Group, word),
                _ => {}
            }
        }
        tunnel.ike = proposals(SaProtocol::Ike, &suites, tunnel.version, &mut tunnel.notes);
        return vec![tunnel];
    }
    let (mut ike, mut esp) = (Suite::default(), Suite::default());
    let add = |suite: &mut Suite, name: &str, slot: Slot| match get(name) {
        Some(word) => suite.add(of, slot, word),
        None => suite.missing(&format!("`{name}`"), "`(Get-VpnConnection NAME).IPSecCustomPolicy`"),
    };
    add(&mut ike, "EncryptionMethod", Slot::Encryption);
    add(&mut ike, "IntegrityCheckMethod", Slot::Integrity);
    add(&mut ike, "DHGroup", Slot::Group);
    add(&mut esp, "CipherTransformConstants", Slot::Encryption);
    add(&mut esp, "AuthenticationTransformConstants", Slot::Integrity);
    if get("PfsGroup").is_some_and(|word| word.as_str() == "PFSMM") {
        esp.group.clone_from(&ike.group);
    } else {
        add(&mut esp, "PfsGroup", Slot::Group);
    }
    esp.group.retain(|group| group.name != *"none");
    tunnel.ike = proposals(SaProtocol::Ike, &[ike], tunnel.version, &mut tunnel.notes);
    tunnel.child = proposals(SaProtocol::Esp, &[esp], tunnel.version, &mut tunnel.notes);
    vec![tunnel]
}

fn pairs(source: &Source<'_>) -> Vec<(String, Value)> {
    let text = &source.file.text;
    let mut pairs = Vec::new();
    for range in ranges(&source.file).take(10_000) {
        let line = text.get(range.clone()).unwrap_or_default();
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = String::from_utf8_lossy(line.get(..colon).unwrap_or_default()).trim().to_owned();
        let rest = line.get(colon + 1..).unwrap_or_default();
        let start = range.start + colon + 1 + rest.len() - rest.trim_ascii_start().len();
        let word = start..range.end;
        if !name.is_empty() && !word.is_empty() {
            pairs.push((name, value(&source.file, word)));
        }
    }
    pairs
}
