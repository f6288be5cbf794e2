//! Parts of a request that statements look at: AWS's `FieldToMatch`.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-fields-list.html>
//!
//! What a request does not have fits no statement: a query string or a body without a byte is none. What it
//! has several times is looked at each time, and one that fits is enough. Only what is inspected is ever looked at:
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-oversize-request-components.html>.
//!
//! Where backends read a request in several ways, each of them is looked at: a rule shall not depend on which one it is.

mod cookies;
mod headers;
mod json;
mod query;

pub use json::Pointers;

use super::transform::PreParse;
use super::view::{Body, View};
use crate::gateway::config::waf::{BodyParsingFallbackBehavior, MatchScope, OversizeHandling};
use std::fmt;

/// How many bytes of all headers, and of all cookies, are inspected.
pub const INSPECTED_BYTES: usize = 8192;
/// How many headers, and how many cookies, are inspected.
pub const INSPECTED_ITEMS: usize = 200;

/// A part of a request. Names are in lower case, but for those of cookies and of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// `Method`.
    Method,
    /// `UriPath`.
    UriPath,
    /// `QueryString`.
    QueryString,
    /// `SingleQueryArgument`.
    SingleQueryArgument(String),
    /// `AllQueryArguments`.
    AllQueryArguments,
    /// `SingleHeader`.
    SingleHeader(String),
    /// `Headers`.
    Headers(Names, MatchScope, OversizeHandling),
    /// `Cookies`.
    Cookies(Names, MatchScope, OversizeHandling),
    /// `HeaderOrder`.
    HeaderOrder(OversizeHandling),
    /// `Body`.
    Body(OversizeHandling),
    /// `JsonBody`.
    JsonBody(JsonParts, MatchScope, Option<BodyParsingFallbackBehavior>, OversizeHandling),
}

/// Which of several named parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Names {
    /// All.
    All,
    /// These.
    Included(Vec<String>),
    /// All but these.
    Excluded(Vec<String>),
}

/// Which parts of a JSON body.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum JsonParts {
    /// All.
    All,
    /// What stands below these JSON pointers (RFC 6901), or at them.
    Pointers(Pointers),
}

/// What was there of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What each was called with.
    All,
    /// All statements on it fit, or none: too much is there, or it cannot be read.
    Forced(bool),
    /// The body, which is not there yet.
    Body,
}

/// Room for what does not stand in the request as it is looked at: joined headers, names in order, texts without their
/// escapes. Kept between requests; never larger than a head, or than what is inspected of a body.
#[derive(Debug, Default)]
pub struct Room(Vec<u8>);

// === impl Extent ===

impl Extent {
    /// Of a part that is read in two ways: what fits in either fits.
    fn either(self, other: Self) -> Self {
        match (self, other) {
            (Self::Body, _) | (_, Self::Body) => Self::Body,
            (Self::Forced(true), _) | (_, Self::Forced(true)) => Self::Forced(true),
            (Self::Forced(false), other) | (other, Self::Forced(false)) => other,
            (Self::All, Self::All) => Self::All,
        }
    }
}

// === impl Field ===

impl Field {
    /// Calls with every value of it, one after the other.
    pub fn each(
        &self,
        view: &View<'_>,
        pre_parse: &[PreParse],
        Room(room): &mut Room,
        with: &mut dyn FnMut(&[u8]),
    ) -> Extent {
        match self {
            Self::Method => with(view.method()),
            Self::UriPath => with(view.path()),
            Self::QueryString if view.query().is_empty() => {}
            Self::QueryString => with(view.query()),
            Self::SingleQueryArgument(name) => query::each(view.query(), pre_parse, Some(name), with),
            Self::AllQueryArguments => query::each(view.query(), pre_parse, None, with),
            Self::SingleHeader(name) => headers::single(view.head, name, room, with),
            Self::Headers(names, scope, oversize) => {
                return headers::each(view.head, names, *scope, *oversize, with);
            }
            Self::HeaderOrder(oversize) => return headers::order(view.head, *oversize, room, with),
            Self::Cookies(names, scope, oversize) => {
                return cookies::each(view.head, names, *scope, *oversize, with);
            }
            Self::Body(oversize) => return in_body(view, *oversize, |bytes, _| with_body(bytes, with)),
            Self::JsonBody(parts, scope, fallback, oversize) => {
                let mut document = json::Looked { parts, scope: *scope, fallback: *fallback, room, with };
                return in_body(view, *oversize, |bytes, more| document.at(bytes, more));
            }
        }
        Extent::All
    }

    /// AWS's word in logs for what there is more of than is inspected.
    #[must_use]
    pub fn oversize(&self, view: &View<'_>) -> Option<&'static str> {
        let is_long_body = || {
            matches!(view.body, Body::Seen { more: true, .. })
                || view.meaning.is_some_and(|meaning| meaning.more)
        };
        match self {
            Self::Body(_) => is_long_body().then_some("REQUEST_BODY"),
            Self::JsonBody(..) => is_long_body().then_some("REQUEST_JSON_BODY"),
            Self::Headers(..) | Self::HeaderOrder(_) => {
                headers::is_too_much(view.head).then_some("REQUEST_HEADERS")
            }
            Self::Cookies(..) => cookies::is_too_much(view.head).then_some("REQUEST_COOKIES"),
            Self::Method
            | Self::UriPath
            | Self::QueryString
            | Self::SingleQueryArgument(_)
            | Self::AllQueryArguments
            | Self::SingleHeader(_) => None,
        }
    }

    /// AWS's word for it in logs. Those of `Headers`, `Cookies`, `HeaderOrder` and `JsonBody` are not published.
    #[must_use]
    pub fn in_log(&self) -> &'static str {
        match self {
            Self::Method => "METHOD",
            Self::UriPath => "URI",
            Self::QueryString => "QUERY_STRING",
            Self::SingleQueryArgument(_) => "SINGLE_QUERY_ARG",
            Self::AllQueryArguments => "ALL_QUERY_ARGS",
            Self::SingleHeader(_) => "HEADER",
            Self::Headers(..) => "HEADERS",
            Self::Cookies(..) => "COOKIES",
            Self::HeaderOrder(_) => "HEADER_ORDER",
            Self::Body(_) => "BODY",
            Self::JsonBody(..) => "JSON_BODY",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SingleQueryArgument(name) | Self::SingleHeader(name) => {
                write!(f, "{} `{name}`", self.in_log())
            }
            Self::Method
            | Self::UriPath
            | Self::QueryString
            | Self::AllQueryArguments
            | Self::Headers(..)
            | Self::Cookies(..)
            | Self::HeaderOrder(_)
            | Self::Body(_)
            | Self::JsonBody(..) => f.write_str(self.in_log()),
        }
    }
}

// === impl Names ===

impl Names {
    /// Whether a part of this name is looked at.
    fn take(&self, name: &[u8]) -> bool {
        let named = |names: &[String]| names.iter().any(|known| known.as_bytes() == name);
        match self {
            Self::All => true,
            Self::Included(names) => named(names),
            Self::Excluded(names) => !named(names),
        }
    }
}

/// Looks at a body, as far as it is inspected: its bytes, and whether there are more. One that was sent compressed is looked at as
/// it was sent and as what it means: backends read the one or the other.
fn in_body(
    view: &View<'_>,
    oversize: OversizeHandling,
    mut look: impl FnMut(&[u8], bool) -> Extent,
) -> Extent {
    let mut look = |bytes: &[u8], more| match forced(oversize, || more) {
        Some(extent) => extent,
        None if bytes.is_empty() => Extent::All,
        None => look(bytes, more),
    };
    match (view.body, view.meaning) {
        (Body::NotYet, _) => Extent::Body,
        (Body::Seen { bytes, more }, None) => look(bytes, more),
        (Body::Seen { bytes, more }, Some(meaning)) => {
            look(bytes, more).either(look(&meaning.bytes, meaning.more))
        }
    }
}

fn with_body(bytes: &[u8], with: &mut dyn FnMut(&[u8])) -> Extent {
    with(bytes);
    Extent::All
}

/// What is said of too much without a look at it.
fn forced(oversize: OversizeHandling, too_much: impl FnOnce() -> bool) -> Option<Extent> {
    let fits = match oversize {
        OversizeHandling::Continue => return None,
        OversizeHandling::Match => true,
        OversizeHandling::NoMatch => false,
    };
    too_much().then_some(Extent::Forced(fits))
}

/// Calls with what is looked at of a name and its value.
fn with_scope(scope: MatchScope, name: &[u8], value: &[u8], with: &mut dyn FnMut(&[u8])) {
    match scope {
        MatchScope::All => {
            with(name);
            with(value);
        }
        MatchScope::Key => with(name),
        MatchScope::Value => with(value),
    }
}

#[cfg(test)]
mod tests;
