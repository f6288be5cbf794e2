//! `sekisho apply`: a changed document into a running Envoy, without a failed request.
//!
//! The order keeps every request whole: new clusters, until they are warm; loggers for lines that go to new destinations; then
//! the filter that names them, until Envoy
//! confirms it; then routes and listener; and at last the clusters that nothing uses any more, once they are idle. What
//! Envoy refuses is taken back, and the old configuration keeps serving.

pub mod admin;
pub mod envoy;
mod error;
mod files;
mod loggers;
mod rollout;

pub use error::Error;
pub use rollout::{Options, Outcome, roll_out};

use crate::Ui;
use crate::audit::{self, Attempt, Outcome as Ended, Who};
use crate::render::dynamic::{Delivery, Layout};
use crate::render::lock::Held;
use crate::render::settings::address;
use crate::render::{self, Plan, Settings, bootstrap, discovery, document, yaml};
use admin::Admin;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Apply a gateway document to a running Envoy, without a failed request
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The gateway document; `-` is stdin.
    pub file: String,
    /// The folder that `sekisho render --dynamic` wrote and Envoy watches.
    #[arg(long, value_name = "DIR")]
    pub dynamic: PathBuf,
    /// Envoy's admin interface.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9901", value_parser = address)]
    pub admin: SocketAddr,
    /// A new filter; the one in use when absent.
    #[arg(long, value_name = "PATH")]
    pub wasm: Option<PathBuf>,
    /// The Envoy that checks the configuration first; `$ENVOY_BIN`, or `envoy` on the `PATH`, when absent.
    #[arg(long, value_name = "PATH")]
    pub envoy: Option<PathBuf>,
    /// Asks no issuer of JWT authorizers where its keys are. Hosts that were found before stay.
    #[arg(long)]
    pub offline: bool,
    /// Seconds to wait for Envoy to confirm each step, and up to half a minute for its last answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub timeout: u64,
    /// Seconds for running requests to finish before clusters that nothing uses any more are removed. The default is
    /// the longest authorizer and the longest integration.
    #[arg(long, value_name = "SECONDS", default_value_t = 45)]
    pub drain: u64,
    /// Who is told of the change.
    #[command(flatten)]
    pub audit: audit::Args,
}

const EXAMPLES: &str = "\
Examples:
  sekisho apply gateway.json --dynamic run
  sekisho apply gateway.json --dynamic run --by 'release 1.4' --audit /var/log/sekisho.jsonl
  sekisho apply gateway.json --dynamic run --wasm sekisho-new.wasm   # a new filter, too

Exit status: 0 if Envoy serves the document, 1 if it is refused and nothing was changed, 3 if Envoy did not take it.";

/// Carries out the verb. Exit code 3: Envoy did not take it, and the old configuration keeps serving.
///
/// # Errors
/// Nothing was changed: the document is refused, Envoy cannot be asked, or nobody could be told.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, crate::Error> {
    let layout = Layout::new(&args.dynamic).map_err(Error::from)?;
    // What is no gateway's folder gets no audit file.
    layout.settings().metadata().map_err(|error| folder(&layout, &error.to_string()))?;
    let mut attempt = Attempt::new(&args.audit, "apply", &args.file, &layout).map_err(Error::from)?;
    let admin = Admin::new(args.admin);
    // What Envoy runs, and not what a file says: somebody may have changed the file.
    let before = admin.digest();
    let result = apply(args, ui, &layout, &mut attempt, before.as_deref());
    if let Err(Failed::Apply(Error::Audit(error))) = result {
        return Err(Error::Audit(error).into());
    }
    let (ended, reason) = match &result {
        Ok(outcome) if outcome.is_nothing() && !attempt.started() => (Ended::Unchanged, None),
        Ok(_) => (Ended::Applied, None),
        Err(error) => (error.ended(attempt.started()), Some(error.to_string())),
    };
    let after = match ended {
        Ended::Started | Ended::Unchanged | Ended::Refused => before.clone(),
        Ended::Written | Ended::Applied | Ended::Failed => admin.digest(),
        Ended::TakenBack => admin.digest_again(before.as_deref()),
    };
    let told = attempt.end(ended, before.as_deref(), after.as_deref(), reason.as_deref());
    let code = say(result, ui);
    match told {
        Ok(()) => code,
        Err(error) => {
            if let Err(error) = code {
                ui.error(&error);
            }
            let problem = format!("{error}; it would have said `{}`", ended.word());
            Err(crate::Error::failed(problem))
        }
    }
}

fn say(result: Result<Outcome, Failed>, ui: &Ui) -> Result<ExitCode, crate::Error> {
    match result {
        Ok(outcome) => {
            ui.say(&outcome.to_string());
            Ok(ExitCode::SUCCESS)
        }
        Err(Failed::Document(error)) => Err(error),
        Err(Failed::Apply(error)) if error.is_envoys() => {
            ui.error(&error.into());
            Ok(ExitCode::from(3))
        }
        Err(Failed::Apply(error)) => Err(error.into()),
    }
}

#[derive(Debug)]
enum Failed {
    Document(crate::Error),
    Apply(Error),
}

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Apply(error.into())
    }
}

impl Failed {
    /// How the attempt ended.
    fn ended(&self, started: bool) -> Ended {
        match self {
            Self::Apply(Error::Stuck { .. } | Error::Unsaved { .. }) => Ended::Failed,
            Self::Document(_) | Self::Apply(_) if started => Ended::TakenBack,
            Self::Document(_) | Self::Apply(_) => Ended::Refused,
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(error) => error.reason(f),
            Self::Apply(error) => error.fmt(f),
        }
    }
}

fn apply(
    args: &Args,
    ui: &Ui,
    layout: &Layout,
    attempt: &mut Attempt,
    before: Option<&str>,
) -> Result<Outcome, Failed> {
    // Held from here, because what is read now is the ground of what is written.
    let held = Held::take(layout, &Who::here(args.audit.by.clone()))?;
    let mut settings = settings(layout)?;
    if let Some(wasm) = &args.wasm {
        settings = Settings { wasm: wasm.clone(), ..settings }.absolute()?;
    }
    let issuers = discovery::issuers(args.offline, &settings.ca_file, Some(layout));
    let (plan, warnings) = document::read(&args.file, &issuers).map_err(Failed::Document)?;
    attempt.offers(&plan.document);
    ui.diagnostics(&warnings);
    render::check(&plan, &settings)?;
    let step = ui.step("checking the configuration");
    match envoy::find(args.envoy.as_deref()) {
        None => step.done("by the command alone: no `envoy` was found to ask"),
        Some(binary) => match validate(&binary, &plan, &settings) {
            Ok(()) => step.done(&format!("by {}", binary.display())),
            Err(error) => {
                step.fail("Envoy refuses it");
                return Err(error.into());
            }
        },
    }
    let options = Options {
        admin: args.admin,
        timeout: Duration::from_secs(args.timeout),
        drain: Duration::from_secs(args.drain),
    };
    let mut start = || attempt.start(before).map_err(Error::from);
    Ok(roll_out(&plan, &settings, &held, &options, ui, &mut start)?)
}

/// Asks an Envoy whether it would start with the document. A running Envoy is never asked first: `--mode validate` runs
/// the filter's own checks, and costs the running one nothing.
///
/// # Errors
/// What Envoy says.
pub fn validate(binary: &Path, plan: &Plan, settings: &Settings) -> Result<(), Error> {
    let failed = |source| Error::Check { binary: binary.to_owned(), source };
    let folder = tempfile::tempdir().map_err(failed)?;
    let file = folder.path().join("bootstrap.yaml");
    let bootstrap = bootstrap::bootstrap(plan, settings, Delivery::Static);
    std::fs::write(&file, yaml::document(&bootstrap)).map_err(failed)?;
    match envoy::refusal(binary, &file).map_err(failed)? {
        None => Ok(()),
        Some(log) => Err(Error::Invalid { log }),
    }
}

fn settings(layout: &Layout) -> Result<Settings, Error> {
    let text = std::fs::read(layout.settings()).map_err(|error| folder(layout, &error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| folder(layout, &error.to_string()))
}

fn folder(layout: &Layout, why: &str) -> Error {
    Error::Folder { path: layout.settings(), why: why.to_owned() }
}
