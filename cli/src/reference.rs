//! The reference page of the document, made from its JSON Schema: `docs/reference/configuration.md`.

use serde_json::{Map, Value};
use std::fmt::Write;

const INTRODUCTION: &str = "\
<!-- Made by `sekisho schema --markdown`; do not edit. -->

# Configuration reference

One JSON document describes one gateway. Names are those of Amazon's `apigatewayv2` API. An unknown field is an error.
*Extension* marks what Amazon does not have. `sekisho schema` prints the JSON Schema that this page is made from;
`\"$schema\"` at the top of a document tells an editor where it is.
";

/// The page.
#[must_use]
pub fn markdown(schema: &Value) -> String {
    let mut page = INTRODUCTION.to_owned();
    section(&mut page, "The document", schema);
    for (name, definition) in schema.get("$defs").and_then(Value::as_object).into_iter().flatten() {
        section(&mut page, name, definition);
    }
    page
}

fn section(page: &mut String, title: &str, schema: &Value) {
    line(page, &format!("\n## {title}\n"));
    if let Some(description) = text(schema, "description") {
        line(page, description);
    }
    if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
        table(page, schema, fields);
    }
    if let Some(values) = schema.get("oneOf").and_then(Value::as_array) {
        line(page, "\n| value | |\n|---|---|");
        for value in values {
            let name = value.get("const").map(quoted).unwrap_or_default();
            line(page, &format!("| {name} | {} |", cell(text(value, "description").unwrap_or_default())));
        }
    }
}

fn table(page: &mut String, schema: &Value, fields: &Map<String, Value>) {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let (mut ignored, mut not_yet) = (Vec::new(), Vec::new());
    line(page, "\n| field | type | |\n|---|---|---|");
    for (name, field) in fields {
        match (kind(field), text(field, "type")) {
            (None, Some("null")) => not_yet.push(format!("`{name}`")),
            (None, _) if is_ignored(field) => ignored.push(format!("`{name}`")),
            (kind, _) => {
                let must = if required.contains(&name.as_str()) { "**Required.** " } else { "" };
                let meaning = text(field, "description").unwrap_or_default();
                let bounds = bounds(field);
                let kind = kind.unwrap_or_else(|| "any JSON".to_owned());
                line(page, &format!("| `{name}` | {kind} | {must}{}{bounds} |", cell(meaning)));
            }
        }
    }
    if !ignored.is_empty() {
        line(page, &format!("\nAccepted and ignored: {}.", ignored.join(", ")));
    }
    if !not_yet.is_empty() {
        line(page, &format!("\nNot supported yet, and therefore an error: {}.", not_yet.join(", ")));
    }
}

/// A field that says nothing but that it is ignored.
fn is_ignored(field: &Value) -> bool {
    text(field, "description").is_some_and(|meaning| meaning.contains("ignored"))
}

/// The type of a field in words; `None` if the schema does not say.
fn kind(field: &Value) -> Option<String> {
    if let Some(name) = text(field, "$ref").and_then(|reference| reference.rsplit('/').next()) {
        return Some(format!("[{name}](#{})", name.to_lowercase()));
    }
    if let Some(branches) = field.get("anyOf").and_then(Value::as_array) {
        return branches.iter().find_map(kind);
    }
    let name = match field.get("type")? {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null")?,
        kind => kind.as_str()?,
    };
    let inner = |name| field.get(name).and_then(kind).unwrap_or_else(|| "any JSON".to_owned());
    match name {
        "null" => None,
        "array" => Some(format!("list of {}", inner("items"))),
        "object" => Some(format!("map to {}", inner("additionalProperties"))),
        name => Some(name.to_owned()),
    }
}

/// The bounds of a field in words.
fn bounds(field: &Value) -> String {
    let mut bounds = range(field, "minLength", "maxLength", " characters");
    if text(field, "format")
        .is_none_or(|_| field.get("maximum").and_then(Value::as_u64) != Some(u32::MAX.into()))
    {
        bounds.extend(range(field, "minimum", "maximum", ""));
    }
    for (inner, what) in
        [("propertyNames", "names: "), ("additionalProperties", "each: "), ("items", "each: ")]
    {
        if let Some(inner) = field.get(inner).filter(|inner| inner.is_object()) {
            bounds.extend(
                range(inner, "minLength", "maxLength", " characters")
                    .into_iter()
                    .map(|bound| format!("{what}{bound}")),
            );
            bounds.extend(text(inner, "pattern").map(|pattern| format!("{what}`{}`", cell(pattern))));
        }
    }
    if bounds.is_empty() { String::new() } else { format!(" ({})", bounds.join("; ")) }
}

fn range(field: &Value, least: &str, most: &str, unit: &str) -> Vec<String> {
    let bound = match (number(field, least), number(field, most)) {
        (Some(least), Some(most)) => format!("{least} to {most}{unit}"),
        (None, Some(most)) => format!("at most {most}{unit}"),
        (Some(0), None) | (None, None) => return Vec::new(),
        (Some(1), None) if !unit.is_empty() => "not empty".to_owned(),
        (Some(least), None) => format!("at least {least}{unit}"),
    };
    vec![bound]
}

fn number(field: &Value, name: &str) -> Option<i64> {
    field.get(name)?.as_i64()
}

fn quoted(value: &Value) -> String {
    value.as_str().map_or_else(|| format!("`{value}`"), |value| format!("`{value}`"))
}

fn text<'a>(schema: &'a Value, name: &str) -> Option<&'a str> {
    schema.get(name)?.as_str()
}

/// Text in a table: one line, and no column begins in it.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

fn line(page: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{text}");
}
