//! One request's life: the request path in order, the response path, and what may be waited for between them.
//!
//! A wait is a returned value plus one `State` variant. Order is a type: only an authorized request is admitted, and only an
//! admitted one reaches its integration.

mod arrival;
mod ending;
mod inspection;
mod response;
mod tunnel;

use super::Env;
use super::admission::{self, Admitted};
use super::authorizers::{self, Decision, Pending};
use super::aws::{is_unsigned, told_status};
use super::compile::Gateway;
use super::cors::is_cors;
use super::counts::Counter;
use super::execution_log::{self, Trace};
use super::flow::{Answer, BodyWanted, Bytes, Callout, CalloutReply, ChunkFlow, Flow};
use super::gateway_responses::GatewayResponses;
use super::head::{Head, MalformedHead};
use super::integrations::Integration;
use super::json_path::{BODY_BYTES, JsonBody};
use super::rejection::Rejection;
use super::request::{Facts, Request};
use super::waf;
use super::websocket::Tunnel;
use arrival::{arrive, choose_side, preflight, select};
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
    gateway: Rc<Gateway>,
    /// Absent until the head has come.
    request: Option<Request>,
    state: State,
}

/// What has been seen of a request's body on the way to where it is wanted.
#[derive(Debug, Clone, Copy, Default)]
struct Seen<'b> {
    /// All of it, where it is at hand.
    whole: Option<&'b [u8]>,
    /// Bytes of it that the shell has shown: it does not count them again.
    bytes: u64,
}

/// What a request waits for.
#[derive(Debug)]
enum State {
    /// Its head.
    Arriving,
    /// As much of its body as its stage's web ACL inspects.
    Inspecting(waf::rule::Progress),
    /// An answer that its authorization needs.
    Authorizing {
        /// The question.
        pending: Pending,
        /// Bytes of its body that have been seen already.
        seen: u64,
    },
    /// All of its body, because a signature covers it.
    Proving(Pending),
    /// The count of a fleet that its quota needs.
    Metering {
        /// The question, and what is held meanwhile.
        pending: admission::Pending,
        /// Bytes of its body, where all of it has been seen already.
        seen: u64,
    },
    /// Its body, as far as a mapping reads it.
    Buffering(Admitted),
    /// What its function returns, or what a service answers.
    Invoking,
    /// Its backend.
    Upstream {
        /// Bytes of the request's body that have gone on.
        sent: u64,
        /// What it becomes if its backend agrees. A client may send frames before.
        tunnel: Option<Box<Tunnel>>,
    },
    /// Either end of a WebSocket connection, and what the other one says.
    Tunnel(Box<Tunnel>),
    /// The body of its backend's response, as far as a mapping reads it.
    Responding {
        /// Bytes of the request's body that have gone on: a backend may answer before it has read all of it.
        sent: u64,
        /// The response's head.
        head: Head,
        /// Its status.
        status: u16,
    },
    /// Nothing: the gateway has answered.
    Answered,
}

// === impl State ===

impl State {
    /// What is counted if what is waited for does not come; the rate-limit service has counters of its own.
    fn unanswered(&self) -> Option<Counter> {
        match self {
            Self::Authorizing { .. } => Some(Counter::AuthorizerUnanswered),
            Self::Invoking => Some(Counter::IntegrationUnanswered),
            Self::Arriving
            | Self::Inspecting(_)
            | Self::Proving(_)
            | Self::Metering { .. }
            | Self::Buffering(_)
            | Self::Upstream { .. }
            | Self::Tunnel(_)
            | Self::Responding { .. }
            | Self::Answered => None,
        }
    }
}

// === impl Exchange ===

impl Exchange {
    /// Begins a request on the gateway as it is now; a reload does not change it half-way.
    #[must_use]
    pub fn new(gateway: Rc<Gateway>) -> Self {
        Self { gateway, request: None, state: State::Arriving }
    }

    /// The head of the request is there: the request path, in order.
    pub fn on_request_headers(&mut self, head: Result<Head, MalformedHead>, env: &Env<'_>) -> Flow {
        let unreadable = head.is_err();
        let head = head.unwrap_or_else(|_| Head::from_pairs::<&str, &str>(&[], true));
        let mut request = Request::new(Rc::clone(&self.gateway), head, env);
        let arrived = if unreadable { Err(Rejection::UnreadableHead) } else { arrive(&mut request, env) };
        self.request = Some(request);
        match arrived {
            Err(rejection) => self.refuse(rejection),
            Ok(()) => self.inspect(None, None, env),
        }
    }

    /// From the web ACL on: a preflight is answered, or the route and who may call it.
    fn enter(&mut self, seen: Seen<'_>, env: &Env<'_>) -> Flow {
        let Some(request) = &mut self.request else { return self.refuse(Rejection::Internal) };
        if let Some(answer) = preflight(request) {
            self.state = State::Answered;
            return Flow::Answer(answer);
        }
        let decision = select(request, env);
        self.go_on(decision, seen, env)
    }

    /// A question asked by [`Flow::Call`] is answered.
    pub fn on_callout(&mut self, reply: &CalloutReply, env: &Env<'_>) -> Flow {
        if is_unsigned(reply) {
            env.worker.borrow_mut().counts.add(Counter::Unsigned);
        }
        if !reply.is_usable()
            && let Some(counter) = self.state.unanswered()
        {
            env.worker.borrow_mut().counts.add(counter);
        }
        let state = std::mem::replace(&mut self.state, State::Answered);
        match (state, &mut self.request) {
            (State::Authorizing { pending, seen }, Some(request)) => {
                request.outcome.asked(reply, request.has_access_log(), env.monotonic);
                let decision = authorizers::finish(pending, reply, request, env);
                self.go_on(decision, Seen { whole: None, bytes: seen }, env)
            }
            (State::Invoking, Some(request)) => {
                request.outcome.hand_back(told_status(reply), env.monotonic);
                execution_log::step(request, |trace, request| trace.replied(request, reply));
                if request.has_access_log() {
                    request.outcome.endpoint_request_id = reply.request_id();
                }
                let answer = match integration(request) {
                    Some(Integration::Lambda(function)) => {
                        let answer = function.answer(request, reply);
                        let returned = answer.as_ref().ok().map(|answer| answer.status);
                        request.outcome.function_returned(returned);
                        answer
                    }
                    Some(Integration::AwsService(service)) => service.answer(request, reply),
                    Some(Integration::HttpProxy(_) | Integration::Mock(_) | Integration::None) | None => {
                        Err(Rejection::Internal)
                    }
                };
                let trace = request.trace_header();
                self.tell(answer, trace)
            }
            (State::Metering { pending, seen }, Some(request)) => {
                match admission::finish(pending, reply, request, env) {
                    Err(rejection) => self.refuse(rejection),
                    Ok(admitted) => self.admitted(admitted, Seen { whole: None, bytes: seen }, env),
                }
            }
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
                | State::Responding { .. }
                | State::Answered,
                _,
            ) => self.refuse(Rejection::Internal),
        }
    }

    /// From authorization on: a question, or admission and what the integration needs.
    fn go_on(&mut self, decision: Result<Decision, Rejection>, seen: Seen<'_>, env: &Env<'_>) -> Flow {
        let Some(request) = &mut self.request else { return self.refuse(Rejection::Internal) };
        match decision {
            Err(rejection) => self.refuse(rejection),
            Ok(Decision::Ask(mut callout, pending)) => {
                request.outcome.ask(env.monotonic);
                callout.then_body = wanted_body(request).is_some();
                self.state = State::Authorizing { pending, seen: seen.bytes };
                Flow::Call(callout)
            }
            // All of it may be there: the shell shows it again.
            Ok(Decision::Body(pending)) => {
                self.state = State::Proving(pending);
                Flow::Body(BodyWanted { bytes: usize::MAX })
            }
            Ok(Decision::Authorized(authorized)) => {
                request.principal = authorized.principal();
                // By a claim: both sides serve the same routes.
                choose_side(request, |canary, request| canary.takes_bearer(request, env));
                execution_log::step(request, Trace::authorized);
                match admission::begin(authorized, request, env) {
                    Err(rejection) => self.refuse(rejection),
                    Ok(admission::Decision::Ask(mut callout, pending)) => {
                        callout.then_body = wanted_body(request).is_some();
                        self.state = State::Metering { pending, seen: seen.bytes };
                        Flow::Call(callout)
                    }
                    Ok(admission::Decision::Admitted(admitted)) => self.admitted(admitted, seen, env),
                }
            }
        }
    }

    /// From admission on: what the integration needs of the body. One that was seen before a question is still held, and is
    /// handed over again.
    fn admitted(&mut self, admitted: Admitted, seen: Seen<'_>, env: &Env<'_>) -> Flow {
        self.trace(Trace::admitted);
        let wanted = self.request.as_ref().and_then(wanted_body);
        if let (None, Some(wanted)) = (seen.whole, wanted) {
            self.state = State::Buffering(admitted);
            return Flow::Body(wanted);
        }
        self.integrate(admitted, seen.whole, seen.bytes, env)
    }

    /// The body asked for by [`Flow::Body`] is there: all of it if `ended`, else at least as much as was wanted.
    pub fn on_request_body(&mut self, body: &[u8], ended: bool, env: &Env<'_>) -> Flow {
        match (std::mem::replace(&mut self.state, State::Answered), &mut self.request) {
            (State::Inspecting(_) | State::Buffering(_) | State::Proving(_), _)
                if body.len() as u64 > self.gateway.payload_bytes =>
            {
                self.refuse(Rejection::PayloadTooLarge)
            }
            (State::Inspecting(progress), _) => self.inspect(Some(progress), Some((body, ended)), env),
            (State::Buffering(admitted), _) => self.integrate(admitted, Some(body), body.len() as u64, env),
            (State::Proving(pending), Some(request)) => {
                let decision = authorizers::finish_body(pending, body, request, env);
                self.go_on(decision, Seen { whole: Some(body), bytes: body.len() as u64 }, env)
            }
            (
                State::Arriving
                | State::Authorizing { .. }
                | State::Proving(_)
                | State::Invoking
                | State::Metering { .. }
                | State::Upstream { .. }
                | State::Tunnel(_)
                | State::Responding { .. }
                | State::Answered,
                _,
            ) => self.refuse(Rejection::Internal),
        }
    }

    /// `bytes` more of the body of a request that has gone on stream through.
    pub fn on_request_chunk(&mut self, bytes: usize) -> ChunkFlow {
        let (State::Upstream { sent, .. } | State::Responding { sent, .. }) = &mut self.state else {
            return ChunkFlow::Continue;
        };
        *sent = sent.saturating_add(bytes as u64);
        if *sent <= self.gateway.payload_bytes {
            return ChunkFlow::Continue;
        }
        ChunkFlow::Answer(self.answer(Rejection::PayloadTooLarge))
    }

    /// The request, once its head has come.
    #[must_use]
    pub fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// Hands an admitted request, of whose body so much is sent without being shown again, to its integration.
    fn integrate(&mut self, _: Admitted, body: Option<&[u8]>, sent: u64, env: &Env<'_>) -> Flow {
        let Some(request) = &mut self.request else { return self.refuse(Rejection::Internal) };
        execution_log::step(request, |trace, request| trace.starts(request, body));
        let request = &*request;
        let json = body.map(JsonBody::new);
        let facts = Facts { request_body: json.as_ref(), ..request.facts() };
        match integration(request) {
            None | Some(Integration::None) => self.refuse(Rejection::Internal),
            Some(Integration::Lambda(function)) => {
                let callout = function.invoke(request, body.unwrap_or_default(), env);
                self.ask(callout, env)
            }
            Some(Integration::AwsService(service)) => {
                let callout = service.call(&facts, body.unwrap_or_default(), env);
                self.ask(callout, env)
            }
            Some(Integration::HttpProxy(backend)) => match backend.forward(&facts) {
                Err(rejection) => self.refuse(rejection),
                Ok(edits) => {
                    self.trace(|trace, request| trace.forwards(request, &edits));
                    let Some(request) = &mut self.request else { return self.refuse(Rejection::Internal) };
                    request.outcome.hand_over(env.monotonic);
                    let tunnel = tunnel::of(request).map(Box::new);
                    self.state = State::Upstream { sent, tunnel };
                    Flow::Forward(edits)
                }
            },
            Some(Integration::Mock(mock)) => {
                let answer = mock.answer(&facts);
                self.state = State::Answered;
                self.tell(answer, None)
            }
        }
    }

    /// Asks a function or a service, or refuses what it cannot be asked.
    fn ask(&mut self, callout: Result<Callout, Rejection>, env: &Env<'_>) -> Flow {
        match callout {
            Err(rejection) => self.refuse(rejection),
            Ok(callout) => {
                if let Some(request) = &mut self.request {
                    request.outcome.hand_over(env.monotonic);
                }
                self.trace(|trace, request| trace.asks(request, &callout));
                self.state = State::Invoking;
                Flow::Call(callout)
            }
        }
    }

    /// What an integration answered without a response of Envoy's, or why that is none. Its words of what the gateway tells
    /// itself are replaced, as a backend's are. `trace` is told by those that did not make their answer here.
    fn tell(&mut self, answer: Result<Answer, Rejection>, trace: Option<(Bytes, Bytes)>) -> Flow {
        match (answer, &self.request) {
            (Ok(mut answer), Some(request)) => {
                if request.cors().is_some() {
                    answer.headers.retain(|(name, _)| !is_cors(name));
                }
                answer.replace(request.own_headers().chain(trace));
                let told = answer.headers.iter().filter(|(name, _)| name.as_ref() == b"vary");
                let vary = request.vary_header(told.map(|(_, value)| value.as_ref()));
                answer.replace(vary.into_iter());
                self.trace(|trace, _| trace.answers(&answer));
                Flow::Answer(answer)
            }
            (Err(rejection), _) => self.refuse(rejection),
            (Ok(_), None) => self.refuse(Rejection::Internal),
        }
    }

    fn trace(&mut self, tell: impl FnOnce(&mut Trace, &Request)) {
        if let Some(request) = &mut self.request {
            execution_log::step(request, tell);
        }
    }

    fn refuse(&mut self, rejection: Rejection) -> Flow {
        Flow::Answer(self.answer(rejection))
    }

    /// The answer to a refused request: every refusal leaves here.
    fn answer(&mut self, rejection: Rejection) -> Answer {
        self.state = State::Answered;
        let Some(request) = &mut self.request else {
            // No head has come: there is nothing to tell, and nobody's ids to tell it with.
            return rejection.bare();
        };
        request.authorizer_error = rejection.authorizer_error();
        let none = GatewayResponses::default();
        let responses = request.api.as_ref().map_or(&none, |api| &api.responses);
        let mut answer = rejection.answer(request.protocol(), responses, request);
        answer.add_missing(request.standing_headers());
        answer.headers.extend(request.cors_headers().chain(request.vary_header([])));
        let problem = rejection.problem(answer.status, request);
        execution_log::step(request, |trace, request| trace.refused(request, rejection, &problem, &answer));
        request.outcome.rejection = Some(rejection);
        request.outcome.problem = Some(problem);
        answer
    }
}

/// How much of the body the integration reads. One that does not exist never comes, and what follows an upgrade is none.
fn wanted_body(request: &Request) -> Option<BodyWanted> {
    let bytes = match integration(request) {
        Some(Integration::HttpProxy(backend)) => backend.request.needs_body.then_some(BODY_BYTES),
        Some(Integration::Lambda(_)) => Some(usize::MAX),
        Some(Integration::AwsService(service)) => service.needs_body().then_some(usize::MAX),
        Some(Integration::Mock(_) | Integration::None) | None => None,
    };
    bytes.filter(|_| !request.has_no_body()).map(|bytes| BodyWanted { bytes })
}

/// The integration of the request's route.
fn integration(request: &Request) -> Option<&Integration> {
    request.integration()
}

#[cfg(test)]
mod tests;
