//! `explain` as a person uses it: exit statuses, standard input, formats.

use std::io::Write;
use std::process::{Command, Output, Stdio};

const NO_KEX: &str = "no matching key exchange method found. Their offer: diffie-hellman-group1-sha1 [preauth]";

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_shakedown"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    // A run that refuses its command line reads nothing.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().expect("the program ends")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("a JSON document")
}

const PASTED: &str =
    "Unable to negotiate with 192.0.2.7 port 22: no matching host key type found. Their offer: ssh-rsa\n";

#[test]
fn a_pasted_error_is_explained_with_and_without_a_verb() {
    for arguments in [&["explain"][..], &["explain", "-"], &[]] {
        let output = run(arguments, PASTED.as_bytes());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text(&output).contains("error[no-common-host-key-algorithm]"), "{}", text(&output));
    }
}

#[test]
fn every_format_tells_of_a_text() {
    for (format, needle) in [
        ("json", "\"no-common-host-key-algorithm\""),
        ("markdown", "no-common-host-key-algorithm"),
        ("sarif", "no-common-host-key-algorithm"),
        ("handoff", "ssh-rsa"),
    ] {
        let output = run(&["explain", "--format", format], PASTED.as_bytes());
        assert_eq!(output.status.code(), Some(1), "{format}");
        assert!(text(&output).contains(needle), "{format}: {}", text(&output));
    }
}

#[test]
fn redacted_output_holds_no_host_of_the_text() {
    let log = format!(
        "Nov 21 10:00:00 gw01.example.com sshd[7]: Unable to negotiate with 198.51.100.77 port 40001: {NO_KEX}\n\
         Nov 21 10:00:05 gw01.example.com sshd[8]: Unable to negotiate with 198.51.100.78 port 40002: {NO_KEX}\n"
    );
    for format in ["text", "json", "markdown", "sarif", "handoff"] {
        let output = run(&["explain", "--redact", "--format", format], log.as_bytes());
        for secret in ["gw01", "example.com", "198.51.100.7"] {
            assert!(!text(&output).contains(secret), "{format} shows {secret}: {}", text(&output));
        }
    }
}

/// Nobody has printed what a person says in own words.
#[test]
fn words_of_nobody_are_not_said_to_be_printed() {
    for format in ["text", "json"] {
        let output = run(&["explain", "--format", format], b"the tunnel is down: phase 2 proposal mismatch\n");
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert!(text(&output).contains("no-common-child-proposal"), "{}", text(&output));
        assert!(!text(&output).contains("`plain-words`"), "{}", text(&output));
    }
}

#[test]
fn what_is_not_recognised_is_status_3_with_the_nearest_message() {
    let output = run(&["explain"], b"It was a dark and stormy night.\n");
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output).contains("nothing was recognised"), "{}", text(&output));
    let output = run(&["explain"], b"no mathcing key exchange methd found\n");
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output).contains("looks like"), "{}", text(&output));
}

#[test]
fn empty_and_binary_input_is_named_and_status_3() {
    for (input, what) in [(&b""[..], "is empty"), (b"\x7fELF\x02\x01\x01\0\0\0", "is not text")] {
        let output = run(&["explain"], input);
        assert_eq!(output.status.code(), Some(3), "{what}");
        assert!(text(&output).contains(what), "{}", text(&output));
        assert_eq!(json(&run(&["explain", "--format", "json"], input))["command"], "explain");
    }
}

#[test]
fn a_folder_or_a_missing_file_is_a_wrong_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("not-there.log");
    for path in [folder.path(), missing.as_path()] {
        let output = run(&["explain", &path.display().to_string()], b"");
        assert_eq!(output.status.code(), Some(2));
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn strangers_are_one_line_and_the_known_peer_comes_first() {
    let mut log = String::new();
    for number in 0..87 {
        log += &format!(
            "Nov 21 10:00:00 gw sshd[{}]: Unable to negotiate with 203.0.113.{number} port 50000: {NO_KEX}\n",
            100 + number
        );
    }
    log += "Nov 21 10:01:00 gw sshd[7]: Accepted publickey for root from 192.0.2.7 port 40001 ssh2: ED25519 x\n";
    let output = run(&["explain"], log.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).starts_with("nobody but strangers failed\n"), "{}", text(&output));
    assert!(text(&output).contains("87 connection attempts of 87 strangers failed"), "{}", text(&output));
    let everybody = run(&["explain", "--known", "0.0.0.0/0"], log.as_bytes());
    assert_eq!(everybody.status.code(), Some(1));
    assert!(text(&everybody).contains("86 more like it"), "{}", text(&everybody));

    let one = run(&["explain", "--known", "203.0.113.5"], log.as_bytes());
    assert_eq!(one.status.code(), Some(1));
    assert!(text(&one).contains("error[") && text(&one).contains("86 strangers"), "{}", text(&one));

    log += &format!("Nov 21 10:02:00 gw sshd[8]: Unable to negotiate with 192.0.2.7 port 40002: {NO_KEX}\n");
    let output = run(&["explain", "--format", "json"], log.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    let document = json(&output);
    let incident = &document["incidents"][document["diagnoses"][0]["incident"].as_u64().expect("an incident") as usize];
    assert_eq!((&incident["peer"], &incident["standing"]), (&"192.0.2.7".into(), &"known".into()));
    let strangers: Vec<_> = document["incidents"]
        .as_array()
        .expect("incidents")
        .iter()
        .filter(|incident| incident["standing"] == "stranger")
        .collect();
    assert_eq!((strangers.len(), &strangers[0]["count"], &strangers[0]["peers"]), (1, &87.into(), &87.into()));
}

#[test]
fn a_log_of_many_megabytes_is_quoted_with_its_own_line_numbers() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.log");
    let other = "Nov 21 10:00:00 gw cron[1]: (root) CMD (run-parts --report of some folder or other)\n";
    let mut log = other.repeat(60_000);
    log += &format!("Nov 21 10:00:00 gw sshd[8]: Unable to negotiate with 192.0.2.7 port 40002: {NO_KEX}\n");
    let at = log.find("Unable").expect("the message");
    log += &other.repeat(1000);
    std::fs::write(&path, &log).expect("a file");
    let output = run(&["explain", "--format", "json", &path.display().to_string()], b"");
    assert_eq!(output.status.code(), Some(1));
    let origin = &json(&output)["evidence"][0]["origin"];
    assert_eq!((&origin["line"], &origin["start"]), (&60_001.into(), &at.into()), "{origin}");
    let shown = text(&run(&["explain", &path.display().to_string()], b""));
    assert!(shown.contains("large.log:60001:") && shown.contains("Unable to negotiate"), "{shown}");
}

#[test]
fn the_logs_of_both_ends_are_one_incident() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let client = write(
        "client.log",
        "Unable to negotiate with 192.0.2.1 port 22: no matching cipher found. Their offer: 3des-cbc\n",
    );
    let server = write(
        "server.log",
        "Nov 21 10:00:00 gw sshd[7]: Unable to negotiate with 192.0.2.7 port 40001: no matching cipher found. Their \
         offer: aes256-gcm@openssh.com [preauth]\n",
    );
    let output = run(&["explain", "--client", &client, "--server", &server, "--format", "json"], b"");
    assert_eq!(output.status.code(), Some(1));
    let document = json(&output);
    assert_eq!(document["incidents"].as_array().map(Vec::len), Some(1), "{document:#}");
    let first = &document["diagnoses"][0];
    assert_eq!((&first["cause"], &first["side"]), (&"no-common-cipher".into(), &"server".into()), "{first:#}");
    assert!(first["confidence"].as_f64().is_some_and(|confidence| confidence >= 0.9), "{first:#}");
}

#[test]
fn of_two_long_logs_a_part_is_put_together_and_the_report_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let line = format!("Nov 21 10:00:00 gw sshd[7]: {PASTED}");
    std::fs::write(path("server.log"), line.repeat(10_000)).expect("a file");
    std::fs::write(path("client.log"), PASTED).expect("a file");
    let output = run(&["explain", "--client", &path("client.log"), "--server", &path("server.log")], b"");
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output);
    assert!(shown.contains("server.log` the first") && shown.contains("cut it to the time"), "{shown}");
    assert!(!shown.contains("client.log` the first"), "{shown}");
}

/// The values of both ends stand in the log: the answer was only where to look for them.
#[test]
fn every_attribute_that_two_gateways_differ_in_is_named() {
    let racoon = "2026-11-20 10:00:01: ERROR: rejected enctype: DB(prop#1:trns#1):Peer(prop#1:trns#1) = AES-CBC:3DES-CBC\n\
        2026-11-20 10:00:01: ERROR: rejected hashtype: DB(prop#1:trns#1):Peer(prop#1:trns#1) = SHA256:SHA\n\
        2026-11-20 10:00:01: ERROR: rejected hashtype: DB(prop#1:trns#1):Peer(prop#1:trns#2) = SHA256:SHA\n\
        2026-11-20 10:00:01: ERROR: no suitable proposal found.\n";
    let asa = "%ASA-7-713236: Phase 1 failure:  Mismatched attribute types for class Group Description:  Rcv'd: Group 2  Cfg'd: Group 5\n\
        %ASA-7-713236: Phase 1 failure:  Mismatched attribute types for class Hash Alg:  Rcv'd: SHA  Cfg'd: MD5\n\
        %ASA-3-713048: IP = 192.0.2.7, All SA proposals found unacceptable\n";
    let racoons =
        ["here AES-CBC is configured, the peer offers 3DES-CBC", "here SHA256 is configured, the peer offers SHA"];
    let asas = ["the peer offers Group 2, here Group 5 is configured", "the peer offers SHA, here MD5 is configured"];
    for (log, differences) in [(racoon, racoons), (asa, asas)] {
        let output = run(&["explain"], log.as_bytes());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        let shown = text(&output);
        assert!(shown.starts_with("error[no-common-proposal]: no"), "{shown}");
        for difference in differences {
            assert_eq!(shown.matches(difference).count(), 1, "{difference}: {shown}");
        }
        assert!(!shown.contains("to decide"), "{shown}");
    }
}

/// A FortiGate's debug output lists what came in and what it has, in each version and for the tunnel.
#[test]
fn the_lists_of_a_fortigate_are_compared() {
    let line = |text: &str| format!("ike 0:home:14: {text}\n");
    let list = |lines: &[&str]| lines.iter().map(|text| line(text)).collect::<String>();
    let phase1 = |cipher: &str, hash: &str, group: &str| {
        let attributes = [
            ("OAKLEY_ENCRYPT_ALG", cipher),
            ("OAKLEY_HASH_ALG", hash),
            ("AUTH_METHOD", "PRESHARED_KEY."),
            ("OAKLEY_GROUP", group),
        ];
        let attributes = attributes.map(|(name, value)| line(&format!("        type={name}, val={value}"))).concat();
        list(&[
            "proposal id = 1:",
            "  protocol id = ISAKMP:",
            "     trans_id = KEY_IKE.",
            "     encapsulation = IKE/none",
        ]) + &attributes
    };
    let ike = line("incoming proposal:")
        + &phase1("AES_CBC, key-len=256", "SHA.", "MODP1024.")
        + &line("my proposal, gw other:")
        + &phase1("3DES_CBC.", "MD5.", "MODP1536.")
        + &line("my proposal, gw home:")
        + &phase1("AES_CBC, key-len=256", "SHA2_256.", "MODP2048.")
        + "ike Negotiate ISAKMP SA Error: ike 0:home:14: no SA proposal chosen\n";
    let phase2 = |bits: u16, hash: &str, pfs: &str| {
        let cipher = format!("     trans_id = ESP_AES_CBC (key_len = {bits})");
        let hash = format!("        type = AUTH_ALG, val={hash}");
        list(&["proposal id = 1:", "  protocol id = IPSEC_ESP:", pfs, &cipher, &hash])
    };
    let esp = line("responder received first quick-mode message")
        + &line("incoming proposal:")
        + &phase2(128, "SHA1", "")
        + &line("my proposal:")
        + &phase2(256, "SHA2_256", "  PFS DH group = 14")
        + "ike Negotiate IPsec SA Error: ike 0:home:14:55: no SA proposal chosen\n";
    let ikes =
        ["the initiator offers `sha1`, the responder accepts `sha256`", "`modp1024`, the responder accepts `modp2048`"];
    let esps = [
        "the initiator offers `aes128`, the responder accepts `aes256`",
        "group: the initiator offers none, the responder accepts `modp2048`",
    ];
    for (log, cause, differences) in [(ike, "no-common-proposal", ikes), (esp, "no-common-child-proposal", esps)] {
        let shown = text(&run(&["explain"], log.as_bytes()));
        assert!(shown.starts_with(&format!("error[{cause}]: initiator and responder share no")), "{shown}");
        for difference in differences {
            assert_eq!(shown.matches(difference).count(), 1, "{difference}: {shown}");
        }
        assert!(!shown.contains("to decide"), "{shown}");
    }
}

/// IOS prints what it was offered, and only that its own policy has something else.
#[test]
fn a_router_tells_what_it_was_offered_in_each_attribute_that_differs() {
    let block = |policy: u8, what: &str| {
        let lines = [
            &format!("ISAKMP:(0):Checking ISAKMP transform 1 against priority {policy} policy"),
            "ISAKMP:      encryption 3DES-CBC",
            "ISAKMP:      hash SHA",
            "ISAKMP:      default group 2",
            "ISAKMP:      auth pre-share",
            "ISAKMP:      life type in seconds",
            "ISAKMP:      life duration (VPI) of  0x0 0x1 0x51 0x80",
            &format!("ISAKMP:(0):{what} offered does not match policy!"),
            "ISAKMP:(0):atts are not acceptable. Next payload is 0",
        ];
        lines.map(|line| format!("*Nov 20 10:00:01.123: {line}\n")).concat()
    };
    let log = block(10, "Encryption algorithm")
        + &block(20, "Hash algorithm")
        + "*Nov 20 10:00:01.127: ISAKMP:(0):no offers accepted!\n\
           *Nov 20 10:00:01.127: ISAKMP:(0): phase 1 SA policy not acceptable! (local 192.0.2.1 remote 192.0.2.7)\n";
    let shown = text(&run(&["explain"], log.as_bytes()));
    assert!(shown.starts_with("error[no-common-proposal]: no"), "{shown}");
    for difference in [
        "encryption algorithm: transform 1 of the peer has 3DES-CBC, the policy of priority 10 another one",
        "hash: transform 1 of the peer has SHA, the policy of priority 20 another one",
    ] {
        assert_eq!(shown.matches(difference).count(), 1, "{difference}: {shown}");
    }
}

/// Quotes that do not end are told in the same words by ssh and sshd: the program of the line, or the command before it, is the side.
#[test]
fn whose_quotes_are_wrong_is_told_where_the_text_has_it() {
    for (log, side) in [
        ("Nov 20 10:00:01 gw sshd[812]: error: hard.conf line 7: invalid quotes\n", "at fault: server"),
        ("$ ssh -F jump.conf db01\njump.conf line 7: invalid quotes\n", "at fault: client"),
        ("root@gw:~# /usr/sbin/sshd -t -f hard.conf\nhard.conf line 7: unterminated quote\n", "at fault: server"),
        ("jump.conf line 7: invalid quotes\n", "at fault: it cannot be told"),
    ] {
        let shown = text(&run(&["explain"], log.as_bytes()));
        assert!(shown.contains(side) && shown.contains("error[invalid-configuration]"), "{log}: {shown}");
    }
}

#[test]
fn who_has_to_change_is_told_where_the_text_shows_it() {
    let cases = [
        // Of what a security key holds no server has a host key.
        (
            "sshd[7]: Unable to negotiate with 192.0.2.9 port 50122: no matching host key type found. \
             Their offer: sk-ssh-ed25519@openssh.com [preauth]",
            ("no-common-host-key-algorithm", "client"),
        ),
        // A word processor put a blank into a name.
        (
            "sshd[7]: fatal: no matching mac found: client hmac-md5,hmac-s ha1,hmac-md5-96 \
             server hmac-sha2-512,hmac-sha2-256 [preauth]",
            ("no-common-mac", "client"),
        ),
        (
            "RP/0/RP0/CPU0:2021 Apr 1 10:00:00.000: SSHD_[7]: %SECURITY-SSHD-6-INFO_GENERAL : no matching cipher found: \
             client aes256-ctr,aes128-ctr, server 3des-cbc",
            ("no-common-cipher", "server"),
        ),
        // Who accepts and reads no TLS has a client that speaks none.
        (
            "LOG3[5]: SSL_accept: error:1408F10B:SSL routines:ssl3_get_record:wrong version number",
            ("wrong-protocol", "client"),
        ),
        (
            "$ curl https://host.example.com:80/\n\
             curl: (35) error:0A00010B:SSL routines::wrong version number",
            ("wrong-protocol", "client"),
        ),
        (
            "debug1: Connecting to ftp.example.com [192.0.2.7] port 21.\n\
             kex_exchange_identification: Connection closed by remote host",
            ("wrong-protocol", "client"),
        ),
    ];
    for (line, expected) in cases {
        let report = json(&run(&["explain", "--format", "json"], line.as_bytes()));
        let first = &report["diagnoses"][0];
        let found = (first["cause"].as_str(), first["side"].as_str());
        assert_eq!(found, (Some(expected.0), Some(expected.1)), "{line}\n{report:#}");
    }
}

#[test]
fn a_reason_that_is_cut_off_or_in_another_language_leaves_what_the_message_says() {
    let cases = [
        ("ssh: Could not resolve hostname db01.example.com: nodename", "name-resolution"),
        ("ssh: connect to host db01 port 22: 由于目标计算机积极拒绝，无法连接。", "port-refused"),
        ("SocketException: Une connexion existante a dû être fermée par l’hôte distant", "connection-cut"),
        ("ssh: connect to host db01 port 22: Connexion refusée", "port-refused"),
        ("curl: (7) Failed to connect to db01 port 443 after 0 ms: 接続を拒否されました", "port-refused"),
        ("psql: error: could not connect to server: В соединении отказано", "port-refused"),
        (
            "AuthenticationException: Das Remotezertifikat ist laut Validierungsverfahren ungültig.",
            "certificate-untrusted",
        ),
    ];
    for (line, expected) in cases {
        let report = json(&run(&["explain", "--format", "json"], line.as_bytes()));
        assert_eq!(report["diagnoses"][0]["cause"], expected, "{line}\n{report:#}");
    }
}
