//! Pythons with packages from PyPI: each set in a virtual environment of its own, for each version of Python that asks.

use super::{Error, Missing, target_folder, venv};
use crate::process::{Tool, on_path};
use crate::ui::Ui;
use std::path::{Path, PathBuf};

/// Prints its version if it can make virtual environments, and nothing else if not.
const ASK: &str = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])";

const HELP: &str = "PyPI must be reachable once (pip's own settings apply, such as PIP_INDEX_URL)";

/// Packages that are installed together.
#[derive(Debug)]
pub(super) struct Set<'a> {
    /// Its name and version, which are its folder's below `target` too: another version is another folder.
    pub(super) name: &'static str,
    pub(super) version: &'a str,
    /// What pip is asked for.
    pub(super) packages: &'a [&'a str],
}

/// A Python that is on this machine.
#[derive(Debug)]
pub(super) struct Interpreter {
    pub(super) program: PathBuf,
    /// `3.12`
    pub(super) version: String,
}

/// What is missing on this machine to make environments.
#[must_use]
pub fn needs(needed_for: &'static str) -> Vec<Missing> {
    match Interpreter::find(&["python3"], needed_for) {
        Err(Error::Missing(missing)) => missing,
        // What else goes wrong is told when it is used.
        Ok(_) | Err(_) => Vec::new(),
    }
}

// === impl Interpreter ===

impl Interpreter {
    /// The first of these programs that can make virtual environments and is of a version that fits: `python3.12`, `python3`.
    pub(super) fn find(names: &[&str], needed_for: &'static str) -> Result<Self, Error> {
        for name in names {
            let Some(program) = on_path(name) else { continue };
            let asked = Tool::new(name, &program).args(["-c", ASK]).run(|_| {})?;
            let version = asked.text();
            if asked.status.success() && is_supported(&version) {
                return Ok(Self { program, version });
            }
        }
        Err(Error::Missing(vec![Missing {
            tool: "python3 (3.10 or newer, with venv)",
            needed_for,
            help: "install it: `apt-get install python3 python3-venv`",
        }]))
    }
}

// === impl Set ===

impl Set<'_> {
    /// The Python that has these packages; its environment is made if it is not there, by one of those who want it.
    pub(super) fn installed(&self, ui: &Ui, python: &Interpreter) -> Result<PathBuf, Error> {
        self.installed_in(ui, &target_folder()?.join(self.name), python)
    }

    pub(super) fn installed_in(
        &self,
        ui: &Ui,
        folder: &Path,
        python: &Interpreter,
    ) -> Result<PathBuf, Error> {
        let Self { name, version, packages } = self;
        let home = format!("{version}-python{}", python.version);
        let lock = folder.join(format!("{home}.lock"));
        let home = folder.join(home);
        let (program, complete) = (home.join("bin/python3"), home.join("complete"));
        // The mark is made last and says what is there; the program may be a link to a Python that has been removed since.
        let wanted = packages.join("\n");
        let is_there =
            || program.is_file() && std::fs::read_to_string(&complete).is_ok_and(|found| found == wanted);
        if is_there() {
            return Ok(program);
        }
        std::fs::create_dir_all(folder).map_err(venv::io(folder, "cannot make this folder"))?;
        let step = ui.step(&format!("installing {name} {version} for Python {}", python.version));
        let _locked = venv::lock_file(&lock, &step)?;
        if is_there() {
            step.done("somebody else has done it");
            return Ok(program);
        }
        let what = format!("{} from PyPI", packages.join(", "));
        let made = venv::make(ui, &step, &home, &python.program, packages, &what, HELP);
        let made = made.and_then(|program| {
            std::fs::write(&complete, &wanted).map_err(venv::io(&complete, "cannot write this file"))?;
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
}

/// Whether the packages are made for a version such as `3.12`.
fn is_supported(version: &str) -> bool {
    let numbers = version.split_once('.').map(|(major, minor)| (major.parse::<u32>(), minor.parse::<u32>()));
    matches!(numbers, Some((Ok(3), Ok(minor))) if minor >= 10)
}
