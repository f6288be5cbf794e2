//! Text → [`Config`], or everything that is wrong with its form. What a document means is
//! [`crate::gateway::compile`]'s.
//!
//! Three questions in turn: is it JSON in which no name stands twice (`syntax`), does it fit the schema (`violations`,
//! native only: the filter would carry a schema validator for nothing), do the types take it (`fill`)?
//!
//! The filter asks the last question first: what `fill` takes without a word is JSON in which no name stands twice, and is read
//! once. Only a document with problems is read again, for all of them in their order.

use super::Config;
use super::document::Slot;
use crate::gateway::diagnostics::Diagnostics;

mod fill;
#[cfg(feature = "schema")]
mod hints;
mod place;
mod syntax;
#[cfg(feature = "schema")]
mod violations;

/// Reads a document.
///
/// # Errors
/// Every problem of its form: what is not JSON, names that stand twice, unknown or missing fields, wrong types, values
/// out of bounds. Without the `schema` feature (in the filter) bounds are not checked here.
pub fn load(text: &[u8]) -> Result<Config, Diagnostics> {
    #[cfg(not(feature = "schema"))]
    if let Ok(config) = typed(text) {
        return Ok(config);
    }
    asked_in_turn(text)
}

/// Reads a document, one question after the other.
fn asked_in_turn(text: &[u8]) -> Result<Config, Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    if !syntax::check(text, &mut diagnostics) {
        return Err(diagnostics);
    }
    #[cfg(feature = "schema")]
    violations::check(text, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    typed(text)
}

/// What the types make of a text. One that is not JSON, or has a name twice in an object, is refused.
pub(in crate::gateway) fn typed(text: &[u8]) -> Result<Config, Diagnostics> {
    let mut config = Config::blank();
    let mut diagnostics = Diagnostics::default();
    if fill::fill(text, &mut config, &mut diagnostics) { Ok(config) } else { Err(diagnostics) }
}

/// What the types make of one object of a document; nothing if they do not take it.
pub(in crate::gateway) fn object<T: Slot>(text: &[u8]) -> Option<T> {
    let mut object = T::blank();
    fill::fill(text, &mut object, &mut Diagnostics::default()).then_some(object)
}

#[cfg(test)]
mod tests;
