//! What clients see of what apps answer.

use crate::gateway::{App, Kind, Pair, Request, World};
use wasm_tests::raw::Response;

const PLAIN: &str = "text/plain; charset=utf-8";

#[tokio::test(flavor = "multi_thread")]
async fn clients_see_what_apps_answer() {
    let Some(world) = World::start("clients_see_what_apps_answer").await else { return };
    let mut ran = 0;
    for pair in Pair::ALL {
        cookies(&world, pair).await;
        repeated_headers(&world, pair).await;
        without_a_type(&world, pair).await;
        redirect(&world, pair).await;
        ran += 4 + statuses(&world, pair).await + heads(&world, pair).await;
        ran += binary(&world, pair).await + large(&world, pair).await + failures(&world, pair).await;
    }
    world.end().await;
    println!("{ran} requests");
    assert_eq!(ran, 6 * (4 + 6 + 2 + 2 + 3 + 2) + 2 * 4);
}

/// The values of a header, one for each of its lines.
fn lines(response: &Response, name: &str) -> Vec<String> {
    let named = response.headers.iter().filter(|(found, _)| found == name);
    named.map(|(_, value)| String::from_utf8(value.clone()).unwrap()).collect()
}

async fn cookies(world: &World, pair: Pair) {
    let response = world.send(pair, &Request::get("/cookies")).await;
    let expected = ["a=1; Path=/; HttpOnly", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "c=3"];
    assert_eq!(lines(&response, "set-cookie"), expected, "{pair:?}");
    assert_eq!((response.status, response.text().as_str()), (200, "cookies"), "{pair:?}");
}

async fn repeated_headers(world: &World, pair: Pair) {
    let response = world.send(pair, &Request::get("/headers")).await;
    // Format 2.0 has one value for a name: mangum joins them, lambda_http keeps the first.
    let expected = match (pair.app, pair.kind) {
        (App::Mangum, Kind::V2) => vec!["one,two"],
        (App::LambdaHttp, Kind::V2) => vec!["one"],
        (_, Kind::V1 | Kind::Rest) => vec!["one", "two"],
    };
    assert_eq!(lines(&response, "x-many"), expected, "{pair:?}");
    assert_eq!(lines(&response, "x-one"), ["a, b"], "{pair:?}");
    assert_eq!(lines(&response, "content-type"), [PLAIN], "{pair:?}");
}

async fn without_a_type(world: &World, pair: Pair) {
    let response = world.send(pair, &Request::get("/typeless")).await;
    // The gateway's own, unless the client under the app has one: mangum has, in format 2.0.
    let kind = match (pair.app, pair.kind) {
        (App::LambdaHttp, Kind::V2) | (_, Kind::V1) => PLAIN,
        (App::Mangum, Kind::V2) | (_, Kind::Rest) => "application/json",
    };
    assert_eq!(lines(&response, "content-type"), [kind], "{pair:?}");
    assert_eq!((response.status, response.text().as_str()), (200, "typeless"), "{pair:?}");
}

async fn redirect(world: &World, pair: Pair) {
    let response = world.send(pair, &Request::get("/redirect")).await;
    assert_eq!((response.status, response.body.len()), (302, 0), "{pair:?}");
    assert_eq!(lines(&response, "location"), ["https://elsewhere.test/?a=b%26c"], "{pair:?}");
}

async fn statuses(world: &World, pair: Pair) -> usize {
    let statuses = [200, 201, 204, 302, 404, 500];
    for status in statuses {
        let method = if status == 201 { "POST" } else { "GET" };
        let path = format!("/status/{status}");
        let response = world.send(pair, &Request { method, ..Request::get(&path) }).await;
        let body = if status == 204 { String::new() } else { format!("status {status}") };
        assert_eq!((response.status, response.text()), (status, body), "{pair:?}");
        if status != 204 {
            assert_eq!(lines(&response, "content-type"), [PLAIN], "{pair:?}: {status}");
        }
        let id = if pair.kind == Kind::Rest { "x-amzn-requestid" } else { "apigw-requestid" };
        assert_eq!(lines(&response, id).len(), 1, "{pair:?}: {status}");
    }
    statuses.len()
}

async fn heads(world: &World, pair: Pair) -> usize {
    for (path, status) in [("/status/200", 200), ("/status/404", 404)] {
        let response = world.send(pair, &Request { method: "HEAD", ..Request::get(path) }).await;
        assert_eq!((response.status, response.body.len()), (status, 0), "{pair:?}");
        assert_eq!(lines(&response, "content-type"), [PLAIN], "{pair:?}");
    }
    2
}

async fn binary(world: &World, pair: Pair) -> usize {
    let all: Vec<u8> = (0..=255).collect();
    let response = world.send(pair, &Request::get("/bytes")).await;
    assert_eq!((response.status, &response.body), (200, &all), "{pair:?}");
    assert_eq!(lines(&response, "content-type"), ["application/octet-stream"], "{pair:?}");
    let headers = [("content-type", "application/octet-stream")];
    let response = world.send(pair, &Request::post("/mirror", &headers, &all)).await;
    assert_eq!((response.status, &response.body), (200, &all), "{pair:?}");
    if pair.kind != Kind::Rest {
        return 2;
    }
    2 + picky(world, pair, &all).await
}

/// A REST API for which images are binary and nothing else: by a request's type, and by the first type that a client accepts.
async fn picky(world: &World, pair: Pair, all: &[u8]) -> usize {
    let api = format!("{}-picky", pair.api_id());
    let send =
        async |request: &Request<'_>| world.send_to(&api, &format!("/prod{}", request.path), request).await;
    let base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, all);
    let takes = [("accept", "image/png, */*")];
    let response = send(&Request { headers: &takes, ..Request::get("/bytes") }).await;
    assert_eq!(response.body, all, "{pair:?}");
    let takes = [("accept", "*/*")];
    let response = send(&Request { headers: &takes, ..Request::get("/bytes") }).await;
    assert_eq!(response.text(), base64, "{pair:?}");
    let headers = [("content-type", "image/png"), ("accept", "image/png")];
    let response = send(&Request::post("/mirror", &headers, all)).await;
    assert_eq!(response.body, all, "{pair:?}");
    let headers = [("content-type", "text/plain")];
    let response = send(&Request::post("/mirror", &headers, "é☕".as_bytes())).await;
    assert_eq!(response.text(), "é☕", "{pair:?}");
    4
}

async fn large(world: &World, pair: Pair) -> usize {
    let response = world.send(pair, &Request::get("/large")).await;
    assert_eq!((response.status, response.body.len()), (200, 1 << 20), "{pair:?}");
    assert_eq!(response.body, "0123456789abcdef".repeat(65_536).into_bytes(), "{pair:?}");
    for kind in ["application/octet-stream", "text/plain"] {
        let body: Vec<u8> = match kind {
            "text/plain" => "line\n".bytes().cycle().take(1 << 20).collect(),
            _ => (0..=255).cycle().take(1 << 20).collect(),
        };
        let headers = [("content-type", kind)];
        let response = world.send(pair, &Request::post("/mirror", &headers, &body)).await;
        assert_eq!((response.status, response.body.len()), (200, body.len()), "{pair:?}: {kind}");
        assert!(response.body == body, "{pair:?}: {kind}: a megabyte comes back as it was sent");
    }
    3
}

async fn failures(world: &World, pair: Pair) -> usize {
    // What the gateway says of a function that has failed.
    let failed = match pair.kind {
        Kind::V2 | Kind::V1 => (500, r#"{"message":"Internal Server Error"}"#),
        Kind::Rest => (502, r#"{"message": "Internal server error"}"#),
    };
    let mangum = (500, "Internal Server Error");
    for (path, expected) in
        [("/fail", if pair.app == App::Mangum { mangum } else { failed }), ("/panic", failed)]
    {
        let response = world.send(pair, &Request::get(path)).await;
        assert_eq!((response.status, response.text().as_str()), expected, "{pair:?}: {path}");
    }
    2
}
