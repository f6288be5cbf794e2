//! Where Envoy and the module come from: as for everybody, from the command's toolchain.

use sekisho_cli::toolchain;
use sekisho_cli::ui::Ui;
use std::path::{Path, PathBuf};
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
