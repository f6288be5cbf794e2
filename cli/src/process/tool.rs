//! A tool that runs to its end: its lines are told as they come, its output is kept.

use super::{Error, POLL, end, interrupted, shown, spawn};
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};

/// How many lines of its messages are kept.
const KEPT: usize = 400;

/// A tool to be run.
#[derive(Debug)]
pub struct Tool {
    name: String,
    program: OsString,
    command: Command,
}

/// A tool that has run.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// The last lines of its standard error.
    pub messages: Vec<String>,
}

/// Where a line came from.
#[derive(Debug, Clone, Copy)]
enum From {
    Output,
    Messages,
}

// === impl Tool ===

impl Tool {
    /// A tool, called `name` in messages.
    #[must_use]
    pub fn new(name: &str, program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref();
        Self { name: name.to_owned(), program: program.to_owned(), command: spawn::guarded(program) }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    /// Runs it in a folder.
    #[must_use]
    pub fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Gives it an environment: these variables and `PATH`, and nothing else of this process's.
    #[must_use]
    pub fn environment<'a>(mut self, variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        spawn::only_path(&mut self.command);
        self.command.envs(variables);
        self
    }

    /// Runs it to its end and tells each line that it writes, to standard output and to standard error.
    ///
    /// # Errors
    /// When it cannot be run, or the user asks to stop; not when it fails.
    pub fn run(mut self, mut line_came: impl FnMut(&str)) -> Result<Finished, Error> {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // If Ctrl-C is handled here, it must not reach the tool by itself as well; if not, it must.
        if super::interrupt::watched() {
            spawn::own_group(&mut self.command);
        }
        let mut child = spawn::spawn(self.command).map_err(|source| Error::Start {
            name: self.name.clone(),
            program: shown(&self.program),
            source,
        })?;
        let (sender, lines) = channel();
        for (pipe, from) in [
            (child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>), From::Output),
            (child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>), From::Messages),
        ] {
            let (Some(pipe), sender) = (pipe, sender.clone()) else { continue };
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                    if sender.send((from, line)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let (mut stdout, mut messages) = (Vec::new(), VecDeque::new());
        loop {
            if interrupted() {
                end(&mut child);
                return Err(Error::Interrupted);
            }
            match lines.recv_timeout(POLL) {
                Ok((from, line)) => {
                    let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                    line_came(&text);
                    match from {
                        From::Output => {
                            stdout.extend_from_slice(&line);
                            stdout.push(b'\n');
                        }
                        From::Messages => {
                            messages.push_back(text);
                            if messages.len() > KEPT {
                                messages.pop_front();
                            }
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = child.wait().map_err(|source| Error::Io {
            name: self.name,
            doing: "cannot see its state",
            source,
        })?;
        if interrupted() {
            return Err(Error::Interrupted);
        }
        Ok(Finished { status, stdout, messages: messages.into() })
    }
}

// === impl Finished ===

impl Finished {
    /// Its standard output as text, trimmed.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }

    /// The last lines of its messages.
    #[must_use]
    pub fn tail(&self) -> String {
        super::last_lines(&self.messages.join("\n"))
    }
}
