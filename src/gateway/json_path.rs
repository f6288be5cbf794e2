//! The JSONPath of parameter mappings: members, indexes and wildcards; no recursive descent, no filters, as on AWS.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html>

use serde_json::Value;
use std::cell::OnceCell;

/// How many bytes of a body a mapping may look at; AWS truncates it there too.
pub const BODY_BYTES: usize = 102_400;

/// A body that mappings read: parsed once, however many of them do.
#[derive(Debug)]
pub struct JsonBody<'b> {
    bytes: &'b [u8],
    parsed: OnceCell<Option<Value>>,
}

/// A compiled path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Index(usize),
    All,
}

// === impl JsonBody ===

impl<'b> JsonBody<'b> {
    /// A body, cut off where AWS cuts it. What is no JSON then has no values.
    #[must_use]
    pub fn new(body: &'b [u8]) -> Self {
        Self { bytes: body.get(..BODY_BYTES).unwrap_or(body), parsed: OnceCell::new() }
    }

    fn root(&self) -> Option<&Value> {
        self.parsed.get_or_init(|| serde_json::from_slice(self.bytes).ok()).as_ref()
    }
}

// === impl JsonPath ===

impl JsonPath {
    /// Compiles what stands behind `$request.body`: `.name`, `['name']`, `[0]`, `[*]`, `.*`, and nothing for the whole.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (step, after) =
                if let Some(after) = rest.strip_prefix('.') { member(after)? } else { bracket(rest)? };
            steps.push(step);
            rest = after;
        }
        Ok(Self { steps })
    }

    /// The value at the path as text: strings as they are, everything else as JSON.
    #[must_use]
    pub fn find(&self, body: &JsonBody<'_>) -> Option<String> {
        let mut found = vec![body.root()?];
        let mut many = false;
        for step in &self.steps {
            found = match step {
                Step::Member(name) => found.into_iter().filter_map(|value| value.get(name)).collect(),
                Step::Index(index) => found.into_iter().filter_map(|value| value.get(index)).collect(),
                Step::All => {
                    many = true;
                    found.into_iter().flat_map(children).collect()
                }
            };
        }
        match found.as_slice() {
            [] => None,
            [value] if !many => Some(text(value)),
            _ => serde_json::to_string(&found).ok(),
        }
    }
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

fn member(text: &str) -> Result<(Step, &str), &'static str> {
    if text.starts_with('.') {
        return Err("recursive descent (`..`) is not allowed");
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    match text.split_at_checked(end) {
        Some(("*", rest)) => Ok((Step::All, rest)),
        Some((name, rest)) if !name.is_empty() => Ok((Step::Member(name.to_owned()), rest)),
        _ => Err("a name is missing"),
    }
}

fn bracket(text: &str) -> Result<(Step, &str), &'static str> {
    let inner = text.strip_prefix('[').ok_or("`.` or `[` is missing")?;
    for quote in ['\'', '"'] {
        if let Some(quoted) = inner.strip_prefix(quote) {
            let (name, rest) = quoted.split_once(quote).ok_or("a quote is not closed")?;
            return Ok((Step::Member(name.to_owned()), rest.strip_prefix(']').ok_or("`]` is missing")?));
        }
    }
    let (index, rest) = inner.split_once(']').ok_or("`]` is missing")?;
    if index == "*" {
        return Ok((Step::All, rest));
    }
    if index.starts_with('?') {
        return Err("filters (`?()`) are not allowed");
    }
    Ok((Step::Index(index.parse().map_err(|_| "an index is a whole number")?), rest))
}

#[cfg(test)]
mod tests {
    use super::{BODY_BYTES, JsonBody, JsonPath};

    fn find(path: &str, body: &str) -> Option<String> {
        JsonPath::parse(path).unwrap().find(&JsonBody::new(body.as_bytes()))
    }

    #[test]
    fn a_body_is_cut_off_where_aws_cuts_it() {
        let body = |spaces: usize| format!("{{\"a\":1}}{}", " ".repeat(spaces));
        assert_eq!(find(".a", &body(BODY_BYTES)).as_deref(), Some("1"));
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(BODY_BYTES));
        assert_eq!(find(".a", &long), None);
    }

    #[test]
    fn members_indexes_and_wildcards_are_found() {
        let body = r#"{"a":{"b":[1,{"c":"x"}],"d e":true},"n":null}"#;
        assert_eq!(find(".a.b[1].c", body).as_deref(), Some("x"));
        assert_eq!(find(".a.b", body).as_deref(), Some(r#"[1,{"c":"x"}]"#));
        assert_eq!(find(".a['d e']", body).as_deref(), Some("true"));
        assert_eq!(find(".a.b[*]", body).as_deref(), Some(r#"[1,{"c":"x"}]"#));
        assert_eq!(find(".n", body).as_deref(), Some("null"));
        assert_eq!(find("", "[1]").as_deref(), Some("[1]"));
    }

    #[test]
    fn what_is_not_there_or_not_json_is_nothing() {
        assert_eq!(find(".x", "{}"), None);
        assert_eq!(find(".a[3]", r#"{"a":[1]}"#), None);
        assert_eq!(find(".a", "{\"a\":1"), None);
        assert_eq!(find(".a", ""), None);
        let deep = "[".repeat(100_000);
        assert_eq!(find(".a", &deep), None);
    }

    #[test]
    fn forbidden_and_broken_paths_say_why() {
        for path in ["..a", ".a[?(@.b)]", ".", ".a[", "a", ".a['b", ".a[x]", ".a."] {
            assert!(JsonPath::parse(path).is_err(), "{path}");
        }
    }
}
