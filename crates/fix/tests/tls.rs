//! Plans for TLS, with the outcome of each computed again.

mod common;

use common::{Planned, catalog, host, render, run};
use shakedown_config::{Memory, tls_party};
use shakedown_model::tls::{Certificate, CertificateKey, CertificateKeyType, Digest};
use shakedown_model::{
    Applicability, CommandPlace, ConfigurationKind, Context, Fix, Known, Name, OutcomeResult, Party, PartySource,
    Policy, Role, Side, Slot, Software, items,
};

const NGINX: &str = "/etc/nginx/nginx.conf";
const OPENSSL: &str = "/etc/ssl/openssl.cnf";
const MODERN: &str = "events {}\nhttp {\n    server {\n        listen 443 ssl;\n        server_name db01;\n        \
                      ssl_certificate rsa.pem;\n        ssl_certificate_key rsa.key;\n        \
                      ssl_protocols TLSv1.2 TLSv1.3;\n        \
                      ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384;\n    }\n}\n";

fn key(kind: CertificateKeyType, bits: u32, digest: Digest) -> Certificate {
    let curve = (kind == CertificateKeyType::Ec).then(|| Name::new("secp256r1"));
    Certificate {
        key: Some(CertificateKey { kind, curve, bits: Some(bits) }),
        signature_digest: Some(digest),
        self_signed: Some(false),
        ..Certificate::default()
    }
}

fn rsa() -> Certificate {
    key(CertificateKeyType::Rsa, 2048, Digest::Sha256)
}

fn party(software: &str, role: Role) -> Party {
    let software: Software = software.parse().expect("a software");
    let (policy, _) = catalog().tls_policy(&software, role).expect("the catalog has it");
    Party {
        label: software.to_string(),
        role,
        software: Some(software),
        source: PartySource::Catalog,
        policy: Policy::Tls(Box::new(policy)),
        configuration: None,
        notes: Vec::new(),
    }
}

/// What the files that a configuration names hold.
fn with_certificates(mut party: Party, certificates: &[Certificate]) -> Party {
    let policy = party.tls_mut().expect("a TLS party");
    let origins: Vec<_> =
        policy.offer.certificates.accepted().into_iter().flatten().map(|one| one.origin.clone()).collect();
    let all = certificates
        .iter()
        .enumerate()
        .map(|(index, one)| Certificate { origin: origins.get(index).cloned().flatten(), ..one.clone() });
    policy.offer.certificates = Known::Complete(all.collect());
    party
}

fn server(software: &str) -> Party {
    let mut server = with_certificates(party(software, Role::Server), &[rsa()]);
    let offer = &mut server.tls_mut().expect("a TLS party").offer;
    offer.client_certificate = Known::Complete(shakedown_model::tls::ClientCertificate::NotAsked);
    server
}

/// A server of a program's own file.
fn of_file(kind: ConfigurationKind, software: &str, path: &str, text: &str) -> Party {
    let software: Software = software.parse().unwrap();
    let context = Context::default();
    let spec = tls_party::Spec { software: &software, path, openssl_cnf: None, role: Role::Server, context: &context };
    let gathered = tls_party::gather(&Memory::new().with(path, text), kind, &spec, catalog()).unwrap();
    let certificates = [rsa()];
    with_certificates(gathered.parties.into_iter().next().unwrap(), &certificates)
}

#[test]
fn files_of_other_programs_are_edited_too() {
    let cases = [
        (
            ConfigurationKind::Apache,
            "apache-httpd@2.4.62+openssl@3.0.17",
            "/etc/apache2/apache2.conf",
            "LoadModule ssl_module modules/mod_ssl.so\nListen 443\n<VirtualHost *:443>\n    ServerName db01\n    SSLEngine on\n    SSLCertificateFile rsa.pem\n    SSLCertificateKeyFile rsa.key\n    SSLProtocol -all +TLSv1.3\n</VirtualHost>\n",
            "SSLProtocol -all +TLSv1.2 +TLSv1.3\n",
        ),
        (
            ConfigurationKind::Haproxy,
            "haproxy@2.6.12+openssl@3.0.17",
            "/etc/haproxy/haproxy.cfg",
            "frontend web\n    bind :443 ssl crt /etc/haproxy/rsa.pem ssl-min-ver TLSv1.3\n    mode http\n",
            " ssl-min-ver TLSv1.2\n",
        ),
        (
            ConfigurationKind::Dovecot,
            "dovecot@2.3.19+openssl@3.0.17",
            "/etc/dovecot/dovecot.conf",
            "protocols = imap\nssl = required\nssl_cert = <rsa.pem\nssl_key = <rsa.key\nssl_min_protocol = TLSv1.3\n",
            "ssl_min_protocol = TLSv1.2\n",
        ),
        (
            ConfigurationKind::Postfix,
            "postfix@3.7.11+openssl@3.0.17",
            "/etc/postfix/main.cf",
            "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = rsa.pem\nsmtpd_tls_key_file = rsa.key\nsmtpd_tls_protocols = >=TLSv1.3\n",
            "smtpd_tls_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1\n",
        ),
        (
            ConfigurationKind::Stunnel,
            "stunnel@5.68+openssl@3.0.17",
            "/etc/stunnel/stunnel.conf",
            "[db01]\naccept = 443\nconnect = 80\ncert = rsa.pem\nsslVersionMin = TLSv1.3\n",
            "sslVersionMin = TLSv1.2\n",
        ),
        (
            ConfigurationKind::PostgreSql,
            "postgresql@15.10+openssl@3.0.17",
            "/etc/postgresql/15/main/postgresql.conf",
            "ssl = on\nssl_min_protocol_version = 'TLSv1.3'\n",
            "ssl_min_protocol_version = 'TLSv1.2'\n",
        ),
        (
            ConfigurationKind::Lighttpd,
            "lighttpd@1.4.69+openssl@3.0.17",
            "/etc/lighttpd/lighttpd.conf",
            "$SERVER[\"socket\"] == \":443\" {\n    ssl.engine = \"enable\"\n    ssl.pemfile = \"rsa.pem\"\n    ssl.openssl.ssl-conf-cmd = (\"MinProtocol\" => \"TLSv1.3\")\n}\n",
            "(\"MinProtocol\" => \"TLSv1.2\")\n",
        ),
        (
            ConfigurationKind::OpenVpn,
            "openvpn@2.6.14+openssl@3.0.17",
            "/etc/openvpn/server.conf",
            "server 10.8.0.0 255.255.255.0\ndev tun\ncert rsa.pem\nkey rsa.key\ntls-version-min 1.3\n",
            "tls-version-min 1.2\n",
        ),
    ];
    let client = party("android@8.1-native", Role::Client);
    for (kind, software, path, before, expected) in cases {
        let server = of_file(kind, software, path, before);
        let planned = run(&client, &server, &host("db01"), &[]);
        assert!(!planned.outcome.failed.is_empty(), "{software}");
        let first = find(&planned, Applicability::Safe, Side::Server);
        assert!(text(first).contains(expected), "{software}: {}\n{}", text(first), render(&planned));
        assert!(first.outcome_after.as_ref().unwrap().failed.is_empty(), "{}", render(&planned));
        // A suite besides, in the format's own words.
        let suites = ["TLS_RSA_WITH_AES_128_CBC_SHA"];
        let old = only(
            only(party("java-jsse@17.0.15", Role::Client), Slot::CipherSuite, &suites),
            Slot::Version,
            &["TLSv1.2"],
        );
        let limited = before.replace("TLSv1.3", "TLSv1.2");
        let strict = match kind {
            ConfigurationKind::Apache => limited.replace("</Virt", "    SSLCipherSuite ECDHE+AESGCM\n</Virt"),
            ConfigurationKind::Haproxy => limited.replace("TLSv1.2\n", "TLSv1.2 ciphers ECDHE+AESGCM\n"),
            ConfigurationKind::Dovecot => limited + "ssl_cipher_list = ECDHE+AESGCM\n",
            ConfigurationKind::Stunnel => limited + "ciphers = ECDHE+AESGCM\n",
            ConfigurationKind::PostgreSql => limited + "ssl_ciphers = 'ECDHE+AESGCM'\n",
            ConfigurationKind::Lighttpd => limited.replace("\")\n", "\", \"CipherString\" => \"ECDHE+AESGCM\")\n"),
            ConfigurationKind::OpenVpn => before.replace("1.3", "1.2") + "tls-cipher ECDHE+AESGCM\n",
            _ => limited + "tls_medium_cipherlist = ECDHE+AESGCM\n",
        };
        let planned = run(&old, &of_file(kind, software, path, &strict), &host("db01"), &[]);
        assert!(planned.fixes.iter().any(|fix| fix.side == Side::Server), "{software}: {}", render(&planned));
        let weaker = find(&planned, Applicability::Weakens, Side::Server);
        let ends = text(weaker);
        let suite = if kind == ConfigurationKind::OpenVpn { ":TLS-RSA-WITH-AES-128-CBC-SHA" } else { ":AES128-SHA" };
        assert!(ends.contains("ECDHE+AESGCM:") && ends.contains(suite), "{software}: {ends}");
    }
}

fn nginx(text: &str) -> Party {
    let software: Software = "nginx@1.22.1+openssl@3.0.17".parse().unwrap();
    let context = host("db01");
    let spec =
        tls_party::Spec { software: &software, path: NGINX, openssl_cnf: None, role: Role::Server, context: &context };
    let files = Memory::new().with(NGINX, text);
    let party = tls_party::gather(&files, shakedown_model::ConfigurationKind::Nginx, &spec, catalog())
        .unwrap()
        .parties
        .remove(0);
    with_certificates(party, &[rsa()])
}

fn openssl(version: &str, text: &str) -> Party {
    let software: Software = format!("openssl@{version}").parse().unwrap();
    let context = host("db01");
    let spec = tls_party::Spec {
        software: &software,
        path: OPENSSL,
        openssl_cnf: None,
        role: Role::Client,
        context: &context,
    };
    tls_party::gather(&Memory::new().with(OPENSSL, text), ConfigurationKind::OpenSslCnf, &spec, catalog())
        .unwrap()
        .parties
        .remove(0)
}

/// A party whose list in a slot is this one.
fn only(mut party: Party, slot: Slot, names: &[&str]) -> Party {
    let offer = &mut party.tls_mut().expect("a TLS party").offer;
    let list = Known::Complete(items(names.iter().copied()));
    match slot {
        Slot::Version => offer.versions = list,
        Slot::CipherSuite => offer.cipher_suites = list,
        Slot::Group => offer.groups = list,
        _ => offer.signature_schemes = list,
    }
    party
}

/// What a probe finds of a server that does not say what it is.
fn unknown(server: Party, versions: &[&str]) -> Party {
    let mut server = only(server, Slot::Version, versions);
    server.software = None;
    server.source = PartySource::Live { address: "192.0.2.1:443".into() };
    let policy = server.tls_mut().unwrap();
    policy.supported = shakedown_model::tls::TlsSupported::default();
    policy.withheld.clear();
    policy.offer.security_level = None;
    server
}

fn plan(client: &Party, server: &Party) -> Planned {
    let planned = run(client, server, &host("db01"), &[]);
    assert!(!planned.outcome.failed.is_empty(), "they agree already");
    assert!(!planned.diagnoses.is_empty());
    for fix in &planned.fixes {
        assert!(!fix.resolves.is_empty() && !fix.verify.is_empty() && !fix.undo.is_empty(), "{}", render(&planned));
        let outcome = fix.outcome_after.as_ref().expect("computed");
        assert_eq!(outcome.result(), OutcomeResult::Agreed, "{}", render(&planned));
    }
    planned
}

fn find(planned: &Planned, applicability: Applicability, side: Side) -> &Fix {
    let found =
        planned.fixes.iter().find(|fix| fix.applicability == applicability && fix.side == side && !fix.afterwards);
    found.unwrap_or_else(|| panic!("no {} fix of the {side}\n{}", applicability.as_str(), render(planned)))
}

fn text(fix: &Fix) -> String {
    assert_eq!(fix.edits.len(), 1, "{fix:?}");
    String::from_utf8(fix.edits[0].apply()).unwrap()
}

#[test]
fn an_old_client_and_a_modern_nginx() {
    let planned = plan(&party("openssl@1.0.0", Role::Client), &nginx(MODERN));
    // The client's version has nothing newer: another version is the safe way.
    let upgrade = find(&planned, Applicability::Safe, Side::Client);
    assert!(upgrade.title.starts_with("upgrade the client to OpenSSL 1.0.1"), "{}", upgrade.title);
    let weaker = find(&planned, Applicability::Weakens, Side::Server);
    let after = text(weaker);
    assert!(after.contains("ssl_protocols TLSv1 TLSv1.2 TLSv1.3;"), "{after}");
    assert!(after.contains("@SECLEVEL=0;"), "{after}");
    assert!(
        weaker.notes.iter().any(|note| note.starts_with("lets in, ") && note.contains("Android 4.0")),
        "{:?}",
        weaker.notes
    );
    assert!(weaker.verify.iter().any(|verify| verify.text == "nginx -t"));
    // Nothing but the two directives.
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let differ = lines(&after).iter().zip(lines(MODERN)).filter(|(a, b)| *a != b).count();
    assert_eq!((differ, lines(&after).len()), (2, lines(MODERN).len()));
    insta::assert_snapshot!(render(&planned));
}

#[test]
fn a_modern_client_and_a_server_with_tls_1_0_only() {
    let old = MODERN.replace("TLSv1.2 TLSv1.3", "TLSv1").replace(
        "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0",
    );
    let planned = plan(&party("openssl@3.0.15/debian-12", Role::Client), &nginx(&old));
    let first = &planned.fixes[0];
    assert_eq!((first.applicability, first.side), (Applicability::Safe, Side::Server), "{}", render(&planned));
    let after = text(first);
    assert!(after.contains("ssl_protocols TLSv1 TLSv1.2 TLSv1.3;"), "{after}");
    let outcome = first.outcome_after.as_ref().unwrap();
    assert_eq!(outcome.agreed(Slot::Version).map(Name::as_str), Some("TLSv1.3"));
    // The client alone: for one call, with the level that TLS 1.0 needs.
    let weaker = find(&planned, Applicability::Weakens, Side::Client);
    let command = &weaker.commands[0];
    assert_eq!(command.place, CommandPlace::ClientShell);
    assert!(command.text.contains("-cipher 'DEFAULT:@SECLEVEL=0'"), "{}", command.text);
    assert!(weaker.title.ends_with(", to `db01` only"), "{}", weaker.title);
    // The name that is asked for, where it is another one.
    let asked = Context { server_name: Some("site.example".into()), ..host("db01") };
    let other = run(&party("openssl@3.0.15/debian-12", Role::Client), &nginx(&old), &asked, &[]);
    let command = &find(&other, Applicability::Weakens, Side::Client).commands[0].text;
    assert!(command.starts_with("openssl s_client -connect db01:443 -servername site.example "), "{command}");
    // What is old goes in a step of its own, which says whom it cuts off.
    let step = planned.fixes.iter().find(|fix| fix.afterwards).expect("a step afterwards");
    assert_eq!(step.applicability, Applicability::Manual);
    assert!(step.cuts_off.iter().any(|label| label == "Android 4.0"), "{:?}", step.cuts_off);
    assert!(step.cuts_off.iter().all(|label| label != "Firefox 137"), "{:?}", step.cuts_off);
    assert!(
        text(step).contains("ssl_protocols TLSv1.2 TLSv1.3;") && !text(step).contains("AES128-SHA:"),
        "{}",
        text(step)
    );
    insta::assert_snapshot!(render(&planned));
}

#[test]
fn a_client_of_static_rsa_only_and_a_server_with_forward_secrecy_only() {
    let suites = ["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"];
    let client = only(party("java-jsse@17.0.15", Role::Client), Slot::CipherSuite, &suites);
    let client = only(client, Slot::Version, &["TLSv1.2"]);
    let planned = plan(&client, &nginx(MODERN));
    let weaker = find(&planned, Applicability::Weakens, Side::Server);
    let after = text(weaker);
    assert!(after.contains(":ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA;") || after.contains(":AES256-SHA;"), "{after}");
    assert!(!after.contains("SECLEVEL"), "{after}");
    // The client's own defaults have what the server has.
    let own = find(&planned, Applicability::Safe, Side::Client);
    assert!(own.title.contains("TLS_ECDHE_RSA_WITH_AES_"), "{}", own.title);
}

#[test]
fn a_client_at_level_2_and_a_small_or_badly_signed_certificate() {
    let cases = [
        (key(CertificateKeyType::Rsa, 1024, Digest::Sha256), "@SECLEVEL=1"),
        // Since 3.0 SHA-1 is below level 1.
        (key(CertificateKeyType::Rsa, 2048, Digest::Sha1), "@SECLEVEL=0"),
    ];
    for (certificate, level) in cases {
        let mut client = party("openssl@3.0.15/debian-12", Role::Client);
        client.tls_mut().unwrap().offer.verifies = Some(true);
        let planned = plan(&client, &with_certificates(server("openssl@1.1.1w"), &[certificate]));
        let replace = find(&planned, Applicability::Manual, Side::Server);
        assert!(
            replace.title.starts_with("replace the server's certificate by an RSA certificate"),
            "{}",
            replace.title
        );
        let weaker = find(&planned, Applicability::Weakens, Side::Client);
        assert!(weaker.title.contains("security level"), "{}", weaker.title);
        assert!(weaker.commands[0].text.contains(level), "{}", weaker.commands[0].text);
    }
}

#[test]
fn no_group_in_common() {
    let text_of =
        MODERN.replace("ssl_protocols TLSv1.2 TLSv1.3;", "ssl_protocols TLSv1.2 TLSv1.3; ssl_ecdh_curve secp521r1;");
    let client = only(party("go-crypto-tls@1.24", Role::Client), Slot::Group, &["x25519", "secp256r1"]);
    let planned = plan(&client, &nginx(&text_of));
    let first = &planned.fixes[0];
    assert_eq!((first.applicability, first.side), (Applicability::Safe, Side::Server), "{}", render(&planned));
    assert!(text(first).contains("ssl_ecdh_curve secp521r1:X25519;"), "{}", text(first));
}

#[test]
fn an_ecdsa_server_and_a_client_with_rsa_suites_only() {
    let server = with_certificates(
        nginx(&MODERN.replace("TLSv1.2 TLSv1.3", "TLSv1.2")),
        &[key(CertificateKeyType::Ec, 256, Digest::Sha256)],
    );
    let suites = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA"];
    let mut client =
        only(only(party("java-jsse@8u302", Role::Client), Slot::CipherSuite, &suites), Slot::Version, &["TLSv1.2"]);
    client.software = None;
    client.source = PartySource::Offer { path: "client.json".into() };
    let planned = plan(&client, &server);
    let second = find(&planned, Applicability::Manual, Side::Server);
    assert!(second.title.starts_with("give the server an RSA certificate"), "{}", second.title);
}

#[test]
fn a_server_with_rc4_and_3des_only() {
    let old = MODERN.replace("TLSv1.2 TLSv1.3", "TLSv1.2").replace(
        "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384",
        "DES-CBC3-SHA:ECDHE-RSA-DES-CBC3-SHA:@SECLEVEL=0",
    );
    let planned = plan(&party("chrome@133", Role::Client), &nginx(&old));
    let first = &planned.fixes[0];
    assert_eq!((first.applicability, first.side), (Applicability::Safe, Side::Server), "{}", render(&planned));
    assert!(text(first).contains("ssl_ciphers ECDHE-RSA-"), "{}", text(first));
    // One whose file nobody has.
    let suites = ["TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"];
    let old = unknown(only(server("openssl@1.1.1w"), Slot::CipherSuite, &suites), &["TLSv1.2"]);
    let planned = plan(&party("chrome@133", Role::Client), &old);
    let first = find(&planned, Applicability::Safe, Side::Server);
    assert!(first.commands[0].text.starts_with("cipher suites: add `TLS_ECDHE_RSA_WITH_"), "{:?}", first.commands);
    let step = planned.fixes.iter().find(|fix| fix.afterwards).expect("a step afterwards");
    assert!(step.commands[0].text.starts_with("protocol versions: leave only `TLSv1.2`\n"), "{:?}", step.commands);
    assert!(!step.commands[0].text.contains("RC4"), "{:?}", step.commands);
}

#[test]
fn the_client_s_own_file_is_edited_where_that_weakens_nothing() {
    let cnf =
        "openssl_conf = conf\n[conf]\nssl_conf = ssl\n[ssl]\nsystem_default = set\n[set]\nMaxProtocol = TLSv1.2\n";
    let only13 = MODERN.replace("TLSv1.2 TLSv1.3", "TLSv1.3");
    let planned = plan(&openssl("3.0.15", cnf), &nginx(&only13));
    let own = find(&planned, Applicability::Safe, Side::Client);
    assert_eq!(text(own), cnf.replace("TLSv1.2", "TLSv1.3"));
    // A weaker setting goes into one call, never into the machine's file.
    let cnf = cnf.replace("MaxProtocol = TLSv1.2", "MinProtocol = TLSv1.2");
    let old = MODERN.replace("TLSv1.2 TLSv1.3", "TLSv1").replace("GCM-SHA384;", "GCM-SHA384:AES128-SHA:@SECLEVEL=0;");
    let planned = plan(&openssl("3.0.15", &cnf), &nginx(&old));
    let weaker = find(&planned, Applicability::Weakens, Side::Client);
    assert!(weaker.edits.is_empty() && weaker.commands[0].text.starts_with("openssl s_client "), "{weaker:?}");
}

#[test]
fn an_edit_says_whom_else_it_reaches() {
    let shared = "events {}\nhttp {\n    ssl_protocols TLSv1.3;\n    ssl_certificate rsa.pem;\n    \
                  ssl_certificate_key rsa.key;\n    server { listen 443 ssl; server_name db01; }\n    \
                  server { listen 443 ssl; server_name other; }\n}\n";
    let client = only(party("go-crypto-tls@1.24", Role::Client), Slot::Version, &["TLSv1.2"]);
    let planned = plan(&client, &nginx(shared));
    let first = find(&planned, Applicability::Safe, Side::Server);
    assert!(text(first).contains("server_name db01; ssl_protocols TLSv1.2 TLSv1.3; }"), "{}", text(first));
}

#[test]
fn a_live_server_without_software_gets_words_and_no_promise() {
    let old = unknown(server("openssl@1.1.1w"), &["TLSv1.0"]);
    let planned = plan(&party("firefox@137-Win-11", Role::Client), &old);
    let first = find(&planned, Applicability::Safe, Side::Server);
    assert!(first.notes.iter().any(|note| note.contains("not known")), "{:?}", first.notes);
    assert!(first.commands[0].text.contains("protocol versions: add `TLSv1.3`"), "{:?}", first.commands);
}

#[test]
fn products_have_their_own_words() {
    let cases: [(&str, &str); 6] = [
        ("curl@8.18.0+openssl@3.0.15", "curl --tlsv1.0 --tls-max 1.3 --ciphers '"),
        ("python-ssl@3.11.7+openssl@3.0.15", "context.minimum_version = ssl.TLSVersion.TLSv1"),
        ("nodejs@20.20.2+openssl@3.0.19/debian-12", "node --tls-min-v1.0 --tls-max-v1.3 --tls-cipher-list='"),
        ("java-jsse@17.0.15", "-Djdk.tls.client.protocols="),
        ("gnutls@3.7.9", "NORMAL:+VERS-TLS1.0"),
        ("go-crypto-tls@1.24", "config.MinVersion = tls.VersionTLS10"),
    ];
    let mut old = only(server("openssl@1.1.1w"), Slot::Version, &["TLSv1.0"]);
    old.tls_mut().unwrap().offer.legacy_signatures = Some(true);
    for (software, words) in cases {
        let client = only(party(software, Role::Client), Slot::Version, &["TLSv1.3", "TLSv1.2"]);
        let planned = plan(&client, &old);
        let all: Vec<&str> = planned
            .fixes
            .iter()
            .filter(|fix| fix.side == Side::Client)
            .flat_map(|fix| fix.commands.iter().map(|command| command.text.as_str()))
            .collect();
        assert!(all.iter().any(|text| text.contains(words)), "{software}: {all:?}\n{}", render(&planned));
    }
}

#[test]
fn ends_that_agree_get_no_plan() {
    let planned = run(&party("openssl@3.0.15", Role::Client), &nginx(MODERN), &Context::default(), &[]);
    assert!(planned.fixes.is_empty(), "{}", render(&planned));
}

/// Whether a fix brings the two ends to agree, and does no more than it says.
fn holds(client: &Party, server: &Party, planned: &Planned) {
    let shown = || format!("{} {}\n{}", client.label, server.label, render(planned));
    let order: Vec<Applicability> = planned.fixes.iter().map(|fix| fix.applicability).collect();
    assert!(order.is_sorted(), "{}", shown());
    for fix in &planned.fixes {
        let outcome = fix.outcome_after.as_ref().expect("computed");
        assert!(outcome.failed.is_empty() && !fix.verify.is_empty() && !fix.undo.is_empty(), "{}", shown());
        assert!(fix.title.starts_with(|c: char| c.is_lowercase()) && !fix.title.ends_with('.'), "{}", fix.title);
        if fix.applicability != Applicability::Safe {
            continue;
        }
        assert!(fix.cuts_off.is_empty(), "{}", shown());
        let version = outcome.agreed(Slot::Version).map(Name::as_str);
        assert!(matches!(version, Some("TLSv1.2" | "TLSv1.3")), "{}", shown());
        let before = planned.outcome.agreed(Slot::CipherSuite);
        let suite = outcome.agreed(Slot::CipherSuite).filter(|suite| before != Some(*suite));
        let listed = |party: &Party| {
            let list = party.tls().map(|policy| policy.offer.list(Slot::CipherSuite));
            list.as_ref()
                .and_then(Known::accepted)
                .is_some_and(|list| list.iter().any(|item| Some(&item.name) == suite))
        };
        // One that both have is not the fix's.
        let added = suite.filter(|_| !(listed(client) && listed(server)));
        let weak = |suite: &Name| {
            ["_CBC_", "RC4", "TLS_RSA_", "NULL", "anon"].iter().any(|word| suite.as_str().contains(word))
        };
        assert!(!added.is_some_and(weak) || fix.title.starts_with("upgrade "), "{}", shown());
    }
}

#[test]
fn every_fix_holds_what_it_says_for_clients_and_servers_of_many_kinds() {
    let old = "ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0";
    let new = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384";
    let servers = [
        nginx(MODERN),
        nginx(&MODERN.replace("TLSv1.2 TLSv1.3", "TLSv1.3")),
        nginx(&MODERN.replace("TLSv1.2 TLSv1.3", "TLSv1").replace(new, old)),
        nginx(&MODERN.replace("TLSv1.2 TLSv1.3", "TLSv1.2").replace(new, "AES128-SHA:@SECLEVEL=0")),
        unknown(only(server("openssl@1.1.1w"), Slot::CipherSuite, &["TLS_RSA_WITH_RC4_128_SHA"]), &["TLSv1.0"]),
        server("openssl@3.5.0"),
        with_certificates(party("java-jsse@7u80", Role::Server), &[rsa()]),
        with_certificates(party("schannel@Windows-Server-2008-R2", Role::Server), &[rsa()]),
    ];
    let clients = [
        "openssl@0.9.8",
        "openssl@1.0.1",
        "openssl@1.1.1",
        "openssl@3.0.15/debian-12",
        "openssl@3.5.0",
        "java-jsse@7u80",
        "java-jsse@8u302",
        "java-jsse@17.0.15",
        "android@2.3.7",
        "android@4.4.2",
        "android@16-native",
        "chrome@133",
        "firefox@137-Win-11",
        "internet-explorer@8-XP",
        "internet-explorer@11-Win-7",
        "safari@9-iOS-9",
        "schannel@Windows-7",
        "schannel@Windows-Server-2022",
        "curl@8.18.0+openssl@3.0.15",
        "python-ssl@3.11.7+openssl@3.0.15",
        "nodejs@20.20.2",
        "go-crypto-tls@1.24",
        "gnutls@3.7.9",
    ];
    let (mut failing, mut planned_for, mut safe, mut agreed) = (0, 0, 0, 0);
    for software in clients {
        let client = party(software, Role::Client);
        for server in &servers {
            let planned = run(&client, server, &host("db01"), &[]);
            if planned.outcome.failed.is_empty() {
                assert!(planned.fixes.is_empty(), "{software} {}", server.label);
                continue;
            }
            failing += 1;
            holds(&client, server, &planned);
            let first = planned.fixes.first();
            planned_for += usize::from(first.is_some());
            safe += usize::from(first.is_some_and(|fix| fix.applicability == Applicability::Safe));
            let all = first.and_then(|fix| fix.outcome_after.as_ref()).map(|outcome| outcome.result());
            agreed += usize::from(all == Some(OutcomeResult::Agreed));
        }
    }
    assert!(
        failing >= 60 && agreed * 10 >= failing * 8 && planned_for * 20 >= failing * 19 && safe * 10 >= failing * 9,
        "{failing} {planned_for} {safe} {agreed}"
    );
}

/// What was asked for by `--sni` was left out of the lines that check the change.
#[test]
fn the_check_asks_for_the_name_that_was_asked_for() {
    let client = party("openssl@1.0.0", Role::Client);
    for (address, server_name, connect, check) in [
        ("192.0.2.7", None, "-connect 192.0.2.7:443 -noservername", "shakedown check tls://192.0.2.7:443"),
        (
            "192.0.2.7",
            Some("www.example.com"),
            "-connect 192.0.2.7:443 -servername www.example.com",
            "shakedown check tls://192.0.2.7:443 --sni www.example.com",
        ),
        ("db01", Some("db01"), "-connect db01:443 -servername db01", "shakedown check tls://db01:443"),
        ("db01", None, "-connect db01:443 -noservername", "shakedown check tls://db01:443 --sni none"),
    ] {
        let server = Party { source: PartySource::Live { address: format!("{address}:443") }, ..nginx(MODERN) };
        let context = Context { server_name: server_name.map(str::to_owned), port: Some(443), ..host(address) };
        let planned = run(&client, &server, &context, &[]);
        let lines: Vec<&str> =
            planned.fixes.iter().flat_map(|fix| &fix.verify).map(|verify| verify.text.as_str()).collect();
        assert!(lines.iter().any(|line| line.contains(connect)), "{connect}: {lines:?}");
        assert!(lines.contains(&check), "{check}: {lines:?}");
    }
}
