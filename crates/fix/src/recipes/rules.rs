//! What holds for every recipe.

use std::collections::BTreeSet;

use shakedown_model::Slot;

use super::data::{self, Actor, FILES, File, Level, Line, Recipe, Shell, recipes};
use super::fill::is_placeholder;

fn files() -> Vec<(&'static str, File)> {
    let parse = |text: &str, name: &str| -> File {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    FILES.iter().map(|(name, text)| (*name, parse(text, name))).collect()
}

fn all() -> Vec<(String, Recipe)> {
    let files = files().into_iter();
    files.flat_map(|(name, file)| file.recipe.into_iter().map(move |r| (format!("{name}/{}", r.id), r))).collect()
}

fn lines(recipe: &Recipe) -> impl Iterator<Item = &Line> {
    recipe.commands.iter().chain(&recipe.verify).chain(&recipe.undo)
}

#[test]
fn every_file_parses_and_its_ids_are_unique() {
    for (name, file) in files() {
        let ids: BTreeSet<&str> = file.recipe.iter().map(|recipe| recipe.id.as_str()).collect();
        assert_eq!(ids.len(), file.recipe.len(), "{name} has an id twice");
        for shared in &file.shared {
            assert!(FILES.iter().any(|(other, _)| *other == format!("shared/{shared}")), "{name}: {shared}");
        }
    }
}

#[test]
fn every_cause_has_a_file_and_every_file_a_cause() {
    let causes: BTreeSet<&str> = shakedown_diagnose::causes().iter().map(|page| page.code).collect();
    let named: BTreeSet<&str> = FILES.iter().map(|(name, _)| *name).filter(|name| !name.contains('/')).collect();
    assert_eq!(named, causes);
    let used: BTreeSet<String> = files().into_iter().flat_map(|(_, file)| file.shared).collect();
    for (name, _) in FILES {
        if let Some(shared) = name.strip_prefix("shared/") {
            assert!(used.contains(shared), "{shared} is used by no cause");
        }
    }
}

#[test]
fn every_cause_has_something_that_is_not_weaker_for_each_of_its_protocols() {
    for page in shakedown_diagnose::causes() {
        for protocol in page.protocols {
            let fits = |recipe: &&Recipe| {
                (recipe.protocol.is_empty() || recipe.protocol.iter().any(|one| one == protocol.as_str()))
                    && recipe.applicability != Level::Weakens
            };
            let recipes = recipes(page.code);
            // One that asks for nothing but a side or a known side at fault: it is found whatever the text holds.
            let always = |recipe: &&Recipe| {
                let asks = [
                    &recipe.product,
                    &recipe.peer_product,
                    &recipe.with,
                    &recipe.needs,
                    &recipe.algorithm,
                    &recipe.text,
                ];
                asks.iter().all(|list| list.is_empty())
                    && recipe.slot.is_empty()
                    && recipe.phase.is_empty()
                    && recipe.reason.is_empty()
                    && recipe.object.is_empty()
                    && recipe.captured.is_empty()
                    && !recipe.enable
                    && !recipe.upgrade
            };
            assert!(
                recipes.iter().filter(fits).any(|recipe| always(&recipe)),
                "{} has nothing for {protocol} that always applies",
                page.code
            );
        }
    }
}

#[test]
fn what_touches_trust_or_verification_is_for_a_person() {
    let trust = [
        "ssh-keygen -R",
        ">> ~/.ssh/known_hosts",
        "known_hosts'",
        "update-ca-",
        "-importcert",
        "Import-Certificate",
        "certutil -A",
        "x509ca",
        "lib/security/cacerts",
        "ca-certificates",
        "CertStoreLocation",
        "--cacert",
        "sslCAInfo",
        "sslrootcert",
        "load_verify",
        "trustStore",
        "NODE_EXTRA_CA_CERTS",
        "REQUESTS_CA_BUNDLE",
        "-hostkey",
        "authorized_keys`,",
        "remote.id",
    ];
    for (name, recipe) in all() {
        if recipe.applicability == Level::Safe {
            for line in &recipe.commands {
                let found = trust.iter().find(|word| line.text.contains(*word));
                assert!(found.is_none(), "{name} is not safe: {found:?}");
            }
            let title = recipe.title.to_lowercase();
            assert!(!title.contains("trust") && !title.contains("known_hosts"), "{name}: {title}");
        }
    }
}

#[test]
fn a_check_out_of_band_comes_before_what_is_trusted() {
    for (name, recipe) in all() {
        let title = &recipe.title;
        if title.contains("fingerprint is checked") || title.contains("out of band") {
            let first = recipe.commands.first().unwrap_or_else(|| panic!("{name} has no command"));
            let told =
                ["first", "fingerprint"].iter().any(|word| first.say.contains(word) || first.text.contains(word));
            let settings = recipe.commands.len() == 1 && recipe.commands.iter().all(|line| line.shell.is_none());
            assert!(told || settings, "{name}: the check has to come first");
        }
    }
}

#[test]
fn nothing_switches_verification_off_or_weakens_a_whole_machine() {
    let never = [
        "StrictHostKeyChecking=no",
        "StrictHostKeyChecking no",
        "UserKnownHostsFile=/dev/null",
        "\nHost *",
        "--set LEGACY",
        "--set DEFAULT:SHA1",
        "verify=False",
        "CERT_NONE",
        "_create_unverified",
        "InsecureSkipVerify",
        "--insecure",
        "curl -k",
        "NODE_TLS_REJECT_UNAUTHORIZED",
        "rejectUnauthorized: false",
        "sslVerify",
        "--no-check-certificate",
        "trust_all",
        "TrustAll",
        "AutoAddPolicy",
        "InsecureIgnoreHostKey",
        "PromiscuousVerifier",
        "ssl_verify off",
        "ServerCertificateValidationCallback",
        "setHostnameVerifier",
        "sslmode=disable",
        "nullok",
        "openssl_legacy_provider",
        "--openssl-legacy-provider",
        "setenforce 0",
        "/etc/ssl/openssl.cnf",
        "update-crypto-policies --set",
    ];
    for (name, recipe) in all() {
        let texts = lines(&recipe).flat_map(|line| [&line.text, &line.say]).chain(&recipe.notes).chain([&recipe.title]);
        for text in texts {
            let text = format!("\n{text}");
            let found = never.iter().find(|word| text.contains(*word));
            assert!(found.is_none(), "{name}: {found:?} in {text}");
        }
    }
}

#[test]
fn what_is_weaker_says_what_it_is_limited_to() {
    for (name, recipe) in all() {
        let weaker = recipe.applicability == Level::Weakens;
        assert_eq!(recipe.scope.is_some(), weaker, "{name}");
        if weaker {
            let words = [" only", "this ", "one ", "own"];
            assert!(words.iter().any(|word| recipe.title.contains(word)), "{name}: {}", recipe.title);
        } else {
            let low = ["SECLEVEL=0", "SECLEVEL=1", "MinProtocol = TLSv1\n", "TLSv1 TLSv1.1", "VersionTLS10"];
            for line in &recipe.commands {
                assert!(!low.iter().any(|word| line.text.contains(word)), "{name} is weaker");
            }
        }
    }
}

#[test]
fn every_line_has_one_place() {
    for (name, recipe) in all() {
        for line in lines(&recipe) {
            let places = usize::from(line.shell.is_some())
                + usize::from(line.file.is_some())
                + usize::from(line.settings.is_some());
            assert_eq!(places, 1, "{name}: {}", line.text);
            assert!(!line.text.trim().is_empty(), "{name}");
        }
        assert!(recipe.enable || !recipe.commands.is_empty(), "{name} does nothing");
        assert!(!recipe.source.is_empty(), "{name} has no source");
    }
}

#[test]
fn every_fix_can_be_verified_and_taken_back() {
    for protocol in ["ssh", "tls", "ike"] {
        assert!(!data::verify(protocol, &[]).is_empty());
    }
    for (name, recipe) in all() {
        let stays = recipe.commands.iter().any(|line| line.file.is_some());
        let decides = recipe.applicability == Level::Manual;
        let has_undo =
            !recipe.undo.is_empty() || recipe.reads_only || stays || decides || recipe.enable || recipe.upgrade;
        assert!(has_undo || recipe.title.starts_with("upgrade"), "{name} cannot be taken back");
    }
}

#[test]
fn sentences_are_in_the_style_of_all_messages() {
    for (name, recipe) in all() {
        let mut sentences: Vec<&str> = vec![&recipe.title];
        sentences.extend(recipe.notes.iter().map(String::as_str));
        sentences.extend(lines(&recipe).map(|line| line.say.as_str()));
        for sentence in sentences {
            // What stands in backticks is a program's own word.
            let own: String = sentence.split('`').step_by(2).collect();
            assert!(!sentence.ends_with('.'), "{name}: {sentence}");
            for blame in ["you must", "invalid", "illegal", "failed to", "your fault", "simply", "please", "should"] {
                assert!(!own.to_lowercase().contains(blame), "{name}: `{blame}` in {sentence}");
            }
            assert_eq!(sentence.matches('`').count() % 2, 0, "{name}: {sentence}");
        }
        for sentence in recipe.notes.iter().chain([&recipe.title]) {
            let mut start = sentence.chars();
            let (first, second) = (start.next(), start.next());
            // A name such as TLS or NSS begins with two capitals.
            let lower = first.is_some_and(|c| !c.is_uppercase()) || second.is_some_and(char::is_uppercase);
            assert!(lower, "{name}: {sentence}");
        }
    }
}

#[test]
fn products_and_other_names_in_conditions_exist() {
    let products: BTreeSet<&str> = data::all_products().product.iter().map(|product| product.id.as_str()).collect();
    for product in &data::all_products().product {
        assert!(product.uses.iter().all(|base| products.contains(base.as_str())), "{}", product.id);
        let usual = product.usual.as_deref();
        assert!(matches!(usual, None | Some("client" | "server")), "{}", product.id);
        assert!(!product.label.is_empty());
    }
    let protocols = ["ssh", "tls", "ike"];
    let slots = |name: &String| {
        use shakedown_model::Protocol::{Ike, Ssh, Tls};
        [Ssh, Tls, Ike].into_iter().any(|protocol| Slot::parse(protocol, name).is_some())
    };
    for (name, recipe) in all() {
        for product in recipe.product.iter().chain(&recipe.peer_product) {
            assert!(products.contains(product.as_str()), "{name}: {product}");
        }
        assert!(recipe.protocol.iter().all(|protocol| protocols.contains(&protocol.as_str())), "{name}");
        assert!(recipe.slot.iter().all(slots), "{name}");
        let sides = ["client", "server", "both", "network", "unknown"];
        assert!(recipe.fault.iter().all(|side| sides.contains(&side.as_str())), "{name}");
        let own = lines(&recipe).any(|line| line.shell == Some(Shell::Own));
        assert!(!own || !matches!(recipe.side, Actor::Both | Actor::Network), "{name}: whose shell");
    }
}

#[test]
fn the_products_file_parses() {
    serde_json::from_str::<data::Products>(data::products_text()).unwrap();
    let mut names = BTreeSet::new();
    for product in &data::all_products().product {
        for name in product.names.iter().chain([&product.id]) {
            assert!(names.insert(name.as_str()), "{name} is named twice");
        }
    }
}

#[test]
fn no_placeholder_is_misspelt() {
    let known = [
        "host",
        "known_host",
        "port",
        "peer",
        "client",
        "server_name",
        "user",
        "file",
        "line",
        "algorithm",
        "algorithms",
        "product",
        "upgrade",
        "their_proposal_sound",
        "their_proposal_weak",
        "their_proposal_libreswan_sound",
        "their_proposal_libreswan_weak",
        "client_proposal_sound",
        "server_proposal_sound",
    ];
    for (name, recipe) in all() {
        let texts = lines(&recipe).flat_map(|line| {
            [Some(&line.text), Some(&line.say), line.file.as_ref(), line.settings.as_ref()].into_iter().flatten()
        });
        for text in texts.chain(&recipe.notes).chain([&recipe.title]) {
            for part in text.split('{').skip(1) {
                let inner = part.split('}').next().filter(|inner| is_placeholder(inner));
                assert!(inner.is_none_or(|inner| known.contains(&inner)), "{name}: {inner:?} in {text}");
            }
        }
        assert!(recipe.needs.iter().all(|value| known.contains(&value.as_str())), "{name}");
    }
}
