//! A program that listens on a port of its own choosing.

use super::START;
use crate::demo::Error;
use crate::process::{Probe, Process};
use crate::ui::Step;
use std::path::{Path, PathBuf};

/// A program that runs and listens; dropping it stops it.
#[derive(Debug)]
pub(super) struct Listening {
    process: Process,
    url: String,
    log: PathBuf,
}

// === impl Listening ===

impl Listening {
    /// Waits until the probe finds where a program listens that was just started.
    pub(super) fn wait(
        step: Step,
        mut process: Process,
        log: PathBuf,
        probe: impl FnMut(&Process) -> Probe<String>,
    ) -> Result<Self, Error> {
        match process.wait_until("starting", START, probe) {
            Ok(url) => {
                step.done(&format!("it listens on {url}"));
                Ok(Self { process, url, log })
            }
            Err(error) => {
                step.fail("it does not serve");
                Err(error.into())
            }
        }
    }

    /// `http://127.0.0.1:8090`
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// Whether it runs, and nobody asked to stop.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        Ok(self.process.check()?)
    }

    /// Its process, for those who wait for more of it.
    pub(super) fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// Where a program of ours says that it listens.
pub(super) fn said(process: &Process) -> Probe<String> {
    process.said("listening on ").map_or(Probe::NotYet(String::new()), Probe::Ready)
}
