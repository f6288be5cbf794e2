//! JSON values as YAML that every YAML reader understands alike.
//!
//! Strings are plain only where no reader could take them for a number, a boolean or a date; all others are JSON
//! strings, which are YAML too. Envoy reads YAML 1.1 and 1.2 words differently from other tools, so nothing is left to it.

use serde_json::Value;
use std::fmt::Write as _;

/// One YAML document, with a line feed at its end.
#[must_use]
pub fn document(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => block(&mut out, value, 0),
        Value::Array(items) if !items.is_empty() => block(&mut out, value, 0),
        _ => {
            scalar(&mut out, value);
            out.push('\n');
        }
    }
    out
}

/// Lines of text as YAML comments.
#[must_use]
pub fn comment(text: &str) -> String {
    text.lines().fold(String::new(), |mut out, line| {
        let line = if line.is_empty() { "#".to_owned() } else { format!("# {line}") };
        let _ = writeln!(out, "{line}");
        out
    })
}

/// A map or a list that is not empty; the first line is not indented when `at` follows a dash.
fn block(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) => {
            for (i, (key, value)) in map.iter().enumerate() {
                if i > 0 || !out.ends_with("- ") {
                    pad(out, indent);
                }
                text(out, key);
                out.push(':');
                member(out, value, indent + 2, indent);
            }
        }
        Value::Array(items) => {
            for item in items {
                pad(out, indent);
                out.push_str("- ");
                if is_block(item) && item.is_object() {
                    block(out, item, indent + 2);
                } else if is_block(item) {
                    out.pop();
                    out.push('\n');
                    block(out, item, indent + 2);
                } else {
                    scalar(out, item);
                    out.push('\n');
                }
            }
        }
        _ => {}
    }
}

/// What follows `key:`. Lists stand at their key's own indentation.
fn member(out: &mut String, value: &Value, map_indent: usize, list_indent: usize) {
    if is_block(value) {
        out.push('\n');
        block(out, value, if value.is_array() { list_indent } else { map_indent });
    } else {
        out.push(' ');
        scalar(out, value);
        out.push('\n');
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn scalar(out: &mut String, value: &Value) {
    match value {
        Value::String(string) => text(out, string),
        // Empty maps and lists, numbers, booleans and null are YAML as they are.
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

fn text(out: &mut String, string: &str) {
    if is_plain(string) {
        out.push_str(string);
    } else {
        out.push_str(&ascii(&Value::String(string.to_owned())));
    }
}

/// Words such as `stable`, `type.googleapis.com/x.Y` and `/etc/envoy`.
fn is_plain(string: &str) -> bool {
    const RESERVED: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let starts = string.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    starts
        && string.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && !RESERVED.contains(&string.to_ascii_lowercase().as_str())
}

/// Compact JSON in printable ASCII only: what no reader, log or terminal can change.
#[must_use]
pub fn ascii(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        if c.is_ascii() && c != '\u{7f}' {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

#[cfg(test)]
mod tests {
    use super::{ascii, document};
    use serde_json::{Value, json};

    #[test]
    fn reads_back_as_it_was() {
        let value = json!({
            "map": { "empty": {}, "none": null, "list": [], "deep": [[1, [2]], [{ "a": 1, "b": [true] }]] },
            "numbers": [0, -1, 1.5],
            "strings": ["", "30s", "no", "1e3", "0x10", "~", "a: b", "# no", "- no", "ü\u{2028}\n\t\"\\", "plain/text"],
            "key: odd": "on",
            "list": [{ "one": 1, "two": { "three": [3] } }, { "one": {} }],
        });
        let text = document(&value);
        assert_eq!(serde_yaml_ng::from_str::<Value>(&text).unwrap(), value, "{text}");
        assert!(text.is_ascii());
    }

    #[test]
    fn ascii_json_reads_back_as_it_was() {
        let value = json!({ "a": "é😀\u{7f}" });
        assert_eq!(ascii(&value), r#"{"a":"\u00e9\ud83d\ude00\u007f"}"#);
        assert_eq!(serde_json::from_str::<Value>(&ascii(&value)).unwrap(), value);
    }
}
