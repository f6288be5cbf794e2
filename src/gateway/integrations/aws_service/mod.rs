//! `AWS_PROXY` with `integrationSubtype`: the request becomes a call of a service's operation, what the service says becomes the
//! answer. <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services.html>
//!
//! Nobody documents what AWS does where a source is missing. Here an optional parameter is left out, and so is a required one,
//! because the service then says which it misses; one that stands in the path is the client's mistake: 400.

mod answer;
mod form;
mod json;
mod rest;
pub mod subtype;
mod value;

pub use value::Value;

use super::responses::Responses;
use crate::gateway::Env;
use crate::gateway::clusters::Endpoint;
use crate::gateway::flow::{Bytes, Callout, Flight};
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Facts;
use std::borrow::Cow;
use subtype::{Kind, Parameter, Place, Protocol, Subtype};

/// Calls of one operation that a worker has on their way.
const MOST_CALLS: usize = 1_000;

/// A compiled integration of a service.
#[derive(Debug)]
pub struct AwsService {
    /// Which operation.
    pub subtype: &'static Subtype,
    /// Where the service lives; a path there stands before the operation's.
    pub endpoint: Endpoint,
    /// What it is given.
    pub parameters: Vec<(&'static Parameter, Value)>,
    /// Changes to the response.
    pub responses: Responses,
    /// Milliseconds that it may take.
    pub timeout_millis: u32,
    /// Tells it from every other one: calls are counted by it.
    pub digest: [u8; 32],
}

/// What an operation is given for one request.
struct Given<'a> {
    values: Vec<(&'static Parameter, Cow<'a, str>)>,
    body: Cow<'a, [u8]>,
}

/// A request to a service, in its protocol.
struct Asked {
    method: &'static str,
    path: String,
    headers: Vec<(Bytes, Bytes)>,
    body: Vec<u8>,
}

// === impl AwsService ===

impl AwsService {
    /// Whether the request's body is read.
    #[must_use]
    pub fn needs_body(&self) -> bool {
        self.parameters.iter().any(|(_, value)| value.needs_body())
    }

    /// The call for a request, whose `body` is all there.
    ///
    /// # Errors
    /// If a parameter's value is none, or too long.
    pub fn call(&self, facts: &Facts<'_>, body: &[u8], env: &Env<'_>) -> Result<Callout, Rejection> {
        let given = self.given(facts, body)?;
        let asked = match self.subtype.protocol {
            Protocol::Json { version, target, within } => json::ask(version, target, within, &given),
            Protocol::Query { .. } if given.lacks_path(self.subtype) => {
                return Err(Rejection::BadMappedValue);
            }
            Protocol::Query { action, version } => form::ask(action, version, &given),
            Protocol::Rest { method, path } => rest::ask(method, path, given)?,
        };
        let at = &self.endpoint;
        let path = [at.path.trim_end_matches('/'), &asked.path].concat();
        let mut headers = Callout::head(asked.method, at.tls, &at.authority, path.into_bytes());
        headers.push((b"x-amzn-trace-id".into(), facts.request.ids.trace.clone().into()));
        headers.extend(asked.headers);
        let flight = Flight::alone(env.dice, self.digest, MOST_CALLS);
        Ok(Callout {
            cluster: at.cluster.clone(),
            headers,
            body: asked.body,
            timeout_millis: self.timeout_millis,
            then_body: false,
            flight,
        })
    }

    fn given<'a>(&'a self, facts: &Facts<'a>, body: &'a [u8]) -> Result<Given<'a>, Rejection> {
        let mut given = Given { values: Vec::with_capacity(self.parameters.len()), body: Cow::default() };
        for (parameter, value) in &self.parameters {
            if parameter.kind == Kind::Bytes {
                given.body = value.bytes(facts, body)?.unwrap_or_default();
            } else if let Some(text) = value.text(facts, body)? {
                let read = parameter.kind.read(text).ok_or(Rejection::BadMappedValue)?;
                given.values.push((parameter, read));
            }
        }
        Ok(given)
    }
}

// === impl Given ===

impl Given<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(parameter, _)| parameter.name == name).map(|(_, value)| &**value)
    }

    /// Whether what the operation needs for its path is missing.
    fn lacks_path(&self, subtype: &Subtype) -> bool {
        let in_path = |parameter: &&Parameter| parameter.place == Place::Path;
        subtype.parameters.iter().filter(in_path).any(|parameter| self.value(parameter.name).is_none())
    }
}

#[cfg(test)]
mod tests;
