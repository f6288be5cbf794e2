//! Packages of npm that tests read, at versions whose bytes a lock file names.

use std::path::Path;
use std::process::{Command, Stdio};

/// Installs what `package.json` and `package-lock.json` of a folder name into another one, unless that is there already.
///
/// # Panics
/// If npm cannot: it says why.
pub fn install(from: &Path, into: &Path) {
    std::fs::create_dir_all(into).unwrap();
    let lock = std::fs::read(from.join("package-lock.json")).unwrap();
    let installed = into.join("node_modules/.package-lock.json").is_file()
        && std::fs::read(into.join("package-lock.json")).is_ok_and(|it| it == lock);
    if installed {
        return;
    }
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(from.join(file), into.join(file)).unwrap();
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(into).stdin(Stdio::null());
    let done = npm.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
