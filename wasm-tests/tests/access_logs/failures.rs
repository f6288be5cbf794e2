//! What a line says of time and bytes where something fails half-way: only a real Envoy knows them.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use wasm_tests::raw::{self, Raw};
use wasm_tests::{Backend, Function, Gateway, Options, Reply, eventually};

const FORMAT: &str = "{\"id\":\"$context.requestId\",\"path\":\"$context.path\",\"status\":\"$context.status\",\"integrationStatus\":\"$context.integrationStatus\",\"functionStatus\":\"$context.integration.status\",\"latency\":\"$context.integrationLatency\",\"responseLatency\":$context.responseLatency,\"integrationError\":\"$context.integrationErrorMessage\",\"error\":\"$context.error.message\",\"errorType\":\"$context.error.responseType\",\"length\":$context.responseLength,\"authorizer\":\"$context.authorizer.status\",\"authorizerIntegration\":\"$context.authorizer.integrationStatus\",\"authorizerLatency\":\"$context.authorizer.integrationLatency\",\"authorizerError\":\"$context.authorizer.error\"}";
/// Milliseconds that the function may take.
const PATIENCE: u64 = 300;
const NOTHING: &str = "-";

fn document(file: &Path) -> Value {
    let function = "arn:aws:lambda:us-east-1:123456789012:function:f";
    json!({
        "endpoints": { "lambda": "http://lambda.test" },
        "apis": [{
            "apiId": "shop", "protocolType": "REST",
            "stages": [{
                "stageName": "prod",
                "accessLogSettings": { "format": FORMAT, "destination": format!("file:{}", file.display()) },
            }],
            "authorizers": [{
                "authorizerId": "asks", "authorizerType": "REQUEST", "authorizerResultTtlInSeconds": 0,
                "identitySource": ["$request.header.x-who"], "authorizerUri": function,
            }],
            "routes": [
                { "routeKey": "GET /function", "target": "integrations/function" },
                { "routeKey": "GET /asked", "target": "integrations/plain", "authorizationType": "CUSTOM", "authorizerId": "asks" },
                { "routeKey": "GET /{proxy+}", "target": "integrations/backend" },
            ],
            "integrations": [
                { "integrationId": "backend", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://backend.test/{proxy}" },
                { "integrationId": "plain", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://backend.test/" },
                { "integrationId": "function", "integrationType": "AWS_PROXY", "integrationUri": function, "timeoutInMillis": PATIENCE },
            ],
        }],
    })
}

struct World {
    backend: Backend,
    function: Function,
    gateway: Gateway,
    file: PathBuf,
    _folder: TempDir,
}

impl World {
    async fn start() -> Self {
        let (folder, backend, function) =
            (tempfile::tempdir().unwrap(), Backend::start().await, Function::start().await);
        let file = folder.path().join("access.log");
        let hosts = BTreeMap::from([("lambda.test".to_owned(), function.address())]);
        let options = Options { hosts, ..Options::default() };
        let gateway = Gateway::start(&document(&file), &backend, options).await;
        Self { backend, function, gateway, file, _folder: folder }
    }

    /// The line of the only request to a path, once it is there.
    async fn line(&self, path: &str) -> Value {
        eventually(&format!("the line of {path}"), async || {
            let text = std::fs::read_to_string(&self.file).unwrap_or_default();
            let lines = text.lines().map(|line| {
                serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            });
            let found: Vec<Value> = lines.filter(|line| line["path"] == path).collect();
            assert!(found.len() <= 1, "{found:#?}");
            found.into_iter().next()
        })
        .await
    }

    /// A client that asks, and leaves when it is told to.
    async fn ask(&self, path: &str, headers: &str) -> Raw {
        let mut raw = Raw::connect(self.gateway.address()).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: a.test\r\n{headers}\r\n");
        raw.write(request.as_bytes()).await.unwrap();
        raw
    }
}

fn millis(told: &Value) -> u64 {
    told.as_str().unwrap().parse().unwrap_or_else(|_| panic!("{told} is no number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_too_slow_took_its_time_and_said_nothing() {
    let world = World::start().await;
    world.function.says(Reply::never());
    let response = raw::get(world.gateway.address(), "/prod/function").await.unwrap();
    assert_eq!(response.status, 504);
    let line = world.line("/prod/function").await;
    // Envoy's timers count from the beginning of a turn of its loop, a moment before the callout is made.
    let least = PATIENCE - 5;
    assert!((least..PATIENCE * 20).contains(&millis(&line["latency"])), "{line:#}");
    assert!(line["responseLatency"].as_u64().unwrap() >= least, "{line:#}");
    for (name, expected) in [
        ("status", "504"),
        ("integrationStatus", NOTHING),
        ("functionStatus", NOTHING),
        ("integrationError", "the integration did not answer in time"),
        ("error", "Endpoint request timed out"),
        ("errorType", "INTEGRATION_TIMEOUT"),
    ] {
        assert_eq!(line[name], expected, "{name}: {line:#}");
    }
    world.gateway.assert_no_panic().await;
}

/// The client has a status and a part of the body: the line says both, and that this was not all.
#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_breaks_off_half_way_is_told_of() {
    let world = World::start().await;
    let whole = raw::get(world.gateway.address(), "/prod/behave/stream/70000").await.unwrap();
    assert_eq!((whole.status, whole.body.len()), (200, 70_000));
    let mut raw = world.ask("/prod/behave/break/70000", "").await;
    assert_eq!(raw.head().await.unwrap().status, 200);
    while raw.some().await.is_ok_and(|bytes| bytes > 0) {}
    let (whole, part) =
        (world.line("/prod/behave/stream/70000").await, world.line("/prod/behave/break/70000").await);
    for line in [&whole, &part] {
        assert_eq!(
            [&line["status"], &line["integrationStatus"], &line["error"]],
            ["200", "200", "-"],
            "{line:#}"
        );
        millis(&line["latency"]);
    }
    assert_eq!((&whole["integrationError"], &whole["length"]), (&json!("-"), &json!(70_000)));
    assert_eq!(part["integrationError"], "the integration cannot be reached, or broke off", "{part:#}");
    assert!((1..=70_000).contains(&part["length"].as_u64().unwrap()), "{part:#}");
    // Who breaks off before the head is refused, and told by a status.
    let response = raw::get(world.gateway.address(), "/prod/behave/reset").await.unwrap();
    let line = world.line("/prod/behave/reset").await;
    assert_eq!(
        (response.status, &line["status"], &line["integrationStatus"]),
        (500, &json!("500"), &json!("-"))
    );
    assert_eq!(
        [&line["integrationError"], &line["errorType"]],
        [&part["integrationError"], &json!("INTEGRATION_FAILURE")]
    );
    world.gateway.assert_no_panic().await;
}

/// Wherever a request waits when its client leaves, it has one line, without a status, and nobody's fault.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_has_its_line_wherever_its_request_waits() {
    let world = World::start().await;
    world.function.hold();
    world.backend.hold();
    for (i, (path, headers)) in
        [("/prod/function", ""), ("/prod/asked", "x-who: ann\r\n"), ("/prod/backend", "")]
            .into_iter()
            .enumerate()
    {
        let raw = world.ask(path, headers).await;
        eventually("somebody is asked", async || {
            (world.function.begun() + world.backend.seen().len() > i).then_some(())
        })
        .await;
        drop(raw);
        let line = world.line(path).await;
        for name in [
            "status",
            "integrationStatus",
            "functionStatus",
            "latency",
            "integrationError",
            "error",
            "errorType",
        ] {
            assert_eq!(line[name], "-", "{path} {name}: {line:#}");
        }
        for name in ["authorizer", "authorizerIntegration", "authorizerLatency", "authorizerError"] {
            assert_eq!(line[name], "-", "{path} {name}: {line:#}");
        }
        assert_eq!(line["length"], 0, "{line:#}");
    }
    // In the middle of a body its status is known.
    let mut raw = world.ask("/prod/behave/stream/50000000", "").await;
    assert_eq!(raw.head().await.unwrap().status, 200);
    drop(raw);
    let line = world.line("/prod/behave/stream/50000000").await;
    assert_eq!(
        [&line["status"], &line["integrationStatus"], &line["integrationError"]],
        ["200", "200", "-"],
        "{line:#}"
    );
    assert!(line["length"].as_u64().unwrap() < 50_000_000, "{line:#}");
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorizer_that_breaks_off_has_said_nothing() {
    let world = World::start().await;
    world.function.says(Reply::raw(b""));
    let mut raw = world.ask("/prod/asked", "x-who: ann\r\n").await;
    assert_eq!(raw.response().await.unwrap().status, 500);
    let line = world.line("/prod/asked").await;
    millis(&line["authorizerLatency"]);
    for (name, expected) in [
        ("status", "500"),
        ("authorizer", "500"),
        ("authorizerIntegration", "-"),
        ("authorizerError", "the authorizer could not be asked"),
        ("errorType", "AUTHORIZER_FAILURE"),
        ("integrationStatus", "-"),
        ("latency", "-"),
    ] {
        assert_eq!(line[name], expected, "{name}: {line:#}");
    }
    world.gateway.assert_no_panic().await;
}
