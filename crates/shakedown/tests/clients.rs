//! Clients of the catalog at a server that everybody knows.

use shakedown::{Options, blocking};
use shakedown_model::OutcomeResult;

/// A server as most are today, with a certificate that is not at hand.
const SERVER: &str = "events {}\nhttp { server { listen 443 ssl; server_name test.example;\n\
                      ssl_certificate @/rsa.pem; ssl_certificate_key @/rsa.key;\n\
                      ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-SHA384; } }\n";

/// Their signature schemes, or their groups, were once not known: whether they reach a server of today was in doubt, or they
/// were said not to.
#[test]
fn clients_whose_lists_were_missing_reach_a_server_of_today() {
    let Some(made) = shakedown_testkit::peers::openssl_s_server(&["rsa"], &[]) else { return };
    let file = made.folder().join("nginx.conf");
    std::fs::write(&file, SERVER.replace('@', &made.folder().display().to_string())).expect("a file");
    let server = format!("nginx@1.22.1+openssl@3.0.15:{}", file.display());
    for client in [
        "schannel@Windows-8.1",
        "schannel@Windows-10-1507",
        "schannel@Windows-10-1607",
        "schannel@Windows-Server-2019",
        "schannel@Windows-10-22H2",
        "schannel@Windows-11-22H2",
        "schannel@Windows-Server-2022",
        "nss@3.21",
        "nss@3.24",
        "nss@3.25",
        "nss@3.27",
        "rustls@0.18.0",
        "rustls@0.21.12",
        "mbedtls@2.19.0",
        "mbedtls@2.22.0",
    ] {
        let report = blocking::negotiate(client, &server, Options::default()).expect("a report");
        let outcome = &report.pairs.first().expect("a pair").outcome;
        assert_eq!(outcome.result(), OutcomeResult::Agreed, "{client}: {outcome:#?}");
    }
}
