//! The JSON Schema of the document, for editors, for the reference, and for [`super::load`].

use super::Config;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{Schema, generate::SchemaSettings};
use serde_json::{Map, Value};

/// The JSON Schema (2020-12) of the document.
#[must_use]
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Config>();
    RecursiveTransform(bound_integers).transform(&mut schema);
    let mut schema = schema.to_value();
    if let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        for (name, definition) in definitions {
            first_members(definition, &[("title", Some(Value::from(name.as_str())))]);
        }
    }
    let root = ["$schema", "title", "description", "type", "additionalProperties", "required", "properties"];
    first_members(&mut schema, &root.map(|name| (name, None)));
    schema
}

/// A `format` is a comment to most validators: the bounds that serde has are said as bounds.
fn bound_integers(schema: &mut Schema) {
    let maximum = match schema.get("format").and_then(Value::as_str) {
        Some("uint16") => u64::from(u16::MAX),
        Some("uint32") => u64::from(u32::MAX),
        _ => return,
    };
    if schema.get("maximum").is_none() {
        schema.insert("maximum".to_owned(), maximum.into());
    }
}

/// Moves members to the front, in this order; a value puts a member there that may not exist yet.
fn first_members(schema: &mut Value, front: &[(&str, Option<Value>)]) {
    let Some(members) = schema.as_object_mut() else { return };
    let mut old = std::mem::take(members);
    let mut ordered = Map::new();
    for (name, value) in front {
        if let Some(value) = value.clone().or_else(|| old.remove(*name)) {
            ordered.insert((*name).to_owned(), value);
        }
    }
    for (name, value) in old {
        ordered.entry(name).or_insert(value);
    }
    *members = ordered;
}
