//! Traces of a real Envoy, by gRPC: whose they are, what is in them, and who is told of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho_cases::{Service, Services};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use wasm_tests::raw::Raw;
use wasm_tests::{Backend, Gateway, Options, Receiver, Recorded, eventually};

/// The client's trace, its span in it, and both as the client sends them.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
const SENT: &str = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: a=b\r\nx-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1\r\n";

fn document(collector: &Receiver) -> Value {
    let function = |name: &str| format!("arn:aws:lambda:us-east-1:123456789012:function:{name}");
    let authorizer = |id: &str, uri: &str| {
        json!({
            "authorizerId": id, "authorizerType": "REQUEST", "authorizerResultTtlInSeconds": 0,
            "identitySource": ["$request.header.x-who"], "authorizerUri": uri,
            "authorizerPayloadFormatVersion": "2.0", "enableSimpleResponses": true,
        })
    };
    json!({
        "endpoints": { "lambda": "http://lambda.test" },
        "apis": [{
            "apiId": "shop", "protocolType": "HTTP",
            "stages": [{
                "stageName": "$default",
                "accessLogSettings": { "format": "$context.requestId $context.path $context.xrayTraceId", "destination": format!("otlp:http://{}", collector.address) },
            }],
            "authorizers": [authorizer("http", "http://login.test/check"), authorizer("function", &function("login"))],
            "routes": [
                { "routeKey": "GET /plain", "target": "integrations/backend" },
                { "routeKey": "GET /http", "target": "integrations/backend", "authorizationType": "CUSTOM", "authorizerId": "http" },
                { "routeKey": "GET /login", "target": "integrations/backend", "authorizationType": "CUSTOM", "authorizerId": "function" },
                { "routeKey": "GET /function", "target": "integrations/function" },
            ],
            "integrations": [
                { "integrationId": "backend", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://backend.test/" },
                { "integrationId": "function", "integrationType": "AWS_PROXY", "payloadFormatVersion": "2.0", "integrationUri": function("f") },
            ],
        }],
    })
}

/// What functions and the authorizer answer: the caller may pass.
fn services() -> Services {
    let answer = |host: &str| json!({ "request": { "host": host }, "answer": { "json": { "isAuthorized": true, "statusCode": 200 } } });
    let entries: Vec<Service> =
        serde_json::from_value(json!([answer("lambda.test"), answer("login.test")])).unwrap();
    Services::new(&entries, BTreeSet::new())
}

async fn ask(gateway: &Gateway, path: &str, headers: &str) {
    let mut raw = Raw::connect(gateway.address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: a.test\r\nx-who: ann\r\n{headers}\r\n");
    let response = raw.exchange(request.as_bytes()).await.unwrap();
    assert_eq!(response.status, 200, "{path}: {}", String::from_utf8_lossy(&response.body));
}

fn one(recorded: &Recorded, name: &str) -> String {
    let values = recorded.header(name);
    assert_eq!(values.len(), 1, "{name}: {recorded:?}");
    values.into_iter().next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_and_what_is_asked_for_it_are_of_the_clients_trace() {
    let (backend, collector) = (Backend::start().await, Receiver::start().await);
    backend.stands_for(services());
    let options = Options { tracing: Some(collector.address), ..Options::default() };
    let gateway = Gateway::start(&document(&collector), &backend, options).await;
    for path in ["/plain", "/http", "/login", "/function"] {
        ask(&gateway, path, SENT).await;
    }
    // One span for each request, of the client's trace and below the client's span.
    let spans = eventually("spans", async || Some(collector.spans()).filter(|spans| spans.len() >= 4)).await;
    assert_eq!(spans.len(), 4, "{spans:#?}");
    for span in &spans {
        assert_eq!([span.trace.as_str(), &span.parent, &span.name], [TRACE, PARENT, "ingress"], "{span:#?}");
        let attribute = |name: &str| span.attributes.get(name).map(String::as_str);
        assert_eq!([attribute("http.status_code"), attribute("http.method")], [Some("200"), Some("GET")]);
    }
    // A backend's own spans are below the gateway's.
    let seen = backend.seen();
    assert_eq!(seen.len(), 3);
    let mut below = BTreeSet::new();
    for recorded in &seen {
        let parent = one(recorded, "traceparent");
        let span = spans.iter().find(|span| parent == format!("00-{TRACE}-{}-01", span.id));
        below.insert(span.unwrap_or_else(|| panic!("{parent}: {spans:#?}")).id.clone());
        assert_eq!(one(recorded, "tracestate"), "a=b");
        assert_eq!(one(recorded, "x-amzn-trace-id"), XRAY);
    }
    assert_eq!(below.len(), 3, "each below another one");
    // Envoy makes no spans of what the filter asks: a service is told of the client's, a function has AWS's own.
    let asked: BTreeMap<_, _> = backend.asked().into_iter().map(|it| (it.seen.path.clone(), it)).collect();
    assert_eq!(asked.len(), 3);
    for recorded in asked.values() {
        assert_eq!(one(recorded, "x-amzn-trace-id"), XRAY);
    }
    assert_eq!(one(&asked["/check"], "traceparent"), format!("00-{TRACE}-{PARENT}-01"));
    assert_eq!(one(&asked["/check"], "tracestate"), "a=b");
    for function in ["login", "f"] {
        let recorded = &asked[&format!("/2015-03-31/functions/{function}/invocations")];
        assert_eq!(recorded.header("traceparent"), [""; 0]);
        let event: Value = serde_json::from_slice(&recorded.seen.body).unwrap();
        assert_eq!(event["headers"]["traceparent"], format!("00-{TRACE}-{PARENT}-01"), "{event:#}");
        assert_eq!(event["headers"]["x-amzn-trace-id"], XRAY);
    }
    let lines =
        eventually("lines", async || Some(collector.otlp_lines()).filter(|lines| lines.len() >= 4)).await;
    assert!(lines.iter().all(|line| line.ends_with(XRAY)), "{lines:?}");
    gateway.assert_no_panic().await;
}

/// Without a trace of the client's, Envoy begins one that the filter does not know.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_trace_begins_one() {
    let (backend, collector) = (Backend::start().await, Receiver::start().await);
    backend.stands_for(services());
    let options = Options { tracing: Some(collector.address), ..Options::default() };
    let gateway = Gateway::start(&document(&collector), &backend, options).await;
    for _ in 0..2 {
        ask(&gateway, "/http", "").await;
    }
    let spans = eventually("spans", async || Some(collector.spans()).filter(|spans| spans.len() >= 2)).await;
    assert_eq!(spans.len(), 2, "{spans:#?}");
    let traces: BTreeSet<_> = spans.iter().map(|span| span.trace.clone()).collect();
    assert_eq!(traces.len(), 2);
    let (seen, asked) = (backend.seen(), backend.asked());
    for (recorded, question) in seen.iter().zip(&asked) {
        let parent = one(recorded, "traceparent");
        assert!(spans.iter().any(|span| parent == format!("00-{}-{}-01", span.trace, span.id)), "{parent}");
        assert_eq!(question.header("traceparent"), [""; 0]);
        // A root of AWS's form, the same for all that the request causes.
        let root = one(recorded, "x-amzn-trace-id");
        assert!(root.starts_with("Root=1-") && root.len() == 40, "{root}");
        assert_eq!(one(question, "x-amzn-trace-id"), root);
    }
    assert_eq!((seen.len(), asked.len()), (2, 2));
    gateway.assert_no_panic().await;
}
