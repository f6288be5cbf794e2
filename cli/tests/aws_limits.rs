//! `sekisho validate --aws-limits`: the real command, what it says as written in `golden/aws-limits/NAME.stderr`.
//! `SEKISHO_BLESS=1` writes what it says now; read the difference before it is committed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "the helpers are part of the tests"
)]

use sekisho_cli::limits::quotas::QUOTAS;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

/// What the command says of a document, which it must not refuse.
fn said(document: &[u8]) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(["validate", "--aws-limits", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(document).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(0), true), "{said}");
    said
}

fn is_golden(name: &str, said: &str) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/aws-limits/{name}.stderr"));
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
        std::fs::write(&golden, said).unwrap();
    }
    let written = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(written == said, "{name}: `SEKISHO_BLESS=1 cargo test` writes this:\n{said}");
}

fn times(count: usize, make: impl Fn(usize) -> Value) -> Vec<Value> {
    (0..count).map(make).collect()
}

fn map(count: usize, make: impl Fn(usize) -> (String, Value)) -> Map<String, Value> {
    (0..count).map(make).collect()
}

fn mock(id: &str) -> Value {
    json!({ "integrationId": id, "integrationType": "MOCK", "integrationResponses": [{ "statusCode": 200 }] })
}

fn link(i: usize) -> String {
    format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/{i}")
}

/// An HTTP API that is on every quota, and over each by `over`.
fn http(over: usize) -> Value {
    let long = "x".repeat(512 + over);
    let settings = json!({ "throttlingRateLimit": 10_000 + over, "throttlingBurstLimit": 5_000 + over });
    let stages = times(10 + over, |i| {
        let mut stage = json!({ "stageName": format!("s{i}") });
        if i == 0 {
            stage["stageVariables"] = map(100 + over, |i| (format!("v{i:03}"), json!("x"))).into();
            stage["stageVariables"]["v000"] = json!(long);
            stage["defaultRouteSettings"] = settings.clone();
            stage["canarySettings"] =
                json!({ "percentTraffic": 1, "stageVariableOverrides": { "v001": long } });
        }
        stage
    });
    let integrations = times(300 + over, |i| match i {
        0 => mock("i0"),
        // The first link twice: it is one.
        _ if i <= 11 + over => {
            let link = link(i.max(2) - 1);
            json!({ "integrationId": format!("i{i}"), "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                "connectionType": "VPC_LINK", "connectionId": link, "integrationUri": link, "payloadFormatVersion": "1.0" })
        }
        _ => mock(&format!("i{i}")),
    });
    let routes = times(300 + over, |i| {
        let mut route = json!({ "routeKey": format!("GET /r{i}"), "target": format!("integrations/i{i}") });
        if i == 0 {
            route["authorizationType"] = json!("JWT");
            route["authorizerId"] = json!("a0");
            route["authorizationScopes"] = times(10 + over, |i| json!(format!("s{i}"))).into();
        }
        route
    });
    let authorizers = times(10 + over, |i| {
        let audiences = if i == 0 { 50 + over } else { 1 };
        json!({ "authorizerId": format!("a{i}"), "authorizerType": "JWT",
            "identitySource": ["$request.header.Authorization"],
            "jwtConfiguration": { "issuer": "https://idp.example", "audience": times(audiences, |i| json!(format!("a{i}"))) } })
    });
    json!({ "apiId": "wide", "protocolType": "HTTP", "routes": routes, "integrations": integrations,
        "authorizers": authorizers, "stages": stages })
}

/// A document that is on every quota, and over each by `over`.
fn document(over: usize) -> Value {
    let method_throttles =
        map(20 + over, |i| (format!("/p{i}/GET"), json!({ "rateLimit": 1, "burstLimit": 1 })));
    // With the root, a resource more than there are routes.
    let resources =
        times(299 + over, |i| json!({ "routeKey": format!("GET /p{i}"), "target": "integrations/m" }));
    let mut apis = vec![
        http(over),
        json!({ "apiId": "rest", "protocolType": "REST", "routes": resources, "integrations": [mock("m")],
            "stages": [{ "stageName": "s0" }, { "stageName": "s1" }] }),
    ];
    apis.extend(times(598 + over, |i| {
        json!({ "apiId": format!("more{i}"), "protocolType": "HTTP", "stages": [{ "stageName": "$default" }],
            "routes": [{ "routeKey": "$default", "target": "integrations/m" }], "integrations": [mock("m")] })
    }));
    json!({
        "limits": { "payloadBytes": 10_485_760 + over, "headerBytes": 10_240 + over, "urlBytes": 10_240 + over },
        "endpoints": map(11 + over, |i| (link(i), json!("http://users.internal:8080"))),
        "apis": apis,
        "domainNames": times(120 + over, |i| json!({ "domainName": format!("d{i}.example.com"),
            "routingMode": if i == 0 { "ROUTING_RULE_THEN_API_MAPPING" } else { "API_MAPPING_ONLY" } })),
        "apiMappings": times(200 + over, |i| json!({ "domainName": "d0.example.com", "apiId": "rest", "stage": "s0",
            "apiMappingKey": format!("a/{i}") })),
        "routingRules": times(50 + over, |i| json!({ "domainName": "d0.example.com", "priority": i + 1,
            "conditions": [{ "matchBasePaths": { "anyOf": [format!("b{i}")] } }],
            "actions": [{ "invokeApi": { "apiId": "rest", "stage": "s0" } }] })),
        "apiKeys": times(10_000 + over, |i| json!({ "id": format!("k{i}"), "enabled": true,
            "value": format!("sha256:{i:064x}") })),
        "usagePlans": times(300 + over, |i| json!({ "id": format!("p{i}"), "apiStages": if i == 0 {
            vec![json!({ "apiId": "rest", "stage": "s0", "throttle": method_throttles })]
        } else {
            vec![json!({ "apiId": format!("more{i}"), "stage": "$default" })]
        } })),
        "usagePlanKeys": times(10 + over, |i| json!({ "usagePlanId": format!("p{i}"), "keyId": "k0", "keyType": "API_KEY" })),
        "accountThrottle": { "rateLimit": 10_000 + over, "burstLimit": 5_000 + over },
    })
}

fn listed(said: &str) -> Vec<&str> {
    said.lines().filter(|line| line.contains("that AWS allows")).collect()
}

/// What is listed, each with its help: the document has flaws that are none of this.
fn with_help(said: &str) -> String {
    let (mut kept, mut keeps) = (String::new(), false);
    for line in said.lines() {
        keeps = if line.starts_with("  help: ") { keeps } else { listed(line).len() == 1 };
        if keeps {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[test]
fn examples_exceed_no_quota() {
    for example in ["users-posts", "lambda-crud"] {
        let said = said(&std::fs::read(repository(&format!("examples/{example}/gateway.json"))).unwrap());
        assert_eq!(listed(&said), [""; 0], "{said}");
        is_golden(example, &said);
    }
}

#[test]
fn what_is_on_every_quota_exceeds_none() {
    let said = said(document(0).to_string().as_bytes());
    assert_eq!(listed(&said), [""; 0]);
}

#[test]
fn what_exceeds_every_quota_is_served_and_each_is_told() {
    let said = said(document(1).to_string().as_bytes());
    // Three more of `limits`, one of a canary, one of resources beside that of routes, two pairs of throttles.
    assert_eq!(listed(&said).len(), QUOTAS.len() + 3 + 1 + 1 + 4, "{said}");
    is_golden("every-quota", &with_help(&said));
}

#[test]
fn a_rest_api_has_a_resource_for_all_that_stands_above_a_path() {
    let document = |paths: usize| {
        json!({ "apis": [{ "apiId": "rest", "protocolType": "REST", "stages": [{ "stageName": "s" }], "integrations": [mock("m")],
            "routes": (0..paths).flat_map(|i| ["GET", "POST"].map(|method| json!({
                "routeKey": format!("{method} /p{i}/of/{{id}}"), "target": "integrations/m" }))).collect::<Vec<_>>() }] })
    };
    // The root, and three for each path, whatever its methods.
    assert_eq!(listed(&said(document(99).to_string().as_bytes())), [""; 0]);
    let said = said(document(100).to_string().as_bytes());
    assert_eq!(
        listed(&said),
        ["warning: apis[0].routes: `routes` make 301 resources, more than the 300 that AWS allows"]
    );
    is_golden("resources", &said);
}

#[test]
fn the_page_shows_what_the_command_says() {
    let stages = times(11, |i| json!({ "stageName": format!("s{i}") }));
    let integration = json!({ "integrationId": "i", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
        "integrationUri": "http://users.internal:8080/", "payloadFormatVersion": "1.0" });
    let document = json!({ "apis": [{ "apiId": "shop", "protocolType": "HTTP", "stages": stages,
        "routes": [{ "routeKey": "$default", "target": "integrations/i" }], "integrations": [integration] }] });
    let said = said(document.to_string().as_bytes()).replace("-: good", "gateway.json: good");
    let page = std::fs::read_to_string(repository("docs/limits.md")).unwrap();
    assert!(page.contains(&format!("$ sekisho validate --aws-limits gateway.json\n{said}```\n")), "{said}");
}
