//! Bounds that the schema's attributes cannot say: those of a map's names and values.

use serde_json::{Value, json};

/// Names of stage variables.
pub(super) const STAGE_VARIABLE_NAME: &str = "^[A-Za-z0-9_]+$";

/// Values of stage variables: what stands in a URI without being encoded.
pub(super) const STAGE_VARIABLE_VALUE: &str = "^[A-Za-z0-9._~:/?#&=,-]*$";

/// Longest mapping template, in characters: AWS's limit of REST APIs. Its HTTP APIs have no templates of their own.
pub(super) const TEMPLATE_CHARACTERS: u32 = 307_200;

/// A text of `min` to `max` characters.
pub(super) fn text(min: u32, max: u32) -> Value {
    json!({ "type": "string", "minLength": min, "maxLength": max })
}

/// A map of texts of `min` to `max` characters.
pub(super) fn texts(min: u32, max: u32) -> Value {
    json!({ "type": "object", "additionalProperties": text(min, max) })
}

/// The name of a stage variable.
pub(super) fn stage_variable_name() -> Value {
    json!({ "pattern": STAGE_VARIABLE_NAME, "maxLength": 64 })
}

/// The value of a stage variable. AWS's guide says 512 characters, its API 2,048: the wider is taken.
pub(super) fn stage_variable_value() -> Value {
    json!({ "type": "string", "pattern": STAGE_VARIABLE_VALUE, "maxLength": 2048 })
}

/// What a pattern means, in words.
pub(super) fn pattern_in_words(pattern: &str) -> Option<&'static str> {
    match pattern {
        STAGE_VARIABLE_NAME => Some("may hold letters, digits and `_` only"),
        STAGE_VARIABLE_VALUE => Some("may hold letters, digits and `-._~:/?#&=,` only"),
        _ => None,
    }
}
