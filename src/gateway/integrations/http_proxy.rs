//! `HTTP_PROXY`: the request goes to a backend, the backend's answer comes back; bodies stream through.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html>

use super::backend_uri::{BackendUri, encode_component};
use super::bodiless;
use super::headers::{edit_request, edit_response, is_header_value};
use super::responses::Responses;
use super::retry::{EnvoyRoute, Retry};
use crate::gateway::config::ProtocolType;
use crate::gateway::flow::{Edits, ResponseFlow};
use crate::gateway::head::Head;
use crate::gateway::json_path::JsonBody;
use crate::gateway::mapping::{Change, Mapping};
use crate::gateway::rejection::Rejection;
use crate::gateway::request::{Facts, Request, Response};
use crate::gateway::request_value::{is_named, pairs};
use crate::gateway::routes::{RequestPath, encode_segments, is_dot_segment};
use std::borrow::Cow;

/// The request header by which Envoy's route finds the cluster. A client's own is removed before ours is written.
pub const CLUSTER_HEADER: &[u8] = b"x-sekisho-cluster";

/// How long Envoy's route waits for a backend, in milliseconds: AWS's longest. A request tells only another time.
pub const ROUTE_TIMEOUT_MILLIS: &str = "30000";

/// A compiled `HTTP_PROXY` integration.
#[derive(Debug)]
pub struct HttpProxy {
    /// Which cluster; `None` leaves the choice to Envoy's own routes.
    pub cluster: Option<Vec<u8>>,
    /// Where the backend is; `None` keeps the request's host and path.
    pub uri: Option<BackendUri>,
    /// Whether the backend reads the request's path behind the URI's, with the stage: private integrations.
    pub with_stage: bool,
    /// The method sent; `None` is the client's.
    pub method: Option<Vec<u8>>,
    /// How long the backend may take, as a header's value in milliseconds.
    pub timeout: Vec<u8>,
    /// Retries.
    pub retry: Retry,
    /// Changes to the request.
    pub request: Mapping,
    /// Changes to the response, by the backend's status.
    pub responses: Responses,
}

// === impl HttpProxy ===

impl HttpProxy {
    /// The changes that make the client's request the backend's.
    ///
    /// # Errors
    /// If a mapped value may not stand where it should go.
    pub fn forward(&self, facts: &Facts<'_>) -> Result<Edits, Rejection> {
        let request = facts.request;
        let mut edits = Edits::with_room();
        edit_request(request, &mut edits);
        let path = self.path_and_query(facts)?.into_bytes();
        if request.head.first(b":path") != Some(&path) {
            edits.set(b":path", path);
        }
        if let Some(uri) = &self.uri
            && request.head.first(b":authority") != Some(uri.authority.as_bytes())
        {
            edits.set(b":authority", uri.authority.clone().into_bytes());
        }
        let method = self.method_sent(request);
        if request.head.first(b":method") != Some(method) {
            edits.set(b":method", method.to_vec());
        }
        for change in &self.request.headers {
            change.edit(facts, &mut edits)?;
        }
        let route = self.route(request);
        if route == EnvoyRoute::Own || self.timeout != ROUTE_TIMEOUT_MILLIS.as_bytes() {
            edits.set(b"x-envoy-upstream-rq-timeout-ms", self.timeout.clone());
        }
        self.retry.edit(method, route, &mut edits);
        if let Some(cluster) = &self.cluster {
            edits.set(CLUSTER_HEADER, cluster.clone());
        }
        Ok(edits)
    }

    /// Which of Envoy's routes this request takes.
    fn route(&self, request: &Request) -> EnvoyRoute {
        if self.cluster.is_none() {
            EnvoyRoute::Own
        } else if request.head.first(b"upgrade").is_some() {
            EnvoyRoute::Upgrade
        } else {
            EnvoyRoute::Integration
        }
    }

    /// Whether the response's body is needed for its mapping.
    #[must_use]
    pub fn needs_response_body(&self, status: u16) -> bool {
        self.responses.need_body(status)
    }

    /// What makes the backend's response the client's.
    pub fn respond(
        &self,
        request: &Request,
        head: &Head,
        status: u16,
        body: Option<&JsonBody<'_>>,
    ) -> ResponseFlow {
        let mut edits = Edits::with_room();
        edit_response(request, head, &mut edits);
        let response = Response { head, status, body };
        let goes = self.responses.edit(&Facts { response: Some(response), ..request.facts() }, &mut edits);
        if goes != status {
            edits.set(b":status", goes.to_string().into_bytes());
        }
        bodiless::frame(request, head, edits, self.method_sent(request), status, goes)
    }

    /// The method that the backend sees.
    fn method_sent<'a>(&'a self, request: &'a Request) -> &'a [u8] {
        self.method.as_deref().unwrap_or_else(|| request.method())
    }

    fn path_and_query(&self, facts: &Facts<'_>) -> Result<String, Rejection> {
        let mut path = match self.request.overwrite.as_ref().and_then(|path| path.value(facts)) {
            Some(path) => overwritten(&path, facts.request.protocol())?,
            None => self.path(facts.request),
        };
        let own =
            self.uri.as_ref().and_then(|uri| uri.query(facts.request.captures().as_ref())).map(Cow::from);
        let sent = self.query(facts);
        for (i, query) in [own, sent].into_iter().flatten().filter(|query| !query.is_empty()).enumerate() {
            path.push(if i == 0 { '?' } else { '&' });
            path.push_str(&query);
        }
        Ok(path)
    }

    /// The path that the backend is asked for. It never begins with `//`, which a backend could read as another host.
    fn path(&self, request: &Request) -> String {
        let path = self.joined_path(request);
        match path.strip_prefix("//") {
            Some(rest) => format!("/{}", rest.trim_start_matches('/')),
            None => path,
        }
    }

    /// The URI's path; behind it, for private integrations and for `$default` routes, the request's own.
    fn joined_path(&self, request: &Request) -> String {
        let base = match &self.uri {
            Some(uri) if !self.with_stage && !request.is_default_route() => {
                return uri.path(request.captures().as_ref());
            }
            Some(uri) => uri.path(None),
            None => String::new(),
        };
        let stage = request
            .stage
            .as_ref()
            .filter(|_| self.with_stage)
            .map(|stage| stage.prefix())
            .unwrap_or_default();
        let own = request.path.as_ref().map_or_else(|| "/".to_owned(), RequestPath::canonical);
        [base.trim_end_matches('/'), &stage, &own].concat()
    }

    /// The client's query string with the mapping's changes; pairs that are not changed stay byte for byte.
    fn query<'a>(&self, facts: &Facts<'a>) -> Option<Cow<'a, str>> {
        // It was checked on arrival: ASCII only.
        let sent = facts.request.query().and_then(|sent| std::str::from_utf8(sent).ok());
        if self.request.query.is_empty() {
            return sent.map(Cow::from);
        }
        let sent = sent.filter(|sent| !sent.is_empty());
        let mut kept: Vec<Cow<'_, str>> =
            sent.iter().flat_map(|sent| pairs(sent, facts.request.protocol())).map(Cow::from).collect();
        for change in &self.request.query {
            let (name, value, replaces) = match change {
                Change::Remove(name) => (name, None, true),
                Change::Append(name, value) => (name, value.value(facts), false),
                Change::Overwrite(name, expression) => match expression.value(facts) {
                    Some(value) => (name, Some(value), true),
                    None if expression.is_of_context() => (name, None, true),
                    None => continue,
                },
            };
            if replaces {
                kept.retain(|pair| !is_named(pair.split('=').next().unwrap_or_default(), name));
            }
            if let Some(value) = value {
                kept.push(format!("{}={}", encode_component(name), encode_component(&value)).into());
            }
        }
        Some(kept.join("&").into())
    }
}

/// A path made by a mapping, encoded again. A client's header may stand in it, so it is checked as a request's path is.
fn overwritten(path: &str, protocol: ProtocolType) -> Result<String, Rejection> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut segments = path.split('/').enumerate().peekable();
    while let Some((i, segment)) = segments.next() {
        // Servlet containers cut `;x` off: what is left may be empty. `//host` at the start may be read as an authority.
        let is_empty = segment.split(';').next() == Some("");
        let may_be_empty =
            segment.is_empty() && (segments.peek().is_none() || (protocol == ProtocolType::Rest && i > 0));
        if is_dot_segment(segment) || segment.contains('\\') || (is_empty && !may_be_empty) {
            return Err(Rejection::BadMappedValue);
        }
    }
    if !is_header_value(path) {
        return Err(Rejection::BadMappedValue);
    }
    let mut encoded = String::from("/");
    encode_segments(path, &mut encoded);
    Ok(encoded)
}

#[cfg(test)]
mod tests;
