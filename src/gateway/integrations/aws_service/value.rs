//! Values of parameters: mapping expressions, the whole body, and JSON with expressions in it.
//!
//! What a client wrote never becomes structure of a JSON text that the document wrote: inside a string it is escaped, outside of
//! one it must be a JSON value of its own.

use super::subtype::Kind;
use crate::gateway::compile::Scope;
use crate::gateway::integrations::aws_service::rest;
use crate::gateway::lambda::json::string;
use crate::gateway::mapping::{Expression, Side};
use crate::gateway::policy::date;
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Facts;
use serde::de::IgnoredAny;
use std::borrow::Cow;

/// Longest body that is a parameter among others, in bytes: no service takes a longer text, and escaping one makes it longer.
const LONGEST_TEXT: usize = 2 * 1024 * 1024;

/// Longest list, and longest message attributes, in bytes. SQS takes ten of them.
const LONGEST_STRUCTURE: usize = 256 * 1024;

/// A compiled value.
#[derive(Debug)]
pub enum Value {
    /// `$request.body`: all of it, as it is.
    Body,
    /// A text.
    Text(Expression),
    /// A JSON text with sources in it.
    Json(Vec<Piece>),
}

/// A part of a JSON text; `E` is what stands in the place of a source.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<E = Expression> {
    /// As written.
    Text(String),
    /// A source inside a string.
    Quoted(E),
    /// A source in the place of a value.
    Bare(E),
}

// === impl Value ===

impl Value {
    /// Compiles a value; what cannot be goes to the diagnostics.
    #[must_use]
    pub fn compile(text: &str, kind: Kind, at: &str, scope: &mut Scope<'_>) -> Option<Self> {
        if matches!(text, "$request.body" | "${request.body}") {
            return Some(Self::Body);
        }
        if !is_meant_as_json(text, kind) {
            return Expression::compile(text, Side::Request, at, scope).map(Self::Text);
        }
        let Some(pieces) = pieces(text) else {
            let problem = "it is not JSON, or a source stands in the name of a member";
            scope.error(at, problem).help("a source stands inside a string, or in the place of a value: `{\"a\": \"${request.header.x}\", \"b\": ${request.body.y}}`");
            return None;
        };
        let mut compiled = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let mut source = |text: String| Expression::compile(&text, Side::Request, at, scope);
            compiled.push(match piece {
                Piece::Text(text) => Piece::Text(text),
                Piece::Quoted(text) => Piece::Quoted(source(text)?),
                Piece::Bare(text) => Piece::Bare(source(text)?),
            });
        }
        Some(Self::Json(compiled))
    }

    /// Whether a source lies in the request's body.
    #[must_use]
    pub fn needs_body(&self) -> bool {
        match self {
            Self::Body => true,
            Self::Text(expression) => expression.needs_body(Side::Request),
            Self::Json(pieces) => pieces.iter().any(|piece| match piece {
                Piece::Text(_) => false,
                Piece::Quoted(source) | Piece::Bare(source) => source.needs_body(Side::Request),
            }),
        }
    }

    /// The value as text, if every source has one and it is not empty.
    ///
    /// # Errors
    /// If the body is no text, or too long, or what should be JSON is not.
    pub fn text<'a>(&'a self, facts: &Facts<'a>, body: &'a [u8]) -> Result<Option<Cow<'a, str>>, Rejection> {
        let text = match self {
            Self::Body if body.len() > LONGEST_TEXT => return Err(Rejection::PayloadTooLarge),
            Self::Body => Some(std::str::from_utf8(body).map_err(|_| Rejection::BadMappedValue)?.into()),
            Self::Text(expression) => expression.value(facts),
            Self::Json(pieces) => assemble(pieces, facts)?.map(Cow::from),
        };
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// The same as bytes: a body is taken as it is.
    ///
    /// # Errors
    /// If what should be JSON is not.
    pub fn bytes<'a>(
        &'a self,
        facts: &Facts<'a>,
        body: &'a [u8],
    ) -> Result<Option<Cow<'a, [u8]>>, Rejection> {
        if let Self::Body = self {
            return Ok(Some(body.into()));
        }
        Ok(self.text(facts, body)?.map(|text| match text {
            Cow::Borrowed(text) => text.as_bytes().into(),
            Cow::Owned(text) => text.into_bytes().into(),
        }))
    }
}

/// Whether a value with sources is JSON, or would be if there were no mistake in it: then none of its sources may go unescaped.
fn is_meant_as_json(text: &str, kind: Kind) -> bool {
    let is_structure = matches!(kind, Kind::Object | Kind::List | Kind::Attributes);
    let mut start = text.chars().filter(|c| !c.is_whitespace());
    let begins = match (start.next(), start.next()) {
        (Some('{' | '['), _) if is_structure => true,
        (Some('{'), Some(next)) => matches!(next, '"' | '}'),
        (Some('['), Some(next)) => matches!(next, '"' | '{' | '['),
        _ => false,
    };
    text.contains('$') && (begins || (text.trim_start().starts_with(['{', '[']) && pieces(text).is_some()))
}

/// The JSON text with its sources replaced; none if one has no value.
fn assemble(pieces: &[Piece], facts: &Facts<'_>) -> Result<Option<String>, Rejection> {
    let mut text = String::new();
    for piece in pieces {
        let source = match piece {
            Piece::Text(part) => {
                text.push_str(part);
                continue;
            }
            Piece::Quoted(source) | Piece::Bare(source) => source,
        };
        let Some(value) = source.value(facts) else { return Ok(None) };
        if let Piece::Quoted(_) = piece {
            let quoted = quoted(&value);
            text.push_str(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
        } else if is_json(&value) {
            text.push_str(&value);
        } else {
            return Err(Rejection::BadMappedValue);
        }
    }
    Ok(Some(text))
}

/// Splits a JSON text at its sources; none if it is not JSON apart from them, or if one stands in a member's name, where it could
/// repeat another one.
fn pieces(text: &str) -> Option<Vec<Piece<String>>> {
    let mut pieces = Vec::new();
    let (mut literal, mut sample) = (String::new(), String::new());
    let (mut in_string, mut is_mapped) = (false, false);
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let reference = match next {
            '$' if rest.starts_with("${") => rest.get(..=rest.find('}')?),
            '$' if in_string && literal.ends_with('"') => alone(rest),
            _ => None,
        };
        if let Some(reference) = reference {
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            let source = reference.to_owned();
            pieces.push(if in_string { Piece::Quoted(source) } else { Piece::Bare(source) });
            // What makes the rest JSON wherever a value may stand, and nowhere else.
            sample.push_str(if in_string { "" } else { "null" });
            is_mapped |= in_string;
            rest = rest.get(reference.len()..)?;
            continue;
        }
        let end = if in_string && next == '\\' {
            1 + rest.get(1..)?.chars().next()?.len_utf8()
        } else {
            next.len_utf8()
        };
        let (taken, after) = rest.split_at_checked(end)?;
        if next == '"' {
            if is_mapped && after.trim_start().starts_with(':') {
                return None;
            }
            (in_string, is_mapped) = (!in_string, false);
        }
        literal.push_str(taken);
        sample.push_str(taken);
        rest = after;
    }
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    is_json(&sample).then_some(pieces)
}

/// The source at the beginning of a string that is nothing else: `"$request.path.id"`.
fn alone(rest: &str) -> Option<&str> {
    let source = rest.get(..rest.find('"')?)?;
    let kinds = ["$request.", "$context.", "$stageVariables."];
    kinds.iter().any(|kind| source.starts_with(kind)).then_some(source)
}

fn is_json(text: &str) -> bool {
    serde_json::from_slice::<IgnoredAny>(text.as_bytes()).is_ok()
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = Vec::with_capacity(text.len() + 2);
    string(&mut quoted, text);
    String::from_utf8(quoted).unwrap_or_default()
}

/// A JSON text that is read into memory, where it takes many times its length.
fn read(text: &str) -> Option<serde_json::Value> {
    (text.len() <= LONGEST_STRUCTURE).then(|| serde_json::from_slice(text.as_bytes()).ok())?
}

// === impl Kind ===

impl Kind {
    /// The value as it is written on; none if it is none of this kind.
    #[must_use]
    pub fn read(self, text: Cow<'_, str>) -> Option<Cow<'_, str>> {
        match self {
            Self::Text | Self::Code | Self::Bytes => Some(text),
            Self::Number => Some(text.trim().parse::<i64>().ok()?.to_string().into()),
            Self::Flag => matches!(&*text, "true" | "false").then_some(text),
            Self::Time => Some(date::seconds(&text)?.to_string().into()),
            Self::Object => (text.trim_start().starts_with('{') && is_json(&text)).then_some(text),
            Self::List if text.trim_start().starts_with('[') => list(&text).map(|_| text),
            Self::List => Some(format!("[{}]", quoted(&text)).into()),
            Self::Attributes => attributes(&text).map(|_| text),
            Self::Queue => rest::queue_path(&text).map(Cow::from),
            Self::Bucket => rest::is_bucket(&text).then_some(text),
        }
    }

    /// What it is, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Text | Self::Code | Self::Bytes => "a text",
            Self::Number => "a whole number",
            Self::Flag => "`true` or `false`",
            Self::Time => "a time: `2026-01-31T12:00:00Z`, or seconds since 1970",
            Self::Object => "a JSON object",
            Self::List => "a JSON list of texts, or one text",
            Self::Attributes => {
                "message attributes: `{\"NAME\": {\"DataType\": \"String\", \"StringValue\": \"…\"}}`"
            }
            Self::Queue => "the URL of a queue: `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`",
            Self::Bucket => "the name of a bucket: 3 to 63 lower-case letters, digits, `-` and `.`",
        }
    }
}

/// The texts of a JSON list, if it has nothing else.
#[must_use]
pub fn list(text: &str) -> Option<Vec<String>> {
    let elements = read(text)?;
    elements.as_array()?.iter().map(|element| element.as_str().map(str::to_owned)).collect()
}

/// A message attribute: its name, and its members.
pub type Attribute = (String, Vec<(String, String)>);

/// Message attributes of JSON, if they are some, in the order of their names: that of a JSON object is nothing to rely on.
#[must_use]
pub fn attributes(text: &str) -> Option<Vec<Attribute>> {
    let attributes = read(text)?;
    let attributes = attributes.as_object()?;
    let attribute = |name: &str| {
        let members = attributes.get(name)?.as_object()?;
        let member = |name: &str| {
            let known = matches!(name, "DataType" | "StringValue" | "BinaryValue");
            known.then_some((name.to_owned(), members.get(name)?.as_str()?.to_owned()))
        };
        let members = names(members).into_iter().map(member).collect::<Option<_>>()?;
        Some((name.to_owned(), members))
    };
    names(attributes).into_iter().map(attribute).collect()
}

fn names(object: &serde_json::Map<String, serde_json::Value>) -> Vec<&str> {
    let mut names: Vec<_> = object.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
