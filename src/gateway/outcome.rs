//! What became of a request: what access logs, metrics and execution logs tell of it when it is over.

use super::Nanos;
use super::metrics::counts::Times;
use super::rejection::Rejection;
use super::request::Problem;

/// What became of a request so far.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The status that the client gets; 0 until there is one.
    pub status: u16,
    /// Why it was refused, if it was.
    pub rejection: Option<Rejection>,
    /// What the client was told went wrong.
    pub problem: Option<Problem>,
    /// The integration that it was handed to.
    pub integration: Option<Integrated>,
}

/// How an integration did.
#[derive(Debug, Clone, Copy)]
pub struct Integrated {
    /// When the request was handed over.
    pub began: Nanos,
    /// When the head of its response was there, or nothing was any more to come.
    pub ended: Option<Nanos>,
    /// The status of its response, as it came: for a function the one of Lambda's API, 200 even where the function failed.
    /// None if none came. `$context.integrationStatus`
    pub status: Option<u16>,
    /// The status that a function returned. `$context.integration.status`
    pub function_status: Option<u16>,
}

/// What only the host knows of a request that is over. Asking costs: it is asked for what somebody reads.
pub trait Ending: std::fmt::Debug {
    /// Bytes of the body that the client was sent.
    fn response_bytes(&self) -> u64;
    /// Bytes of the body that the client sent.
    fn request_bytes(&self) -> u64;
    /// The version of TLS, such as `TLSv1.3`; empty without TLS.
    fn tls_version(&self) -> Vec<u8>;
    /// The status that was sent, where no response passed the filter: Envoy refused what it could not read. 0 if none.
    fn status(&self) -> u16;
}

/// What a request that is over leaves to be told of.
#[derive(Debug, Default)]
pub struct Observation {
    /// Its line for the access log of its stage, without an end of line, and the number of that log's destination.
    pub access_log: Option<(usize, Vec<u8>)>,
    /// How long it took, for histograms; none if it reached no stage.
    pub times: Option<Times>,
}

// === impl Outcome ===

impl Outcome {
    /// The request is handed to its integration.
    pub fn hand_over(&mut self, now: Nanos) {
        self.integration = Some(Integrated { began: now, ended: None, status: None, function_status: None });
    }

    /// The integration has answered, or will not any more. Only the first time counts.
    pub fn hand_back(&mut self, status: Option<u16>, now: Nanos) {
        if let Some(integrated) = self.integration.as_mut().filter(|integrated| integrated.ended.is_none()) {
            integrated.ended = Some(now);
            integrated.status = status;
        }
    }

    /// What the function returned is an answer of this status, or none.
    pub fn function_returned(&mut self, status: Option<u16>) {
        if let Some(integrated) = &mut self.integration {
            integrated.function_status = status;
        }
    }
}

// === impl Integrated ===

impl Integrated {
    /// Milliseconds that it took; none while it has not ended. `$context.integrationLatency`
    #[must_use]
    pub fn millis(&self) -> Option<u64> {
        Some(self.ended?.0.saturating_sub(self.began.0) / 1_000_000)
    }
}
