//! Virtual environments of Python with packages from PyPI, made once, by one of those who want them.

use super::Error;
use crate::process::{self, Tool};
use crate::ui::{Step, Ui};
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often an installation by somebody else is looked at.
const POLL: Duration = Duration::from_millis(100);

/// Makes an environment with packages, and gives its Python. What an earlier try left is thrown away. `what` is what comes
/// from where, for people; `help` is told if it cannot be had.
pub(super) fn make(
    ui: &Ui,
    step: &Step,
    home: &Path,
    python: &Path,
    packages: &[&str],
    what: &str,
    help: &str,
) -> Result<PathBuf, Error> {
    match std::fs::remove_dir_all(home) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(io(home, "cannot remove what an earlier try left")(error));
        }
        Ok(()) | Err(_) => {}
    }
    step.progress("making a virtual environment");
    let venv = Tool::new("python3", python).args(["-m", "venv"]).args([home]);
    run(venv, ui, step, "making a virtual environment", help)?;
    let python = home.join("bin/python3");
    let asked = Tool::new("pip", &python).args(["-m", "pip", "--version"]).run(|_| {})?;
    let mut pip =
        Tool::new("pip", &python).args(["-m", "pip", "install", "--no-input", "--only-binary", ":all:"]);
    pip = pip.args(["--disable-pip-version-check"]).args(packages);
    if tells_bytes(&asked.text()) {
        pip = pip.args(["--progress-bar", "raw"]);
    }
    step.progress(&format!("downloading {what}"));
    run(pip, ui, step, &format!("downloading {what}"), help)?;
    Ok(python)
}

/// Runs a tool of the installation, tells its lines and gives its output.
pub(super) fn run(tool: Tool, ui: &Ui, step: &Step, what: &str, help: &str) -> Result<String, Error> {
    let done = tool.run(|line| step.progress(&megabytes(line).unwrap_or_else(|| line.to_owned())))?;
    if done.status.success() {
        return Ok(done.text());
    }
    for line in done.tail().lines() {
        ui.note(&format!("    {line}"));
    }
    Err(Error::Failed { what: what.to_owned(), status: done.status, help: help.to_owned() })
}

/// pip's `Progress 1048576 of 48234496` for people.
pub(super) fn megabytes(line: &str) -> Option<String> {
    let (come, all) = line.strip_prefix("Progress ")?.split_once(" of ")?;
    let (come, all) = (come.parse::<u64>().ok()?, all.parse::<u64>().ok()?);
    Some(format!("downloaded {} of {} MB", come / 1_000_000, all / 1_000_000))
}

/// Whether pip can tell how many bytes have come: since 24.1. `pip 24.0 from … (python 3.11)`
pub(super) fn tells_bytes(version: &str) -> bool {
    let mut numbers =
        version.split(' ').nth(1).unwrap_or("").split('.').map(|number| number.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor) >= (24, 1),
        _ => false,
    }
}

/// The system lets go of the lock when its holder ends, however it ends.
pub(super) fn lock_file(path: &Path, step: &Step) -> Result<File, Error> {
    let file = File::create(path).map_err(io(path, "cannot make this lock"))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => step.progress("somebody else is installing it"),
            Err(TryLockError::Error(error)) => return Err(io(path, "cannot lock this file")(error)),
        }
        if process::interrupted() {
            return Err(process::Error::Interrupted.into());
        }
        std::thread::sleep(POLL);
    }
}

pub(super) fn io(path: &Path, doing: &'static str) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, doing, source }
}
