//! What clients send as secrets, and what they send to be read as something else, as a real Envoy hands it over.

use serde_json::json;
use std::collections::BTreeMap;
use wasm_tests::{Backend, Function, Gateway, Options, eventually, raw};

#[tokio::test(flavor = "multi_thread")]
async fn no_line_shows_a_secret_or_ends_a_field() {
    let (folder, backend, function) =
        (tempfile::tempdir().unwrap(), Backend::start().await, Function::start().await);
    let [execution, access] = ["execution.log", "access.log"].map(|name| folder.path().join(name));
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:f";
    let document = json!({
        "endpoints": { "lambda": "http://lambda.test" },
        "apis": [{
            "apiId": "shop", "protocolType": "REST",
            "stages": [{
                "stageName": "prod",
                "defaultRouteSettings": { "loggingLevel": "INFO", "dataTraceEnabled": true },
                "accessLogSettings": {
                    "format": "\"$context.requestId\",\"$context.identity.userAgent\",\"$context.status\"",
                    "destination": format!("file:{}", access.display()),
                },
            }],
            "routes": [
                { "routeKey": "GET /function/{token}", "target": "integrations/function" },
                { "routeKey": "GET /backend/{token}", "target": "integrations/backend" },
            ],
            "integrations": [
                { "integrationId": "function", "integrationType": "AWS_PROXY", "integrationUri": arn },
                { "integrationId": "backend", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://backend.test/{token}" },
            ],
        }],
    });
    let options = Options {
        execution_log: Some(execution.clone()),
        hosts: BTreeMap::from([("lambda.test".to_owned(), function.address())]),
        ..Options::default()
    };
    let gateway = Gateway::start(&document, &backend, options).await;
    let statuses = [("function", 200), ("backend", 200), ("nowhere", 403)];
    for (to, status) in statuses {
        let request = format!(
            "GET /prod/{to}/s3cret-path?pwd=s3cret HTTP/1.1\r\nhost: h.test\r\nauthorization: Bearer s3cret\r\ncookie: a=s3cret\r\nx-api-key: s3cret\r\nx-a: b\r\nreferer: https://h.test/?access_token=s3cret\r\nuser-agent: x\",200,\"y\r\n\r\n"
        );
        assert_eq!(raw::send(gateway.address(), request.as_bytes()).await.unwrap().status, status, "{to}");
    }
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap_or_default();
    eventually("each request has its lines", async || {
        let ended = read(&execution).matches(") Method completed with status: ").count();
        (ended == 2 && read(&access).lines().count() == statuses.len()).then_some(())
    })
    .await;
    let lines = read(&execution);
    assert!(!lines.contains("s3cret"), "{lines}");
    for told in [
        "Endpoint request body after transformations: {\"resource\":\"/function/{token}\",\"path\":\"/function/****\"",
        "\"Authorization\":\"****\"",
        "\"X-A\":\"b\"",
        "Endpoint request URI: http://backend.test:80/****?pwd=****",
        "referer=https://h.test/?access_token=****",
    ] {
        assert!(lines.contains(told), "{told}: {lines}");
    }
    // What Envoy adds for itself is nobody's header.
    assert!(!lines.contains("x-envoy-"), "{lines}");
    let read = read(&access);
    for (line, (_, status)) in read.lines().zip(statuses) {
        // As readers of comma-separated values do that know no backslash.
        let fields: Vec<&str> = line.split("\",\"").collect();
        assert_eq!((fields.len(), line.matches('"').count()), (3, 6), "{line}");
        assert_eq!(fields[2], format!("{status}\""), "{line}");
        assert_eq!(fields[1], "x\\u0022\\u002c200\\u002c\\u0022y", "{line}");
    }
    gateway.assert_no_panic().await;
}
