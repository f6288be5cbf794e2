//! What callers and logs are told, in AWS's words.

use super::desk::Answer;
use super::runtime_api::MOST;
use serde_json::json;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;

/// What an invocation comes to.
#[derive(Debug)]
pub(super) struct Reply {
    /// What the function returned, or what is wrong.
    pub(super) answer: Answer,
    /// The end of the log.
    pub(super) tail: Vec<u8>,
}

/// What a `REPORT` line says.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) id: &'a str,
    pub(super) duration: Duration,
    /// How long the instance took to be ready, if this was its first invocation.
    pub(super) init: Option<Duration>,
    /// In megabytes.
    pub(super) memory: u32,
    /// In megabytes.
    pub(super) memory_used: Option<u64>,
    /// `timeout`, or the type of the error.
    pub(super) error: Option<&'a str>,
}

/// The first line of an invocation.
pub(super) fn start_line(id: &str) -> String {
    format!("START RequestId: {id} Version: $LATEST")
}

/// The error of an answer over 6 MB.
pub(super) fn too_large() -> Answer {
    let message = format!("Response payload size exceeded maximum allowed payload size ({MOST} bytes).");
    error("Function.ResponseSizeTooLarge", &message)
}

/// The error of a function that took too long.
pub(super) fn timed_out(id: &str, timeout: Duration) -> Answer {
    let message = format!("RequestId: {id} Error: Task timed out after {}.00 seconds", timeout.as_secs());
    error("Sandbox.Timedout", &message)
}

/// The error of a process that ended.
pub(super) fn exited(id: &str, status: ExitStatus) -> Answer {
    error("Runtime.ExitError", &format!("RequestId: {id} Error: {}", how_it_ended(status)))
}

/// The error of a process that could not be started.
pub(super) fn not_started(id: &str, problem: &str) -> Answer {
    error("Runtime.InvalidEntrypoint", &format!("RequestId: {id} Error: {problem}"))
}

fn error(kind: &str, message: &str) -> Answer {
    let body = json!({"errorType": kind, "errorMessage": message}).to_string().into();
    Answer { body, error: Some(kind.to_owned()) }
}

/// How a process ended, as AWS's Go programs put it.
pub(super) fn how_it_ended(status: ExitStatus) -> String {
    let signal = match status.signal() {
        None => None,
        Some(6) => Some("aborted".to_owned()),
        Some(9) => Some("killed".to_owned()),
        Some(11) => Some("segmentation fault".to_owned()),
        Some(15) => Some("terminated".to_owned()),
        Some(other) => Some(other.to_string()),
    };
    match (signal, status.code()) {
        (Some(signal), _) => format!("Runtime exited with error: signal: {signal}"),
        (None, Some(0) | None) => "Runtime exited without providing a reason".to_owned(),
        (None, Some(code)) => format!("Runtime exited with error: exit status {code}"),
    }
}

/// The time as AWS writes it in logs.
pub(super) fn timestamp() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let nanos = i128::try_from(seconds.as_nanos()).unwrap_or_default();
    let now = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, (hour, minute, second, millis)) = (now.date(), now.time().as_hms_milli());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

// === impl Report ===

impl Report<'_> {
    /// The last line of an invocation.
    pub(super) fn line(&self) -> String {
        let (duration, billed) = (milliseconds(self.duration), self.duration.as_micros().div_ceil(1000));
        let mut line = format!(
            "REPORT RequestId: {}\tDuration: {duration} ms\tBilled Duration: {billed} ms\tMemory Size: {} MB",
            self.id, self.memory
        );
        if let Some(used) = self.memory_used {
            line.push_str(&format!("\tMax Memory Used: {used} MB"));
        }
        if let Some(init) = self.init {
            line.push_str(&format!("\tInit Duration: {} ms", milliseconds(init)));
        }
        match self.error {
            None => {}
            Some("Sandbox.Timedout") => line.push_str("\tStatus: timeout"),
            Some(kind) => line.push_str(&format!("\tStatus: error\tError Type: {kind}")),
        }
        line
    }
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1000.0)
}
