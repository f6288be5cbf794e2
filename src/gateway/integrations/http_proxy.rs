//! `HTTP_PROXY`: the request goes to a backend, the backend's answer comes back; bodies stream through.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html>

use super::backend_uri::{BackendUri, encode_component};
use super::headers::{edit_request, edit_response, is_header_value};
use super::retry::Retry;
use crate::gateway::flow::{Bytes, Edits};
use crate::gateway::head::Head;
use crate::gateway::mapping::{Change, Mapping};
use crate::gateway::rejection::Rejection;
use crate::gateway::request::{Facts, Request, Response};
use crate::gateway::request_value::decode_component;
use crate::gateway::routes::{RequestPath, encode_segments, is_dot_segment};
use std::collections::HashMap;

/// The request header by which Envoy's route finds the cluster. A client's own is removed before ours is written.
pub const CLUSTER_HEADER: &[u8] = b"x-sekisho-cluster";

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
    pub responses: HashMap<u16, Mapping>,
}

// === impl HttpProxy ===

impl HttpProxy {
    /// The changes that make the client's request the backend's.
    ///
    /// # Errors
    /// If a mapped value may not stand where it should go.
    pub fn forward(&self, facts: &Facts<'_>) -> Result<Edits, Rejection> {
        let request = facts.request;
        let mut edits = Edits::default();
        edit_request(request, &mut edits);
        edits.set(b":path", self.path_and_query(facts)?.into_bytes());
        if let Some(uri) = &self.uri {
            edits.set(b":authority", uri.authority.clone().into_bytes());
        }
        match &self.method {
            Some(method) => edits.set(b":method", method.clone()),
            None if request.head.first(b":method") != Some(request.method()) => {
                edits.set(b":method", request.method().to_vec());
            }
            None => {}
        }
        map_headers(&self.request.headers, facts, &mut edits)?;
        edits.set(b"x-envoy-upstream-rq-timeout-ms", self.timeout.clone());
        self.retry.edit(self.method.as_deref().unwrap_or_else(|| request.method()), &mut edits);
        if let Some(cluster) = &self.cluster {
            edits.set(CLUSTER_HEADER, cluster.clone());
        }
        Ok(edits)
    }

    /// Whether the response's body is needed for its mapping.
    #[must_use]
    pub fn needs_response_body(&self, status: u16) -> bool {
        self.responses.get(&status).is_some_and(|mapping| mapping.needs_body)
    }

    /// The changes that make the backend's response the client's.
    #[must_use]
    pub fn respond(&self, request: &Request, head: &Head, status: u16, body: Option<&[u8]>) -> Edits {
        let mut edits = Edits::default();
        edit_response(request, head, &mut edits);
        if let Some(mapping) = self.responses.get(&status) {
            let facts = Facts { response: Some(Response { head, status, body }), ..request.facts() };
            // A value that may not stand in a header is one that cannot be resolved: the mapping is skipped.
            let _ = map_headers(&mapping.headers, &facts, &mut edits);
            let overwrite = mapping.overwrite.as_ref().and_then(|value| value.value(&facts));
            if let Some(status @ 200..=599) = overwrite.and_then(|text| text.trim().parse::<u16>().ok()) {
                edits.set(b":status", status.to_string().into_bytes());
            }
        }
        edits
    }

    fn path_and_query(&self, facts: &Facts<'_>) -> Result<String, Rejection> {
        let mut path = match self.request.overwrite.as_ref().and_then(|path| path.value(facts)) {
            Some(path) => overwritten(&path)?,
            None => self.path(facts.request),
        };
        let own = self.uri.as_ref().and_then(|uri| uri.query(facts.request.captures().as_ref()));
        let sent = self.query(facts);
        for (i, query) in [own, sent].into_iter().flatten().filter(|query| !query.is_empty()).enumerate() {
            path.push(if i == 0 { '?' } else { '&' });
            path.push_str(&query);
        }
        Ok(path)
    }

    /// The URI's path; behind it, for private integrations and for `$default` routes, the request's own.
    fn path(&self, request: &Request) -> String {
        let own = request.path.as_ref().map_or_else(|| "/".to_owned(), RequestPath::canonical);
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
        format!("{}{stage}{own}", base.trim_end_matches('/'))
    }

    /// The client's query string with the mapping's changes; what is not changed stays byte for byte.
    fn query(&self, facts: &Facts<'_>) -> Option<String> {
        let sent = facts.request.query().map(String::from_utf8_lossy);
        if self.request.query.is_empty() {
            return sent.map(|sent| sent.into_owned());
        }
        let mut pairs: Vec<String> =
            sent.iter().flat_map(|sent| sent.split('&')).map(str::to_owned).collect();
        pairs.retain(|pair| !pair.is_empty());
        for change in &self.request.query {
            let (name, value, replaces) = match change {
                Change::Remove(name) => (name, None, true),
                Change::Append(name, value) => (name, value.value(facts), false),
                Change::Overwrite(name, value) => match value.value(facts) {
                    Some(value) => (name, Some(value), true),
                    None => continue,
                },
            };
            if replaces {
                pairs.retain(|pair| {
                    decode_component(pair.split('=').next().unwrap_or_default().as_bytes()) != *name
                });
            }
            if let Some(value) = value {
                pairs.push(format!("{}={}", encode_component(name), encode_component(&value)));
            }
        }
        Some(pairs.join("&"))
    }
}

/// A path made by a mapping, encoded again. A client's header may stand in it, so it is checked as a request's path is.
fn overwritten(path: &str) -> Result<String, Rejection> {
    if path.split(['/', '\\']).any(is_dot_segment) || !is_header_value(path) {
        return Err(Rejection::BadMappedValue);
    }
    let mut encoded = String::from("/");
    encode_segments(path.strip_prefix('/').unwrap_or(path), &mut encoded);
    Ok(encoded)
}

fn map_headers(changes: &[Change<Bytes>], facts: &Facts<'_>, edits: &mut Edits) -> Result<(), Rejection> {
    for change in changes {
        let (name, expression, append) = match change {
            Change::Remove(name) => {
                edits.remove(name.clone());
                continue;
            }
            Change::Append(name, expression) => (name, expression, true),
            Change::Overwrite(name, expression) => (name, expression, false),
        };
        let Some(value) = expression.value(facts) else { continue };
        if !is_header_value(&value) {
            return Err(Rejection::BadMappedValue);
        }
        let value = value.into_owned().into_bytes();
        if append {
            edits.add(name.clone(), value);
        } else {
            edits.set(name.clone(), value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
