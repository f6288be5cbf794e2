//! Child processes: started with a log, watched until they are ready, stopped by their own ids, never left behind.

mod group;
mod interrupt;
mod spawn;
mod tool;

pub use group::{Group, Order};
pub use interrupt::{interrupted, watch_interrupts};
pub use spawn::on_path;
pub use tool::{Finished, Tool};

use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often a condition is looked at while it is waited for.
const POLL: Duration = Duration::from_millis(20);
/// How long a process may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(10);
/// How many lines of a log an error shows.
const TAIL: usize = 20;

/// Why a process does not do what it was started for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be started.
    #[error("{name}: cannot start `{}`: {source}", program.display())]
    Start {
        /// What it is for.
        name: String,
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its state or its log could not be read or written.
    #[error("{name}: {doing}: {source}")]
    Io {
        /// What it is for.
        name: String,
        /// What was tried.
        doing: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// It ended before it was ready, or while it was needed.
    #[error("{name} ended by itself ({status}){}", said(log))]
    Ended {
        /// What it is for.
        name: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its log.
        log: String,
    },
    /// It was not ready in time.
    #[error("{name}: {what} took longer than {} s{}{}", within.as_secs(), seen(last.as_deref()), said(log))]
    Slow {
        /// What it is for.
        name: String,
        /// What was waited for.
        what: &'static str,
        /// How long it was waited for.
        within: Duration,
        /// What was seen last.
        last: Option<String>,
        /// The last lines of its log.
        log: String,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// A process that serves until it is stopped; dropping it stops it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

/// What a probe saw.
#[derive(Debug)]
pub enum Probe<T> {
    /// What was waited for.
    Ready(T),
    /// Not yet, and what was there instead.
    NotYet(String),
}

// === impl Error ===

impl Error {
    /// The last lines of the process's log: what [`std::fmt::Display`] has only the last one of.
    #[must_use]
    pub fn log(&self) -> &str {
        match self {
            Self::Ended { log, .. } | Self::Slow { log, .. } => log,
            Self::Start { .. } | Self::Io { .. } | Self::Interrupted => "",
        }
    }
}

// === impl Process ===

impl Process {
    /// Starts a program; its output goes to `log`. It has a process group of its own, so that Ctrl-C reaches this
    /// process alone, which stops the others in order; and it dies with this process where the system can do that.
    ///
    /// # Errors
    /// When the program cannot be started or the log cannot be written.
    pub fn start(
        name: &str,
        program: &Path,
        args: impl IntoIterator<Item = impl Into<OsString>>,
        log: &Path,
    ) -> Result<Self, Error> {
        Self::start_command(name, program, spawn::guarded(program.as_os_str()), args, log)
    }

    /// As [`Process::start`], and it sees `PATH` alone of this process's environment.
    ///
    /// # Errors
    /// As there.
    pub fn start_alone(
        name: &str,
        program: &Path,
        args: impl IntoIterator<Item = impl Into<OsString>>,
        log: &Path,
    ) -> Result<Self, Error> {
        let mut command = spawn::guarded(program.as_os_str());
        spawn::only_path(&mut command);
        Self::start_command(name, program, command, args, log)
    }

    fn start_command(
        name: &str,
        program: &Path,
        mut command: Command,
        args: impl IntoIterator<Item = impl Into<OsString>>,
        log: &Path,
    ) -> Result<Self, Error> {
        let io = |doing| move |source| Error::Io { name: name.to_owned(), doing, source };
        let file = File::create(log).map_err(io("cannot write its log"))?;
        command.args(args.into_iter().map(Into::into)).stdin(Stdio::null());
        command.stderr(file.try_clone().map_err(io("cannot write its log"))?).stdout(file);
        spawn::own_group(&mut command);
        let child = spawn::spawn(command).map_err(|source| Error::Start {
            name: name.to_owned(),
            program: program.to_owned(),
            source,
        })?;
        Ok(Self { name: name.to_owned(), child, log: log.to_owned() })
    }

    /// What it has written so far; what is not UTF-8 is replaced.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// What stands behind `start` on the first line of its log that begins so and is complete.
    #[must_use]
    pub fn said(&self, start: &str) -> Option<String> {
        let log = self.log();
        let mut lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        lines.find_map(|line| line.trim().strip_prefix(start)).map(str::to_owned)
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Looks until the probe finds what is waited for.
    ///
    /// # Errors
    /// When the process ends, the time is over, or the user asks to stop.
    pub fn wait_until<T>(
        &mut self,
        what: &'static str,
        within: Duration,
        mut probe: impl FnMut(&Self) -> Probe<T>,
    ) -> Result<T, Error> {
        let deadline = Instant::now() + within;
        loop {
            self.check()?;
            let seen = match probe(self) {
                Probe::Ready(found) => return Ok(found),
                Probe::NotYet(seen) => seen,
            };
            if Instant::now() >= deadline {
                let last = Some(seen).filter(|seen| !seen.is_empty());
                return Err(Error::Slow { name: self.name.clone(), what, within, last, log: self.tail() });
            }
            std::thread::sleep(POLL);
        }
    }

    /// Whether all is well: it runs, and nobody asked to stop.
    ///
    /// # Errors
    /// When one of the two is not so.
    pub fn check(&mut self) -> Result<(), Error> {
        if interrupted() {
            return Err(Error::Interrupted);
        }
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(Error::Ended { name: self.name.clone(), status, log: self.tail() }),
            Err(source) => Err(Error::Io { name: self.name.clone(), doing: "cannot see its state", source }),
        }
    }

    /// Asks it to end, and makes it end if it does not. Its id cannot be another's: it is not waited for before.
    pub fn stop(self) {
        drop(self);
    }

    /// The last lines of its log.
    #[must_use]
    pub fn tail(&self) -> String {
        last_lines(&self.log())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Ends a child that leads a process group: politely, then not.
fn end(child: &mut Child) {
    let group = Pid::from_child(child);
    for (signal, patience) in [(Signal::TERM, GRACE), (Signal::KILL, GRACE)] {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        // It fails only if the group has ended meanwhile.
        let _ = kill_process_group(group, signal);
        let deadline = Instant::now() + patience;
        loop {
            match child.try_wait() {
                Ok(None) => {}
                Ok(Some(_)) | Err(_) => return,
            }
            if Instant::now() >= deadline {
                break;
            }
            std::thread::sleep(POLL);
        }
    }
}

/// The end of a text, for a message.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or_default().join("\n")
}

/// The last line of a log, for a message of one line.
fn said(log: &str) -> String {
    log.lines().next_back().map(|line| format!("; it said last: {}", line.trim())).unwrap_or_default()
}

fn seen(last: Option<&str>) -> String {
    last.map(|last| format!(" (last seen: {last})")).unwrap_or_default()
}

/// A program by name or path, for a message.
fn shown(program: &OsStr) -> PathBuf {
    PathBuf::from(program)
}

#[cfg(test)]
mod tests;
