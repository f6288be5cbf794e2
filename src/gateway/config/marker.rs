//! Fields that AWS prints and we do not use, and fields that AWS honours and we do not yet.

use super::document::{Found, Refusal, Slot, Taken};

/// A read-only or descriptive member of AWS's objects (`createdDate`, `tags`, …): accepted, and forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ignored;

impl Slot for Ignored {
    fn blank() -> Self {
        Self
    }

    fn accept(&mut self, _: Found<'_>) -> Result<Taken<'_>, Refusal> {
        Ok(Taken::Ignored)
    }
}

/// A member that AWS honours and Sekisho does not: an error that says so, because silence would change behaviour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotYet;

impl NotYet {
    /// What the error says; the path stands before it.
    pub const PROBLEM: &'static str = "is not supported yet";
}

impl Slot for NotYet {
    fn blank() -> Self {
        Self
    }

    // Every member of this type is optional, and what AWS's tools print as null is absent.
    fn accept(&mut self, _: Found<'_>) -> Result<Taken<'_>, Refusal> {
        Err(Refusal::NotYet)
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
