//! The cases once more, natively, after a release: each stage serves a snapshot of what it served, and the live lists are empty.
//! What clients see is the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../tests/imitation/mod.rs"]
mod imitation;
#[path = "../../tests/native/mod.rs"]
mod native;

use native::Native;
use sekisho::gateway::config;
use sekisho_cases::{Engine, File, Observed, Turn};
use sekisho_cli::deploy::{Order, What, release};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Stages that serve a snapshot in the place of the live lists.
static MOVED: AtomicUsize = AtomicUsize::new(0);

fn main() -> ExitCode {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    let code = sekisho_cases::main::<Deployed>(&cases);
    let moved = MOVED.load(Ordering::Relaxed);
    println!("{moved} stages serve a snapshot");
    let all = std::env::args().len() == 1;
    assert!(moved >= 90 || !all, "{moved} stages");
    code
}

/// A gateway after a release.
struct Deployed(Native);

impl Engine for Deployed {
    const NAME: &'static str = Native::NAME;
    const CLIENT: &'static str = Native::CLIENT;

    fn start(file: &File) -> Result<Self, String> {
        let mut config = file.config.clone();
        let apis = config["apis"].as_array().map_or(0, Vec::len);
        for api in 0..apis {
            config = deployed(config, api);
        }
        let file = File { config, secrets: file.secrets.clone(), services: Vec::new(), cases: Vec::new() };
        Native::start(&file).map(Self)
    }

    fn begin(&mut self) {
        self.0.begin();
    }

    fn pass(&mut self, seconds: u32) {
        self.0.pass(seconds);
    }

    fn now_millis(&self) -> u64 {
        self.0.now_millis()
    }

    fn send(&mut self, turn: &Turn<'_>) -> Result<Observed, String> {
        self.0.send(turn)
    }

    fn asks_unasked(&self) -> &BTreeSet<String> {
        self.0.asks_unasked()
    }
}

/// A document whose API at a place serves snapshots.
fn deployed(document: Value, at: usize) -> Value {
    let api = &document["apis"][at];
    let live = |stage: &Value| stage.get("deploymentId").is_none();
    let stages: Vec<Value> =
        api["stages"].as_array().unwrap().iter().filter(|it| live(it)).cloned().collect();
    // A stage with a canary takes no deployment; what has no routes takes none either.
    let canary = stages.iter().any(|stage| stage.get("canarySettings").is_some());
    if canary || api["routes"].as_array().is_none_or(Vec::is_empty) {
        return document;
    }
    let id = api["apiId"].as_str().unwrap().to_owned();
    let mut text = serde_json::to_string_pretty(&document).unwrap();
    for stage in &stages {
        let config = config::load(text.as_bytes()).unwrap();
        let order = Order {
            api: Some(id.clone()),
            stage: stage["stageName"].as_str().map(str::to_owned),
            what: What::Snapshot(None),
            canary: None,
        };
        text = release(&text, &config, &order).unwrap().text;
        MOVED.fetch_add(1, Ordering::Relaxed);
    }
    let mut document: Value = serde_json::from_str(&text).unwrap();
    for list in ["routes", "integrations", "authorizers"] {
        document["apis"][at][list] = json!([]);
    }
    document
}
