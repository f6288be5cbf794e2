//! What all functions share: the screen, the names of instances, and the processes, of which none may be left behind.

use super::desk::Desk;
use super::screen::Screen;
use crate::process::{Group, Order};
use std::collections::BTreeMap;
use std::io::{self, PipeReader};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// How long processes that were killed may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// What all functions share.
#[derive(Debug)]
pub(super) struct House {
    pub(super) screen: Arc<Screen>,
    pub(super) region: String,
    pub(super) account: String,
    processes: Mutex<Processes>,
    ended: Condvar,
    /// Why a function could not be loaded: the first time that one could not.
    unloadable: OnceLock<String>,
}

#[derive(Debug, Default)]
struct Processes {
    /// No more are started.
    closed: bool,
    started: u64,
    running: BTreeMap<u64, Arc<Group>>,
}

// === impl House ===

impl House {
    pub(super) fn new(region: String, account: String) -> Self {
        let (processes, ended, unloadable) = (Mutex::default(), Condvar::new(), OnceLock::new());
        Self { screen: Arc::default(), region, account, processes, ended, unloadable }
    }

    /// Notes that a function cannot be loaded.
    pub(super) fn cannot_load(&self, why: String) {
        // Only the first one is kept.
        let _ = self.unloadable.set(why);
    }

    /// Why a function could not be loaded, if one could not.
    pub(super) fn unloadable(&self) -> Option<&str> {
        self.unloadable.get().map(String::as_str)
    }

    /// The number of a new instance.
    pub(super) fn number(&self) -> u64 {
        let mut processes = self.processes();
        processes.started = processes.started.saturating_add(1);
        processes.started
    }

    /// Starts the process of an instance. Its desk is told when it ends.
    ///
    /// # Errors
    /// When it cannot be started, or everything is being stopped.
    pub(super) fn start(
        self: Arc<Self>,
        number: u64,
        order: Order,
        desk: Arc<Desk>,
    ) -> io::Result<(Arc<Group>, PipeReader)> {
        let house = Arc::clone(&self);
        // Held while the process is made, so that it is known before it can end, and before `stop` looks.
        let mut processes = self.processes();
        if processes.closed {
            return Err(io::Error::other("everything is being stopped"));
        }
        let (group, output) = Group::start(order, move |status| {
            house.processes().running.remove(&number);
            house.ended.notify_all();
            desk.exited(status);
        })
        .map_err(io::Error::other)?;
        let group = Arc::new(group);
        processes.running.insert(number, Arc::clone(&group));
        Ok((group, output))
    }

    /// Ends all processes, and waits for that.
    pub(super) fn stop(&self) {
        let mut processes = self.processes();
        processes.closed = true;
        for group in processes.running.values() {
            group.kill();
        }
        let waited = self.ended.wait_timeout_while(processes, GRACE, |all| !all.running.is_empty());
        drop(waited);
    }

    fn processes(&self) -> MutexGuard<'_, Processes> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
