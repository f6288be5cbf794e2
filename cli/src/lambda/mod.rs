//! `sekisho lambda`: functions on this machine, behind the Invoke operation of Lambda's API, under their real runtime clients.
//!
//! | module | |
//! |---|---|
//! | `file.rs`, `function.rs` | which functions there are |
//! | `invoke_api.rs`, `named.rs`, `refusal.rs` | what callers ask, and why they are refused |
//! | `pool.rs`, `instance.rs`, `environment.rs` | processes, and how many |
//! | `runtime_api.rs`, `desk.rs` | what processes ask |
//! | `reply.rs`, `log.rs`, `screen.rs` | what callers and people are told |
//! | `house.rs` | what all functions share |

mod desk;
mod environment;
mod file;
mod function;
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

use crate::process::{self, interrupted, watch_interrupts};
use crate::ui::Ui;
use crate::{Error, toolchain, validate};
use file::{Environment, Written};
use function::{Function, Runtime};
use house::House;
use invoke_api::Served;
use pool::Pool;
use sekisho::gateway::diagnostics::Diagnostics;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime;

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
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    region: String,
    /// The account in their ARNs.
    #[arg(long, value_name = "ID", default_value = "123456789012")]
    account_id: String,
}

/// Serves functions until it is interrupted.
///
/// # Errors
/// When the functions are refused, a tool is missing, or the port is taken.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    let mut functions = functions(args)?;
    let house = Arc::new(House::new(region(&args.region)?, account(&args.account_id)?));
    watch_interrupts().map_err(|error| Error::failed("cannot handle interrupts").because(error))?;
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Error::failed("cannot start threads").because(error))?;
    // Before anything is installed.
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)));
    let listener = listener.map_err(|error| no_port(args.port, error))?;
    let address = listener.local_addr().map_err(|error| no_port(args.port, error))?;
    match install(&mut functions, ui) {
        Err(toolchain::Error::Process(process::Error::Interrupted)) => {
            ui.note("interrupted; nothing was started");
            return Ok(ExitCode::from(130));
        }
        installed => installed.map_err(no_tool)?,
    }

    let told: Vec<String> = functions
        .iter()
        .map(|function| format!("function  {}: {}", function.name, function.about()))
        .collect();
    let first = functions.first().map(|function| function.name.clone()).unwrap_or_default();
    let pools = functions
        .into_iter()
        .map(|function| (function.name.clone(), Arc::new(Pool::new(function, Arc::clone(&house)))));
    let served = Arc::new(Served::new(pools.collect(), Arc::clone(&house)));
    runtime.spawn(async move {
        // It fails only where a port cannot be listened on, and it is.
        let _ = axum::serve(listener, invoke_api::router(served)).await;
    });
    for line in told {
        ui.say(&line);
    }
    ui.say(&format!("endpoint  http://{address}"));
    ui.say(&format!("try       curl http://{address}/2015-03-31/functions/{first}/invocations -d '{{}}'"));
    ui.say("Ctrl-C stops everything.");
    while !interrupted() {
        show(&house, ui, WATCH);
    }
    let step = ui.step("stopping the functions");
    house.stop();
    runtime.shutdown_timeout(WATCH);
    step.done("stopped");
    show(&house, ui, Duration::ZERO);
    Ok(ExitCode::SUCCESS)
}

/// Finds a Python for the functions that need one: each version once.
fn install(functions: &mut [Function], ui: &Ui) -> Result<(), toolchain::Error> {
    let mut pythons: BTreeMap<String, PathBuf> = BTreeMap::new();
    for function in functions {
        let Runtime::Python { version, python } = &mut function.runtime else { continue };
        if !pythons.contains_key(version) {
            let found = toolchain::lambda_python(ui, version)?;
            pythons.insert(version.clone(), found);
        }
        *python = pythons.get(version).cloned().unwrap_or_default();
    }
    Ok(())
}

fn show(house: &House, ui: &Ui, within: Duration) {
    let lines = house.screen.take(within);
    if !lines.is_empty() {
        // At once: a line at a time takes a terminal a hundred times as long.
        ui.note(&lines.join("\n"));
    }
}

/// The functions of the file and of the command line.
fn functions(args: &Args) -> Result<Vec<Function>, Error> {
    let mut functions = Vec::new();
    if let Some(name) = &args.file {
        let text = validate::read(name)?;
        let folder = Path::new(name).parent().map(Path::to_path_buf).unwrap_or_default();
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        functions = file::read(&text, &folder).map_err(|problems| refused(name, problems))?;
    }
    if let Some(name) = &args.name {
        if functions.iter().any(|function| function.name == *name) {
            return Err(Error::usage(format!("`--name {name}`: the file has a function of this name")));
        }
        let written = vec![("command line".to_owned(), written(args, name))];
        let one = file::check(written, Path::new("."), Diagnostics::default());
        functions.extend(one.map_err(|problems| refused("the command line", problems))?);
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
        for function in &mut functions {
            function.variables.insert(name.to_owned(), value.clone());
        }
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

fn refused(document: &str, diagnostics: Diagnostics) -> Error {
    Error::Refused { document: document.to_owned(), diagnostics }
}

fn no_variable(name: &str, error: &std::env::VarError) -> Error {
    Error::usage(format!("`--env {name}`: {error}")).help(format!("give its value: `--env {name}=VALUE`"))
}

fn no_port(port: u16, error: std::io::Error) -> Error {
    let error = if error.kind() == ErrorKind::AddrInUse {
        Error::failed(format!("127.0.0.1:{port} is taken: another program listens there"))
    } else {
        Error::failed(format!("cannot listen on 127.0.0.1:{port}")).because(error)
    };
    error.help("choose another port with `--port N`; `--port 0` takes a free one")
}

fn no_tool(error: toolchain::Error) -> Error {
    let told = Error::failed(error.to_string());
    match error.help() {
        Some(help) => told.help(help),
        None => told,
    }
}
