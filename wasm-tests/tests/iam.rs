//! AWS_IAM in a real Envoy: with botocore as the client, and with bodies in every form while the backend is watched.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use sekisho_cases::Request;
use sekisho_cases::sigv4::{self, Sign};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;
use tokio::sync::mpsc::unbounded_channel;
use wasm_tests::client::http2;
use wasm_tests::raw::Raw;
use wasm_tests::{Backend, Gateway, Options, Python, documents, eventually, raw};

const KEY: &str = "AKIATESTTESTTEST0001";
const TEMPORARY: &str = "AKIATESTTESTTEST0002";
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided.";

/// A REST API whose callers sign, and may do everything.
fn document() -> Value {
    let mut document = documents::rest_proxy_with(&json!({}));
    document["apis"][0]["routes"][0]["authorizationType"] = json!("AWS_IAM");
    let all = json!({ "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [all] });
    document["credentials"] = json!([
        { "accessKeyId": KEY, "secretAccessKeyEnv": sigv4::SECRET_VARIABLE, "policy": policy },
        { "accessKeyId": TEMPORARY, "secretAccessKeyEnv": sigv4::SECRET_VARIABLE,
          "sessionTokenEnv": sigv4::TOKEN_VARIABLE, "policy": policy },
    ]);
    document
}

/// What botocore is told to sign and send, and the status that must come of it; for a refusal also some of its words.
fn jobs(address: &str) -> Vec<(Value, u16, &'static str)> {
    let url = |rest: &str| format!("http://{address}/prod{rest}");
    let job = |name: &str, members: Value| {
        let mut job = json!({ "name": name, "key": KEY, "secret": sigv4::SECRET, "url": url("/a") });
        for (name, value) in members.as_object().unwrap() {
            job[name] = value.clone();
        }
        job
    };
    // No `;` in the path: botocore signs what follows it and does not send it.
    let text = json!({ "content-type": "application/json" });
    vec![
        (job("a plain GET", json!({})), 200, ""),
        (job("a query", json!({ "url": url("/a?b=2&a=1") })), 200, ""),
        (
            job(
                "parameters of every kind",
                json!({ "params": [["ሴ", "é ü"], ["a", "2"], ["a", "1"], ["a", ""], ["empty", ""],
                    ["plus", "a+b"], ["space", "a b"], ["sl/ash", "a/b?c=d&e"], ["A", "~-._"], ["a%", "%2F"]] }),
            ),
            200,
            "",
        ),
        (
            job("a path with escapes", json!({ "url": url("/a%20b/x%2Fy/%E1%88%B4/c=1,2@e:f!$'()*") })),
            200,
            "",
        ),
        (job("a slash at the end", json!({ "url": url("/a/") })), 200, ""),
        (job("slashes in a row", json!({ "url": url("/a//b///c") })), 200, ""),
        (
            job("the stage alone with a slash", json!({ "url": url("/a/b/"), "params": [["x", "1"]] })),
            200,
            "",
        ),
        (
            job(
                "headers with odd spaces",
                json!({ "headers": { "X-Tenant": "blue    green", "x-Empty": "", "Accept": "a,  b" } }),
            ),
            200,
            "",
        ),
        (job("a date of its own", json!({ "headers": { "Date": "now" } })), 200, ""),
        (
            job("POST of JSON", json!({ "method": "POST", "headers": text, "body": "{\"a\": \"ሴ\"}" })),
            200,
            "",
        ),
        (job("PUT of nothing", json!({ "method": "PUT" })), 200, ""),
        (job("DELETE", json!({ "method": "DELETE" })), 200, ""),
        (job("HEAD", json!({ "method": "HEAD" })), 200, ""),
        (job("presigned", json!({ "presign": 60, "url": url("/a%20b?z=1&a=2") })), 200, ""),
        (job("presigned POST", json!({ "presign": 60, "method": "POST" })), 200, ""),
        (job("presigned for a week", json!({ "presign": 604_800, "age": 3600 })), 200, ""),
        (job("a session token", json!({ "key": TEMPORARY, "token": sigv4::TOKEN })), 200, ""),
        (
            job(
                "a session token, presigned",
                json!({ "key": TEMPORARY, "token": sigv4::TOKEN, "presign": 60 }),
            ),
            200,
            "",
        ),
        (job("four minutes old", json!({ "age": 240 })), 200, ""),
        (job("an unsigned header added", json!({ "then": { "headers": { "x-free": "1" } } })), 200, ""),
        (job("the wrong secret", json!({ "secret": "wrong" })), 403, MISMATCH),
        (job("an unknown key", json!({ "key": "AKIATESTTESTTEST0009" })), 403, "security token"),
        (
            job("a token that is not the caller's", json!({ "key": TEMPORARY, "token": "t" })),
            403,
            "security token",
        ),
        (job("a token where none is", json!({ "token": sigv4::TOKEN })), 403, "security token"),
        (job("another region", json!({ "region": "eu-west-1" })), 403, "valid region"),
        (job("six minutes old", json!({ "age": 360 })), 403, "Signature expired"),
        (job("six minutes early", json!({ "age": -360 })), 403, "not yet current"),
        (job("presigned and run out", json!({ "presign": 30, "age": 60 })), 403, "Signature expired"),
        (job("another method", json!({ "then": { "method": "DELETE" } })), 403, MISMATCH),
        (job("another path", json!({ "then": { "url": [["/prod/a", "/prod/b"]] } })), 403, MISMATCH),
        (
            job("another query", json!({ "url": url("/a?id=1"), "then": { "url": [["id=1", "id=2"]] } })),
            403,
            MISMATCH,
        ),
        (
            job(
                "another value of a signed header",
                json!({ "headers": { "x-tenant": "a" }, "then": { "headers": { "x-tenant": "b" } } }),
            ),
            403,
            MISMATCH,
        ),
        (
            job("another body", json!({ "method": "POST", "body": "1", "then": { "body": "2" } })),
            403,
            MISMATCH,
        ),
        (
            job(
                "a body added to what was presigned without",
                json!({ "presign": 60, "method": "POST", "then": { "body": "2" } }),
            ),
            403,
            MISMATCH,
        ),
        (
            job(
                "a longer life",
                json!({ "presign": 60, "then": { "url": [["Expires=60", "Expires=600"]] } }),
            ),
            403,
            MISMATCH,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn botocore_signs_and_is_believed_only_where_it_should_be() {
    let Some(python) = Python::with("iam (botocore)", "botocore", &["botocore==1.44.5"]) else { return };
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document(), &backend, Options::default()).await;
    let jobs = jobs(&gateway.address().to_string());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/sigv4.py");
    let lines: String = jobs.iter().map(|(job, ..)| format!("{job}\n")).collect();
    let mut command = python.command("python3");
    let answers = tokio::task::spawn_blocking(move || talk(command.arg(script), &lines)).await.unwrap();
    assert_eq!(answers.len(), jobs.len(), "{answers:?}");
    let mut wrong = Vec::new();
    for ((job, status, words), answer) in jobs.iter().zip(&answers) {
        assert_eq!(job["name"], answer["name"]);
        if answer["status"] != json!(status) || !answer["body"].as_str().unwrap().contains(words) {
            wrong.push(format!("{}: {answer}", job["name"]));
        }
    }
    let accepted = jobs.iter().filter(|(_, status, _)| *status == 200).count();
    println!("botocore sent {} requests: {accepted} to be accepted, the others refused", jobs.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((jobs.len(), accepted), (35, 20));
    assert_eq!(backend.seen().len(), accepted, "the backend sees what is accepted, and nothing else");
    gateway.assert_no_panic().await;
}

/// Gives a client lines, and gives its own.
fn talk(command: &mut Command, lines: &str) -> Vec<Value> {
    let mut client = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = client.stdin.take().unwrap();
    let output = BufReader::new(client.stdout.take().unwrap());
    input.write_all(lines.as_bytes()).unwrap();
    drop(input);
    let answers = output.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    assert!(client.wait().unwrap().success());
    answers
}

/// Head and body of a request as it is signed; the body is framed by the caller.
fn signed(method: &str, body: &str, sign: Sign) -> (Vec<u8>, Vec<u8>) {
    let request = Request {
        method: method.to_owned(),
        path: "/prod/x".to_owned(),
        host: "h.test".to_owned(),
        body: Some(body.to_owned()),
        sign: Some(sign),
        ..Request::default()
    };
    let request = request.signed(SystemTime::now());
    let mut head = format!("{method} {} HTTP/1.1\r\nhost: h.test\r\n", request.path);
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    (head.into_bytes(), body.as_bytes().to_vec())
}

/// A request in two parts; between them it is looked whether anything has leaked.
fn parts(form: &str, head: &[u8], body: &[u8]) -> [Vec<u8>; 2] {
    let (first, last) = body.split_at(body.len() / 2);
    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    match form {
        "none" => [[head, b"\r\n"].concat(), Vec::new()],
        "length" => {
            let length = format!("content-length: {}\r\n\r\n", body.len());
            [[head, length.as_bytes(), first].concat(), last.to_vec()]
        }
        "chunks and trailers" => {
            let coding: &[u8] = b"transfer-encoding: chunked\r\n\r\n";
            [
                [head, coding, &chunk(first)].concat(),
                [chunk(last), b"0\r\nx-end: yes\r\n\r\n".to_vec()].concat(),
            ]
        }
        form => panic!("{form}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_before_the_body_is_proved() {
    let large = "x".repeat(5 << 20);
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document(), &backend, Options::default()).await;
    let mut ran = 0;
    for (form, body) in
        [("none", ""), ("length", "a body"), ("chunks and trailers", "a body"), ("length", &large)]
    {
        for digest in [false, true] {
            for (sent, status) in [(body, 200), ("another body", 403)] {
                if form == "none" && status == 403 {
                    continue;
                }
                let name = format!("{form}, {} bytes, digest {digest}, {status}", body.len());
                backend.forget();
                let (head, _) = signed("POST", body, Sign { digest, ..Sign::default() });
                let [first, last] = parts(form, &head, sent.as_bytes());
                let mut client = Raw::connect(gateway.address()).await.unwrap();
                let (send, receive) = unbounded_channel();
                send.send(first).unwrap();
                let response = tokio::spawn(async move { client.stream(receive).await });
                if form != "none" {
                    eventually("the head has come", async || {
                        (gateway.http_stat("downstream_rq_active").await > 0).then_some(())
                    })
                    .await;
                    assert!(backend.seen().is_empty(), "{name}: it leaked");
                    send.send(last).unwrap();
                }
                let response = response.await.unwrap().unwrap();
                assert_eq!(response.status, status, "{name}: {}", response.text());
                if status == 200 {
                    let recorded = backend.only();
                    assert_eq!((recorded.bytes as usize, recorded.ended), (body.len(), true), "{name}");
                    assert_eq!(recorded.seen.body.len(), body.len(), "{name}");
                } else {
                    assert!(backend.seen().is_empty(), "{name}: the backend saw a refused request");
                }
                drop(send);
                ran += 1;
            }
        }
    }
    println!("{ran} bodies were proved");
    assert_eq!(ran, 14);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_413_and_nobody_unknown_has_one_held() {
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document(), &backend, Options::default()).await;
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 65_536], b"\r\n"].concat();
    let upload = |sign: Sign| {
        let (head, _) = signed("POST", "x", sign);
        let mut request = [head.as_slice(), b"transfer-encoding: chunked\r\n\r\n"].concat();
        for _ in 0..192 {
            request.extend_from_slice(&chunk);
        }
        request.extend_from_slice(b"0\r\n\r\n");
        request
    };
    let response = raw::send(gateway.address(), &upload(Sign::default())).await.unwrap();
    assert_eq!(response.status, 413, "{}", response.text());
    // These are refused by their head: nothing of 12 MB is waited for.
    let unknown = Sign { key: "AKIATESTTESTTEST0009".to_owned(), ..Sign::default() };
    let wrong = Sign { secret: "wrong".to_owned(), digest: true, ..Sign::default() };
    for sign in [unknown, wrong, Sign { age: 400, ..Sign::default() }] {
        let (head, _) = signed("POST", "x", sign);
        let mut client = Raw::connect(gateway.address()).await.unwrap();
        client.write(&[head.as_slice(), b"content-length: 10000000\r\n\r\n"].concat()).await.unwrap();
        assert_eq!(client.response().await.unwrap().status, 403);
    }
    assert!(backend.seen().is_empty());
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_signs_the_authority() {
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document(), &backend, Options::default()).await;
    let mut client = http2(gateway.address()).await;
    let mut ran = 0;
    for (body, host, status) in [
        ("", "h.test", 200),
        ("a body", "h.test", 200),
        ("", "other.test", 403),
        ("a body", "other.test", 403),
    ] {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let (head, _) = signed(method, body, Sign::default());
        let head = String::from_utf8(head).unwrap();
        let mut request = hyper::Request::builder().method(method).uri(format!("http://{host}/prod/x"));
        for line in head.lines().skip(2) {
            let (name, value) = line.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let body: wasm_tests::client::Body = match body {
            "" => Empty::<Bytes>::new().boxed(),
            body => Full::new(Bytes::from(body.to_owned())).boxed(),
        };
        let response = client.send_request(request.body(body).unwrap()).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{method} {host}");
        ran += 1;
    }
    assert_eq!((ran, backend.seen().len()), (4, 2));
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_stay_in_the_environment() {
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document(), &backend, Options::default()).await;
    let (head, _) = signed("GET", "", Sign { secret: "wrong".to_owned(), ..Sign::default() });
    let refused = raw::send(gateway.address(), &[head.as_slice(), b"\r\n"].concat()).await.unwrap();
    let shown = [gateway.admin("/config_dump").await, gateway.log(), refused.text()];
    assert!(shown[0].contains(sigv4::SECRET_VARIABLE));
    assert!(shown.iter().all(|text| !text.contains(sigv4::SECRET)), "a secret is shown");
    assert!(!shown[2].contains("x-amz-date"), "the canonical request is shown: {}", shown[2]);
}
