//! What passes, and what is counted of it.

use super::ends::{
    Server, close, closed_with, connect, counted, counted_of_api, document, ended, frame, frames, gateway,
    next, nothing_is_left, raw_client, receive, refused, rest, try_connect, with_limits,
};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use wasm_tests::{Options, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_every_kind_pass_and_are_counted_in_both_directions() {
    let server = Server::start().await;
    let gateway = gateway(&server, &document(&json!({})), Options::default()).await;
    let mut client = connect(&gateway, "/echo").await;
    let sent = [
        Message::text("hello, 世界"),
        Message::text(""),
        Message::binary(Bytes::from_static(&[0, 255, 13, 10, 0])),
        Message::binary(vec![7_u8; 1_000_000]),
        Message::binary(vec![]),
    ];
    for message in &sent {
        client.send(message.clone()).await.unwrap();
        assert!(receive(&mut client).await == *message);
    }
    client.send(Message::Ping(Bytes::from_static(b"are you there"))).await.unwrap();
    assert_eq!(receive(&mut client).await, Message::Pong(Bytes::from_static(b"are you there")));
    // A message in three fragments, with a ping among them.
    let piece = |text: &str, code, is_last| {
        Message::Frame(Frame::message(text.to_owned(), OpCode::Data(code), is_last))
    };
    client.send(piece("one ", Data::Text, false)).await.unwrap();
    client.send(Message::Ping(Bytes::new())).await.unwrap();
    client.send(piece("two ", Data::Continue, false)).await.unwrap();
    client.send(piece("three", Data::Continue, true)).await.unwrap();
    assert_eq!(receive(&mut client).await, Message::Pong(Bytes::new()));
    assert_eq!(receive(&mut client).await, Message::text("one two three"));
    client.close(Some(close(CloseCode::Normal, "done"))).await.unwrap();
    assert_eq!(closed_with(&mut client).await, CloseCode::Normal);
    ended(&mut client).await;
    counted(&gateway, "connect_count", 1).await;
    counted(&gateway, "message_count", 2 * (sent.len() as u64 + 1)).await;
    for never in ["closed_too_big", "closed_too_fast", "closed_malformed"] {
        counted(&gateway, never, 0).await;
    }
    nothing_is_left(&gateway).await;
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_of_the_upgrade_passes_both_ways() {
    let server = Server::start().await;
    let gateway = gateway(&server, &document(&json!({})), Options::default()).await;
    let headers = [
        ("sec-websocket-protocol", "chat.v1, chat.v2"),
        ("origin", "https://shop.example"),
        ("cookie", "a=b"),
    ];
    let (_client, response) = try_connect(&gateway, "/echo?room=1", &headers).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat.v2");
    assert!(response.headers().contains_key("apigw-requestid"), "{response:?}");
    assert!(response.headers().contains_key("sec-websocket-accept"));
    let (path, sent) = server.told().heads.remove(0);
    assert_eq!(path, "/echo?room=1");
    for (name, value) in headers {
        assert_eq!(sent[name], value);
    }
    assert_eq!(sent["upgrade"], "websocket");
    assert!(!sent.keys().any(|name| name.starts_with("x-sekisho")), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_backend_answers_instead_passes_as_any_answer() {
    let server = Server::start().await;
    let gateway = gateway(&server, &document(&json!({})), Options::default()).await;
    let answer = refused(&gateway, "/refuse", &[]).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["x-why"]), (418, &"tea".parse().unwrap()));
    assert!(answer.headers().contains_key("apigw-requestid"));
    // What a client sends behind its upgrade is not read as another request.
    let early = b"GET /echo HTTP/1.1\r\nhost: chat.example\r\n\r\n";
    let mut stream = raw_client(&gateway, "/refuse", early).await;
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with(b"HTTP/1.1 418 "), "{}", answer.escape_ascii());
    assert_eq!(
        answer.windows(9).filter(|nine| *nine == b"HTTP/1.1 ").count(),
        1,
        "{}",
        answer.escape_ascii()
    );
    assert_eq!(server.told().heads.len(), 2);
    counted(&gateway, "connect_count", 0).await;
    counted_of_api(&gateway, "integration_error", 2).await;
    nothing_is_left(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn either_end_may_leave_and_nothing_is_left_behind() {
    let (server, gateway) = with_limits(json!({ "maxMessageBytes": 1000, "messagesPerSecond": 1000 })).await;
    let mut client = connect(&gateway, "/closes").await;
    assert_eq!(closed_with(&mut client).await, CloseCode::Library(4001));
    ended(&mut client).await;
    let mut client = connect(&gateway, "/drops").await;
    client.send(Message::text("go")).await.unwrap();
    ended(&mut client).await;
    let mut client = connect(&gateway, "/echo").await;
    client.send(Message::text("here")).await.unwrap();
    receive(&mut client).await;
    drop(client);
    eventually("the backend misses its client", async || (server.told().ended == 3).then_some(())).await;
    nothing_is_left(&gateway).await;
    counted(&gateway, "connect_count", 3).await;
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_connections_at_once_in_four_workers() {
    const CLIENTS: u64 = 200;
    const MESSAGES: u64 = 10;
    let server = Server::start().await;
    let limits = json!({ "webSocketSettings": { "maxMessageBytes": 4096, "messagesPerSecond": 100 } });
    let options = Options { concurrency: 4, ..Options::default() };
    let gateway = gateway(&server, &document(&limits), options).await;
    let all = (0..CLIENTS).map(async |n| {
        let mut client = connect(&gateway, "/echo").await;
        for m in 0..MESSAGES {
            let message = Message::text(format!("{n} {m} {}", "x".repeat((n * m % 4000) as usize)));
            client.send(message.clone()).await.unwrap();
            assert_eq!(receive(&mut client).await, message);
        }
        client.close(None).await.unwrap();
        ended(&mut client).await;
    });
    futures_util::future::join_all(all).await;
    counted(&gateway, "connect_count", CLIENTS).await;
    counted(&gateway, "message_count", 2 * CLIENTS * MESSAGES).await;
    nothing_is_left(&gateway).await;
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_come_before_the_101_and_in_single_bytes_pass() {
    let (server, gateway) = with_limits(json!({ "maxMessageBytes": 300 })).await;
    let mut sent = frame(0x82, &[9; 300]);
    let mut stream = raw_client(&gateway, "/echo", &sent[..1]).await;
    stream.set_nodelay(true).unwrap();
    sent.extend(frame(0x88, &[0x03, 0xe8]));
    for byte in &sent[1..] {
        stream.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let answer = rest(&mut stream).await;
    let echo = [&[0x82, 126, 1, 44], [9; 300].as_slice(), &[0x88, 2, 0x03, 0xe8]].concat();
    assert_eq!(frames(&answer), echo);
    assert_eq!(server.told().messages[0], Message::binary(vec![9; 300]));
    counted(&gateway, "message_count", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_outlives_the_time_that_a_request_has() {
    let server = Server::start().await;
    let options = Options { request_timeout: Some(Duration::from_secs(1)), ..Options::default() };
    let gateway = gateway(&server, &document(&json!({})), options).await;
    let mut client = connect(&gateway, "/echo").await;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        client.send(Message::text("still here")).await.unwrap();
        assert_eq!(receive(&mut client).await, Message::text("still here"));
        let silence = tokio::time::timeout(Duration::from_millis(300), client.next()).await;
        assert!(silence.is_err(), "{silence:?}");
    }
    client.close(None).await.unwrap();
    while let Some(Ok(_)) = next(&mut client).await {}
}
