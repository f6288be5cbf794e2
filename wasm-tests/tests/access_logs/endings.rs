//! Requests that end in other ways than by an answer.

use serde_json::{Value, json};
use std::path::Path;
use wasm_tests::raw::{self, Raw};
use wasm_tests::{Backend, Gateway, Options, eventually};

const FORMAT: &str = "{\"id\":\"$context.requestId\",\"path\":\"$context.path\",\"status\":\"$context.status\",\"integration\":\"$context.integrationStatus\",\"latency\":\"$context.integrationLatency\",\"error\":\"$context.error.message\"}";

fn document(file: &Path) -> Value {
    json!({ "apis": [{
        "apiId": "shop", "protocolType": "HTTP",
        "stages": [{
            "stageName": "$default",
            "accessLogSettings": { "format": FORMAT, "destination": format!("file:{}", file.display()) },
        }],
        "routes": [{ "routeKey": "$default", "target": "integrations/i" }],
        "integrations": [{
            "integrationId": "i", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://backend.test/x",
        }],
    }] })
}

fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_and_what_is_no_request() {
    let (folder, backend) = (tempfile::tempdir().unwrap(), Backend::start().await);
    let file = folder.path().join("access.log");
    let gateway = Gateway::start(&document(&file), &backend, Options::default()).await;
    // The codec refuses these: no filter callback sees them but the last.
    for garbage in [&b"GET / HTTP/1.1\r\nhost: a\r\nx: \x00\r\n\r\n"[..], b"nonsense\r\n\r\n"] {
        let response = raw::send(gateway.address(), garbage).await.unwrap();
        assert_eq!(response.status, 400);
    }
    backend.hold();
    let mut raw = Raw::connect(gateway.address()).await.unwrap();
    raw.write(b"GET /left HTTP/1.1\r\nhost: a.test\r\n\r\n").await.unwrap();
    eventually("the backend is asked", async || (!backend.seen().is_empty()).then_some(())).await;
    drop(raw);
    eventually("the client's line", async || (!lines(&file).is_empty()).then_some(())).await;
    backend.release();
    let response = raw::get(gateway.address(), "/answered").await.unwrap();
    assert_eq!(response.status, 200);
    eventually("the last line", async || (lines(&file).len() >= 2).then_some(())).await;
    let told = lines(&file);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert_eq!(
        [&told[0]["path"], &told[0]["status"], &told[0]["integration"], &told[0]["latency"]],
        ["/left", "-", "-", "-"],
        "{told:#?}"
    );
    assert_eq!([&told[1]["path"], &told[1]["status"], &told[1]["integration"]], ["/answered", "200", "200"]);
    gateway.assert_no_panic().await;
}

/// A connection is told of once, when it has ended.
#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_connection_is_one_line_at_its_end() {
    let (folder, backend) = (tempfile::tempdir().unwrap(), Backend::start().await);
    let server = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let place = server.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = server.accept().await.unwrap();
        let mut connection = tokio_tungstenite::accept_async(stream).await.unwrap();
        // Until the client has left.
        while futures_util::StreamExt::next(&mut connection).await.is_some_and(|message| message.is_ok()) {}
    });
    let file = folder.path().join("access.log");
    let options = Options { hosts: [("backend.test".to_owned(), place)].into(), ..Options::default() };
    let gateway = Gateway::start(&document(&file), &backend, options).await;
    let mut raw = Raw::connect(gateway.address()).await.unwrap();
    let upgrade = b"GET /chat HTTP/1.1\r\nhost: a.test\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    raw.write(upgrade).await.unwrap();
    assert_eq!(raw.head().await.unwrap().status, 101);
    assert_eq!(lines(&file), [Value::Null; 0]);
    drop(raw);
    eventually("the line", async || (!lines(&file).is_empty()).then_some(())).await;
    let told = lines(&file);
    assert_eq!(told.len(), 1);
    assert_eq!(
        [&told[0]["path"], &told[0]["status"], &told[0]["integration"]],
        ["/chat", "101", "101"],
        "{told:#?}"
    );
    gateway.assert_no_panic().await;
}
