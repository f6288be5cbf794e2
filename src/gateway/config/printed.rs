//! An object as one of AWS's commands prints it: bare, or as the one member of another object.

use super::document::{Found, Member, Object, Refusal, Slot, Taken, Wrapper};
use super::waf::{IpSet, LoggingConfiguration, RegexPatternSet, RuleGroup, WebAcl};
use std::ops::Deref;

/// An object that may stand in the one that a command prints around it: `{"WebACL": {…}, "LockToken": "…"}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Printed<T>(pub T);

/// What a command prints.
pub trait Export: Slot + Object {
    /// What it prints around the object.
    const WRAPPER: Wrapper;
}

macro_rules! exports {
    ($($exported:ty: $name:literal),*) => {$(
        impl Export for $exported {
            const WRAPPER: Wrapper = Wrapper { name: $name, beside: &["LockToken", "ApplicationIntegrationURL"] };
        }
    )*};
}

exports!(
    WebAcl: "WebACL",
    IpSet: "IPSet",
    RegexPatternSet: "RegexPatternSet",
    RuleGroup: "RuleGroup",
    LoggingConfiguration: "LoggingConfiguration"
);

impl<T> Deref for Printed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Export> Slot for Printed<T> {
    fn blank() -> Self {
        Self(T::blank())
    }

    fn accept(&mut self, found: Found<'_>) -> Result<Taken<'_>, Refusal> {
        match found {
            Found::Object => Ok(Taken::Object(self)),
            _ => Err(Refusal::Expected("an object")),
        }
    }
}

impl<T: Export> Object for Printed<T> {
    fn members(&self) -> &'static [Member] {
        self.0.members()
    }

    fn member(&mut self, index: usize) -> Option<&mut dyn Slot> {
        self.0.member(index)
    }

    fn wrapper(&self) -> Option<Wrapper> {
        Some(T::WRAPPER)
    }

    fn wrapped(&mut self) -> Option<&mut dyn Slot> {
        Some(&mut self.0)
    }
}

#[cfg(feature = "schema")]
mod schema {
    use super::{Export, Printed};
    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
    use serde_json::{Map, Value, json};
    use std::borrow::Cow;

    impl<T: Export + JsonSchema> JsonSchema for Printed<T> {
        fn schema_name() -> Cow<'static, str> {
            format!("Printed{}", T::schema_name()).into()
        }
        fn inline_schema() -> bool {
            true
        }
        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let bare = generator.subschema_for::<T>();
            let wrapper = T::WRAPPER;
            let mut properties = Map::new();
            properties.insert(wrapper.name.to_owned(), json!(bare));
            properties.extend(wrapper.beside.iter().map(|name| ((*name).to_owned(), Value::Bool(true))));
            json_schema!({
                "if": { "required": [wrapper.name] },
                "then": { "type": "object", "properties": properties, "additionalProperties": false },
                "else": bare,
            })
        }
    }
}
