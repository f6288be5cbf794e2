//! Access logs: a line for each request of a stage that has one, in the author's own format.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html>
//!
//! A format is text with `$context` variables, compiled once. Here a line is made of it when a request is over; Envoy's access
//! loggers write it. A line is visible ASCII and the format's own text, whatever a client sends: no value ends a line, a JSON
//! string, or the field that it stands in. AWS does not escape.
//!
//! A request has a line once its stage is known. One that Envoy refuses before the filter sees it (what is no HTTP), whose host
//! nobody answers or whose stage does not exist has none, as on AWS: there is no log that it would belong to.

mod compiling;
pub mod destination;
mod field;
mod format;
mod writing;

use super::outcome::Over;
use super::request::Request;
use format::Format;
use std::rc::Rc;

pub(super) use compiling::compile;

/// Bytes of a format: AWS's quota.
const MOST_OF_FORMAT: usize = 3072;
/// Bytes of a value that a line tells; `...` stands for the rest.
const MOST_OF_VALUE: usize = 4096;
/// Bytes of a line behind which every value is `-`. A line is therefore at most 64 KiB; AWS's at most 1 MB.
const MOST_OF_LINE: usize = 32 * 1024;

/// The access log of a stage.
#[derive(Debug, PartialEq, Eq)]
pub struct AccessLog {
    /// The filter state that Envoy's logger of its destination reads: `sekisho_access_log_0123456789abcdef`.
    pub state: Rc<str>,
    format: Format,
}

// === impl AccessLog ===

impl AccessLog {
    /// The line of a request that is over, with its end where lines of its destination have one.
    #[must_use]
    pub fn line(&self, over: &Over<'_>) -> Vec<u8> {
        self.format.write(over)
    }
}

/// The line of a request that is over, and where it goes: none where its stage has no access log.
#[must_use]
pub fn line(over: &Over<'_>) -> Option<(Rc<str>, Vec<u8>)> {
    let Request { stage, .. } = over.request;
    let log = stage.as_ref()?.access_log.as_ref()?;
    Some((Rc::clone(&log.state), log.line(over)))
}

#[cfg(test)]
mod tests;
