//! The `envoy` binary: found, and asked whether it would start with a document.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `envoy` on the `PATH`.
#[must_use]
pub fn on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("envoy")).find(|file| file.is_file())
}

/// The given binary, `$ENVOY_BIN`, or `envoy` on the `PATH`.
#[must_use]
pub fn find(given: Option<&Path>) -> Option<PathBuf> {
    given
        .map(Path::to_owned)
        .or_else(|| std::env::var_os("ENVOY_BIN").filter(|it| !it.is_empty()).map(PathBuf::from))
        .or_else(on_path)
}

/// Why Envoy would not start with a bootstrap; `None` if it would.
///
/// # Errors
/// Envoy cannot be run.
pub fn refusal(envoy: &Path, bootstrap: &Path) -> std::io::Result<Option<String>> {
    let output = Command::new(envoy)
        .args(["--mode", "validate", "--log-level", "warning", "-c"])
        .arg(bootstrap)
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(None);
    }
    let log = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    Ok(Some(log.trim().to_owned()))
}
