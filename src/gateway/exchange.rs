//! One request's life: the request path in order, the response path, and what may be waited for between them.
//!
//! A wait is a returned value plus one `State` variant. Order is a type: only an authorized request is admitted, and only an
//! admitted one reaches its integration.

use super::admission::{self, Admitted};
use super::authorizers::{self, Decision, Pending};
use super::aws::is_unsigned;
use super::client_cert::ClientCert;
use super::compile::Gateway;
use super::config::ProtocolType;
use super::cors::is_cors;
use super::counts::Counter;
use super::flow::{Answer, BodyWanted, Bytes, CalloutReply, ChunkFlow, Edits, Flow, ResponseFlow};
use super::gateway_responses::GatewayResponses;
use super::head::{Head, MalformedHead};
use super::integrations::Integration;
use super::json_path::{BODY_BYTES, JsonBody};
use super::rejection::Rejection;
use super::request::{Facts, Request};
use super::{Env, domains, envoy_replies, limits, stages};
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

/// What a request waits for.
#[derive(Debug)]
enum State {
    /// Its head.
    Arriving,
    /// An answer that its authorization needs.
    Authorizing(Pending),
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
    },
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
        let preflight = arrived.is_ok().then(|| preflight(&request)).flatten();
        let decision = match preflight {
            None => arrived.and_then(|()| select(&mut request, env)),
            Some(answer) => {
                self.request = Some(request);
                self.state = State::Answered;
                return Flow::Answer(answer);
            }
        };
        self.request = Some(request);
        self.go_on(decision, None, env)
    }

    /// A question asked by [`Flow::Call`] is answered.
    pub fn on_callout(&mut self, reply: &CalloutReply, env: &Env<'_>) -> Flow {
        if is_unsigned(reply) {
            env.worker.borrow_mut().counts.add(Counter::Unsigned);
        }
        let state = std::mem::replace(&mut self.state, State::Answered);
        match (state, &mut self.request) {
            (State::Authorizing(pending), Some(request)) => {
                let decision = authorizers::finish(pending, reply, request, env);
                self.go_on(decision, None, env)
            }
            (State::Invoking, Some(request)) => {
                let answer = match integration(request) {
                    Some(Integration::Lambda(function)) => function.answer(request, reply),
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
                    Ok(admitted) => self.admitted(admitted, None, seen, env),
                }
            }
            (
                State::Arriving
                | State::Authorizing(_)
                | State::Proving(_)
                | State::Metering { .. }
                | State::Buffering(_)
                | State::Invoking
                | State::Upstream { .. }
                | State::Responding { .. }
                | State::Answered,
                _,
            ) => self.refuse(Rejection::Internal),
        }
    }

    /// From authorization on: a question, or admission and what the integration needs. `body` is the request's, where it has
    /// been seen already.
    fn go_on(&mut self, decision: Result<Decision, Rejection>, body: Option<&[u8]>, env: &Env<'_>) -> Flow {
        let Some(request) = &mut self.request else { return self.refuse(Rejection::Internal) };
        match decision {
            Err(rejection) => self.refuse(rejection),
            Ok(Decision::Ask(mut callout, pending)) => {
                callout.then_body = wanted_body(request).is_some();
                self.state = State::Authorizing(pending);
                Flow::Call(callout)
            }
            Ok(Decision::Body(pending)) => {
                self.state = State::Proving(pending);
                Flow::Body(BodyWanted { bytes: usize::MAX })
            }
            Ok(Decision::Authorized(authorized)) => {
                request.principal = authorized.principal();
                choose_side_of_bearer(request, env);
                let seen = body.map_or(0, |body| body.len() as u64);
                match admission::begin(authorized, request, env) {
                    Err(rejection) => self.refuse(rejection),
                    Ok(admission::Decision::Ask(mut callout, pending)) => {
                        callout.then_body = wanted_body(request).is_some();
                        self.state = State::Metering { pending, seen };
                        Flow::Call(callout)
                    }
                    Ok(admission::Decision::Admitted(admitted)) => self.admitted(admitted, body, seen, env),
                }
            }
        }
    }

    /// From admission on: what the integration needs of the body. `body` is the request's where it is at hand, and `seen` how
    /// much of it has been seen: a body that was seen before a question is still held, and is handed over again.
    fn admitted(&mut self, admitted: Admitted, body: Option<&[u8]>, seen: u64, env: &Env<'_>) -> Flow {
        let wanted = self.request.as_ref().and_then(wanted_body);
        if let (None, Some(wanted)) = (body, wanted) {
            self.state = State::Buffering(admitted);
            return Flow::Body(wanted);
        }
        self.integrate(admitted, body, seen, env)
    }

    /// The body asked for by [`Flow::Body`] is there: all of it if `ended`, else at least as much as was wanted.
    pub fn on_request_body(&mut self, body: &[u8], _ended: bool, env: &Env<'_>) -> Flow {
        match (std::mem::replace(&mut self.state, State::Answered), &mut self.request) {
            (State::Buffering(_) | State::Proving(_), _)
                if body.len() as u64 > self.gateway.payload_bytes =>
            {
                self.refuse(Rejection::PayloadTooLarge)
            }
            (State::Buffering(admitted), _) => self.integrate(admitted, Some(body), body.len() as u64, env),
            (State::Proving(pending), Some(request)) => {
                let decision = authorizers::finish_body(pending, body, request, env);
                self.go_on(decision, Some(body), env)
            }
            (
                State::Arriving
                | State::Authorizing(_)
                | State::Proving(_)
                | State::Invoking
                | State::Metering { .. }
                | State::Upstream { .. }
                | State::Responding { .. }
                | State::Answered,
                _,
            ) => self.refuse(Rejection::Internal),
        }
    }

    /// `bytes` more of the body of a request that has gone on stream through.
    pub fn on_request_chunk(&mut self, bytes: usize) -> ChunkFlow {
        let (State::Upstream { sent } | State::Responding { sent, .. }) = &mut self.state else {
            return ChunkFlow::Continue;
        };
        *sent = sent.saturating_add(bytes as u64);
        if *sent <= self.gateway.payload_bytes {
            return ChunkFlow::Continue;
        }
        ChunkFlow::Answer(self.answer(Rejection::PayloadTooLarge))
    }

    /// The head of the response is there: the response path.
    pub fn on_response_headers(
        &mut self,
        head: Result<Head, MalformedHead>,
        origin: Origin<'_>,
        _env: &Env<'_>,
    ) -> ResponseFlow {
        let status = head.as_ref().map(status).unwrap_or_default();
        let (State::Upstream { sent }, Some(request)) = (&self.state, &self.request) else {
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
        if backend.needs_response_body(status) && !head.end_of_stream {
            self.state = State::Responding { sent: *sent, head, status };
            return ResponseFlow::Body(BodyWanted { bytes: BODY_BYTES });
        }
        backend.respond(request, &head, status, None)
    }

    /// The body asked for by [`ResponseFlow::Body`] is there: all of it if `ended`, else at least as much as was wanted.
    pub fn on_response_body(&mut self, body: &[u8], _ended: bool, _env: &Env<'_>) -> ResponseFlow {
        let State::Responding { sent, head, status } = &mut self.state else {
            return ResponseFlow::Continue(Edits::default());
        };
        let (sent, status) = (*sent, *status);
        let head = std::mem::take(head);
        self.state = State::Upstream { sent };
        let integration = self.request.as_ref().and_then(|request| Some((request, integration(request)?)));
        match integration {
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
        }
    }

    /// The request, once its head has come.
    #[must_use]
    pub fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// Hands an admitted request, of whose body so much is sent without being shown again, to its integration.
    fn integrate(&mut self, _: Admitted, body: Option<&[u8]>, sent: u64, env: &Env<'_>) -> Flow {
        let Some(request) = &self.request else { return self.refuse(Rejection::Internal) };
        let json = body.map(JsonBody::new);
        let facts = Facts { request_body: json.as_ref(), ..request.facts() };
        match integration(request) {
            None | Some(Integration::None) => self.refuse(Rejection::Internal),
            Some(Integration::Lambda(function)) => {
                match function.invoke(request, body.unwrap_or_default(), env) {
                    Err(rejection) => self.refuse(rejection),
                    Ok(callout) => {
                        self.state = State::Invoking;
                        Flow::Call(callout)
                    }
                }
            }
            Some(Integration::AwsService(service)) => {
                match service.call(&facts, body.unwrap_or_default(), env) {
                    Err(rejection) => self.refuse(rejection),
                    Ok(callout) => {
                        self.state = State::Invoking;
                        Flow::Call(callout)
                    }
                }
            }
            Some(Integration::HttpProxy(backend)) => match backend.forward(&facts) {
                Err(rejection) => self.refuse(rejection),
                Ok(edits) => {
                    self.state = State::Upstream { sent };
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
                | State::Authorizing(_)
                | State::Proving(_)
                | State::Metering { .. }
                | State::Buffering(_)
                | State::Invoking
                | State::Upstream { .. }
                | State::Responding { .. },
                Origin::Envoy(details),
            ) => self.on_envoy_reply(details, status),
        }
    }

    fn own_headers(&self) -> Edits {
        let mut edits = Edits::default();
        let Some(request) = &self.request else { return edits };
        for (name, value) in request.own_headers().chain(request.vary_header(std::iter::empty())) {
            edits.set(name, value);
        }
        edits
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
                Flow::Answer(answer)
            }
            (Err(rejection), _) => self.refuse(rejection),
            (Ok(_), None) => self.refuse(Rejection::Internal),
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
        answer.headers.extend(request.cors_headers().chain(request.vary_header(std::iter::empty())));
        answer
    }
}

/// From the head to the stage.
fn arrive(request: &mut Request, env: &Env<'_>) -> Result<(), Rejection> {
    request.host = domains::host(request.head.first(b":authority").unwrap_or_default())?;
    let api = domains::api(&request.gateway, &request.host)?;
    request.api = Some(Rc::clone(&api));
    domains::check_endpoint(&api)?;
    limits::check(request)?;
    request.client_cert = ClientCert::of(&request.head, env)?;
    check_upgrade(request)?;
    let path = request.read_path()?;
    let (stage, path) = stages::stage(&api, path)?;
    request.stage = Some(stage);
    request.path = Some(path);
    Ok(())
}

/// From the stage to authorization: who is asked, and in which order.
fn select(request: &mut Request, env: &Env<'_>) -> Result<Decision, Rejection> {
    choose_side(request, env);
    let (Some(stage), Some(path)) = (&request.stage, &request.path) else { return Err(Rejection::Internal) };
    let route = stage.table.select(request.method(), path);
    request.route = Some(route.ok_or(Rejection::UnknownRoute)?);
    authorizers::begin(request, env)
}

/// Lets a stage's canary take the request, if it is the canary's on arrival.
fn choose_side(request: &mut Request, env: &Env<'_>) {
    let Some(canary) = request.stage.as_ref().and_then(|stage| stage.canary.as_ref()) else { return };
    if canary.takes(request, env) == Some(true) {
        request.stage = Some(Rc::clone(&canary.side));
    }
}

/// Lets a stage's canary take the request, if a claim says so: both sides serve the same routes.
fn choose_side_of_bearer(request: &mut Request, env: &Env<'_>) {
    let Some(canary) = request.stage.as_ref().and_then(|stage| stage.canary.as_ref()) else { return };
    if canary.takes_bearer(request, env) {
        request.stage = Some(Rc::clone(&canary.side));
    }
}

/// The answer to a preflight, where the API has CORS.
fn preflight(request: &Request) -> Option<Answer> {
    let mut answer = request.cors()?.preflight(request)?;
    answer
        .headers
        .extend(request.ids.headers(request.protocol()).chain(request.vary_header(std::iter::empty())));
    Some(answer)
}

/// How much of the body the integration reads. One that does not exist never comes.
fn wanted_body(request: &Request) -> Option<BodyWanted> {
    let bytes = match integration(request) {
        Some(Integration::HttpProxy(backend)) => backend.request.needs_body.then_some(BODY_BYTES),
        Some(Integration::Lambda(_)) => Some(usize::MAX),
        Some(Integration::AwsService(service)) => service.needs_body().then_some(usize::MAX),
        Some(Integration::Mock(_) | Integration::None) | None => None,
    };
    bytes.filter(|_| !request.head.end_of_stream).map(|bytes| BodyWanted { bytes })
}

/// Refuses an upgrade on a REST API, which does not pass `upgrade` on. Envoy reads what follows such a head as bytes of the
/// new protocol, and sends them as they are: to the backend, which sees no `upgrade`, they would be further requests, and
/// nobody would have checked them.
fn check_upgrade(request: &Request) -> Result<(), Rejection> {
    match request.protocol() {
        ProtocolType::Rest if request.asks_upgrade() => Err(Rejection::Upgrade),
        ProtocolType::Rest | ProtocolType::Http | ProtocolType::Websocket => Ok(()),
    }
}

/// The integration of the request's route.
fn integration(request: &Request) -> Option<&Integration> {
    let (_, route) = request.route.as_ref()?;
    request.stage.as_ref()?.integrations.get(route.integration)
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

#[cfg(test)]
mod tests;
