//! Where the module is.

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
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["wasm", "--quiet", "--message-format", "json-render-diagnostics"]);
    build
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let done = build.output().expect("cargo can be run");
    assert!(done.status.success(), "{build:?} ended with {}", done.status);
    let messages = done.stdout.split(|byte| *byte == b'\n');
    let files = messages.filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok()).flat_map(
        |message| {
            let files = message["filenames"].as_array().cloned().unwrap_or_default();
            files.into_iter().filter_map(|file| file.as_str().map(PathBuf::from))
        },
    );
    files.filter(|file| file.ends_with("sekisho.wasm")).next_back().expect("cargo names the module")
}
