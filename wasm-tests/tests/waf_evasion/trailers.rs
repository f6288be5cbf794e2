//! Trailers, of a client and a backend that both speak HTTP/2: HTTP/1.1's are dropped.

use super::world;
use serde_json::json;
use wasm_tests::client::{Length, Sending, Wire};
use wasm_tests::{Backend, Gateway, Options, Protocol};

const OWN: [&str; 4] = ["x-amzn-waf-checked", "x-sekisho-cluster", "x_amzn_waf_checked", "x-envoy-internal"];

#[tokio::test(flavor = "multi_thread")]
async fn a_client_cannot_tell_in_trailers_what_only_the_gateway_tells() {
    let backend = Backend::start_with(Protocol::Http2).await;
    let mut document = world::document();
    for integration in document["apis"][0]["integrations"].as_array_mut().unwrap() {
        integration["protocolVersion"] = json!("HTTP2");
    }
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    // One that a rule waits for, and one that streams on.
    for size in [3, 100_000] {
        backend.forget();
        let mut sending = Sending::begin(Wire::Http2, gateway.address(), "POST", "/prod/x", Length::Unknown);
        sending.part(&vec![b'a'; size]);
        let trailers: Vec<_> =
            OWN.iter().map(|name| (*name, "yes")).chain([("x-end", "1"), ("x-end", "2")]).collect();
        sending.end(&trailers);
        assert_eq!(sending.response().await.unwrap().status, 200);
        let recorded = backend.only();
        let names: Vec<_> = recorded.seen.trailers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((recorded.bytes, names), (size as u64, vec!["x-end", "x-end"]));
    }
    gateway.assert_no_panic().await;
}
