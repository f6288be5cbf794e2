//! JSON read so that nobody who reads it again can see something else: each name once, at any depth, because of two a backend
//! may believe the other one; and no whole number that would be rounded, because two subjects would become one.

use crate::gateway::json_once::Once;
use serde::de::{Error, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// Reads the members of an object.
pub(super) struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Self::Value = Vec::new();
        while let Some(name) = map.next_key()? {
            members.push((name, map.next_value_seed(Once { exact: true })?));
        }
        // Sorted beside the members, which keep their order: a search through all for each would be the square of them.
        let mut names: Vec<&str> = members.iter().map(|(name, _): &(String, Value)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            return Err(A::Error::custom("a name stands twice"));
        }
        Ok(members)
    }
}
