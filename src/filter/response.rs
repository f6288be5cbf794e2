//! The response half of a stream.

use super::Worker;
use super::abi::{DataStatus, HeadersStatus, TrailersStatus};
use super::host;
use super::stream::{Request, Stream, TURNS, Verdict, internal_error};
use crate::gateway::exchange::Origin;
use crate::gateway::flow::{Answer, BodyWanted, ResponseFlow};
use crate::gateway::websocket::Direction;

/// What the response waits for.
#[derive(Debug)]
pub(super) enum Response {
    /// Its head, or nothing any more.
    Passing,
    /// So many bytes of its body, or its end.
    Collecting { wanted: usize, size: usize },
    /// Nothing: another one was put in its place.
    Replaced,
}

// === impl Stream ===

impl Stream {
    pub(super) fn on_response_headers(&mut self, end_of_stream: bool, worker: &mut Worker) -> HeadersStatus {
        self.passed.ended = end_of_stream;
        // Our own answers come by here too, and Envoy's, whatever the request waits for.
        let is_ours = matches!(self.request, Request::Answered);
        if !matches!(self.request, Request::Passing) {
            self.request = Request::Answered;
        }
        let Some(exchange) = &mut self.exchange else { return HeadersStatus::Continue };
        let head = host::response_head(end_of_stream);
        let status = head.as_ref().ok().and_then(|head| head.first(b":status")).unwrap_or_default();
        let is_error = matches!(status, [b'4' | b'5', ..]);
        let is_upgrade = status == b"101";
        let details = (is_error && !is_ours).then(host::response_code_details);
        let origin = match &details {
            Some(details) if details != b"via_upstream" => Origin::Envoy(details),
            Some(_) | None => Origin::Upstream,
        };
        if is_upgrade {
            self.request = Request::Upgraded;
        }
        let flow = exchange.on_response_headers(head, origin, worker.now());
        match self.obey_response(flow, 0, end_of_stream || is_upgrade, worker) {
            (Verdict::Release, _) => HeadersStatus::Continue,
            (Verdict::Hold, Response::Collecting { .. }) => HeadersStatus::Stop,
            (Verdict::Hold, Response::Passing | Response::Replaced) => HeadersStatus::StopAll,
        }
    }

    pub(super) fn on_response_body(&mut self, now: usize, ended: bool, worker: &mut Worker) -> DataStatus {
        self.passed.ended = ended;
        match &mut self.response {
            Response::Passing => {
                self.passed.response += now as u64;
                if matches!(self.request, Request::Upgraded) {
                    return self.tunnel(Direction::ToClient, now, worker).data();
                }
                DataStatus::Continue
            }
            Response::Replaced => DataStatus::Drop,
            Response::Collecting { size, .. } => {
                *size = now;
                self.passed.response = now as u64;
                match self.response_collected(ended, worker) {
                    (Verdict::Release, _) => DataStatus::Continue,
                    (Verdict::Hold, Response::Collecting { .. }) => DataStatus::Buffer,
                    (Verdict::Hold, Response::Passing | Response::Replaced) => DataStatus::Drop,
                }
            }
        }
    }

    pub(super) fn on_response_trailers(&mut self, worker: &mut Worker) -> TrailersStatus {
        self.passed.ended = true;
        match self.response {
            Response::Passing => TrailersStatus::Continue,
            Response::Replaced => TrailersStatus::Stop,
            Response::Collecting { .. } => match self.response_collected(true, worker) {
                (Verdict::Release, _) => TrailersStatus::Continue,
                (Verdict::Hold, _) => TrailersStatus::Stop,
            },
        }
    }

    /// Asks the core if what it wanted of the body is there.
    fn response_collected(&mut self, ended: bool, worker: &mut Worker) -> (Verdict, &Response) {
        match self.response {
            Response::Collecting { wanted, size } => {
                let wanted = ResponseFlow::Body(BodyWanted { bytes: wanted });
                self.obey_response(wanted, size, ended, worker)
            }
            Response::Passing | Response::Replaced => (Verdict::Hold, &self.response),
        }
    }

    /// Carries out what the core decided about the response, until it goes, is replaced or waits.
    fn obey_response(
        &mut self,
        mut flow: ResponseFlow,
        size: usize,
        ended: bool,
        worker: &mut Worker,
    ) -> (Verdict, &Response) {
        for _ in 0..TURNS {
            let Some(exchange) = &mut self.exchange else { break };
            flow = match flow {
                ResponseFlow::Continue(edits) => {
                    if let Err(error) = host::edit_response(&edits) {
                        log::error!("sekisho: a response cannot be edited: {error}");
                        break;
                    }
                    self.response = Response::Passing;
                    return (Verdict::Release, &self.response);
                }
                ResponseFlow::Replace(answer) => return self.replace(&answer),
                ResponseFlow::Body(wanted) => {
                    if !ended && size < wanted.bytes {
                        self.response = Response::Collecting { wanted: wanted.bytes, size };
                        return (Verdict::Hold, &self.response);
                    }
                    match host::response_body(size) {
                        Ok(body) => exchange.on_response_body(&body, ended, worker.now()),
                        Err(error) => {
                            log::error!("sekisho: a response cannot be read: {error}");
                            break;
                        }
                    }
                }
            };
        }
        self.replace(&internal_error("sekisho_no_decision"))
    }

    fn replace(&mut self, answer: &Answer) -> (Verdict, &Response) {
        self.answer(answer);
        self.passed.response = answer.body.len() as u64;
        self.response = Response::Replaced;
        (Verdict::Hold, &self.response)
    }
}
