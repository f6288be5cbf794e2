//! `sekisho diff`: what changes for clients between two documents, or two deployments of one.

use crate::{Error, Ui};
use clap::ValueEnum;
use sekisho::gateway::diagnostics::similar;
use std::process::ExitCode;

mod change;
mod compare;
mod document;
mod members;
mod report;
mod routes;
mod rules;

pub use change::{Access, Change, Kind, Place};
pub use compare::{deployments, documents};
pub use document::Document;

/// Show what changes for clients between two documents, or between two deployments of one.
///
/// Each stage is compared by what it serves, and each canary by what it serves, whatever the deployments are called: routes, who
/// may call them, integrations, limits, CORS, domains, keys. What lets in more clients than before, or may, is told first. Values
/// that may be secret are never shown.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The document as it is; `-` is stdin.
    before: String,
    /// The document as it will be; `-` is stdin. Without it two deployments of one document are compared.
    #[arg(required_unless_present_any = ["from", "to"], conflicts_with_all = ["from", "to", "api"])]
    after: Option<String>,
    /// Compare from this deployment; from the live lists when absent.
    #[arg(long, value_name = "ID")]
    from: Option<String>,
    /// Compare to this deployment; to the live lists when absent.
    #[arg(long, value_name = "ID")]
    to: Option<String>,
    /// The API whose deployments are compared; may be absent where there is one.
    #[arg(long, value_name = "ID")]
    api: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// What exit status 1 tells: `difference` (any), or `loosened` (more may call than before, and nothing else matters).
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = FailOn::Difference)]
    #[arg(hide_possible_values = true)]
    fail_on: FailOn,
}

/// What exit status 1 tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Any difference.
    Difference,
    /// That more may call than before.
    Loosened,
}

const EXAMPLES: &str = "\
Examples:
  sekisho diff old.json new.json
  git show main:gateway.json | sekisho diff - gateway.json --fail-on loosened
  sekisho diff gateway.json --from 3f1c0a92de          # that deployment, and the live lists
  sekisho diff gateway.json --from 3f1c0a92de --to 8b20c41f7a --json

Exit status, as diff(1): 0 if nothing changes, 1 if something does, 2 if the documents cannot be compared.";

/// Prints the comparison: 0 if nothing changes, 1 if something does, 2 if the documents cannot be compared.
///
/// # Errors
/// If the command was not called as it must be.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    let changes = match changes(args) {
        Ok(changes) => changes,
        Err(error) => {
            ui.error(&error);
            return Ok(ExitCode::from(2));
        }
    };
    ui.print(&if args.json { report::json(&changes)? } else { report::text(&changes) })?;
    let fails = match args.fail_on {
        FailOn::Difference => !changes.is_empty(),
        FailOn::Loosened => changes.iter().any(Change::is_loosened),
    };
    Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The comparison as text.
#[must_use]
pub fn text(changes: &[Change]) -> String {
    report::text(changes)
}

fn changes(args: &Args) -> Result<Vec<Change>, Error> {
    let before = Document::read(&args.before)?;
    let Some(after) = &args.after else {
        return of_deployments(&before, args);
    };
    if args.before == "-" && after == "-" {
        return Err(Error::usage("only one of the documents can be stdin"));
    }
    Ok(documents(&before, &Document::read(after)?))
}

fn of_deployments(document: &Document, args: &Args) -> Result<Vec<Change>, Error> {
    let apis = &document.config().apis;
    let names = apis.iter().map(|api| api.api_id.as_str());
    let api = match (&args.api, apis.as_slice()) {
        (Some(id), _) => {
            apis.iter().find(|api| api.api_id == *id).ok_or_else(|| unknown("an API", id, names))?
        }
        (None, [only]) => only,
        (None, _) => {
            return Err(Error::usage("the document has several APIs").help("name one of them: `--api ID`"));
        }
    };
    for id in args.from.iter().chain(&args.to) {
        if !api.deployments.iter().any(|deployment| deployment.deployment_id == *id) {
            let names = api.deployments.iter().map(|deployment| deployment.deployment_id.as_str());
            return Err(unknown("a deployment", id, names));
        }
    }
    deployments(document, &api.api_id, args.from.as_deref(), args.to.as_deref())
}

fn unknown<'a>(what: &str, wanted: &str, names: impl Iterator<Item = &'a str>) -> Error {
    let error = Error::failed(format!("the document has not {what} that is named `{wanted}`"));
    match similar(wanted, names) {
        Some(near) => error.help(format!("there is one with a similar name: `{near}`")),
        None => error,
    }
}
