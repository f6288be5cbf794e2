//! Where Envoy and the module come from: as for everybody, from the command's toolchain.

use sekisho_cli::toolchain;
use sekisho_cli::ui::Ui;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// Envoy: of the version that `$SEKISHO_ENVOY_VERSION` names, else the one everything is tested with.
///
/// Tests run at the same time, and the first one may have to install it.
pub(crate) fn envoy(version: Option<&str>) -> PathBuf {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock();
    let wanted = version.map(str::to_owned).or_else(|| std::env::var("SEKISHO_ENVOY_VERSION").ok());
    let version = wanted.as_deref().unwrap_or(toolchain::ENVOY_VERSION);
    let path = toolchain::envoy(&Ui::new(), version).unwrap_or_else(|error| panic!("{error}"));
    let found = toolchain::envoy_version(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if let Some(wanted) = wanted {
        assert_eq!(found.to_string(), wanted, "`{}` is found before an installed one", path.display());
    }
    path
}

/// The module, built once per test binary; `$SEKISHO_WASM` names one that is there.
pub(crate) fn module() -> &'static Path {
    static MODULE: OnceLock<PathBuf> = OnceLock::new();
    MODULE.get_or_init(|| match std::env::var_os("SEKISHO_WASM") {
        Some(path) => path.into(),
        None => toolchain::module(&Ui::new()).unwrap_or_else(|error| panic!("{error}")),
    })
}

/// The module that verifies all signatures, built once per test binary.
pub(crate) fn software_module() -> &'static Path {
    static MODULE: OnceLock<PathBuf> = OnceLock::new();
    MODULE.get_or_init(|| toolchain::software_module(&Ui::new()).unwrap_or_else(|error| panic!("{error}")))
}

/// The module of [`wasm-tests/probes`](../probes/README.md), built once per test binary.
pub(crate) fn probe() -> &'static Path {
    static MODULE: OnceLock<PathBuf> = OnceLock::new();
    MODULE.get_or_init(|| {
        // The target of the probes is the filter's: whoever builds that one installs it.
        module();
        let target = toolchain::target_folder().unwrap_or_else(|error| panic!("{error}")).join("probes");
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("probes/Cargo.toml");
        let made = cargo(
            Command::new(cargo_itself())
                .args(["build", "--release", "--target", "wasm32-wasip1", "--manifest-path"])
                .arg(manifest)
                .arg("--target-dir")
                .arg(target),
        );
        made.into_iter().find(|path| path.ends_with(".wasm")).expect("cargo names the probe").into()
    })
}

/// The service of [`wasm-tests/ratelimit`](../ratelimit/README.md), built once per test binary.
pub(crate) fn rate_limit_service() -> &'static Path {
    static SERVICE: OnceLock<PathBuf> = OnceLock::new();
    SERVICE.get_or_init(|| {
        let target = toolchain::target_folder().unwrap_or_else(|error| panic!("{error}")).join("ratelimit");
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("ratelimit/Cargo.toml");
        let mut build = Command::new(cargo_itself());
        build.args(["build", "--locked", "--manifest-path"]).arg(manifest).arg("--target-dir").arg(target);
        let made = cargo(&mut build);
        made.into_iter()
            .find(|path| path.ends_with("/sekisho-test-ratelimit"))
            .expect("cargo names the service")
            .into()
    })
}

/// The function of [`wasm-tests/lambda-app`](../lambda-app/README.md), built once per test binary.
///
/// # Panics
/// If it cannot be built.
#[must_use]
pub fn lambda_app() -> &'static Path {
    static APP: OnceLock<PathBuf> = OnceLock::new();
    APP.get_or_init(|| {
        let target = toolchain::target_folder().unwrap_or_else(|error| panic!("{error}")).join("lambda-app");
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("lambda-app/Cargo.toml");
        let mut build = Command::new(cargo_itself());
        build.args(["build", "--locked", "--manifest-path"]).arg(manifest).arg("--target-dir").arg(target);
        let made = cargo(&mut build);
        made.into_iter()
            .find(|path| path.ends_with("/sekisho-test-lambda-app"))
            .expect("cargo names the app")
            .into()
    })
}

fn cargo_itself() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Runs a build; what it made.
fn cargo(build: &mut Command) -> Vec<String> {
    let done = build
        .args(["--quiet", "--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo can be run");
    assert!(done.status.success(), "{build:?} ended with {}", done.status);
    let messages =
        done.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let paths = |message: Value| -> Vec<String> {
        let files = message["filenames"].as_array().into_iter().flatten();
        files.filter_map(|file| file.as_str().map(str::to_owned)).collect()
    };
    messages.flat_map(paths).collect()
}
