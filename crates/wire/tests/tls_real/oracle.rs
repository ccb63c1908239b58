//! What `tls-parser` reads in the same message.

use shakedown_wire::tls::number::version;
use shakedown_wire::tls::{ClientHello, Extensions, Message, Place, ServerHello, View};
use tls_parser::{
    TlsExtension, TlsMessage, TlsMessageHandshake as Theirs, parse_tls_client_hello_extension,
    parse_tls_message_handshake,
};

/// Whether both read the message; `false` where `tls-parser` cannot.
///
/// # Panics
/// Where they read different things.
pub(crate) fn agrees(message: &Message, bytes: &[u8]) -> bool {
    let Ok((rest, TlsMessage::Handshake(theirs))) = parse_tls_message_handshake(bytes) else { return false };
    assert!(rest.is_empty());
    match (message, theirs) {
        (Message::ClientHello(ours), Theirs::ClientHello(theirs)) => {
            assert_eq!((ours.version, ours.random.as_slice()), (theirs.version.0, theirs.random));
            assert_eq!(ours.session_id, theirs.session_id.unwrap_or_default());
            assert!(ours.cipher_suites.iter().eq(theirs.ciphers.iter().map(|suite| &suite.0)));
            assert!(ours.compression_methods.iter().eq(theirs.comp.iter().map(|method| &method.0)));
            assert_eq!(list(ours.extensions.as_ref()).as_deref(), theirs.ext);
            views(ours);
        }
        (Message::ServerHello(ours) | Message::HelloRetryRequest(ours), Theirs::ServerHello(theirs)) => {
            server_hello(ours, theirs.version.0, theirs.random, theirs.session_id);
            assert_eq!((ours.cipher_suite, ours.compression_method), (theirs.cipher.0, theirs.compression.0));
            // It passes over the extensions of SSL 3.0.
            if ours.version != version::SSL3 {
                assert_eq!(list(ours.extensions.as_ref()).as_deref(), theirs.ext);
            }
        }
        (Message::ServerHello(ours), Theirs::ServerHelloV13Draft18(theirs)) => {
            server_hello(ours, theirs.version.0, theirs.random, None);
            assert_eq!(ours.cipher_suite, theirs.cipher.0);
            assert_eq!(list(ours.extensions.as_ref()).as_deref(), theirs.ext);
        }
        (Message::Certificate(ours), Theirs::Certificate(theirs)) if ours.request_context.is_none() => {
            let ours = ours.entries.iter().map(|entry| entry.certificate.as_slice());
            assert!(ours.eq(theirs.cert_chain.iter().map(|certificate| certificate.data)));
        }
        (Message::ServerHelloDone, Theirs::ServerDone(body)) => assert!(body.is_empty()),
        (Message::HelloRequest, Theirs::HelloRequest) => {}
        _ => return false,
    }
    true
}

/// The bytes of the extensions without their length; `None` also where there are none.
fn list(extensions: Option<&Extensions>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for extension in &extensions?.0 {
        bytes.extend(extension.number.to_be_bytes());
        bytes.extend(u16::try_from(extension.data.len()).unwrap().to_be_bytes());
        bytes.extend(&extension.data);
    }
    Some(bytes)
}

fn server_hello(ours: &ServerHello, version: u16, random: &[u8], session_id: Option<&[u8]>) {
    assert_eq!((ours.version, ours.random.as_slice()), (version, random));
    assert_eq!(ours.session_id, session_id.unwrap_or_default());
}

/// The extensions of a client's hello that `tls-parser` reads as deeply.
fn views(hello: &ClientHello) {
    for extension in hello.extensions() {
        let Ok(view) = extension.view(Place::ClientHello) else { continue };
        let one = Extensions(vec![extension.clone()]);
        let bytes = list(Some(&one)).unwrap();
        let Ok((_, theirs)) = parse_tls_client_hello_extension(&bytes) else { continue };
        match (view, theirs) {
            (View::ServerNames(ours), TlsExtension::SNI(theirs)) => {
                assert!(
                    ours.iter().map(|(kind, name)| (*kind, name.as_slice())).eq(theirs.iter().map(|(k, n)| (k.0, *n)))
                );
            }
            (View::SupportedGroups(ours), TlsExtension::EllipticCurves(theirs)) => {
                assert!(ours.iter().eq(theirs.iter().map(|group| &group.0)));
            }
            (View::EcPointFormats(ours), TlsExtension::EcPointFormats(theirs)) => assert_eq!(ours, theirs),
            (View::SignatureAlgorithms(ours), TlsExtension::SignatureAlgorithms(theirs)) => assert_eq!(ours, theirs),
            (View::SupportedVersions(ours), TlsExtension::SupportedVersions(theirs)) => {
                assert!(ours.iter().eq(theirs.iter().map(|version| &version.0)));
            }
            (View::Protocols(ours), TlsExtension::ALPN(theirs)) => assert_eq!(ours, theirs),
            (View::PskKeyExchangeModes(ours), TlsExtension::PskExchangeModes(theirs)) => assert_eq!(ours, theirs),
            (View::RecordSizeLimit(ours), TlsExtension::RecordSizeLimit(theirs)) => assert_eq!(ours, theirs),
            (View::RenegotiationInfo(ours), TlsExtension::RenegotiationInfo(theirs)) => assert_eq!(ours, theirs),
            (View::Heartbeat(ours), TlsExtension::Heartbeat(theirs)) => assert_eq!(ours, theirs),
            (View::MaxFragmentLength(ours), TlsExtension::MaxFragmentLength(theirs)) => assert_eq!(ours, theirs),
            _ => {}
        }
    }
}
