//! JSON bodies: their keys and values, each on its own, without escapes.
//! <https://docs.aws.amazon.com/waf/latest/APIReference/API_JsonBody.html>
//!
//! Strings are looked at as what they mean, numbers, `true`, `false` and `null` as sent. Nothing is kept of the document: it is
//! walked once, from its beginning to its end, in one frame.
//!
//! AWS looks at an invalid document up to the first error, and finds none in a missing comma or colon or in one colon too
//! many. Backends forgive more than that, so a client could hide behind an error what its backend reads. That is why the
//! walk steps over errors that leave no doubt about what stands behind them: such a document is invalid as to
//! `InvalidFallbackBehavior`, and yet looked at. It ends at an error that leaves doubt, and with a cut document.

mod pointers;
mod text;
mod walk;

use super::{Extent, JsonParts};
use crate::gateway::config::waf::{BodyParsingFallbackBehavior, MatchScope};
use pointers::Place;
pub use pointers::Pointers;
use walk::Walk;

/// How a document is looked at.
pub struct Looked<'f, 'w> {
    pub parts: &'f JsonParts,
    pub scope: MatchScope,
    pub fallback: Option<BodyParsingFallbackBehavior>,
    /// Room for strings with escapes.
    pub room: &'w mut Vec<u8>,
    pub with: &'w mut dyn FnMut(&[u8]),
}

// === impl Looked ===

impl Looked<'_, '_> {
    /// Calls with the keys and values of a document. `more` of it is not inspected: what is there is a cut document.
    pub fn at(&mut self, document: &[u8], more: bool) -> Extent {
        let root = match self.parts {
            JsonParts::All => Place::everywhere(),
            JsonParts::Pointers(pointers) => Place::root(pointers),
        };
        if self.walk(document, root) && !more {
            return Extent::All;
        }
        match self.fallback {
            None => Extent::All,
            Some(BodyParsingFallbackBehavior::EvaluateAsString) => {
                (self.with)(document);
                Extent::All
            }
            Some(BodyParsingFallbackBehavior::Match) => Extent::Forced(true),
            Some(BodyParsingFallbackBehavior::NoMatch) => Extent::Forced(false),
        }
    }

    /// Whether the document is valid.
    fn walk(&mut self, document: &[u8], root: Place<'_>) -> bool {
        // Bytes that are no UTF-8 are looked at as they are: backends replace them or leave them alone.
        let valid = self.fallback.is_none() || std::str::from_utf8(document).is_ok();
        Walk::new(document, self.scope, self.room, self.with).run(root) && valid
    }
}
