//! Python programs that stand in for AWS: installed from PyPI, each set in a virtual environment of its own under `target/`.

use sekisho_cases::skip;
use sekisho_cli::toolchain;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A virtual environment.
#[derive(Debug, Clone)]
pub struct Python(PathBuf);

impl Python {
    /// An environment with these packages; it is made if it is not there, by one of those who want it. None, and the test is
    /// counted as skipped, if there is no Python or PyPI cannot be reached; with `CI=true` that is a failure.
    ///
    /// # Panics
    /// If the folder cannot be written to.
    #[must_use]
    pub fn with(test: &str, name: &str, packages: &[&str]) -> Option<Self> {
        let folder = toolchain::target_folder().unwrap_or_else(|error| panic!("{error}")).join("python");
        fs::create_dir_all(&folder).expect("the target folder can be written to");
        let home = folder.join(name);
        // Written last: what it names is complete.
        let (made, wanted) = (home.join("packages"), packages.join("\n"));
        let is_made = || fs::read_to_string(&made).is_ok_and(|found| found == wanted);
        let lock =
            File::create(folder.join(format!("{name}.lock"))).expect("the target folder can be written to");
        lock.lock().expect("a file can be locked");
        if !is_made() {
            let _ = fs::remove_dir_all(&home);
            let done = run(Command::new("python3").args(["-m", "venv"]).arg(&home)).and_then(|()| {
                let pip = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--quiet"];
                run(Command::new(home.join("bin/python3")).args(pip).args(packages))
            });
            if let Err(problem) = done {
                eprintln!("{problem}");
                skip(test, "python3-venv, and PyPI");
                return None;
            }
            fs::write(&made, wanted).expect("the target folder can be written to");
        }
        Some(Self(home))
    }

    /// A command of the environment.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.0.join("bin").join(program));
        command.stdin(Stdio::null());
        command
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.stdin(Stdio::null()).output() {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => {
            Err(format!("{command:?} ended with {}\n{}", done.status, String::from_utf8_lossy(&done.stderr)))
        }
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}
