//! `sekisho demo`: everything in one go. Checks the tools, builds the filter, finds an Envoy or installs one, starts it and what
//! the story needs behind it, shows real requests with their answers, and stops what it started.

mod backend;
mod client;
mod envoy;
mod error;
pub mod page;
pub mod parts;
mod ports;
mod servers;
mod story;

use crate::process::{interrupted, watch_interrupts};
use crate::toolchain::{self, ENVOY_VERSION};
use crate::top::Source;
use crate::ui::Ui;
use client::Client;
use page::{Page, describe};
use servers::Servers;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use story::{Data, STACK, Story, Told};

pub use error::Error;

/// How often the servers are looked at while the demo runs.
const WATCH: Duration = Duration::from_millis(100);

const EXAMPLES: &str = "\
Examples:
  sekisho demo
  sekisho demo lambda-crud
  sekisho demo --all
  sekisho demo --https --port 0
  sekisho demo users-posts --port 8888 --admin-port 0
  sekisho demo --envoy /usr/local/bin/envoy --keep-data ./data";

/// Run a gateway with everything it needs, and show what it answers.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The example that is run.
    #[arg(value_enum, default_value_t = Story::UsersPosts)]
    story: Story,
    /// The whole stack of docker-compose.yml without Docker: the service, the function, an issuer of tokens, and Prometheus if it is installed.
    #[arg(long, conflicts_with_all = ["story", "https", "keep_data"])]
    all: bool,
    /// The gateway's port on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
    /// The port of Envoy's admin pages on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 9901)]
    admin_port: u16,
    /// The port of the page that shows the API and live figures, on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 0)]
    page_port: u16,
    /// Also HTTPS, with a certificate by an authority of the demo's own under target/demo/ca/, which nobody trusts unless told so.
    #[arg(long)]
    https: bool,
    /// The port of HTTPS on `localhost`; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 8443, requires = "https")]
    https_port: u16,
    /// The Envoy to run; else $ENVOY_BIN, `envoy` on PATH, or one that is installed under target/.
    #[arg(long, value_name = "PATH")]
    envoy: Option<PathBuf>,
    /// Keep the service's data in this folder; else it is thrown away at the end. `lambda-crud` has none to keep.
    #[arg(long, value_name = "DIR")]
    keep_data: Option<PathBuf>,
    /// Stop after the requests have been shown.
    #[arg(long)]
    once: bool,
}

/// Runs the demo until it is interrupted, or once.
///
/// # Errors
/// When something is missing, does not start or does not answer as it should; everything that was started is stopped.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, crate::Error> {
    match watched(args, ui) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if error.is_interrupt() => {
            ui.note("interrupted; everything is stopped");
            Ok(ExitCode::from(130))
        }
        Err(error) => {
            for line in error.log().lines() {
                ui.note(&format!("    {line}"));
            }
            Err(error.into())
        }
    }
}

fn watched(args: &Args, ui: &Ui) -> Result<(), Error> {
    watch_interrupts().map_err(|source| Error::Io {
        path: PathBuf::new(),
        doing: "cannot handle interrupts",
        source,
    })?;
    let story = if args.all { &STACK } else { args.story.told() };
    if let (Some(_), Data::Nothing { why }) = (&args.keep_data, &story.data) {
        return Err(Error::NoData { story: args.story.name(), why });
    }
    ports::check(args.port, "--port")?;
    ports::check(args.admin_port, "--admin-port")?;
    ports::check(args.page_port, "--page-port")?;
    if args.https {
        ports::check(args.https_port, "--https-port")?;
    }
    let mut missing = toolchain::build_needs();
    if !toolchain::envoy_is_there(args.envoy.as_deref()) {
        missing.extend(toolchain::install_needs());
    }
    missing.extend(story.needs.missing());
    toolchain::require(missing)?;

    let envoy = toolchain::envoy_at(ui, args.envoy.as_deref(), ENVOY_VERSION)?;
    let module = toolchain::module(ui)?;
    serve(args, ui, story, &envoy, &module)
}

fn serve(args: &Args, ui: &Ui, story: &Told, envoy: &Path, module: &Path) -> Result<(), Error> {
    let mut servers = Servers::start(ui, args, story, envoy, module)?;
    let client = Client::new(&servers.envoy, story.host)?;
    client.wait(ui, &mut servers, story.ready)?;

    ui.say("");
    client.sign_in(ui, &servers)?;
    for request in (story.requests)(args.keep_data.is_some()) {
        servers.check()?;
        client.show(ui, &request, &servers)?;
    }
    servers.backend.look(ui)?;
    let secure = servers.envoy.secure.as_ref().map(|it| ("https", it.gateway.as_str()));
    let envoy = [("gateway", servers.envoy.gateway.as_str()), ("admin", &servers.envoy.admin)];
    for (name, endpoint) in envoy.into_iter().chain(secure).chain(servers.backend.endpoints()) {
        ui.say(&format!("{name:10} {endpoint}"));
    }
    if args.once {
        servers.stop(ui);
        return Ok(());
    }
    let page = show_page(args, story, &servers)?;
    ui.say(&format!("{:9} http://{}", "page", page.address()));
    ui.say(&format!("Envoy's log is {}", servers.envoy_log().display()));
    for (whose, log) in servers.backend.logs() {
        ui.say(&format!("{whose}'s log is {}", log.display()));
    }
    ui.say("Try requests of your own. Ctrl-C stops everything.");
    while !interrupted() {
        servers.check_running()?;
        servers.backend.show(ui);
        std::thread::sleep(WATCH);
    }
    servers.stop(ui);
    Ok(())
}

/// The page, with the story's bodies in the lines that it shows.
fn show_page(args: &Args, story: &Told, servers: &Servers) -> Result<Page, Error> {
    let requests = (story.requests)(args.keep_data.is_some());
    let body = |key: &str| requests.iter().find_map(|request| request.body_of(key));
    let description = describe(&servers.envoy.document, &servers.envoy.gateway, &body);
    let source = Source::new(servers.envoy.admin_address());
    let error = |source| Error::Port { port: args.page_port, flag: "--page-port", source };
    Page::start(args.page_port, &description, source).map_err(error)
}
