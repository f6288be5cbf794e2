//! `docker-compose.yml` is held against the table of the stack's parts, and the table against what `demo --all` runs. The stack in
//! containers is not run here: that needs a Docker daemon, and images of registries.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A test that cannot go on fails.

#[path = "../common/mod.rs"]
mod common;
mod differences;
mod here;
mod rules;
mod schema;

use sekisho_cases::skip;
use sekisho_cli::Ui;
use sekisho_cli::toolchain::{lambda_python, moto_python};
use serde_json::Value;

/// A file of the repository.
fn read(file: &str) -> String {
    std::fs::read_to_string(common::root().join(file)).unwrap()
}

/// The compose file, with its anchors in their places.
fn compose() -> Value {
    let mut file: serde_yaml_ng::Value = serde_yaml_ng::from_str(&read("docker-compose.yml")).unwrap();
    file.apply_merge().unwrap();
    serde_json::to_value(file).unwrap()
}

/// Words of a list.
fn words(list: &Value) -> Vec<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// Whether what comes from PyPI is there; if not, the test is counted as skipped.
fn can_run(test: &str) -> bool {
    let installed = moto_python(&Ui::new()).and_then(|_| lambda_python(&Ui::new(), "3.13"));
    if let Err(error) = installed {
        eprintln!("{error}");
        skip(test, "python3-venv, and PyPI");
        return false;
    }
    true
}
