//! Execution logs of REST APIs: what became of a request on its way, in AWS's lines.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html>
//!
//! Nothing is collected where the stage or the method does not ask for it. `ERROR` keeps what a refusal tells; `INFO` every
//! step; `dataTraceEnabled` bodies too, as far as they are at hand: a body that streams to its backend is not. A line is visible
//! ASCII of at most 1,024 bytes, and begins with the request's id; all lines of a request are at most 32 KiB. Values by which a
//! client, or the gateway, proves who it is are `****`, wherever the gateway says them again.

mod event;
mod heads;
mod line;
mod masks;

use super::aws::told_status;
use super::compile::Route;
use super::flow::{Answer, Callout, CalloutReply, Edits};
use super::head::Head;
use super::integrations::Integration;
use super::rejection::Rejection;
use super::request::{Problem, Request};
use super::routes::Captures;
use heads::{edited, is_shown, shown, visible};
use line::Lines;
use masks::{PathSecrets, map, query};
use std::borrow::Cow;

/// What of a method is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Every step, not only what a refusal tells.
    pub info: bool,
    /// Bodies too.
    pub data: bool,
}

/// The lines of a request so far.
#[derive(Debug)]
pub struct Trace {
    level: Level,
    lines: Lines,
    secrets: PathSecrets,
    /// Whether the lines say what the request was.
    says_request: bool,
}

/// Tells a request's trace of a step, if it has one.
pub fn step(request: &mut Request, tell: impl FnOnce(&mut Trace, &Request)) {
    if let Some(mut trace) = request.trace.take() {
        tell(&mut trace, request);
        request.trace = Some(trace);
    }
}

/// The lines of a request that is over, each ended. None where it is not logged, or where only a refusal would be.
pub fn lines(request: &mut Request) -> Option<Vec<u8>> {
    let mut trace = request.trace.take()?;
    let status = request.outcome.status;
    if trace.level.info && status != 0 {
        if request.outcome.rejection.is_none() {
            trace.lines.add("Successfully completed execution");
        }
        trace.lines.add(&format!("Method completed with status: {status}"));
    }
    trace.lines.into_bytes()
}

// === impl Trace ===

impl Trace {
    /// The trace of a request whose method is known, where its level asks for one.
    #[must_use]
    pub fn begin(request: &Request) -> Option<Box<Self>> {
        let (place, route) = request.route.as_ref()?;
        let level = request.stage.as_ref()?.execution_log(*place)?;
        let id = request.ids.request_id(request.protocol());
        let mut lines = Lines::new(id);
        if level.info {
            lines.add(&format!("Extended Request Id: {}", request.ids.extended));
            if let Some(authorizer) = &route.authorizer_id {
                lines.add(&format!("Starting authorizer: {authorizer} for request: {id}"));
                lines.add("Incoming identity: ****");
            }
        }
        Some(Box::new(Self { level, lines, secrets: PathSecrets::of(request), says_request: false }))
    }

    /// Its authorizer lets the request in.
    pub fn authorized(&mut self, request: &Request) {
        let Some((_, route)) = request.route.as_ref().filter(|_| self.level.info) else { return };
        if route.authorizer_id.is_some() {
            self.lines.add("Using valid authorizer policy for principal: ****");
            self.lines.add("Successfully completed authorizer execution");
        }
        let id = request.ids.request_id(request.protocol());
        let (key, place) = usage(request, route);
        self.lines.add(&format!("Verifying Usage Plan for request: {id}. API Key: {key} API Stage: {place}"));
    }

    /// Its key, and its limits, let the request in.
    pub fn admitted(&mut self, request: &Request) {
        let Some((_, route)) = request.route.as_ref().filter(|_| self.level.info) else { return };
        if !route.api_key_required {
            self.lines.add(&format!(
                "API Key  authorized because method '{}' does not require API Key. Request will not contribute to throttle or quota limits",
                route.key
            ));
        }
        let (key, place) = usage(request, route);
        self.lines.add(&format!("Usage Plan check succeeded for API Key {key} and API Stage {place}"));
    }

    /// The request goes to its integration.
    pub fn starts(&mut self, request: &Request, body: Option<&[u8]>) {
        if !self.level.info {
            return;
        }
        let id = request.ids.request_id(request.protocol());
        self.lines.add(&format!("Starting execution for request: {id}"));
        self.request(request);
        self.body("Method request body before transformations", body);
    }

    /// What the request was: of one that is refused too, on its way to its integration.
    fn request(&mut self, request: &Request) {
        let Some((_, route)) = request.route.as_ref().filter(|_| !self.says_request) else { return };
        self.says_request = true;
        let method = String::from_utf8_lossy(request.method());
        self.lines.add(&format!("HTTP Method: {method}, Resource Path: {}", route.resource_path()));
        let captures = request.captures();
        let captured = captures.iter().flat_map(Captures::iter);
        let captured = captured.map(|capture| (capture.name.as_bytes(), capture.decoded.as_bytes()));
        self.pairs("Method request path", captured);
        let query = query(request.query().unwrap_or_default());
        let query = self.secrets.hide(query);
        self.lines.add(&format!("Method request query string: {{{query}}}"));
        self.pairs("Method request headers", visible(&request.head));
    }

    /// A function or a service is asked.
    pub fn asks(&mut self, request: &Request, callout: &Callout) {
        if !self.level.info {
            return;
        }
        let pseudo = |name: &[u8]| {
            let found = callout.headers.iter().find(|(known, _)| known.as_ref() == name);
            found.map_or(Cow::Borrowed(""), |(_, value)| String::from_utf8_lossy(value))
        };
        let uri = format!("{}://{}{}", pseudo(b":scheme"), pseudo(b":authority"), pseudo(b":path"));
        let uri = self.secrets.hide_in_uri(&uri);
        self.lines.add(&format!("Endpoint request URI: {uri}"));
        self.pairs("Endpoint request headers", shown(&callout.headers));
        self.exchanged("Endpoint request body after transformations", request, &callout.body);
        self.lines.add(&format!("Sending request to {uri}"));
    }

    /// The request goes to a backend.
    pub fn forwards(&mut self, request: &Request, edits: &Edits) {
        if !self.level.info {
            return;
        }
        let sent = edited(&request.head, edits);
        let of = |wanted: &[u8]| {
            let found = sent.iter().find(|(name, _)| *name == wanted);
            found.map_or(Cow::Borrowed(""), |(_, value)| String::from_utf8_lossy(value))
        };
        let cluster = of(b"x-sekisho-cluster");
        let place = cluster.split('#').next().unwrap_or_default();
        let uri = self.secrets.hide_in_uri(&format!("{place}{}", of(b":path")));
        self.lines.add(&format!("Endpoint request URI: {uri}"));
        self.pairs("Endpoint request headers", sent.into_iter().filter(|(name, _)| is_shown(name)));
        self.lines.add(&format!("Sending request to {uri}"));
    }

    /// A function or a service has answered. What Envoy says in its place is told as a refusal.
    pub fn replied(&mut self, request: &Request, reply: &CalloutReply) {
        if let (CalloutReply::Answered { head, body, .. }, Some(status)) = (reply, told_status(reply)) {
            self.responded(request, status, head);
            self.exchanged("Endpoint response body before transformations", request, body);
        }
    }

    /// A backend has answered.
    pub fn responded(&mut self, request: &Request, status: u16, head: &Head) {
        if !self.level.info {
            return;
        }
        let latency =
            request.outcome.integration.and_then(|integrated| integrated.millis()).unwrap_or_default();
        self.lines.add(&format!("Received response. Status: {status}, Integration latency: {latency} ms"));
        self.pairs("Endpoint response headers", visible(head));
    }

    /// What an integration answered, as the client gets it.
    pub fn answers(&mut self, answer: &Answer) {
        if self.level.info {
            self.body("Method response body after transformations", Some(&answer.body));
            self.pairs("Method response headers", shown(&answer.headers));
        }
    }

    /// A backend's response goes to the client with these changes. Its body streams by.
    pub fn relays(&mut self, head: &Head, edits: &Edits) {
        if self.level.info {
            let told = edited(head, edits).into_iter().filter(|(name, _)| is_shown(name));
            self.pairs("Method response headers", told);
        }
    }

    /// The request is refused.
    pub fn refused(&mut self, request: &Request, rejection: Rejection, problem: &Problem, answer: &Answer) {
        if self.level.info {
            self.request(request);
        }
        match (rejection, rejection.integration_error()) {
            (Rejection::IntegrationTimeout, _) => self.lines.add("Execution failed due to a timeout error"),
            (Rejection::FunctionFailure, _) => {
                self.lines.add("Execution failed due to configuration error: Malformed Lambda proxy response")
            }
            (_, Some(error)) => {
                self.lines.add(&format!("Execution failed due to configuration error: {error}"))
            }
            (_, None) => self.lines.add(&format!("Execution failed: {}", rejection.details())),
        }
        let Problem { response_type, status, message: _ } = problem;
        self.lines.add(&format!("Gateway response type: {response_type} with status code: {status}"));
        // It may name the path.
        let body = self.secrets.hide(String::from_utf8_lossy(&answer.body));
        self.lines.add(&format!("Gateway response body: {body}"));
        self.pairs("Gateway response headers", shown(&answer.headers));
    }

    /// Headers, or path variables.
    fn pairs<'a>(&mut self, what: &str, pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) {
        let pairs = self.secrets.hide(map(pairs));
        self.lines.add(&format!("{what}: {pairs}"));
    }

    /// What an integration is told, or says. In a function's there are headers, and they are masked.
    fn exchanged(&mut self, what: &str, request: &Request, body: &[u8]) {
        if !self.level.data || !self.level.info {
            return;
        }
        let shown = match request.integration() {
            Some(Integration::Lambda(_)) => event::shown(body, &self.secrets),
            Some(
                Integration::HttpProxy(_)
                | Integration::AwsService(_)
                | Integration::Mock(_)
                | Integration::None,
            )
            | None => None,
        };
        match shown {
            Some(shown) => self.lines.add(&format!("{what}: {shown}")),
            None => self.body(what, Some(body)),
        }
    }

    /// A body, where bodies are logged.
    fn body(&mut self, what: &str, body: Option<&[u8]>) {
        if let Some(body) = body.filter(|_| self.level.data && self.level.info) {
            // More would be cut off.
            let start = body.get(..line::MOST).unwrap_or(body);
            let more = if start.len() < body.len() { " [TRUNCATED]" } else { "" };
            self.lines.add(&format!("{what}: {}{more}", String::from_utf8_lossy(start)));
        }
    }
}

/// The key of a request, as far as it is told, and the stage that it opens.
fn usage(request: &Request, route: &Route) -> (&'static str, String) {
    let api = request.api.as_ref().map_or("", |api| api.id.as_str());
    let stage = request.stage.as_ref().map_or("", |stage| stage.name.as_str());
    (if route.api_key_required { "****" } else { "" }, format!("{api}/{stage}"))
}

#[cfg(test)]
mod tests;
