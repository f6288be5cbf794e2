//! The issuer of tokens of the whole stack.

use super::START;
use crate::demo::{Error, parts};
use crate::process::{Probe, Process};
use crate::toolchain;
use crate::ui::Ui;
use std::path::{Path, PathBuf};

/// An issuer that runs; dropping it stops it.
#[derive(Debug)]
pub(super) struct Issuer {
    process: Process,
    url: String,
    log: PathBuf,
}

// === impl Issuer ===

impl Issuer {
    /// Where the document says that it is.
    pub(super) const PLACE: &str = "http://issuer:8090";

    /// Builds it, starts it on a free port and waits until it listens.
    pub(super) fn start(ui: &Ui, files: &Path) -> Result<Self, Error> {
        let program = toolchain::service(ui, "stack-issuer")?;
        let step = ui.step("starting the issuer of tokens");
        let log = files.join("issuer.log");
        let args = parts::ISSUER.arguments(&[("listen", "127.0.0.1:0"), ("host", "127.0.0.1")]);
        let mut process = Process::start_alone("the issuer", &program, args, &log)?;
        let url = process.wait_until("starting", START, |process| match process.said("listening on ") {
            Some(url) => Probe::Ready(url),
            None => Probe::NotYet(String::new()),
        });
        match url {
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
}
