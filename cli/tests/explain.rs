//! `sekisho explain` of authorized routes: the real command, its output as written in `golden/explain/NAME.txt`.
//! `SEKISHO_BLESS=1` writes what it prints now; read the difference before it is committed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "the helpers are part of the tests"
)]

use sekisho_cases::tokens::{ISSUER, jwk, token};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// 2023-11-14T22:13:20Z, when every request here arrives.
const NOW: u64 = 1_700_000_000;
/// An API key, as its client sends it.
const KEY: &str = "7c1f-the-key-of-a-partner";
/// One whose plan has no quota left.
const SPENT_KEY: &str = "91ab-the-key-of-another";

/// An HTTP API with a JWT authorizer of this configuration in front of `GET /x` and, with scopes, of `GET /scoped`.
fn document(jwt: &Value) -> String {
    let mut configuration = json!({ "issuer": ISSUER, "audience": ["shop", "other"] });
    for (name, value) in jwt.as_object().unwrap() {
        configuration[name] = value.clone();
    }
    let route = |key: &str, more: Value| {
        let mut route = json!({
            "routeKey": key, "target": "integrations/b", "authorizationType": "JWT", "authorizerId": "login",
        });
        for (name, value) in more.as_object().unwrap() {
            route[name] = value.clone();
        }
        route
    };
    json!({ "apis": [{
        "apiId": "shop", "protocolType": "HTTP", "stages": [{ "stageName": "$default" }],
        "authorizers": [{
            "authorizerId": "login", "authorizerType": "JWT",
            "identitySource": ["$request.header.Authorization"], "jwtConfiguration": configuration,
        }],
        "routes": [
            route("GET /x", json!({})),
            route("GET /scoped", json!({ "authorizationScopes": ["admin", "read"] })),
            { "routeKey": "GET /open", "target": "integrations/b" },
        ],
        "integrations": [{
            "integrationId": "b", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
            "integrationUri": "http://backend.test/",
        }],
    }] })
    .to_string()
}

/// An HTTP API that sends what it is sent to a queue.
fn queue() -> String {
    json!({ "apis": [{
        "apiId": "shop", "protocolType": "HTTP", "stages": [{ "stageName": "$default" }],
        "routes": [{ "routeKey": "POST /orders", "target": "integrations/orders" }],
        "integrations": [{
            "integrationId": "orders", "integrationType": "AWS_PROXY", "integrationSubtype": "SQS-SendMessage",
            "requestParameters": {
                "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/orders",
                "MessageBody": "$request.body", "DelaySeconds": "$request.querystring.delay",
            },
        }],
    }] })
    .to_string()
}

/// An HTTP API whose keys have a quota over a fleet.
fn fleet() -> String {
    let mut document: Value = serde_json::from_str(&inline()).unwrap();
    document["apis"][0]["routes"] =
        json!([{ "routeKey": "GET /x", "target": "integrations/b", "apiKeyRequired": true }]);
    document["rateLimitService"] = json!({ "uri": "http://ratelimit.test:8081", "engine": "limitador" });
    document["apiKeys"] = json!([{ "id": "k1", "value": KEY, "enabled": true }]);
    let quota = json!({ "limit": 500, "period": "MONTH", "offset": 20, "scope": "FLEET" });
    document["usagePlans"] =
        json!([{ "id": "gold", "apiStages": [{ "apiId": "shop", "stage": "$default" }], "quota": quota }]);
    document["usagePlanKeys"] = json!([{ "usagePlanId": "gold", "keyId": "k1" }]);
    document.to_string()
}

fn inline() -> String {
    document(&json!({ "jwks": { "keys": [jwk()] } }))
}

/// A REST API whose `GET /keyed` requires a key, with each kind of limit.
fn keyed() -> String {
    let bucket = |rate: f64, burst: u32| json!({ "rateLimit": rate, "burstLimit": burst });
    json!({
        "apis": [{
            "apiId": "shop", "protocolType": "REST",
            "stages": [{ "stageName": "prod", "defaultRouteSettings": {
                "throttlingRateLimit": 50, "throttlingBurstLimit": 25, "throttlingShadow": true,
            } }],
            "routes": [
                { "routeKey": "GET /keyed", "target": "integrations/b", "apiKeyRequired": true },
                { "routeKey": "GET /open", "target": "integrations/b" },
            ],
            "integrations": [{
                "integrationId": "b", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                "integrationUri": "http://backend.test/",
            }],
        }],
        "apiKeys": [
            { "id": "partner", "value": KEY, "enabled": true },
            { "id": "spent", "value": SPENT_KEY, "enabled": true },
        ],
        "usagePlans": [
            { "id": "gold", "throttle": bucket(100.0, 20), "quota": { "limit": 1000, "period": "DAY" },
              "apiStages": [{ "apiId": "shop", "stage": "prod", "throttle": { "/keyed/GET": bucket(0.5, 5) } }] },
            { "id": "none", "apiStages": [{ "apiId": "shop", "stage": "prod" }],
              "quota": { "limit": 0, "period": "MONTH" } },
        ],
        "usagePlanKeys": [
            { "usagePlanId": "gold", "keyId": "partner" },
            { "usagePlanId": "none", "keyId": "spent" },
        ],
    })
    .to_string()
}

fn explain(document: &str, request: &str, more: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(["explain", "-", request, "--at", &NOW.to_string()])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn bearer(header: &Value, claims: &Value) -> String {
    format!("authorization: Bearer {}", token(header, claims))
}

/// The check of this name, as JSON output has it: whether it passed, and its detail.
fn check<'a>(report: &'a Value, name: &str) -> (Option<bool>, &'a str) {
    let checks = report["steps"].as_array().unwrap().iter().flat_map(|step| step["checks"].as_array());
    let mut found = checks.flatten().filter(|check| check["check"] == name);
    let check = found.next().unwrap_or_else(|| panic!("no check `{name}` in {report}"));
    (check["passed"].as_bool(), check["detail"].as_str().unwrap())
}

#[test]
fn explanations_are_as_written() {
    let scopes = json!({ "scope": "write list", "exp": NOW + 7200 });
    let good = bearer(&json!({}), &scopes);
    let wrong = json!({ "iss": ISSUER, "aud": "stranger", "exp": NOW - 90, "nbf": NOW + 86_400, "iat": NOW });
    let wrong = bearer(&json!({ "kid": "k2" }), &wrong);
    let odd = bearer(
        &json!({ "alg": "HS256", "jku": "https://evil.test/keys" }),
        &json!({ "iss": "https://idp.test/" }),
    );
    let jwks = json!({ "keys": [jwk()] }).to_string();
    let discovered = format!("200 {{\"issuer\": \"{ISSUER}\", \"jwks_uri\": \"{ISSUER}/keys\"}}");
    let keys = format!("200 {jwks}");
    let discovery = document(&json!({}));
    let fleet = fleet();
    let firewall = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/diagnostics/web-acl-of-every-kind.json"),
    )
    .unwrap();
    let key = format!("x-api-key: {KEY}");
    let spent = format!("x-api-key: {SPENT_KEY}");
    let signed = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/render/signing.json"),
    )
    .unwrap();
    let cases: [(&str, &str, &str, Vec<&str>); 26] = [
        ("key", &keyed(), "/prod/keyed", vec!["-H", &key]),
        ("no-key", &keyed(), "/prod/keyed", vec!["-H", &key, "-H", &key]),
        ("no-quota", &keyed(), "/prod/keyed", vec!["-H", &spent]),
        ("no-key-required", &keyed(), "/prod/open", vec!["-H", &key]),
        ("open", &inline(), "/open", vec![]),
        ("no-token", &inline(), "/x", vec![]),
        ("good", &inline(), "/x", vec!["-H", &good]),
        ("scopes", &inline(), "/scoped", vec!["-H", &good]),
        ("everything-wrong", &inline(), "/x", vec!["-H", &wrong]),
        ("not-a-key-of-its-own", &inline(), "/x", vec!["-H", &odd]),
        ("question", &discovery, "/x", vec!["-H", &good]),
        ("answers", &discovery, "/x", vec!["-H", &good, "--answer", &discovered, "--answer", &keys]),
        ("signed-question", &signed, "/role", vec!["--ask"]),
        ("signed-by-envoy", &signed, "/own", vec![]),
        ("service", &queue(), "POST /orders?delay=5", vec!["--body", "{\"id\": 1}"]),
        ("fleet-question", &fleet, "/x", vec!["-H", &key, "--ask"]),
        ("fleet-ok", &fleet, "/x", vec!["-H", &key, "--answer", "OK"]),
        ("fleet-over-limit", &fleet, "/x", vec!["-H", &key, "--answer", "OVER_LIMIT"]),
        ("fleet-unanswered", &fleet, "/x", vec!["-H", &key, "--answer", "503 upstream connect error"]),
        ("rule-of-an-argument", &firewall, "/prod/x?id=1%27%20OR%20%271%27=%271", vec!["-H", "host: h.test"]),
        ("rule-behind-two-transformations", &firewall, "/prod/x", vec!["-H", "x-text: %20fits both ends%20"]),
        (
            "rule-of-a-body",
            &firewall,
            "POST /prod/x",
            vec!["--body", "{\"user\":{\"name\":\"intr\\u0075der\"}}"],
        ),
        ("rule-behind-a-label", &firewall, "/prod/x", vec!["-H", "x-plan: gold", "-H", "x-label: 1"]),
        ("rule-of-a-group", &firewall, "/prod/x", vec!["-H", "x-group: blocks"]),
        ("no-rule", &firewall, "/prod/x", vec![]),
        ("issuer-down", &discovery, "/x", vec!["-H", &good, "--answer", "503 upstream connect error"]),
    ];
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/explain");
    let bless = std::env::var_os("SEKISHO_BLESS").is_some();
    let mut differ = Vec::new();
    for (name, document, request, more) in &cases {
        let output = explain(document, request, more);
        let said = format!("{}{}", out(&output), err(&output));
        let golden = directory.join(format!("{name}.txt"));
        if bless {
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(&golden, &said).unwrap();
        } else if std::fs::read_to_string(&golden).ok().as_deref() != Some(said.as_str()) {
            differ.push(format!("--- {name}: `SEKISHO_BLESS=1 cargo test` writes this:\n{said}"));
        }
    }
    println!("{} explanations", cases.len());
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn json_has_the_checks_and_the_questions() {
    let header = bearer(&json!({}), &json!({ "aud": "stranger", "exp": NOW + 60 }));
    let keys = format!("200 {}", json!({ "keys": [jwk()] }));
    let document = document(&json!({ "jwksUri": "https://keys.test/jwks" }));
    let output = explain(&document, "/x", &["-H", &header, "--json", "--answer", &keys]);
    let report: Value = serde_json::from_str(out(&output)).unwrap();
    assert_eq!(check(&report, "audience"), (Some(false), "`aud` is `stranger`; accepted: `shop`, `other`"));
    assert_eq!(check(&report, "exp"), (Some(true), "2023-11-14T22:14:20Z, in 1 minute"));
    assert_eq!(check(&report, "signature").0, Some(true), "{report}");
    assert_eq!(check(&report, "claims").0, None);
    assert_eq!(report["steps"][0]["question"]["cluster"], "https://keys.test:443");
    assert_eq!(report["steps"][0]["question"]["answer"]["byHand"]["status"], 200);
    assert_eq!(report["decision"]["answer"]["status"], 401);
}

#[test]
fn what_led_from_a_custom_domain_to_its_api_is_told() {
    let mut document: Value = serde_json::from_str(&document(&json!({}))).unwrap();
    document["certificates"] = json!({ "c": { "sdsSecret": "c" } });
    document["apis"][0]["disableExecuteApiEndpoint"] = json!(true);
    document["domainNames"] = json!([
        { "domainName": "open.test" },
        { "domainName": "*.secure.test", "domainNameConfigurations": [{ "certificateArn": "c" }],
          "mutualTlsAuthentication": { "truststoreUri": "file:ca.pem" } },
    ]);
    let mapping = |domain: &str| json!({ "domainName": domain, "apiId": "shop", "stage": "$default", "apiMappingKey": "v1" });
    document["apiMappings"] = json!([mapping("open.test"), mapping("*.secure.test")]);
    let document = document.to_string();
    let told = |host: &str, path: &str| {
        let output = explain(&document, path, &["--json", "--host", host]);
        let report: Value = serde_json::from_str(out(&output)).unwrap();
        (report, err(&output).to_owned())
    };
    let (report, notes) = told("open.test", "/v1/open");
    assert_eq!(check(&report, "custom domain"), (None, "`open.test`, by the API mapping `v1`"));
    assert!(!notes.contains("proved itself"), "{notes}");
    let (report, _) = told("open.test", "/v2/open");
    assert_eq!(check(&report, "custom domain"), (Some(false), "nothing of `open.test` fits this path"));
    let (report, notes) = told("A.secure.test:443", "/v1/open");
    assert_eq!(check(&report, "custom domain"), (None, "`*.secure.test`, by the API mapping `v1`"));
    assert_eq!(check(&report, "mutual TLS"), (Some(true), "a certificate, and SNI of `*.secure.test`"));
    assert!(notes.contains("the client is taken to have proved itself to its domain"), "{notes}");
}

#[test]
fn the_signature_and_the_whole_token_are_never_printed() {
    let header = bearer(&json!({}), &json!({}));
    let signature = header.rsplit('.').next().unwrap();
    for more in [&[][..], &["--json"]] {
        for document in [inline(), document(&json!({}))] {
            let output = explain(&document, "/x", &[&["-H", &header], more].concat());
            assert!(!out(&output).contains(signature), "{}", out(&output));
            assert!(out(&output).contains("…"), "{}", out(&output));
        }
    }
}

#[test]
fn an_api_key_is_never_printed() {
    for key in [KEY, "c0de-the-key-of-nobody-here"] {
        for more in [&[][..], &["--json"]] {
            let header = format!("x-api-key: {key}");
            let output = explain(&keyed(), "/prod/keyed", &[&["-H", &header], more].concat());
            let said = format!("{}{}", out(&output), err(&output));
            let (shown, hidden) = key.split_at(4);
            assert!(said.contains(shown) && !said.contains(hidden), "{said}");
        }
    }
}

#[test]
fn questions_are_carried_out_over_the_network() {
    let (address, requests) = issuer();
    let header = bearer(&json!({}), &json!({ "iss": format!("http://{address}") }));
    let jwt = json!({ "issuer": format!("http://{address}") });
    let output = explain(&document(&jwt), "/x", &["-H", &header, "--ask"]);
    assert!(
        out(&output).contains("\nforward GET / to the cluster `http://backend.test:80`\n"),
        "{}",
        out(&output)
    );
    assert!(out(&output).contains("\n  ok      signature  valid by the key `k1`\n"), "{}", out(&output));
    let asked: Vec<String> = requests.join().unwrap();
    assert_eq!(
        asked,
        [
            format!("GET /.well-known/openid-configuration HTTP/1.1 host: {address}"),
            format!("GET /keys HTTP/1.1 host: {address}"),
        ]
    );
}

#[test]
fn a_service_that_cannot_be_asked_is_a_failed_question() {
    // Bound and closed again: nobody listens there.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let issuer = format!("http://{address}");
    let header = bearer(&json!({}), &json!({ "iss": issuer }));
    let output = explain(&document(&json!({ "issuer": issuer })), "/x", &["-H", &header, "--ask"]);
    assert!(out(&output).contains("\n  < no answer: "), "{}", out(&output));
    assert!(out(&output).contains("\nanswer 401\n"), "{}", out(&output));
}

#[test]
fn an_answer_too_many_is_told() {
    let header = bearer(&json!({}), &json!({}));
    let output = explain(&inline(), "/x", &["-H", &header, "--answer", "200 {}"]);
    assert!(err(&output).contains("1 of the answers given by hand were not asked for"), "{}", err(&output));
    let wrong = explain(&inline(), "/x", &["--answer", "no/such/file"]);
    assert_eq!(wrong.status.code(), Some(2));
}

/// An issuer that answers two requests, and tells their lines and hosts.
fn issuer() -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let own = address.clone();
    let answering = std::thread::spawn(move || {
        let bodies = [
            json!({ "issuer": format!("http://{own}"), "jwks_uri": format!("http://{own}/keys") })
                .to_string(),
            json!({ "keys": [jwk()] }).to_string(),
        ];
        bodies.into_iter().map(|body| answer(&listener, &body)).collect()
    });
    (address, answering)
}

fn answer(listener: &TcpListener, body: &str) -> String {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let (mut line, mut host) = (String::new(), String::new());
    reader.read_line(&mut line).unwrap();
    loop {
        let mut header = String::new();
        reader.by_ref().take(8192).read_line(&mut header).unwrap();
        if header.trim().is_empty() {
            break;
        }
        if header.to_ascii_lowercase().starts_with("host:") {
            host = header.trim().to_owned();
        }
    }
    let length = body.len();
    let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    reader.get_mut().write_all(response.as_bytes()).unwrap();
    format!("{} {}", line.trim(), host.to_ascii_lowercase())
}
