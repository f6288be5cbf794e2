//! Expected JSON against observed JSON.
//!
//! A text `"/regular expression/"` fits any text that matches, `"<any>"` fits anything that is there; all else must be
//! equal. Partly compared, an observed object may have more members, at any depth; lists are always compared whole.

use regex_lite::Regex;
use serde_json::Value;

/// The first difference, if there is one: where, what was expected, what was there.
#[must_use]
pub fn difference(expected: &Value, observed: &Value, partly: bool) -> Option<String> {
    compare("", expected, observed, partly)
}

/// What is wrong with a value's patterns.
///
/// # Errors
/// The first that is no regular expression.
pub fn check(expected: &Value) -> Result<(), String> {
    match expected {
        Value::String(text) => match pattern(text) {
            Some(pattern) => {
                Regex::new(pattern).map(drop).map_err(|error| format!("json: `{text}`: {error}"))
            }
            None => Ok(()),
        },
        Value::Array(items) => items.iter().try_for_each(check),
        Value::Object(members) => members.values().try_for_each(check),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn compare(at: &str, expected: &Value, observed: &Value, partly: bool) -> Option<String> {
    match (expected, observed) {
        (Value::String(text), _) if text == "<any>" => None,
        (Value::Object(expected), Value::Object(observed)) => {
            let more = observed.keys().find(|name| !partly && !expected.contains_key(*name));
            if let Some(name) = more {
                return Some(format!("{at}/{name}: expected none, got {}", observed[name]));
            }
            expected.iter().find_map(|(name, expected)| {
                let at = format!("{at}/{name}");
                match observed.get(name) {
                    Some(observed) => compare(&at, expected, observed, partly),
                    None => Some(format!("{at}: expected {expected}, got none")),
                }
            })
        }
        (Value::Array(expected), Value::Array(observed)) if expected.len() == observed.len() => {
            expected.iter().zip(observed).enumerate().find_map(|(i, (expected, observed))| {
                compare(&format!("{at}/{i}"), expected, observed, partly)
            })
        }
        _ if fits(expected, observed) => None,
        _ => Some(format!("{at}: expected {expected}, got {observed}")),
    }
}

fn fits(expected: &Value, observed: &Value) -> bool {
    match (expected, observed) {
        (Value::String(expected), Value::String(observed)) => match pattern(expected) {
            Some(pattern) => Regex::new(pattern).is_ok_and(|regex| regex.is_match(observed)),
            None => expected == observed,
        },
        _ => expected == observed,
    }
}

/// The regular expression of `/…/`.
fn pattern(text: &str) -> Option<&str> {
    text.strip_prefix('/')?.strip_suffix('/').filter(|pattern| !pattern.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{check, difference};
    use serde_json::{Value, json};

    fn differs(expected: Value, observed: Value) -> [bool; 2] {
        [false, true].map(|partly| difference(&expected, &observed, partly).is_some())
    }

    #[test]
    fn objects_are_compared_whole_or_partly_and_lists_whole() {
        assert_eq!(differs(json!({ "a": { "b": 1 } }), json!({ "a": { "b": 1 } })), [false, false]);
        assert_eq!(differs(json!({ "a": { "b": 1 } }), json!({ "a": { "b": 1, "c": 2 } })), [true, false]);
        assert_eq!(differs(json!({ "a": { "b": 1 } }), json!({ "a": { "b": 2, "c": 2 } })), [true, true]);
        assert_eq!(differs(json!({ "a": null }), json!({})), [true, true]);
        assert_eq!(differs(json!([1]), json!([1, 2])), [true, true]);
        assert_eq!(differs(json!([{ "a": 1 }]), json!([{ "a": 1, "b": 2 }])), [true, false]);
        assert_eq!(differs(json!({}), json!([])), [true, true]);
    }

    #[test]
    fn patterns_fit_texts_and_any_fits_what_is_there() {
        assert_eq!(differs(json!("/^a+$/"), json!("aaa")), [false, false]);
        assert_eq!(differs(json!("/^a+$/"), json!("aab")), [true, true]);
        assert_eq!(differs(json!("/1/"), json!(1)), [true, true], "a number is no text");
        assert_eq!(differs(json!({ "a": "<any>" }), json!({ "a": null })), [false, false]);
        assert_eq!(differs(json!({ "a": "<any>" }), json!({})), [true, true]);
        assert_eq!(differs(json!("//"), json!("x")), [true, true], "an empty pattern is a text");
        assert!(check(&json!({ "a": ["/(/"] })).is_err());
        assert!(check(&json!({ "a": ["/(x)/", "/"] })).is_ok());
    }

    #[test]
    fn a_difference_says_where_it_is() {
        let found = difference(&json!({ "a": [{ "b": 1 }] }), &json!({ "a": [{ "b": 2 }] }), false);
        assert_eq!(found.as_deref(), Some("/a/0/b: expected 1, got 2"));
    }
}
