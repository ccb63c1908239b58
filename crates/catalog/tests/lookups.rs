//! The look-ups over the catalog's own data.

use std::cmp::Ordering;

use shakedown_catalog::{Catalog, CatalogError, ProductProtocol, Rating};
use shakedown_model::ssh::{GuessRule, HostKeyOrder};
use shakedown_model::{Known, Name, Role, Slot, Software, names};

fn catalog() -> Catalog {
    Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap()
}

fn software(text: &str) -> Software {
    text.parse().unwrap()
}

fn list(known: &Known<Vec<shakedown_model::Item>>) -> Vec<String> {
    names(known.complete().unwrap()).iter().map(|name| name.as_str().to_owned()).collect()
}

#[test]
fn the_blob_is_small() {
    assert!(shakedown_catalog_data::BLOB.len() <= 2 * 1024 * 1024, "{}", shakedown_catalog_data::BLOB.len());
    assert!(catalog().date() >= "2026-01-01");
}

#[test]
fn every_version_of_every_product_has_a_policy() {
    let catalog = catalog();
    let mut count = 0;
    for product in catalog.products() {
        assert!(!product.source.is_empty());
        for role in [Role::Client, Role::Server] {
            let mut before: Option<&str> = None;
            for version in catalog.versions(&product.id, role) {
                let software = Software::new(&product.id, version);
                if product.protocol == ProductProtocol::Tls {
                    let (policy, resolved) = catalog.tls_policy(&software, role).unwrap();
                    assert!(resolved.exact && !resolved.source.is_empty(), "{} {version}", product.id);
                    for item in policy.offer.cipher_suites.complete().into_iter().flatten() {
                        assert!(item.origin.is_some());
                    }
                } else {
                    let (policy, resolved) = catalog.ssh_policy(&software, role).unwrap();
                    assert!(resolved.exact && !resolved.source.is_empty(), "{} {version}", product.id);
                    for item in policy.offer.kex.complete().into_iter().flatten() {
                        assert!(item.origin.is_some());
                    }
                }
                if let (Some(before), true) = (before, product.scheme.is_ordered()) {
                    let order = catalog.compare_versions(&product.id, before, version);
                    // Some products release 2.2.26 and 2.2.26.0.
                    assert!(order.is_some_and(Ordering::is_le), "{} {before} {version}", product.id);
                }
                before = Some(version);
                count += 1;
            }
        }
    }
    assert!(count >= 2205, "{count}");
}

#[test]
fn names_that_people_use_find_their_product() {
    let catalog = catalog();
    for (name, version, id) in [
        ("openssh", "9.2p1", "openssh"),
        ("win-openssh", "8.1", "win32-openssh"),
        ("go", "0.17.0", "golang-x-crypto-ssh"),
        ("golang", "0.17.0", "golang-x-crypto-ssh"),
        ("go", "1.22", "go-crypto-tls"),
        ("java", "17.0.15", "java-jsse"),
        ("python", "3.11.7", "python-ssl"),
        ("node", "20.20.2", "nodejs"),
        ("jsch", "0.1.54", "jsch-jcraft"),
        ("jsch", "0.1.55", "jsch-jcraft"),
        ("jsch", "0.2.0", "jsch-mwiede"),
        ("ssh2", "1.15.0", "mscdex-ssh2"),
        ("node-ssh2", "1.15.0", "mscdex-ssh2"),
        ("mina", "2.9.2", "apache-mina-sshd"),
        ("twisted", "22.4.0", "twisted-conch"),
        ("python-paramiko", "3.4.0", "paramiko"),
        ("plink", "0.70", "putty"),
    ] {
        assert_eq!(catalog.product_id(name, version), Some(id), "{name}@{version}");
    }
    let error = catalog.resolve(&software("opensh@9.2p1"), Role::Client).unwrap_err();
    assert_eq!(error.to_string(), "the catalog has no product `opensh`; did you mean `openssh` or `openssl`?");
}

#[test]
fn unknown_versions_resolve_to_the_next_older_one_where_there_is_an_order() {
    let catalog = catalog();
    let resolved = |text: &str| catalog.resolve(&software(text), Role::Client);
    assert!(resolved("openssh@9.2").unwrap().exact);
    assert_eq!(resolved("openssh@9.2").unwrap().version, "9.2p1");
    let newer = resolved("openssh@99.0p1").unwrap();
    assert!(!newer.exact);
    assert_eq!(Some(newer.version.as_str()), catalog.newest("openssh", Role::Client));
    assert!(newer.notes[0].contains("newer than the catalog"), "{:?}", newer.notes);
    let between = resolved("putty@0.78.5").unwrap();
    assert_eq!((between.version.as_str(), between.exact), ("0.78", false));
    assert!(between.notes[0].contains("is not in the catalog"), "{:?}", between.notes);
    let old = resolved("openssh@1.2.3").unwrap_err();
    assert!(matches!(&old, CatalogError::TooOld { oldest, .. } if oldest == "2.9p2"), "{old}");
    assert!(matches!(resolved("openssh@banana"), Err(CatalogError::UnknownVersion { .. })));
    assert!(matches!(resolved("tinyssh@20230101"), Err(CatalogError::NoRole { .. })));
    let opaque = catalog.resolve(&software("cisco-ios@12.2"), Role::Server).unwrap_err();
    assert!(opaque.to_string().contains("15.x-banner-Cisco-1.25"), "{opaque}");
    assert!(resolved("win-openssh@7.7").unwrap().exact);
    // A series whose only row is a pre-release.
    let series = resolved("net-ssh@8.0").unwrap();
    assert_eq!((series.version.as_str(), series.exact), ("8.0.0.beta3", false));
    assert!(series.notes[0].contains("the newest of that series"), "{:?}", series.notes);
}

#[test]
fn identification_strings_tell_the_software() {
    let catalog = catalog();
    for (text, expected) in [
        ("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10", "openssh@9.2p1/debian-12"),
        ("SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.6", "openssh@8.9p1/ubuntu-22.04"),
        ("SSH-2.0-OpenSSH_8.9p1 Ubuntu-3", "openssh@8.9p1/ubuntu-22.04"),
        ("SSH-2.0-OpenSSH_7.9p1 Debian-10+deb10u2", "openssh@7.9p1/debian-10"),
        ("SSH-2.0-OpenSSH_5.1p1 Debian-5", "openssh@5.1p1/debian-5"),
        // Three Ubuntu releases shipped 5.1p1: the string does not tell which.
        ("SSH-2.0-OpenSSH_5.1p1 Debian-6ubuntu2", "openssh@5.1p1"),
        ("SSH-2.0-OpenSSH_6.6.1p1 Debian-4~bpo70+1", "openssh@6.6.1p1"),
        ("SSH-2.0-OpenSSH_7.4", "openssh@7.4"),
        ("SSH-1.99-OpenSSH_3.9p1", "openssh@3.9p1"),
        ("SSH-2.0-OpenSSH_for_Windows_8.1", "win32-openssh@8.1"),
        ("SSH-2.0-dropbear_2022.83", "dropbear@2022.83"),
        ("SSH-2.0-libssh2_1.10.0", "libssh2@1.10.0"),
        ("SSH-2.0-libssh_0.10.6", "libssh@0.10.6"),
        ("SSH-2.0-PuTTY_Release_0.78", "putty@0.78"),
        ("SSH-2.0-paramiko_3.4.0", "paramiko@3.4.0"),
        ("SSH-2.0-Go", "golang-x-crypto-ssh@unknown"),
        ("SSH-2.0-JSCH-0.1.54", "jsch-jcraft@0.1.54"),
        ("SSH-2.0-JSCH-0.1.56", "jsch-mwiede@0.1.56"),
        ("SSH-2.0-JSCH_2.27.2", "jsch-mwiede@2.27.2"),
        ("SSH-2.0-Cisco-1.25", "cisco-ios@15.x-banner-Cisco-1.25"),
        ("SSH-2.0-ROSSSH", "mikrotik-routeros@unknown"),
        ("SSH-2.0-mod_sftp/0.9.9", "proftpd-mod-sftp@unknown"),
        ("SSH-2.0-ssh2js1.17.0", "mscdex-ssh2@1.17.0"),
        ("SSH-2.0-AsyncSSH_2.23.1", "asyncssh@2.23.1"),
        ("SSH-2.0-babeld-57ca1323", "github.com@banner-babeld-8405f9f3"),
    ] {
        let found = catalog.identify(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(found.to_string(), expected, "{text}");
    }
    assert_eq!(catalog.identify("SSH-2.0-nothing we know"), None);
    assert_eq!(catalog.identify(""), None);
}

#[test]
fn the_debian_12_build_has_its_own_first_method() {
    let catalog = catalog();
    for role in [Role::Client, Role::Server] {
        let (policy, resolved) = catalog.ssh_policy(&software("openssh@9.2p1/debian-12"), role).unwrap();
        let kex = list(&policy.offer.kex);
        assert_eq!(kex[..2], ["sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com"]);
        assert!(kex.iter().any(|name| name.starts_with("kex-strict-")));
        assert!(resolved.notes.is_empty(), "{:?}", resolved.notes);
        let (upstream, _) = catalog.ssh_policy(&software("openssh@9.2p1"), role).unwrap();
        assert_eq!(list(&upstream.offer.kex)[0], "sntrup761x25519-sha512@openssh.com");
        let supported = policy.supported.kex.complete().unwrap();
        assert!(supported.contains(&Name::new("sntrup761x25519-sha512")));
        assert!(supported.contains(&Name::new("diffie-hellman-group1-sha1")));
    }
    let resolved = catalog.resolve(&software("openssh@8.0p1/debian-12"), Role::Client).unwrap();
    assert_eq!(resolved.notes, ["Debian 12.0 ships OpenSSH 9.2p1"]);
    let resolved = catalog.resolve(&software("openssh@9.2p1/slackware-15"), Role::Client).unwrap();
    assert!(resolved.notes[0].contains("nothing is known of the build `slackware-15`"));
}

#[test]
fn crypto_policies_replace_the_lists() {
    let catalog = catalog();
    let policy = |text: &str, role| catalog.ssh_policy(&software(text), role).unwrap().0;
    let default = policy("openssh@8.7p1/rhel-9", Role::Server);
    assert!(!list(&default.offer.cipher_c2s).contains(&"aes128-cbc".to_owned()));
    assert_eq!(list(&default.offer.cipher_c2s)[0], "aes256-gcm@openssh.com");
    assert_eq!(default.offer.min_rsa_bits, Some(2048));
    let fips = policy("openssh@8.7p1/rhel-9+crypto-policies@FIPS", Role::Server);
    assert!(!list(&fips.offer.cipher_c2s).contains(&"chacha20-poly1305@openssh.com".to_owned()));
    assert!(!list(&fips.offer.kex).contains(&"curve25519-sha256".to_owned()));
    assert!(!list(&fips.offer.host_key).contains(&"ssh-ed25519".to_owned()), "{:?}", list(&fips.offer.host_key));
    // Without a build the newest row before the release holds.
    let future = policy("openssh@9.6p1+crypto-policies@future", Role::Client);
    assert!(!list(&future.offer.mac_c2s).is_empty());
    let old = policy("openssh@8.0p1/rhel-8", Role::Client);
    assert!(list(&old.offer.cipher_c2s).contains(&"aes128-cbc".to_owned()));
    let error = catalog.ssh_policy(&software("openssh@9.6p1+crypto-policies@FUTUR"), Role::Client).unwrap_err();
    assert!(error.to_string().contains("did you mean `FUTURE`"), "{error}");
    let error = catalog.ssh_policy(&software("putty@0.78+crypto-policies@FIPS"), Role::Client).unwrap_err();
    assert!(matches!(error, CatalogError::PolicyDoesNotApply { .. }));
}

#[test]
fn departures_from_the_rules_come_with_the_policy() {
    let catalog = catalog();
    let policy = |text: &str, role| catalog.ssh_policy(&software(text), role).unwrap().0;
    assert!(policy("paramiko@5.1.0", Role::Client).behaviour.mac_needed_beside_aead);
    assert!(policy("russh@0.50.0", Role::Server).behaviour.one_cipher);
    assert_eq!(policy("dropbear@2022.83", Role::Server).behaviour.guess, GuessRule::ChosenIsClientsFirst);
    assert!(policy("dropbear@2022.83", Role::Client).offer.first_kex_packet_follows);
    assert!(policy("libssh2@1.10.0", Role::Client).behaviour.kex_needs_host_key);
    let openssh = policy("openssh@9.2p1", Role::Client);
    assert_eq!(openssh.behaviour.name_limit, Some(40));
    assert_eq!(openssh.host_key_order, HostKeyOrder::KnownFirstUnlessBest);
    assert_eq!(policy("openssh@7.4p1", Role::Client).host_key_order, HostKeyOrder::KnownFirst);
    assert_eq!(policy("openssh@10.3p1", Role::Server).behaviour.no_rekey_with, ["Sun_SSH_1.0*"]);
    assert!(policy("openssh@9.9p1", Role::Server).behaviour.no_rekey_with.is_empty());
    assert_eq!(openssh.behaviour.drops.len(), 1);
    assert_eq!(policy("openssh@10.3p1", Role::Server).behaviour.drops.len(), 0);
    assert_eq!(policy("openssh@10.2p1", Role::Server).behaviour.drops.len(), 2);
    let confirms = policy("putty@0.78", Role::Client).behaviour.confirms;
    assert!(confirms.contains(&(Slot::Kex, Name::new("diffie-hellman-group1-sha1"))));
    let request = openssh.offer.gex_request.unwrap();
    assert_eq!((request.minimum, request.preferred, request.maximum), (2048, None, 8192));
    // Also where the version is not known.
    assert!(catalog.ssh_behaviour(&software("paramiko@unknown"), Role::Client).mac_needed_beside_aead);
}

#[test]
fn compression_follows_the_client_setting() {
    let catalog = catalog();
    let compression = |text: &str, role, enabled| {
        catalog
            .compression(&software(text), role, enabled)
            .map(|names| names.iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>().join(","))
    };
    assert_eq!(compression("openssh@9.2p1", Role::Client, true).unwrap(), "zlib@openssh.com,zlib,none");
    assert_eq!(compression("openssh@9.9p1", Role::Client, true).unwrap(), "zlib@openssh.com,none");
    assert_eq!(compression("openssh@9.2p1", Role::Server, false).unwrap(), "none");
    let (policy, _) = catalog.ssh_policy(&software("openssh@9.2p1"), Role::Client).unwrap();
    assert_eq!(list(&policy.offer.compression_c2s), ["none", "zlib@openssh.com", "zlib"]);
    assert_eq!(list(&policy.offer.compression_s2c), ["none", "zlib@openssh.com", "zlib"]);
}

#[test]
fn optional_parts_need_the_full_build() {
    let catalog = catalog();
    let kex = |text: &str| list(&catalog.ssh_policy(&software(text), Role::Client).unwrap().0.offer.kex);
    assert_eq!(kex("asyncssh@2.23.1")[0], "curve25519-sha256");
    assert_eq!(kex("asyncssh@2.23.1/full")[0], "mlkem768x25519-sha256");
}

#[test]
fn what_is_not_known_is_unknown() {
    let catalog = catalog();
    let (policy, resolved) = catalog.ssh_policy(&software("arista-ceos@4.30.3M"), Role::Server).unwrap();
    assert_eq!(policy.offer.kex, Known::Unknown);
    assert!(resolved.notes.iter().any(|note| note.contains("observed")));
    let (putty, _) = catalog.ssh_policy(&software("putty@0.70"), Role::Client).unwrap();
    assert!(putty.supported.kex.is_complete());
    let (paramiko, _) = catalog.ssh_policy(&software("paramiko@3.4.0"), Role::Client).unwrap();
    assert!(matches!(paramiko.supported.kex, Known::Partial { .. }));
}

#[test]
fn algorithms_have_ratings_with_citations() {
    let catalog = catalog();
    assert_eq!(catalog.rating(Slot::Kex, "diffie-hellman-group1-sha1"), Some(Rating::Broken));
    assert_eq!(catalog.rating(Slot::Kex, "mlkem768x25519-sha256"), Some(Rating::PostQuantum));
    assert_eq!(catalog.rating(Slot::MacC2s, "umac-128-etm@openssh.com"), Some(Rating::Strong));
    assert_eq!(catalog.rating(Slot::Kex, "never-heard-of"), None);
    assert!(Rating::Broken < Rating::Weak && Rating::Strong < Rating::PostQuantum);
    let algorithm = catalog.algorithm(Slot::CipherS2c, "3des-cbc").unwrap();
    assert_eq!(algorithm.bits, Some(168));
    assert!(algorithm.reasons.iter().all(|reason| !reason.references.is_empty()));
    assert!(catalog.algorithm(Slot::Kex, "gss-group14-sha1-toWM5Slw5Ew8Mqkay+al2g==").is_some());
    assert_eq!(catalog.algorithm(Slot::Kex, "ext-info-c").unwrap().kind, "marker");
    for name in ["chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-gcm@openssh.com"] {
        assert!(catalog.rating(Slot::CipherC2s, name).unwrap() >= Rating::Acceptable, "{name}");
    }
    // Everything that the newest OpenSSH offers is rated.
    let newest = catalog.newest("openssh", Role::Server).unwrap();
    let (policy, _) = catalog.ssh_policy(&Software::new("openssh", newest), Role::Server).unwrap();
    for slot in Slot::SSH {
        for item in policy.offer.list(slot).complete().unwrap() {
            let known = shakedown_model::ssh::is_marker(item.name.as_str());
            assert!(known || catalog.rating(slot, item.name.as_str()).is_some(), "{slot} {}", item.name);
        }
    }
}

#[test]
fn the_past_and_future_of_a_name() {
    let catalog = catalog();
    let history = catalog.default_history("openssh", Role::Client, Slot::Kex, "diffie-hellman-group1-sha1");
    let removed = history.removed_from_default.unwrap();
    assert_eq!((removed.version.as_str(), removed.released.as_deref()), ("7.0p1", Some("2015-08-11")));
    let wanted = [Name::new("curve25519-sha256")];
    let first = catalog.first_version_offering("openssh", Role::Server, Slot::Kex, &wanted, "5.3p1").unwrap();
    assert_eq!((first.version.as_str(), first.name.as_str()), ("7.4p1", "curve25519-sha256"));
    assert!(catalog.first_version_offering("openssh", Role::Server, Slot::Kex, &wanted, "99p1").is_none());
    let releases = catalog.distributions("openssh", "8.9p1");
    assert!(releases.iter().any(|row| (row.distribution.as_str(), row.release.as_str()) == ("Ubuntu", "22.04")));
    assert!(!releases.iter().any(|row| row.version == "8.4p1"));
}

#[test]
fn named_policies_are_parties() {
    let catalog = catalog();
    let policy = catalog.named_policy("mozilla-openssh-server-modern").unwrap();
    assert!(list(&policy.offer.kex).contains(&"curve25519-sha256@libssh.org".to_owned()));
    assert!(
        matches!(catalog.named_policy("mozilla-openssh-server-modem"), Err(CatalogError::UnknownPolicy { suggestions, .. }) if suggestions[0] == "mozilla-openssh-server-modern")
    );
    assert!(catalog.policy_names().len() > 100);
    for name in catalog.policy_names() {
        catalog.named_policy(name).unwrap();
    }
}
