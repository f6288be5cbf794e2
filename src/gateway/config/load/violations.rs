//! Everything in which a document departs from the schema, in our words and in the document's order.

use super::super::bounds::pattern_in_words;
use super::super::{NotYet, schema};
use super::hints::hint;
use crate::gateway::diagnostics::{Diagnostic, Diagnostics, Severity, element, member, similar};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError, Validator};
use serde_json::Value;
use std::sync::LazyLock;

/// The schema and its validator: made once, from constants.
static SCHEMA: LazyLock<(Value, Result<Validator, String>)> = LazyLock::new(|| {
    let schema = schema();
    // Patterns run in linear time: a document is not always its reader's own.
    let options = jsonschema::options().with_pattern_options(jsonschema::PatternOptions::regex());
    let validator = options.build(&schema).map_err(|error| error.to_string());
    (schema, validator)
});

/// Reports every violation of the schema.
pub(super) fn check(text: &[u8], diagnostics: &mut Diagnostics) {
    let (schema, validator) = &*SCHEMA;
    let (validator, document) = match (validator, serde_json::from_slice::<Value>(text)) {
        (Ok(validator), Ok(document)) => (validator, document),
        (Err(error), _) => {
            diagnostics.error("", format!("the schema of the document is broken: {error}"));
            return;
        }
        (_, Err(error)) => {
            diagnostics.error("", error.to_string());
            return;
        }
    };
    if validator.is_valid(&document) {
        return;
    }
    let mut reporter = Reporter { schema, document: &document, found: Vec::new() };
    for error in validator.iter_errors(&document) {
        reporter.report(&error);
    }
    reporter.found.sort_by(|(a, _), (b, _)| a.cmp(b));
    diagnostics.0.extend(reporter.found.into_iter().map(|(_, diagnostic)| diagnostic));
}

/// Where a violation is: its path, its place in the document's order, and the value there.
struct Place<'d> {
    path: String,
    rank: Vec<usize>,
    name: String,
    value: &'d Value,
}

struct Reporter<'d> {
    schema: &'d Value,
    document: &'d Value,
    found: Vec<(Vec<usize>, Diagnostic)>,
}

// === impl Reporter ===

impl<'d> Reporter<'d> {
    fn report(&mut self, error: &ValidationError<'_>) {
        let place = Place::find(self.document, error.instance_path().as_str());
        let rule = error.schema_path().as_str();
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for name in unexpected {
                    self.unknown_field(&place, rule, name);
                }
            }
            ValidationErrorKind::Required { property } => self.missing_field(&place, rule, property),
            ValidationErrorKind::Type { kind } => self.wrong_type(&place, kind),
            ValidationErrorKind::AnyOf { context } => self.neither_nor(context),
            ValidationErrorKind::OneOfNotValid { .. } | ValidationErrorKind::Enum { .. } => {
                self.unknown_value(&place, rule);
            }
            ValidationErrorKind::Maximum { limit } => {
                self.add(&place, format!("`{}` is {}, more than {limit}", place.name, place.value), None);
            }
            ValidationErrorKind::Minimum { limit } => {
                self.add(&place, format!("`{}` is {}, less than {limit}", place.name, place.value), None);
            }
            ValidationErrorKind::MaxLength { limit } => {
                let length = place.length();
                let problem = format!("`{}` has {length} characters, more than {limit}", place.name);
                self.add(&place, problem, None);
            }
            ValidationErrorKind::MinLength { limit } => {
                let problem = match place.length() {
                    0 => format!("`{}` is empty", place.name),
                    length => format!("`{}` has {length} characters, less than {limit}", place.name),
                };
                self.add(&place, problem, None);
            }
            ValidationErrorKind::MaxItems { limit } => {
                let (name, count) = (&place.name, place.count());
                self.add(&place, format!("`{name}` has {count} elements, more than {limit}"), None);
            }
            ValidationErrorKind::MinItems { limit } => {
                let problem = match place.count() {
                    0 => format!("`{}` is empty", place.name),
                    1 => format!("`{}` has 1 element, less than {limit}", place.name),
                    count => format!("`{}` has {count} elements, less than {limit}", place.name),
                };
                self.add(&place, problem, None);
            }
            ValidationErrorKind::Pattern { pattern } => {
                // The value is not repeated: nobody can tell whether it is a secret.
                let problem = match pattern_in_words(pattern) {
                    Some(words) => format!("`{}` {words}", place.name),
                    None => format!("`{}` does not match `{pattern}`", place.name),
                };
                self.add(&place, problem, None);
            }
            ValidationErrorKind::PropertyNames { error } => self.wrong_name(&place, error),
            _ => self.add(&place, format!("does not fit the schema: {}", error.masked()), None),
        }
    }

    fn unknown_field(&mut self, place: &Place<'_>, rule: &str, name: &str) {
        let fields: Vec<&str> = self
            .owner(rule)
            .and_then(|owner| owner.get("properties")?.as_object())
            .into_iter()
            .flatten()
            // What is ignored or refused is no better.
            .filter(|(_, field)| field.as_object().is_some_and(|field| field.len() > 1) && !is_not_yet(field))
            .map(|(field, _)| field.as_str())
            .collect();
        let title = self.owner(rule).and_then(|owner| owner.get("title")?.as_str());
        let owner = if rule.starts_with("/$defs/") { title.unwrap_or_default() } else { "Config" };
        let help = hint(self.schema, owner, name, &fields);
        let place = place.member(name);
        self.add(&place, format!("unknown field `{name}`"), help);
    }

    fn missing_field(&mut self, place: &Place<'_>, rule: &str, property: &Value) {
        let name = property.as_str().unwrap_or_default();
        let mut members = place.value.as_object().into_iter().flatten();
        if members.any(|(member, _)| member.eq_ignore_ascii_case(name)) {
            // `ApiId` stands there: an unknown field, whose help says how it is written.
            return;
        }
        let meaning = self
            .owner(rule)
            .and_then(|owner| owner.get("properties")?.get(name)?.get("description")?.as_str())
            .map(|meaning| format!("`{name}`: {}", meaning.trim_end_matches('.')));
        self.add(place, format!("missing field `{name}`"), meaning);
    }

    fn wrong_type(&mut self, place: &Place<'_>, kind: &TypeKind) {
        let mut expected: Vec<JsonType> = match kind {
            TypeKind::Single(expected) => vec![*expected],
            TypeKind::Multiple(expected) => expected.iter().collect(),
        };
        expected.retain(|expected| *expected != JsonType::Null);
        let Some(first) = expected.first() else {
            let (name, problem) = (&place.name, NotYet::PROBLEM);
            return self.add(place, format!("`{name}` {problem}"), Some(format!("leave `{name}` out")));
        };
        let help = match (first, place.value) {
            (_, Value::Null) => Some(format!("leave `{}` out instead", place.name)),
            (JsonType::Array, Value::String(_) | Value::Number(_)) => {
                Some("write it as a list: `[…]`".to_owned())
            }
            (JsonType::String, Value::Number(_) | Value::Bool(_)) => Some("write it in quotes".to_owned()),
            (JsonType::Integer | JsonType::Number, Value::String(text)) if text.parse::<f64>().is_ok() => {
                Some("write it without quotes".to_owned())
            }
            (JsonType::Boolean, Value::String(text)) if text.parse::<bool>().is_ok() => {
                Some("write it without quotes".to_owned())
            }
            _ => None,
        };
        let expected: Vec<&str> = expected.into_iter().map(type_in_words).collect();
        let found = value_in_words(place.value);
        self.add(place, format!("expected {}, found {found}", expected.join(" or ")), help);
    }

    /// An optional object or enumeration is `anyOf` it and null: what counts is why it is not the former.
    fn neither_nor(&mut self, branches: &[Vec<ValidationError<'static>>]) {
        let is_null = |error: &ValidationError<'_>| {
            matches!(error.kind(), ValidationErrorKind::Type { kind: TypeKind::Single(JsonType::Null) })
        };
        let reasons = branches.iter().find(|reasons| !reasons.iter().all(is_null)).or(branches.first());
        for reason in reasons.into_iter().flatten() {
            self.report(reason);
        }
    }

    fn unknown_value(&mut self, place: &Place<'_>, rule: &str) {
        let options = self.schema.pointer(rule).and_then(Value::as_array);
        let values: Vec<&str> = options
            .into_iter()
            .flatten()
            .filter_map(|option| option.get("const").unwrap_or(option).as_str())
            .collect();
        let known = values.join("`, `");
        let Value::String(value) = place.value else {
            let problem = format!("expected one of `{known}`, found {}", value_in_words(place.value));
            return self.add(place, problem, None);
        };
        let help = similar(value, values.iter().copied())
            .map(|similar| format!("a value with a similar name exists: `{similar}`"));
        self.add(place, format!("`{}` is `{value}`, not one of `{known}`", place.name), help);
    }

    fn wrong_name(&mut self, place: &Place<'_>, error: &ValidationError<'_>) {
        let name = error.instance().as_str().unwrap_or_default();
        let place = place.member(name);
        let problem = match error.kind() {
            ValidationErrorKind::MaxLength { limit } => {
                format!("the name has {} characters, more than {limit}", name.chars().count())
            }
            ValidationErrorKind::Pattern { pattern } => match pattern_in_words(pattern) {
                Some(words) => format!("the name {words}"),
                None => format!("the name does not match `{pattern}`"),
            },
            _ => format!("the name does not fit the schema: {error}"),
        };
        self.add(&place, problem, None);
    }

    /// The schema of the object to which a rule (`/$defs/Route/required`) belongs.
    fn owner(&self, rule: &str) -> Option<&'d Value> {
        self.schema.pointer(rule.rsplit_once('/')?.0)
    }

    fn add(&mut self, place: &Place<'_>, problem: String, help: Option<String>) {
        let diagnostic = Diagnostic { severity: Severity::Error, path: place.path.clone(), problem, help };
        self.found.push((place.rank.clone(), diagnostic));
    }
}

// === impl Place ===

impl<'d> Place<'d> {
    /// Follows a JSON pointer. A segment of digits is an index in a list and a name in an object.
    fn find(document: &'d Value, pointer: &str) -> Self {
        let mut place = Self { path: String::new(), rank: Vec::new(), name: String::new(), value: document };
        for segment in pointer.split('/').skip(1) {
            let segment = segment.replace("~1", "/").replace("~0", "~");
            match place.value {
                Value::Array(list) => {
                    let index: usize = segment.parse().unwrap_or_default();
                    place.path = element(&place.path, index);
                    place.rank.push(index);
                    place.name = format!("[{index}]");
                    place.value = list.get(index).unwrap_or(&Value::Null);
                }
                _ => place = place.member(&segment),
            }
        }
        place
    }

    fn member(&self, name: &str) -> Self {
        let members = self.value.as_object();
        let mut rank = self.rank.clone();
        rank.push(members.and_then(|members| members.keys().position(|key| key == name)).unwrap_or(0));
        Self {
            path: member(&self.path, name),
            rank,
            name: name.to_owned(),
            value: members.and_then(|members| members.get(name)).unwrap_or(&Value::Null),
        }
    }

    fn length(&self) -> usize {
        self.value.as_str().unwrap_or_default().chars().count()
    }

    fn count(&self) -> usize {
        self.value.as_array().map_or(0, Vec::len)
    }
}

fn is_not_yet(field: &Value) -> bool {
    field.get("type").and_then(Value::as_str) == Some("null")
}

fn type_in_words(expected: JsonType) -> &'static str {
    match expected {
        JsonType::Array => "a list",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a string",
    }
}

fn value_in_words(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        // One as long as an API key may be one that lacks its quotes.
        Value::Number(number) => {
            Some(number.to_string()).filter(|it| it.len() < 16).unwrap_or_else(|| "a number".to_owned())
        }
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
