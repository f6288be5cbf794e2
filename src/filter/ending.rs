//! The end of a request: what it leaves to be told of becomes filter state and statistics.

use super::Worker;
use super::host;
use super::stream::Stream;
use crate::gateway::outcome::Ending;

/// What came by of bodies, in bytes. To ask Envoy for them would cost more than to add them up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Passed {
    pub(super) request: u64,
    pub(super) response: u64,
    /// Whether the response has come to its end.
    pub(super) ended: bool,
}

/// What Envoy knows of the request that a callback is about.
#[derive(Debug)]
struct HostEnding(Passed);

// === impl HostEnding ===

impl Ending for HostEnding {
    fn response_bytes(&self) -> u64 {
        self.0.response
    }

    fn request_bytes(&self) -> u64 {
        self.0.request
    }

    fn tls_version(&self) -> Vec<u8> {
        host::tls_version()
    }

    fn broke_off(&self) -> bool {
        !self.0.ended && host::response_code_details().starts_with(b"upstream_reset_after_response_started")
    }

    fn status(&self) -> u16 {
        u16::try_from(host::number(b"response\0code")).unwrap_or_default()
    }
}

// === impl Stream ===

impl Stream {
    pub(super) fn on_log(&mut self, worker: &mut Worker) {
        let Some(exchange) = &mut self.exchange else { return };
        let observation = exchange.on_log(&HostEnding(self.passed), host::monotonic_clock(), worker.memory());
        if let Some(times) = &observation.times {
            worker.metrics.record(times);
        }
        if let Some((state, line)) = observation.access_log
            && let Err(error) = host::log_access(&state, &line)
        {
            log::error!("sekisho: a line of an access log is lost: {error}");
        }
        if let Some(lines) = observation.execution_log
            && let Err(error) = host::log_execution(&lines)
        {
            log::error!("sekisho: an execution log is lost: {error}");
        }
    }
}
