//! A child that ends at once with all that it has started, whose output is a pipe, and whose end is told.

use super::{Error, spawn};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::PipeReader;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// What is started.
#[derive(Debug)]
pub struct Order {
    /// What it is for.
    pub name: String,
    /// The program, by its whole path.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The folder it runs in.
    pub folder: PathBuf,
    /// Its whole environment: nothing of this process's is added.
    pub environment: BTreeMap<String, OsString>,
}

/// A child and what it has started, one process group.
#[derive(Debug)]
pub struct Group {
    pid: Pid,
    /// From then on the id may be another's.
    reaped: Arc<Mutex<bool>>,
}

// === impl Group ===

impl Group {
    /// Starts it. Standard output and standard error are one pipe, so that their order is kept. `ended` is called on another
    /// thread when the child has ended, and with it the rest of its group. It dies with this process where the system can do that.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(
        order: Order,
        ended: impl FnOnce(ExitStatus) + Send + 'static,
    ) -> Result<(Self, PipeReader), Error> {
        let Order { name, program, args, folder, environment } = order;
        let pipe = |source| Error::Io { name: name.clone(), doing: "cannot make a pipe", source };
        let (output, writer) = std::io::pipe().map_err(pipe)?;
        let mut command = spawn::guarded(program.as_os_str());
        command.args(args).current_dir(folder).env_clear().envs(environment).stdin(Stdio::null());
        command.stdout(writer.try_clone().map_err(pipe)?).stderr(writer);
        spawn::own_group(&mut command);
        let mut child = spawn::spawn(command).map_err(|source| Error::Start { name, program, source })?;
        let (pid, reaped) = (Pid::from_child(&child), Arc::new(Mutex::new(false)));
        let group = Self { pid, reaped: Arc::clone(&reaped) };
        std::thread::spawn(move || {
            // The child keeps its id until it is waited for: the group cannot be another's before.
            let seen = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while matches!(waitid(WaitId::Pid(pid), seen), Err(rustix::io::Errno::INTR)) {}
            let mut reaped = reaped.lock().unwrap_or_else(PoisonError::into_inner);
            // It fails only if nobody of the group is left.
            let _ = kill_process_group(pid, Signal::KILL);
            let status = child.wait();
            *reaped = true;
            drop(reaped);
            ended(status.unwrap_or_default());
        });
        Ok((group, output))
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Ends it without asking it. `ended` is called soon.
    pub fn kill(&self) {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if !*reaped {
            // It fails only if nobody of the group is left.
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
