//! Formats: text with `$context` variables, and what a value must not do where it stands.

use super::MOST_OF_LINE;
use super::field::Field;
use super::writing::{self, Place};
use crate::gateway::compile::Scope;
use crate::gateway::context::Variable;
use crate::gateway::outcome::Over;
use serde::de::IgnoredAny;

/// A compiled format.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Format {
    parts: Vec<Part>,
    /// Bytes of most lines.
    room: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// The format's own, and what is the same for every request.
    Text(Vec<u8>),
    Field(Field, Place),
}

/// A part as it is read, before the shape of the whole is known.
#[derive(Debug)]
enum Read<'t> {
    Text(&'t str),
    /// A variable, and whether it stands between double quotes.
    Variable {
        name: &'t str,
        quoted: bool,
    },
}

/// What a format is, by its own text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// JSON, once every variable has a value.
    Json,
    /// An element.
    Xml,
    /// Anything else: Common Log Format, comma-separated values.
    Text,
}

// === impl Format ===

impl Format {
    /// Compiles a line; what cannot be goes to the diagnostics.
    pub(super) fn compile(text: &str, at: &str, scope: &mut Scope<'_>) -> Option<Self> {
        let read = read(text);
        let shape = Shape::of(text, &read);
        if shape == Shape::Text && text.trim_start().starts_with(['{', '[']) {
            scope.warning(at, "the format looks like JSON, and its lines are none").help(
                "a variable stands in a text, or in the place of a whole value: `\"status\": $context.status`",
            );
        }
        for other in ["${context.", "$stageVariables.", "$input."] {
            if text.contains(other) {
                let problem = format!("`{other}…` is no variable of an access log: it is logged as it is");
                scope.warning(at, problem).help("write `$context.NAME`");
            }
        }
        let mut parts = Vec::new();
        let mut known = true;
        for (i, part) in read.iter().enumerate() {
            match part {
                Read::Text(text) => push(&mut parts, text.as_bytes()),
                Read::Variable { name, quoted } => match Field::compile(name, at, scope) {
                    Some(field) => push_field(&mut parts, place(field, shape, *quoted, stops(&read, i))),
                    None => known = false,
                },
            }
        }
        let names_request = |part: &Part| matches!(part, Part::Field(field, _) if field.is_request_id());
        if known && !parts.iter().any(names_request) {
            scope
                .error(at, "nothing in the format says which request a line is of")
                .help("add `$context.requestId` or `$context.extendedRequestId`");
            return None;
        }
        known.then(|| Self { parts, room: text.len().saturating_mul(2) })
    }

    /// Has lines end.
    pub(super) fn end_line(&mut self) {
        push(&mut self.parts, b"\n");
    }

    /// The line of a request that is over.
    pub(super) fn write(&self, over: &Over<'_>) -> Vec<u8> {
        let mut line = Vec::with_capacity(self.room);
        for part in &self.parts {
            match part {
                Part::Text(text) => line.extend_from_slice(text),
                Part::Field(field, place) => {
                    let value = if line.len() > MOST_OF_LINE { None } else { field.value(over) };
                    writing::value(&mut line, value, *place);
                }
            }
        }
        line
    }
}

/// Where a field stands. `error.messageString` is the message in its own quotes, which count where it stands outside others.
fn place(field: Field, shape: Shape, quoted: bool, stops: [u8; 2]) -> (Field, Place) {
    let is_string = field == Field::Of(Variable::ErrorMessageString) && !quoted;
    let stops = if field.is_clients() { stops } else { [0; 2] };
    let field = if is_string { Field::Of(Variable::ErrorMessage) } else { field };
    let place = match shape {
        Shape::Json if quoted => Place::Text { stops: [0; 2] },
        Shape::Json => Place::Value,
        Shape::Xml => Place::Xml,
        Shape::Text if is_string => Place::Quoted,
        Shape::Text => Place::Text { stops },
    };
    (field, place)
}

/// Adds text to what stands before it.
fn push(parts: &mut Vec<Part>, text: &[u8]) {
    match parts.last_mut() {
        Some(Part::Text(before)) => before.extend_from_slice(text),
        Some(Part::Field(..)) | None => parts.push(Part::Text(text.to_vec())),
    }
}

fn push_field(parts: &mut Vec<Part>, (field, place): (Field, Place)) {
    let Some(constant) = field.constant() else { return parts.push(Part::Field(field, place)) };
    let mut text = Vec::new();
    writing::value(&mut text, constant, place);
    push(parts, &text);
}

/// What stands before and behind a part, where that is no letter or digit: what ends a field. 0 for nothing.
fn stops(read: &[Read<'_>], i: usize) -> [u8; 2] {
    let text = |part: Option<&Read<'_>>| match part {
        Some(Read::Text(text)) => Some(text.as_bytes().to_vec()),
        Some(Read::Variable { .. }) | None => None,
    };
    let before = i.checked_sub(1).and_then(|i| text(read.get(i))?.last().copied());
    let behind = i.checked_add(1).and_then(|i| text(read.get(i))?.first().copied());
    [before, behind].map(|byte| byte.filter(|byte| !byte.is_ascii_alphanumeric()).unwrap_or_default())
}

// === impl Shape ===

impl Shape {
    /// JSON is what is JSON with `null` in the place of each variable outside a text: nothing else may touch it there.
    fn of(text: &str, read: &[Read<'_>]) -> Self {
        match text.trim_start().bytes().next() {
            Some(b'{' | b'[') => {
                let filled: String = read
                    .iter()
                    .map(|part| match part {
                        Read::Text(text) => text,
                        Read::Variable { quoted: true, .. } => "x",
                        Read::Variable { quoted: false, .. } => "null",
                    })
                    .collect();
                if serde_json::from_str::<IgnoredAny>(&filled).is_ok() { Self::Json } else { Self::Text }
            }
            Some(b'<') => Self::Xml,
            Some(_) | None => Self::Text,
        }
    }
}

/// The parts of a line.
fn read(text: &str) -> Vec<Read<'_>> {
    const PREFIX: &str = "$context.";
    let mut parts = Vec::new();
    let mut quoted = false;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(PREFIX) {
        let (name, behind) = split_name(after);
        if !before.is_empty() {
            quoted = ends_quoted(before, quoted);
            parts.push(Read::Text(before));
        }
        parts.push(Read::Variable { name, quoted });
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(Read::Text(rest));
    }
    parts
}

/// Whether a text ends between double quotes. A backslash takes the next character's meaning away between them.
fn ends_quoted(text: &str, mut quoted: bool) -> bool {
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            b'"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = byte == b'\\' && !escaped && quoted;
    }
    quoted
}

/// A variable's name, and what stands behind it. Names of claims may hold colons, and what authorizers say hyphens; no name
/// ends with anything but a letter or a digit.
fn split_name(text: &str) -> (&str, &str) {
    let is_of_authorizer = text.starts_with("authorizer.");
    let is_of_name = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '_') || (is_of_authorizer && matches!(c, '-' | ':'))
    };
    let end = text.find(|c| !is_of_name(c)).unwrap_or(text.len());
    let name = text.get(..end).unwrap_or_default();
    let name = name.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    (name, text.get(name.len()..).unwrap_or_default())
}
