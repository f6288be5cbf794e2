//! The tables say what the schema says: both are made from the same attributes, by two crates.

use super::{Entry, Found, Object, Refusal, Slot, Taken};
use crate::gateway::config::{Config, schema};
use serde_json::Value;
use std::collections::BTreeSet;

/// Compares tables with the schema, and counts what it compared.
struct Comparison {
    schema: Value,
    objects: usize,
    members: usize,
    choices: usize,
    /// The types that it stands in: statements hold statements.
    open: Vec<String>,
}

impl Comparison {
    /// The schema behind references, and behind `null` as the other choice.
    fn resolve<'s>(&'s self, schema: &'s Value) -> &'s Value {
        if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
            return self.resolve(&self.schema["$defs"][name]);
        }
        if !schema["else"].is_null() {
            return self.resolve(&schema["else"]);
        }
        match schema["anyOf"].as_array().map(Vec::as_slice) {
            Some([schema, other]) if other["type"] == "null" => self.resolve(schema),
            _ => schema,
        }
    }

    fn slot(&mut self, slot: &mut dyn Slot, schema: &Value, path: &str) {
        let schema = self.resolve(schema).clone();
        match slot.accept(Found::Object) {
            Ok(Taken::Object(object)) => self.object(object, &schema, path),
            Ok(Taken::Any(_) | Taken::Ignored) | Err(Refusal::NotYet) => {}
            Err(Refusal::Expected("a list")) => {
                let Ok(Taken::List(list)) = slot.accept(Found::List) else { panic!("{path} takes no list") };
                self.slot(list.push(), &schema["items"], &format!("{path}[]"));
            }
            Err(Refusal::Expected(_)) => self.scalar(slot, &schema, path),
            Ok(_) | Err(_) => panic!("{path} does not say what it takes"),
        }
    }

    fn object(&mut self, object: &mut dyn Object, schema: &Value, path: &str) {
        if let Some(Entry::New(slot) | Entry::Known(slot)) = object.entry("name") {
            return self.slot(slot, &schema["additionalProperties"], &format!("{path}.*"));
        }
        let name = schema["title"].as_str().unwrap_or_default().to_owned();
        if self.open.contains(&name) {
            return;
        }
        self.open.push(name);
        self.objects += 1;
        let known = object.members();
        let names: BTreeSet<_> = known.iter().map(|member| member.name).collect();
        let properties: BTreeSet<_> =
            schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, properties, "{path}");
        let required: BTreeSet<_> =
            known.iter().filter(|member| member.required).map(|member| member.name).collect();
        let said: BTreeSet<_> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert_eq!(required, said, "{path}");
        assert_eq!(schema["additionalProperties"], false, "{path}");
        for (index, member) in known.iter().enumerate() {
            self.members += 1;
            let slot = object.member(index).unwrap();
            self.slot(slot, &schema["properties"][member.name], &format!("{path}.{}", member.name));
        }
        self.open.pop();
    }

    fn scalar(&mut self, slot: &mut dyn Slot, schema: &Value, path: &str) {
        let types: Vec<_> = match &schema["type"] {
            Value::String(name) => vec![name.as_str()],
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            _ => vec![],
        };
        match slot.accept(Found::Text("\0")) {
            Err(Refusal::NoneOf(names)) => {
                self.choices += 1;
                let choices = schema["oneOf"].as_array().or(schema["enum"].as_array()).unwrap();
                let said: BTreeSet<_> = choices
                    .iter()
                    .flat_map(|choice| choice["enum"].as_array().cloned().unwrap_or(vec![choice.clone()]))
                    .map(|choice| choice.as_str().or(choice["const"].as_str()).unwrap().to_owned())
                    .collect();
                assert_eq!(names.iter().map(ToString::to_string).collect::<BTreeSet<_>>(), said, "{path}");
            }
            Ok(_) => assert!(types.contains(&"string"), "{path}: {schema}"),
            Err(Refusal::Expected("true or false")) => {
                assert!(types.contains(&"boolean"), "{path}: {schema}")
            }
            Err(Refusal::Expected("a number")) => assert!(types.contains(&"number"), "{path}: {schema}"),
            Err(Refusal::Expected("a whole number")) => {
                assert!(types.contains(&"integer"), "{path}: {schema}")
            }
            Err(refusal) => panic!("{path}: {refusal:?}"),
        }
    }
}

#[test]
fn tables_and_schema_name_the_same_members() {
    let mut comparison =
        Comparison { schema: schema(), objects: 0, members: 0, choices: 0, open: Vec::new() };
    let schema = comparison.schema.clone();
    comparison.slot(&mut Config::blank(), &schema, "");
    let Comparison { objects, members, choices, .. } = comparison;
    println!("{objects} objects, {members} members, {choices} choices");
    assert!(objects > 200 && members > 600 && choices > 30, "{objects} {members} {choices}");
}

#[test]
fn numbers_keep_their_ranges() {
    let mut place = Some(0_u16);
    assert!(place.accept(Found::Unsigned(65_535)).is_ok());
    assert_eq!(place, Some(65_535));
    assert_eq!(place.accept(Found::Unsigned(65_536)).err(), Some(Refusal::OutOfRange));
    assert_eq!(place.accept(Found::Negative(-1)).err(), Some(Refusal::OutOfRange));
    let mut place = 0_i64;
    assert!(place.accept(Found::Negative(i64::MIN)).is_ok());
    assert_eq!(place.accept(Found::Unsigned(u64::MAX)).err(), Some(Refusal::OutOfRange));
    let mut place = 0.0;
    assert!(place.accept(Found::Unsigned(2)).is_ok());
    assert!((place - 2.0_f64).abs() < f64::EPSILON);
}
