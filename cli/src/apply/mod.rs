//! `sekisho apply`: a changed document into a running Envoy, without a failed request.
//!
//! The order keeps every request whole: new clusters, until they are warm; then the filter that names them, until Envoy
//! confirms it; then routes and listener; and at last the clusters that nothing uses any more, once they are idle. What
//! Envoy refuses is taken back, and the old configuration keeps serving.

pub mod admin;
pub mod envoy;
mod rollout;

pub use rollout::{Options, Outcome, roll_out};

use crate::Ui;
use crate::render::dynamic::{Delivery, Layout};
use crate::render::settings::address;
use crate::render::{self, Plan, Settings, bootstrap, discovery, document, yaml};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Applies a gateway document to a running Envoy.
#[derive(Debug, clap::Args)]
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
    /// A whole Envoy cannot be rendered, or a file cannot be written.
    #[error(transparent)]
    Render(#[from] render::Error),
    /// The Envoy that checks first cannot be run.
    #[error("{}: {source}", binary.display())]
    Check {
        /// The binary.
        binary: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder is not one of `render --dynamic`.
    #[error("{}: {why}", path.display())]
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
    #[error("Envoy refused {what}; the old configuration keeps serving{why}")]
    Refused {
        /// Which step.
        what: &'static str,
        /// Envoy's words behind a line feed, where it has some.
        why: String,
    },
    /// Envoy did not confirm a step.
    #[error("Envoy has not confirmed {what} within {seconds} s; the old files are back")]
    Unconfirmed {
        /// Which step.
        what: &'static str,
        /// How long it was waited for.
        seconds: u64,
        /// The Envoy that was asked.
        admin: SocketAddr,
    },
}

/// Carries out the verb. Exit code 3: Envoy did not take it, and the old configuration keeps serving.
///
/// # Errors
/// Nothing was changed: the document is refused, or Envoy cannot be asked.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, crate::Error> {
    match apply(args, ui) {
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

enum Failed {
    Document(crate::Error),
    Apply(Error),
}

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Apply(error.into())
    }
}

fn apply(args: &Args, ui: &Ui) -> Result<Outcome, Failed> {
    let layout = Layout::new(&args.dynamic)?;
    let mut settings = settings(&layout)?;
    if let Some(wasm) = &args.wasm {
        settings = Settings { wasm: wasm.clone(), ..settings }.absolute()?;
    }
    let issuers = discovery::issuers(args.offline, &settings.ca_file, Some(&layout));
    let (plan, warnings) = document::read(&args.file, &issuers).map_err(Failed::Document)?;
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
    Ok(roll_out(&plan, &settings, &layout, &options, ui)?)
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
    let path = layout.settings();
    let folder = |why: String| Error::Folder { path: path.clone(), why };
    let text = std::fs::read(&path).map_err(|error| folder(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| folder(error.to_string()))
}

// === impl Error ===

impl Error {
    /// Whether Envoy did not take what was good enough for the command.
    #[must_use]
    pub fn is_envoys(&self) -> bool {
        match self {
            Self::Render(_)
            | Self::Check { .. }
            | Self::Folder { .. }
            | Self::Invalid { .. }
            | Self::Busy { .. } => false,
            Self::Admin { .. } | Self::Refused { .. } | Self::Unconfirmed { .. } => true,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Render(error) => error.help(),
            Self::Folder { .. } => Some(
                "write the folder with `sekisho render --dynamic`, and start Envoy with its `bootstrap.yaml`"
                    .to_owned(),
            ),
            Self::Refused { .. } => Some("Envoy's log says why".to_owned()),
            Self::Unconfirmed { admin, .. } => Some(format!(
                "is the Envoy at {admin} the one that was started with this folder's `bootstrap.yaml`?"
            )),
            Self::Check { .. } | Self::Invalid { .. } | Self::Busy { .. } | Self::Admin { .. } => None,
        }
    }
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        let failed = Self::failed(error.to_string());
        match error.help() {
            Some(help) => failed.help(help),
            None => failed,
        }
    }
}
