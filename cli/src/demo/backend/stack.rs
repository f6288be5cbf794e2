//! The whole stack: the service, the function with what it uses, an issuer of tokens, and Prometheus if it is there.

use super::listening::Listening;
use super::{Backend, Folders, Functions, Needs, Service, issuer, prometheus};
use crate::demo::Error;
use crate::demo::parts;
use crate::toolchain::Missing;
use crate::ui::Ui;
use std::path::Path;

const SERVICE: Service = Service { package: "users-posts", place: "http://users-posts:8081" };
const FUNCTIONS: Functions = Functions {
    folder: "examples/stack",
    tables: "../lambda-crud/create_tables.py",
    place: "http://function:8080",
};

/// The whole stack is needed.
pub(in crate::demo) struct Stack;

/// Fields are dropped in this order: who asks ends before who is asked.
#[derive(Debug)]
struct Running {
    prometheus: Option<Listening>,
    service: Box<dyn Backend>,
    functions: Box<dyn Backend>,
    issuer: Listening,
}

// === impl Stack ===

impl Needs for Stack {
    fn missing(&self) -> Vec<Missing> {
        FUNCTIONS.missing()
    }

    fn start(&self, ui: &Ui, folders: &Folders<'_>) -> Result<Box<dyn Backend>, Error> {
        let service = SERVICE.start(ui, folders)?;
        let issuer = issuer::start(ui, folders.files)?;
        let functions = FUNCTIONS.start(ui, folders)?;
        Ok(Box::new(Running { prometheus: None, service, functions, issuer }))
    }
}

// === impl Running ===

impl Backend for Running {
    fn name(&self) -> &'static str {
        "the stack"
    }

    fn places(&self) -> Vec<(&'static str, &str)> {
        let issuer = (issuer::PLACE, self.issuer.url());
        [self.service.places(), self.functions.places(), vec![issuer]].concat()
    }

    fn check(&mut self) -> Result<(), Error> {
        self.service.check()?;
        self.functions.check()?;
        self.issuer.check()?;
        self.prometheus.as_mut().map_or(Ok(()), Listening::check)
    }

    fn can_answer(&self) -> Result<(), Error> {
        self.service.can_answer()?;
        self.functions.can_answer()
    }

    fn show(&self, ui: &Ui) {
        self.functions.show(ui);
    }

    fn endpoints(&self) -> Vec<(&'static str, &str)> {
        let mut all = self.functions.endpoints();
        all.extend(self.service.places().iter().map(|(_, origin)| ("service", *origin)));
        all.push(("issuer", self.issuer.url()));
        all.extend(self.prometheus.as_ref().map(|it| ("prometheus", it.url())));
        all
    }

    fn logs(&self) -> Vec<(&'static str, &Path)> {
        let mut all = self.service.logs();
        all.extend(self.functions.logs());
        all.push(("the issuer", self.issuer.log()));
        all.extend(self.prometheus.as_ref().map(|it| ("Prometheus", it.log())));
        all
    }

    fn token_endpoint(&self) -> Option<String> {
        Some(format!("{}/token", self.issuer.url()))
    }

    fn observe(&mut self, ui: &Ui, files: &Path, admin: &str) -> Result<(), Error> {
        self.prometheus = prometheus::start(ui, files, admin)?;
        if let parts::Here::Nothing(why) = parts::GRAFANA.here {
            ui.note(&format!("no Grafana: {why}"));
        }
        Ok(())
    }

    fn look(&mut self, ui: &Ui) -> Result<(), Error> {
        let apis = ["users-posts", "functions", "private"];
        self.prometheus.as_mut().map_or(Ok(()), |it| prometheus::look(it, ui, &apis))
    }
}
