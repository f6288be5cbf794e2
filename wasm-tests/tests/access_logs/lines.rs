//! Lines of many requests in four workers, at every kind of destination.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use wasm_tests::raw::Raw;
use wasm_tests::{Backend, Gateway, Options, Receiver, eventually};

const CONNECTIONS: usize = 8;
const EACH: usize = 30;
const FORMAT: &str = "{\"requestId\":\"$context.requestId\",\"path\":\"$context.path\",\"agent\":\"$context.identity.userAgent\",\"bare\":$context.identity.userAgent,\"status\":$context.status,\"length\":$context.responseLength,\"in\":$context.dataProcessed,\"latency\":$context.responseLatency,\"ip\":\"$context.identity.sourceIp\"}";

/// What a client may send in a header, and Envoy lets through.
fn agents() -> Vec<Vec<u8>> {
    vec![
        b"curl/8".to_vec(),
        b"\"}\\n{\"status\":200,\"path\":\"/forged\"}".to_vec(),
        b"\\\"\\".to_vec(),
        b"\xff\xfe\xe2\x80\xa8\xc2\x85\x9b2J".to_vec(),
        b"%FILTER_STATE(wasm.sekisho_access_log:PLAIN)% %REQ(x)%\t$context.accountId".to_vec(),
        b"null".to_vec(),
        b"\"".repeat(50_000),
    ]
}

fn document(stages: &[(&str, &str)]) -> Value {
    let stages: Vec<_> = stages
        .iter()
        .map(|(name, destination)| {
            json!({ "stageName": name, "accessLogSettings": { "format": FORMAT, "destination": destination } })
        })
        .collect();
    json!({
        "limits": { "headerBytes": 65_536 },
        "apis": [{
            "apiId": "shop", "protocolType": "HTTP", "stages": stages,
            "routes": [{ "routeKey": "GET /{p+}", "target": "integrations/i" }],
            "integrations": [{
                "integrationId": "i", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://backend.test/x",
            }],
        }],
    })
}

/// Sends requests to each stage, each with a path of its own, and every other one refused; gives their number.
async fn send(gateway: &Gateway, stages: &[&str]) -> usize {
    let connections = (0..CONNECTIONS).map(|connection| {
        let (address, stages) =
            (gateway.address(), stages.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        tokio::spawn(async move {
            let mut raw = Raw::connect(address).await.unwrap();
            let agents = agents();
            for i in 0..EACH {
                for stage in &stages {
                    let method = if i % 2 == 0 { "GET" } else { "PUT" };
                    let mut request = format!(
                        "{method} /{stage}/{connection}/{i} HTTP/1.1\r\nhost: h.test\r\nuser-agent: "
                    )
                    .into_bytes();
                    request.extend_from_slice(&agents[i % agents.len()]);
                    request.extend_from_slice(b"\r\n\r\n");
                    let response = raw.exchange(&request).await.unwrap();
                    assert_eq!(response.status, if i % 2 == 0 { 200 } else { 404 });
                }
            }
        })
    });
    for connection in connections.collect::<Vec<_>>() {
        connection.await.unwrap();
    }
    CONNECTIONS * EACH
}

/// Each request has its line, once, and it says what was sent; but for so many, of which Envoy says that it dropped them.
fn check(stage: &str, lines: &[String], dropped: usize) {
    let mut paths = BTreeSet::new();
    for line in lines {
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
        let told: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{stage}: {error}: {line}"));
        let path = told["path"].as_str().unwrap();
        let i: usize = path.rsplit('/').next().unwrap().parse().unwrap();
        assert!(path.starts_with(&format!("/{stage}/")), "{line}");
        assert_eq!(told["status"], if i.is_multiple_of(2) { 200 } else { 404 }, "{line}");
        assert_eq!(told["ip"], "127.0.0.1");
        assert_eq!(told["length"], told["in"], "{line}");
        assert_eq!(told["length"], if i.is_multiple_of(2) { "ok".len() } else { 23 }, "{line}");
        assert!(told["latency"].is_u64(), "{line}");
        let sent = agents()[i % agents().len()].clone();
        let sent = String::from_utf8_lossy(&sent);
        let agent = told["agent"].as_str().unwrap();
        assert!(sent == agent || sent.starts_with(agent.strip_suffix("...").unwrap()), "{line}");
        assert_eq!(told.as_object().unwrap().len(), 9, "{line}");
        assert!(paths.insert(path.to_owned()), "twice: {line}");
    }
    assert_eq!(paths.len() + dropped, CONNECTIONS * EACH, "{stage}");
}

/// Lines that Envoy did not keep for a collector which took none for a while, as on a machine that has much else to do.
async fn dropped(gateway: &Gateway, logger: &str) -> usize {
    let stats = gateway.admin(&format!("/stats?filter=^access_logs.{logger}.logs_dropped$")).await;
    stats.trim().rsplit(": ").next().unwrap().parse().unwrap()
}

fn read(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_one_line_at_each_kind_of_destination() {
    let (folder, backend) = (tempfile::tempdir().unwrap(), Backend::start().await);
    let (otlp, als) = (Receiver::start().await, Receiver::start().await);
    let file = folder.path().join("access.log");
    let document = document(&[
        ("file", &format!("file:{}", file.display())),
        ("stdout", "stdout"),
        ("otlp", &format!("otlp:http://{}", otlp.address)),
        ("als", &format!("als:http://{}", als.address)),
    ]);
    let options = Options { concurrency: 4, ..Options::default() };
    let gateway = Gateway::start(&document, &backend, options).await;
    let sent = send(&gateway, &["file", "stdout", "otlp", "als"]).await;
    eventually("the file", async || (read(&file).len() >= sent).then_some(())).await;
    check("file", &read(&file), 0);
    eventually("standard output", async || (gateway.printed().lines().count() >= sent).then_some(())).await;
    check("stdout", &gateway.printed().lines().map(str::to_owned).collect::<Vec<_>>(), 0);
    for (stage, logger, lines) in [
        ("otlp", "open_telemetry_access_log", &(|| otlp.otlp_lines()) as &dyn Fn() -> Vec<String>),
        ("als", "grpc_access_log", &|| als.als_lines()),
    ] {
        eventually(stage, async || (lines().len() + dropped(&gateway, logger).await >= sent).then_some(()))
            .await;
        let dropped = dropped(&gateway, logger).await;
        println!("{stage}: {dropped} of {sent} lines were dropped");
        assert!(dropped < sent, "{stage}");
        check(stage, &lines(), dropped);
    }
    gateway.assert_no_panic().await;
}
