use proptest::prelude::*;

use super::Envelope;

/// What is expected: time, host, program, process, connection, message; empty for none.
type Row = (&'static str, [&'static str; 6]);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // syslog, RFC 3164
    ("Jan  2 10:11:12 gw sshd[12]: Connection closed [preauth]", ["Jan  2 10:11:12", "gw", "sshd", "12", "", "Connection closed [preauth]"]),
    ("Jan 22 10:11:12 gw.example.com sshd-session[1234]: error: kex", ["Jan 22 10:11:12", "gw.example.com", "sshd-session", "1234", "", "error: kex"]),
    ("Jan  2 10:11:12 sshd[12]: text", ["Jan  2 10:11:12", "", "sshd", "12", "", "text"]),
    ("<34>Jan  2 10:11:12 gw su: text", ["Jan  2 10:11:12", "gw", "su", "", "", "text"]),
    ("Jan  2 10:11:12 gw postfix/smtpd[12]: SSL_accept error", ["Jan  2 10:11:12", "gw", "postfix/smtpd", "12", "", "SSL_accept error"]),
    ("Jan  2 10:11:12 gw charon: 08[IKE] <site-a|3> no match", ["Jan  2 10:11:12", "gw", "charon", "", "site-a|3", "no match"]),
    ("Jan  2 10:11:12 gw charon-systemd[12]: 13[NET] text", ["Jan  2 10:11:12", "gw", "charon-systemd", "12", "", "text"]),
    ("Jan  2 10:11:12 gw ipsec[12]: 08[IKE] <3> text", ["Jan  2 10:11:12", "gw", "ipsec", "12", "3", "text"]),
    ("Jan  2 10:11:12 gw pluto[12]: \"site\"[1] 192.0.2.7 #4: no", ["Jan  2 10:11:12", "gw", "pluto", "12", "\"site\"[1] 192.0.2.7 #4", "no"]),
    ("Jan  2 10:11:12 gw dovecot: imap-login: Disconnected", ["Jan  2 10:11:12", "gw", "dovecot", "", "", "imap-login: Disconnected"]),
    ("Jan  2 10:11:12 gw haproxy[12]: 192.0.2.7:5000 [02/Jan/2024:10:11:12.123] fe/1: SSL handshake failure", ["Jan  2 10:11:12", "gw", "haproxy", "12", "192.0.2.7:5000", "192.0.2.7:5000 [02/Jan/2024:10:11:12.123] fe/1: SSL handshake failure"]),
    ("Jan  2 10:11:12 gw kernel: [   12.345678] text", ["Jan  2 10:11:12", "gw", "kernel", "", "", "text"]),
    ("Jan  2 10:11:12 gw kernel: [UFW BLOCK] IN=eth0", ["Jan  2 10:11:12", "gw", "kernel", "", "", "[UFW BLOCK] IN=eth0"]),
    ("Jan  2 10:11:12 gw sshd[12]: [ID 800047 auth.info] text", ["Jan  2 10:11:12", "gw", "sshd", "12", "", "text"]),
    ("Jan 02 2024 10:11:12 asa : %ASA-4-113019: Group = x", ["Jan 02 2024 10:11:12", "asa", "", "", "", "%ASA-4-113019: Group = x"]),
    ("Jan 02 2024 10:11:12: %ASA-4-113019: Group = x", ["Jan 02 2024 10:11:12", "", "", "", "", "%ASA-4-113019: Group = x"]),
    // syslog with other times, RFC 5424
    ("2024-01-02T10:11:12.123456+01:00 gw sshd[12]: text", ["2024-01-02T10:11:12.123456+01:00", "gw", "sshd", "12", "", "text"]),
    ("2024-01-02T10:11:12Z gw charon: 08[IKE] text", ["2024-01-02T10:11:12Z", "gw", "charon", "", "", "text"]),
    ("<34>1 2024-01-02T10:11:12Z gw sshd 12 - - text", ["2024-01-02T10:11:12Z", "gw", "sshd", "12", "", "text"]),
    ("<34>1 2024-01-02T10:11:12Z gw charon - ID1 [a@1 b=\"c\"][d@2] 08[IKE] <a|1> text", ["2024-01-02T10:11:12Z", "gw", "charon", "", "a|1", "text"]),
    ("Mon Jan  2 10:11:12 2024 authpriv.info dropbear[12]: text", ["Mon Jan  2 10:11:12 2024", "", "dropbear", "12", "", "text"]),
    // journald
    ("Jan 02 10:11:12 gw systemd[1]: ssh.service: text", ["Jan 02 10:11:12", "gw", "systemd", "1", "", "ssh.service: text"]),
    ("2024-01-02T10:11:12+0100 gw sshd[12]: text", ["2024-01-02T10:11:12+0100", "gw", "sshd", "12", "", "text"]),
    ("    MESSAGE=Connection closed", ["", "", "", "", "", "Connection closed"]),
    ("Connection closed by 192.0.2.7 port 22", ["", "", "", "", "", "Connection closed by 192.0.2.7 port 22"]),
    ("sshd[12]: text", ["", "", "sshd", "12", "", "text"]),
    // containers
    ("2024-01-02T10:11:12.123456789Z stderr F debug1: kex", ["2024-01-02T10:11:12.123456789Z", "", "", "", "", "debug1: kex"]),
    ("web_1  | 2024/01/02 10:11:12 [error] 12#12: *17 SSL_do_handshake() failed", ["2024/01/02 10:11:12", "web_1", "", "12", "*17", "SSL_do_handshake() failed"]),
    ("web-1 | ssh: text", ["", "web-1", "", "", "", "ssh: text"]),
    ("[pod/web-0/app] 2024-01-02T10:11:12Z text", ["2024-01-02T10:11:12Z", "web-0", "", "", "", "text"]),
    ("{\"log\":\"text\"}", ["", "", "", "", "", "text\"}"]),
    ("{\"time\":\"2024-01-02T10:11:12Z\",\"pid\":12,\"msg\":\"text\"}", ["2024-01-02T10:11:12Z", "", "", "12", "", "{\"time\":\"2024-01-02T10:11:12Z\",\"pid\":12,\"msg\":\"text\"}"]),
    ("{\"_PID\":\"12\",\"SYSLOG_IDENTIFIER\":\"sshd\",\"_HOSTNAME\":\"gw\",\"MESSAGE\" : \"text\"}", ["", "gw", "sshd", "12", "", "text\"}"]),
    ("{\"code\":\"ERR_SSL_X\",\"message\":\"text\"}", ["", "", "", "", "", "{\"code\":\"ERR_SSL_X\",\"message\":\"text\"}"]),
    ("    \"msg\": \"text\",", ["", "", "", "", "", "text\","]),
    // the kernel
    ("[   12.345678] text", ["12.345678", "", "", "", "", "text"]),
    ("[12345.678901] charon: 08[IKE] <a|1> text", ["12345.678901", "", "charon", "", "a|1", "text"]),
    // web and mail servers
    ("2024/01/02 10:11:12 [error] 12#12: *17 SSL_do_handshake() failed", ["2024/01/02 10:11:12", "", "", "12", "*17", "SSL_do_handshake() failed"]),
    ("2024/01/02 10:11:12 [emerg] 1#1: cannot load", ["2024/01/02 10:11:12", "", "", "1", "", "cannot load"]),
    ("nginx: [emerg] cannot load", ["", "", "", "", "", "nginx: [emerg] cannot load"]),
    ("[Fri Dec 22 10:11:12.123456 2023] [ssl:emerg] [pid 1:tid 2] AH02572: text", ["Fri Dec 22 10:11:12.123456 2023", "", "", "1", "", "AH02572: text"]),
    ("[Fri Dec 22 10:11:12 2023] [ssl:info] [pid 12] [client 192.0.2.7:5] AH01964: text", ["Fri Dec 22 10:11:12 2023", "", "", "12", "192.0.2.7:5", "AH01964: text"]),
    ("2024.01.02 10:11:12 LOG3[17]: SSL_accept: text", ["2024.01.02 10:11:12", "", "", "", "17", "SSL_accept: text"]),
    ("2024/01/02 10:11:12 kid1| text", ["2024/01/02 10:11:12", "", "", "", "", "kid1| text"]),
    ("02-Jan-2024 10:11:12.123 SEVERE [main] org.example.Foo.bar text", ["02-Jan-2024 10:11:12.123", "", "", "", "", "org.example.Foo.bar text"]),
    // IKE
    ("Jan 01 10:00:00 08[NET] <a|1> text", ["Jan 01 10:00:00", "", "", "", "a|1", "text"]),
    ("2024-01-02 10:11:12 08[IKE] text", ["2024-01-02 10:11:12", "", "", "", "", "text"]),
    ("08[IKE] <site-a|3> text", ["", "", "", "", "site-a|3", "text"]),
    ("[IKE] initiating", ["", "", "", "", "", "initiating"]),
    ("pluto[12]: \"site\" #4: text", ["", "", "pluto", "12", "\"site\" #4", "text"]),
    ("003 \"site\"[1] 192.0.2.7 #4: text", ["", "", "", "", "\"site\"[1] 192.0.2.7 #4", "text"]),
    ("003 ERROR: \"site\" #4: text", ["", "", "", "", "\"site\" #4", "text"]),
    ("\"site/1x2\" #4: text", ["", "", "", "", "\"site/1x2\" #4", "text"]),
    ("\"site\"[1] 192.0.2.7: text", ["", "", "", "", "\"site\"[1] 192.0.2.7", "text"]),
    ("Jan  2 10:11:12 gw pluto[12]: packet from 192.0.2.7:500: text", ["Jan  2 10:11:12", "gw", "pluto", "12", "192.0.2.7:500", "packet from 192.0.2.7:500: text"]),
    ("Jan  2 10:11:12 gw racoon: ERROR: no suitable proposal", ["Jan  2 10:11:12", "gw", "racoon", "", "", "no suitable proposal"]),
    ("2024-01-02 10:11:12: ERROR: isakmp.c:123:isakmp_main(): text", ["2024-01-02 10:11:12", "", "", "", "", "text"]),
    ("*Mar  1 00:01:02.003: ISAKMP:(1001): phase 1", ["Mar  1 00:01:02.003", "", "", "", "1001", "phase 1"]),
    ("000123: *Mar  1 00:01:02.003 UTC: ISAKMP-ERROR: (1001):text", ["Mar  1 00:01:02.003 UTC", "", "", "", "1001", "text"]),
    ("Mar  1 00:01:02.003: IKEv2:(SESSION ID = 1,SA ID = 2):text", ["Mar  1 00:01:02.003", "", "", "", "SESSION ID = 1,SA ID = 2", "text"]),
    ("%ASA-4-713903: Group = x, text", ["", "", "", "", "", "%ASA-4-713903: Group = x, text"]),
    ("10:11:12 ipsec,error phase1 failed", ["10:11:12", "", "", "", "", "phase1 failed"]),
    ("Mon Jun 10 12:04:02 2018 192.0.2.7:1194 TLS Error: text", ["Mon Jun 10 12:04:02 2018", "", "", "", "192.0.2.7:1194", "192.0.2.7:1194 TLS Error: text"]),
    // Windows
    ("Error,1/2/2024 10:11:12 AM,Schannel,36887,None,\"A fatal alert", ["1/2/2024 10:11:12 AM", "", "Schannel", "", "", "A fatal alert"]),
    ("Error\t02.01.2024 10:11:12\tSchannel\t36887\tNone\tA fatal alert", ["02.01.2024 10:11:12", "", "Schannel", "", "", "A fatal alert"]),
    ("Message      : A fatal alert", ["", "", "", "", "", "A fatal alert"]),
    (". 2024-01-02 10:11:12.123 Server version", ["2024-01-02 10:11:12.123", "", "", "", "", "Server version"]),
    // logging libraries
    ("2024-01-02 10:11:12,345 [main] ERROR com.example.Foo - text", ["2024-01-02 10:11:12,345", "", "", "", "", "text"]),
    ("10:11:12.345 [main] DEBUG n.s.sshj.Transport -- text", ["10:11:12.345", "", "", "", "", "text"]),
    ("2024-01-02 10:11:12.345 ERROR 123 --- [main] c.e.Foo      : text", ["2024-01-02 10:11:12.345", "", "", "123", "", "text"]),
    ("[2024-01-02 10:11:12.345] [main] [INFO] [com.example.Foo:35] - text", ["2024-01-02 10:11:12.345", "", "", "", "", "text"]),
    ("2024-01-02 10:11:12,345 - paramiko.transport - ERROR - text", ["2024-01-02 10:11:12,345", "", "", "", "", "text"]),
    ("ERROR:paramiko.transport:text", ["", "", "", "", "", "text"]),
    ("ERROR: cannot verify", ["", "", "", "", "", "ERROR: cannot verify"]),
    ("DEB [20240102-10:11:12.345] thr=1   paramiko.transport: text", ["20240102-10:11:12.345", "", "", "", "thr=1", "text"]),
    ("Jan 02, 2024 10:11:12 AM com.example.Foo bar", ["Jan 02, 2024 10:11:12 AM", "", "", "", "", "com.example.Foo bar"]),
    ("2024/01/02 10:11:12 http: TLS handshake error from 192.0.2.7:5", ["2024/01/02 10:11:12", "", "", "", "", "http: TLS handshake error from 192.0.2.7:5"]),
    ("2024/01/02 10:11:12 main.go:12: ssh: handshake failed", ["2024/01/02 10:11:12", "", "", "", "", "ssh: handshake failed"]),
    ("E0102 10:11:12.345678   12 server.go:34] text", ["0102 10:11:12.345678", "", "", "12", "", "text"]),
    ("time=\"2024-01-02T10:11:12Z\" level=error msg=\"text\"", ["2024-01-02T10:11:12Z", "", "", "", "", "text\""]),
    ("2024-01-02T10:11:12.123Z\terror\ttls\ttext", ["2024-01-02T10:11:12.123Z", "", "", "", "", "tls\ttext"]),
    ("[2024-01-02 10:11:12.123][12][debug][connection] [source/a.cc:123] [C3] text", ["2024-01-02 10:11:12.123", "", "", "12", "C3", "text"]),
    ("2024-01-02T10:11:12.123456Z 8 [Warning] [MY-010055] [Server] text", ["2024-01-02T10:11:12.123456Z", "", "", "", "8", "text"]),
    ("2024-01-02 10:11:12.123 UTC [123] LOG:  could not accept", ["2024-01-02 10:11:12.123 UTC", "", "", "123", "", "could not accept"]),
    ("1:M 02 Jan 2024 10:11:12.123 # Error accepting", ["02 Jan 2024 10:11:12.123", "", "", "1", "", "# Error accepting"]),
    ("[12] Jan 02 10:11:12 Exit before auth", ["Jan 02 10:11:12", "", "", "12", "", "Exit before auth"]),
    ("10:11:12.123 [notice] TLS server: In state hello", ["10:11:12.123", "", "", "", "", "TLS server: In state hello"]),
    ("|<3>| ASSERT: handshake.c[x]:12", ["", "", "", "", "", "ASSERT: handshake.c[x]:12"]),
    ("|<5>| REC[0x55d0]: text", ["", "", "", "", "0x55d0", "REC[0x55d0]: text"]),
    // what runs other programs
    ("fatal: [db01]: UNREACHABLE! => {\"changed\": false, \"msg\": \"Failed", ["", "db01", "", "", "", "fatal: [db01]: UNREACHABLE! => {\"changed\": false, \"msg\": \"Failed"]),
    ("db01 | UNREACHABLE! => {", ["", "db01", "", "", "", "db01 | UNREACHABLE! => {"]),
    ("fatal: Could not read from remote repository.", ["", "", "", "", "", "fatal: Could not read from remote repository."]),
    ("[2024-01-02T10:11:12.345Z] ssh: connect to host", ["2024-01-02T10:11:12.345Z", "", "", "", "", "ssh: connect to host"]),
    ("10:11:12  ssh: connect to host", ["10:11:12", "", "", "", "", "ssh: connect to host"]),
    ("2024-01-02T10:11:12.1234567Z ##[error]text", ["2024-01-02T10:11:12.1234567Z", "", "", "", "", "text"]),
    ("remote: ERROR: text", ["", "", "", "", "", "ERROR: text"]),
    // nothing of a log
    ("", ["", "", "", "", "", ""]),
    ("ssh: connect to host db01 port 22: Connection refused", ["", "", "", "", "", "ssh: connect to host db01 port 22: Connection refused"]),
    ("debug1: kex: algorithm: (no match)", ["", "", "", "", "", "debug1: kex: algorithm: (no match)"]),
    ("[SFTP] Connection failed", ["", "", "", "", "", "[SFTP] Connection failed"]),
    ("depth=1 C = SE, O = Example", ["", "", "", "", "", "depth=1 C = SE, O = Example"]),
    ("192.0.2.7:5000 text", ["", "", "", "", "", "192.0.2.7:5000 text"]),
    ("Unable to negotiate with 192.0.2.7 port 22: no match", ["", "", "", "", "", "Unable to negotiate with 192.0.2.7 port 22: no match"]),
];

#[test]
fn every_prefix_is_read() {
    let mut wrong = Vec::new();
    for (line, expected) in ROWS {
        let envelope = Envelope::read(line.as_bytes());
        let part = |range: &Option<std::ops::Range<usize>>| range.clone().map_or("", |range| &line[range]);
        let found = [
            part(&envelope.time),
            part(&envelope.host),
            part(&envelope.program),
            part(&envelope.process),
            part(&envelope.connection),
            &line[envelope.message..],
        ];
        if found != *expected {
            wrong.push(format!("{line}\n  found    {found:?}\n  expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_is_long() {
    assert!(ROWS.len() >= 60);
}

proptest! {
    #[test]
    fn any_line_has_its_parts_within_bounds(line in prop::collection::vec(any::<u8>(), 0..200)) {
        within(&line)?;
    }

    #[test]
    fn pieces_of_prefixes_in_any_order_do_no_harm(pieces in prop::collection::vec(
        prop::sample::select(ROWS.iter().flat_map(|(line, _)| line.split_inclusive(' ')).collect::<Vec<_>>()), 0..12)) {
        within(pieces.concat().as_bytes())?;
    }
}

fn within(line: &[u8]) -> Result<(), TestCaseError> {
    let envelope = Envelope::read(line);
    prop_assert!(envelope.message <= line.len());
    let parts = [envelope.time, envelope.host, envelope.program, envelope.process, envelope.connection];
    for part in parts.into_iter().flatten() {
        prop_assert!(part.start <= part.end && part.end <= line.len(), "{part:?}");
    }
    Ok(())
}
