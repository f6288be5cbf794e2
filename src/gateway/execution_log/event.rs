//! What a function is told, and what it returns: a body in which the gateway itself reads and writes headers.
//!
//! The gateway puts the client's headers, cookies and parameters into an event: as many secrets as the client has sent. They are
//! masked as they are in the lines of headers and parameters. The client's own body, which is a member, is not.

use super::line::MOST;
use super::masks::{MASKED, PathSecrets, is_secret, masked};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Names of AWS's for what is no secret.
const NO_SECRETS: [&str; 3] = ["accessKey", "apiKeyId", "authorizer"];

/// As much of an event, or of what a function returned, as a line has room for. None where it is no JSON.
pub(super) fn shown(json: &[u8], secrets: &PathSecrets) -> Option<String> {
    let mut out = String::new();
    let value = Shown { out: &mut out, secrets, place: Place::Top, name: None };
    // It ends with an error where a line has no room for more, and where it is no JSON any more.
    let _ = value.deserialize(&mut serde_json::Deserializer::from_slice(json));
    (!out.is_empty()).then_some(out)
}

/// Whose a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// AWS's: the event itself.
    Top,
    /// AWS's: in `requestContext`.
    Context,
    /// A client's, or an author's.
    Values,
}

/// Writes a value.
#[derive(Debug)]
struct Shown<'o> {
    out: &'o mut String,
    secrets: &'o PathSecrets,
    /// Whose the name is under which it stands.
    place: Place,
    /// That name, but for the whole; what is in a list has the list's.
    name: Option<&'o str>,
}

// === impl Place ===

impl Place {
    fn hides(self, name: &str) -> bool {
        match self {
            Self::Top | Self::Context if NO_SECRETS.contains(&name) => false,
            Self::Top | Self::Context | Self::Values => is_secret(name),
        }
    }

    /// Whose names stand in a member of this name.
    fn below(self, name: &str) -> Self {
        match (self, name) {
            (Self::Top, "requestContext") => Self::Context,
            (Self::Context, "authorizer") | (Self::Top | Self::Values, _) => Self::Values,
            (Self::Context, _) => Self::Context,
        }
    }
}

// === impl Shown ===

impl Shown<'_> {
    fn text(&self, text: &str) -> String {
        let shown = match (self.place, self.name) {
            (Place::Top, Some("body")) => Cow::from(text.chars().take(MOST).collect::<String>()),
            (Place::Top | Place::Context, Some("path")) => self.secrets.hide_in_path(text),
            (Place::Top | Place::Context | Place::Values, _) => masked(self.secrets.hide(text)),
        };
        serde_json::to_string(&shown).unwrap_or_default()
    }

    fn add(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Ends the reading where a line has no room for more.
    fn check_room<E: Error>(&self) -> Result<(), E> {
        if self.out.len() > MOST { Err(E::custom("a line has no room for more")) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Shown<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shown<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let place = self.name.map_or(Place::Top, |name| self.place.below(name));
        let mut before = "{";
        while let Some(name) = map.next_key::<String>()? {
            self.add(before);
            before = ",";
            let quoted = serde_json::to_string(&name).unwrap_or_default();
            self.add(&quoted);
            self.add(":");
            if place.hides(&name) {
                map.next_value::<IgnoredAny>()?;
                self.add(&format!("\"{MASKED}\""));
            } else {
                let (out, secrets) = (&mut *self.out, self.secrets);
                map.next_value_seed(Shown { out, secrets, place, name: Some(&name) })?;
            }
            self.check_room()?;
        }
        self.add(if before == "{" { "{}" } else { "}" });
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        self.add("[");
        let start = self.out.len();
        loop {
            let (secrets, place, name) = (self.secrets, self.place, self.name);
            let end = self.out.len();
            if end > start {
                self.add(",");
            }
            if seq.next_element_seed(Shown { out: self.out, secrets, place, name })?.is_none() {
                self.out.truncate(end);
                self.add("]");
                return Ok(());
            }
            self.check_room()?;
        }
    }

    fn visit_str<E>(mut self, value: &str) -> Result<(), E> {
        let text = self.text(value);
        self.add(&text);
        Ok(())
    }

    fn visit_bool<E>(mut self, value: bool) -> Result<(), E> {
        self.add(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(mut self, value: i64) -> Result<(), E> {
        self.add(&value.to_string());
        Ok(())
    }

    fn visit_u64<E>(mut self, value: u64) -> Result<(), E> {
        self.add(&value.to_string());
        Ok(())
    }

    fn visit_f64<E>(mut self, value: f64) -> Result<(), E> {
        self.add(&serde_json::Value::from(value).to_string());
        Ok(())
    }

    fn visit_unit<E>(mut self) -> Result<(), E> {
        self.add("null");
        Ok(())
    }
}
