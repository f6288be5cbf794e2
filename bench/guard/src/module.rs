//! Where what is counted comes from.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The built module: what `$SEKISHO_WASM` names, or what `cargo wasm` makes, which is nothing new where it has been made.
///
/// # Panics
/// If it cannot be built or read.
#[must_use]
pub fn wasm() -> Vec<u8> {
    let path = std::env::var_os("SEKISHO_WASM").map_or_else(built, PathBuf::from);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn built() -> PathBuf {
    cargo(&["wasm"], "sekisho.wasm")
}

/// The program that sends requests through the core, built as the module is, but with its functions' names.
///
/// # Panics
/// If it cannot be built.
#[must_use]
pub fn counted() -> PathBuf {
    cargo(&["build", "--profile", "counted", "-p", "sekisho-counted"], "sekisho-counted")
}

/// Builds what these arguments say; the file of this name among what was made.
fn cargo(arguments: &[&str], name: &str) -> PathBuf {
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(arguments).args(["--quiet", "--message-format", "json-render-diagnostics"]);
    build
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let done = build.output().expect("cargo can be run");
    assert!(done.status.success(), "{build:?} ended with {}", done.status);
    let messages =
        done.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let files = |message: Value| -> Vec<PathBuf> {
        let files = message["filenames"].as_array().into_iter().flatten();
        files.filter_map(|file| file.as_str().map(PathBuf::from)).collect()
    };
    let made = messages.flat_map(files).find(|file| file.ends_with(name));
    made.unwrap_or_else(|| panic!("{build:?} makes no {name}"))
}
