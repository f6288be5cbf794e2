//! Building the filter and services with cargo. Cargo decides whether anything is to be done.

use super::{Error, Missing, failed, require, target_folder, workspace};
use crate::process::{Tool, on_path};
use crate::ui::Ui;
use serde::Deserialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const TARGET: &str = "wasm32-wasip1";

/// The same as `cargo wasm` in `.cargo/config.toml`, which a checkout elsewhere may not see.
const MODULE: [&str; 12] = [
    "--release",
    "--target",
    TARGET,
    "-p",
    "sekisho",
    "--lib",
    "--config",
    "profile.release.lto='fat'",
    "--config",
    "profile.release.codegen-units=1",
    "--config",
    "target.wasm32-wasip1.rustflags=['-Cllvm-args=-inline-threshold=50']",
];

/// What is missing on this machine to build anything.
#[must_use]
pub fn needs() -> Vec<Missing> {
    let mut missing = Vec::new();
    if std::env::var_os("CARGO").is_none() && on_path("cargo").is_none() {
        missing.push(Missing {
            tool: "cargo",
            needed_for: "build the filter and the service",
            help: "install Rust with rustup (https://rustup.rs), then open a new shell",
        });
    }
    if on_path("cc").is_none() {
        missing.push(Missing {
            tool: "cc",
            needed_for: "link the service",
            help: "install a C compiler: `apt-get install gcc libc6-dev`, `dnf install gcc`",
        });
    }
    missing
}

/// Builds the filter and gives its module's path.
///
/// # Errors
/// When a tool is missing or the build fails.
pub fn module(ui: &Ui) -> Result<PathBuf, Error> {
    build(ui, "building the filter", &MODULE)
}

/// Builds the filter that verifies all signatures, and gives its module's path: in a folder of its own, because cargo gives
/// both modules one name.
///
/// # Errors
/// When a tool is missing or the build fails.
pub fn software_module(ui: &Ui) -> Result<PathBuf, Error> {
    let folder = target_folder()?.join("software-signatures").display().to_string();
    let features = ["--features", "software-signatures", "--target-dir", &folder];
    build(ui, "building the filter with `software-signatures`", &[&MODULE[..], &features].concat())
}

fn build(ui: &Ui, what: &str, args: &[&str]) -> Result<PathBuf, Error> {
    require(needs())?;
    let workspace = workspace()?;
    wasm_target(ui, &workspace)?;
    let made = cargo(ui, what, &workspace, args)?;
    let module = made.into_iter().flat_map(|artifact| artifact.filenames);
    module.into_iter().find(|path| path.extension().is_some_and(|end| end == "wasm")).ok_or_else(|| {
        Error::Unexpected { what: what.to_owned(), problem: "cargo named no module".to_owned() }
    })
}

/// Builds a service of an example and gives its program's path.
///
/// # Errors
/// When a tool is missing or the build fails.
pub fn service(ui: &Ui, package: &str) -> Result<PathBuf, Error> {
    require(needs())?;
    let workspace = workspace()?;
    let what = format!("building the service `{package}`");
    let made = cargo(ui, &what, &workspace, &["-p", package, "--bin", package])?;
    made.into_iter()
        .filter_map(|artifact| artifact.executable)
        .next_back()
        .ok_or_else(|| Error::Unexpected { what, problem: "cargo named no program".to_owned() })
}

/// Installs the standard library for the filter's target if it is not there.
fn wasm_target(ui: &Ui, workspace: &Path) -> Result<(), Error> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let asked = Tool::new("rustc", rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .within(workspace)
        .run(|_| {})?;
    if asked.status.success() && Path::new(&asked.text()).is_dir() {
        return Ok(());
    }
    require(if on_path("rustup").is_some() {
        Vec::new()
    } else {
        vec![Missing {
            tool: "rustup",
            needed_for: "install Rust's standard library for wasm32-wasip1",
            help: "install Rust with rustup (https://rustup.rs), or your distribution's package for this target",
        }]
    })?;
    let what = format!("installing Rust's target {TARGET}");
    let step = ui.step(&what);
    let done = Tool::new("rustup", "rustup")
        .args(["target", "add", TARGET])
        .within(workspace)
        .run(|line| step.progress(line))?;
    if done.status.success() {
        step.done("installed");
        return Ok(());
    }
    failed(ui, step, "rustup", &done);
    Err(Error::Failed {
        what,
        status: done.status,
        help: format!("run `rustup target add {TARGET}` by hand; it needs the network"),
    })
}

/// What cargo says about one thing it made.
#[derive(Deserialize)]
struct Artifact {
    reason: String,
    #[serde(default)]
    filenames: Vec<PathBuf>,
    #[serde(default)]
    executable: Option<PathBuf>,
}

/// Runs `cargo build`. A build that waits for another one says so.
fn cargo(ui: &Ui, what: &str, workspace: &Path, args: &[&str]) -> Result<Vec<Artifact>, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let step = ui.step(what);
    let mut compiled = 0_usize;
    let done = Tool::new("cargo", cargo)
        .args(["build", "--color", "never", "--message-format", "json-render-diagnostics"])
        .args(args)
        .within(workspace)
        .run(|line| {
            let line = line.trim();
            if let Some(package) = line.strip_prefix("Compiling ") {
                compiled = compiled.saturating_add(1);
                step.progress(&format!("compiling {} ({compiled})", short(package)));
            } else if line.starts_with("Blocking") || line.starts_with("Download") {
                step.progress(line);
            }
        })?;
    if !done.status.success() {
        failed(ui, step, "cargo", &done);
        return Err(Error::Failed {
            what: what.to_owned(),
            status: done.status,
            help: format!("run `cargo build {}` for all of it", quoted(args)),
        });
    }
    let finished = done.messages.iter().rev().find_map(|line| line.trim().strip_prefix("Finished "));
    step.done(match finished {
        Some(_) if compiled > 0 => "built",
        Some(_) | None => "up to date",
    });
    let lines = done.stdout.split(|byte| *byte == b'\n');
    Ok(lines
        .filter_map(|line| serde_json::from_slice::<Artifact>(line).ok())
        .filter(|artifact| artifact.reason == "compiler-artifact")
        .collect())
}

/// A package without the folder that cargo names after it.
fn short(package: &str) -> &str {
    package.split_once(" (").map_or(package, |(name, _)| name)
}

fn quoted(args: &[&str]) -> String {
    let quoted =
        args.iter().map(|arg| if arg.contains('\'') { format!("\"{arg}\"") } else { (*arg).to_owned() });
    quoted.collect::<Vec<_>>().join(" ")
}
