//! `sekisho lambda`: functions on this machine, behind the Invoke operation of Lambda's API, under their real runtime clients.
//!
//! | module | |
//! |---|---|
//! | `file.rs`, `function.rs`, `functions.rs` | which functions there are |
//! | `server.rs` | the port, and everything behind it |
//! | `invoke_api.rs`, `named.rs`, `refusal.rs` | what callers ask, and why they are refused |
//! | `pool.rs`, `instance.rs`, `environment.rs` | processes, and how many |
//! | `runtime_api.rs`, `desk.rs` | what processes ask |
//! | `reply.rs`, `log.rs`, `screen.rs` | what callers and people are told |
//! | `house.rs` | what all functions share |

mod desk;
mod environment;
mod file;
mod function;
mod functions;
mod house;
mod http;
mod instance;
mod invoke_api;
mod log;
mod named;
mod pool;
mod refusal;
mod reply;
mod runtime_api;
mod screen;
mod server;

use crate::process::{self, interrupted, watch_interrupts};
use crate::ui::Ui;
use crate::{Error, toolchain};
use file::{Environment, Written};
use functions::refused;
use sekisho::gateway::diagnostics::Diagnostics;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

pub use functions::Functions;
pub use server::{Port, Server};

/// The region that functions are told if nobody says another.
pub const REGION: &str = "us-east-1";
/// The account in their ARNs if nobody says another.
pub const ACCOUNT: &str = "123456789012";

/// How often Ctrl-C is looked for while functions write nothing.
const WATCH: Duration = Duration::from_millis(50);

const EXAMPLES: &str = "\
Examples:
  sekisho lambda functions.json
  sekisho lambda --name hello --runtime python3.12 --handler app.handler --code ./hello
  sekisho lambda --name users --runtime provided.al2023 --code target/debug/users --env TABLE=users
  curl http://127.0.0.1:3001/2015-03-31/functions/hello/invocations -d '{\"name\": \"you\"}'

A functions file is JSON in AWS's own names; its paths begin where it is:
  {\"Functions\": [{\"FunctionName\": \"hello\", \"Runtime\": \"python3.12\", \"Handler\": \"app.handler\",
    \"CodeUri\": \"hello\", \"Timeout\": 3, \"Environment\": {\"Variables\": {\"TABLE\": \"users\"}},
    \"ReservedConcurrentExecutions\": 4}]}

A gateway's document finds the functions by `\"endpoints\": {\"lambda\": \"http://127.0.0.1:3001\"}`.

Functions see `PATH`, what AWS sets and what is given here: none of your credentials unless `--env` names them.";

/// Run functions on this machine, behind Lambda's Invoke API.
///
/// Functions of Python run under AWS's own runtime client, `awslambdaric`, which is installed under target/; others are
/// programs that speak the Runtime API, such as those of Rust's `lambda_runtime`. Instances start when they are needed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The functions file; `-` is stdin.
    #[arg(required_unless_present = "name")]
    file: Option<String>,
    /// The name of one more function, or of the only one.
    #[arg(long, value_name = "NAME", requires_all = ["runtime", "code"])]
    name: Option<String>,
    /// Its runtime: `python3.10` or newer, or `provided.al2023`.
    #[arg(long, value_name = "RUNTIME", requires = "name")]
    runtime: Option<String>,
    /// Its handler: a module and a function of it.
    #[arg(long, value_name = "MODULE.FUNCTION", requires = "name")]
    handler: Option<String>,
    /// The folder of its code, with an executable `bootstrap` for `provided` runtimes; or that program itself.
    #[arg(long, value_name = "PATH", requires = "name")]
    code: Option<String>,
    /// How long it may take, in seconds: 1 to 900.
    #[arg(long, value_name = "N", requires = "name", default_value_t = 3)]
    timeout: u32,
    /// How many instances of it there may be at a time.
    #[arg(long, value_name = "N", requires = "name")]
    concurrency: Option<usize>,
    /// A variable for all functions; `NAME` alone has the value that it has here.
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// The port of the Invoke API on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 3001)]
    port: u16,
    /// The region that functions are told.
    #[arg(long, value_name = "REGION", default_value = REGION)]
    region: String,
    /// The account in their ARNs.
    #[arg(long, value_name = "ID", default_value = ACCOUNT)]
    account_id: String,
}

/// Serves functions until it is interrupted.
///
/// # Errors
/// When the functions are refused, a tool is missing, or the port is taken.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    let mut functions = functions(args)?;
    let (region, account) = (region(&args.region)?, account(&args.account_id)?);
    watch_interrupts().map_err(|error| Error::failed("cannot handle interrupts").because(error))?;
    // Before anything is installed.
    let port = Port::bind(args.port)?;
    match functions.install(ui) {
        Err(toolchain::Error::Process(process::Error::Interrupted)) => {
            ui.note("interrupted; nothing was started");
            return Ok(ExitCode::from(130));
        }
        installed => installed.map_err(no_tool)?,
    }

    let told = functions.about();
    let first = functions.0.first().map(|function| function.name.clone()).unwrap_or_default();
    let server = Server::start(port, functions, region, account);
    let address = server.address();
    for line in told {
        ui.say(&line);
    }
    ui.say(&format!("endpoint  http://{address}"));
    ui.say(&format!("try       curl http://{address}/2015-03-31/functions/{first}/invocations -d '{{}}'"));
    ui.say("Ctrl-C stops everything.");
    while !interrupted() {
        server.show(ui, WATCH);
    }
    let step = ui.step("stopping the functions");
    server.stop();
    step.done("stopped");
    server.show(ui, Duration::ZERO);
    Ok(ExitCode::SUCCESS)
}

/// The functions of the file and of the command line.
fn functions(args: &Args) -> Result<Functions, Error> {
    let mut functions = args.file.as_deref().map(Functions::read).transpose()?.unwrap_or_default();
    if let Some(name) = &args.name {
        if functions.0.iter().any(|function| function.name == *name) {
            return Err(Error::usage(format!("`--name {name}`: the file has a function of this name")));
        }
        let written = vec![("command line".to_owned(), written(args, name))];
        let one = file::check(written, Path::new("."), Diagnostics::default());
        functions.0.extend(one.map_err(|problems| refused("the command line", problems))?);
    }
    let mut problems = Diagnostics::default();
    for variable in &args.env {
        let (name, value) = match variable.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            None => {
                (variable.as_str(), std::env::var(variable).map_err(|error| no_variable(variable, &error))?)
            }
        };
        file::variable(&mut problems, "--env", name, &value);
        functions.set(name, &value);
    }
    if problems.has_errors() { Err(refused("the command line", problems)) } else { Ok(functions) }
}

fn written(args: &Args, name: &str) -> Written {
    Written {
        function_name: name.to_owned(),
        runtime: args.runtime.clone().unwrap_or_default(),
        handler: args.handler.clone(),
        code: args.code.clone(),
        timeout: Some(args.timeout),
        environment: Some(Environment::default()),
        reserved_concurrent_executions: args.concurrency,
        ..Written::default()
    }
}

fn region(region: &str) -> Result<String, Error> {
    let is_region = !region.is_empty() && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_region { Ok(region.to_owned()) } else { Err(Error::usage(format!("`{region}` is not a region"))) }
}

fn account(id: &str) -> Result<String, Error> {
    let is_account = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    if is_account {
        Ok(id.to_owned())
    } else {
        Err(Error::usage(format!("`{id}` is not an account: twelve digits")))
    }
}

fn no_variable(name: &str, error: &std::env::VarError) -> Error {
    Error::usage(format!("`--env {name}`: {error}")).help(format!("give its value: `--env {name}=VALUE`"))
}

fn no_tool(error: toolchain::Error) -> Error {
    let told = Error::failed(error.to_string());
    match error.help() {
        Some(help) => told.help(help),
        None => told,
    }
}
