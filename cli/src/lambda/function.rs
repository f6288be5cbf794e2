//! A function as it runs: checked, its paths whole.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// How many instances a function has at most that does not say it.
pub(super) const CONCURRENCY: usize = 10;

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) runtime: Runtime,
    /// `app.handler`; `provided` runtimes may have none.
    pub(super) handler: String,
    /// The folder of its code, which it runs in.
    pub(super) code: PathBuf,
    pub(super) timeout: Duration,
    /// In megabytes: told to the function, and not enforced.
    pub(super) memory: u32,
    pub(super) variables: BTreeMap<String, String>,
    /// How many instances there are at most.
    pub(super) concurrency: usize,
    /// Whether the function itself says so: AWS gives another reason then.
    pub(super) reserved: bool,
}

/// What runs a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Runtime {
    /// AWS's runtime client under a Python.
    Python {
        /// `3.12`
        version: String,
        /// The Python that has the client; empty until it is installed.
        python: PathBuf,
    },
    /// A program that speaks the Runtime API.
    Provided {
        /// `provided.al2023`
        name: String,
        /// The program.
        bootstrap: PathBuf,
    },
}

// === impl Function ===

impl Function {
    /// `python3.12 app.handler, 3 s, at most 10 instances`
    pub(super) fn about(&self) -> String {
        let handler = if self.handler.is_empty() { String::new() } else { format!(" {}", self.handler) };
        let (seconds, instances) = (self.timeout.as_secs(), self.concurrency);
        let instances =
            if instances == 1 { "1 instance".to_owned() } else { format!("{instances} instances") };
        format!("{}{handler}, {seconds} s, at most {instances}", self.runtime.name())
    }
}

// === impl Runtime ===

impl Runtime {
    /// AWS's name for it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Python { version, .. } => format!("python{version}"),
            Self::Provided { name, .. } => name.clone(),
        }
    }
}
