//! Values of parameter mappings: text and sources, `${request.header.a}-${context.requestId}`.

use super::Side;
use crate::gateway::compile::Scope;
use crate::gateway::context::Variable;
use crate::gateway::json_path::JsonPath;
use crate::gateway::request::Facts;
use crate::gateway::request_value::RequestValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A value: text and sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression(Vec<Source>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Text(String),
    Request(RequestValue),
    RequestBody(JsonPath),
    RequestPath,
    ResponseHeader(String),
    ResponseBody(JsonPath),
    Context(Variable),
    StageVariable(String),
}

// === impl Expression ===

impl Expression {
    /// Compiles a value; what cannot be goes to the diagnostics.
    #[must_use]
    pub fn compile(text: &str, side: Side, at: &str, scope: &mut Scope<'_>) -> Option<Self> {
        if let Some(reference) = text.strip_prefix('$').filter(|rest| !rest.starts_with('{')) {
            return Some(Self(vec![Source::compile(reference, side, at, scope)?]));
        }
        let mut sources = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            if !before.is_empty() {
                sources.push(Source::Text(before.to_owned()));
            }
            let Some((reference, after)) = after.split_once('}') else {
                scope.error(at, format!("`${{` is not closed in `{text}`"));
                return None;
            };
            sources.push(Source::compile(reference, side, at, scope)?);
            rest = after;
        }
        if !rest.is_empty() {
            sources.push(Source::Text(rest.to_owned()));
        }
        Some(Self(sources))
    }

    /// The value, if every source has one.
    #[must_use]
    pub fn value<'a>(&'a self, facts: &Facts<'a>) -> Option<Cow<'a, str>> {
        if let [source] = self.0.as_slice() {
            return source.value(facts);
        }
        let mut text = String::new();
        for source in &self.0 {
            text.push_str(&source.value(facts)?);
        }
        Some(text.into())
    }

    /// The value, if it is the same for every request of a stage with these variables.
    #[must_use]
    pub fn fixed(&self, variables: &BTreeMap<String, String>) -> Option<String> {
        let part = |source: &Source| match source {
            Source::Text(text) => Some(text.clone()),
            Source::StageVariable(name) => Some(variables.get(name).cloned().unwrap_or_default()),
            Source::Request(_)
            | Source::RequestBody(_)
            | Source::RequestPath
            | Source::ResponseHeader(_)
            | Source::ResponseBody(_)
            | Source::Context(_) => None,
        };
        self.0.iter().map(part).collect()
    }

    /// Whether the gateway itself says what it is. A backend takes such a value for true, so where there is none the client's
    /// must not stand in its place: nobody is a client's own `x-user` where the authorizer names none.
    #[must_use]
    pub fn is_of_context(&self) -> bool {
        self.0.iter().any(|source| matches!(source, Source::Context(_)))
    }

    /// The same with path variables decoded, because a URL's parts are encoded again.
    pub(super) fn for_url(self) -> Self {
        let decoded = |source| match source {
            Source::Request(RequestValue::Path(name)) => Source::Request(RequestValue::DecodedPath(name)),
            other => other,
        };
        Self(self.0.into_iter().map(decoded).collect())
    }

    /// Whether a source lies in the body of the message that is mapped.
    #[must_use]
    pub fn needs_body(&self, side: Side) -> bool {
        self.0.iter().any(|source| match source {
            Source::RequestBody(_) => side == Side::Request,
            Source::ResponseBody(_) => side == Side::Response,
            Source::Text(_)
            | Source::Request(_)
            | Source::RequestPath
            | Source::ResponseHeader(_)
            | Source::Context(_)
            | Source::StageVariable(_) => false,
        })
    }
}

// === impl Source ===

impl Source {
    /// Compiles what stands behind `$` or between `${` and `}`.
    fn compile(reference: &str, side: Side, at: &str, scope: &mut Scope<'_>) -> Option<Self> {
        if let Some(name) = reference.strip_prefix("context.") {
            return scope.context_variable(at, name).map(Self::Context);
        }
        if let Some(name) = reference.strip_prefix("stageVariables.") {
            return Some(Self::StageVariable(name.to_owned()));
        }
        let message = match side {
            Side::Request => "request.",
            Side::Response => "response.",
        };
        let source = reference.strip_prefix(message);
        if let Some(path) = source.and_then(|source| source.strip_prefix("body")) {
            let path = JsonPath::parse(path)
                .map_err(|problem| {
                    scope.error(at, format!("`${reference}` is not a JSON path: {problem}")).clone()
                })
                .ok()?;
            return Some(match side {
                Side::Request => Self::RequestBody(path),
                Side::Response => Self::ResponseBody(path),
            });
        }
        let known = source.and_then(|source| Self::of_head(source, side));
        if known.is_none() {
            let sources = match side {
                Side::Request => {
                    "`$request.header.NAME`, `$request.querystring.NAME`, `$request.path`, `$request.path.NAME`, `$request.body.PATH`"
                }
                Side::Response => "`$response.header.NAME`, `$response.body.PATH`",
            };
            scope
                .error(at, format!("`${reference}` is not a source"))
                .help(format!("the sources are {sources}, `$context.NAME` and `$stageVariables.NAME`"));
        }
        known
    }

    fn of_head(source: &str, side: Side) -> Option<Self> {
        match side {
            Side::Request if source == "path" => Some(Self::RequestPath),
            Side::Request => RequestValue::parse(source).map(Self::Request),
            Side::Response => match RequestValue::parse(source)? {
                RequestValue::Header(name) => Some(Self::ResponseHeader(name)),
                RequestValue::QueryString(_) | RequestValue::Path(_) | RequestValue::DecodedPath(_) => None,
            },
        }
    }

    fn value<'a>(&'a self, facts: &Facts<'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text.as_str().into()),
            Self::Request(value) => value.value(facts.request),
            Self::RequestBody(path) => path.find(facts.request_body?).map(Cow::from),
            Self::RequestPath => facts.request.path.as_ref().map(|path| path.decoded().into()),
            Self::ResponseHeader(name) => {
                let values: Vec<_> =
                    facts.response?.head.all(name.as_bytes()).map(String::from_utf8_lossy).collect();
                (!values.is_empty()).then(|| values.join(",").into())
            }
            Self::ResponseBody(path) => path.find(facts.response?.body?).map(Cow::from),
            Self::Context(variable) => variable.value(facts),
            Self::StageVariable(name) => Some(facts.request.stage_variable(name).into()),
        }
    }
}
