//! Edits: where they go, that they touch nothing else, and that they have their effect.

#![allow(clippy::print_stdout, reason = "seeds and counts are printed")]

mod common;

use std::sync::Arc;

use common::{CIPHERS, KEX, MACS, Random, catalog, directive, list};
use shakedown_config::openssh::{
    ClientSpec, EditError, ListChange, Scope, ServerSpec, client, edit, edit_in, merge, server, set_value, with_edits,
};
use shakedown_config::{Files, Memory};
use shakedown_model::{Context, FileEdit, Name, Party, Slot, SourceFile};

const USER_FILE: &str = "~/.ssh/config";

fn server_party(files: &dyn Files) -> Party {
    let spec = ServerSpec::new("openssh@9.2p1".parse().unwrap(), "/etc/ssh/sshd_config", Context::default());
    server(files, &spec, catalog()).unwrap().parties.remove(0)
}

fn server_with(text: &str) -> Party {
    server_party(&Memory::new().with("/etc/ssh/sshd_config", text))
}

fn client_with(text: &str) -> Party {
    let context = Context { target: Some("target".into()), ..Context::default() };
    let files = Memory::new().with(USER_FILE, text);
    let spec = ClientSpec::usual("openssh@9.2p1".parse().unwrap(), context);
    client(&files, &spec, catalog()).unwrap().parties.remove(0)
}

fn names(text: &str) -> Vec<Name> {
    text.split(',').map(Name::new).collect()
}

fn append(text: &str) -> ListChange {
    ListChange::Append(names(text))
}

fn text(edits: &[FileEdit]) -> String {
    assert_eq!(edits.len(), 1);
    String::from_utf8(edits[0].apply()).unwrap()
}

fn offered(party: &Party, slot: Slot) -> Vec<String> {
    let list = party.ssh().unwrap().offer.list(slot).complete().unwrap();
    list.iter().map(|item| item.name.as_str().to_owned()).collect()
}

fn after(party: &Party, edits: &[FileEdit]) -> Party {
    with_edits(party, edits, catalog()).unwrap().parties.remove(0)
}

const OLD: &str = "diffie-hellman-group14-sha1";
const NEW: &str = "curve25519-sha256";

#[test]
fn a_list_is_changed_where_it_stands() {
    for (before, change, expected) in [
        (
            "KexAlgorithms diffie-hellman-group14-sha1\n",
            append(NEW),
            "KexAlgorithms diffie-hellman-group14-sha1,curve25519-sha256\n",
        ),
        (
            "KexAlgorithms\t\"diffie-hellman-group14-sha1\"  # why\r\nPort 22\r\n",
            ListChange::Prepend(names(NEW)),
            "KexAlgorithms\t\"curve25519-sha256,diffie-hellman-group14-sha1\"  # why\r\nPort 22\r\n",
        ),
        (
            "kexalgorithms=+diffie-hellman-group1-sha1",
            append(OLD),
            "kexalgorithms=+diffie-hellman-group1-sha1,diffie-hellman-group14-sha1",
        ),
        ("KexAlgorithms -curve25519-sha256,ecdh*\n", append(NEW), "KexAlgorithms -ecdh*\n"),
        ("KexAlgorithms -curve25519-sha256\nPort 22\n", append(NEW), "Port 22\n"),
        ("KexAlgorithms -curve25519*\n", append(NEW), "KexAlgorithms -!curve25519-sha256,curve25519*\n"),
        (
            "KexAlgorithms curve25519-sha256,diffie-hellman-group14-sha1\n",
            ListChange::Remove(names(OLD)),
            "KexAlgorithms curve25519-sha256\n",
        ),
        ("KexAlgorithms +diffie-hellman-group14-sha1\nPort 22\n", ListChange::Remove(names(OLD)), "Port 22\n"),
        ("KexAlgorithms -ecdh*\n", ListChange::Remove(names(NEW)), "KexAlgorithms -ecdh*,curve25519-sha256\n"),
        (
            "KexAlgorithms diffie-hellman-group14-sha1\n",
            ListChange::Set(names(NEW)),
            "KexAlgorithms curve25519-sha256\n",
        ),
    ] {
        let party = server_with(before);
        let edits = edit(&party, Slot::Kex, &change, catalog()).unwrap();
        assert_eq!(text(&edits), expected, "{before:?} {change:?}");
        assert_eq!(party.configuration.as_ref().unwrap().files[0].text, before.as_bytes());
    }
}

#[test]
fn a_list_that_cannot_say_it_is_written_out() {
    let party = server_with("KexAlgorithms -ecdh*\n");
    let edits = edit(&party, Slot::Kex, &append(OLD), catalog()).unwrap();
    assert!(text(&edits).ends_with(&format!("diffie-hellman-group14-sha256,{OLD}\n")));
    assert!(!text(&edits).contains("ecdh"));
}

#[test]
fn a_new_directive_of_the_server_comes_before_the_first_match() {
    let before = "Port 22\r\n\r\n# only for git\r\nMatch User git\r\n    X11Forwarding no\r\n";
    let party = server_with(before);
    let edits = edit(&party, Slot::Kex, &append(OLD), catalog()).unwrap();
    assert_eq!(
        text(&edits),
        "Port 22\r\nKexAlgorithms +diffie-hellman-group14-sha1\r\n\r\n# only for git\r\nMatch User git\r\n    X11Forwarding no\r\n"
    );
    let party = server_with("# only for git\nMatch User git\n    X11Forwarding no");
    let edits = edit(&party, Slot::CipherC2s, &append("aes128-cbc"), catalog()).unwrap();
    assert_eq!(text(&edits), "Ciphers +aes128-cbc\n\n# only for git\nMatch User git\n    X11Forwarding no");
    let edits = edit(&server_with(""), Slot::MacS2c, &append("hmac-md5"), catalog()).unwrap();
    assert_eq!(text(&edits), "MACs +hmac-md5\n");
    let edits = edit(&server_with("Port 22"), Slot::MacS2c, &append("hmac-md5"), catalog()).unwrap();
    assert_eq!(text(&edits), "Port 22\nMACs +hmac-md5");
}

#[test]
fn a_value_of_a_file_that_a_program_makes_is_overridden_before_its_include() {
    let files = Memory::new()
        .with("/etc/ssh/sshd_config", "# top\nInclude /etc/ssh/sshd_config.d/*.conf\nPort 22\n")
        .with("/etc/ssh/sshd_config.d/50-redhat.conf", "Include /etc/crypto-policies/back-ends/opensshserver.config\n")
        .with("/etc/crypto-policies/back-ends/opensshserver.config", "Ciphers aes256-ctr\n");
    let party = server_party(&files);
    assert_eq!(offered(&party, Slot::CipherC2s), ["aes256-ctr"]);
    let edits = edit(&party, Slot::CipherC2s, &append("aes128-ctr"), catalog()).unwrap();
    assert_eq!(edits[0].file.path, "/etc/ssh/sshd_config");
    assert_eq!(text(&edits), "# top\nCiphers aes256-ctr,aes128-ctr\nInclude /etc/ssh/sshd_config.d/*.conf\nPort 22\n");
    assert_eq!(offered(&after(&party, &edits), Slot::CipherC2s), ["aes256-ctr", "aes128-ctr"]);
}

#[test]
fn a_client_gets_a_block_for_one_host() {
    let scope = Scope::Host("target".into());
    for (before, expected) in [
        ("", "Host target\n    KexAlgorithms +diffie-hellman-group14-sha1\n"),
        ("Host *\n  User me\n", "Host target\n    KexAlgorithms +diffie-hellman-group14-sha1\n\nHost *\n  User me\n"),
        ("User me\n", "Host target\n    KexAlgorithms +diffie-hellman-group14-sha1\nMatch all\n\nUser me\n"),
        (
            "Host *\r\n  KexAlgorithms curve25519-sha256\r\n",
            "Host target\r\n    KexAlgorithms curve25519-sha256,diffie-hellman-group14-sha1\r\n\r\nHost *\r\n  KexAlgorithms curve25519-sha256\r\n",
        ),
    ] {
        let party = client_with(before);
        let edits = edit_in(&party, Slot::Kex, &append(OLD), &scope, catalog()).unwrap();
        assert_eq!(text(&edits), expected);
        assert!(offered(&after(&party, &edits), Slot::Kex).iter().any(|name| name == OLD));
    }
}

#[test]
fn a_client_without_a_file_of_its_own_gets_one() {
    let files = Memory::new().with("/etc/ssh/ssh_config", "Host *\n    HashKnownHosts yes\n");
    let context = Context { target: Some("target".into()), ..Context::default() };
    let spec = ClientSpec::usual("openssh@9.2p1".parse().unwrap(), context);
    let party = client(&files, &spec, catalog()).unwrap().parties.remove(0);
    let edits = edit_in(&party, Slot::Kex, &append(OLD), &Scope::Host("target".into()), catalog()).unwrap();
    assert_eq!(edits[0].file.path, USER_FILE);
    assert!(offered(&after(&party, &edits), Slot::Kex).iter().any(|name| name == OLD));
}

#[test]
fn a_new_directive_of_the_client_leaves_other_hosts_their_values() {
    let before = "Host other\n    Ciphers aes128-ctr\nHost *\n\tUser me\n# end\n";
    let party = client_with(before);
    let edits = edit(&party, Slot::CipherC2s, &append("aes128-cbc"), catalog()).unwrap();
    assert_eq!(text(&edits), "Host other\n    Ciphers aes128-ctr\nHost *\n\tUser me\n\tCiphers +aes128-cbc\n# end\n");
    let party = client_with("Host other\n    Ciphers aes128-ctr");
    let edits = edit(&party, Slot::CipherC2s, &append("aes128-cbc"), catalog()).unwrap();
    assert_eq!(text(&edits), "Host other\n    Ciphers aes128-ctr\n\nHost *\n    Ciphers +aes128-cbc");
}

#[test]
fn what_cannot_be_done_is_an_error() {
    let party = server_with("KexAlgorithms curve25519-sha256\n");
    let error = |change: &ListChange| edit(&party, Slot::Kex, change, catalog()).unwrap_err();
    assert!(matches!(error(&append(NEW)), EditError::NothingToDo { .. }));
    assert!(matches!(error(&ListChange::Remove(names(NEW))), EditError::WouldBeEmpty { .. }));
    assert!(matches!(error(&append("mlkem768x25519-sha256")), EditError::NotSupported { .. }));
    let keys = server_with("HostKey /k/ssh_host_rsa_key\nHostKeyAlgorithms rsa-sha2-512\n");
    let error = edit(&keys, Slot::HostKey, &append("ssh-ed25519"), catalog()).unwrap_err();
    assert!(matches!(error, EditError::NeedsKey { .. }), "{error}");
    let mut none = party.clone();
    none.configuration = None;
    assert!(matches!(edit(&none, Slot::Kex, &append(OLD), catalog()), Err(EditError::NoConfiguration)));
}

#[test]
fn host_key_algorithms_and_single_values() {
    let party = server_with("HostKey /k/ssh_host_rsa_key\n");
    assert_eq!(offered(&party, Slot::HostKey), ["rsa-sha2-512", "rsa-sha2-256"]);
    let edits = edit(&party, Slot::HostKey, &append("ssh-rsa"), catalog()).unwrap();
    assert_eq!(text(&edits), "HostKey /k/ssh_host_rsa_key\nHostKeyAlgorithms +ssh-rsa\n");
    assert_eq!(offered(&after(&party, &edits), Slot::HostKey), ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"]);
    let edits = edit(&party, Slot::CompressionC2s, &ListChange::Remove(names("zlib@openssh.com")), catalog()).unwrap();
    assert_eq!(text(&edits), "HostKey /k/ssh_host_rsa_key\nCompression no\n");
    let party = server_with("RequiredRSASize \"3072\" # strict\n");
    let edits = set_value(&party, "RequiredRSASize", "2048", &Scope::InPlace, catalog()).unwrap();
    assert_eq!(text(&edits), "RequiredRSASize \"2048\" # strict\n");
}

#[test]
fn edits_of_several_directives_are_made_together() {
    let party = server_with("KexAlgorithms diffie-hellman-group14-sha1\nMACs hmac-md5\n");
    let mut edits = edit(&party, Slot::MacC2s, &append("hmac-sha2-256"), catalog()).unwrap();
    edits.extend(edit(&party, Slot::Kex, &append(NEW), catalog()).unwrap());
    edits.extend(edit(&party, Slot::CipherC2s, &append("aes128-cbc"), catalog()).unwrap());
    let merged = merge(&edits);
    assert_eq!(
        text(&merged),
        "KexAlgorithms diffie-hellman-group14-sha1,curve25519-sha256\nMACs hmac-md5,hmac-sha2-256\nCiphers +aes128-cbc\n"
    );
    let edited = after(&party, &edits);
    assert_eq!(offered(&edited, Slot::MacS2c), ["hmac-md5", "hmac-sha2-256"]);
}

/// Over generated configurations: a name that is appended is offered afterwards, nothing else is changed, and no byte
/// outside of the edits differs.
#[test]
fn an_appended_name_is_effective_and_nothing_else_changes() {
    let seed = shakedown_testkit::seed();
    println!("seed {seed}");
    let (mut made, mut whole) = (0, 0);
    for case in 0..shakedown_testkit::cases(200) {
        let mut random = Random(seed.wrapping_add(u64::from(case) * 15_485_863));
        let mut file = String::new();
        let slots =
            [(Slot::Kex, "KexAlgorithms", KEX), (Slot::CipherC2s, "Ciphers", CIPHERS), (Slot::MacC2s, "MACs", MACS)];
        for _ in 0..random.below(6) {
            let (_, keyword, algorithms) = slots[random.below(3)];
            let list = list(&mut random, algorithms);
            file.push_str(&directive(&mut random, keyword, &[list]));
            if random.percent(25) {
                file.push_str(random.pick(&[
                    "Match User git\nX11Forwarding no\nMatch all\n",
                    "# a comment\n\n",
                    "Port 22\r\n",
                ]));
            }
        }
        let party = server_with(&file);
        let (slot, _, algorithms) = slots[random.below(3)];
        let name = random.pick(algorithms);
        let change = match random.below(3) {
            0 => ListChange::Prepend(names(name)),
            1 => ListChange::Remove(names(name)),
            _ => append(name),
        };
        let before = offered(&party, slot);
        let edits = match edit(&party, slot, &change, catalog()) {
            Ok(edits) => edits,
            Err(EditError::NothingToDo { .. } | EditError::WouldBeEmpty { .. }) => continue,
            Err(error) => panic!("case {case}: {error}: {change:?}\n{file}"),
        };
        made += 1;
        let now = offered(&after(&party, &edits), slot);
        let differs = |name: &&String| before.contains(name) != now.contains(name);
        let changed: Vec<&String> = before.iter().chain(&now).filter(differs).collect();
        assert_eq!(changed, [name], "case {case}: {change:?}\n{file}");
        for other in slots.iter().filter(|(other, ..)| *other != slot) {
            assert_eq!(offered(&party, other.0), offered(&after(&party, &edits), other.0), "case {case}\n{file}");
        }
        let edit = &edits[0];
        whole += usize::from(edit.edits.iter().any(|edit| edit.replacement.matches(',').count() > 3));
        let (mut position, mut rest) = (0, String::from_utf8(edit.apply()).unwrap());
        for change in &edit.edits {
            let kept = &file[position..change.span.start];
            rest = rest.strip_prefix(kept).expect("what stands before an edit stays").to_owned();
            rest = rest.strip_prefix(&change.replacement).expect("the replacement follows").to_owned();
            position = change.span.end;
        }
        assert_eq!(rest, &file[position..], "case {case}");
    }
    println!("{made} edits, {whole} of them wrote the list out");
    assert!(made > 0);
}

#[test]
fn an_edit_of_a_file_that_was_not_read_is_made_in_memory() {
    let party = server_with("Port 22\n");
    let file = Arc::new(SourceFile::new("/etc/ssh/sshd_config", b"Ciphers aes128-ctr\n".to_vec()));
    let edits = [FileEdit { file, edits: Vec::new() }];
    assert_eq!(offered(&after(&party, &edits), Slot::CipherC2s), ["aes128-ctr"]);
}
