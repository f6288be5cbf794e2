//! The harness itself, with an Envoy that does not load the filter: what fails here is no fault of the gateway's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho_cases::Answer;
use wasm_tests::{Backend, Gateway, Options, Source, documents, raw};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_is_recorded_and_what_is_answered_arrives() {
    let backend = Backend::start().await;
    let options = Options { bootstrap: Source::WithoutFilter, ..Options::default() };
    let gateway = Gateway::start(&documents::http_proxy(), &backend, options).await;
    let headers = [("x-many", "1"), ("x-many", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    backend.answers(Answer { status: 418, headers: headers.to_vec(), body: "tea".to_owned() });

    let request = b"POST /a?b HTTP/1.1\r\nhost: h.test\r\nx-bytes: \xff\xfe\r\ncontent-length: 4\r\n\r\nbody";
    let response = raw::send(gateway.address(), request).await.unwrap();

    assert_eq!((response.status, response.text().as_str()), (418, "tea"));
    assert_eq!(response.headers.iter().filter(|(name, _)| name == "x-many").count(), 2);
    let recorded = backend.only();
    assert_eq!((recorded.seen.method.as_str(), recorded.seen.path.as_str()), ("POST", "/a?b"));
    assert_eq!((recorded.seen.body.as_slice(), recorded.ended), (b"body".as_slice(), true));
    assert!(recorded.seen.headers.contains(&("x-bytes".to_owned(), b"\xff\xfe".to_vec())));
    assert_eq!(gateway.http_stat("downstream_rq_4xx").await, 1);
    assert!(gateway.resident_bytes() > 1 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envoy_that_cannot_start_says_why() {
    let backend = Backend::start().await;
    let options = Options { bootstrap: Source::WithoutFilter, concurrency: 0, ..Options::default() };
    // Worker threads cannot be none: Envoy takes one.
    let gateway = Gateway::start(&documents::http_proxy(), &backend, options).await;
    assert_eq!(gateway.admin_stat("server.concurrency").await, 1);
    let broken = serde_json::json!({ "apis": [{ "apiId": 7 }] });
    let problem = Gateway::try_start(&broken, &backend, Options::default()).await.err().unwrap();
    assert!(problem.contains("apiId"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_and_trailers_are_read() {
    let backend = Backend::start().await;
    let options = Options { bootstrap: Source::WithoutFilter, ..Options::default() };
    let gateway = Gateway::start(&documents::http_proxy(), &backend, options).await;
    let response = raw::get(gateway.address(), "/behave/stream/100000").await.unwrap();
    assert_eq!((response.status, response.body.len()), (200, 100_000));
}
