//! Values of REST response parameters: `'static'`, `context.…`, `stageVariables.…`, `method.request.….…`.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>

use super::compile::Scope;
use super::context::Variable;
use super::integrations::headers::is_header_value;
use super::request::Facts;
use super::request_value::RequestValue;
use std::borrow::Cow;

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestValue {
    /// Fixed text.
    Static(String),
    /// A `$context` variable.
    Context(Variable),
    /// A stage variable; empty where the stage has none of this name.
    StageVariable(String),
    /// Something of the request.
    Request(RequestValue),
}

// === impl RestValue ===

impl RestValue {
    /// Compiles a value; what cannot be goes to the diagnostics.
    #[must_use]
    pub fn compile(text: &str, at: &str, scope: &mut Scope<'_>) -> Option<Self> {
        if let Some(fixed) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            if !is_header_value(fixed) {
                scope.error(at, "the text has a control character, which would end the header");
                return None;
            }
            return Some(Self::Static(fixed.to_owned()));
        }
        if let Some(name) = text.strip_prefix("context.") {
            return scope.context_variable(at, name).map(Self::Context);
        }
        if let Some(name) = text.strip_prefix("stageVariables.") {
            return Some(Self::StageVariable(name.to_owned()));
        }
        if let Some(value) = text.strip_prefix("method.request.").and_then(RequestValue::parse) {
            return Some(Self::Request(value));
        }
        scope.error(at, format!("`{text}` is not a value")).help(
            "a value is `'text'` in single quotes, `context.NAME`, `stageVariables.NAME`, or `method.request.` and \
             `header.NAME`, `querystring.NAME` or `path.NAME`",
        );
        None
    }

    /// The value, if there is one.
    #[must_use]
    pub fn value<'a>(&'a self, facts: &Facts<'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Static(text) => Some(text.as_str().into()),
            Self::Context(variable) => variable.value(facts),
            Self::StageVariable(name) => Some(facts.request.stage_variable(name).into()),
            Self::Request(value) => value.value(facts.request),
        }
    }

    /// The value as a header's: control characters, which could end the header, make it no value.
    #[must_use]
    pub fn header_value(&self, facts: &Facts<'_>) -> Option<Vec<u8>> {
        let value = self.value(facts)?;
        is_header_value(&value).then(|| value.into_owned().into_bytes())
    }
}
