//! One request's life: the request path in order, the response path, and what may be waited for between them.

use super::Env;
use super::compile::Gateway;
use super::flow::{Answer, CalloutReply, ChunkFlow, Edits, Flow, ResponseFlow};
use super::head::{Head, MalformedHead};
use std::rc::Rc;

/// Who made the response that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// The backend, or the gateway itself in an earlier call.
    Upstream,
    /// Envoy: its `response.code_details`, such as `no_healthy_upstream`.
    Envoy(&'a [u8]),
}

/// One request, from its first header to its log line.
#[derive(Debug)]
pub struct Exchange {
    _gateway: Rc<Gateway>,
}

// === impl Exchange ===

impl Exchange {
    /// Begins a request on the gateway as it is now; a reload does not change it half-way.
    #[must_use]
    pub fn new(gateway: Rc<Gateway>) -> Self {
        Self { _gateway: gateway }
    }

    /// The head of the request is there.
    pub fn on_request_headers(&mut self, _head: Result<Head, MalformedHead>, _env: &Env<'_>) -> Flow {
        Flow::Answer(Answer::default())
    }

    /// A question asked by [`Flow::Call`] is answered.
    pub fn on_callout(&mut self, _reply: CalloutReply, _env: &Env<'_>) -> Flow {
        Flow::Answer(Answer::default())
    }

    /// The body asked for by [`Flow::Body`] is there: all of it if `ended`, else at least as much as was wanted.
    pub fn on_request_body(&mut self, _body: &[u8], _ended: bool, _env: &Env<'_>) -> Flow {
        Flow::Answer(Answer::default())
    }

    /// `bytes` more of the body of a request that has gone on stream through.
    pub fn on_request_chunk(&mut self, _bytes: usize) -> ChunkFlow {
        ChunkFlow::Continue
    }

    /// The head of the response is there.
    pub fn on_response_headers(
        &mut self,
        _head: Result<Head, MalformedHead>,
        _origin: Origin<'_>,
        _env: &Env<'_>,
    ) -> ResponseFlow {
        ResponseFlow::Continue(Edits::default())
    }

    /// The body asked for by [`ResponseFlow::Body`] is there: all of it if `ended`, else at least as much as was wanted.
    pub fn on_response_body(&mut self, _body: &[u8], _ended: bool, _env: &Env<'_>) -> ResponseFlow {
        ResponseFlow::Continue(Edits::default())
    }
}
