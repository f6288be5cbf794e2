//! Events and answers up to their limits, and over them; and events whose request waits for an authorizer.

use crate::world::{Client, Failure, KINDS, Kind, World, guarded};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;
use wasm_tests::client::{Length, Sending, Wire};
use wasm_tests::{Options, Reply, eventually, raw};

/// Lambda's limits of an event and of what is returned.
const LARGEST_EVENT: usize = 6 * 1024 * 1024;
const LARGEST_OUTPUT: usize = 6_291_556;

/// Text that JSON escapes nothing of, and that is not the same at any two places near each other.
fn text(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|i| b'a' + (i * 7 % 26) as u8 - (i / 26 % 2 * 32) as u8).collect()
}

fn returned(event: &Value) -> Vec<u8> {
    let body = event["body"].as_str().unwrap();
    if event["isBase64Encoded"] == true { STANDARD.decode(body).unwrap() } else { body.as_bytes().to_vec() }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_arrive_whole_up_to_lambdas_limit_and_not_at_all_above() {
    let world = World::start(1).await;
    world.function.says(Reply::returned(br#"{"statusCode":200}"#));
    for kind in KINDS {
        for (media_type, is_base64) in [("text/plain", false), ("image/png", true)] {
            // What an event is beside its body, whose length has as many digits as that of those at the limit.
            let event_of = async |body: &[u8], status: u16| {
                world.function.forget();
                let response = world.send(&kind.post(media_type, body)).await;
                assert_eq!(response.status, status, "{kind:?} {media_type} {}", body.len());
                response
            };
            event_of(&text(1_000_000), 200).await;
            let encoded = if is_base64 { 1_000_000_usize.div_ceil(3) * 4 } else { 1_000_000 };
            let room = LARGEST_EVENT - (world.function.events()[0].len() - encoded);
            let most = if is_base64 { room / 4 * 3 } else { room };

            let largest = text(most);
            event_of(&largest, 200).await;
            let size = world.function.events()[0].len();
            assert!(size <= LARGEST_EVENT && size > LARGEST_EVENT - 4, "{kind:?} {media_type}: {size}");
            let event = world.function.only();
            assert_eq!(event["isBase64Encoded"], is_base64);
            assert!(returned(&event) == largest, "{kind:?} {media_type}: it arrived changed");

            let escaped = vec![b'"'; LARGEST_EVENT / 2];
            let mut over = vec![text(most + 1), text(10_000_000)];
            over.extend((!is_base64).then_some(escaped));
            for body in over {
                let told = event_of(&body, 413).await;
                assert_eq!(
                    (told.status, told.text().as_str()),
                    kind.failure(Failure::TooLarge),
                    "{kind:?} {}",
                    body.len()
                );
                assert_eq!(world.function.invoked(), 0, "{kind:?} {}", body.len());
            }
        }
    }
    world.settled().await;
    world.unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_arrive_whole_up_to_lambdas_limit_and_not_at_all_above() {
    let world = World::start(1).await;
    let frame = |bytes: usize| {
        json!({ "statusCode": 200, "body": String::from_utf8(text(bytes)).unwrap() }).to_string()
    };
    let largest = LARGEST_OUTPUT - frame(0).len();
    for wire in [Wire::Http1, Wire::Http2] {
        let mut client = Client::connect(wire, &world).await;
        for kind in KINDS {
            world.function.says(Reply::returned(frame(largest).as_bytes()));
            let response = client.get(kind, "/x").await.unwrap();
            assert_eq!((response.status, response.body.len()), (200, largest), "{wire:?} {kind:?}");
            assert!(response.body == text(largest), "{wire:?} {kind:?}: it arrived changed");
            world.function.says(Reply::returned(frame(largest + 1).as_bytes()));
            let response = client.get(kind, "/x").await.unwrap();
            assert_eq!(
                (response.status, response.text().as_str()),
                kind.failure(Failure::Function),
                "{wire:?} {kind:?}"
            );
        }
    }
    world.unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_envoy_can_send_arrive_and_more_are_a_failure() {
    let world = World::start(1).await;
    let mut ran = 0;
    for wire in [Wire::Http1, Wire::Http2] {
        let mut client = Client::connect(wire, &world).await;
        // The last ones once took a worker minutes.
        for (count, bytes, fits) in [
            (900, 10, true),
            (999, 0, true),
            (1, 61_000, true),
            (60, 1_000, true),
            (1_001, 0, false),
            (1, 61_440, false),
            (1, 5_000_000, false),
            (100_000, 20, false),
            (200_000, 5, false),
        ] {
            let name = |i| format!("x-{i}");
            let headers: Map<_, _> = (0..count).map(|i| (name(i), Value::from("a".repeat(bytes)))).collect();
            let many: Map<_, _> =
                (0..if count == 200_000 { count } else { 0 }).map(|i| (name(i), json!(["b"]))).collect();
            let output =
                json!({ "statusCode": 200, "headers": headers, "multiValueHeaders": many }).to_string();
            world.function.says(Reply::returned(output.as_bytes()));
            for kind in KINDS {
                let response = client.get(kind, "/x").await.unwrap();
                let own = response
                    .headers
                    .iter()
                    .filter(|(name, _)| name.starts_with("x-") && name.as_bytes()[2].is_ascii_digit());
                let found = (response.status, own.count());
                let failure = (kind.failure(Failure::Function).0, 0);
                assert_eq!(
                    found,
                    if fits { (200, count) } else { failure },
                    "{wire:?} {kind:?} {count} of {bytes}"
                );
                ran += 1;
            }
        }
    }
    assert_eq!(ran, 54);
    world.unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_waits_is_held_once() {
    const EVENTS: usize = 20;
    let world = World::start(1).await;
    world.function.says(Reply::returned(br#"{"statusCode":200}"#));
    let round = async || {
        world.function.forget();
        world.function.hold();
        let address = world.gateway.address();
        let mut clients = JoinSet::new();
        for _ in 0..EVENTS {
            let request = Kind::HttpV2.post("text/plain", &text(5_000_000));
            clients.spawn(async move { raw::send(address, &request).await.unwrap().status });
        }
        eventually("all functions run", async || (world.function.running() == EVENTS).then_some(())).await;
        let held = world.gateway.resident_bytes();
        world.function.release();
        assert!(clients.join_all().await.iter().all(|status| *status == 200));
        world.settled().await;
        held
    };
    let before = world.gateway.resident_bytes();
    let (first, second) = (round().await, round().await);
    let each = |held: u64| held.saturating_sub(before) / EVENTS as u64;
    println!(
        "an event of 5 MB that waits holds {} KiB, and {} in the second round",
        each(first) >> 10,
        each(second) >> 10
    );
    assert!(each(second) < 8_000_000, "each event of 5 MB holds {} bytes", each(second));
    world.unharmed().await;
}

/// A request that carries a body, in parts.
struct Upload {
    name: &'static str,
    bytes: usize,
    has_length: bool,
    has_trailers: bool,
}

const UPLOADS: [Upload; 4] = [
    Upload { name: "a small body", bytes: 100, has_length: true, has_trailers: false },
    Upload { name: "a small body with trailers", bytes: 100, has_length: false, has_trailers: true },
    Upload { name: "5 MB", bytes: 5_000_000, has_length: true, has_trailers: false },
    Upload { name: "5 MB with trailers", bytes: 5_000_000, has_length: false, has_trailers: true },
];

impl Upload {
    fn send(&self, wire: Wire, kind: Kind, world: &World) -> Sending {
        let length = if self.has_length { Length::Known(self.bytes) } else { Length::Unknown };
        let headers = [("content-type", "text/plain"), ("x-token", "good")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let address = world.gateway.address();
        let mut sending = Sending::begin_with(wire, address, "POST", &kind.path("/x"), &headers, length);
        for part in text(self.bytes).chunks(65_536) {
            sending.part(part);
        }
        sending.end(if self.has_trailers { &[("x-end", "reached")] } else { &[] });
        sending
    }
}

/// Answers an authorizer's question and a function's event.
fn reply(kind: Kind, allows: bool, event: &[u8]) -> Reply {
    let event: Value = serde_json::from_slice(event).unwrap();
    if event["type"] != "REQUEST" {
        return Reply::returned(br#"{"statusCode":200,"body":"invoked"}"#);
    }
    assert!(event.get("body").is_none(), "an authorizer was told of a body");
    let policy = |effect: &str| {
        json!({ "principalId": "p", "policyDocument": { "Version": "2012-10-17", "Statement": [
        { "Action": "execute-api:Invoke", "Effect": effect, "Resource": "*" }] } })
    };
    let answer = match (kind, allows) {
        (Kind::Rest, true) => policy("Allow"),
        (Kind::Rest, false) => policy("Deny"),
        (Kind::HttpV2 | Kind::HttpV1, allows) => json!({ "isAuthorized": allows }),
    };
    Reply::returned(answer.to_string().as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_sees_nothing_before_the_authorizers_answer_and_all_after_it() {
    let mut ran = 0;
    for kind in KINDS {
        let world = World::with(&guarded(kind), Options::default()).await;
        for wire in [Wire::Http1, Wire::Http2] {
            for upload in &UPLOADS {
                for allows in [true, false] {
                    let name = format!("{kind:?} {wire:?} {}, allowed: {allows}", upload.name);
                    world.function.forget();
                    world.function.answers(move |event| reply(kind, allows, event));
                    world.function.hold();
                    let begun = world.function.begun();
                    let sending = upload.send(wire, kind, &world);
                    eventually("the authorizer is asked", async || {
                        (world.function.running() == 1).then_some(())
                    })
                    .await;
                    if upload.bytes < 1_000 {
                        // All of it is at the gateway, which has no reason left to wait but the authorizer.
                        eventually("Envoy has read it", async || {
                            let active = world.gateway.http_stat("downstream_rq_active").await;
                            (active == 1).then_some(())
                        })
                        .await;
                    }
                    assert!(!sending.is_answered(), "{name}");
                    assert_eq!(
                        (world.function.begun() - begun, world.function.only()["type"].clone()),
                        (1, "REQUEST".into()),
                        "{name}"
                    );
                    world.function.release();
                    let response = sending.response().await.unwrap();
                    let events = world.function.events();
                    if allows {
                        assert_eq!(
                            (response.status, response.text().as_str(), events.len()),
                            (200, "invoked", 2),
                            "{name}"
                        );
                        let event: Value = serde_json::from_slice(&events[1]).unwrap();
                        assert!(returned(&event) == text(upload.bytes), "{name}: it arrived changed");
                    } else {
                        assert_eq!((response.status, events.len()), (403, 1), "{name}");
                    }
                    assert!(world.backend.seen().is_empty());
                    ran += 1;
                }
            }
        }
        world.settled().await;
        world.unharmed().await;
    }
    assert_eq!(ran, 48);
}
