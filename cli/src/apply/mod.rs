//! `sekisho apply`: a changed document into a running Envoy, without a failed request.
//!
//! The order keeps every request whole: new clusters, until they are warm; then the filter that names them, until Envoy
//! confirms it; then routes and listener; and at last the clusters that nothing uses any more, once they are idle. What
//! Envoy refuses is taken back, and the old configuration keeps serving.

pub mod admin;
pub mod envoy;
mod rollout;

pub use rollout::{Options, Outcome, roll_out};

use crate::render::dynamic::{Delivery, Layout};
use crate::render::settings::address;
use crate::render::{self, Plan, Settings, bootstrap, document, yaml};
use crate::ui::Ui;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Applies a gateway document to a running Envoy.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The gateway document.
    pub file: PathBuf,
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
    /// Seconds to wait for Envoy to confirm each step.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub timeout: u64,
    /// Seconds for running requests to finish before clusters that nothing uses any more are removed. The default is
    /// the longest authorizer and the longest integration.
    #[arg(long, value_name = "SECONDS", default_value_t = 45)]
    pub drain: u64,
}

/// Why a document was not applied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The document is refused, or a file cannot be written.
    #[error(transparent)]
    Render(#[from] render::Error),
    /// The folder is not one of `render --dynamic`.
    #[error("{}: {why}\n  help: write the folder with `sekisho render --dynamic`, and start Envoy with its `bootstrap.yaml`", path.display())]
    Folder {
        /// The file that is missing or damaged.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Envoy would not start with the document.
    #[error("Envoy refuses the configuration; nothing was changed\n{log}")]
    Invalid {
        /// What Envoy says.
        log: String,
    },
    /// Somebody else applies at this moment.
    #[error("{}: another `sekisho apply` is at work in this folder", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
    /// Envoy cannot be asked.
    #[error("Envoy's admin interface at {admin} does not answer: {why}")]
    Admin {
        /// Its address.
        admin: SocketAddr,
        /// Why.
        why: String,
    },
    /// Envoy refused a step.
    #[error("Envoy refused {what}; the old configuration keeps serving{}", because(why))]
    Refused {
        /// Which step.
        what: &'static str,
        /// Envoy's words, where it has some.
        why: String,
    },
    /// Envoy did not confirm a step.
    #[error(
        "Envoy has not confirmed {what} within {seconds} s; the old files are back\n  \
         help: is the Envoy at {admin} the one that was started with this folder's `bootstrap.yaml`?"
    )]
    Unconfirmed {
        /// Which step.
        what: &'static str,
        /// How long it was waited for.
        seconds: u64,
        /// The Envoy that was asked.
        admin: SocketAddr,
    },
}

fn because(why: &str) -> String {
    if why.is_empty() { "\n  help: Envoy's log says why".to_owned() } else { format!("\n  {why}") }
}

/// Carries out the verb. Exit code 1: the document is refused and nothing was changed; 3: Envoy did not take it, and the
/// old configuration keeps serving.
///
/// # Errors
/// None: they are printed.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    match apply(args, ui) {
        Ok(outcome) => {
            ui.say(&outcome.to_string());
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            ui.say(&format!("error: {error}"));
            Ok(ExitCode::from(error.exit_code()))
        }
    }
}

fn apply(args: &Args, ui: &Ui) -> Result<Outcome, Error> {
    let layout = Layout::new(&args.dynamic)?;
    let mut settings = settings(&layout)?;
    if let Some(wasm) = &args.wasm {
        settings = Settings { wasm: wasm.clone(), ..settings }.absolute()?;
    }
    let (plan, warnings) = document::read(&args.file)?;
    for warning in &warnings.0 {
        ui.say(&warning.to_string());
    }
    render::check(&plan, &settings)?;
    let step = ui.step("checking the configuration");
    match envoy::find(args.envoy.as_deref()) {
        None => step.done("by the command alone: no `envoy` was found to ask"),
        Some(binary) => match validate(&binary, &plan, &settings) {
            Ok(()) => step.done(&format!("by {}", binary.display())),
            Err(error) => {
                step.fail("Envoy refuses it");
                return Err(error);
            }
        },
    }
    let options = Options {
        admin: args.admin,
        timeout: Duration::from_secs(args.timeout),
        drain: Duration::from_secs(args.drain),
    };
    roll_out(&plan, &settings, &layout, &options, ui)
}

/// Asks an Envoy whether it would start with the document. A running Envoy is never asked first: `--mode validate` runs
/// the filter's own checks, and costs the running one nothing.
///
/// # Errors
/// What Envoy says.
pub fn validate(binary: &Path, plan: &Plan, settings: &Settings) -> Result<(), Error> {
    let failed = |source: std::io::Error| render::Error::Read { path: binary.to_owned(), source };
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
    let path = layout.settings();
    let folder = |why: String| Error::Folder { path: path.clone(), why };
    let text = std::fs::read(&path).map_err(|error| folder(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| folder(error.to_string()))
}

// === impl Error ===

impl Error {
    /// 1 when nothing was changed because the document or the command line is wrong, 3 when Envoy did not take it.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Render(_) | Self::Folder { .. } | Self::Invalid { .. } | Self::Busy { .. } => 1,
            Self::Admin { .. } | Self::Refused { .. } | Self::Unconfirmed { .. } => 3,
        }
    }
}
