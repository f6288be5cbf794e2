//! Lambda authorizers whose function takes its time: what the backend sees meanwhile, and how often the function is asked.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use wasm_tests::{Backend, Gateway, Options, documents, eventually, raise_open_files, raw};

/// A function behind Lambda's Invoke operation. It answers while its gate is open: `good` is allowed, and nobody else.
struct Function {
    address: SocketAddr,
    counts: Arc<Counts>,
    gate: watch::Sender<bool>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
    asked: AtomicUsize,
    waiting: AtomicUsize,
    most: AtomicUsize,
}

impl Function {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let counts = Arc::new(Counts::default());
        let (gate, open) = watch::channel(false);
        let counted = Arc::clone(&counts);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(invoke(stream, Arc::clone(&counted), open.clone()));
            }
        });
        Self { address, counts, gate, task }
    }

    fn asked(&self) -> usize {
        self.counts.asked.load(Ordering::SeqCst)
    }

    fn open(&self, open: bool) {
        self.gate.send_replace(open);
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn invoke(mut stream: TcpStream, counts: Arc<Counts>, mut open: watch::Receiver<bool>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    assert!(head.starts_with("post /2015-03-31/functions/login/invocations "), "{head}");
    let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let mut event = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut event).await.unwrap();
    let event: Value = serde_json::from_slice(&event).unwrap();
    counts.asked.fetch_add(1, Ordering::SeqCst);
    let waiting = counts.waiting.fetch_add(1, Ordering::SeqCst) + 1;
    counts.most.fetch_max(waiting, Ordering::SeqCst);
    let _ = open.wait_for(|open| *open).await;
    counts.waiting.fetch_sub(1, Ordering::SeqCst);
    let body = answer(&event).to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

fn answer(event: &Value) -> Value {
    let token = [&event["identitySource"][0], &event["authorizationToken"], &event["headers"]["x-token"]];
    let good = token.iter().any(|token| **token == "good");
    if event["version"] == "2.0" {
        return json!({ "isAuthorized": good });
    }
    let effect = if good { "Allow" } else { "Deny" };
    json!({ "principalId": "somebody", "policyDocument": {
        "Version": "2012-10-17",
        "Statement": [{ "Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"] }],
    } })
}

/// An API of which every path asks the function about `x-token`.
fn document(kind: &str, seconds: u32) -> Value {
    let is_http = kind == "HTTP";
    let mut document = if is_http { documents::http_proxy() } else { documents::rest_proxy_with(&json!({})) };
    document["endpoints"] = json!({ "lambda": "http://lambda.test" });
    let mut authorizer = json!({
        "authorizerId": "login", "authorizerType": if is_http { "REQUEST" } else { kind },
        "identitySource": ["$request.header.x-token"], "authorizerResultTtlInSeconds": seconds,
        "authorizerUri": "arn:aws:lambda:us-east-1:123456789012:function:login",
    });
    if is_http {
        authorizer["authorizerPayloadFormatVersion"] = json!("2.0");
        authorizer["enableSimpleResponses"] = json!(true);
    }
    let api = &mut document["apis"][0];
    api["authorizers"] = json!([authorizer]);
    api["routes"][0]["authorizationType"] = json!("CUSTOM");
    api["routes"][0]["authorizerId"] = json!("login");
    document
}

async fn start(document: &Value, function: &Function, backend: &Backend, concurrency: u32) -> Gateway {
    let hosts = [("lambda.test".to_owned(), function.address)].into();
    Gateway::start(document, backend, Options { concurrency, hosts, ..Options::default() }).await
}

fn get(token: &str) -> Vec<u8> {
    format!("GET /prod/x HTTP/1.1\r\nhost: h.test\r\nx-token: {token}\r\nconnection: close\r\n\r\n")
        .into_bytes()
}

fn post(token: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /prod/x HTTP/1.1\r\nhost: h.test\r\nx-token: {token}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn post_with_trailers(token: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /prod/x HTTP/1.1\r\nhost: h.test\r\nx-token: {token}\r\nconnection: close\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\nx-end: yes\r\n\r\n",
        body.len()
    )
    .into_bytes()
}

/// A request with a token.
type Shape<'a> = &'a dyn Fn(&str) -> Vec<u8>;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_while_the_function_is_asked() {
    let large = vec![b'x'; 5 << 20];
    let requests: [(&str, usize, Shape<'_>); 4] = [
        ("GET", 0, &|token| get(token)),
        ("POST", 6, &|token| post(token, b"a body")),
        ("POST with trailers", 6, &|token| post_with_trailers(token, "a body")),
        ("an upload of 5 MB", large.len(), &|token| post(token, &large)),
    ];
    let mut ran = 0;
    for kind in ["TOKEN", "REQUEST", "HTTP"] {
        let (function, backend) = (Function::start().await, Backend::start().await);
        let gateway = start(&document(kind, 0), &function, &backend, 1).await;
        for (name, length, request) in requests {
            for (token, status) in [("good", 200), ("bad", 403)] {
                let name = format!("{kind}: {name}, {token}");
                backend.forget();
                function.open(false);
                let (bytes, asked) = (request(token), function.asked());
                let sent = raw::send(gateway.address(), &bytes);
                tokio::pin!(sent);
                let watched = async {
                    eventually("the function is asked", async || (function.asked() > asked).then_some(()))
                        .await;
                    // Whatever of the body and its trailers could leak has come by then.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                };
                tokio::select! {
                    response = &mut sent => panic!("{name}: answered without an answer: {response:?}"),
                    () = watched => assert!(backend.seen().is_empty(), "{name}: it leaked"),
                }
                function.open(true);
                assert_eq!(sent.await.unwrap().status, status, "{name}");
                assert_eq!(function.asked(), asked + 1, "{name}");
                if status == 200 {
                    let recorded = backend.only();
                    assert_eq!((recorded.bytes as usize, recorded.ended), (length, true), "{name}");
                } else {
                    assert!(backend.seen().is_empty(), "{name}: the backend saw a refused request");
                }
                ran += 1;
            }
        }
        gateway.assert_no_panic().await;
    }
    println!("{ran} waits ran");
    assert_eq!(ran, 24);
}

/// Sends requests with these tokens at once; their statuses come when they are answered.
fn storm(gateway: &Gateway, tokens: impl Iterator<Item = String>) -> JoinSet<u16> {
    let (address, mut requests) = (gateway.address(), JoinSet::new());
    for token in tokens {
        requests.spawn(async move { raw::send(address, &get(&token)).await.unwrap().status });
    }
    requests
}

async fn all_wait(gateway: &Gateway, count: u64) {
    eventually("all requests wait", async || {
        (gateway.http_stat("downstream_rq_active").await == count).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_one_token_asks_once_by_a_worker() {
    raise_open_files();
    let (function, backend) = (Function::start().await, Backend::start().await);
    let gateway = start(&document("TOKEN", 300), &function, &backend, 4).await;
    let requests = storm(&gateway, (0..500).map(|_| "good".to_owned()));
    all_wait(&gateway, 500).await;
    assert!((1..=4).contains(&function.asked()), "asked {} times", function.asked());
    assert!(backend.seen().is_empty());
    function.open(true);
    let statuses = requests.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 500);
    assert!(function.asked() <= 4, "asked {} times", function.asked());
    assert_eq!(backend.seen().len(), 500);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_junk_has_no_more_than_the_cap_in_flight() {
    const CAP: usize = 256;
    raise_open_files();
    let (function, backend) = (Function::start().await, Backend::start().await);
    let gateway = start(&document("REQUEST", 300), &function, &backend, 1).await;
    let requests = storm(&gateway, (0..500).map(|i| format!("junk{i}")));
    eventually("the function has all that it gets", async || (function.asked() == CAP).then_some(())).await;
    all_wait(&gateway, CAP as u64).await;
    assert_eq!(function.asked(), CAP);
    function.open(true);
    let statuses = requests.join_all().await;
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(403), count(500)), (CAP, 500 - CAP));
    assert_eq!(function.counts.most.load(Ordering::SeqCst), CAP);
    assert!(backend.seen().is_empty());
    // The room is free again.
    assert_eq!(raw::send(gateway.address(), &get("good")).await.unwrap().status, 200);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_leave_harm_nobody() {
    let (function, backend) = (Function::start().await, Backend::start().await);
    let gateway = start(&document("HTTP", 60), &function, &backend, 4).await;
    let mut gone = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
        stream.write_all(&get("good")).await.unwrap();
        gone.push(stream);
    }
    all_wait(&gateway, 8).await;
    drop(gone);
    all_wait(&gateway, 0).await;
    function.open(true);
    assert_eq!(raw::send(gateway.address(), &get("good")).await.unwrap().status, 200);
    assert_eq!(backend.seen().len(), 1);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_down_or_takes_too_long_refuses() {
    let (function, backend) = (Function::start().await, Backend::start().await);
    let gateway = start(&document("HTTP", 60), &function, &backend, 1).await;
    let response = raw::send(gateway.address(), &post("good", b"secret")).await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (500, r#"{"message":"Internal Server Error"}"#));
    assert_eq!(function.asked(), 1);
    function.open(true);
    assert_eq!(raw::send(gateway.address(), &get("good")).await.unwrap().status, 200);
    gateway.assert_no_panic().await;

    let dead = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let hosts = [("lambda.test".to_owned(), dead)].into();
    let gateway =
        Gateway::start(&document("TOKEN", 60), &backend, Options { hosts, ..Options::default() }).await;
    let response = raw::send(gateway.address(), &get("good")).await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (500, r#"{"message":null}"#));
    assert_eq!(backend.seen().len(), 1);
}
