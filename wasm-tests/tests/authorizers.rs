//! JWT authorizers with an issuer that must be asked: what the client gets, and what the backend sees meanwhile.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho_cases::tokens::{jwk, token};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use wasm_tests::{Backend, Gateway, Options, documents, eventually, raw};

/// An issuer that takes its time for each answer.
struct Issuer {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    says: Arc<Mutex<(Duration, Value)>>,
    task: JoinHandle<()>,
}

impl Issuer {
    async fn start(delay: Duration, keys: Value) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let says = Arc::new(Mutex::new((delay, keys)));
        let (counted, said) = (Arc::clone(&asked), Arc::clone(&says));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let (delay, keys) = said.lock().unwrap().clone();
                tokio::spawn(answer(stream, delay, keys));
            }
        });
        Self { address, asked, says, task }
    }

    /// From now on it takes another time, and has other keys.
    fn says(&self, delay: Duration, keys: Value) {
        *self.says.lock().unwrap() = (delay, keys);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut stream: TcpStream, delay: Duration, keys: Value) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => return,
        }
    }
    tokio::time::sleep(delay).await;
    let body = if request.starts_with(b"GET /.well-known/openid-configuration ") {
        json!({ "issuer": "http://idp.test", "jwks_uri": "http://idp.test/keys" }).to_string()
    } else {
        json!({ "keys": [keys] }).to_string()
    };
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

/// A request with a token.
type Shape<'a> = &'a dyn Fn(&str) -> Vec<u8>;

fn document() -> Value {
    let mut document = documents::http_proxy();
    let api = &mut document["apis"][0];
    api["authorizers"] = json!([{
        "authorizerId": "login", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
        "jwtConfiguration": { "issuer": "http://idp.test", "audience": ["shop"] },
    }]);
    api["routes"][0]["authorizationType"] = json!("JWT");
    api["routes"][0]["authorizerId"] = json!("login");
    document
}

fn options(issuer: SocketAddr, concurrency: u32) -> Options {
    Options { concurrency, hosts: [("idp.test".to_owned(), issuer)].into(), ..Options::default() }
}

/// Waits until Envoy has the keys that are fetched ahead.
async fn prefetched(gateway: &Gateway) {
    eventually("the keys are fetched ahead", async || {
        (gateway.upstream_answers("idp.test").await >= 2).then_some(())
    })
    .await;
}

fn good() -> String {
    token(&json!({}), &json!({ "iss": "http://idp.test" }))
}

fn bad() -> String {
    token(&json!({}), &json!({ "iss": "http://idp.test", "aud": "stranger" }))
}

fn get(token: &str) -> Vec<u8> {
    format!("GET /x HTTP/1.1\r\nhost: h.test\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n")
        .into_bytes()
}

fn post(token: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /x HTTP/1.1\r\nhost: h.test\r\nauthorization: Bearer {token}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn post_with_trailers(token: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /x HTTP/1.1\r\nhost: h.test\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\nx-end: yes\r\n\r\n",
        body.len()
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_is_asked_once_and_its_keys_verify() {
    let issuer = Issuer::start(Duration::ZERO, jwk()).await;
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document(), &backend, options(issuer.address, 1)).await;
    prefetched(&gateway).await;
    for token in [good(), good(), token(&json!({}), &json!({ "iss": "http://idp.test", "sub": "bob" }))] {
        assert_eq!(raw::send(gateway.address(), &get(&token)).await.unwrap().status, 200);
    }
    assert_eq!(raw::send(gateway.address(), &get(&bad())).await.unwrap().status, 401);
    assert_eq!((backend.seen().len(), issuer.asked()), (3, 2), "the discovery document and the keys, once");
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_while_the_issuer_is_asked() {
    const DELAY: Duration = Duration::from_millis(400);
    let large = vec![b'x'; 5 << 20];
    let requests: [(&str, Shape); 4] = [
        ("GET", &|token| get(token)),
        ("POST", &|token| post(token, b"a body")),
        ("POST with trailers", &|token| post_with_trailers(token, "a body")),
        ("an upload of 5 MB", &|token| post(token, &large)),
    ];
    let mut ran = 0;
    for (name, request) in requests {
        for (token, status) in [(good(), 200), (bad(), 401)] {
            // The key of the token is new when the request comes, so that it must be asked for.
            let mut old = jwk();
            old["kid"] = json!("k0");
            let issuer = Issuer::start(Duration::ZERO, old).await;
            let backend = Backend::start().await;
            let gateway = Gateway::start(&document(), &backend, options(issuer.address, 1)).await;
            prefetched(&gateway).await;
            issuer.says(DELAY, jwk());
            let bytes = request(&token);
            let started = Instant::now();
            let sent = raw::send(gateway.address(), &bytes);
            tokio::pin!(sent);
            // Two answers take two delays: until the first one is over, the backend must have seen nothing.
            tokio::select! {
                response = &mut sent => panic!("{name}: answered at once: {response:?}"),
                () = tokio::time::sleep(DELAY / 2) => assert!(backend.seen().is_empty(), "{name}: it leaked"),
            }
            let response = sent.await.unwrap();
            assert_eq!(response.status, status, "{name}");
            assert!(started.elapsed() >= DELAY * 2, "{name}: nobody waited");
            if status == 200 {
                let recorded = backend.only();
                let expected = if name.starts_with("an upload") {
                    large.len()
                } else if name == "GET" {
                    0
                } else {
                    6
                };
                assert_eq!((recorded.bytes as usize, recorded.ended), (expected, true), "{name}");
            } else {
                assert!(backend.seen().is_empty(), "{name}: the backend saw a refused request");
            }
            gateway.assert_no_panic().await;
            ran += 1;
        }
    }
    println!("{ran} waits ran");
    assert_eq!(ran, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_issuer_refuses_and_a_client_that_leaves_harms_nobody() {
    let issuer = Issuer::start(Duration::from_millis(300), jwk()).await;
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document(), &backend, options(issuer.address, 4)).await;
    for _ in 0..8 {
        let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
        stream.write_all(&get(&good())).await.unwrap();
    }
    assert_eq!(raw::send(gateway.address(), &get(&good())).await.unwrap().status, 200);
    gateway.assert_no_panic().await;

    let dead = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let gateway = Gateway::start(&document(), &backend, options(dead, 1)).await;
    let response = raw::send(gateway.address(), &get(&good())).await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (401, r#"{"message":"Unauthorized"}"#));
    let challenge = response.header("www-authenticate").unwrap();
    assert!(challenge.contains("OIDC discovery endpoint communication error"), "{challenge}");
}
