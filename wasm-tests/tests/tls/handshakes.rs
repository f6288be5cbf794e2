//! Which certificate a client is shown, by which version, and by which protocol.

use crate::world::{Client, World, certificate, document, domain, issued, openssl};
use sekisho_cases::needs;
use serde_json::json;
use wasm_tests::{Backend, Gateway, Options};

#[tokio::test(flavor = "multi_thread")]
async fn the_name_picks_the_certificate_and_a_whole_name_comes_first() {
    let world = World::new();
    let (one, wild, other) =
        (world.server(&["api.one.test"]), world.server(&["*.one.test"]), world.server(&["two.test"]));
    let document = document(
        &json!({ "one": certificate(&one), "wild": certificate(&wild), "other": certificate(&other) }),
        &[
            domain("*.one.test", "wild"),
            domain("api.one.test", "one"),
            domain("Two.Test", "other"),
            json!({ "domainName": "plain.test" }),
        ],
    );
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let address = gateway.listener("sekisho_tls").await;
    for alpn in ["h2", "http/1.1"] {
        let client = Client { alpn, ..Client::new(&world) };
        for (host, shown) in
            [("api.one.test", &one), ("x.one.test", &wild), ("API.one.test", &one), ("two.test", &other)]
        {
            backend.forget();
            let seen = client.get(address, host).await.unwrap();
            assert_eq!((seen.status, seen.alt_svc), (200, None), "{host}");
            assert_eq!(seen.certificate, issued(shown), "{host}");
            assert_eq!(backend.only().header("x-forwarded-client-cert"), Vec::<String>::new());
        }
        // No domain, a domain without a certificate, the parent of a wildcard: nobody is there.
        for host in ["three.test", "plain.test", "one.test"] {
            assert!(client.connect(address, host).await.is_err(), "{host}");
        }
    }
    // Without a name there is no domain.
    assert!(Client::new(&world).connect(address, "127.0.0.1").await.is_err());
    // Plain text does not go by TLS, and the plain listener is still there.
    let response = wasm_tests::raw::get(gateway.address(), "/x").await.unwrap();
    assert_eq!(response.status, 200);
    assert!(wasm_tests::raw::get(address, "/x").await.is_err());
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_is_the_lowest_version() {
    needs!("openssl", "openssl");
    let world = World::new();
    let server = world.server(&["new.test", "old.test"]);
    let mut old = domain("old.test", "c");
    old["domainNameConfigurations"][0]["securityPolicy"] = json!("TLS_1_0");
    let document = document(&json!({ "c": certificate(&server) }), &[domain("new.test", "c"), old]);
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let address = gateway.listener("sekisho_tls").await;
    let mut handshakes = 0;
    for (host, version, is_taken) in [
        ("new.test", "-tls1", false),
        ("new.test", "-tls1_1", false),
        ("new.test", "-tls1_2", true),
        ("new.test", "-tls1_3", true),
        ("old.test", "-tls1", true),
        ("old.test", "-tls1_1", true),
        ("old.test", "-tls1_3", true),
    ] {
        let arguments = ["-servername", host, version, "-cipher", "DEFAULT@SECLEVEL=0"];
        let said = openssl(address, &arguments).await;
        let taken = said.contains("New, TLS") && !said.contains("Cipher is (NONE)");
        assert_eq!(taken, is_taken, "{host} {version}: {said}");
        let refused = said.contains("alert protocol version");
        assert_eq!(refused, !is_taken, "{host} {version}: {said}");
        handshakes += 1;
    }
    // Of TLS 1.2 nothing without forward secrecy, under the better policy.
    for (host, is_taken) in [("new.test", false), ("old.test", true)] {
        let arguments = ["-servername", host, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA@SECLEVEL=0"];
        let said = openssl(address, &arguments).await;
        assert_eq!(said.contains("Cipher is ECDHE-ECDSA-AES128-SHA"), is_taken, "{host}: {said}");
        handshakes += 1;
    }
    println!("{handshakes} handshakes");
    assert_eq!(handshakes, 9);
}
