//! Lists without a common member, from either side, in each slot.

use std::net::SocketAddr;

use shakedown_testkit::KeyType;
use shakedown_testkit::peers::{self, DropbearSpec, ScriptSpec};

use crate::harness::{Scenario, Transcript, among, cause, explain};
use crate::ssh::{curl_sftp, dbclient, plink, python, server, ssh};

/// One pair of lists: the server's configuration, the client's options, what must be found.
struct Lists {
    name: &'static str,
    server: &'static str,
    client: &'static [&'static str],
    cause: &'static [&'static str],
    side: Option<&'static str>,
}

const KEX: &[&str] = &["no-common-kex"];
const HOST_KEY: &[&str] = &["no-common-host-key-algorithm"];
const CIPHER: &[&str] = &["no-common-cipher"];
const MAC: &[&str] = &["no-common-mac"];
const COMPRESSION: &[&str] = &["no-common-compression"];
const SERVER: Option<&str> = Some("server");
const CLIENT: Option<&str> = Some("client");

const fn lists(
    name: &'static str,
    cause: &'static [&'static str],
    server: &'static str,
    client: &'static [&'static str],
    side: Option<&'static str>,
) -> Lists {
    Lists { name, server, client, cause, side }
}

const PAIRS: [Lists; 18] = [
    lists("group1 server", KEX, "KexAlgorithms diffie-hellman-group1-sha1", &[], SERVER),
    lists("group14-sha1 server", KEX, "KexAlgorithms diffie-hellman-group14-sha1", &[], SERVER),
    lists(
        "sha1 methods server",
        KEX,
        "KexAlgorithms diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1",
        &[],
        SERVER,
    ),
    lists("group1 client", KEX, "", &["-oKexAlgorithms=diffie-hellman-group1-sha1"], CLIENT),
    lists("group14-sha1 client", KEX, "", &["-oKexAlgorithms=diffie-hellman-group14-sha1"], CLIENT),
    lists("two curves", KEX, "KexAlgorithms curve25519-sha256", &["-oKexAlgorithms=ecdh-sha2-nistp384"], None),
    lists(
        "hybrid server, classical client",
        KEX,
        "KexAlgorithms sntrup761x25519-sha512@openssh.com",
        &["-oKexAlgorithms=ecdh-sha2-nistp256,diffie-hellman-group16-sha512"],
        None,
    ),
    lists("ssh-rsa server", HOST_KEY, "HostKeyAlgorithms ssh-rsa", &[], SERVER),
    lists("ssh-rsa client", HOST_KEY, "", &["-oHostKeyAlgorithms=ssh-rsa"], CLIENT),
    lists(
        "one type each",
        HOST_KEY,
        "HostKeyAlgorithms ecdsa-sha2-nistp256",
        &["-oHostKeyAlgorithms=ssh-ed25519"],
        None,
    ),
    lists("3des server", CIPHER, "Ciphers 3des-cbc", &[], SERVER),
    lists("cbc server", CIPHER, "Ciphers aes128-cbc,aes192-cbc,aes256-cbc,3des-cbc", &[], SERVER),
    lists("cbc client", CIPHER, "", &["-oCiphers=aes256-cbc,aes128-cbc"], CLIENT),
    lists("gcm server, ctr client", CIPHER, "Ciphers aes256-gcm@openssh.com", &["-oCiphers=aes128-ctr"], None),
    lists("md5 server", MAC, "Ciphers aes128-ctr\nMACs hmac-md5,hmac-md5-96", &[], SERVER),
    lists("sha1-96 client", MAC, "", &["-oCiphers=aes256-ctr", "-oMACs=hmac-sha1-96"], CLIENT),
    lists(
        "etm server, plain client",
        MAC,
        "Ciphers aes192-ctr\nMACs hmac-sha2-512-etm@openssh.com",
        &["-oCiphers=aes192-ctr", "-oMACs=hmac-sha2-256"],
        None,
    ),
    lists(
        "umac server, sha1 client",
        MAC,
        "Ciphers aes128-ctr\nMACs umac-128-etm@openssh.com",
        &["-oMACs=hmac-sha1"],
        None,
    ),
];

/// Each pair at every verbosity of the client; the server's log at a level that changes from pair to pair.
#[test]
fn ssh_and_sshd_explain_every_slot_at_every_verbosity() {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (lists, level) in PAIRS.iter().zip(["INFO", "VERBOSE", "DEBUG", "DEBUG2", "DEBUG3"].into_iter().cycle()) {
        scenarios.push(Box::new(move || both_ends(lists, level).unwrap_or_default()));
    }
    explain(scenarios, 90);
}

fn both_ends(lists: &Lists, level: &str) -> Option<Vec<Transcript>> {
    let keys = [KeyType::Rsa(2048), KeyType::Ecdsa(256), KeyType::Ed25519];
    let server = server(&format!("LogLevel {level}\n{}\n", lists.server), &keys)?;
    let mut expected = cause(lists.cause);
    if let Some(side) = lists.side {
        expected = expected.side(side);
    }
    let mut transcripts = Vec::new();
    for verbosity in ["-q", "-v", "-vv", "-vvv"] {
        // What plain `ssh` prints is what -q does not silence here: LogLevel ERROR.
        let first: &[&str] = if verbosity == "-q" { &["-oLogLevel=INFO"] } else { &[verbosity] };
        let text = ssh(server.address(), &[first, lists.client].concat())?;
        let name = if verbosity == "-q" { "plain" } else { verbosity };
        transcripts.push(Transcript::new(format!("ssh {name} {}", lists.name), text, expected));
    }
    assert!(server.wait_for_log("Unable to negotiate"), "{}", server.log());
    transcripts.push(Transcript::new(format!("sshd {level} {}", lists.name), server.log(), expected));
    Some(transcripts)
}

/// A server's configuration and another client's arguments.
type Case = (&'static str, &'static [&'static str], &'static [&'static str]);
type Client = fn(std::net::SocketAddr, &[&str]) -> Option<String>;

const DBCLIENT: [Case; 7] = [
    ("KexAlgorithms diffie-hellman-group18-sha512", &[], KEX),
    ("KexAlgorithms diffie-hellman-group1-sha1,diffie-hellman-group-exchange-sha256", &[], KEX),
    ("HostKeyAlgorithms rsa-sha2-512", &[], HOST_KEY),
    ("Ciphers aes256-gcm@openssh.com", &[], CIPHER),
    ("Ciphers aes256-ctr,3des-cbc", &["-c", "aes128-ctr"], CIPHER),
    ("MACs hmac-sha2-512", &["-c", "aes128-ctr", "-m", "hmac-sha1"], MAC),
    ("Ciphers aes128-ctr\nMACs umac-64@openssh.com", &[], MAC),
];

const PLINK: [Case; 2] = [
    ("KexAlgorithms sntrup761x25519-sha512", &["-v"], KEX),
    ("Ciphers aes256-ctr\nMACs umac-128@openssh.com", &["-v"], MAC),
];

const CURL: [Case; 3] = [
    ("KexAlgorithms sntrup761x25519-sha512@openssh.com", &["-k"], KEX),
    ("Ciphers chacha20-poly1305@openssh.com", &["-k", "-v"], CIPHER),
    ("Ciphers aes256-ctr\nMACs umac-128-etm@openssh.com", &["-k"], MAC),
];

/// What the other client says, and the log of OpenSSH's server about it.
fn other_client(name: &'static str, client: Client, cases: &[Case]) -> Vec<Scenario> {
    let scenario = |case: &Case| -> Scenario {
        let (config, arguments, expected) = *case;
        Box::new(move || {
            let run = || {
                let server = server(&format!("LogLevel DEBUG\n{config}\n"), &[KeyType::Rsa(2048), KeyType::Ed25519])?;
                let text = client(server.address(), arguments)?;
                // libssh2 does not say which list it was.
                let told = if name == "curl" { among(expected) } else { cause(expected) };
                let mut transcripts = vec![Transcript::new(format!("{name} {config}"), text.clone(), told)];
                // PuTTY looks at both lists itself and leaves before the server has said anything.
                if name != "plink" {
                    assert!(server.wait_for_log("Unable to negotiate"), "{text}\n{}", server.log());
                    let name = format!("sshd for {name} {config}");
                    transcripts.push(Transcript::new(name, server.log(), cause(expected)));
                }
                Some(transcripts)
            };
            run().unwrap_or_default()
        })
    };
    cases.iter().map(scenario).collect()
}

#[test]
fn other_clients_and_sshd_explain_the_slot() {
    let mut scenarios = other_client("dbclient", dbclient, &DBCLIENT);
    scenarios.extend(other_client("plink", plink, &PLINK));
    scenarios.extend(other_client("curl", curl_sftp, &CURL));
    explain(scenarios, 22);
}

/// The server's list of one slot, one slot after the other, as the scripts of testkit take it.
fn specs() -> [(&'static str, ScriptSpec, &'static [&'static str]); 4] {
    let list = |name: &str| vec![name.to_owned()];
    let spec = ScriptSpec { keys: vec![KeyType::Rsa(2048)], ..ScriptSpec::default() };
    [
        ("kex", ScriptSpec { kex: list("diffie-hellman-group14-sha1"), ..spec.clone() }, KEX),
        ("host key", ScriptSpec { host_key: list("ssh-rsa"), ..spec.clone() }, HOST_KEY),
        ("cipher", ScriptSpec { cipher: list("aes128-cbc"), ..spec.clone() }, CIPHER),
        ("mac", ScriptSpec { cipher: list("aes128-ctr"), mac: list("hmac-md5"), ..spec }, MAC),
    ]
}

/// Servers of paramiko and asyncssh with old lists, read from `ssh`, which names what the server has.
#[test]
fn ssh_against_the_python_libraries() {
    let mut scenarios: Vec<Scenario> = Vec::new();
    // paramiko no longer has the old methods.
    for (slot, spec, expected) in specs().into_iter().filter(|(slot, ..)| ["cipher", "mac"].contains(slot)) {
        scenarios.push(Box::new(move || {
            let run = || {
                let server = peers::paramiko_server(&spec)?;
                let text = ssh(server.address(), &["-v"])?;
                Some(vec![Transcript::new(format!("ssh to paramiko {slot}"), text, cause(expected))])
            };
            run().unwrap_or_default()
        }));
    }
    for (slot, spec, expected) in specs().into_iter().filter(|(slot, ..)| *slot != "host key") {
        scenarios.push(Box::new(move || {
            let run = || {
                let server = peers::asyncssh_server(&spec)?;
                let text = ssh(server.address(), &["-vv"])?;
                Some(vec![Transcript::new(format!("ssh to asyncssh {slot}"), text, cause(expected))])
            };
            run().unwrap_or_default()
        }));
    }
    explain(scenarios, 5);
}

const PARAMIKO: &str = "
import logging, sys, paramiko
logging.basicConfig(level=getattr(logging, '{level}'), stream=sys.stderr)
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect('{host}', {port}, username='root', password='wrong', look_for_keys=False, allow_agent=False)
";

const ASYNCSSH: &str = "
import asyncio, logging, sys, asyncssh
logging.basicConfig(level=getattr(logging, '{level}'), stream=sys.stderr)
async def main():
    await asyncssh.connect('{host}', {port}, username='root', password='wrong', known_hosts=None, config=None,
                           client_keys=None, agent_path=None)
asyncio.run(main())
";

/// What the program prints once it says why. sshd closes as soon as it has found no common algorithm, and asyncssh says
/// `Connection lost` and nothing else where it learns of that before it has compared the lists itself: which of the two
/// comes first differs from run to run, so it is asked again, up to a bound.
fn with_reason(address: SocketAddr, program: &str) -> Option<String> {
    const RUNS: usize = 12;
    let mut text = String::new();
    for _ in 0..RUNS {
        text = python(address, program)?;
        if text.contains("No matching") || !text.contains("Connection lost") {
            break;
        }
    }
    Some(text)
}

/// The stack traces of paramiko and asyncssh, with and without their debug log.
#[test]
fn the_python_libraries_explain_the_slot() {
    let paramiko: [(&str, &'static [&'static str]); 4] = [
        ("KexAlgorithms diffie-hellman-group18-sha512", KEX),
        ("HostKeyAlgorithms ssh-rsa", HOST_KEY),
        ("Ciphers chacha20-poly1305@openssh.com", CIPHER),
        ("Ciphers aes128-ctr\nMACs umac-64@openssh.com", MAC),
    ];
    let asyncssh: [(&str, &'static [&'static str]); 3] = [
        ("KexAlgorithms diffie-hellman-group1-sha1", KEX),
        ("Ciphers aes256-cbc,aes128-cbc", CIPHER),
        ("Ciphers aes128-ctr\nMACs hmac-md5", MAC),
    ];
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (name, program, cases) in [("paramiko", PARAMIKO, &paramiko[..]), ("asyncssh", ASYNCSSH, &asyncssh)] {
        for &(config, expected) in cases {
            scenarios.push(Box::new(move || {
                let run = || {
                    let server = server(config, &[KeyType::Rsa(2048)])?;
                    let mut transcripts = Vec::new();
                    for level in ["ERROR", "DEBUG"] {
                        let text = with_reason(server.address(), &program.replace("{level}", level))?;
                        let expected = cause(expected);
                        transcripts.push(Transcript::new(format!("{name} {level} {config}"), text, expected));
                    }
                    assert!(server.wait_for_log("Unable to negotiate"), "{}", server.log());
                    transcripts.push(Transcript::new(
                        format!("sshd for {name} {config}"),
                        server.log(),
                        cause(expected),
                    ));
                    Some(transcripts)
                };
                run().unwrap_or_default()
            }));
        }
    }
    explain(scenarios, 21);
}

/// Dropbear's server logs one line; `ssh` names its list.
#[test]
fn dropbear_explains_the_slot() {
    let cases: [(&[&str], &'static [&'static str]); 4] = [
        (&["-oKexAlgorithms=diffie-hellman-group18-sha512,sntrup761x25519-sha512@openssh.com"], KEX),
        (&["-oHostKeyAlgorithms=ecdsa-sha2-nistp256"], HOST_KEY),
        (&["-oCiphers=aes256-gcm@openssh.com"], CIPHER),
        (&["-oCiphers=aes128-ctr", "-oMACs=umac-64-etm@openssh.com"], MAC),
    ];
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (arguments, expected) in cases {
        scenarios.push(Box::new(move || {
            let run = || {
                let spec = DropbearSpec { host_keys: vec![KeyType::Ed25519], ..DropbearSpec::default() };
                let server = peers::dropbear(&spec)?;
                let text = ssh(server.address(), &[&["-v"], arguments].concat())?;
                assert!(server.wait_for_log("Exit before auth"), "{}", server.log());
                Some(vec![
                    Transcript::new(format!("ssh to dropbear {arguments:?}"), text, cause(expected)),
                    Transcript::new(format!("dropbear {arguments:?}"), server.log(), cause(expected)),
                ])
            };
            run().unwrap_or_default()
        }));
    }
    explain(scenarios, 8);
}

/// `zlib@openssh.com` only, against none only.
#[test]
fn compression_has_no_common_method() {
    let spec = ScriptSpec {
        keys: vec![KeyType::Rsa(2048)],
        compression: vec!["zlib@openssh.com".to_owned()],
        ..ScriptSpec::default()
    };
    let scenario = move || {
        let server = peers::asyncssh_server(&spec)?;
        let text = python(
            server.address(),
            &ASYNCSSH.replace("{level}", "DEBUG").replace("config=None", "config=None, compression_algs=['none']"),
        )?;
        Some(vec![Transcript::new("asyncssh compression", text, cause(COMPRESSION))])
    };
    explain(vec![Box::new(move || scenario().unwrap_or_default())], 1);
}
