//! AWS's own runtime client for Python, `awslambdaric` from PyPI, and what else AWS's Python runtimes have: boto3.

use super::python::{Interpreter, Set};
use super::{AWSLAMBDARIC_VERSION, BOTO3_VERSION, Error};
use crate::ui::Ui;
use std::path::PathBuf;

/// The Python that runs functions of `python{version}`: that very version if it is installed, else `python3`, which is said.
/// It has `awslambdaric`, and boto3 as on AWS: a function that works there needs it in no folder of its own. One in a
/// function's folder is found first, as there. It is made if it is not there.
///
/// # Errors
/// When no Python fits, or PyPI cannot be reached.
pub fn lambda_python(ui: &Ui, version: &str) -> Result<PathBuf, Error> {
    let python = Interpreter::find(&[&format!("python{version}"), "python3"], "run functions of Python")?;
    if python.version != version {
        ui.note(&format!(
            "warning: python{version} is not installed: its functions run under Python {}",
            python.version
        ));
    }
    let (client, boto3) =
        (format!("awslambdaric=={AWSLAMBDARIC_VERSION}"), format!("boto3=={BOTO3_VERSION}"));
    let set = Set { name: "awslambdaric", version: AWSLAMBDARIC_VERSION, packages: &[&client, &boto3] };
    set.installed(ui, &python)
}
