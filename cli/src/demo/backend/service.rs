//! A service of an example: a crate, built by cargo, on a free port.

use super::listening::{Listening, said};
use super::{Backend, Folders, Needs};
use crate::demo::{Error, parts};
use crate::process::Process;
use crate::toolchain::{self, Missing};
use crate::ui::Ui;
use std::path::Path;

/// A service that is needed.
pub(in crate::demo) struct Service {
    /// The crate, and its program.
    pub(in crate::demo) package: &'static str,
    /// Where the document says that it is.
    pub(in crate::demo) place: &'static str,
}

#[derive(Debug)]
struct Running {
    program: Listening,
    place: &'static str,
}

// === impl Service ===

impl Needs for Service {
    fn missing(&self) -> Vec<Missing> {
        // What builds the filter builds a service.
        Vec::new()
    }

    fn start(&self, ui: &Ui, folders: &Folders<'_>) -> Result<Box<dyn Backend>, Error> {
        let program = toolchain::service(ui, self.package)?;
        let step = ui.step(&format!("starting the service `{}`", self.package));
        let data = folders.data.display().to_string();
        let args = parts::USERS_POSTS.arguments(&[("listen", "127.0.0.1:0"), ("data", &data)]);
        let log = folders.files.join("service.log");
        let process = Process::start("the service", &program, args, &log)?;
        Ok(Box::new(Running { program: Listening::wait(step, process, log, said)?, place: self.place }))
    }
}

// === impl Running ===

impl Backend for Running {
    fn name(&self) -> &'static str {
        "the service"
    }

    fn places(&self) -> Vec<(&'static str, &str)> {
        vec![(self.place, self.program.url())]
    }

    fn check(&mut self) -> Result<(), Error> {
        self.program.check()
    }

    fn can_answer(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Its log is a file.
    fn show(&self, _ui: &Ui) {}

    fn endpoints(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    fn logs(&self) -> Vec<(&'static str, &Path)> {
        vec![("the service", self.program.log())]
    }
}
