//! What needs nothing but the program.

mod support;

use support::Shakedown;

#[test]
fn help_teaches_and_goes_to_standard_output() {
    let shakedown = Shakedown::new();
    for arguments in [&["--help"][..], &["check", "--help"], &["negotiate", "--help"], &["offer", "--help"]] {
        let run = shakedown.run(arguments);
        assert_eq!(run.status, 0, "{arguments:?}");
        assert!(run.stdout.contains("Usage:"), "{arguments:?}: {}", run.stdout);
        assert!(run.stderr.is_empty(), "{arguments:?}: {}", run.stderr);
    }
    assert!(shakedown.run(&["--version"]).stdout.starts_with("shakedown "));
}

#[test]
fn a_wrong_command_line_is_status_2_with_nothing_on_standard_output() {
    let shakedown = Shakedown::new();
    let wrong: &[&[&str]] = &[
        &["--frobnicate"],
        &["check"],
        &["check", "a b"],
        &["check", "gopher://x"],
        &["check", "ssh://host:0"],
        &["check", "host", "--timeout", "0s"],
        &["check", "ike://gw.example", "--as", "all"],
        &["negotiate", "openssh@9.2p1"],
        &["negotiate", "openssh@9.2p1", "openssh@"],
        &["negotiate", "openssh@9.2p1", "opnssh@9.2p1"],
        &["negotiate", "openssh@9.2p1", "cisco-ios@99.99-no-such-version"],
        &["negotiate", "no-such-file", "openssh@9.2p1"],
        &["negotiate", "/", "openssh@9.2p1"],
        &["negotiate", "openssh@9.2p1", "policy:no-such-policy"],
        &["negotiate", "ssh://host", "openssh@9.2p1"],
        &["negotiate", "openssh@9.2p1", "openssh@9.2p1", "--context", "colour=red"],
        &["offer", "openssh@9.2p1", "--now", "yesterday"],
        &["cause", "no-comon-kex"],
    ];
    for arguments in wrong {
        let run = shakedown.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.is_empty(), "{arguments:?}: {}", run.stdout);
        assert!(run.stderr.contains("error"), "{arguments:?}: {}", run.stderr);
        assert!(!run.stderr.contains("panicked"), "{arguments:?}: {}", run.stderr);
    }
    assert!(shakedown.run(&["cause", "no-comon-kex"]).stderr.contains("`no-common-kex`"));
    assert!(shakedown.run(&["negotiate", "openssh@9.2p1", "opnssh@9.2p1"]).stderr.contains("openssh"));
}

#[test]
fn causes_are_listed_and_each_has_a_page() {
    let shakedown = Shakedown::new();
    let list = shakedown.run(&["cause"]);
    assert_eq!(list.status, 0);
    let codes: Vec<&str> = list.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(codes.len() >= 59, "{}", list.stdout);
    for code in codes {
        let page = shakedown.run(&["cause", code]);
        assert_eq!(page.status, 0, "{code}");
        assert!(page.stdout.contains("What happened"), "{code}: {}", page.stdout);
    }
}

#[test]
fn two_versions_from_the_catalog() {
    let shakedown = Shakedown::new();
    let (status, document) = shakedown.json(&["negotiate", "openssh@9.6p1", "openssh@7.4p1"]);
    assert_eq!(status, 0);
    let agreed = &document["pairs"][0]["outcome"]["agreed"];
    assert_eq!(document["schema"], "shakedown/1");
    assert_eq!(agreed["kex"], "curve25519-sha256");
    assert_eq!(agreed["cipher_c2s"], "chacha20-poly1305@openssh.com");
    assert!(agreed["mac_c2s"].is_null());

    let (status, document) = shakedown.json(&["negotiate", "openssh@9.6p1", "openssh@5.3p1"]);
    assert_eq!(status, 1);
    assert_eq!(document["pairs"][0]["outcome"]["result"], "failed");
    let causes: Vec<_> =
        document["diagnoses"].as_array().unwrap().iter().map(|d| d["cause"].as_str().unwrap()).collect();
    assert!(causes.contains(&"no-common-host-key-algorithm"), "{causes:?}");
    assert!(!document["fixes"].as_array().unwrap().is_empty());
    for fix in document["fixes"].as_array().unwrap() {
        assert!(fix["applicability"] == "manual" || fix["outcome_after"]["result"] == "agreed", "{fix}");
    }
}

#[test]
fn an_offer_in_json_is_a_party_again() {
    let shakedown = Shakedown::new();
    let offer = shakedown.run(&["offer", "openssh@6.6.1p1", "--side", "server", "--format", "json"]);
    assert_eq!(offer.status, 0, "{}", offer.stderr);
    let path = shakedown.write("offer.json", &offer.stdout);
    let (_, again) = shakedown.json(&["negotiate", "openssh@9.6p1", &path]);
    let (_, direct) = shakedown.json(&["negotiate", "openssh@9.6p1", "openssh@6.6.1p1"]);
    assert_eq!(again["pairs"][0]["outcome"]["agreed"], direct["pairs"][0]["outcome"]["agreed"]);
    assert_eq!(again["pairs"][0]["outcome"]["result"], direct["pairs"][0]["outcome"]["result"]);
}

#[test]
fn a_configured_server_is_quoted_and_its_edit_agrees() {
    let shakedown = Shakedown::new();
    let path = shakedown.write("sshd_config", "# old\nKexAlgorithms diffie-hellman-group1-sha1\nCiphers 3des-cbc\n");
    let server = format!("openssh@9.2p1/debian-12:{path}");
    let run = shakedown.run(&["negotiate", "openssh@9.2p1/debian-12", &server]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let first: Vec<&str> = run.stdout.lines().take(8).collect();
    let first = first.join("\n");
    assert!(first.contains("error[no-common-kex]"), "{}", run.stdout);
    assert!(first.contains("sshd_config:2:15"), "{}", run.stdout);
    assert!(run.stdout.contains("at fault: server"), "{}", run.stdout);
    assert!(run.stdout.contains("error[no-common-cipher]"), "{}", run.stdout);
    assert!(run.stdout.contains("re-computed"), "{}", run.stdout);

    let (_, document) = shakedown.json(&["negotiate", "openssh@9.2p1/debian-12", &server]);
    let fixes = document["fixes"].as_array().unwrap();
    let safe = fixes.iter().find(|fix| fix["applicability"] == "safe" && !fix["edits"].as_array().unwrap().is_empty());
    let safe = safe.unwrap_or_else(|| panic!("no safe edit in {document:#}"));
    assert_eq!(safe["outcome_after"]["result"], "agreed");
}

#[test]
fn bad_input_is_explained_with_its_place() {
    let shakedown = Shakedown::new();
    let cases: [(&str, Vec<u8>); 6] = [
        ("unknown-keyword", b"KexAlgoritms curve25519-sha256\n".to_vec()),
        ("unknown-algorithm", b"KexAlgorithms curve25519-sha265\n".to_vec()),
        ("missing-include", b"Include /no/such/folder/*.conf\nInclude \"unterminated\n".to_vec()),
        ("binary", (0..=255u8).cycle().take(4096).collect()),
        ("long-line", [b"Ciphers ".to_vec(), vec![b'a'; 10 << 20], b"\n".to_vec()].concat()),
        ("empty", Vec::new()),
    ];
    for (name, text) in cases {
        let path = shakedown.write(name, &text);
        let server = format!("openssh@9.2p1/debian-12:{path}");
        for format in ["text", "json", "markdown"] {
            let run = shakedown.run(&["negotiate", "openssh@9.2p1/debian-12", &server, "--format", format]);
            assert!((0..=3).contains(&run.status), "{name}: {}", run.stderr);
            assert!(!run.stderr.contains("panicked"), "{name}: {}", run.stderr);
            assert!(run.stdout.len() < 1 << 20, "{name} as {format}: {} bytes", run.stdout.len());
            let clean = run.stdout.chars().all(|c| c == '\n' || !c.is_control());
            assert!(clean, "{name} as {format} prints a control character");
        }
    }
    let path = shakedown.write("typing-error", "Port 22\nKexAlgoritms curve25519-sha256\n");
    let run = shakedown.run(&["negotiate", "openssh@9.2p1/debian-12", &format!("openssh@9.2p1/debian-12:{path}")]);
    assert!(run.stdout.contains("typing-error:2:1"), "{}", run.stdout);
    assert!(run.stdout.contains("KexAlgorithms"), "{}", run.stdout);
}

#[test]
fn demo_finds_explains_fixes_and_proves() {
    let shakedown = Shakedown::new();
    let run = shakedown.run(&["demo"]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    for expected in ["error[no-common-kex]", "error[no-common-cipher]", "re-computed", "proved:"] {
        assert!(run.stdout.contains(expected), "{expected}: {}", run.stdout);
    }
}

#[test]
fn a_refused_port_and_a_bare_name() {
    let shakedown = Shakedown::new();
    // Bound and dropped: nothing listens there any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let run = shakedown.run(&["check", &format!("ssh://127.0.0.1:{port}"), "--format", "json"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert_eq!(run.causes().first().map(String::as_str), Some("port-refused"));
    let bare = shakedown.run(&[&format!("127.0.0.1:{port}"), "--format", "json"]);
    assert_eq!(bare.causes().first().map(String::as_str), Some("port-refused"), "{}", bare.stderr);
    let unknown = shakedown.run(&["check", "no-such-host.invalid", "--format", "json"]);
    assert_eq!(unknown.causes().first().map(String::as_str), Some("name-resolution"), "{}", unknown.stdout);
}

#[test]
fn redaction_takes_names_out_of_every_format() {
    let shakedown = Shakedown::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for format in ["text", "json", "markdown"] {
        let target = format!("ssh://canaryuser@127.0.0.1:{port}");
        let run = shakedown.run(&["check", &target, "--redact", "--format", format]);
        for canary in ["canaryuser", "127.0.0.1"] {
            assert!(!run.stdout.contains(canary), "{canary} in {format}: {}", run.stdout);
        }
    }
}

#[test]
fn a_method_left_out_for_an_old_client_is_not_called_configured_out() {
    // sshd leaves group exchange out for PuTTY up to 0.64, which is all that the two would have in common.
    let shakedown = Shakedown::new();
    let (status, document) = shakedown.json(&["negotiate", "putty@0.60", "openssh@9.2p1/debian-12"]);
    assert_eq!(status, 1);
    let first = &document["diagnoses"][0];
    assert_eq!(first["cause"], "no-common-kex");
    assert_eq!(first["side"], "client", "{first:#}");
    assert_ne!(first["reason"], "configured-out", "{first:#}");
}

#[test]
fn a_list_that_is_empty_by_a_typing_error_is_the_typing_error() {
    let shakedown = Shakedown::new();
    let path = shakedown.write("sshd_config", "Port 22\nKexAlgorithms curve25519-sha265\n");
    let run = shakedown.run(&[
        "negotiate",
        "openssh@9.2p1/debian-12",
        &format!("openssh@9.2p1/debian-12:{path}"),
        "--format",
        "json",
    ]);
    assert_eq!(run.causes(), ["invalid-configuration"], "{}", run.stdout);
}

/// What no program checks before it is in use is for a person.
#[test]
fn a_file_that_no_program_checks_is_changed_by_hand() {
    let shakedown = Shakedown::new();
    let file =
        shakedown.write("stunnel.conf", "[x]\naccept = 443\nconnect = 1\ncert = x.pem\nsslVersionMin = TLSv1.3\n");
    let server = format!("stunnel@5.68+openssl@3.0.17/debian-12:{file}");
    let both = ["fix", "openssl@1.0.2u", &server];
    let (status, document) = shakedown.json(&both);
    assert_eq!(status, 1, "{document:#}");
    let fixes = document["fixes"].as_array().expect("fixes");
    let edits = |fix: &&serde_json::Value| fix["edits"].as_array().is_some_and(|edits| !edits.is_empty());
    let first = fixes.iter().find(edits).expect("a fix that edits the file");
    assert_eq!(first["applicability"], "manual", "{first:#}");
    assert!(first["notes"].to_string().contains("no check of its own"), "{first:#}");
    let run = shakedown.run(&[&both[..], &["--apply"]].concat());
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("no check of its own"), "{}", run.stderr);
}
