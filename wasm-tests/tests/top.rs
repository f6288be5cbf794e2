//! `sekisho top` before a real Envoy with four workers, whose requests are known to the last one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho_cli::hash_key;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use wasm_tests::{Backend, Gateway, Options, eventually, raw};

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");

const ARN: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/edge/1";

fn document() -> Value {
    let up = json!({ "integrationId": "up", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
        "integrationUri": "http://backend.test/" });
    let dead = json!({ "integrationId": "dead", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
        "integrationUri": "http://dead.test/" });
    let hang = json!({ "integrationId": "hang", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
        "integrationUri": "http://backend.test/behave/hang" });
    let none = json!({ "throttlingRateLimit": 0, "throttlingBurstLimit": 0 });
    let rule = json!({
        "Name": "bad", "Priority": 0, "Action": { "Block": {} },
        "Statement": { "ByteMatchStatement": {
            "FieldToMatch": { "SingleHeader": { "Name": "x-bad" } }, "PositionalConstraint": "EXACTLY",
            "SearchString": "MQ==", "TextTransformations": [{ "Priority": 0, "Type": "NONE" }],
        } },
        "VisibilityConfig": { "SampledRequestsEnabled": false, "CloudWatchMetricsEnabled": true, "MetricName": "bad" },
    });
    json!({
        "defaultApiId": "shop",
        "apis": [
            {
                "apiId": "shop", "name": "Shop", "protocolType": "HTTP",
                "routes": [
                    { "routeKey": "GET /users/{id}", "target": "integrations/up" },
                    { "routeKey": "GET /limited", "target": "integrations/up" },
                    { "routeKey": "GET /dead", "target": "integrations/dead" },
                    { "routeKey": "GET /hang", "target": "integrations/hang" },
                ],
                "integrations": [up, dead, hang],
                "stages": [
                    { "stageName": "$default", "defaultRouteSettings": { "detailedMetricsEnabled": true },
                      "routeSettings": { "GET /limited": none } },
                    { "stageName": "beta", "canarySettings": { "percentTraffic": 100.0 } },
                ],
            },
            {
                "apiId": "rest", "protocolType": "REST",
                "routes": [{ "routeKey": "GET /x", "target": "integrations/m", "apiKeyRequired": true }],
                "integrations": [{ "integrationId": "m", "integrationType": "MOCK",
                    "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
                    "integrationResponses": [{ "statusCode": 200 }] }],
                "stages": [{ "stageName": "prod", "webAclArn": ARN }],
            },
        ],
        "webAcls": [{
            "Name": "edge", "Id": "1", "ARN": ARN, "DefaultAction": { "Allow": {} }, "Rules": [rule],
            "VisibilityConfig": { "SampledRequestsEnabled": false, "CloudWatchMetricsEnabled": true, "MetricName": "edge" },
        }],
        "apiKeys": [{ "id": "k", "enabled": true, "value": hash_key::hash("top-test-key-0000000000") }],
        "usagePlans": [{ "id": "gold", "apiStages": [{ "apiId": "rest", "stage": "prod" }] }],
        "usagePlanKeys": [{ "usagePlanId": "gold", "keyId": "k" }],
    })
}

/// How often each request is sent: host, path, a line of the head, and what is answered.
const LOAD: [(u64, &str, &str, &str, u16); 8] = [
    (40, "shop", "/users/7", "", 200),
    (7, "shop", "/limited", "", 429),
    (2, "shop", "/dead", "", 503),
    (5, "shop", "/nowhere", "", 404),
    (11, "shop", "/beta/users/7", "", 200),
    (8, "rest", "/prod/x", "x-api-key: top-test-key-0000000000\r\n", 200),
    (6, "rest", "/prod/x", "x-api-key: another-0000000000000000\r\n", 403),
    (3, "rest", "/prod/x", "x-bad: 1\r\n", 403),
];

async fn send(address: SocketAddr) {
    for (times, api, path, line, status) in LOAD {
        for _ in 0..times {
            let request = format!("GET {path} HTTP/1.1\r\nhost: {api}.localhost\r\n{line}\r\n");
            let response = raw::send(address, request.as_bytes()).await.unwrap();
            assert_eq!(response.status, status, "{api}{path}: {}", response.text());
        }
    }
}

/// A client that leaves while its backend is asked.
async fn leave(address: SocketAddr, backend: &Backend) {
    let before = backend.seen().len();
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /hang HTTP/1.1\r\nhost: shop.localhost\r\n\r\n").await.unwrap();
    eventually("the backend is asked", async || (backend.seen().len() > before).then_some(())).await;
}

/// What the command prints, its words parted by one blank each.
fn top(admin: SocketAddr, args: &[&str]) -> Vec<String> {
    let output = Command::new(COMMAND)
        .args(["top", "--admin", &format!("http://{admin}"), "--once"])
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// A line without its times, which nobody can know.
fn timeless(line: &str) -> String {
    let words: Vec<_> = line.split(' ').filter(|word| !matches!(*word, "ms" | "s")).collect();
    let Some((unasked, rest)) = words.split_last() else { return String::new() };
    let rest = rest.get(..rest.len().saturating_sub(3)).unwrap_or_default();
    format!("{} | {unasked}", rest.join(" "))
}

#[tokio::test(flavor = "multi_thread")]
async fn exact_numbers_are_shown() {
    let backend = Backend::start().await;
    let gateway =
        Gateway::start(&document(), &backend, Options { concurrency: 4, ..Options::default() }).await;
    send(gateway.address()).await;
    leave(gateway.address(), &backend).await;
    let admin = gateway.admin_address();
    // Counters come with a tick of each worker, latencies when Envoy merges them.
    let told = eventually("the workers tell", async || {
        let told = top(admin, &[]);
        let is_all = |line: &String| line.starts_with("all 83 ") && line.ends_with(" 29");
        told.iter().any(is_all).then_some(told)
    })
    .await;
    let lines = told.iter().skip(3).take_while(|line| !line.is_empty()).map(|line| timeless(line));
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            // Requests, a second, 4xx, 5xx, 4xx%, 5xx%, and unasked.
            "shop $default GET /users/{id} 40 - 0 0 0.0 0.0 | 0",
            "rest prod 17 - 9 0 52.9 0.0 | 17",
            "shop beta 11 - 0 0 0.0 0.0 | 0",
            "shop $default GET /limited 7 - 7 0 100.0 0.0 | 7",
            "shop $default 5 - 5 0 100.0 0.0 | 5",
            "shop $default GET /dead 2 - 0 2 0.0 100.0 | 0",
            "shop $default GET /hang 1 - 0 0 0.0 0.0 | 0",
            "all 83 - 21 2 25.3 2.4 | 29",
        ],
        "{told:#?}"
    );
    for line in [
        "throttled_route 7",
        "invalid_api_key 6",
        "unknown_route 5",
        "integration_failure 2",
        "edge ALL 14 3 0 0",
        "edge bad 0 3 0 0",
        "shop beta canary 11 0 0",
    ] {
        assert!(told.iter().any(|told| told == line), "{line}: {told:#?}");
    }
    let head = told.first().unwrap();
    let log = gateway.whole_log();
    let digest = log.split("serving sha256:").nth(1).unwrap().get(..12).unwrap();
    assert!(
        head.contains(&format!("document {digest} loaded ")) && head.contains(", documents refused: 0,"),
        "{head}"
    );
    // Of one stage, and of the time between two questions, in which nothing happens.
    let told = top(admin, &["--stage", "rest/", "--interval", "250ms"]);
    let lines: Vec<_> = told.iter().skip(3).take_while(|line| !line.is_empty()).cloned().collect();
    assert_eq!(lines, ["rest prod 0 0.0 0 0 - - - - - 0", "all 0 0.0 0 0 - - - - - 0"]);
    assert!(!told.iter().any(|line| line.starts_with("REFUSED")), "{told:#?}");
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_no_gateway_is_told() {
    let output = |admin: SocketAddr| {
        let output =
            Command::new(COMMAND).args(["top", "--admin", &admin.to_string()]).stdin(Stdio::null()).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    // A server, and nobody.
    let backend = Backend::start().await;
    let (code, said) = tokio::task::block_in_place(|| output(backend.address()));
    assert!(code == Some(1) && said.contains("it runs no gateway that tells its metrics"), "{said}");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, said) = output(nobody);
    assert!(code == Some(1) && said.contains("`--admin HOST:PORT` names the admin interface"), "{said}");
}
