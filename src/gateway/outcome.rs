//! What became of a request: what access logs, metrics and execution logs tell of it when it is over.

use super::Nanos;
use super::aws::told_status;
use super::flow::CalloutReply;
use super::metrics::counts::Times;
use super::rejection::Rejection;
use super::request::{Problem, Request};
use std::rc::Rc;

/// What became of a request so far.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The status that the client gets; 0 until there is one.
    pub status: u16,
    /// Why it was refused, if it was.
    pub rejection: Option<Rejection>,
    /// What the client was told went wrong.
    pub problem: Option<Problem>,
    /// The integration that it was handed to; none while nobody is asked, and of one that asks nobody.
    pub integration: Option<Integrated>,
    /// What was asked for its authorizer, if anything was.
    pub authorizer: Option<Asked>,
    /// The id that the function or the AWS service of its integration gave the call, where somebody logs it.
    pub endpoint_request_id: Option<Box<str>>,
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

/// How it went with what an authorizer asked: keys of an issuer, a function. Of several questions the last answer counts.
#[derive(Debug)]
pub struct Asked {
    /// When it asked first.
    pub began: Nanos,
    /// When it was answered last.
    pub ended: Option<Nanos>,
    /// The status of the answer; none if none came.
    pub status: Option<u16>,
    /// The id that whoever answered gave the call, where somebody logs it.
    pub request_id: Option<Box<str>>,
}

/// What only the host knows of a request that is over. The shell has the bytes at hand; to ask for the rest costs, and is done
/// where somebody reads it.
pub trait Ending: std::fmt::Debug {
    /// Bytes of the body that the client was sent.
    fn response_bytes(&self) -> u64;
    /// Bytes of the body that the client sent.
    fn request_bytes(&self) -> u64;
    /// The version of TLS, such as `TLSv1.3`; empty without TLS.
    fn tls_version(&self) -> Vec<u8>;
    /// Whether the integration broke off in the middle of its response, which the client then has a part of.
    fn broke_off(&self) -> bool;
    /// The status that was sent, where no response passed the filter: Envoy refused what it could not read. 0 if none.
    fn status(&self) -> u16;
}

/// A request that is over, for those who tell of it.
#[derive(Debug, Clone, Copy)]
pub struct Over<'a> {
    /// The request.
    pub request: &'a Request,
    /// What the host knows.
    pub ending: &'a dyn Ending,
    /// When it ended.
    pub now: Nanos,
}

/// What a request that is over leaves to be told of.
#[derive(Debug, Default)]
pub struct Observation {
    /// Its line for the access log of its stage, as its logger writes it, and the filter state by which that reads it.
    pub access_log: Option<(Rc<str>, Vec<u8>)>,
    /// The lines of its execution log.
    pub execution_log: Option<Vec<u8>>,
    /// How long it took, for histograms; none if it reached no stage.
    pub times: Option<Times>,
}

// === impl Outcome ===

impl Outcome {
    /// The authorizer asks somebody.
    pub fn ask(&mut self, now: Nanos) {
        self.authorizer.get_or_insert(Asked { began: now, ended: None, status: None, request_id: None });
    }

    /// The authorizer's question is answered, or will not be.
    pub fn asked(&mut self, reply: &CalloutReply, is_logged: bool, now: Nanos) {
        if let Some(asked) = &mut self.authorizer {
            asked.ended = Some(now);
            asked.status = told_status(reply);
            asked.request_id = if is_logged { reply.request_id() } else { None };
        }
    }

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

// === impl Asked ===

impl Asked {
    /// Milliseconds that it took; none while it is not answered.
    #[must_use]
    pub fn millis(&self) -> Option<u64> {
        Some(millis_between(self.began, self.ended?))
    }
}

// === impl Over ===

impl Over<'_> {
    /// Milliseconds from the request's head to its end.
    #[must_use]
    pub fn millis(&self) -> u64 {
        millis_between(self.request.began, self.now)
    }
}

fn millis_between(began: Nanos, ended: Nanos) -> u64 {
    ended.0.saturating_sub(began.0) / 1_000_000
}

// === impl Integrated ===

impl Integrated {
    /// Milliseconds that it took; none while it has not ended. `$context.integrationLatency`
    #[must_use]
    pub fn millis(&self) -> Option<u64> {
        Some(millis_between(self.began, self.ended?))
    }
}
