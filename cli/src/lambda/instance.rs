//! One instance of a function: a process with a Runtime API of its own, which is given one invocation at a time.

use super::desk::{Answer, Desk, End, Invocation};
use super::environment::environment;
use super::function::{Function, Runtime};
use super::house::House;
use super::log::Log;
use super::reply::{self, Reply, Report};
use super::runtime_api::{self, Served};
use crate::process::{Group, Order};
use std::ffi::OsString;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// An instance; dropping it ends its process and its API.
#[derive(Debug)]
pub(super) struct Instance {
    function: Arc<Function>,
    house: Arc<House>,
    group: Arc<Group>,
    desk: Arc<Desk>,
    log: Arc<Log>,
    api: AbortHandle,
    started: Instant,
}

// === impl Instance ===

impl Instance {
    /// Starts one. It is not ready yet: its first invocation waits for that.
    ///
    /// # Errors
    /// When its process cannot be started.
    pub(super) async fn start(function: &Arc<Function>, house: &Arc<House>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let number = house.number();
        let desk = Arc::new(Desk::new(function.timeout));
        let order = Order {
            name: function.name.clone(),
            environment: environment(function, &house.region, listener.local_addr()?, &log_stream()),
            folder: function.code.clone(),
            program: program(function),
            args: args(function),
        };
        let started = Instant::now();
        let (group, output) = {
            let (house, desk) = (Arc::clone(house), Arc::clone(&desk));
            // A process takes a millisecond or two to be made.
            let made = tokio::task::spawn_blocking(move || house.start(number, order, desk));
            made.await.map_err(io::Error::other)??
        };
        let log = Log::new(output, Arc::clone(&house.screen), format!("{}/{number}", function.name));
        let log = Arc::new(log.inspect_err(|_| group.kill())?);
        let follower = Arc::clone(&log);
        tokio::spawn(async move { follower.follow().await });
        let served = Served::new(Arc::clone(&desk), Arc::clone(&log));
        let api = tokio::spawn(async move {
            // It fails only where a port cannot be listened on, and it is.
            let _ = axum::serve(listener, runtime_api::router(served)).await;
        });
        let (function, house) = (Arc::clone(function), Arc::clone(house));
        Ok(Self { function, house, group, desk, log, api: api.abort_handle(), started })
    }

    /// Whether its process runs.
    pub(super) fn is_alive(&self) -> bool {
        self.desk.is_alive()
    }

    /// Has an invocation done. The instance may be used again if `true` comes with the reply.
    pub(super) async fn invoke(&self, invocation: Invocation, is_cold: bool) -> (Reply, bool) {
        let id = invocation.id.clone();
        let asked = Instant::now();
        self.log.begin();
        let end = self.desk.invoke(invocation).await;
        let now = Instant::now();
        let fetched = self.desk.fetched();
        let began = fetched.unwrap_or(asked);
        self.log.catch_up();
        if fetched.is_none() {
            self.log.line(&reply::start_line(&id));
        }
        let memory_used = memory_used(self.group.id());
        let (answer, is_usable) = self.judge(&id, end);
        self.log.line(&format!("END RequestId: {id}"));
        let report = Report {
            id: &id,
            duration: now.saturating_duration_since(began),
            init: fetched.filter(|_| is_cold).map(|at| at.saturating_duration_since(self.started)),
            memory: self.function.memory,
            memory_used,
            error: answer.error.as_deref(),
        };
        self.log.line(&report.line());
        if !is_usable {
            self.group.kill();
        }
        (Reply { answer, tail: self.log.tail() }, is_usable)
    }

    /// What the caller gets, and whether the instance is of further use.
    fn judge(&self, id: &str, end: End) -> (Answer, bool) {
        match end {
            End::Answered(answer) => (answer, true),
            End::LastAnswer(answer) => {
                self.log.aside("its runtime answered, and did not ask for the next invocation: it is ended");
                (answer, false)
            }
            End::InitError(answer) => {
                self.help(&answer);
                (answer, false)
            }
            End::Exited(status) => {
                self.log.line(&format!("RequestId: {id} Error: {}", reply::how_it_ended(status)));
                self.log.line("Runtime.ExitError");
                (reply::exited(id, status), false)
            }
            End::TimedOut => {
                let seconds = self.function.timeout.as_secs();
                let when = reply::timestamp();
                self.log.line(&format!("{when} {id} Task timed out after {seconds}.00 seconds"));
                (reply::timed_out(id, self.function.timeout), false)
            }
        }
    }

    /// Says what to do about a function that cannot be loaded.
    fn help(&self, answer: &Answer) {
        let Function { name, handler, code, .. } = &*self.function;
        let kind = answer.error.as_deref().unwrap_or_default();
        self.log.aside(&format!("error: the function cannot be loaded: {kind}"));
        self.house.cannot_load(format!("the function `{name}` cannot be loaded: {kind}"));
        let folder = code.display();
        match kind {
            "Runtime.ImportModuleError" => self.log.aside(&format!(
                "help: `{handler}` and all that it imports must be in `{folder}`: `python3 -m pip install -t {folder} PACKAGE`"
            )),
            "Runtime.HandlerNotFound" | "Runtime.MalformedHandlerName" => {
                self.log.aside(&format!("help: `{handler}` is a module in `{folder}` and a function of it"));
            }
            "Runtime.UserCodeSyntaxError" => self.log.aside("help: the line is named above"),
            _ => {}
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.group.kill();
        self.api.abort();
    }
}

fn program(function: &Function) -> PathBuf {
    match &function.runtime {
        Runtime::Python { python, .. } => python.clone(),
        Runtime::Provided { bootstrap, .. } => bootstrap.clone(),
    }
}

fn args(function: &Function) -> Vec<OsString> {
    match &function.runtime {
        Runtime::Python { .. } => {
            ["-m", "awslambdaric", &function.handler].into_iter().map(OsString::from).collect()
        }
        Runtime::Provided { .. } => Vec::new(),
    }
}

/// `2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef`
fn log_stream() -> String {
    let when = reply::timestamp();
    let date = when.split('T').next().unwrap_or_default().replace('-', "/");
    format!("{date}/[$LATEST]{:032x}", fastrand::u128(..))
}

/// The most memory that a process has had, in megabytes, where the system tells it.
fn memory_used(pid: i32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes.div_ceil(1024))
}
