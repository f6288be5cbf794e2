//! Parameter mapping: what a request or a response carries on, changed by the document.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html>. REST APIs use the same
//! language here. A mapping whose source is missing is skipped.

mod expression;

use super::compile::Scope;
use super::flow::{Bytes, Edits};
use super::integrations::headers::is_header_value;
use super::rejection::Rejection;
use super::request::Facts;
use std::collections::BTreeMap;

pub use super::json_path::BODY_BYTES;
pub use expression::Expression;

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
                self.overwrite = Some(path.for_url())
            }
            (Side::Response, "statuscode", "", Some(status)) if operation == "overwrite" => {
                self.overwrite = Some(status)
            }
            (_, "header", name, expression) => {
                let name = mappable_header(name, at, scope)?;
                self.headers.push(Change::new(operation, name, expression));
            }
            (Side::Request, "querystring", name, expression) if !name.is_empty() => {
                let expression = expression.map(Expression::for_url);
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

impl Change<Bytes> {
    /// Adds the change of a header to `edits`.
    ///
    /// # Errors
    /// If the value may not stand in a header.
    pub fn edit(&self, facts: &Facts<'_>, edits: &mut Edits) -> Result<(), Rejection> {
        let (name, expression) = match self {
            Self::Remove(name) => {
                edits.remove(name.clone());
                return Ok(());
            }
            Self::Append(name, expression) | Self::Overwrite(name, expression) => (name, expression),
        };
        let Some(value) = expression.value(facts) else {
            if matches!(self, Self::Overwrite(..)) && expression.is_of_context() {
                edits.remove(name.clone());
            }
            return Ok(());
        };
        if !is_header_value(&value) {
            return Err(Rejection::BadMappedValue);
        }
        let value = value.into_owned().into_bytes();
        match self {
            Self::Append(..) => edits.add(name.clone(), value),
            Self::Overwrite(..) | Self::Remove(_) => edits.set(name.clone(), value),
        }
        Ok(())
    }
}

/// Whether AWS reserves a header, by its name in lower case.
pub fn is_reserved(lower: &str) -> bool {
    is_listed(lower, &RESERVED)
}

fn is_listed(lower: &str, list: &[&str]) -> bool {
    list.iter().any(|entry| match entry.strip_suffix('*') {
        Some(prefix) => lower.starts_with(prefix),
        None => lower == *entry,
    })
}

/// The name of a header that a mapping may touch.
fn mappable_header(name: &str, at: &str, scope: &mut Scope<'_>) -> Option<Bytes> {
    let lower = name.to_ascii_lowercase();
    if is_reserved(&lower) || is_listed(&lower, &INTERNAL) {
        scope.error(at, format!("the header `{name}` is reserved: a mapping may not touch it"));
        return None;
    }
    scope.header_name(at, name)
}

#[cfg(test)]
mod tests;
