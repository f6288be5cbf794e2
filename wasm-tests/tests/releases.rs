//! A release, a canary, its promotion and a rollback, as they are typed: `sekisho deploy`, then `sekisho apply`, and a running
//! Envoy answers by the document that is left.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use serde_json::{Value, json};
use std::process::Command;
use tempfile::TempDir;
use wasm_tests::{Backend, Dynamic, Options, raw};

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");

/// A document on disk, which is released from.
struct Desk {
    folder: TempDir,
    world: Dynamic,
}

impl Desk {
    async fn open(document: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Dynamic::start(COMMAND, document, &Options::default()).await;
        let desk = Self { folder, world };
        desk.edit(|written| *written = document.clone());
        desk
    }

    /// Edits the document by hand.
    fn edit(&self, edit: impl FnOnce(&mut Value)) {
        let mut document =
            std::fs::read(self.file()).map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap());
        edit(&mut document);
        std::fs::write(self.file(), serde_json::to_string_pretty(&document).unwrap()).unwrap();
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("gateway.json")
    }

    /// Releases, and applies what is left.
    async fn deploy(&self, args: &[&str]) -> Value {
        let output =
            Command::new(COMMAND).arg("deploy").arg(self.file()).args(args).arg("-w").output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        let document: Value = serde_json::from_slice(&std::fs::read(self.file()).unwrap()).unwrap();
        let said = self.world.apply(&document).await;
        assert_eq!(said.code, Some(0), "{}", said.text);
        document
    }

    /// Every answer from now on is of this version; `canary` is what a header chooses.
    async fn answers(&self, version: &str, canary: &str) {
        for (header, expected) in [("", version), ("x-canary: on\r\n", canary)] {
            let request = format!("GET /prod/users HTTP/1.1\r\nhost: h.test\r\n{header}\r\n");
            let ask = async || {
                let response = raw::send(self.world.gateway().address(), request.as_bytes()).await.unwrap();
                (response.status, response.header("x-version").unwrap_or_default())
            };
            // `apply` ends when every worker has the document.
            for _ in 0..20 {
                assert_eq!(ask().await, (200, expected.to_owned()), "{header}");
            }
        }
    }
}

fn document(backend: &Backend) -> Value {
    json!({ "apis": [{
        "apiId": "shop",
        "protocolType": "HTTP",
        "routes": [{ "routeKey": "GET /users", "target": "integrations/users" }],
        "integrations": [{
            "integrationId": "users",
            "integrationType": "HTTP_PROXY",
            "integrationMethod": "ANY",
            "integrationUri": format!("http://{}/users", backend.address()),
            "responseParameters": { "200": { "overwrite:header.x-version": "1" } },
        }],
        "stages": [{ "stageName": "prod" }],
    }] })
}

/// Gives what the live lists answer another version.
fn version(document: &mut Value, version: &str) {
    document["apis"][0]["integrations"][0]["responseParameters"]["200"]["overwrite:header.x-version"] =
        version.into();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_a_canary_its_promotion_and_a_rollback_reach_a_running_envoy() {
    let backend = Backend::start().await;
    let desk = Desk::open(&document(&backend)).await;
    desk.answers("1", "1").await;

    // What is released stays, whatever becomes of the live lists.
    let first = desk.deploy(&["--snapshot", "--stage", "prod"]).await;
    let old = first["apis"][0]["stages"][0]["deploymentId"].as_str().unwrap().to_owned();
    desk.edit(|document| version(document, "2"));
    let again = desk.deploy(&["--snapshot"]).await;
    assert_eq!(again["apis"][0]["deployments"].as_array().unwrap().len(), 2);
    assert_eq!(again["apis"][0]["deployments"][0], first["apis"][0]["deployments"][0]);
    desk.answers("1", "1").await;

    // A canary that nobody meets by chance, and a header that chooses it.
    desk.deploy(&["--snapshot", "--stage", "prod", "--canary", "0"]).await;
    desk.edit(|document| {
        document["apis"][0]["stages"][0]["canarySettings"]["match"] =
            json!([{ "header": { "name": "x-canary", "exact": "on" } }]);
    });
    let canary = desk.deploy(&["--snapshot"]).await;
    desk.answers("1", "2").await;
    let new = canary["apis"][0]["stages"][0]["canarySettings"]["deploymentId"].as_str().unwrap().to_owned();
    desk.deploy(&["--to", &new, "--stage", "prod", "--canary", "100"]).await;
    desk.answers("2", "2").await;

    desk.deploy(&["--promote", "--stage", "prod"]).await;
    desk.answers("2", "2").await;

    // Back: everybody gets the first one again, and the document is what it was but for the deployments.
    let back = desk.deploy(&["--to", &old, "--stage", "prod"]).await;
    desk.answers("1", "1").await;
    assert_eq!(back["apis"][0]["stages"], first["apis"][0]["stages"]);
    desk.world.gateway().assert_no_panic().await;
}
