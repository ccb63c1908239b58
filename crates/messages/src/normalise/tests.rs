use proptest::prelude::*;

use super::{Clean, encoding, escapes, strip};

fn clean(original: &str) -> String {
    String::from_utf8_lossy(Clean::of(original.as_bytes()).bytes()).into_owned()
}

fn same(original: &str) {
    let clean = Clean::of(original.as_bytes());
    assert_eq!(String::from_utf8_lossy(clean.bytes()), original);
    assert!(!clean.is_changed(), "{original:?}");
}

/// The original's bytes that a part of the clean text was made of.
fn made_of<'a>(original: &'a [u8], part: &str) -> &'a [u8] {
    let clean = Clean::of(original);
    let start = memchr::memmem::find(clean.bytes(), part.as_bytes()).expect("the part is in the clean text");
    &original[clean.original(start..start + part.len())]
}

#[test]
fn colours_and_titles_go() {
    assert_eq!(clean("\u{1b}[1;31mfatal:\u{1b}[0m no \u{1b}[Kmatch"), "fatal: no match");
    assert_eq!(clean("\u{1b}]0;user@db01: ~\u{7}Connection reset"), "Connection reset");
    assert_eq!(clean("\u{1b}]8;;https://example.com\u{1b}\\link\u{1b}]8;;\u{1b}\\"), "link");
    assert_eq!(clean("\u{1b}(B\u{1b}[mtext\u{1b}=\u{1b}>"), "text");
    assert_eq!(clean("\u{9b}31mred\u{9b}0m"), "red");
    assert_eq!(
        clean("[0;31mERROR[0m rate [5m] of [main] [mysql] is kept"),
        "ERROR rate [5m] of [main] [mysql] is kept"
    );
    assert_eq!(clean("^[[31mERROR^[[0m^M\nnext^M"), "ERROR\nnext");
    assert_eq!(clean("\u{2190}[31mERROR\u{2190}[0m"), "ERROR");
    assert_eq!(clean("an unfinished \u{1b}]0;title\nnext"), "an unfinished 0;title\nnext");
    assert_eq!(clean("cut short \u{1b}[3"), "cut short ");
}

#[test]
fn what_the_windows_console_writes_for_blanks_and_lines() {
    assert_eq!(clean("no\u{1b}[1Cmatching\u{1b}[2Ccipher\u{1b}[5;1Hnext"), "no matching  cipher\nnext");
}

#[test]
fn line_ends_of_all_kinds() {
    assert_eq!(clean("a\r\nb\r\r\nc\rd\n"), "a\nb\nc\nd\n");
    assert_eq!(clean(" 10%\r 50%\r100%\nfatal: early EOF"), " 10%\n 50%\n100%\nfatal: early EOF");
    assert_eq!(clean("a\u{2028}b\u{c}c"), "a\nb\nc");
}

#[test]
fn backspaces_take_back_what_was_typed() {
    assert_eq!(clean("sshh\u{8} db01"), "ssh db01");
    assert_eq!(clean("N\u{8}NA\u{8}AM\u{8}M"), "NAM");
    assert_eq!(clean("é\u{8}e\n\u{8}\u{8}x"), "e\nx");
    assert_eq!(clean("a\0b\u{1}c\u{7f}"), "abc");
}

#[test]
fn utf_16_in_both_orders_with_and_without_mark() {
    let text = "ssh: Permission denied (publickey)\r\nnächste Zeile €\n";
    let wanted = "ssh: Permission denied (publickey)\nnächste Zeile €\n";
    for mark in ["", "\u{feff}"] {
        let units: Vec<u16> = format!("{mark}{text}").encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for original in [little, big] {
            let clean = Clean::of(&original);
            assert_eq!(String::from_utf8_lossy(clean.bytes()), wanted);
            let found = made_of(&original, "denied");
            assert_eq!(found.len(), 12);
            assert_eq!(found.iter().filter(|byte| **byte != 0).copied().collect::<Vec<_>>(), b"denied");
        }
    }
    assert_eq!(clean("\u{feff}text"), "text");
    // A torn unit at the end and half of a surrogate pair do no harm.
    assert_eq!(Clean::of(b"\xff\xfea\0\n\0b").bytes(), b"a\nb");
    assert_eq!(Clean::of(b"\xff\xfea\0\x3d\xd8b\0").bytes(), "a\u{fffd}b".as_bytes());
}

#[test]
fn a_few_zeros_do_not_make_text_utf_16() {
    assert_eq!(
        clean("key\0value\0Connection closed by 192.0.2.7 port 22\n"),
        "keyvalueConnection closed by 192.0.2.7 port 22\n"
    );
}

#[test]
fn what_is_not_utf_8_stays() {
    let original = b"Verbindung \xfcber 192.0.2.7 \xff\xfe\xc3(";
    assert_eq!(Clean::of(original).bytes(), original);
    assert_eq!(Clean::of(b"site\x92s key \x93x\x94").bytes(), b"site's key \"x\"");
    same("Schlüssel für müller nicht gefunden: 无法找到有效的计算机证书");
}

#[test]
fn typographic_characters_become_plain() {
    assert_eq!(
        clean("This site can’t “be” reached – diffie‑hellman…"),
        "This site can't \"be\" reached - diffie-hellman..."
    );
    assert_eq!(clean("no\u{a0}matching\u{200b} con\u{ad}fig ﬁngerprint"), "no matching config fingerprint");
    assert_eq!(clean("siteâ€™s â€œkeyâ€\u{9d}"), "site's \"key\"");
    assert_eq!(clean("错误：ＳＳＨ２，无法找到"), "错误：SSH2，无法找到");
    assert_eq!(clean("│ Error: dial tcp │\n│ │"), "Error: dial tcp \n");
}

#[test]
fn character_references_become_characters() {
    assert_eq!(
        clean("&quot;x&quot; isn&#39;t &lt;a&gt; &#x2019;&nbsp;&ndash; &amp; a&b=c;"),
        "\"x\" isn't <a> ' - & a&b=c;"
    );
    assert_eq!(clean("&unknown; &#xZZ; &"), "&unknown; &#xZZ; &");
}

#[test]
fn escaped_line_ends_of_strings_become_line_ends() {
    assert_eq!(
        clean(
            r#"fatal: [db01]: UNREACHABLE! => {"msg": "via ssh: no match.\r\nTheir offer: \"x\"\n", "unreachable": true}"#
        ),
        "fatal: [db01]: UNREACHABLE! => {\"msg\": \"via ssh: no match.\nTheir offer: \"x\"\n\", \"unreachable\": true}"
    );
    assert_eq!(
        clean(r#"{"log":"debug1: kex\n","stream":"stderr"}"#),
        "{\"log\":\"debug1: kex\n\",\"stream\":\"stderr\"}"
    );
    assert_eq!(clean(r"b'ssh: \x1b[31mconnect\x1b[0m to host\r\n'"), "b'ssh: connect to host\n'");
    assert_eq!(clean(r"stderr: no match.\nfatal: Could not read"), "stderr: no match.\nfatal: Could not read");
    assert_eq!(clean(r#"{"m": "it\u0027s \ud83d\ude00 \u201cx\u201d"}"#), "{\"m\": \"it's \u{1f600} \"x\"\"}");
    assert_eq!(clean("sshd[7]: fatal#012no matching cipher#011x #0123"), "sshd[7]: fatal\nno matching cipher\tx \n3");
    assert_eq!(clean(r#"{"error":"exit \"a\nb\": C:\\new\\table"}"#), "{\"error\":\"exit \"a\nb\": C:\\new\\table\"}");
}

#[test]
fn strings_within_strings() {
    let inner = "{\"log\":\"say \\\"no match\\\"\\n\"}";
    let outer = format!("{{\"message\":\"{}\"}}", inner.replace('\\', "\\\\").replace('"', "\\\""));
    assert_eq!(clean(&outer), "{\"message\":\"{\"log\":\"say \"no match\"\n\"}\"}");
}

#[test]
fn backslashes_of_names_and_paths_stay() {
    same(r"Failed password for EXAMPLE\nigel from 192.0.2.7");
    same(r#"user "EXAMPLE\nigel" is not allowed"#);
    same(r"Load key C:\Users\rita\new\table\id_rsa failed");
    same(r"C:\Users\user/.ssh/config: line 3: Bad configuration option");
    same(r"HKLM\Software\newer\SCHANNEL");
    same(r"pattern ^\d+\.\d+$ did not match");
}

#[test]
fn marks_of_pages_go() {
    assert_eq!(clean("> > no matching cipher\n>next"), "no matching cipher\nnext");
    assert_eq!(clean("diff --git a b\n@@ -1 +1 @@\n-old\n+new"), "diff --git a b\n@@ -1 +1 @@\nold\nnew");
    assert_eq!(clean("| Host | Error |\n| a | no matching cipher |"), "Host | Error\na | no matching cipher");
    assert_eq!(clean("<p>no <b>matching</b> cipher</p>x<br/>y"), "\nno matching cipher\nx\ny");
    same(">>> TLS 1.3, Handshake [length 0005], ClientHello");
    same("<site-a|3> received NO_PROPOSAL_CHOSEN notify error");
    same("| NSS: decoding certs failed");
    same("- Status: not trusted\n+ ssh db01");
    // As long as each other by chance.
    same(
        "ssh: connect to host 127.0.0.1 port 40111: Connection refused\n\
         kex_exchange_identification: Connection closed by remote host",
    );
}

#[test]
fn a_terminals_lines_are_put_together() {
    let whole = "2024/01/03 08:54:21 ssh: handshake failed: no common algorithm for key exchange; client offered: \
        [curve25519-sha256 ecdh-sha2-nistp256 diffie-hellman-group14-sha256], server offered: [diffie-hellman-group1-sha1]";
    let wrapped: Vec<&str> = (0..whole.len()).step_by(80).map(|at| &whole[at..whole.len().min(at + 80)]).collect();
    assert_eq!(
        clean(&format!("{}\n2024/01/03 08:54:22 next", wrapped.join("\n"))),
        format!("{whole}\n2024/01/03 08:54:22 next")
    );
    assert_eq!(clean(&wrapped.join("\r\n")), whole);
}

#[test]
fn names_broken_in_two_are_put_together() {
    assert_eq!(
        clean("no match. Their offer: diffie-hellman-group-exchange-sha1,\ndiffie-hellman-group14-sha1\n"),
        "no match. Their offer: diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1\n"
    );
    assert_eq!(clean("offer: ecdh-sha2-\nnistp256,x"), "offer: ecdh-sha2-nistp256,x");
    assert_eq!(clean("offer: diffie-hell\nman-group1-sha1"), "offer: diffie-hellman-group1-sha1");
    assert_eq!(clean("no matching key exch\nange method found"), "no matching key exchange method found");
    assert_eq!(clean("Their offer:\nssh-rsa,ssh-dss\nnext"), "Their offer: ssh-rsa,ssh-dss\nnext");
    assert_eq!(clean("> offer: aes128-cbc,\n> aes256-cbc"), "offer: aes128-cbc,aes256-cbc");
}

#[test]
fn lists_of_one_name_a_line_become_one_line() {
    assert_eq!(
        clean("Kex {\n  ours: [\n    \"curve25519-sha256\",\n    \"ext-info-c\"\n  ],\n  kind: Kex,\n}"),
        "Kex {\n  ours: [ \"curve25519-sha256\", \"ext-info-c\" ],\n  kind: Kex,\n}"
    );
    same("{\n  errno: 'EPROTO',\n  code: 'EPROTO',\n  syscall: 'write'\n}");
}

#[test]
fn words_that_a_mail_program_moved_to_the_next_line() {
    assert_eq!(
        clean(
            "Unable to negotiate with 192.0.2.7 port 22: no matching key exchange\nmethod found. Their offer: diffie-hellman-group1-sha1"
        ),
        "Unable to negotiate with 192.0.2.7 port 22: no matching key exchange method found. Their offer: diffie-hellman-group1-sha1"
    );
}

#[test]
fn lines_that_nobody_broke_stay() {
    for text in [
        "debug1: kex_input_ext_info: server-sig-algs=<ssh-ed25519,rsa-sha2-256,rsa-sha2-512,x>\ndebug1: next",
        "depth=0 CN = a-host-with-a-rather-long-name.department.example.com\nverify error:num=18:self-signed certificate\nverify return:1",
        "Connection closed by 192.0.2.7 port 22\nkex_exchange_identification: read: Connection reset",
        "Jan  1 10:00:00 a sshd[1]: Connection from 192.0.2.7 port 40000 on 192.0.2.1 port 22 xx\nJan  1 10:00:01 a sshd[1]: x",
        "pfkey unable to add SAD entry with SPI c27dfe6f: not implemented\npfkey unable to add SAD entry with SPI c26c4e5e: not implemented\nunable to install inbound and outbound SA",
        "\"site\"[1] 192.0.2.132 #1: retransmitting in response to a duplicate packet; MAIN_R1\n\"site\"[1] 192.0.2.132 #1: deleting incomplete state after sixty seconds of retries ok\nnext",
        "charon: loaded EAP shared key for a user named 'user1'\npeer requested EAP, configuration unacceptable",
        "No acceptable signature hash proposal included for rsasig in I2 Auth Payload\nresponding to IKE_AUTH message (ID 1) with encrypted notification",
        "---\nno peer certificate available\n---\nNo client certificate CA names sent\n---",
        "--------------------------------------------------------------------------------\nxxxxx",
    ] {
        same(text);
    }
}

#[test]
fn quoted_printable_goes() {
    assert_eq!(
        clean("Content-Transfer-Encoding: quoted-printable\n\nno match=2E Their offer: a,=\nb =E2=80=9Cx=E2=80=9D"),
        "Content-Transfer-Encoding: quoted-printable\n\nno match. Their offer: a,b \"x\""
    );
    assert_eq!(
        clean("Unable to negotiate with 192.0.2.7: no matching key exchange method foun=\nd.\n"),
        "Unable to negotiate with 192.0.2.7: no matching key exchange method found.\n"
    );
    same("gss-group1-sha1-toWM5Slw5Ew8Mqkay+al2g==\nnext");
}

#[test]
fn the_way_back_gives_the_users_own_bytes() {
    let original = "\u{1b}[31mno “matching”\u{1b}[0m cipher&quot;\r\nnext".as_bytes();
    assert_eq!(made_of(original, "matching"), b"matching");
    assert_eq!(made_of(original, "\"matching\""), "“matching”".as_bytes());
    assert_eq!(made_of(original, "cipher\""), b"cipher&quot;");
    assert_eq!(made_of(original, "next"), b"next");
    assert_eq!(made_of(br#"{"m":"a\r\nno \"match\""}"#, "match"), b"match");
    let wrapped = b"offer: diffie-hell\nman-group1-sha1";
    assert_eq!(made_of(wrapped, "diffie-hellman-group1-sha1"), b"diffie-hell\nman-group1-sha1");
}

#[test]
fn plain_text_is_borrowed() {
    let text = "Jan  1 10:00:00 a sshd[1]: Connection from 192.0.2.7 port 40000\n".repeat(1000);
    assert!(!Clean::of(text.as_bytes()).is_changed());
    assert_eq!(Clean::of(text.as_bytes()).original(5..17), 5..17);
}

/// Bytes in which what matters here is frequent.
fn dirty() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "\u{1b}",
            "\u{1b}[31m",
            "\u{1b}]0;",
            "\u{7}",
            "\r",
            "\n",
            "\r\n",
            "\u{8}",
            "\0",
            "\\n",
            "\\\\",
            "\\\"",
            "\\u001b[",
            "\\ud83d",
            "\"",
            "&quot;",
            "&#39;",
            "&",
            ";",
            "“",
            "’",
            "\u{feff}",
            "é",
            "=",
            "=3D",
            "=\n",
            "> ",
            "| ",
            " |",
            "<br>",
            "#012",
            "#0",
            "diffie-",
            "hellman",
            ",",
            "[",
            "]",
            "C:\\",
            "matching key exch",
            "ange",
            " ",
            "quoted-printable",
            "[0m",
            "^[[",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
        "[a-z ]{0,40}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_have_a_way_back_within_bounds_and_in_order(original in dirty()) {
        let clean = Clean::of(&original);
        let mut before = 0;
        for at in 0..clean.bytes().len() {
            let part = clean.original(at..at + 1);
            prop_assert!(part.start <= part.end && part.end <= original.len(), "{at}: {part:?}");
            prop_assert!(part.start >= before, "{at}: {part:?} after {before}");
            before = part.start;
        }
        let all = clean.original(0..clean.bytes().len());
        prop_assert!(all.end <= original.len());
        let _ = clean.original(5..usize::MAX);
    }

    /// What is not even tried on a text would have changed nothing.
    #[test]
    fn a_look_over_a_text_misses_nothing(bytes in dirty()) {
        let looked = strip::look(&bytes);
        let rewritten = encoding::decode(&bytes).is_some() || strip::strip(&bytes).is_some();
        prop_assert!(looked.dirty || !rewritten);
        prop_assert!(looked.dirty || looked.escaped || escapes::unescape(&bytes).is_none());
    }

    #[test]
    fn random_bytes_do_no_harm(original in prop::collection::vec(any::<u8>(), 0..300)) {
        let clean = Clean::of(&original);
        prop_assert!(clean.original(0..clean.bytes().len()).end <= original.len());
    }

    #[test]
    fn plain_lines_stay_as_they_are(lines in prop::collection::vec("[A-Z][a-z]{1,8}: [a-z0-9 .()/]{0,30}[.]", 0..20)) {
        let text = lines.join("\n");
        let clean = Clean::of(text.as_bytes());
        prop_assert_eq!(clean.bytes(), text.as_bytes());
    }

    #[test]
    fn what_terminals_and_typography_leave_is_clean(text in "[a-zé “”’\u{1b}\r\u{8}\u{a0}\\[0-9m]{0,80}") {
        let once = Clean::of(text.as_bytes());
        if !text.contains("[") {
            let again = Clean::of(once.bytes());
            prop_assert_eq!(again.bytes(), once.bytes());
        }
    }
}
