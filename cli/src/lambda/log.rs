//! What one instance writes: read from its pipe, shown line by line, and the last 4 KB kept for `X-Amz-Log-Type: Tail`.

use super::screen::Screen;
use std::io::{self, PipeReader};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::unix::pipe::Receiver;

/// How much of an invocation's log its caller may see, as AWS has it.
const TAIL: usize = 4096;
/// How long a line may be: longer ones are several, as in CloudWatch.
const LINE: usize = 256 * 1024;
/// What a pipe holds: whoever has read as much has read all that was in it before.
const PIPE: usize = 64 * 1024;

/// The log of an instance.
#[derive(Debug)]
pub(super) struct Log {
    pipe: Receiver,
    screen: Arc<Screen>,
    /// What stands before each line on the screen.
    prefix: String,
    read: Mutex<Read>,
}

#[derive(Debug, Default)]
struct Read {
    /// The line that has not ended.
    line: Vec<u8>,
    tail: Vec<u8>,
}

// === impl Log ===

impl Log {
    /// Reads from a pipe.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn new(pipe: PipeReader, screen: Arc<Screen>, prefix: String) -> io::Result<Self> {
        let pipe = Receiver::from_owned_fd(pipe.into())?;
        Ok(Self { pipe, screen, prefix, read: Mutex::default() })
    }

    /// Shows what comes until nobody writes any more.
    pub(super) async fn follow(&self) {
        while let Ok(()) = self.pipe.readable().await {
            self.screen.room().await;
            if !self.pull(&mut self.read()) {
                break;
            }
        }
        self.end_line(&mut self.read());
    }

    /// Begins the log of an invocation: the tail is its own.
    pub(super) fn begin(&self) {
        self.read().tail.clear();
    }

    /// Shows what has been written up to now, even if its last line has not ended.
    pub(super) fn catch_up(&self) {
        let mut read = self.read();
        self.pull(&mut read);
        self.end_line(&mut read);
    }

    /// Adds a line of AWS's.
    pub(super) fn line(&self, line: &str) {
        self.tell(&mut self.read(), line.as_bytes());
    }

    /// Adds a line that is not part of the log.
    pub(super) fn aside(&self, line: &str) {
        self.screen.push(format!("{} {}", self.prefix, printable(line)));
    }

    /// The end of the invocation's log.
    pub(super) fn tail(&self) -> Vec<u8> {
        self.read().tail.clone()
    }

    /// Reads what is in the pipe, once; `false` if nobody writes any more.
    fn pull(&self, read: &mut Read) -> bool {
        let mut piece = [0; 8192];
        let mut all = 0_usize;
        while all < PIPE {
            // Tokio's notion of readiness may be late, so the pipe itself is asked first; tokio learns that it is empty.
            let came = match rustix::io::read(&self.pipe, &mut piece) {
                Err(rustix::io::Errno::AGAIN) => self.pipe.try_read(&mut piece),
                came => came.map_err(io::Error::from),
            };
            match came {
                Ok(0) => return false,
                Ok(count) => {
                    all = all.saturating_add(count);
                    self.feed(read, piece.get(..count).unwrap_or_default());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(_) => return false,
            }
        }
        true
    }

    fn feed(&self, read: &mut Read, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            read.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || read.line.len() >= LINE {
                self.end_line(read);
            }
        }
    }

    fn end_line(&self, read: &mut Read) {
        let line = std::mem::take(&mut read.line);
        if !line.is_empty() {
            self.tell(read, line.strip_suffix(b"\n").unwrap_or(&line));
        }
    }

    fn tell(&self, read: &mut Read, line: &[u8]) {
        let kept = line.get(line.len().saturating_sub(TAIL)..).unwrap_or_default();
        read.tail.extend_from_slice(kept);
        read.tail.push(b'\n');
        let over = read.tail.len().saturating_sub(TAIL);
        read.tail.drain(..over);
        // Python's runtime client ends the lines of an error by carriage returns.
        for line in String::from_utf8_lossy(line).split('\r').filter(|line| !line.is_empty()) {
            self.screen.push(format!("{} {}", self.prefix, printable(line)));
        }
    }

    fn read(&self) -> MutexGuard<'_, Read> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A log may repeat what a client sent, which may be a terminal's control sequences.
fn printable(line: &str) -> String {
    let mut printable = String::with_capacity(line.len());
    for c in line.chars() {
        if c.is_control() && c != '\t' {
            printable.extend(c.escape_default());
        } else {
            printable.push(c);
        }
    }
    printable
}
