//! Functions under their real runtime clients, and moto in the place of the services that they use.

use super::{Backend, Folders, Needs};
use crate::demo::Error;
use crate::lambda::{self, ACCOUNT, Port, REGION, Server};
use crate::moto::Moto;
use crate::process::Tool;
use crate::toolchain::{self, Missing, workspace};
use crate::ui::Ui;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Functions that are needed, and tables for them.
pub(in crate::demo) struct Functions {
    /// The folder with `functions.json`, from the workspace's.
    pub(in crate::demo) folder: &'static str,
    /// The script in it that creates the tables.
    pub(in crate::demo) tables: &'static str,
    /// Where the document says that functions are invoked.
    pub(in crate::demo) place: &'static str,
}

/// Fields are dropped in this order: the functions end before what they use.
#[derive(Debug)]
struct Running {
    server: Server,
    moto: Moto,
    place: &'static str,
    origin: String,
    log: PathBuf,
}

// === impl Functions ===

impl Needs for Functions {
    fn missing(&self) -> Vec<Missing> {
        toolchain::python_needs("run functions of Python, and moto for the services that they use")
    }

    fn start(&self, ui: &Ui, folders: &Folders<'_>) -> Result<Box<dyn Backend>, Error> {
        let folder = workspace()?.join(self.folder);
        let file = folder.join("functions.json").display().to_string();
        let mut functions = lambda::Functions::read(&file).map_err(Error::Functions)?;
        let python = toolchain::moto_python(ui)?;
        functions.install(ui)?;

        let log = folders.files.join("moto.log");
        let moto = start_moto(ui, &python, &log)?;
        create_tables(ui, &python, &folder.join(self.tables), &moto)?;
        for (name, value) in moto.environment() {
            functions.set(name, value);
        }
        let port = Port::bind(0).map_err(Error::Functions)?;
        let server = Server::start(port, functions, REGION.to_owned(), ACCOUNT.to_owned());
        let origin = format!("http://{}", server.address());
        Ok(Box::new(Running { server, moto, place: self.place, origin, log }))
    }
}

// === impl Running ===

impl Backend for Running {
    fn name(&self) -> &'static str {
        "the functions and moto"
    }

    fn places(&self) -> Vec<(&'static str, &str)> {
        vec![(self.place, &self.origin)]
    }

    fn check(&mut self) -> Result<(), Error> {
        self.moto.check().map_err(Error::Moto)
    }

    fn can_answer(&self) -> Result<(), Error> {
        self.server.unloadable().map_or(Ok(()), |why| Err(Error::Function(why.to_owned())))
    }

    fn show(&self, ui: &Ui) {
        self.server.show(ui, Duration::ZERO);
    }

    fn endpoints(&self) -> Vec<(&'static str, &str)> {
        vec![("lambda", &self.origin), ("moto", self.moto.endpoint())]
    }

    fn logs(&self) -> Vec<(&'static str, &Path)> {
        vec![("moto", &self.log)]
    }
}

fn start_moto(ui: &Ui, python: &Path, log: &Path) -> Result<Moto, Error> {
    let step = ui.step("starting moto, which stands in for AWS's services");
    match Moto::start(python, log) {
        Ok(moto) => {
            step.done(&format!("it listens on {}", moto.endpoint()));
            Ok(moto)
        }
        Err(error) => {
            step.fail("it does not serve");
            Err(Error::Moto(error))
        }
    }
}

/// Runs the example's own script, as people run it for an account.
fn create_tables(ui: &Ui, python: &Path, script: &Path, moto: &Moto) -> Result<(), Error> {
    let what = "creating the tables";
    let step = ui.step(what);
    let environment = moto.environment().into_iter().chain([("AWS_DEFAULT_REGION", REGION)]);
    let tool = Tool::new("python3", python).args(["-B".as_ref(), script.as_os_str()]);
    let done = match tool.environment(environment).run(|line| step.progress(line)) {
        Ok(done) => done,
        Err(error) => {
            step.fail("failed");
            return Err(error.into());
        }
    };
    if done.status.success() {
        step.done(&done.text().lines().collect::<Vec<_>>().join(", "));
        return Ok(());
    }
    step.fail("failed");
    for (whose, tail) in [("the script", done.tail()), ("moto", moto.tail())] {
        ui.note(&format!("the last words of {whose}:"));
        for line in tail.lines() {
            ui.note(&format!("    {line}"));
        }
    }
    let help = format!("look at `{}`", script.display());
    Err(toolchain::Error::Failed { what: what.to_owned(), status: done.status, help }.into())
}
