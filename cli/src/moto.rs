//! moto, a server that stands in for AWS's services: on a free port of this machine, with all it keeps in memory.

use crate::process::{self, Probe, Process};
use std::path::Path;
use std::time::Duration;

/// How long it may take to start: Python reads some fifty megabytes, and the machine may be busy.
const START: Duration = Duration::from_secs(60);

/// Serves on a free port and says where. moto's own command says it too, but tells its services that its port is 0.
const SERVE: &str = include_str!("moto/serve.py");

/// A server that runs; dropping it stops it.
#[derive(Debug)]
pub struct Moto {
    process: Process,
    endpoint: String,
}

// === impl Moto ===

impl Moto {
    /// Starts it under the Python of [`crate::toolchain::moto_python`] and waits until it listens. Its output goes to `log`.
    ///
    /// # Errors
    /// When it does not start, or the user asks to stop.
    pub fn start(python: &Path, log: &Path) -> Result<Self, process::Error> {
        // Neither this folder's modules are taken for moto's, nor anybody's AWS_PROFILE: moto is a client of boto3 too.
        let mut process = Process::start_alone("moto", python, ["-I", "-u", "-c", SERVE], log)?;
        let endpoint =
            process.wait_until("starting", START, |process| match process.said("listening on ") {
                Some(endpoint) => Probe::Ready(endpoint),
                None => Probe::NotYet(String::new()),
            })?;
        Ok(Self { process, endpoint })
    }

    /// Where all its services are: `http://127.0.0.1:5000`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Whether all is well: it runs, and nobody asked to stop.
    ///
    /// # Errors
    /// When one of the two is not so.
    pub fn check(&mut self) -> Result<(), process::Error> {
        self.process.check()
    }

    /// The last lines of its log.
    #[must_use]
    pub fn tail(&self) -> String {
        self.process.tail()
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What its clients are given, in the names that every AWS client reads: where it is, and keys that anything but moto
    /// refuses, so that a mistake never reaches an account.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, &str); 3] {
        [
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
        ]
    }
}
