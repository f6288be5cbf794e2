//! Path templates: `/users/{id}`, `/files/{path+}`.

use super::encode::is_dot_segment;
use super::key::RouteKeyError;
use crate::gateway::config::ProtocolType;
use std::cmp::Ordering;
use std::fmt;

/// The path of a route key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    segments: Vec<Segment>,
}

/// One segment of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Itself, case-sensitively.
    Literal(String),
    /// `{name}`: one segment that is not empty.
    Variable(String),
    /// `{name+}`: all that is left; the last segment only.
    Greedy(String),
}

// === impl Template ===

impl Template {
    /// Reads the path of a route key.
    ///
    /// # Errors
    /// If AWS would refuse it, or if no request could match it.
    pub fn parse(text: &str, protocol: ProtocolType) -> Result<Self, RouteKeyError> {
        let Some(path) = text.strip_prefix('/') else {
            return Err(RouteKeyError::new(format!("the path `{text}` does not begin with `/`"))
                .help(format!("write `/{}`", text.trim())));
        };
        if path.is_empty() {
            return Ok(Self { text: text.to_owned(), segments: Vec::new() });
        }
        if let Some(stem) = text.strip_suffix('/') {
            let stem = stem.trim_end_matches('/');
            return Err(RouteKeyError::new(format!("the path `{text}` ends with `/`"))
                .help(format!("write `{}`", if stem.is_empty() { "/" } else { stem })));
        }
        let mut segments = Vec::new();
        for part in path.split('/') {
            let segment = Segment::parse(part, text, protocol)?;
            if let Some(Segment::Greedy(name)) = segments.last() {
                return Err(RouteKeyError::new(format!(
                    "`{{{name}+}}` is not the last segment of the path `{text}`"
                ))
                .help(format!("a greedy variable takes all that is left; `{{{name}}}` takes one segment")));
            }
            let name = segment.name();
            if name.is_some() && segments.iter().any(|other: &Segment| other.name() == name) {
                return Err(RouteKeyError::new(format!(
                    "the path `{text}` has two variables named `{}`",
                    name.unwrap_or_default()
                ))
                .help("give each variable of a path its own name"));
            }
            segments.push(segment);
        }
        Ok(Self { text: text.to_owned(), segments })
    }

    /// The template as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its segments; none for `/`.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The names of its variables, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(Segment::name)
    }

    /// Whether it ends with a greedy variable.
    #[must_use]
    pub fn is_greedy(&self) -> bool {
        matches!(self.segments.last(), Some(Segment::Greedy(_)))
    }

    /// Less is more specific: a literal before a variable before a greedy variable, at the first segment that differs in
    /// kind. Two templates that match one path are equal only if they match the same paths.
    pub(super) fn specificity(&self, other: &Self) -> Ordering {
        self.segments.iter().map(Segment::rank).cmp(other.segments.iter().map(Segment::rank))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

// === impl Segment ===

impl Segment {
    /// The variable's name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::Variable(name) | Self::Greedy(name) => Some(name),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Variable(_) => 1,
            Self::Greedy(_) => 2,
        }
    }

    fn parse(part: &str, path: &str, protocol: ProtocolType) -> Result<Self, RouteKeyError> {
        if part.is_empty() {
            return Err(RouteKeyError::new(format!("the path `{path}` has an empty segment"))
                .help("write one `/` between two segments"));
        }
        if let Some(inner) = part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            return variable(inner, part, path);
        }
        if part.contains(['{', '}']) {
            return Err(RouteKeyError::new(format!(
                "`{part}` in the path `{path}` is only partly a variable"
            ))
            .help("a variable is a whole segment, such as `{id}`"));
        }
        if let Some(stranger) = part.chars().find(|c| !literal(*c, protocol)) {
            let error = RouteKeyError::new(format!("the path `{path}` has the character `{stranger}`"));
            let allowed = match protocol {
                ProtocolType::Http | ProtocolType::Websocket => "-._~!$&'()*+,;=:@",
                ProtocolType::Rest => "-._,:",
            };
            return Err(error.help(format!(
                "a segment is letters, digits and `{allowed}`, or a variable such as `{{id}}`"
            )));
        }
        if is_dot_segment(part) || part.starts_with(';') {
            return Err(RouteKeyError::new(format!("no request can match the segment `{part}` of `{path}`"))
                .help("requests with a `.`, `..` or empty segment are answered with 400"));
        }
        Ok(Self::Literal(part.to_owned()))
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(text),
            Self::Variable(name) => write!(f, "{{{name}}}"),
            Self::Greedy(name) => write!(f, "{{{name}+}}"),
        }
    }
}

fn variable(inner: &str, part: &str, path: &str) -> Result<Segment, RouteKeyError> {
    let (name, greedy) = match inner.strip_suffix('+') {
        Some(name) => (name, true),
        None => (inner, false),
    };
    if name.is_empty() {
        return Err(RouteKeyError::new(format!("the variable `{part}` of the path `{path}` has no name"))
            .help("write a name in the braces, such as `{id}` or `{proxy+}`"));
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || "_.:-".contains(c)) {
        return Err(RouteKeyError::new(format!("`{name}` in the path `{path}` is not a variable's name"))
            .help(
                "a name is letters, digits and `_.:-`; `+` may follow it, for all that is left of a path",
            ));
    }
    let name = name.to_owned();
    Ok(if greedy { Segment::Greedy(name) } else { Segment::Variable(name) })
}

fn literal(c: char, protocol: ProtocolType) -> bool {
    let marks = match protocol {
        // RFC 3986's `pchar` without escapes: matching is on the decoded path.
        ProtocolType::Http | ProtocolType::Websocket => "-._~!$&'()*+,;=:@",
        ProtocolType::Rest => "-._,:",
    };
    c.is_ascii_alphanumeric() || marks.contains(c)
}
