//! Parameter mapping: what a request or a response carries on, changed by the document.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html>. REST APIs use the same
//! language here. A mapping whose source is missing is skipped.

use super::compile::Scope;
use super::context::Variable;
use super::flow::Bytes;
use super::json_path::JsonPath;
use super::request::Facts;
use super::request_value::RequestValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

pub use super::json_path::BODY_BYTES;

/// Which message a mapping changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The request: headers, query string and path.
    Request,
    /// The response: headers and status.
    Response,
}

/// A compiled mapping of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Changes to headers.
    pub headers: Vec<Change<Bytes>>,
    /// Changes to the query string.
    pub query: Vec<Change<String>>,
    /// The path, or the status.
    pub overwrite: Option<Expression>,
    /// Whether a source lies in the message's body.
    pub needs_body: bool,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<Name> {
    /// Adds a value beside those that are there.
    Append(Name, Expression),
    /// Puts a value in the place of those that are there.
    Overwrite(Name, Expression),
    /// Takes all of this name away.
    Remove(Name),
}

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

/// Headers that AWS does not let a mapping touch; a `*` ends a prefix.
const RESERVED: [&str; 22] = [
    "access-control-*",
    "apigw-*",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-location",
    "forwarded",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-amz-*",
    "x-amzn-*",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// Headers that are the gateway's own towards Envoy: a mapping of them would choose another backend.
const INTERNAL: [&str; 3] = ["x-sekisho-*", "x-envoy-*", "host"];

// === impl Mapping ===

impl Mapping {
    /// Compiles `requestParameters` or one status of `responseParameters`; what cannot be goes to the diagnostics.
    #[must_use]
    pub fn compile(written: &BTreeMap<String, String>, side: Side, at: &str, scope: &mut Scope<'_>) -> Self {
        let mut mapping = Self::default();
        for (key, value) in written {
            mapping.add(key, value, side, &format!("{at}[{key:?}]"), scope);
        }
        mapping
    }

    fn add(&mut self, key: &str, value: &str, side: Side, at: &str, scope: &mut Scope<'_>) -> Option<()> {
        let (operation, target) = key.split_once(':').unwrap_or(("", key));
        let expression = match operation {
            "append" | "overwrite" => Some(Expression::compile(value, side, at, scope)?),
            "remove" => None,
            _ => {
                scope.error(at, format!("`{key}` is not a mapping")).help(HELP);
                return None;
            }
        };
        self.needs_body |= expression.as_ref().is_some_and(|expression| expression.needs_body(side));
        let (kind, name) = target.split_once('.').unwrap_or((target, ""));
        match (side, kind, name, expression) {
            (Side::Request, "path", "", Some(path)) if operation == "overwrite" => {
                self.overwrite = Some(path)
            }
            (Side::Response, "statuscode", "", Some(status)) if operation == "overwrite" => {
                self.overwrite = Some(status)
            }
            (_, "header", name, expression) => {
                let name = mappable_header(name, at, scope)?;
                self.headers.push(Change::new(operation, name, expression));
            }
            (Side::Request, "querystring", name, expression) if !name.is_empty() => {
                self.query.push(Change::new(operation, name.to_owned(), expression));
            }
            _ => {
                scope.error(at, format!("`{key}` is not a mapping")).help(HELP);
            }
        }
        Some(())
    }
}

const HELP: &str = "a request maps `append`, `overwrite` or `remove` of `header.NAME` or `querystring.NAME`, and \
                    `overwrite:path`; a response maps `header.NAME` and `overwrite:statuscode`";

// === impl Change ===

impl<Name> Change<Name> {
    fn new(operation: &str, name: Name, expression: Option<Expression>) -> Self {
        match (operation, expression) {
            ("append", Some(expression)) => Self::Append(name, expression),
            (_, Some(expression)) => Self::Overwrite(name, expression),
            (_, None) => Self::Remove(name),
        }
    }
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

    fn needs_body(&self, side: Side) -> bool {
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
                RequestValue::QueryString(_) | RequestValue::Path(_) => None,
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

/// The name of a header that a mapping may touch.
fn mappable_header(name: &str, at: &str, scope: &mut Scope<'_>) -> Option<Bytes> {
    let lower = name.to_ascii_lowercase();
    let listed = |entry: &str| match entry.strip_suffix('*') {
        Some(prefix) => lower.starts_with(prefix),
        None => lower == entry,
    };
    if RESERVED.iter().chain(&INTERNAL).any(|entry| listed(entry)) {
        scope.error(at, format!("the header `{name}` is reserved: a mapping may not touch it"));
        return None;
    }
    scope.header_name(at, name)
}

#[cfg(test)]
mod tests;
