//! Where the sources are, and where what is made of them goes.

use super::Error;
use std::path::{Path, PathBuf};

/// The folder of the workspace: where this command was built, else the current folder or one above it.
///
/// # Errors
/// When neither has the sources.
pub fn workspace() -> Result<PathBuf, Error> {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR"));
    let here = std::env::current_dir().unwrap_or_default();
    built_in
        .parent()
        .into_iter()
        .chain(here.ancestors())
        .find(|folder| is_workspace(folder))
        .map(Path::to_path_buf)
        .ok_or_else(|| Error::NoSources { built_in: built_in.to_owned() })
}

/// Cargo's target folder.
///
/// # Errors
/// When there is no workspace.
pub fn target_folder() -> Result<PathBuf, Error> {
    let workspace = workspace()?;
    Ok(match std::env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => workspace.join(folder),
        None => workspace.join("target"),
    })
}

fn is_workspace(folder: &Path) -> bool {
    folder.join("src/gateway/mod.rs").is_file() && folder.join("cli/Cargo.toml").is_file()
}
