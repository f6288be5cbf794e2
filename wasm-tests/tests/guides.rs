//! The guides say what is answered: their document, their commands, through a real Envoy with the built module.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use sekisho_cases::needs;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use tokio::net::TcpListener;
use wasm_tests::{Backend, Gateway, Options};

/// The text of the first fenced block of a language.
fn block<'a>(guide: &'a str, language: &str) -> &'a str {
    let (_, rest) = guide.split_once(&format!("```{language}\n")).expect("the guide has such a block");
    rest.split_once("\n```").expect("a block ends").0
}

/// Commands and what they print.
fn console(block: &str) -> Vec<(String, String)> {
    let steps = block.strip_prefix("$ ").expect("a command comes first").split("\n$ ");
    let step =
        |step: &str| step.split_once('\n').map(|(command, said)| (command.to_owned(), said.to_owned()));
    steps.map(|text| step(text).expect("a command prints something")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_plans_answer_as_their_guide_says() {
    needs!("curl", "curl");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/usage-plans.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let backend = Backend::start().await;
    let document = block(&guide, "json");
    assert!(document.contains("http://users.internal:8080/"), "the backend is put in its place");
    let document = document.replace("http://users.internal:8080/", "http://backend.test/");
    let document: Value = serde_json::from_str(&document).unwrap();
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    obeys(&gateway, &guide, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_firewall_answers_as_its_guide_says() {
    needs!("curl", "curl");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/waf.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let backend = Backend::start().await;
    let document = block(&guide, "json");
    assert!(document.contains("http://users.internal:8080/"), "the backend is put in its place");
    let document = document.replace("http://users.internal:8080/", "http://backend.test/");
    let document: Value = serde_json::from_str(&document).unwrap();
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    obeys(&gateway, &guide, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn websocket_connections_are_made_and_refused_as_their_guide_says() {
    needs!("curl", "curl");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/websocket.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let hosts = BTreeMap::from([("chat.test".to_owned(), listener.local_addr().unwrap())]);
    let chat = tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            open.push(tokio_tungstenite::accept_async(stream).await.unwrap());
        }
    });
    let document = block(&guide, "json");
    assert!(document.contains("http://chat.internal:8080/"), "the backend is put in its place");
    let document = document.replace("http://chat.internal:8080/", "http://chat.test/");
    let document: Value = serde_json::from_str(&document).unwrap();
    let options = Options { hosts, ..Options::default() };
    let gateway = Gateway::start(&document, &Backend::start().await, options).await;
    obeys(&gateway, &guide, 4).await;
    chat.abort();
}

/// Runs every command of a guide.
async fn obeys(gateway: &Gateway, guide: &str, commands: usize) {
    let steps = console(block(guide, "console"));
    assert_eq!(steps.len(), commands, "every command of the guide");
    for (command, said) in steps {
        assert!(command.contains("http://127.0.0.1:8080"), "{command}");
        let command = command.replace("http://127.0.0.1:8080", &format!("http://{}", gateway.address()));
        let output = tokio::task::spawn_blocking({
            let command = command.clone();
            move || Command::new("sh").args(["-c", &command]).output().unwrap()
        });
        let output = output.await.unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), said, "{command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_domains_answer_as_their_guide_says() {
    needs!("curl", "curl");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/custom-domains.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let made = block(&guide, "sh").lines().next().and_then(|line| line.strip_prefix("sekisho ")).unwrap();
    assert!(made.starts_with("local-ca ca "), "{made}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho-as-built"));
    let made = command.args(made.split(' ')).current_dir(folder.path()).output().unwrap();
    assert!(made.status.success(), "{made:?}");

    let backend = Backend::start().await;
    let place = format!("{}/ca/", folder.path().display());
    let document = block(&guide, "json");
    assert_eq!(document.matches("ca/").count(), 3, "the files of the authority");
    let document =
        document.replace("http://users.internal:8080/", "http://backend.test/").replace("ca/", &place);
    let document: Value = serde_json::from_str(&document).unwrap();
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let port = gateway.listener("sekisho_tls").await.port().to_string();
    let steps = console(block(&guide, "console"));
    assert_eq!(steps.len(), 6, "every command of the guide");
    for (command, said) in steps {
        let command = command.replace("8443", &port);
        let mut shell = Command::new("sh");
        shell.args(["-c", &command]).current_dir(folder.path());
        let output = tokio::task::spawn_blocking(move || shell.output().unwrap()).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), said, "{command}");
    }
}
