//! Regular expressions that a document brings for what clients send.

use super::scope::Scope;
use crate::gateway::regex::Regex;

/// All of the text must match. The expression stands alone first: `a)|(b` would be another one between our brackets.
pub(super) fn pattern(expression: &str, at: &str, scope: &mut Scope<'_>) -> Option<Regex> {
    match Regex::new(expression).and_then(|_| Regex::new(&format!(r"\A(?:{expression})\z"))) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let problem = format!("`{expression}` is no expression that can be used: {error}");
            scope
                .error(at, problem)
                .help("look-around and back-references are not supported: a client could make them slow");
            None
        }
    }
}
