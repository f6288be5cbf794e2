//! AWS's own runtime client for Python: `awslambdaric` from PyPI, in a virtual environment for each version of Python.

use super::{AWSLAMBDARIC_VERSION, Error, Missing, target_folder, venv};
use crate::process::{Tool, on_path};
use crate::ui::Ui;
use std::path::{Path, PathBuf};

/// Prints its version if it can make virtual environments, and nothing else if not.
const ASK: &str = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])";

const HELP: &str = "PyPI must be reachable once (pip's own settings apply, such as PIP_INDEX_URL)";

/// The Python that runs functions of `python{version}`: that very version if it is installed, else `python3`, which is said.
/// It has `awslambdaric`; it is made if it is not there.
///
/// # Errors
/// When no Python fits, or PyPI cannot be reached.
pub fn lambda_python(ui: &Ui, version: &str) -> Result<PathBuf, Error> {
    let (python, found) = interpreter(version)?;
    if found != version {
        ui.note(&format!(
            "warning: python{version} is not installed: its functions run under Python {found}"
        ));
    }
    install(ui, &target_folder()?.join("awslambdaric"), &python, &found)
}

/// Installs the runtime client below `folder` unless it is there.
fn install(ui: &Ui, folder: &Path, python: &Path, version: &str) -> Result<PathBuf, Error> {
    let name = format!("{AWSLAMBDARIC_VERSION}-python{version}");
    let home = folder.join(&name);
    let (program, complete) = (home.join("bin/python3"), home.join("complete"));
    // The mark is made last; the program may be a link to a Python that has been removed since.
    let is_there = || complete.is_file() && program.is_file();
    if is_there() {
        return Ok(program);
    }
    std::fs::create_dir_all(folder).map_err(venv::io(folder, "cannot make this folder"))?;
    let step = ui.step(&format!("installing awslambdaric {AWSLAMBDARIC_VERSION} for Python {version}"));
    let _locked = venv::lock_file(&folder.join(format!("{name}.lock")), &step)?;
    if is_there() {
        step.done("somebody else has done it");
        return Ok(program);
    }
    let package = format!("awslambdaric=={AWSLAMBDARIC_VERSION}");
    let made = venv::make(ui, &step, &home, python, &[&package], &format!("{package} from PyPI"), HELP);
    let made = made.and_then(|program| {
        std::fs::write(&complete, "").map_err(venv::io(&complete, "cannot write this file"))?;
        Ok(program)
    });
    match made {
        Ok(program) => {
            step.done(&format!("in {}", home.display()));
            Ok(program)
        }
        Err(error) => {
            step.fail("failed");
            Err(error)
        }
    }
}

/// A Python that can make virtual environments, and its version.
fn interpreter(version: &str) -> Result<(PathBuf, String), Error> {
    for name in [format!("python{version}"), "python3".to_owned()] {
        let Some(python) = on_path(&name) else { continue };
        let asked = Tool::new(&name, &python).args(["-c", ASK]).run(|_| {})?;
        let found = asked.text();
        let (exact, fits) = (found == version, is_supported(&found));
        if asked.status.success() && (exact || (name == "python3" && fits)) {
            return Ok((python, found));
        }
    }
    Err(Error::Missing(vec![Missing {
        tool: "python3 (3.10 or newer, with venv)",
        needed_for: "run functions of Python",
        help: "install it: `apt-get install python3 python3-venv`",
    }]))
}

/// Whether the runtime client is made for a version such as `3.12`.
fn is_supported(version: &str) -> bool {
    let numbers = version.split_once('.').map(|(major, minor)| (major.parse::<u32>(), minor.parse::<u32>()));
    matches!(numbers, Some((Ok(3), Ok(minor))) if minor >= 10)
}
