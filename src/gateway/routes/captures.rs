//! Path parameters: what a request's path has where its template has variables.

use super::path::RequestPath;
use super::template::{Segment, Template};

/// The path parameters of a request: a view of its template and its path that copies nothing.
#[derive(Debug, Clone, Copy)]
pub struct Captures<'a> {
    segments: &'a [Segment],
    path: &'a RequestPath,
}

/// One path parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capture<'a> {
    /// The variable's name.
    pub name: &'a str,
    /// Its value, decoded. A greedy variable's has no slash in front, and may be empty on an HTTP API.
    pub decoded: &'a str,
    /// Its value as the client encoded it: REST events carry it.
    pub raw: &'a str,
}

// === impl Captures ===

impl<'a> Captures<'a> {
    /// `template` is `None` for `$default`. It must match `path`.
    pub(super) fn new(template: Option<&'a Template>, path: &'a RequestPath) -> Self {
        Self { segments: template.map_or(&[], Template::segments), path }
    }

    /// A parameter's value, decoded.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.iter().find(|capture| capture.name == name).map(|capture| capture.decoded)
    }

    /// A parameter's value as the client encoded it.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        self.iter().find(|capture| capture.name == name).map(|capture| capture.raw)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Every parameter, in the template's order.
    pub fn iter(&self) -> impl Iterator<Item = Capture<'a>> + use<'a> {
        let path = self.path;
        let mut matched = path.matched();
        let whole = matched.len();
        self.segments.iter().filter_map(move |segment| {
            let rest = matched.strip_prefix('/')?;
            let (name, decoded) = match segment {
                Segment::Literal(_) => (None, first(rest)),
                Segment::Variable(name) => (Some(name), first(rest)),
                Segment::Greedy(name) => (Some(name), rest),
            };
            let start = whole - rest.len();
            matched = rest.get(decoded.len()..)?;
            let raw = path.raw_of(start, start + decoded.len())?;
            Some(Capture { name: name?, decoded, raw })
        })
    }
}

fn first(rest: &str) -> &str {
    // Segments are short: a search for a character would take longer to begin than this does to end.
    rest.bytes().position(|byte| byte == b'/').and_then(|end| rest.get(..end)).unwrap_or(rest)
}
