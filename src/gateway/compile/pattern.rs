//! Regular expressions that a document brings for what clients send.

use super::scope::Scope;
use regex_lite::{Regex, RegexBuilder};

/// Bytes of a compiled expression: each request may pay for all of it, for each byte of what it sends.
const LARGEST_EXPRESSION: usize = 64 * 1024;

/// All of the text must match. The expression stands alone first: `a)|(b` would be another one between our brackets.
pub(super) fn pattern(expression: &str, at: &str, scope: &mut Scope<'_>) -> Option<Regex> {
    let compile = |text: &str| RegexBuilder::new(text).size_limit(LARGEST_EXPRESSION).build();
    match compile(expression).and_then(|_| compile(&format!(r"\A(?:{expression})\z"))) {
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
