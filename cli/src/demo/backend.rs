//! What is behind a story's gateway: a service, or functions and the services that they use.

mod functions;
mod issuer;
mod listening;
mod prometheus;
mod service;
mod stack;

pub(super) use functions::Functions;
pub(super) use service::Service;
pub(super) use stack::Stack;

use super::Error;
use crate::toolchain::Missing;
use crate::ui::Ui;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// How long a server may take to start: the machine may be busy.
const START: Duration = Duration::from_secs(60);

/// What a story needs behind its gateway.
pub(super) trait Needs: Sync {
    /// What is missing on this machine for it.
    fn missing(&self) -> Vec<Missing>;

    /// Builds or installs it, starts it, and waits until it can be asked.
    fn start(&self, ui: &Ui, folders: &Folders<'_>) -> Result<Box<dyn Backend>, Error>;
}

/// What runs behind a gateway; dropping it stops it.
pub(super) trait Backend: fmt::Debug {
    /// What it is called: `the service`.
    fn name(&self) -> &'static str;

    /// Where the document says that something is, and where it is: `http://127.0.0.1:8081`.
    fn places(&self) -> Vec<(&'static str, &str)>;

    /// Whether all of it runs, and nobody asked to stop.
    fn check(&mut self) -> Result<(), Error>;

    /// Whether it can answer, as far as it knows: what is wrong here would be wrong for ever.
    fn can_answer(&self) -> Result<(), Error>;

    /// Prints what it has written since.
    fn show(&self, ui: &Ui);

    /// Where else something can be asked, with what it is.
    fn endpoints(&self) -> Vec<(&'static str, &str)>;

    /// Its log files, with whose they are.
    fn logs(&self) -> Vec<(&'static str, &Path)>;

    /// Where tokens are had, if requests have any.
    fn token_endpoint(&self) -> Option<String> {
        None
    }

    /// Starts what looks at Envoy, whose admin interface is there. Its files go to a folder.
    fn observe(&mut self, _ui: &Ui, _files: &Path, _admin: &str) -> Result<(), Error> {
        Ok(())
    }

    /// Shows what that has seen of the story's requests.
    fn look(&mut self, _ui: &Ui) -> Result<(), Error> {
        Ok(())
    }
}

/// Where a backend puts its files.
pub(super) struct Folders<'a> {
    /// What is thrown away at the end.
    pub(super) files: &'a Path,
    /// What may be kept.
    pub(super) data: &'a Path,
}
