//! What apps see of what was sent.

use crate::gateway::{App, Kind, Pair, Request, World};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{BodyExt, Empty};
use serde_json::{Value, json};
use wasm_tests::client::http2;

#[tokio::test(flavor = "multi_thread")]
async fn apps_see_what_was_sent() {
    let Some(world) = World::start("apps_see_what_was_sent").await else { return };
    let mut ran = 0;
    for pair in Pair::ALL {
        cookies(&world, pair).await;
        cookies_of_http2(&world, pair).await;
        repeated_headers(&world, pair).await;
        queries(&world, pair).await;
        paths(&world, pair).await;
        ran += 5 + methods(&world, pair).await + bodies(&world, pair).await;
    }
    world.end().await;
    println!("{ran} requests");
    assert_eq!(ran, 6 * (5 + 7 + 6));
}

async fn cookies(world: &World, pair: Pair) {
    let headers = [("cookie", "a=1; b=x=y; c=\u{22}q\u{22}")];
    let told = world.told(pair, &Request { headers: &headers, ..Request::get("/echo") }).await;
    assert_eq!(told["headers"]["cookie"], json!(["a=1; b=x=y; c=\"q\""]), "{pair:?}");
    if pair.app == App::Mangum {
        assert_eq!(told["cookies"], json!({ "a": "1", "b": "x=y", "c": "q" }), "{pair:?}");
    }
}

/// Clients of HTTP/2 send each cookie on its own line.
async fn cookies_of_http2(world: &World, pair: Pair) {
    let mut request = hyper::Request::get(world.url(pair, "/echo"));
    for cookie in ["a=1", "b=x=y", "c=3"] {
        request = request.header("cookie", cookie);
    }
    let mut connection = http2(world.address()).await;
    let response = connection.send_request(request.body(Empty::new().boxed()).unwrap()).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let told: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(told["headers"]["cookie"], json!(["a=1; b=x=y; c=3"]), "{pair:?}");
}

async fn repeated_headers(world: &World, pair: Pair) {
    let headers = [("x-many", "1, 2"), ("x-one", "only"), ("x-many", "3")];
    let told = world.told(pair, &Request { headers: &headers, ..Request::get("/echo") }).await;
    // Each client reads a repeated header of format 1.0 in its own way: lambda_http lets the plain map win, which has the last.
    let many = match (pair.app, pair.kind) {
        (_, Kind::V2) => "1, 2,3",
        (App::Mangum, Kind::V1 | Kind::Rest) => "1, 2, 3",
        (App::LambdaHttp, Kind::V1 | Kind::Rest) => "3",
    };
    let mut seen = told["headers"].clone();
    let trace = seen["x-amzn-trace-id"][0].as_str().unwrap_or_default().to_owned();
    assert!(trace.starts_with("Root=1-"), "{pair:?}: {trace}");
    assert!(seen["x-forwarded-for"][0].is_string(), "{pair:?}");
    for volatile in ["x-amzn-trace-id", "x-forwarded-for"] {
        seen.as_object_mut().unwrap().remove(volatile);
    }
    let mut expected = json!({
        "host": [format!("{}.localhost", pair.api_id())], "x-many": [many], "x-one": ["only"],
        "x-forwarded-proto": ["http"], "x-forwarded-port": ["80"],
    });
    // HTTP APIs tell the length of a body that is not there.
    if pair.kind != Kind::Rest {
        expected["content-length"] = json!(["0"]);
    }
    assert_eq!(seen, expected, "{pair:?}");
}

async fn queries(world: &World, pair: Pair) {
    let path = "/echo?a=b%26c&a=2&plus=x+y&sp%20ace=%20&empty=&bare&u=%C3%A9%E2%98%95&eq=1=2&enc=%252F";
    let told = world.told(pair, &Request::get(path)).await;
    let expected = json!({
        "a": ["b&c", "2"], "plus": ["x y"], "sp ace": [" "], "empty": [""], "bare": [""], "u": ["é☕"], "eq": ["1=2"],
        "enc": ["%2F"],
    });
    assert_eq!(told["query"], expected, "{pair:?}");
}

async fn paths(world: &World, pair: Pair) {
    let told = world.told(pair, &Request::get("/pets/caf%C3%A9%20%E2%98%95+1")).await;
    let (plain, encoded) = ("/pets/café ☕+1", "/pets/caf%C3%A9%20%E2%98%95+1");
    // lambda_http makes a URL of it, with the stage in front, and mangum decodes.
    let seen = match pair.app {
        App::Mangum => plain.to_owned(),
        App::LambdaHttp => format!("{}{encoded}", pair.prefix()),
    };
    let (raw, id) = match pair.kind {
        Kind::V2 => (plain, "café ☕+1"),
        Kind::V1 => (encoded, "café ☕+1"),
        Kind::Rest => (encoded, "caf%C3%A9%20%E2%98%95+1"),
    };
    assert_eq!((&told["path"], &told["rawPath"]), (&json!(seen), &json!(raw)), "{pair:?}");
    assert_eq!(told["pathParameters"], json!({ "id": [id] }), "{pair:?}");
}

async fn methods(world: &World, pair: Pair) -> usize {
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    for method in methods {
        let told = world.told(pair, &Request { method, ..Request::get("/echo/a/b") }).await;
        assert_eq!((&told["method"], &told["body"]), (&json!(method), &json!("")), "{pair:?}");
        assert_eq!(told["pathParameters"], json!({ "proxy": ["echo/a/b"] }), "{pair:?}");
        let stage = if pair.kind == Kind::Rest { "prod" } else { "$default" };
        assert_eq!(told["stage"], stage, "{pair:?}");
    }
    // The length is sent, and there is nothing.
    let told = world.told(pair, &Request::post("/echo", &[("content-type", "text/plain")], b"")).await;
    assert_eq!(
        (&told["body"], &told["headers"]["content-type"]),
        (&json!(""), &json!(["text/plain"])),
        "{pair:?}"
    );
    let length = if pair.kind == Kind::Rest { Value::Null } else { json!(["0"]) };
    assert_eq!(told["headers"].get("content-length").unwrap_or(&Value::Null), &length, "{pair:?}");
    methods.len() + 1
}

async fn bodies(world: &World, pair: Pair) -> usize {
    let all: Vec<u8> = (0..=255).collect();
    // What is text on HTTP APIs; a REST API for which all is binary tells nothing as text.
    let bodies: [(&str, &[u8], bool); 6] = [
        ("application/octet-stream", &all, false),
        ("application/x-www-form-urlencoded", b"a=1&b=x%20y&a=2", false),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n",
            false,
        ),
        ("application/json; charset=utf-8", "{\"name\":\"é\\u0000\\n\"}".as_bytes(), true),
        ("text/plain", "é☕\r\n\t\"\\\u{0}\u{7f}\u{2028}".as_bytes(), true),
        ("application/vnd.api+json", b"{}", false),
    ];
    for (kind, body, is_text) in bodies {
        let headers = [("content-type", kind)];
        let told = world.told(pair, &Request::post("/echo", &headers, body)).await;
        assert_eq!(told["body"], json!(BASE64_STANDARD.encode(body)), "{pair:?}: {kind}");
        assert_eq!(told["headers"]["content-type"], json!([kind]), "{pair:?}");
        let is_text = is_text && pair.kind != Kind::Rest;
        assert_eq!(told["isText"], json!(is_text), "{pair:?}: {kind}");
        let length = match pair.kind {
            Kind::V2 | Kind::V1 => json!([body.len().to_string()]),
            // Recorded events of REST APIs have no length.
            Kind::Rest => Value::Null,
        };
        assert_eq!(
            told["headers"].get("content-length").unwrap_or(&Value::Null),
            &length,
            "{pair:?}: {kind}"
        );
    }
    bodies.len()
}
