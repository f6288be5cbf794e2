//! Compression is between client and backend, both of another library: its bits pass, and a size is what is sent.

use super::ends::{counted, document};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use wasm_tests::{Backend, Gateway, Options, Python, Running};

#[tokio::test(flavor = "multi_thread")]
async fn compressed_messages_pass_and_are_as_big_as_they_are_sent() {
    let Some(python) = Python::with("websocket::compressed", "websockets", &["websockets==15.0.1"]) else {
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/websockets_peer.py");
    // It tells on its standard error that its client's connection was closed, as it should be.
    let mut server = python.command("python3");
    let server = server.arg(&script).arg("server").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Running(server.spawn().unwrap());
    let mut port = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port.trim().parse().unwrap()));
    let hosts = BTreeMap::from([("chat.test".to_owned(), address)]);
    let document = document(&json!({ "webSocketSettings": { "maxMessageBytes": 131_072 } }));
    let options = Options { hosts, ..Options::default() };
    let gateway = Gateway::start(&document, &Backend::start().await, options).await;
    let url = format!("ws://{}/echo", gateway.address());
    let client = tokio::task::spawn_blocking(move || {
        python.command("python3").arg(&script).args(["client", &url]).output().unwrap()
    });
    let said = client.await.unwrap();
    drop(server);
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert_eq!(text, "permessage-deflate\nTrue\n1009\n", "{}", String::from_utf8_lossy(&said.stderr));
    counted(&gateway, "message_count", 2).await;
    counted(&gateway, "closed_too_big", 1).await;
    gateway.assert_no_panic().await;
}
