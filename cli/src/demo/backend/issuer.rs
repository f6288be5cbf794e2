//! The issuer of tokens of the whole stack.

use super::listening::{Listening, said};
use crate::demo::{Error, parts};
use crate::process::Process;
use crate::toolchain;
use crate::ui::Ui;
use std::path::Path;

/// Where the document says that it is.
pub(super) const PLACE: &str = "http://issuer:8090";

/// Builds it, starts it on a free port and waits until it listens.
pub(super) fn start(ui: &Ui, files: &Path) -> Result<Listening, Error> {
    let program = toolchain::service(ui, "stack-issuer")?;
    let step = ui.step("starting the issuer of tokens");
    let log = files.join("issuer.log");
    let args = parts::ISSUER.arguments(&[("listen", "127.0.0.1:0"), ("host", "127.0.0.1")]);
    let process = Process::start_alone("the issuer", &program, args, &log)?;
    Listening::wait(step, process, log, said)
}
