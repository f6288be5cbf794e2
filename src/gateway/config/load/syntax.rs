//! Whether the text is one JSON document in which no object has two members of one name.
//!
//! serde_json keeps the last of two members of a map without a word, other readers keep the first: a route's settings
//! that a reviewer read might not be those that are served.

use super::place::{Name, Place};
use crate::gateway::diagnostics::Diagnostics;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Reports what is not JSON and what stands twice; true if the text is JSON.
pub(super) fn check(text: &[u8], diagnostics: &mut Diagnostics) -> bool {
    if text.iter().all(u8::is_ascii_whitespace) {
        diagnostics
            .error("", "the document is empty")
            .help("`sekisho schema --markdown` says what stands in one");
        return false;
    }
    if text.starts_with(b"\xef\xbb\xbf") {
        let help = "save the file as UTF-8 without it";
        diagnostics.error("line 1, column 1", "the document begins with a byte order mark").help(help);
        return false;
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let walk = Walk { place: Place::Root, diagnostics };
    match walk.deserialize(&mut deserializer).and_then(|()| deserializer.end()) {
        Ok(()) => true,
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            let said = error.to_string();
            let (problem, help) = match without_position(&said) {
                "trailing characters" => {
                    ("text follows the document", Some("one file holds one JSON object"))
                }
                "trailing comma" => ("a comma stands before the end", Some("JSON has none there; remove it")),
                "key must be a string" => (
                    "a name in double quotes is expected here",
                    Some("JSON has no comments, and no names without quotes"),
                ),
                "expected value" => ("a JSON value is expected here", Some("JSON has no comments")),
                said => (said, None),
            };
            let diagnostic = diagnostics.error(place, problem);
            if let Some(help) = help {
                diagnostic.help(help);
            }
            false
        }
    }
}

/// The names of an object so far. Most objects have few members, and a document may have a hundred thousand objects: what is
/// short is looked through, and costs one allocation.
#[derive(Default)]
struct Names<'de> {
    few: Vec<Cow<'de, str>>,
    many: BTreeMap<Cow<'de, str>, usize>,
}

/// More names than this are not looked through.
const FEW: usize = 16;

impl<'de> Names<'de> {
    /// How often a name will have stood when it is added once more.
    fn times(&self, name: &str) -> usize {
        let few = self.few.iter().filter(|known| *known == name).count();
        few + self.many.get(name).copied().unwrap_or_default() + 1
    }

    fn add(&mut self, name: Cow<'de, str>) {
        if self.few.len() < FEW {
            self.few.push(name);
        } else {
            *self.many.entry(name).or_default() += 1;
        }
    }
}

/// serde_json ends its messages with the position in the text, which is told before them.
fn without_position(said: &str) -> &str {
    said.rsplit_once(" at line ").map_or(said, |(message, _)| message)
}

/// Walks a value without keeping it.
pub(super) struct Walk<'p, 'd> {
    pub(super) place: Place<'p>,
    pub(super) diagnostics: &'d mut Diagnostics,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = Names::default();
        while let Some(Name(name)) = map.next_key()? {
            let place = Place::Member(&self.place, &name);
            map.next_value_seed(Walk { place, diagnostics: self.diagnostics })?;
            if seen.times(&name) == 2 {
                self.diagnostics
                    .error(place.path(), format!("`{name}` stands twice"))
                    .help("JSON readers disagree about which one counts: keep one");
            }
            seen.add(name);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut index = 0;
        loop {
            let place = Place::Element(&self.place, index);
            if seq.next_element_seed(Walk { place, diagnostics: self.diagnostics })?.is_none() {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
