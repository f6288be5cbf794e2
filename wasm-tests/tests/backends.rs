//! Backends that are gone, silent, unknown or abrupt: AWS's answers, told apart from a backend's own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho_cases::Answer;
use serde_json::{Value, json};
use wasm_tests::{Backend, Gateway, Options, Source, documents, eventually, raw};

const UNAVAILABLE: &str = r#"{"message":"Service Unavailable"}"#;
const INTERNAL_HTTP: &str = r#"{"message":"Internal Server Error"}"#;
const INTERNAL_REST: &str = r#"{"message":"Internal server error"}"#;
const TIMED_OUT: &str = r#"{"message":"Endpoint request timed out"}"#;

async fn gateway(document: &Value) -> (Backend, Gateway) {
    let backend = Backend::start().await;
    let gateway = Gateway::start(document, &backend, Options::default()).await;
    (backend, gateway)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_backend_of_an_http_api_is_503_in_awss_words() {
    let (_backend, gateway) =
        gateway(&documents::http_proxy_with(&json!({ "integrationUri": "http://dead.test" }))).await;
    for method in ["GET", "POST"] {
        let request = format!("{method} /x HTTP/1.1\r\nhost: h.test\r\ncontent-length: 0\r\n\r\n");
        let response = raw::send(gateway.address(), request.as_bytes()).await.unwrap();
        assert_eq!((response.status, response.text().as_str()), (503, UNAVAILABLE));
        assert_eq!(response.header("content-type").as_deref(), Some("application/json"));
        assert!(response.header("apigw-requestid").is_some());
    }
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_backend_of_a_rest_api_is_500_in_awss_words() {
    let document = documents::rest_proxy_with(&json!({}));
    let text = document.to_string().replace("backend.test", "dead.test");
    let (_backend, gateway) = gateway(&serde_json::from_str(&text).unwrap()).await;
    let response = raw::get(gateway.address(), "/prod/x").await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (500, INTERNAL_REST));
    assert_eq!(response.header("x-amzn-errortype").as_deref(), Some("InternalServerErrorException"));
    assert!(response.header("x-amzn-requestid").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_backend_is_504_after_the_integrations_timeout() {
    let (backend, gateway) = gateway(&documents::http_proxy_with(&json!({ "timeoutInMillis": 300 }))).await;
    let start = std::time::Instant::now();
    let response = raw::get(gateway.address(), "/behave/hang").await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (504, TIMED_OUT));
    // Envoy's clock is that of the last turn of its loop: its timers may be some milliseconds early.
    assert!(start.elapsed().as_millis() >= 280, "{:?}", start.elapsed());
    assert_eq!(backend.seen().len(), 1, "an integration that timed out is not tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_backend_of_a_rest_api_is_504() {
    let (_backend, gateway) = gateway(&documents::rest_proxy_with(&json!({ "timeoutInMillis": 300 }))).await;
    let response = raw::get(gateway.address(), "/prod/behave/hang").await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (504, TIMED_OUT));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_does_not_exist_fails_closed() {
    let (_backend, gateway) = gateway(&documents::http_proxy_with(&json!({ "cluster": "nowhere" }))).await;
    let response = raw::get(gateway.address(), "/x").await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (500, INTERNAL_HTTP));
    assert!(response.header("apigw-requestid").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_closes_without_an_answer_is_503() {
    let document = documents::http_proxy_with(&json!({ "retryPolicy": { "maxRetries": 0, "retryOn": [] } }));
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let response = raw::get(gateway.address(), "/behave/reset").await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (503, UNAVAILABLE));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_not_sent_twice_when_the_backend_breaks_off() {
    let (backend, gateway) = gateway(&documents::http_proxy()).await;
    let request = b"POST /behave/reset HTTP/1.1\r\nhost: h.test\r\ncontent-length: 2\r\n\r\nab";
    let response = raw::send(gateway.address(), request).await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (503, UNAVAILABLE));
    assert_eq!(backend.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_that_a_backend_sends_itself_are_its_own() {
    let (backend, gateway) = gateway(&documents::http_proxy()).await;
    for (status, body) in [
        (502, "bad gateway"),
        (503, "upstream connect error or disconnect/reset before headers. reset reason: connection failure"),
        (503, "no healthy upstream"),
        (504, "upstream request timeout"),
        (413, "Payload Too Large"),
        (431, "too many"),
        (404, "not here"),
    ] {
        backend.answers(Answer {
            status,
            headers: vec![("x-own".to_owned(), "yes".to_owned())],
            body: body.to_owned(),
        });
        let response = raw::get(gateway.address(), "/x").await.unwrap();
        assert_eq!((response.status, response.text().as_str()), (status, body));
        assert_eq!(response.header("x-own").as_deref(), Some("yes"), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_half_way_is_broken_off_for_the_client() {
    let (_backend, gateway) = gateway(&documents::http_proxy()).await;
    let problem = raw::get(gateway.address(), "/behave/break/8000000").await.expect_err("the end is missing");
    assert_eq!(problem.kind(), std::io::ErrorKind::UnexpectedEof);
    assert_eq!(raw::get(gateway.address(), "/x").await.unwrap().status, 200);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_takes_its_request_from_the_backend() {
    let (backend, gateway) = gateway(&documents::http_proxy()).await;
    for i in 1..=20 {
        let mut connection = raw::Raw::connect(gateway.address()).await.unwrap();
        connection.write(b"GET /behave/hang HTTP/1.1\r\nhost: h.test\r\n\r\n").await.unwrap();
        eventually("the request arrives", async || (backend.seen().len() >= i).then_some(())).await;
    }
    eventually("nothing is active upstream", async || {
        let active = gateway.admin("/stats?filter=^cluster.*upstream_rq_active$").await;
        active.lines().all(|line| line.ends_with(": 0")).then_some(())
    })
    .await;
    assert_eq!(gateway.http_stat("downstream_rq_active").await, 0);
    assert_eq!(raw::get(gateway.address(), "/x").await.unwrap().status, 200);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_wrong_stops_envoy_from_starting() {
    let backend = Backend::start().await;
    let mut document = documents::http_proxy();
    document["apis"][0]["routes"][0]["target"] = "integrations/missing".into();
    let problem =
        Gateway::try_start(&document, &backend, Options::default()).await.expect_err("it must not start");
    assert!(problem.contains("missing"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_filter_alone_serves_in_a_bootstrap_that_somebody_wrote_by_hand() {
    let backend = Backend::start().await;
    let options = Options { bootstrap: Source::ByHand, ..Options::default() };
    let gateway = Gateway::start(&documents::http_proxy(), &backend, options).await;
    let response = raw::get(gateway.address(), "/x?a=1").await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (200, "ok"));
    assert_eq!(backend.only().seen.path, "/x?a=1");
    assert_eq!(backend.only().header("x-sekisho-cluster"), [""; 0]);
    let request = b"GET /../x HTTP/1.1\r\nhost: h.test\r\n\r\n";
    assert_eq!(raw::send(gateway.address(), request).await.unwrap().status, 400);
    gateway.assert_no_panic().await;
}
