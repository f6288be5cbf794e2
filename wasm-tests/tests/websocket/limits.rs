//! A client that breaks a limit is told by a Close, whatever its backend does.

use super::ends::{
    Client, closed_with, connect, counted, ended, frame, frames, next, nothing_is_left, raw_client, receive,
    rest, with_limits,
};
use futures_util::SinkExt;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Message, protocol::frame::Frame};
use wasm_tests::eventually;

/// A backend that is told to close has five seconds for it, and certainly these.
const LEAST_TO_CLOSE: Duration = Duration::from_secs(4);

fn piece(size: usize, code: Data, is_last: bool) -> Message {
    Message::Frame(Frame::message(vec![b'a'; size], OpCode::Data(code), is_last))
}

async fn echoes(client: &mut Client, size: usize) {
    let message = Message::binary(vec![b'a'; size]);
    client.send(message.clone()).await.unwrap();
    assert!(receive(client).await == message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_the_limit_passes_and_a_byte_more_is_1009() {
    let (server, gateway) = with_limits(json!({ "maxMessageBytes": 131_072 })).await;
    let mut client = connect(&gateway, "/echo").await;
    echoes(&mut client, 131_072).await;
    client.send(Message::binary(vec![b'a'; 131_073])).await.unwrap();
    assert_eq!(closed_with(&mut client).await, CloseCode::Size);
    ended(&mut client).await;
    // In fragments, of which only the last is too much.
    let mut client = connect(&gateway, "/echo").await;
    for _ in 0..2 {
        client.send(piece(65_536, Data::Binary, false)).await.unwrap();
        client.send(piece(65_536, Data::Continue, false)).await.unwrap();
        client.send(piece(0, Data::Continue, true)).await.unwrap();
        assert_eq!(receive(&mut client).await.len(), 131_072);
    }
    client.send(piece(65_536, Data::Binary, false)).await.unwrap();
    client.send(piece(65_536, Data::Continue, false)).await.unwrap();
    client.send(piece(1, Data::Continue, true)).await.unwrap();
    assert_eq!(closed_with(&mut client).await, CloseCode::Size);
    ended(&mut client).await;
    counted(&gateway, "closed_too_big", 2).await;
    counted(&gateway, "message_count", 6).await;
    let told = server.told();
    let whole = told.messages.iter().filter(|message| message.is_binary()).count();
    let closes = told.messages.iter().filter(|message| message.is_close()).count();
    assert_eq!((whole, closes), (3, 2), "the backend is told too, and gets no message that is too big");
    nothing_is_left(&gateway).await;
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_messages_than_a_second_may_have_are_1008() {
    let (server, gateway) = with_limits(json!({ "messagesPerSecond": 20 })).await;
    let mut client = connect(&gateway, "/echo").await;
    let start = Instant::now();
    // A burst of twenty passes, and what fills in meanwhile.
    for _ in 0..20 {
        client.send(Message::text("a")).await.unwrap();
    }
    // However long that took, no bucket has room for two bursts more. They are one write, so that nothing is on its way any
    // more when the gateway ends the connection: it would be reset, and the Close lost with it.
    for _ in 0..40 {
        client.feed(Message::text("a")).await.unwrap();
    }
    client.flush().await.unwrap();
    assert_eq!(closed_with(&mut client).await, CloseCode::Policy);
    let most = 20 + (start.elapsed().as_secs_f64() * 20.0) as usize + 1;
    ended(&mut client).await;
    let texts = server.told().messages.iter().filter(|message| message.is_text()).count();
    assert!((20..=most).contains(&texts), "{texts} of at most {most}");
    // Pings are no messages, and another connection has a bucket of its own.
    let mut client = connect(&gateway, "/echo").await;
    for _ in 0..100 {
        client.send(Message::Ping(Default::default())).await.unwrap();
        assert!(receive(&mut client).await.is_pong());
    }
    for _ in 0..20 {
        echoes(&mut client, 10).await;
    }
    counted(&gateway, "closed_too_fast", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_talks_all_the_time_does_not_hide_the_close() {
    let (_server, gateway) = with_limits(json!({ "maxMessageBytes": 10 })).await;
    let mut client = connect(&gateway, "/talks").await;
    client.send(Message::text("this is too long")).await.unwrap();
    assert_eq!(closed_with(&mut client).await, CloseCode::Size);
    ended(&mut client).await;
    nothing_is_left(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_ends_without_a_word_leaves_the_word_to_the_gateway() {
    let (_server, gateway) = with_limits(json!({ "maxMessageBytes": 10 })).await;
    let mut stream = raw_client(&gateway, "/rude", &frame(0x81, b"this is too long")).await;
    let answer = rest(&mut stream).await;
    assert_eq!(frames(&answer), [0x88, 2, 0x03, 0xf1]);
    nothing_is_left(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_does_not_answer_a_close_is_broken_off() {
    let (server, gateway) = with_limits(json!({ "maxMessageBytes": 10 })).await;
    let start = Instant::now();
    let mut client = connect(&gateway, "/deaf").await;
    client.send(Message::text("this is too long")).await.unwrap();
    let last = next(&mut client).await;
    assert!(matches!(last, None | Some(Err(_))), "{last:?}");
    assert!(start.elapsed() > LEAST_TO_CLOSE, "it had its time: {:?}", start.elapsed());
    eventually("the backend's connection has ended", async || (server.told().ended == 1).then_some(())).await;
    nothing_is_left(&gateway).await;
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_in_single_bytes_and_before_the_101_is_1009_too() {
    let (server, gateway) = with_limits(json!({ "maxMessageBytes": 200 })).await;
    let sent = frame(0x82, &[0; 201]);
    // All of it with the upgrade.
    let mut stream = raw_client(&gateway, "/echo", &sent).await;
    assert_eq!(frames(&rest(&mut stream).await), [0x88, 2, 0x03, 0xf1]);
    // Its head cut at every place.
    for cut in 1..8 {
        let mut stream = raw_client(&gateway, "/echo", &sent[..cut]).await;
        stream.set_nodelay(true).unwrap();
        for byte in &sent[cut..9] {
            tokio::task::yield_now().await;
            stream.write_all(&[*byte]).await.unwrap();
        }
        assert_eq!(frames(&rest(&mut stream).await), [0x88, 2, 0x03, 0xf1], "{cut}");
    }
    assert!(server.told().messages.iter().all(Message::is_close), "{:?}", server.told().messages);
    counted(&gateway, "closed_too_big", 8).await;
}
