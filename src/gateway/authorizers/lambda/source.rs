//! Identity sources of Lambda authorizers: what must be there before anybody is asked, and what answers are kept by.

use crate::gateway::context::Variable;
use crate::gateway::request::Request;
use crate::gateway::request_value::RequestValue;
use std::borrow::Cow;

/// One identity source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `$request.header.NAME` or `$request.querystring.NAME`.
    Request(RequestValue),
    /// `$context.NAME`.
    Context(Variable),
    /// `$stageVariables.NAME`.
    StageVariable(String),
}

// === impl Source ===

impl Source {
    /// Its values, one for each time that it stands in the request; none if it is missing. An empty one is missing, and so is one
    /// that is not UTF-8: the function could not see it as the backend does.
    #[must_use]
    pub fn values<'r>(&'r self, request: &'r Request) -> Vec<Cow<'r, str>> {
        let values = match self {
            Self::Request(value) => value.values(request),
            Self::Context(variable) => variable.value(&request.facts()).into_iter().collect(),
            Self::StageVariable(name) => vec![request.stage_variable(name).into()],
        };
        let is_usable = |value: &Cow<'_, str>| !value.trim().is_empty() && !value.contains('\u{fffd}');
        if values.iter().all(is_usable) { values } else { Vec::new() }
    }

    /// The only value of a header that holds one token. Two headers, or one with a comma, which is how Envoy joins two, are none:
    /// the function would judge one of them, and a backend might believe the other.
    #[must_use]
    pub fn token<'r>(&'r self, request: &'r Request) -> Option<Cow<'r, str>> {
        let mut values = self.values(request);
        let value = values.pop()?;
        (values.is_empty() && !value.contains(',')).then_some(value)
    }
}
