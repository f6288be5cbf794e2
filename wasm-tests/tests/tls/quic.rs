//! HTTP/3: who is told of it, and who gets in.

use crate::world::{Client, World, certificate, document, domain, issued, mutual};
use bytes::Buf;
use serde_json::json;
use std::future::poll_fn;
use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::pki_types::CertificateDer;
use wasm_tests::{Backend, Gateway, Options};

/// What a client saw: the certificate, the status, the body.
type Seen = (CertificateDer<'static>, u16, Vec<u8>);

/// Asks for a host over HTTP/3, on a connection that names one.
async fn get(client: &Client, address: SocketAddr, sni: &str, host: &str) -> Result<Seen> {
    let tls = Client { alpn: "h3", ..client.clone() }.config()?;
    let tls = quinn::crypto::rustls::QuicClientConfig::try_from(tls).map_err(Error::other)?;
    let mut endpoint = quinn::Endpoint::client(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(tls)));
    let asked = async {
        let connection = endpoint.connect(address, sni).map_err(Error::other)?.await?;
        let shown = connection.peer_identity().unwrap().downcast::<Vec<CertificateDer<'static>>>().unwrap();
        let (mut driver, mut sender) =
            h3::client::new(h3_quinn::Connection::new(connection)).await.map_err(Error::other)?;
        let driven = tokio::spawn(async move { poll_fn(|context| driver.poll_close(context)).await });
        let request = hyper::Request::get(format!("https://{host}/x")).body(()).map_err(Error::other)?;
        let mut stream = sender.send_request(request).await.map_err(Error::other)?;
        stream.finish().await.map_err(Error::other)?;
        let status = stream.recv_response().await.map_err(Error::other)?.status().as_u16();
        let mut body = Vec::new();
        while let Some(mut part) = stream.recv_data().await.map_err(Error::other)? {
            body.extend_from_slice(&part.copy_to_bytes(part.remaining()));
        }
        driven.abort();
        Ok((shown[0].clone(), status, body))
    };
    tokio::time::timeout(Duration::from_secs(10), asked).await?
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_domains_are_served_by_http3() {
    let world = World::new();
    let (one, wild) = (world.server(&["api.one.test"]), world.server(&["*.one.test"]));
    let document = document(
        &json!({ "one": certificate(&one), "wild": certificate(&wild) }),
        &[domain("api.one.test", "one"), domain("*.one.test", "wild")],
    );
    let backend = Backend::start().await;
    let options = Options { http3: Some(443), ..Options::default() };
    let gateway = Gateway::start(&document, &backend, options).await;
    let (tls, quic) = (gateway.listener("sekisho_tls").await, gateway.listener("sekisho_http3").await);
    let client = Client::new(&world);
    for (host, shown) in [("api.one.test", &one), ("x.one.test", &wild)] {
        backend.forget();
        let (certificate, status, _) = get(&client, quic, host, host).await.unwrap();
        assert_eq!((status, certificate), (200, issued(shown)), "{host}");
        assert_eq!(backend.only().header("host"), ["backend.test"]);
        let seen = client.get(tls, host).await.unwrap();
        assert_eq!(seen.alt_svc.as_deref(), Some("h3=\":443\"; ma=86400"), "{host}");
    }
    assert!(get(&client, quic, "two.test", "two.test").await.is_err());
    // Nobody is told by plain text.
    let plain = wasm_tests::raw::get(gateway.address(), "/x").await.unwrap();
    assert_eq!((plain.status, plain.header("alt-svc")), (200, None));
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn client_certificates_are_asked_for_by_http3_too() {
    let (world, strangers) = (World::new(), World::new());
    let server = world.server(&["api.test", "open.test"]);
    let document = document(
        &json!({ "c": certificate(&server) }),
        &[mutual("api.test", "c", &world.truststore()), domain("open.test", "c")],
    );
    let backend = Backend::start().await;
    let gateway =
        Gateway::start(&document, &backend, Options { http3: Some(443), ..Options::default() }).await;
    let quic = gateway.listener("sekisho_http3").await;
    let client = |identity| Client { identity, ..Client::new(&world) };
    for identity in [None, Some(strangers.client("ann"))] {
        let refused = get(&client(identity), quic, "api.test", "api.test").await;
        assert!(refused.is_err(), "{refused:?}");
    }
    let (_, status, body) = get(&client(None), quic, "open.test", "api.test").await.unwrap();
    assert_eq!((status, body.as_slice()), (403, br#"{"message":"Forbidden"}"#.as_slice()));
    assert!(backend.seen().is_empty());
    let known = client(Some(world.client("ann")));
    assert_eq!(get(&known, quic, "api.test", "api.test").await.unwrap().1, 200);
    assert_eq!(backend.only().header("x-subject"), ["CN=ann"]);
    gateway.assert_no_panic().await;
}
