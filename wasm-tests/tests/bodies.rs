//! Bodies that are large, endless, in pieces, or followed by trailers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Frame;
use hyper::{HeaderMap, Request};
use serde_json::json;
use std::convert::Infallible;
use wasm_tests::client::{Length, Sending, Wire};
use wasm_tests::{Backend, Gateway, Options, Protocol, client, documents, eventually, raw};

const TOO_LARGE: &str = r#"{"message":"Request Entity Too Large"}"#;
const LIMIT: usize = 10_485_760;

fn chunked(path: &str, chunk: &[u8], count: usize, trailers: &str) -> Vec<u8> {
    let mut request =
        format!("POST {path} HTTP/1.1\r\nhost: h.test\r\ntransfer-encoding: chunked\r\n\r\n").into_bytes();
    for _ in 0..count {
        request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        request.extend_from_slice(chunk);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(format!("0\r\n{trailers}\r\n").as_bytes());
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_of_ten_megabytes_passes() {
    let backend = Backend::start().await;
    let gateway = Gateway::start(&documents::http_proxy(), &backend, Options::default()).await;
    let request = chunked("/x", &[b'x'; 65_536], LIMIT / 65_536, "");
    let response = raw::send(gateway.address(), &request).await.unwrap();
    assert_eq!(response.status, 200);
    let recorded = backend.only();
    assert_eq!((recorded.bytes, recorded.ended), (LIMIT as u64, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_over_ten_megabytes_is_413_and_never_ends_at_the_backend() {
    let backend = Backend::start().await;
    let gateway = Gateway::start(&documents::http_proxy(), &backend, Options::default()).await;
    let request = chunked("/x", &[b'x'; 65_536], LIMIT / 65_536 + 32, "");
    let response = raw::send(gateway.address(), &request).await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (413, TOO_LARGE));
    let broken = eventually("the backend's request is broken off", async || {
        backend.seen().pop().filter(|recorded| recorded.broken)
    })
    .await;
    assert!(!broken.ended, "the backend must not take a cut body for a whole one");
    assert!(broken.bytes <= LIMIT as u64 + 65_536, "{}", broken.bytes);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_over_ten_megabytes_is_413_on_rest_apis_too() {
    let backend = Backend::start().await;
    let gateway = Gateway::start(&documents::rest_proxy_with(&json!({})), &backend, Options::default()).await;
    let request = chunked("/prod/x", &[b'x'; 65_536], LIMIT / 65_536 + 32, "");
    let response = raw::send(gateway.address(), &request).await.unwrap();
    assert_eq!(response.status, 413);
    assert_eq!(response.text(), r#"{"message":"HTTP content length exceeded 10485760 bytes."}"#);
    assert!(backend.seen().iter().all(|recorded| !recorded.ended));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_single_bytes_with_trailers_passes_whole() {
    let backend = Backend::start().await;
    let gateway = Gateway::start(&documents::http_proxy(), &backend, Options::default()).await;
    let request = chunked("/x", b"a", 5_000, "x-sum: 1\r\n");
    let response = raw::send(gateway.address(), &request).await.unwrap();
    assert_eq!(response.status, 200);
    let recorded = backend.only();
    assert_eq!((recorded.bytes, recorded.ended), (5_000, true));
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_a_mapping_reads_ends_with_its_trailers() {
    let backend = Backend::start().await;
    let document = documents::http_proxy_with(
        &json!({ "requestParameters": { "overwrite:header.x-name": "$request.body.name" } }),
    );
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    for trailers in ["", "x-sum: 1\r\n"] {
        backend.forget();
        let response =
            raw::send(gateway.address(), &chunked("/x", b"{\"name\":\"Ada\"}", 1, trailers)).await.unwrap();
        assert_eq!(response.status, 200, "{trailers}");
        assert_eq!(backend.only().header("x-name"), ["Ada"], "{trailers}");
        assert_eq!(backend.only().seen.body, b"{\"name\":\"Ada\"}", "{trailers}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_that_a_mapping_reads_still_passes_whole() {
    let document = documents::http_proxy_with(
        &json!({ "requestParameters": { "overwrite:header.x-name": "$request.body.name" } }),
    );
    let body = vec![b'x'; 64 * 65_536];
    for connection_buffer_kib in [None, Some(8_192)] {
        let backend = Backend::start().await;
        let options = Options { connection_buffer_kib, ..Options::default() };
        let gateway = Gateway::start(&document, &backend, options).await;
        // Where Envoy knows no limit of the route, it takes the connection's.
        let ignores = gateway.ignores_body_buffer_limits().await;
        let status = if ignores && connection_buffer_kib.is_none() { 413 } else { 200 };
        for wire in [Wire::Http1, Wire::Http2] {
            backend.forget();
            let mut sending = Sending::begin(wire, gateway.address(), "POST", "/x", Length::Unknown);
            sending.part(&body);
            sending.end(&[]);
            let response = sending.response().await.unwrap();
            assert_eq!(response.status, status, "{wire:?}, {connection_buffer_kib:?}: {}", response.text());
            if status == 200 {
                let recorded = backend.only();
                assert_eq!((recorded.bytes, recorded.ended), (body.len() as u64, true));
            } else {
                assert_eq!(backend.seen().len(), 0);
                println!("1 difference: Envoy 1.36 buffers what the connection may, over {wire:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_download_streams_with_bounded_memory() {
    const SIZE: usize = 200 << 20;
    let backend = Backend::start().await;
    let gateway = Gateway::start(&documents::http_proxy(), &backend, Options::default()).await;
    assert_eq!(raw::get(gateway.address(), "/behave/stream/1000000").await.unwrap().body.len(), 1_000_000);
    let before = gateway.resident_bytes();
    let mut connection = raw::Raw::connect(gateway.address()).await.unwrap();
    connection
        .write(
            format!("GET /behave/stream/{SIZE} HTTP/1.1\r\nhost: h.test\r\nconnection: close\r\n\r\n")
                .as_bytes(),
        )
        .await
        .unwrap();
    assert_eq!(connection.head().await.unwrap().status, 200);
    let (mut read, mut most) = (0, before);
    loop {
        let some = connection.some().await.unwrap();
        if some == 0 {
            break;
        }
        read += some;
        if read % (8 << 20) < some {
            most = most.max(gateway.resident_bytes());
        }
    }
    assert!(read >= SIZE, "{read}");
    let grown = most.saturating_sub(before);
    assert!(grown < 24 << 20, "{SIZE} bytes passed, and Envoy grew by {grown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_to_a_backend_that_does_not_read_hold_bounded_memory() {
    let backend = Backend::start().await;
    let stuck = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let options = Options {
        hosts: [("backend.test".to_owned(), stuck.local_addr().unwrap())].into(),
        ..Options::default()
    };
    let gateway =
        Gateway::start(&documents::http_proxy_with(&json!({ "timeoutInMillis": 30000 })), &backend, options)
            .await;
    let before = gateway.resident_bytes();
    let keeper = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((connection, _)) = stuck.accept().await {
            kept.push(connection);
        }
    });
    let mut uploads = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let address = gateway.address();
        uploads.spawn(async move {
            let mut connection = raw::Raw::connect(address).await.unwrap();
            // It stops when nobody takes more: that is what is tested.
            let _ = tokio::time::timeout(
                std::time::Duration::from_secs(3),
                connection.write(&chunked("/x", &[b'x'; 65_536], 159, "")),
            )
            .await;
            connection
        });
    }
    let connections = uploads.join_all().await;
    let grown = gateway.resident_bytes().saturating_sub(before);
    assert!(grown < 48 << 20, "ten uploads of 10 MB wait, and Envoy grew by {grown}");
    drop(connections);
    keeper.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grpc_like_stream_passes_both_ways_with_its_trailers() {
    let backend = Backend::start_with(Protocol::Http2).await;
    let document = documents::http_proxy_with(&json!({ "protocolVersion": "HTTP2" }));
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let mut sender = client::http2(gateway.address()).await;

    let (send, receive) = tokio::sync::mpsc::unbounded_channel::<Frame<Bytes>>();
    let request = Request::builder()
        .method("POST")
        .uri(format!("http://{}/behave/echo", gateway.address()))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Messages { receive }.boxed())
        .unwrap();
    send.send(Frame::data(Bytes::from_static(b"first"))).unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/grpc");
    let mut body = response.into_body();
    // The first message comes back before the second one is sent: nothing is held.
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "first");
    send.send(Frame::data(Bytes::from_static(b"second"))).unwrap();
    let second = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(second, "second");
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    send.send(Frame::trailers(trailers)).unwrap();
    drop(send);
    let mut end = None;
    while let Some(frame) = body.frame().await {
        end = frame.unwrap().into_trailers().ok();
    }
    assert_eq!(end.expect("the trailers come back")["grpc-status"], "0");
    let recorded = backend.only();
    assert_eq!(recorded.header("te"), ["trailers"]);
    assert_eq!(recorded.seen.trailers, [("grpc-status".to_owned(), b"0".to_vec())]);
    gateway.assert_no_panic().await;
}

struct Messages {
    receive: tokio::sync::mpsc::UnboundedReceiver<Frame<Bytes>>,
}

impl hyper::body::Body for Messages {
    type Data = Bytes;
    type Error = Infallible;
    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.receive.poll_recv(context).map(|frame| frame.map(Ok))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_of_a_response_pass() {
    let backend = Backend::start_with(Protocol::Http2).await;
    let document = documents::http_proxy_with(&json!({ "protocolVersion": "HTTP2" }));
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let mut sender = client::http2(gateway.address()).await;
    let uri = format!("http://{}/behave/stream/70000", gateway.address());
    let request = Request::builder().uri(uri).body(Empty::new().boxed()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().expect("the trailers come")["x-end"], "reached");
    assert_eq!(body.to_bytes().len(), 70_000);
}
