//! Execution logs of REST APIs: what became of a request on its way, in AWS's lines.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html>
//!
//! Nothing is collected where the stage or the method does not ask for it. `ERROR` keeps what a refusal tells; `INFO` every
//! step; `dataTraceEnabled` bodies too, as far as they are at hand: a body that streams to its backend is not. A line is visible
//! ASCII of at most 1,024 bytes, and begins with the request's id; all lines of a request are at most 32 KiB. Values by which a
//! client, or the gateway, proves who it is are `****`.

mod line;
mod masks;

use super::compile::Route;
use super::config::ApiKeySource;
use super::flow::{Answer, Bytes, Callout, CalloutReply, Edit, Edits};
use super::head::Head;
use super::rejection::Rejection;
use super::request::{Problem, Request};
use super::routes::Captures;
use line::Lines;
use masks::{map, query, url};
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
        let (route, _) = request.route.as_ref()?;
        let level = request.stage.as_ref()?.execution_log(*route)?;
        let mut lines = Lines::new(request.ids.request_id(request.protocol()));
        if level.info {
            lines.add(&format!("Extended Request Id: {}", request.ids.extended));
        }
        Some(Box::new(Self { level, lines }))
    }

    /// The request may go to its integration.
    pub fn admitted(&mut self, request: &Request, body: Option<&[u8]>) {
        let Some((_, route)) = request.route.as_ref().filter(|_| self.level.info) else { return };
        self.authorizer(request, route);
        self.usage_plan(request, route);
        let id = request.ids.request_id(request.protocol());
        let method = String::from_utf8_lossy(request.method());
        self.lines.add(&format!("Starting execution for request: {id}"));
        self.lines.add(&format!("HTTP Method: {method}, Resource Path: {}", route.resource_path()));
        let captures = request.captures();
        let captured = captures.iter().flat_map(Captures::iter);
        let captured = map(captured.map(|capture| (capture.name.as_bytes(), capture.decoded.as_bytes())));
        self.lines.add(&format!("Method request path: {captured}"));
        let query = query(request.query().unwrap_or_default());
        self.lines.add(&format!("Method request query string: {{{query}}}"));
        self.lines.add(&format!("Method request headers: {}", map(visible(&request.head))));
        self.body("Method request body before transformations", body);
    }

    fn authorizer(&mut self, request: &Request, route: &Route) {
        let Some(authorizer) = &route.authorizer_id else { return };
        let id = request.ids.request_id(request.protocol());
        self.lines.add(&format!("Starting authorizer: {authorizer} for request: {id}"));
        self.lines.add("Incoming identity: ****");
        self.lines.add("Using valid authorizer policy for principal: ****");
        self.lines.add("Successfully completed authorizer execution");
    }

    fn usage_plan(&mut self, request: &Request, route: &Route) {
        let id = request.ids.request_id(request.protocol());
        let api = request.api.as_ref().map_or("", |api| api.id.as_str());
        let stage = request.stage.as_ref().map_or("", |stage| stage.name.as_str());
        let source = request.api.as_ref().map_or(ApiKeySource::Header, |api| api.api_key_source);
        let key = match (route.api_key_required, source) {
            (true, ApiKeySource::Header | ApiKeySource::Authorizer) => "****",
            (false, _) => "",
        };
        self.lines
            .add(&format!("Verifying Usage Plan for request: {id}. API Key: {key} API Stage: {api}/{stage}"));
        if !route.api_key_required {
            self.lines.add(&format!(
                "API Key  authorized because method '{}' does not require API Key. Request will not contribute to throttle or quota limits",
                route.key
            ));
        }
        self.lines.add(&format!("Usage Plan check succeeded for API Key {key} and API Stage {api}/{stage}"));
    }

    /// A function or a service is asked.
    pub fn asks(&mut self, callout: &Callout) {
        if !self.level.info {
            return;
        }
        let pseudo = |name: &[u8]| {
            let found = callout.headers.iter().find(|(known, _)| known.as_ref() == name);
            found.map_or(Cow::Borrowed(""), |(_, value)| String::from_utf8_lossy(value))
        };
        let uri = url(&format!("{}://{}{}", pseudo(b":scheme"), pseudo(b":authority"), pseudo(b":path")));
        self.endpoint(&uri, &callout.headers);
        self.body("Endpoint request body after transformations", Some(&callout.body));
        self.lines.add(&format!("Sending request to {uri}"));
    }

    /// The request goes to a backend.
    pub fn forwards(&mut self, edits: &Edits) {
        if !self.level.info {
            return;
        }
        let set = |wanted: &[u8]| {
            edits.0.iter().rev().find_map(|edit| match edit {
                Edit::Set(name, value) if name.as_ref() == wanted => Some(String::from_utf8_lossy(value)),
                Edit::Set(..) | Edit::Remove(_) | Edit::Add(..) => None,
            })
        };
        let cluster = set(b"x-sekisho-cluster").unwrap_or_default();
        let place = cluster.split('#').next().unwrap_or_default();
        let uri = url(&format!("{place}{}", set(b":path").unwrap_or_default()));
        let added = edits.0.iter().filter_map(|edit| match edit {
            Edit::Set(name, value) | Edit::Add(name, value) => Some((name.clone(), value.clone())),
            Edit::Remove(_) => None,
        });
        self.endpoint(&uri, &added.collect::<Vec<_>>());
        self.lines.add(&format!("Sending request to {uri}"));
    }

    fn endpoint(&mut self, uri: &str, headers: &[(Bytes, Bytes)]) {
        self.lines.add(&format!("Endpoint request URI: {uri}"));
        self.lines.add(&format!("Endpoint request headers: {}", shown(headers)));
    }

    /// A function or a service has answered. What Envoy says in its place is told as a refusal.
    pub fn replied(&mut self, request: &Request, reply: &CalloutReply) {
        if let (CalloutReply::Answered { head, body, .. }, Some(status)) = (reply, reply.told_status()) {
            self.responded(request, status, head);
            self.body(
                "Endpoint response body before transformations",
                Some(body).filter(|_| self.level.info).map(Vec::as_slice),
            );
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
        self.lines.add(&format!("Endpoint response headers: {}", map(visible(head))));
    }

    /// What an integration answered, as the client gets it.
    pub fn answers(&mut self, answer: &Answer) {
        if self.level.info {
            self.body("Method response body after transformations", Some(&answer.body));
            self.lines.add(&format!("Method response headers: {}", shown(&answer.headers)));
        }
    }

    /// A backend's response goes to the client with these changes. Its body streams by.
    pub fn relays(&mut self, head: &Head, edits: &Edits) {
        if !self.level.info {
            return;
        }
        let mut headers: Vec<(&[u8], &[u8])> = visible(head).collect();
        for edit in &edits.0 {
            match edit {
                Edit::Remove(name) => headers.retain(|(known, _)| *known != name.as_ref()),
                Edit::Set(name, value) => {
                    headers.retain(|(known, _)| *known != name.as_ref());
                    headers.push((name, value));
                }
                Edit::Add(name, value) => headers.push((name, value)),
            }
        }
        let is_header = |(name, _): &(&[u8], &[u8])| !name.starts_with(b":");
        self.lines.add(&format!("Method response headers: {}", map(headers.into_iter().filter(is_header))));
    }

    /// The request is refused.
    pub fn refused(&mut self, rejection: Rejection, problem: &Problem, answer: &Answer) {
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
        self.lines.add(&format!("Gateway response body: {}", String::from_utf8_lossy(&answer.body)));
        self.lines.add(&format!("Gateway response headers: {}", shown(&answer.headers)));
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

/// Headers that are headers, and nobody's but the client's or the backend's.
fn visible(head: &Head) -> impl Iterator<Item = (&[u8], &[u8])> {
    head.iter().filter(|(name, _)| !name.starts_with(b":") && !name.starts_with(b"x-sekisho-"))
}

fn shown(headers: &[(Bytes, Bytes)]) -> String {
    let headers = headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    map(headers.filter(|(name, _)| !name.starts_with(b":") && !name.starts_with(b"x-sekisho-")))
}

#[cfg(test)]
mod tests;
