//! The response path: a backend's response, Envoy's own reply in its place, and the gateway's own that pass once more.

use super::{Exchange, Origin, State, integration};
use crate::gateway::Now;
use crate::gateway::envoy_replies;
use crate::gateway::execution_log;
use crate::gateway::flow::{BodyWanted, Edits, ResponseFlow};
use crate::gateway::head::{Head, MalformedHead};
use crate::gateway::integrations::Integration;
use crate::gateway::json_path::{BODY_BYTES, JsonBody};
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Request;

impl Exchange {
    /// The head of the response is there: the response path.
    pub fn on_response_headers<'n>(
        &mut self,
        head: Result<Head, MalformedHead>,
        origin: Origin<'_>,
        now: impl Into<Now<'n>>,
    ) -> ResponseFlow {
        let now = now.into();
        let status = head.as_ref().map(status).unwrap_or_default();
        if let (State::Upstream { .. }, Some(request)) = (&self.state, &mut self.request) {
            request.outcome.hand_back((origin == Origin::Upstream).then_some(status), now.monotonic);
            if let (Ok(head), Origin::Upstream) = (&head, origin) {
                execution_log::step(request, |trace, request| trace.responded(request, status, head));
            }
        }
        let flow = self.respond(head, origin, status, now);
        self.count(status, &flow, now);
        flow
    }

    fn respond(
        &mut self,
        head: Result<Head, MalformedHead>,
        origin: Origin<'_>,
        status: u16,
        now: Now<'_>,
    ) -> ResponseFlow {
        let (State::Upstream { sent, .. }, Some(request)) = (&self.state, &self.request) else {
            return self.on_own_response(origin, status);
        };
        if let Origin::Envoy(details) = origin {
            return self.on_envoy_reply(details, status);
        }
        let Ok(head) = head else { return ResponseFlow::Replace(self.answer(Rejection::Internal)) };
        let Some(Integration::HttpProxy(backend)) = integration(request) else {
            return ResponseFlow::Replace(self.answer(Rejection::Internal));
        };
        if !is_final(status, request) {
            return ResponseFlow::Replace(self.answer(Rejection::IntegrationFailure));
        }
        if status == 101 {
            // It has no body: frames follow.
            let flow = backend.respond(request, &head, status, None);
            self.connect(now);
            return flow;
        }
        if backend.needs_response_body(status) && !head.end_of_stream {
            self.state = State::Responding { sent: *sent, head, status };
            return ResponseFlow::Body(BodyWanted { bytes: BODY_BYTES });
        }
        let flow = backend.respond(request, &head, status, None);
        self.relay(&head, &flow);
        flow
    }

    /// Tells the execution log what of a backend's response goes to the client.
    fn relay(&mut self, head: &Head, flow: &ResponseFlow) {
        match flow {
            ResponseFlow::Continue(edits) => self.trace(|trace, _| trace.relays(head, edits)),
            // Told as a refusal.
            ResponseFlow::Replace(_) | ResponseFlow::Body(_) => {}
        }
    }

    /// The body asked for by [`ResponseFlow::Body`] is there: all of it if `ended`, else at least as much as was wanted.
    pub fn on_response_body<'n>(
        &mut self,
        body: &[u8],
        _ended: bool,
        now: impl Into<Now<'n>>,
    ) -> ResponseFlow {
        let now = now.into();
        let State::Responding { sent, head, status } = &mut self.state else {
            return ResponseFlow::Continue(Edits::default());
        };
        let (sent, status) = (*sent, *status);
        let head = std::mem::take(head);
        self.state = State::Upstream { sent, tunnel: None };
        let integration = self.request.as_ref().and_then(|request| Some((request, integration(request)?)));
        let flow = match integration {
            Some((request, Integration::HttpProxy(backend))) => {
                backend.respond(request, &head, status, Some(&JsonBody::new(body)))
            }
            Some((
                _,
                Integration::Mock(_)
                | Integration::Lambda(_)
                | Integration::AwsService(_)
                | Integration::None,
            ))
            | None => ResponseFlow::Replace(self.answer(Rejection::Internal)),
        };
        self.relay(&head, &flow);
        self.count(status, &flow, now);
        flow
    }

    /// Counts a response for the side that served it, once it is known what the client gets; `came` is the status that it came
    /// with. An answer of the gateway's own is counted when it passes here.
    #[inline(never)]
    fn count(&mut self, came: u16, flow: &ResponseFlow, now: Now<'_>) {
        let status = match flow {
            ResponseFlow::Body(_) => return,
            ResponseFlow::Replace(answer) => answer.status,
            ResponseFlow::Continue(edits) => edits.status().unwrap_or(came),
        };
        if let Some(request) = &mut self.request {
            request.outcome.status = status;
        }
        let Some(stage) = self.request.as_mut().and_then(|request| request.uncounted_side.take()) else {
            return;
        };
        let Some(side) = &stage.canary_side else { return };
        now.worker.borrow_mut().sides.add(side, status);
    }

    /// Envoy answered in the backend's place.
    fn on_envoy_reply(&mut self, details: &[u8], status: u16) -> ResponseFlow {
        match envoy_replies::rejection(details, status) {
            Some(rejection) => ResponseFlow::Replace(self.answer(rejection)),
            None => ResponseFlow::Continue(self.own_headers()),
        }
    }

    /// A response that no backend made: the gateway's own comes back here and is left alone; one of Envoy's, to a request
    /// that waits or has not been understood, becomes AWS's.
    fn on_own_response(&mut self, origin: Origin<'_>, status: u16) -> ResponseFlow {
        match (&self.state, origin) {
            (State::Answered, _) | (_, Origin::Upstream) => ResponseFlow::Continue(Edits::default()),
            (
                State::Arriving
                | State::Inspecting(_)
                | State::Authorizing { .. }
                | State::Proving(_)
                | State::Metering { .. }
                | State::Buffering(_)
                | State::Invoking
                | State::Upstream { .. }
                | State::Tunnel(_)
                | State::Responding { .. },
                Origin::Envoy(details),
            ) => self.on_envoy_reply(details, status),
        }
    }

    fn own_headers(&self) -> Edits {
        let mut edits = Edits::default();
        let Some(request) = &self.request else { return edits };
        for (name, value) in request.own_headers().chain(request.vary_header([])) {
            edits.set(name, value);
        }
        edits
    }
}

/// Whether a status can end an exchange. Envoy passes `0`, `99`, `1000` and a 101 that nobody asked for: a client, or a proxy
/// that shares its connection, would lose track of where the next response begins.
fn is_final(status: u16, request: &Request) -> bool {
    (200..=999).contains(&status) || (status == 101 && request.asks_upgrade())
}

fn status(head: &Head) -> u16 {
    let text = head.first(b":status").and_then(|status| std::str::from_utf8(status).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}
