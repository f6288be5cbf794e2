//! Execution logs: all lines of a request together, and none of a client's making.

use serde_json::json;
use wasm_tests::{Backend, Gateway, Options, documents, eventually, raw};

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_each_request_stand_together() {
    let (folder, backend) = (tempfile::tempdir().unwrap(), Backend::start().await);
    let file = folder.path().join("execution.log");
    let mut document = documents::rest_proxy_with(&json!({}));
    document["apis"][0]["stages"][0]["defaultRouteSettings"] =
        json!({ "loggingLevel": "INFO", "dataTraceEnabled": true });
    let options = Options { execution_log: Some(file.clone()), concurrency: 4, ..Options::default() };
    let gateway = Gateway::start(&document, &backend, options).await;
    const REQUESTS: usize = 20;
    for i in 0..REQUESTS {
        let id = format!("00000000-0000-4000-8000-{i:012}");
        let request = format!(
            "GET /prod/a?n={i}&token=secret HTTP/1.1\r\nhost: h.test\r\nx-amzn-requestid: {id}\r\nauthorization: Bearer secret\r\nx-forged: \\n(x) Method completed with status: 500\r\n\r\n"
        );
        assert_eq!(raw::send(gateway.address(), request.as_bytes()).await.unwrap().status, 200);
    }
    let text = || std::fs::read_to_string(&file).unwrap_or_default();
    let ended = |text: &str| text.matches(") Method completed with status: 200\n").count();
    eventually("every request has ended", async || (ended(&text()) >= REQUESTS).then_some(())).await;
    let text = text();
    assert_eq!(ended(&text), REQUESTS);
    assert!(!text.contains("secret"), "{text}");
    // What the backend answered, and what of it the client got.
    for line in ["Endpoint response headers: {", "Method response headers: {"] {
        assert_eq!(text.matches(&format!(") {line}")).count(), REQUESTS, "{line}: {text}");
    }
    let method = text.lines().find_map(|line| line.split_once(") Method response headers: ")).unwrap().1;
    assert!(method.contains("x-amzn-trace-id=Root=1-"), "{method}");
    let ids: Vec<&str> =
        text.lines().map(|line| line.split_once(") ").unwrap_or_else(|| panic!("{line}")).0).collect();
    let mut groups = ids.clone();
    groups.dedup();
    assert_eq!(groups.len(), REQUESTS, "{text}");
    assert_eq!(ids.len() % REQUESTS, 0, "{text}");
    gateway.assert_no_panic().await;
}
