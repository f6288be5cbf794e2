//! One request: `obey`, and `obey_response` in `response`, are where decisions become host calls.
//!
//! What is held is released by nothing but a decision: every callback looks at what the request waits for first.

use super::abi::{DataStatus, HeadersStatus, TrailersStatus};
use super::body::HeldBody;
use super::callouts::Asked;
use super::ending::Passed;
use super::host::{self, HostError};
use super::response::Response;
use super::{Peer, Worker};
use crate::gateway::flow::{Answer, BodyWanted, CalloutReply, ChunkFlow, Flow};
use crate::gateway::websocket::Direction;
use crate::gateway::{Exchange, Gateway, Wants};
use std::borrow::Cow;
use std::rc::Rc;

/// One request and its response.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) context: u32,
    /// None if no document was ever good: every request is refused.
    pub(super) exchange: Option<Exchange>,
    wants: Wants,
    pub(super) peer: Peer,
    pub(super) request: Request,
    pub(super) response: Response,
    pub(super) passed: Passed,
}

/// What the request waits for.
#[derive(Debug)]
pub(super) enum Request {
    /// Its head.
    Arriving,
    /// A callout's answer.
    Asking { token: u32, body: HeldBody },
    /// So many bytes of its body, or its end.
    Collecting { wanted: usize, body: HeldBody },
    /// Nothing: it goes to the backend.
    Passing,
    /// Nothing: it became something else (101), and its bytes are no body.
    Upgraded,
    /// Nothing: it is answered, by us or by Envoy.
    Answered,
}

/// What became of what was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Verdict {
    Release,
    Hold,
}

/// A core that asks for more than this in one callback will not come to an end.
pub(super) const TURNS: usize = 16;

// === impl Stream ===

impl Stream {
    pub(super) fn new(context: u32, gateway: Option<Rc<Gateway>>) -> Self {
        Self {
            context,
            wants: gateway.as_ref().map(|gateway| gateway.wants()).unwrap_or_default(),
            exchange: gateway.map(Exchange::new),
            peer: Peer::default(),
            request: Request::Arriving,
            response: Response::Passing,
            passed: Passed::default(),
        }
    }

    /// The callout that the request waits for.
    pub(super) fn token(&self) -> Option<u32> {
        match self.request {
            Request::Asking { token, .. } => Some(token),
            Request::Arriving
            | Request::Collecting { .. }
            | Request::Passing
            | Request::Upgraded
            | Request::Answered => None,
        }
    }

    // --- the request

    pub(super) fn on_request_headers(&mut self, end_of_stream: bool, worker: &mut Worker) -> HeadersStatus {
        self.peer = Peer::read(self.wants);
        let Some(exchange) = &mut self.exchange else {
            self.fail("sekisho_not_configured");
            return HeadersStatus::StopAll;
        };
        let head = host::request_head(end_of_stream);
        let flow = exchange.on_request_headers(head, &worker.env(&self.peer));
        let body = HeldBody::new(end_of_stream);
        match (self.obey(flow, body, worker), &self.request) {
            (Verdict::Release, _) => HeadersStatus::Continue,
            (Verdict::Hold, Request::Collecting { body, .. } | Request::Asking { body, .. })
                if body.is_to_come_here() =>
            {
                HeadersStatus::Stop
            }
            (Verdict::Hold, _) => HeadersStatus::StopAll,
        }
    }

    pub(super) fn on_request_body(&mut self, size: usize, ended: bool, worker: &mut Worker) -> DataStatus {
        match &mut self.request {
            Request::Passing => {
                self.passed.request += size as u64;
                match self.chunk(size) {
                    Verdict::Release => self.tunnel(Direction::ToBackend, size, worker).data(),
                    Verdict::Hold => DataStatus::Drop,
                }
            }
            Request::Upgraded => {
                self.passed.request += size as u64;
                self.tunnel(Direction::ToBackend, size, worker).data()
            }
            Request::Arriving | Request::Answered => DataStatus::Drop,
            Request::Asking { body, .. } => {
                body.arrive(size, ended);
                self.passed.request = body.size() as u64;
                body.hold()
            }
            Request::Collecting { body, .. } => {
                body.arrive(size, ended);
                self.passed.request = body.size() as u64;
                match (self.collected(worker), &self.request) {
                    (Verdict::Release, _) => DataStatus::Continue,
                    (Verdict::Hold, Request::Collecting { body, .. } | Request::Asking { body, .. }) => {
                        body.hold()
                    }
                    (Verdict::Hold, _) => DataStatus::Drop,
                }
            }
        }
    }

    pub(super) fn on_request_trailers(&mut self, worker: &mut Worker) -> TrailersStatus {
        if let Err(error) = host::clean_request_trailers() {
            match self.request {
                Request::Passing
                | Request::Upgraded
                | Request::Asking { .. }
                | Request::Collecting { .. } => {
                    self.host_failed(error);
                }
                Request::Arriving | Request::Answered => {}
            }
            return TrailersStatus::Stop;
        }
        match &mut self.request {
            Request::Passing | Request::Upgraded => TrailersStatus::Continue,
            Request::Arriving | Request::Answered => TrailersStatus::Stop,
            Request::Asking { body, .. } => {
                body.end();
                TrailersStatus::Stop
            }
            Request::Collecting { body, .. } => {
                body.end();
                match self.collected(worker) {
                    Verdict::Release => TrailersStatus::Continue,
                    Verdict::Hold => TrailersStatus::Stop,
                }
            }
        }
    }

    pub(super) fn on_callout(&mut self, token: u32, reply: &CalloutReply, worker: &mut Worker) {
        let body = match &mut self.request {
            Request::Asking { token: awaited, body } if *awaited == token => {
                std::mem::replace(body, HeldBody::new(true))
            }
            // Envoy has answered meanwhile, or the client is gone.
            Request::Asking { .. }
            | Request::Arriving
            | Request::Collecting { .. }
            | Request::Passing
            | Request::Upgraded
            | Request::Answered => return,
        };
        if let Err(error) = host::act_for(self.context) {
            // Whatever is called now reaches another stream, or none.
            log::error!("sekisho: a waiting request is lost: {error}");
            self.request = Request::Answered;
            return;
        }
        let Some(exchange) = &mut self.exchange else { return };
        let flow = exchange.on_callout(reply, &worker.env(&self.peer));
        match self.obey(flow, body, worker) {
            Verdict::Release => {
                if let Err(error) = host::resume_request() {
                    log::error!("sekisho: a request cannot be resumed: {error}");
                }
            }
            Verdict::Hold => {}
        }
    }

    /// A part of a body that goes to the backend.
    fn chunk(&mut self, size: usize) -> Verdict {
        let Some(exchange) = &mut self.exchange else { return Verdict::Hold };
        match exchange.on_request_chunk(size) {
            ChunkFlow::Continue => Verdict::Release,
            ChunkFlow::Answer(answer) => {
                self.answer(&answer);
                Verdict::Hold
            }
        }
    }

    /// Asks the core if what it wanted of the body is there.
    fn collected(&mut self, worker: &mut Worker) -> Verdict {
        match std::mem::replace(&mut self.request, Request::Arriving) {
            Request::Collecting { wanted, body } => {
                self.obey(Flow::Body(BodyWanted { bytes: wanted }), body, worker)
            }
            other => {
                self.request = other;
                Verdict::Hold
            }
        }
    }

    /// Carries out what the core decided about the request, until it goes, is answered or waits.
    fn obey(&mut self, mut flow: Flow, mut body: HeldBody, worker: &mut Worker) -> Verdict {
        for _ in 0..TURNS {
            let Some(exchange) = &mut self.exchange else { break };
            if let Some(line) = exchange.take_waf_log()
                && let Err(error) = host::log_inspection(&line)
            {
                log::error!("sekisho: a line of a web ACL's log is lost: {error}");
            }
            flow = match flow {
                Flow::Forward(edits) => {
                    if let Err(error) = host::edit_request(&edits) {
                        self.host_failed(error);
                        return Verdict::Hold;
                    }
                    self.request = Request::Passing;
                    // What waited is not shown to us again. Nobody waits for the frames that may follow an upgrade.
                    if body.untold() > 0 && exchange.unread(Direction::ToBackend).is_some() {
                        break;
                    }
                    return if body.untold() > 0 { self.chunk(body.untold()) } else { Verdict::Release };
                }
                Flow::Answer(answer) => {
                    self.answer(&answer);
                    return Verdict::Hold;
                }
                Flow::Call(callout) => {
                    let reply = match worker.callouts.ask(&callout, self.context) {
                        Ok(Asked::Waiting(token)) => {
                            if !callout.then_body {
                                body.keep_back();
                            }
                            self.request = Request::Asking { token, body };
                            return Verdict::Hold;
                        }
                        Ok(Asked::TooMany) => CalloutReply::TooMany,
                        Err(error) if error.is_unavailable() => CalloutReply::Failed,
                        Err(error) => {
                            log::warn!("sekisho: cluster `{}` cannot be asked: {error}", callout.cluster);
                            CalloutReply::Failed
                        }
                    };
                    exchange.on_callout(&reply, &worker.env(&self.peer))
                }
                // The host would give us the body only together with letting the head go.
                Flow::Body(_) if !body.is_readable() => {
                    log::error!("sekisho: a body is wanted that was not wanted before a callout");
                    self.fail("sekisho_body_after_callout");
                    return Verdict::Hold;
                }
                Flow::Body(wanted) if !body.suffices(wanted.bytes) => {
                    self.request = Request::Collecting { wanted: wanted.bytes, body };
                    return Verdict::Hold;
                }
                Flow::Body(_) => match body.read() {
                    Ok(bytes) => {
                        let env = worker.env(&self.peer);
                        exchange.on_request_body(&bytes, body.has_ended(), &env)
                    }
                    Err(error) => {
                        self.host_failed(error);
                        return Verdict::Hold;
                    }
                },
            };
        }
        self.fail("sekisho_no_decision");
        Verdict::Hold
    }

    // --- answers

    /// Answers here. Nothing may follow.
    pub(super) fn answer(&mut self, answer: &Answer) {
        self.request = Request::Answered;
        if let Err(error) = host::answer(answer) {
            // It stays held; Envoy's timeouts end it.
            log::error!("sekisho: a request cannot be answered: {error}");
        }
    }

    /// Refuses what the core could not be asked about.
    pub(super) fn fail(&mut self, details: &'static str) {
        self.answer(&internal_error(details));
    }

    pub(super) fn host_failed(&mut self, error: HostError) {
        log::error!("sekisho: a request is refused: {error}");
        self.fail("sekisho_host_call_failed");
    }
}

// === impl Verdict ===

impl Verdict {
    /// What a part is answered that passes, or is thrown away.
    pub(super) fn data(self) -> DataStatus {
        match self {
            Self::Release => DataStatus::Continue,
            Self::Hold => DataStatus::Drop,
        }
    }
}

pub(super) fn internal_error(details: &'static str) -> Answer {
    Answer {
        status: 500,
        headers: vec![(Cow::Borrowed(b"content-type"), Cow::Borrowed(b"application/json"))],
        body: Cow::Borrowed(br#"{"message":"Internal Server Error"}"#),
        details: Cow::Borrowed(details),
    }
}
