//! gRPC through the gateway, and IPv6.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use wasm_tests::client::{Body, http2};
use wasm_tests::{Backend, Gateway, Options, documents, raw};

// --- a gRPC service, by hand: messages behind five bytes of length, a status in the trailers

fn message(text: &[u8]) -> Bytes {
    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
    Bytes::from([&[0_u8], length.as_slice(), text].concat())
}

fn messages(body: &[u8]) -> Vec<String> {
    let (mut rest, mut all) = (BytesMut::from(body), Vec::new());
    while rest.has_remaining() {
        assert_eq!(rest.get_u8(), 0, "compressed");
        let length = rest.get_u32() as usize;
        all.push(String::from_utf8(rest.split_to(length).to_vec()).unwrap());
    }
    all
}

struct Frames(UnboundedReceiver<Frame<Bytes>>);

impl hyper::body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|frame| frame.map(Ok))
    }
}

fn status(code: &str, text: &str) -> HeaderMap {
    let pairs = [("grpc-status", code), ("grpc-message", text)];
    let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    pairs.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

async fn serve(request: Request<Incoming>) -> Result<Response<Frames>, hyper::Error> {
    let path = request.uri().path().to_owned();
    assert_eq!(request.headers()["te"], "trailers");
    assert_eq!(request.headers()["content-type"], "application/grpc");
    let deadline = request.headers().get("grpc-timeout").cloned();
    let metadata = request.headers().get("x-bin").cloned();
    let asked = messages(&request.into_body().collect().await?.to_bytes());
    let (send, receive) = unbounded_channel();
    let mut response = Response::new(Frames(receive));
    response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    for (name, value) in [("x-deadline", deadline), ("x-bin", metadata)] {
        if let Some(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    match path.as_str() {
        "/shop.Shop/Get" => {
            let _ = send.send(Frame::data(message(format!("hello {}", asked.join("+")).as_bytes())));
            let _ = send.send(Frame::trailers(status("0", "")));
        }
        "/shop.Shop/List" => {
            for i in 0..100 {
                let _ = send.send(Frame::data(message(format!("{i} of {}", asked.join("+")).as_bytes())));
            }
            let _ = send.send(Frame::trailers(status("0", "")));
        }
        "/shop.Shop/Break" => {
            let _ = send.send(Frame::data(message(b"one")));
            let _ = send.send(Frame::trailers(status("13", "half%20way")));
        }
        // A refusal has its status in the head: there is no body.
        _ => {
            drop(send);
            response.headers_mut().extend(status("5", "no such method"));
        }
    }
    Ok(response)
}

async fn service() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service_fn(serve));
            tokio::spawn(async move { drop(connection.await) });
        }
    });
    address
}

fn call(address: SocketAddr, method: &str, asked: &str) -> Request<Body> {
    Request::builder()
        .method("POST")
        .uri(format!("http://{address}/shop.Shop/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-timeout", "5S")
        .header("x-bin", "AAEC")
        .body(Full::new(message(asked.as_bytes())).boxed())
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_calls_pass_with_their_metadata_and_their_status() {
    let backend = Backend::start().await;
    let document = documents::http_proxy_with(&json!({ "protocolVersion": "GRPC" }));
    let options =
        Options { hosts: [("backend.test".to_owned(), service().await)].into(), ..Options::default() };
    let gateway = Gateway::start(&document, &backend, options).await;
    let address = gateway.address();
    let mut sender = http2(address).await;

    // Method, messages, status in the trailers, text of the status.
    let all: Vec<String> = (0..100).map(|i| format!("{i} of Ada")).collect();
    let cases = [
        ("Get", vec!["hello Ada".to_owned()], "0", None),
        ("List", all, "0", None),
        ("Break", vec!["one".to_owned()], "13", Some("half%20way")),
    ];
    for (method, expected, code, text) in &cases {
        let response = sender.send_request(call(address, method, "Ada")).await.unwrap();
        assert_eq!(response.status(), 200, "{method}");
        for (name, value) in [("content-type", "application/grpc"), ("x-deadline", "5S"), ("x-bin", "AAEC")] {
            assert_eq!(response.headers()[name], value, "{method}");
        }
        let body = response.into_body().collect().await.unwrap();
        let trailers = body.trailers().cloned().expect("the status comes in trailers");
        assert_eq!(trailers["grpc-status"], *code, "{method}");
        assert_eq!(trailers.get("grpc-message").map(|it| it.to_str().unwrap()), *text, "{method}");
        assert_eq!(messages(&body.to_bytes()), *expected, "{method}");
    }
    let response = sender.send_request(call(address, "Nothing", "Ada")).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["grpc-status"]),
        (200, &"5".parse().unwrap())
    );
    assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());

    // Many at once on one connection.
    let mut calls = tokio::task::JoinSet::new();
    for i in 0..50 {
        let mut sender = sender.clone();
        calls.spawn(async move {
            let asked = format!("caller {i}");
            let response = sender.send_request(call(address, "Get", &asked)).await.unwrap();
            let body = response.into_body().collect().await.unwrap();
            assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
            assert_eq!(messages(&body.to_bytes()), [format!("hello {asked}")]);
        });
    }
    assert_eq!(calls.join_all().await.len(), 50);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_listens_and_asks_on_ipv6() {
    let Some(backend) = Backend::start_on_ipv6().await else {
        println!("1 skipped: this machine has no IPv6");
        return;
    };
    let options = Options { listen: (std::net::Ipv6Addr::LOCALHOST, 0).into(), ..Options::default() };
    let gateway = Gateway::start(&documents::http_proxy(), &backend, options).await;
    assert!(gateway.address().is_ipv6() && backend.address().is_ipv6());
    let request = format!("GET /x HTTP/1.1\r\nhost: {}\r\n\r\n", gateway.address());
    let response = raw::send(gateway.address(), request.as_bytes()).await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (200, "ok"));
    let recorded = backend.only();
    assert_eq!(recorded.seen.path, "/x");
    let forwarded = recorded.header("forwarded").concat() + &recorded.header("x-forwarded-for").concat();
    assert!(forwarded.contains("::1"), "{forwarded}: {:?}", recorded.seen.headers);
    gateway.assert_no_panic().await;
    println!("1 of IPv6");
}
