//! Lambda itself, that breaks off, is slow or says no.

use crate::world::{Client, Failure, KINDS, World, own_headers};
use wasm_tests::Reply;
use wasm_tests::client::Wire;

const MIB: usize = 1 << 20;

fn whole() -> Reply {
    Reply::returned(br#"{"statusCode":200,"headers":{"x-own":"y"},"body":"never seen whole"}"#)
}

/// What Lambda does, at a function of 29 s, and what the client is told.
fn patient() -> Vec<(String, Reply, Failure)> {
    use Failure::{Denied, Function, Slow, Unavailable};
    let mut cases = vec![
        ("closed before an answer".to_owned(), Reply::raw(b""), Unavailable),
        ("closed in the head".to_owned(), whole().cut(40), Unavailable),
        ("closed in the body".to_owned(), whole().cut(110), Unavailable),
        (
            "no HTTP".to_owned(),
            Reply::raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 no HTTP\r\n\r\n"),
            Unavailable,
        ),
        (
            "two lengths".to_owned(),
            Reply::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"),
            Unavailable,
        ),
        (
            "a length below zero".to_owned(),
            Reply::raw(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}"),
            Unavailable,
        ),
        (
            "a chunk that is none".to_owned(),
            Reply::raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
            Unavailable,
        ),
        (
            "chunks without an end".to_owned(),
            Reply::raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n"),
            Unavailable,
        ),
        ("above Envoy's limit of a callout".to_owned(), Reply::returned(&vec![b' '; 33 * MIB]), Unavailable),
        ("above what is read".to_owned(), Reply::returned(&vec![b' '; 11 * MIB]), Function),
        ("above what a function returns".to_owned(), Reply::returned(&vec![b' '; 7 * MIB]), Function),
        ("overloaded".to_owned(), Reply::answered(503, "x-envoy-overloaded: true\r\n", b"{}"), Unavailable),
    ];
    for (status, failure) in [
        (202, Unavailable),
        (204, Unavailable),
        (301, Unavailable),
        (400, Denied),
        (403, Denied),
        (404, Denied),
        (413, Denied),
        (429, Unavailable),
        (500, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
        (504, Slow),
        (599, Unavailable),
    ] {
        let body: &[u8] = if status == 204 { b"" } else { br#"{"statusCode":200,"body":"secret"}"# };
        cases.push((
            format!("status {status}"),
            Reply::answered(status, "x-amzn-errortype: Secret\r\nx-own: y\r\n", body),
            failure,
        ));
    }
    for how in ["Handled", "Unhandled", "", "\u{e9}", "Unhandled\r\nx-amz-function-error: Handled"] {
        let line = format!("X-Amz-Function-Error: {how}\r\n");
        cases.push((
            line.clone(),
            Reply::answered(200, &line, br#"{"statusCode":200,"body":"secret"}"#),
            Function,
        ));
    }
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_lambda_does_is_told_in_awss_words() {
    let world = World::start(1).await;
    let mut ran = 0;
    for wire in [Wire::Http1, Wire::Http2] {
        let mut client = Client::connect(wire, &world).await;
        let patient = patient().into_iter().map(|(name, reply, failure)| ("/x", name, reply, failure));
        let hasty = [
            ("/soon", "says nothing".to_owned(), Reply::never(), Failure::Slow),
            ("/soon", "stops in the head".to_owned(), whole().stuck(40), Failure::Slow),
            // Envoy does not say why it gave up an answer that had begun.
            ("/soon", "stops in the body".to_owned(), whole().stuck(110), Failure::Unavailable),
        ];
        for (path, name, reply, failure) in patient.chain(hasty) {
            for kind in KINDS {
                world.function.says(reply.clone());
                let response = client.get(kind, path).await.unwrap();
                let told = (response.status, response.text());
                let (status, body) = kind.failure(failure);
                assert_eq!(told, (status, body.to_owned()), "{wire:?} {kind:?} {name}");
                assert_eq!(own_headers(&response), [], "{wire:?} {kind:?} {name}");
                ran += 1;
            }
        }
        // A head of its own before the answer is no answer yet.
        let early = Reply::raw(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{\"statusCode\":201}",
        );
        world.function.says(early);
        assert_eq!(client.get(KINDS[0], "/x").await.unwrap().status, 201);
    }
    println!("{ran} answers of Lambda");
    assert_eq!(ran, 2 * 3 * 33);
    world.settled().await;
    world.unharmed().await;
}
