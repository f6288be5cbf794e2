//! Client certificates: who is let in, and by which connection.

use crate::world::{Client, Identity, World, certificate, document, domain, mutual};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::json;
use wasm_tests::{Backend, Gateway, Options};

const WIRES: [&str; 2] = ["h2", "http/1.1"];

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known_is_not_let_in() {
    let (world, strangers) = (World::new(), World::new());
    let server = world.server(&["api.test"]);
    let document =
        document(&json!({ "c": certificate(&server) }), &[mutual("api.test", "c", &world.truststore())]);
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let address = gateway.listener("sekisho_tls").await;
    for alpn in WIRES {
        let client = |identity| Client { alpn, identity, ..Client::new(&world) };
        // A server's certificate is no client's.
        let as_server = Identity::of(&world.server(&["ann.test"]));
        for identity in [None, Some(strangers.client("ann")), Some(as_server)] {
            let refused = client(identity).get(address, "api.test").await;
            assert!(refused.is_err(), "{refused:?}");
        }
        assert!(backend.seen().is_empty());
        let seen = client(Some(world.client("ann"))).get(address, "api.test").await.unwrap();
        assert_eq!(seen.status, 200);
        assert_eq!(backend.only().header("x-subject"), ["CN=ann"]);
        backend.forget();
    }
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_four_certificates_long_at_most() {
    let world = World::new();
    let server = world.server(&["api.test"]);
    let ca = |name: &str| {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    // A root, authorities under it, and at each of them a client.
    let key = KeyPair::generate().unwrap();
    let root = ca("root").self_signed(&key).unwrap();
    std::fs::write(world.path().join("root.pem"), root.pem()).unwrap();
    let mut issuer = Issuer::new(ca("root"), key);
    let (mut above, mut clients) = (String::new(), Vec::new());
    for length in 2..=6 {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("client {length}"));
        let pem = params.signed_by(&key, &issuer).unwrap().pem();
        let file = |name: &str| world.path().join(format!("{length}-{name}.pem"));
        std::fs::write(file("chain"), format!("{pem}{above}")).unwrap();
        std::fs::write(file("key"), key.serialize_pem()).unwrap();
        clients.push((length, Identity { chain: file("chain"), key: file("key") }));
        let (next, name) = (KeyPair::generate().unwrap(), format!("authority {length}"));
        above = ca(&name).signed_by(&next, &issuer).unwrap().pem() + &above;
        issuer = Issuer::new(ca(&name), next);
    }
    let truststore = format!("file:{}", world.path().join("root.pem").display());
    let document = document(&json!({ "c": certificate(&server) }), &[mutual("api.test", "c", &truststore)]);
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let address = gateway.listener("sekisho_tls").await;
    for (length, identity) in clients {
        let client = Client { identity: Some(identity), ..Client::new(&world) };
        let answered = client.get(address, "api.test").await;
        assert_eq!(answered.is_ok(), length <= 4, "{length} with the root: {answered:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_by_another_connection() {
    let (world, others) = (World::new(), World::new());
    let names = ["open.test", "a.test", "b.test", "*.wild.test", "x.wild.test"];
    let server = world.server(&names);
    let ours = world.truststore();
    let theirs = format!("file:{}", others.trust().display());
    let document = document(
        &json!({ "c": certificate(&server) }),
        &[
            domain("open.test", "c"),
            mutual("a.test", "c", &ours),
            mutual("b.test", "c", &theirs),
            mutual("*.wild.test", "c", &ours),
            domain("x.wild.test", "c"),
        ],
    );
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let address = gateway.listener("sekisho_tls").await;
    let (ann, bob) = (world.client("ann"), others.client("bob"));
    let mut asked = 0;
    for alpn in WIRES {
        for (identity, sni, host, status) in [
            (&ann, "a.test", "a.test", 200),
            (&ann, "a.test", "A.test.:443", 200),
            (&bob, "b.test", "b.test", 200),
            (&ann, "y.wild.test", "y.wild.test", 200),
            (&ann, "a.test", "y.wild.test", 403),
            (&ann, "a.test", "open.test", 200),
            (&ann, "x.wild.test", "x.wild.test", 200),
            (&ann, "open.test", "a.test", 403),
            (&ann, "open.test", "A.TEST", 403),
            (&ann, "open.test", "a.test.", 403),
            (&ann, "open.test", "a.test:8443", 403),
            (&bob, "b.test", "a.test", 403),
            (&ann, "a.test", "b.test", 403),
            (&ann, "open.test", "y.wild.test", 403),
            (&ann, "x.wild.test", "y.wild.test", 403),
        ] {
            backend.forget();
            let client = Client { alpn, identity: Some(identity.clone()), ..Client::new(&world) };
            let seen = client.get_from(address, sni, host).await.unwrap();
            assert_eq!(seen.status, status, "{alpn}: {host} by {sni}");
            assert_eq!(backend.seen().len(), usize::from(status == 200), "{alpn}: {host} by {sni}");
            asked += 1;
        }
    }
    assert_eq!(asked, 30);
    // Without TLS there is no certificate, whatever the request says.
    for host in ["a.test", "B.TEST:80", "y.wild.test."] {
        let request = format!("GET /x HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let response = wasm_tests::raw::send(gateway.address(), request.as_bytes()).await.unwrap();
        assert_eq!(
            (response.status, response.text().as_str()),
            (403, r#"{"message":"Forbidden"}"#),
            "{host}"
        );
    }
    gateway.assert_no_panic().await;
}
