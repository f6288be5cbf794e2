//! Answers in the place of others.

use crate::shapes::Shape;
use crate::world::{PROBES_OWN, World, assert_matches};
use sekisho_cases::Answer;
use std::time::Duration;
use wasm_tests::Probe;
use wasm_tests::client::{Length, Sending, Wire};
use wasm_tests::raw::Response;

fn names(response: &Response) -> Vec<String> {
    let mut names: Vec<_> = response.headers.iter().map(|(name, _)| name.clone()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_the_place_of_another_has_no_header_of_it() {
    // What is replaced: the backend's status and body, or what it does, or a cluster that fails.
    let upstream = [200, 201, 204, 206, 301, 304, 404, 413, 500, 502, 503, 504];
    let behaviours = ["stream/50000", "reset", "hang", "echo"];
    let turns = ["replace:599", "empty:598", "body,replace:599", "body,empty:598", "body:1,replace:599"];
    let probe = Probe { route_timeout: Duration::from_millis(300), ..Probe::default() };
    let world = World::start(&probe).await;
    let own = [
        "server",
        "date",
        "content-type",
        "etag",
        "set-cookie",
        "www-authenticate",
        "x-own",
        "x-probe-answer",
    ]
    .map(|name| (name.to_owned(), "backend's".to_owned()));
    let mut ran = 0;
    for wire in [Wire::Http1, Wire::Http2] {
        for turn in turns {
            let check = async |path: &str, shape: Shape| {
                let response = world.send(wire, shape, path).response().await.unwrap();
                let case = format!("{wire:?} {path} {shape:?}: {response:?}");
                assert_replaced(&response, turn, &case);
            };
            for status in upstream {
                let body = if matches!(status, 204 | 304) { "" } else { "of the backend" };
                let headers = own.to_vec();
                world.backend.answers(Answer { status, headers, body: body.to_owned() });
                check(&format!("/forward/{turn}/{status}"), Shape::Get).await;
                check(&format!("/call/{turn}/{status}"), Shape::ChunkedWithTrailers).await;
                ran += 2;
            }
            for behaviour in behaviours {
                check(&format!("/forward/{turn}/behave/{behaviour}"), Shape::Get).await;
                ran += 1;
            }
            // Envoy's own: 413 over the buffer limit, and 404 without a route.
            check(&format!("/body/{turn}/"), Shape::Upload).await;
            check(&format!("/noproto/{turn}/"), Shape::Get).await;
            ran += 2;
        }
    }
    println!("{ran} answers in the place of others");
    assert_eq!(ran, 2 * 5 * 30);
    world.gateway.assert_no_panic().await;
}

fn assert_replaced(response: &Response, turn: &str, case: &str) {
    let is_empty = turn.contains("empty");
    let (status, body) = if is_empty { (598, "") } else { (599, PROBES_OWN) };
    assert_eq!((response.status, response.text().as_str()), (status, body), "{case}");
    assert_eq!(response.trailers, [], "{case}");
    for (name, value) in &response.headers {
        let value = String::from_utf8_lossy(value);
        assert!(!value.contains("backend"), "{case}");
        let known = match name.as_str() {
            "content-type" => value == "application/json",
            "content-length" => value == body.len().to_string(),
            "x-probe-answer" => value.contains("response="),
            "x-probe-twice" => value == "1" || value == "2",
            // Envoy writes these after all filters; `connection` if the request was not read to its end.
            "server" => value == "envoy",
            "date" | "connection" => true,
            _ => false,
        };
        assert!(known, "`{name}: {value}` in {case}");
    }
    let twice = names(response).iter().filter(|name| *name == "x-probe-twice").count();
    assert_eq!(twice, 2, "{case}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_too_long_to_be_held_is_answered_by_envoy_and_seen_by_no_filter() {
    let world = World::start(&Probe::default()).await;
    // It is longer than the buffer limit.
    let path = "/forward/body,replace:599/behave/stream/3000000";
    for wire in [Wire::Http1, Wire::Http2] {
        let response = world.send(wire, Shape::Get, path).response().await.unwrap();
        assert_eq!((response.status, response.text().as_str()), (500, "Internal Server Error"));
        assert_eq!(response.header("content-type").as_deref(), Some("text/plain"));
        assert_eq!(response.header("x-probe-answer"), None);
    }
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_breaks_off_while_its_response_is_held_is_answered_by_envoy_and_seen_by_no_filter() {
    let world = World::start(&Probe::default()).await;
    for wire in [Wire::Http1, Wire::Http2] {
        let path = "/forward/body,replace:599/behave/break/20000";
        let response = world.send(wire, Shape::Get, path).response().await.unwrap();
        assert_eq!(response.status, 502, "{:?}", response.header("x-probe-answer"));
        assert_eq!(response.header("content-type").as_deref(), Some("text/plain"));
        assert_eq!(response.header("x-probe-answer"), None);
    }
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_2_the_stream_window_is_the_buffer_limit_unless_the_route_raises_it() {
    let large = async |world: &World, wire, path: &str| {
        let mut sending = Sending::begin(wire, world.gateway.address(), "POST", path, Length::Known(200_000));
        sending.part(&[b'x'; 200_000]);
        sending.end(&[]);
        sending.response().await.unwrap().status
    };
    let world = World::start(&Probe::default()).await;
    assert_eq!(large(&world, Wire::Http1, "/body/").await, 200);
    assert_eq!(large(&world, Wire::Http2, "/body/").await, 413);
    for (wire, status) in [(Wire::Http1, 200), (Wire::Http2, 500)] {
        let response = world.send(wire, Shape::Get, "/forward/body/behave/stream/200000").response().await;
        assert_eq!(response.unwrap().status, status, "{wire:?}");
    }
    world.gateway.assert_no_panic().await;

    let world = World::start(&Probe { body_buffer_bytes: Some(1 << 20), ..Probe::default() }).await;
    assert_eq!(large(&world, Wire::Http1, "/body/").await, 200);
    let raised = if world.gateway.ignores_body_buffer_limits().await { 413 } else { 200 };
    assert_eq!(large(&world, Wire::Http2, "/body/").await, raised);
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn envoys_replies_are_told_apart_from_a_backends() {
    let probe = Probe { route_timeout: Duration::from_millis(300), ..Probe::default() };
    let world = World::start(&probe).await;
    let cases = [
        ("/forward//503", 503, "response=503:upstream"),
        ("/forward//504", 504, "response=504:upstream"),
        ("/forward//413", 413, "response=413:upstream"),
        ("/forward//behave/reset", 503, "response=503:upstream_reset_before_response_started{*}"),
        ("/forward//behave/hang", 504, "response=504:response_timeout"),
        ("/forward//behave/echo", 200, "response=200:upstream"),
        ("/noproto/", 404, "response=404:route_not_found"),
    ];
    let mut ran = 0;
    for wire in [Wire::Http1, Wire::Http2] {
        for (path, status, seen) in cases {
            let asked = path.rsplit('/').next().unwrap_or_default().parse().unwrap_or(200);
            world.backend.answers(Answer { status: asked, ..Answer::default() });
            let response = world.send(wire, Shape::Get, path).response().await.unwrap();
            assert_eq!(response.status, status, "{path}");
            assert_matches(&response.header("x-probe-seen").unwrap_or_default(), seen);
            ran += 1;
        }
        let response = world.send(wire, Shape::Upload, "/body/").response().await.unwrap();
        assert_eq!(
            response.header("x-probe-seen").as_deref(),
            Some("response=413:request_payload_too_large")
        );
        ran += 1;
    }
    println!("{ran} replies told apart");
    assert_eq!(ran, 16);
    world.gateway.assert_no_panic().await;
}
