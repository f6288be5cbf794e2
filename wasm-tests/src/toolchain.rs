//! Where Envoy and the module come from.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is a folder of the workspace")
}

/// Envoy: of a version if one is given or `$SEKISHO_ENVOY_VERSION` names one, else any.
pub(crate) fn envoy(version: Option<&str>) -> PathBuf {
    let wanted = version.map(str::to_owned).or_else(|| std::env::var("SEKISHO_ENVOY_VERSION").ok());
    let path = std::env::var_os("ENVOY_BIN").map(PathBuf::from).expect("ENVOY_BIN names an Envoy");
    if let Some(wanted) = wanted {
        let output = Command::new(&path).arg("--version").output().expect("Envoy can be run");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(told.contains(&format!("/{wanted}/")), "{} is not Envoy {wanted}: {told}", path.display());
    }
    path
}

/// The module, built once per test binary.
pub(crate) fn module() -> &'static Path {
    static MODULE: OnceLock<PathBuf> = OnceLock::new();
    MODULE.get_or_init(|| {
        if let Some(path) = std::env::var_os("SEKISHO_WASM") {
            return path.into();
        }
        let status = Command::new(env!("CARGO")).arg("wasm").current_dir(workspace()).status();
        assert!(status.expect("cargo can be run").success(), "the module cannot be built: `cargo wasm`");
        workspace().join("target/wasm32-wasip1/release/sekisho.wasm")
    })
}
