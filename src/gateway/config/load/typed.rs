//! What serde makes of the document, and its first problem in our words.

use super::super::{Config, NotYet};
use super::place::place;
use crate::gateway::diagnostics::Diagnostics;

/// Reads the document, or reports why not.
pub(super) fn read(text: &[u8], diagnostics: &mut Diagnostics) -> Option<Config> {
    match serde_json::from_slice(text) {
        Ok(config) => Some(config),
        Err(error) => {
            let (path, name) = place(text, error.line(), error.column());
            report(path, &name, without_position(&error.to_string()), diagnostics);
            None
        }
    }
}

/// serde_json ends its messages with the position in the text; the path says it better.
pub(super) fn without_position(said: &str) -> &str {
    said.rsplit_once(" at line ").map_or(said, |(message, _)| message)
}

/// Says serde's message as the schema's violations are said.
fn report(path: String, name: &str, said: &str, diagnostics: &mut Diagnostics) {
    // The names in a message of serde's stand between backticks: first the one that was found, then those expected.
    let mut names = said.split('`').skip(1).step_by(2);
    let first = names.next().unwrap_or_default();
    let expected: Vec<&str> = names.collect();
    if said == NotYet::PROBLEM {
        diagnostics.error(path, format!("`{name}` {said}"));
    } else if said.starts_with("unknown field") {
        let problem = format!("unknown field `{first}`");
        diagnostics.error(path, problem).suggest("a field", first, expected);
    } else if said.starts_with("unknown variant") {
        let problem = format!("`{first}` is not one of `{}`", expected.join("`, `"));
        diagnostics.error(path, problem).suggest("a value", first, expected);
    } else if let Some((found, wanted)) =
        said.strip_prefix("invalid type: ").and_then(|said| said.split_once(", expected "))
    {
        // serde prints the value that it found; a secret may stand in the wrong place.
        let found = in_words(found.split(['`', '"']).next().unwrap_or_default().trim_end());
        diagnostics.error(path, format!("expected {}, found {found}", in_words(wanted)));
    } else if said == "expected value" {
        // What serde_json says of an enumeration that is not a string.
        diagnostics.error(path, "expected a string");
    } else if said.starts_with("invalid value") {
        diagnostics.error(path, format!("`{name}` is out of range"));
    } else {
        diagnostics.error(path, said);
    }
}

/// serde's word for a type in the words of JSON.
fn in_words(said: &str) -> &str {
    match said {
        "a boolean" | "boolean" => "true or false",
        "a map" | "map" => "an object",
        "a sequence" | "sequence" => "a list",
        "string" => "a string",
        "integer" | "floating point" | "f32" | "f64" => "a number",
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        _ if said.starts_with("struct ") => "an object",
        _ => said,
    }
}

#[cfg(test)]
mod tests;
