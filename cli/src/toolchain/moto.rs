//! moto from PyPI: a server that stands in for AWS's services, and boto3 to talk to it.

use super::python::{Interpreter, Set};
use super::{BOTO3_VERSION, Error, MOTO_VERSION};
use crate::ui::Ui;
use std::path::PathBuf;

/// What `moto[server]` has but for CloudFormation's tools, which are twice the rest: of 320 MB 145 are left, and every service
/// but `CloudFormation`, AppSync, Glue, X-Ray and what makes API Gateways from OpenAPI.
const EXTRAS: &str = "cognitoidp,dynamodb,events,s3,ssm,stepfunctions";
const SERVER: [&str; 2] = ["flask==3.1.3", "flask-cors==6.0.5"];

/// The Python that has moto and boto3; it is made if it is not there. [`crate::moto::Moto`] starts the server.
///
/// # Errors
/// When no Python fits, or PyPI cannot be reached.
pub fn moto_python(ui: &Ui) -> Result<PathBuf, Error> {
    let python = Interpreter::find(&["python3"], "run moto")?;
    let (moto, boto3) = (format!("moto[{EXTRAS}]=={MOTO_VERSION}"), format!("boto3=={BOTO3_VERSION}"));
    let [flask, cors] = SERVER;
    let set = Set { name: "moto", version: MOTO_VERSION, packages: &[&moto, &boto3, flask, cors] };
    set.installed(ui, &python)
}
