//! What runs: Envoy and what is behind it, started in order, watched, stopped in order.

use super::backend::{Backend, Folders};
use super::envoy::{self, Envoy, Parts};
use super::story::Told;
use super::{Args, Error};
use crate::ui::Ui;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What runs. Fields are dropped in this order: Envoy ends before what it asks, and the files go last.
#[derive(Debug)]
pub(super) struct Servers {
    pub(super) envoy: Envoy,
    pub(super) backend: Box<dyn Backend>,
    files: TempDir,
}

// === impl Servers ===

impl Servers {
    pub(super) fn start(
        ui: &Ui,
        args: &Args,
        story: &Told,
        program: &Path,
        module: &Path,
    ) -> Result<Self, Error> {
        let files = tempfile::Builder::new().prefix("sekisho-demo-").tempdir().map_err(|source| {
            Error::Io { path: std::env::temp_dir(), doing: "cannot make a folder in it", source }
        })?;
        let data = args.keep_data.clone().unwrap_or_else(|| files.path().join("data"));
        let mut backend = story.needs.start(ui, &Folders { files: files.path(), data: &data })?;
        let parts = Parts { program, module, story, places: &backend.places(), files: files.path() };
        let envoy = Envoy::start(ui, args, &parts)?;
        backend.observe(ui, files.path(), &envoy.admin)?;
        Ok(Self { envoy, backend, files })
    }

    /// Whether all of it runs and nobody asked to stop.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        self.backend.check()?;
        Ok(self.envoy.process.check()?)
    }

    /// Whether all of it runs.
    pub(super) fn check_running(&mut self) -> Result<(), Error> {
        match self.check() {
            Err(error) if !error.is_interrupt() => Err(error),
            Err(_) | Ok(()) => Ok(()),
        }
    }

    pub(super) fn envoy_log(&self) -> PathBuf {
        envoy::log(self.files.path())
    }

    pub(super) fn stop(self, ui: &Ui) {
        let step = ui.step(&format!("stopping Envoy and {}", self.backend.name()));
        drop(self);
        step.done("stopped");
    }
}
