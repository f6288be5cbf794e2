//! Fields that AWS prints and we do not use, and fields that AWS honours and we do not yet.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A read-only or descriptive member of AWS's objects (`createdDate`, `tags`, …): accepted, and forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ignored;

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// A member that AWS honours and Sekisho does not: an error that says so, because silence would change behaviour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotYet;

impl NotYet {
    /// What the error says; the path stands before it.
    pub const PROBLEM: &'static str = "is not supported yet";
}

impl<'de> Deserialize<'de> for NotYet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // AWS's tools print absent members as null.
        Option::<Refused>::deserialize(deserializer).map(|_| Self)
    }
}

/// Any value: refused where it stands. An error that is made after the value has been read would be told of the object
/// around it.
struct Refused;

impl<'de> Deserialize<'de> for Refused {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Refused {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Err(E::custom(NotYet::PROBLEM))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Err(E::custom(NotYet::PROBLEM))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Err(E::custom(NotYet::PROBLEM))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Err(E::custom(NotYet::PROBLEM))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Err(E::custom(NotYet::PROBLEM))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self, A::Error> {
        Err(A::Error::custom(NotYet::PROBLEM))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Self, A::Error> {
        Err(A::Error::custom(NotYet::PROBLEM))
    }
}

#[cfg(feature = "schema")]
mod schema {
    use super::{Ignored, NotYet};
    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
    use std::borrow::Cow;

    impl JsonSchema for Ignored {
        fn schema_name() -> Cow<'static, str> {
            "Ignored".into()
        }
        fn inline_schema() -> bool {
            true
        }
        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "description": "Accepted and ignored." })
        }
    }

    impl JsonSchema for NotYet {
        fn schema_name() -> Cow<'static, str> {
            "NotYet".into()
        }
        fn inline_schema() -> bool {
            true
        }
        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            // `load` recognises this description and prints "is not supported yet".
            json_schema!({ "type": "null", "description": "Not supported yet." })
        }
    }
}
