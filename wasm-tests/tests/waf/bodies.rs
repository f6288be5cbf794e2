//! Bodies that rules wait for, however they come, or do not come.

use super::{document, rule};
use serde_json::{Value, json};
use std::time::Duration;
use wasm_tests::client::{Length, Sending, Wire};
use wasm_tests::raw::Raw;
use wasm_tests::{Backend, Gateway, Options, eventually, raw};

async fn start(backend: &Backend, options: Options) -> Gateway {
    let forbidden = json!({ "ByteMatchStatement": {
        "SearchString": "Zm9yYmlkZGVu", "FieldToMatch": { "Body": {} }, "PositionalConstraint": "CONTAINS",
        "TextTransformations": [{ "Priority": 0, "Type": "LOWERCASE" }],
    } });
    Gateway::start(&document(json!([rule("body", 0, forbidden, "Block")]), Value::Null), backend, options)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_are_one_body_over_both_versions_and_before_trailers() {
    let backend = Backend::start().await;
    let gateway = start(&backend, Options::default()).await;
    for wire in [Wire::Http1, Wire::Http2] {
        for trailers in [&[][..], &[("x-sum", "7")]] {
            for (pieces, status) in [
                (["a forb", "id", "den word"], 403),
                (["a forb", "-id-", "den word"], 200),
                (["", "", ""], 200),
            ] {
                backend.forget();
                let mut sending = Sending::begin(wire, gateway.address(), "POST", "/prod/x", Length::Unknown);
                for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
                    sending.part(piece.as_bytes());
                }
                sending.end(trailers);
                let response = sending.response().await.unwrap();
                assert_eq!(response.status, status, "{wire:?} {pieces:?} {trailers:?}");
                if status == 200 {
                    let seen = backend.only();
                    assert_eq!((seen.bytes, seen.ended), (pieces.concat().len() as u64, true));
                } else {
                    assert!(backend.seen().is_empty());
                }
            }
        }
    }
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_before_it_sends_its_body_is_told_to_go_on() {
    let backend = Backend::start().await;
    let gateway = start(&backend, Options::default()).await;
    for (body, status) in [("a forbidden word", 403), ("a word", 200)] {
        let mut client = Raw::connect(gateway.address()).await.unwrap();
        let length = body.len();
        let head = format!(
            "POST /prod/x HTTP/1.1\r\nhost: h.test\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        );
        client.write(head.as_bytes()).await.unwrap();
        assert_eq!(client.some().await.unwrap(), "HTTP/1.1 100 Continue\r\n\r\n".len());
        client.write(body.as_bytes()).await.unwrap();
        assert_eq!(client.response().await.unwrap().status, status, "{body}");
    }
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_in_time_is_408_and_leaves_nothing() {
    let backend = Backend::start().await;
    let options = Options { request_timeout: Some(Duration::from_millis(500)), ..Options::default() };
    let gateway = start(&backend, options).await;
    for wire in [Wire::Http1, Wire::Http2] {
        let sending = Sending::begin(wire, gateway.address(), "POST", "/prod/x", Length::Known(1000));
        sending.part(b"the beginning");
        assert_eq!(sending.response().await.unwrap().status, 408, "{wire:?}");
    }
    nothing_is_left(&gateway, &backend).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_leave_while_their_body_is_awaited_leave_nothing() {
    let backend = Backend::start().await;
    let gateway = start(&backend, Options { concurrency: 2, ..Options::default() }).await;
    for wire in [Wire::Http1, Wire::Http2] {
        let began = gateway.http_stat("downstream_rq_total").await;
        let sendings: Vec<_> = (0..20)
            .map(|_| {
                let sending = Sending::begin(wire, gateway.address(), "POST", "/prod/x", Length::Unknown);
                sending.part(b"the beginning of a forb");
                sending
            })
            .collect();
        eventually("all of them wait", async || {
            (gateway.http_stat("downstream_rq_total").await >= began + 20).then_some(())
        })
        .await;
        assert!(sendings.iter().all(|sending| !sending.is_answered()));
        drop(sendings);
        nothing_is_left(&gateway, &backend).await;
    }
    // The workers go on.
    for _ in 0..8 {
        assert_eq!(raw::get(gateway.address(), "/prod/x").await.unwrap().status, 200);
    }
    eventually("they are judged", async || (judged(&gateway, "allowed").await == 8).then_some(())).await;
    gateway.assert_no_panic().await;
}

/// No request is under way, none reached the backend, and no rule has judged one.
async fn nothing_is_left(gateway: &Gateway, backend: &Backend) {
    eventually("nothing is under way", async || {
        (gateway.http_stat("downstream_rq_active").await == 0).then_some(())
    })
    .await;
    assert!(backend.seen().is_empty());
    for event in ["allowed", "blocked", "counted"] {
        assert_eq!(judged(gateway, event).await, 0, "{event}");
    }
    gateway.assert_no_panic().await;
}

/// How many requests the web ACL has judged so.
async fn judged(gateway: &Gateway, event: &str) -> u64 {
    gateway.admin_stat(&format!("wasmcustom.sekisho_waf;edge;ALL;{event}_requests_total")).await
}
