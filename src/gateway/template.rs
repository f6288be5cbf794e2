//! Templates with simple substitutions: those of gateway responses, and of MOCK integrations.
//!
//! `$context.NAME`, `$stageVariables.NAME`, `$input.params('NAME')` and `$method.request.header.NAME` (also `${…}` and
//! `$!…`) are replaced; every other reference or directive of VTL is an error of the document, never text that happens
//! to stay. <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>

use super::compile::Scope;
use super::context::Variable;
use super::request::Facts;
use super::request_value::RequestValue;
use std::borrow::Cow;

/// A compiled template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Context(Variable),
    StageVariable(String),
    /// `$input.params('x')`: path, then query, then header.
    Param([RequestValue; 3]),
    Request(RequestValue),
}

const DIRECTIVES: [&str; 13] = [
    "set", "if", "elseif", "else", "end", "foreach", "include", "parse", "stop", "break", "evaluate",
    "define", "macro",
];

// === impl Template ===

impl Template {
    /// Compiles a template; what cannot be goes to the diagnostics.
    #[must_use]
    pub fn compile(text: &str, at: &str, scope: &mut Scope<'_>) -> Option<Self> {
        if let Some(directive) = directive(text) {
            scope
                .error(at, format!("the VTL directive `{directive}` is not supported yet"))
                .help("`$context.NAME`, `$stageVariables.NAME` and `$input.params('NAME')` are replaced");
            return None;
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            push_text(&mut parts, before);
            match Reference::read(after) {
                Some(reference) => {
                    parts.push(reference.part(at, scope)?);
                    rest = reference.rest;
                }
                None => {
                    push_text(&mut parts, "$");
                    rest = after;
                }
            }
        }
        push_text(&mut parts, rest);
        Some(Self { parts })
    }

    /// The text with everything replaced; what has no value becomes nothing.
    #[must_use]
    pub fn render(&self, facts: &Facts<'_>) -> String {
        self.parts.iter().fold(String::new(), |mut text, part| {
            text.push_str(&part.value(facts));
            text
        })
    }

    /// The text, if nothing in it must be replaced.
    #[must_use]
    pub fn fixed(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }
}

// === impl Part ===

impl Part {
    fn value<'a>(&'a self, facts: &Facts<'a>) -> Cow<'a, str> {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Context(variable) => variable.value(facts).unwrap_or_default(),
            Self::StageVariable(name) => facts.request.stage_variable(name).into(),
            Self::Param(sources) => {
                sources.iter().find_map(|source| source.value(facts.request)).unwrap_or_default()
            }
            Self::Request(value) => value.value(facts.request).unwrap_or_default(),
        }
    }
}

/// A reference and the text behind it.
struct Reference<'t> {
    path: &'t str,
    argument: Option<&'t str>,
    /// Whether an index, a method or a second call follows, which is not supported.
    call_goes_on: bool,
    rest: &'t str,
}

// === impl Reference ===

impl<'t> Reference<'t> {
    /// Reads what stands behind a `$`; `None` is a dollar sign that is text.
    fn read(after: &'t str) -> Option<Self> {
        let after = after.strip_prefix('!').unwrap_or(after);
        let Some(braced) = after.strip_prefix('{') else { return Self::bare(after) };
        let (inner, rest) = braced.split_once('}')?;
        let reference = Self::bare(inner)?;
        if reference.rest.is_empty() {
            return Some(Self { rest, ..reference });
        }
        // VTL would compute something here: an alternate value, an index, a method.
        Some(Self { path: inner, argument: None, call_goes_on: true, rest })
    }

    fn bare(after: &'t str) -> Option<Self> {
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let end = after.find(|c| !word(c)).unwrap_or(after.len());
        // A full stop at the end belongs to the sentence.
        let path = after.get(..end)?.trim_end_matches('.');
        let rest = after.get(path.len()..)?;
        if !path.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let (argument, rest) = match rest.strip_prefix('(').and_then(|call| call.split_once(')')) {
            Some((argument, rest)) => (Some(argument), rest),
            None => (None, rest),
        };
        let method =
            rest.strip_prefix('.').is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()));
        let call_goes_on = rest.starts_with(['(', '[']) || (argument.is_some() && method);
        Some(Self { path, argument, call_goes_on, rest })
    }

    fn part(&self, at: &str, scope: &mut Scope<'_>) -> Option<Part> {
        if self.call_goes_on {
            return self.refuse(at, scope);
        }
        if let ("input.params", Some(name)) = (self.path, self.argument.and_then(quoted)) {
            let header = RequestValue::Header(name.to_ascii_lowercase());
            return Some(Part::Param([
                RequestValue::Path(name.to_owned()),
                RequestValue::QueryString(name.to_owned()),
                header,
            ]));
        }
        if self.argument.is_none() {
            if let Some(name) = self.path.strip_prefix("context.") {
                return scope.context_variable(at, name).map(Part::Context);
            }
            if let Some(name) = self.path.strip_prefix("stageVariables.") {
                return Some(Part::StageVariable(name.to_owned()));
            }
            if let Some(value) = self.path.strip_prefix("method.request.").and_then(RequestValue::parse) {
                return Some(Part::Request(value));
            }
        }
        self.refuse(at, scope)
    }

    fn refuse(&self, at: &str, scope: &mut Scope<'_>) -> Option<Part> {
        scope
            .error(at, format!("the template reference `${}` is not supported yet", self.path))
            .help("`$context.NAME`, `$stageVariables.NAME` and `$input.params('NAME')` are replaced");
        None
    }
}

/// The text of a VTL string literal.
fn quoted(literal: &str) -> Option<&str> {
    let literal = literal.trim();
    let inner = |quote: char| literal.strip_prefix(quote)?.strip_suffix(quote);
    inner('\'').or_else(|| inner('"')).filter(|name| !name.is_empty())
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if text.is_empty() {
        return;
    }
    if let Some(Part::Text(last)) = parts.last_mut() {
        last.push_str(text);
    } else {
        parts.push(Part::Text(text.to_owned()));
    }
}

/// The first VTL directive or comment of a text.
fn directive(text: &str) -> Option<String> {
    if let Some(comment) = ["##", "#*", "#[["].into_iter().find(|comment| text.contains(comment)) {
        return Some(comment.to_owned());
    }
    text.split('#').skip(1).find_map(|after| {
        let bare = after.strip_prefix('{').unwrap_or(after);
        let word = bare.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        DIRECTIVES.contains(&word).then(|| format!("#{word}"))
    })
}

#[cfg(test)]
mod tests;
