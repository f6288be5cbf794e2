//! What a side is counted with is what its clients saw: whoever answered, and whenever.

use crate::load::alone;
use sekisho_cases::Answer;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wasm_tests::{Backend, Gateway, Options, eventually, raw};

const SIDES: [&str; 2] = ["stable", "canary"];
const EVENTS: [&str; 3] = ["requests", "4xx", "5xx"];

/// An API whose canary is asked for by a header, and whose integrations fail in every way.
fn document() -> Value {
    let route = |path: &str, integration: &str| json!({ "routeKey": format!("GET /{path}"), "target": format!("integrations/{integration}") });
    let proxy = |id: &str, host: &str, mapping: Value| {
        json!({
            "integrationId": id, "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
            "integrationUri": format!("http://{host}.test/{id}"),
            "responseParameters": mapping,
        })
    };
    // Only this one is to be given up: the others have all the time that a busy machine may need.
    let mut slow = proxy("slow", "slow", json!({}));
    slow["timeoutInMillis"] = 500.into();
    let mut login = route("login", "backend");
    login["authorizationType"] = "JWT".into();
    login["authorizerId"] = "login".into();
    json!({ "apis": [{
        "apiId": "shop",
        "protocolType": "HTTP",
        "corsConfiguration": { "allowOrigins": ["https://shop.test"], "allowMethods": ["*"] },
        "stages": [{
            "stageName": "prod",
            "routeSettings": { "GET /few": { "throttlingRateLimit": 0, "throttlingBurstLimit": 0 } },
            "canarySettings": { "match": [{ "header": { "name": "x-canary", "exact": "on" } }] },
        }],
        "authorizers": [{
            "authorizerId": "login", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
            "jwtConfiguration": {
                "issuer": sekisho_cases::tokens::ISSUER, "audience": ["shop"], "jwks": sekisho_cases::tokens::jwks(),
            },
        }],
        "routes": [
            route("backend", "backend"), route("mapped", "mapped"), route("held", "held"), route("dead", "dead"),
            route("slow", "slow"), route("few", "backend"), login,
        ],
        "integrations": [
            proxy("backend", "backend", json!({})),
            proxy("mapped", "backend", json!({ "404": { "overwrite:statuscode": "502" } })),
            proxy("held", "backend", json!({ "404": { "overwrite:header.x-a": "$response.body.a" } })),
            proxy("dead", "dead", json!({})),
            slow,
        ],
    }] })
}

/// Requests, and the status of each.
const ASKED: [(&str, u16); 9] = [
    ("GET /prod/backend", 404),
    ("GET /prod/mapped", 502),
    ("GET /prod/held", 404),
    ("GET /prod/dead", 503),
    ("GET /prod/slow", 504),
    ("GET /prod/few", 429),
    ("GET /prod/login", 401),
    ("GET /prod/unknown", 404),
    ("HEAD /prod/backend", 404),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_counted_once_for_its_side() {
    let _alone = alone().await;
    let backend = Backend::start().await;
    backend.answers(Answer { status: 404, body: r#"{"a":"b"}"#.to_owned(), ..Answer::default() });
    let options = Options { concurrency: 2, ..Options::default() };
    let gateway = Gateway::start(&document(), &backend, options).await;
    let mut expected: BTreeMap<String, u64> = SIDES
        .iter()
        .flat_map(|side| EVENTS.iter().map(move |event| (format!("{side};{event}"), 0)))
        .collect();
    let counted = async || {
        let mut counted = BTreeMap::new();
        for name in SIDES.iter().flat_map(|side| EVENTS.iter().map(move |event| format!("{side};{event}"))) {
            let value =
                gateway.admin_stat(&format!("wasmcustom.sekisho_canary;shop;prod;{name}_total")).await;
            counted.insert(name, value);
        }
        counted
    };
    for (times, side) in [(2, "stable"), (3, "canary")] {
        let header = if side == "canary" { "x-canary: on\r\n" } else { "" };
        for (asked, status) in ASKED {
            for _ in 0..times {
                let request = format!("{asked} HTTP/1.1\r\nhost: h.test\r\n{header}\r\n");
                let response = raw::send(gateway.address(), request.as_bytes()).await.unwrap();
                assert_eq!(response.status, status, "{request}{response:?}");
                *expected.get_mut(&format!("{side};requests")).unwrap() += 1;
                let class = if status < 500 { "4xx" } else { "5xx" };
                *expected.get_mut(&format!("{side};{class}")).unwrap() += 1;
            }
        }
    }
    // No side answers these.
    let preflight = "OPTIONS /prod/x HTTP/1.1\r\nhost: h.test\r\norigin: https://shop.test\r\naccess-control-request-method: GET\r\n\r\n";
    for (request, status) in [(preflight, 204), ("GET /else/x HTTP/1.1\r\nhost: h.test\r\n\r\n", 404)] {
        assert_eq!(raw::send(gateway.address(), request.as_bytes()).await.unwrap().status, status);
    }
    // Those that were answered last are told last, by the worker that answered them: a good one for each side ends it.
    backend.answers(Answer { status: 200, ..Answer::default() });
    for (side, header) in [("stable", ""), ("canary", "x-canary: on\r\n")] {
        let request = format!("GET /prod/backend HTTP/1.1\r\nhost: h.test\r\n{header}\r\n");
        assert_eq!(raw::send(gateway.address(), request.as_bytes()).await.unwrap().status, 200);
        *expected.get_mut(&format!("{side};requests")).unwrap() += 1;
    }
    let sum = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>();
    eventually("the workers tell", async || (sum(&counted().await) >= sum(&expected)).then_some(())).await;
    assert_eq!(counted().await, expected);
    let prometheus = gateway.admin("/stats/prometheus?filter=sekisho_canary").await;
    assert!(
        prometheus.contains("\nsekisho_canary_5xx_total{api_id=\"shop\",stage=\"prod\",side=\"canary\"} 9\n"),
        "{prometheus}"
    );
    gateway.assert_no_panic().await;
}
