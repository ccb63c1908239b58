//! Rows laid over the catalog at run time.

use shakedown_catalog::{Catalog, CatalogError, ProductProtocol};
use shakedown_model::{Name, Role, Slot, Software};

fn catalog() -> Catalog {
    Catalog::from_blob(shakedown_catalog_data::BLOB).unwrap()
}

fn file(name: &str, text: &str) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

#[test]
fn rows_are_added_and_replaced() {
    let mut catalog = catalog();
    let text = r#"
[[products]]
id = "acme-ssh"
label = "ACME SSH"
scheme = "numeric"
aliases = ["acme"]
source = "the vendor's manual"

[[offer]]
product = "acme-ssh"
role = "server"
version = "1.0"
kex = ["diffie-hellman-group14-sha1"]
host_key = ["ssh-rsa"]
cipher = ["aes128-cbc"]
mac = ["hmac-sha1"]
source = "the vendor's manual"

[[offer]]
product = "openssh"
role = "client"
version = "9.2p1"
same_as = "9.0p1"
cipher = ["aes128-ctr"]
source = "our own build"

[[algorithm]]
kind = "cipher"
name = "aes128-ctr"
rating = "weak"
reasons = [{ text = "our policy says so", references = ["our policy"] }]
source = "our policy"
"#;
    catalog.overlay([file("own.toml", text)]).unwrap();
    let (policy, _) = catalog.ssh_policy(&Software::new("acme", "1.2"), Role::Server).unwrap();
    assert_eq!(policy.offer.kex.complete().unwrap()[0].name, Name::new("diffie-hellman-group14-sha1"));
    let (policy, resolved) = catalog.ssh_policy(&Software::new("openssh", "9.2p1"), Role::Client).unwrap();
    assert_eq!(policy.offer.cipher_c2s.complete().unwrap().len(), 1);
    assert_eq!(resolved.source, "our own build");
    // What the row does not say comes from the version that it equals, and other rows stay.
    assert_eq!(policy.offer.kex.complete().unwrap().len(), 11);
    let (policy, _) = catalog.ssh_policy(&Software::new("openssh", "9.2p1"), Role::Server).unwrap();
    assert_eq!(policy.offer.cipher_c2s.complete().unwrap().len(), 6);
    assert_eq!(catalog.rating(Slot::CipherC2s, "aes128-ctr").unwrap().as_str(), "weak");
    assert!(catalog.rating(Slot::CipherC2s, "aes256-ctr").is_some());
}

#[test]
fn an_empty_overlay_changes_nothing() {
    let mut changed = catalog();
    changed.overlay([]).unwrap();
    let before = catalog();
    for product in before.products() {
        for role in [Role::Client, Role::Server] {
            assert_eq!(before.versions(&product.id, role), changed.versions(&product.id, role));
            // Of TLS stacks there are many versions, and each costs a context of OpenSSL, twice.
            let step = if product.protocol == ProductProtocol::Tls { 16 } else { 1 };
            for version in before.versions(&product.id, role).into_iter().step_by(step) {
                let software = Software::new(&product.id, version);
                let ssh = |catalog: &Catalog| catalog.ssh_policy(&software, role).ok();
                let tls = |catalog: &Catalog| catalog.tls_policy(&software, role).ok();
                assert!(ssh(&before).is_some() || tls(&before).is_some(), "{software}");
                assert_eq!((ssh(&before), tls(&before)), (ssh(&changed), tls(&changed)), "{software}");
            }
        }
    }
}

#[test]
fn what_is_wrong_is_named_with_file_and_line() {
    let wrong = |text: &str| {
        let mut catalog = catalog();
        match catalog.overlay([file("own.toml", text)]) {
            Err(CatalogError::Data(errors)) => errors.0.iter().map(ToString::to_string).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    let row = "[[offer]]\nproduct = \"openssh\"\nrole = \"client\"\nversion = \"1\"\n";
    assert_eq!(
        wrong(&format!("\n{row}source = \"\"\n")),
        ["own.toml:2: `source` is empty: say where the row was read"]
    );
    assert!(wrong(&format!("{row}kx = []\nsource = \"x\"\n"))[0].starts_with("own.toml:5: unknown field `kx`"));
    assert!(wrong("[[offer]\n")[0].starts_with("own.toml:1: "));
    assert!(wrong(&format!("{row}source = \"x\"\nkex = [\"a,b\"]\n"))[0].contains("`kex` holds `a,b`"));
    assert!(wrong(&format!("{row}source = \"x\"\nkex = [\"ext-info-c\"]\n"))[0].contains("is a marker"));
    assert!(wrong(&format!("{row}source = \"x\"\nsame_as = \"77\"\n"))[0].contains("no full row for `77`"));
    assert!(wrong(&format!("{row}source = \"x\"\nreleased = \"today\"\n"))[0].contains("YYYY-MM-DD"));
    assert!(wrong(&format!("{row}source = \"x\"\n{row}source = \"x\"\n"))[0].contains("stands here twice"));
    let unknown = "[[offer]]\nproduct = \"nope\"\nrole = \"client\"\nversion = \"1\"\nsource = \"x\"\n";
    assert!(wrong(unknown)[0].contains("`nope` is not in any"));
    let rule = "[[behaviour]]\nproduct = \"openssh\"\nrule = \"jumps\"\nsource = \"x\"\n";
    assert_eq!(wrong(rule), ["own.toml:1: `jumps` is no rule"]);
    let rating = "[[algorithm]]\nkind = \"mac\"\nname = \"x\"\nrating = \"bad\"\nsource = \"x\"\n";
    assert!(wrong(rating)[0].contains("`rating` is `bad`"));
    // Nothing of a wrong overlay is taken.
    let mut catalog = catalog();
    assert!(catalog.overlay([file("a.toml", rule), file("b.toml", row)]).is_err());
    assert!(catalog.resolve(&Software::new("openssh", "9.2p1"), Role::Client).is_ok());
}
