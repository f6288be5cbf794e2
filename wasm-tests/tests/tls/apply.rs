//! `sekisho apply` brings domains and certificates to a running Envoy.

use crate::world::{Client, World, certificate, document, domain, issued, mutual};
use sekisho_cli::local_ca::Issued;
use serde_json::{Value, json};
use std::net::SocketAddr;
use wasm_tests::{Backend, Dynamic, Options, eventually};

/// A document whose backend is here.
pub fn here(document: &Value, backend: &Backend) -> Value {
    let text = document.to_string().replace("http://backend.test", &format!("http://{}", backend.address()));
    serde_json::from_str(&text).unwrap()
}

/// Waits until new connections see a certificate: the command does not wait for files of certificates, nor for listeners to
/// reach the workers.
async fn shown(client: &Client, address: SocketAddr, host: &str, server: &Issued) {
    let certificate = issued(server);
    eventually(&format!("{host} has its certificate"), async || {
        let seen = client.get(address, host).await.ok()?;
        (seen.certificate == certificate).then_some(())
    })
    .await;
    assert_eq!(client.get(address, host).await.unwrap().status, 200, "{host}");
}

#[tokio::test(flavor = "multi_thread")]
async fn domains_come_change_and_go_with_the_document() {
    let world = World::new();
    let (one, two) = (world.server(&["one.test"]), world.server(&["two.test"]));
    let other = world.server_aside("one.test");
    let backend = Backend::start().await;
    let at = |certificates: Value, domains: &[Value]| here(&document(&certificates, domains), &backend);
    let none = at(json!({}), &[json!({ "domainName": "one.test" })]);
    let dynamic = Dynamic::start(env!("CARGO_BIN_EXE_sekisho-as-built"), &none, &Options::default()).await;
    let apply = async |document: &Value| {
        let said = dynamic.apply(document).await;
        assert_eq!(said.code, Some(0), "{}", said.text);
        said.text
    };
    let client = Client::new(&world);

    let first = at(json!({ "c": certificate(&one) }), &[domain("one.test", "c")]);
    apply(&first).await;
    let address = dynamic.gateway().listener("sekisho_tls").await;
    shown(&client, address, "one.test", &one).await;
    assert!(client.get(address, "two.test").await.is_err());
    assert!(apply(&first).await.contains("nothing to change"));

    // Another domain, and other files for the certificate of the first.
    let certificates = json!({ "c": certificate(&other), "d": certificate(&two) });
    apply(&at(certificates.clone(), &[domain("one.test", "c"), domain("two.test", "d")])).await;
    shown(&client, address, "two.test", &two).await;
    shown(&client, address, "one.test", &other).await;

    // Client certificates, from now on.
    let truststore = world.truststore();
    apply(&at(certificates.clone(), &[mutual("one.test", "c", &truststore), domain("two.test", "d")])).await;
    eventually("clients are asked", async || client.get(address, "one.test").await.is_err().then_some(()))
        .await;
    let ann = Client { identity: Some(world.client("ann")), ..client.clone() };
    shown(&ann, address, "one.test", &other).await;
    assert_eq!(client.get_from(address, "two.test", "one.test").await.unwrap().status, 403);

    // What is no pair is refused before Envoy is asked, and all stays.
    let torn = json!({ "certificateFile": one.certificate, "privateKeyFile": two.key });
    let said = dynamic.apply(&at(json!({ "c": torn }), &[domain("one.test", "c")])).await;
    assert_eq!(said.code, Some(1), "{}", said.text);
    assert!(said.text.contains("the certificate is not for this key"), "{}", said.text);
    assert_eq!(client.get(address, "two.test").await.unwrap().status, 200);

    apply(&none).await;
    eventually("nobody is there", async || client.get(address, "two.test").await.is_err().then_some(()))
        .await;
    dynamic.gateway().assert_no_panic().await;
}
