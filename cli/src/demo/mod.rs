//! `sekisho demo`: everything in one go. Checks the tools, builds the filter and the story's service, finds an Envoy or
//! installs one, starts both, shows real requests with their answers, and stops what it started.

mod client;
mod ports;
mod servers;
mod story;

use crate::process::{self, interrupted, watch_interrupts};
use crate::toolchain::{self, ENVOY_VERSION};
use crate::ui::Ui;
use client::Client;
use servers::Servers;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use story::Story;

/// How often the servers are looked at while the demo runs.
const WATCH: Duration = Duration::from_millis(100);

const EXAMPLES: &str = "\
Examples:
  sekisho demo
  sekisho demo users-posts --port 8888 --admin-port 0
  sekisho demo --envoy /usr/local/bin/envoy --keep-data ./data";

/// Run a gateway with everything it needs, and show what it answers.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The example that is run.
    #[arg(value_enum, default_value_t = Story::UsersPosts)]
    story: Story,
    /// The gateway's port on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
    /// The port of Envoy's admin pages on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 9901)]
    admin_port: u16,
    /// The Envoy to run; else $ENVOY_BIN, `envoy` on PATH, or one that is installed under target/.
    #[arg(long, value_name = "PATH")]
    envoy: Option<PathBuf>,
    /// Keep the service's data in this folder; else it is thrown away at the end.
    #[arg(long, value_name = "DIR")]
    keep_data: Option<PathBuf>,
    /// Stop after the requests have been shown.
    #[arg(long)]
    once: bool,
}

/// Why the demo does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A port is another program's.
    #[error("127.0.0.1:{port} is taken: another program listens there")]
    PortTaken {
        /// The port.
        port: u16,
        /// The flag that chooses it.
        flag: &'static str,
    },
    /// A port cannot be had for another reason.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Port {
        /// The port.
        port: u16,
        /// The flag that chooses it.
        flag: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// The story's document does not fit.
    #[error("`{}`: {problem}", path.display())]
    Document {
        /// The document.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A request could not be made.
    #[error("{request}: {problem}")]
    Request {
        /// What was asked.
        request: String,
        /// What is wrong.
        problem: String,
        /// The last lines of Envoy's log.
        log: String,
    },
    /// A file or folder cannot be used.
    #[error("`{}`: {doing}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A tool is missing or failed.
    #[error(transparent)]
    Toolchain(#[from] toolchain::Error),
    /// A process does not do what it should.
    #[error(transparent)]
    Process(#[from] process::Error),
}

// === impl Error ===

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::PortTaken { flag, .. } => {
                Some(format!("stop it, or choose another port with `{flag} N`; `{flag} 0` takes a free one"))
            }
            Self::Port { flag, .. } => {
                Some(format!("choose another port with `{flag} N`; `{flag} 0` takes a free one"))
            }
            Self::Toolchain(error) => error.help(),
            Self::Document { .. } | Self::Request { .. } | Self::Io { .. } | Self::Process(_) => None,
        }
    }

    /// The last lines of the log of the process that is to blame.
    fn log(&self) -> &str {
        match self {
            Self::Process(error) | Self::Toolchain(toolchain::Error::Process(error)) => error.log(),
            Self::Request { log, .. } => log,
            Self::PortTaken { .. }
            | Self::Port { .. }
            | Self::Document { .. }
            | Self::Io { .. }
            | Self::Toolchain(_) => "",
        }
    }
}

/// Runs the demo until it is interrupted, or once.
///
/// # Errors
/// When something is missing, does not start or does not answer as it should; everything that was started is stopped.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, crate::Error> {
    match watched(args, ui) {
        Ok(code) => Ok(code),
        Err(error) => {
            for line in error.log().lines() {
                ui.note(&format!("    {line}"));
            }
            let help = error.help();
            let told = crate::Error::failed(error.to_string());
            Err(match help {
                Some(help) => told.help(help),
                None => told,
            })
        }
    }
}

fn watched(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    watch_interrupts().map_err(|source| Error::Io {
        path: PathBuf::new(),
        doing: "cannot handle interrupts",
        source,
    })?;
    match serve(args, ui) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(Error::Process(process::Error::Interrupted))
        | Err(Error::Toolchain(toolchain::Error::Process(process::Error::Interrupted))) => {
            ui.note("interrupted; everything is stopped");
            Ok(ExitCode::from(130))
        }
        Err(error) => Err(error),
    }
}

fn serve(args: &Args, ui: &Ui) -> Result<(), Error> {
    ports::check(args.port, "--port")?;
    ports::check(args.admin_port, "--admin-port")?;
    let mut missing = toolchain::build_needs();
    if !toolchain::envoy_is_there(args.envoy.as_deref()) {
        missing.extend(toolchain::install_needs());
    }
    toolchain::require(missing)?;

    let envoy = toolchain::envoy_at(ui, args.envoy.as_deref(), ENVOY_VERSION)?;
    let module = toolchain::module(ui)?;
    let service = toolchain::service(ui, args.story.service())?;
    let mut servers = Servers::start(ui, args, &envoy, &module, &service)?;
    let client = Client::new(&servers.gateway);
    client.wait(&mut servers)?;

    ui.say("");
    for request in args.story.requests(args.keep_data.is_some()) {
        servers.check()?;
        client.show(ui, &request, &servers)?;
    }
    ui.say(&format!("gateway   {}", servers.gateway));
    ui.say(&format!("admin     {}", servers.admin));
    if args.once {
        servers.stop(ui);
        return Ok(());
    }
    ui.say(&format!("Envoy's log is {}", servers.envoy_log().display()));
    ui.say("Try requests of your own. Ctrl-C stops everything.");
    while !interrupted() {
        servers.check_running()?;
        std::thread::sleep(WATCH);
    }
    servers.stop(ui);
    Ok(())
}
