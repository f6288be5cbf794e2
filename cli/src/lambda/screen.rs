//! What functions write, on its way to the terminal. A terminal that is slow slows functions down, and takes no memory.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// From here on nobody's output is read: its writer waits, as at any terminal.
const FULL: usize = 1 << 20;
/// From here on lines are lost, and counted: those of an invocation's end do not wait.
const OVERFLOW: usize = 16 << 20;

/// Lines that wait to be printed.
#[derive(Debug, Default)]
pub(super) struct Screen {
    queue: Mutex<Queue>,
    came: Condvar,
    printed: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    lines: VecDeque<String>,
    bytes: usize,
    lost: usize,
}

// === impl Screen ===

impl Screen {
    /// Adds a line.
    pub(super) fn push(&self, line: String) {
        let mut queue = self.queue();
        if queue.bytes >= OVERFLOW {
            queue.lost = queue.lost.saturating_add(1);
            return;
        }
        queue.bytes = queue.bytes.saturating_add(line.len());
        queue.lines.push_back(line);
        self.came.notify_one();
    }

    /// Waits until there is room for more.
    pub(super) async fn room(&self) {
        loop {
            let printed = self.printed.notified();
            tokio::pin!(printed);
            printed.as_mut().enable();
            if self.queue().bytes < FULL {
                return;
            }
            printed.await;
        }
    }

    /// The lines that are there, as soon as there are any.
    pub(super) fn take(&self, within: Duration) -> Vec<String> {
        let waited = self.came.wait_timeout_while(self.queue(), within, |queue| queue.lines.is_empty());
        let (mut queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let mut lines: Vec<String> = queue.lines.drain(..).collect();
        if queue.lost > 0 {
            lines.push(format!(
                "… {} lines were not shown: they came faster than they are printed",
                queue.lost
            ));
        }
        *queue = Queue::default();
        drop(queue);
        self.printed.notify_waiters();
        lines
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
