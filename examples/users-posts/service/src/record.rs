//! What users and posts have in common: an id, times, fields that are checked one by one, and links to other records.

use crate::refusal::{Problem, Refusal};
use redb::{TableDefinition, WriteTransaction};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A record as it is kept and as clients see it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record<F> {
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) fields: F,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// The part of a record that clients write.
pub(crate) trait Fields: Serialize + DeserializeOwned + Send + 'static {
    /// What one is called: `user`.
    const KIND: &'static str;
    /// Where they are kept, and the first segment of their path.
    const NAME: &'static str;

    /// Checks what a client wrote, every field of it.
    fn check(input: &mut Input<'_>) -> Option<Self>;
    /// Writes what connects this record to others, or refuses.
    fn link(&self, id: u64, transaction: &WriteTransaction) -> Result<(), Refusal>;
    /// Takes back what [`Fields::link`] wrote.
    fn unlink(&self, id: u64, transaction: &WriteTransaction) -> Result<(), Refusal>;
    /// Refuses if other records need this one.
    fn may_go(&self, id: u64, transaction: &WriteTransaction) -> Result<(), Refusal>;

    /// The table, JSON by id.
    fn table() -> TableDefinition<'static, u64, &'static [u8]> {
        TableDefinition::new(Self::NAME)
    }

    /// Reads what a client wrote.
    fn read(object: &Map<String, Value>) -> Result<Self, Refusal> {
        let mut input = Input { object, known: Vec::new(), problems: Vec::new() };
        let fields = Self::check(&mut input);
        for name in object.keys().filter(|name| !input.known.contains(&name.as_str())) {
            input.problems.push(Problem { field: name.clone(), problem: "is not a field".to_owned() });
        }
        match fields {
            Some(fields) if input.problems.is_empty() => Ok(fields),
            Some(_) | None => Err(Refusal::Invalid(input.problems)),
        }
    }

    /// These fields with a client's changes: a JSON merge patch (RFC 7396), where `null` removes.
    fn merged(&self, patch: Map<String, Value>) -> Result<Self, Refusal> {
        let Value::Object(mut object) = serde_json::to_value(self)? else {
            return Err(Refusal::Corrupt);
        };
        for (name, value) in patch {
            if value.is_null() && object.contains_key(&name) {
                object.remove(&name);
            } else {
                object.insert(name, value);
            }
        }
        Self::read(&object)
    }
}

/// A client's object, read field by field; problems are collected.
pub(crate) struct Input<'a> {
    object: &'a Map<String, Value>,
    known: Vec<&'static str>,
    problems: Vec<Problem>,
}

// === impl Input ===

impl Input<'_> {
    /// A text of `least` to `most` characters that must be there.
    pub(crate) fn text(&mut self, name: &'static str, least: usize, most: usize) -> Option<String> {
        if self.object.get(name).is_none_or(Value::is_null) {
            self.known.push(name);
            return self.problem(name, "is missing");
        }
        self.optional_text(name, least, most)
    }

    /// A text of `least` to `most` characters that may be absent or null.
    pub(crate) fn optional_text(&mut self, name: &'static str, least: usize, most: usize) -> Option<String> {
        self.known.push(name);
        let value = self.object.get(name).filter(|value| !value.is_null())?;
        let Some(text) = value.as_str().map(str::trim) else {
            return self.problem(name, "must be a string");
        };
        let length = text.chars().count();
        if !(least..=most).contains(&length) {
            return self.problem(name, format!("must have {least} to {most} characters and has {length}"));
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return self.problem(name, "must not have control characters");
        }
        Some(text.to_owned())
    }

    /// The id of another record.
    pub(crate) fn id(&mut self, name: &'static str) -> Option<u64> {
        self.known.push(name);
        match self.object.get(name) {
            None | Some(Value::Null) => self.problem(name, "is missing"),
            Some(value) => match value.as_u64() {
                Some(id) => Some(id),
                None => self.problem(name, "must be an id: a whole number"),
            },
        }
    }

    /// Notes a problem; the field has no value then.
    pub(crate) fn problem<T>(&mut self, field: &str, problem: impl Into<String>) -> Option<T> {
        self.problems.push(Problem { field: field.to_owned(), problem: problem.into() });
        None
    }
}
