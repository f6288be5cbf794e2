//! The one reader of the document: what stands in the text goes to the [`Slot`] that stands for it, and every problem is
//! reported where it is.

use super::super::NotYet;
use super::super::document::{Found, List, Member, Object, Refusal, Slot, Taken};
use super::place::{Name, Place};
use crate::gateway::diagnostics::Diagnostics;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// Fills a place with what the text says; false if anything of it was wrong. The text is JSON: `syntax` has seen it.
pub(super) fn fill(text: &[u8], slot: &mut dyn Slot, diagnostics: &mut Diagnostics) -> bool {
    let before = diagnostics.0.len();
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let fill = Fill { slot, place: Place::Root, diagnostics };
    if let Err(error) = fill.deserialize(&mut deserializer) {
        diagnostics.error("", error.to_string());
    }
    diagnostics.0.len() == before
}

/// A value on its way to its place.
struct Fill<'f> {
    slot: &'f mut dyn Slot,
    place: Place<'f>,
    diagnostics: &'f mut Diagnostics,
}

impl<'de> DeserializeSeed<'de> for Fill<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Fill<'_> {
    /// A value that holds no others.
    fn scalar(self, found: Found<'_>) {
        if let Err(refusal) = self.slot.accept(found) {
            report(&self.place, refusal, found, self.diagnostics);
        }
    }
}

impl<'de> Visitor<'de> for Fill<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.scalar(Found::Null);
        Ok(())
    }

    fn visit_bool<E>(self, found: bool) -> Result<(), E> {
        self.scalar(Found::Bool(found));
        Ok(())
    }

    fn visit_u64<E>(self, found: u64) -> Result<(), E> {
        self.scalar(Found::Unsigned(found));
        Ok(())
    }

    fn visit_i64<E>(self, found: i64) -> Result<(), E> {
        self.scalar(Found::Negative(found));
        Ok(())
    }

    fn visit_f64<E>(self, found: f64) -> Result<(), E> {
        self.scalar(Found::Float(found));
        Ok(())
    }

    fn visit_str<E>(self, found: &str) -> Result<(), E> {
        self.scalar(Found::Text(found));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        let Self { slot, place, diagnostics } = self;
        match slot.accept(Found::List) {
            Ok(Taken::List(list)) => return elements(list, &place, diagnostics, seq),
            Ok(Taken::Any(value)) => {
                *value = Value::deserialize(SeqAccessDeserializer::new(seq))?;
                return Ok(());
            }
            Ok(Taken::Whole | Taken::Object(_) | Taken::Ignored) => {}
            Err(refusal) => report(&place, refusal, Found::List, diagnostics),
        }
        IgnoredAny.visit_seq(seq).map(drop)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Self { slot, place, diagnostics } = self;
        match slot.accept(Found::Object) {
            Ok(Taken::Object(object)) => return members(object, &place, diagnostics, map),
            Ok(Taken::Any(value)) => {
                *value = Value::deserialize(MapAccessDeserializer::new(map))?;
                return Ok(());
            }
            Ok(Taken::Whole | Taken::List(_) | Taken::Ignored) => {}
            Err(refusal) => report(&place, refusal, Found::Object, diagnostics),
        }
        IgnoredAny.visit_map(map).map(drop)
    }
}

/// An element of a list, whose place is made once it is known that there is one.
struct Element<'f> {
    list: &'f mut dyn List,
    place: Place<'f>,
    diagnostics: &'f mut Diagnostics,
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { list, place, diagnostics } = self;
        deserializer.deserialize_any(Fill { slot: list.push(), place, diagnostics })
    }
}

/// The elements of a list.
fn elements<'de, A: SeqAccess<'de>>(
    list: &mut dyn List,
    place: &Place<'_>,
    diagnostics: &mut Diagnostics,
    mut seq: A,
) -> Result<(), A::Error> {
    let mut index = 0;
    loop {
        let place = Place::Element(place, index);
        if seq.next_element_seed(Element { list, place, diagnostics })?.is_none() {
            return Ok(());
        }
        index += 1;
    }
}

/// The members of an object.
fn members<'de, A: MapAccess<'de>>(
    object: &mut dyn Object,
    place: &Place<'_>,
    diagnostics: &mut Diagnostics,
    mut map: A,
) -> Result<(), A::Error> {
    let known = object.members();
    let wrapper = object.wrapper();
    let mut wrapped = false;
    let mut there = vec![false; known.len()];
    while let Some(Name(name)) = map.next_key()? {
        let place = Place::Member(place, &name);
        if let Some(wrapper) = wrapper {
            if name == wrapper.name
                && let Some(slot) = object.wrapped()
            {
                wrapped = true;
                map.next_value_seed(Fill { slot, place, diagnostics })?;
                continue;
            }
            if wrapper.beside.contains(&name.as_ref()) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
        }
        let index = known.iter().position(|member| member.name == name);
        if let Some(there) = index.and_then(|index| there.get_mut(index)) {
            *there = true;
        }
        let slot = match index {
            Some(index) => object.member(index),
            None => object.entry(&name),
        };
        match slot {
            Some(slot) => map.next_value_seed(Fill { slot, place, diagnostics })?,
            None => {
                map.next_value::<IgnoredAny>()?;
                diagnostics.error(place.path(), format!("unknown field `{name}`")).suggest(
                    "a field",
                    &name,
                    known.iter().map(|member| member.name),
                );
            }
        }
    }
    if let (true, Some(wrapper)) = (wrapped, wrapper) {
        if there.contains(&true) {
            diagnostics.error(place.path(), format!("beside `{}` stand other fields", wrapper.name));
        }
        return Ok(());
    }
    for (Member { name, required }, there) in known.iter().zip(there) {
        if *required && !there {
            diagnostics.error(place.path(), format!("missing field `{name}`"));
        }
    }
    Ok(())
}

/// Says why a place did not take a value, as the schema's violations are said.
fn report(place: &Place<'_>, refusal: Refusal, found: Found<'_>, diagnostics: &mut Diagnostics) {
    let (path, name) = (place.path(), place.name());
    match refusal {
        Refusal::Expected(expected) => {
            diagnostics.error(path, format!("expected {expected}, found {}", in_words(found)));
        }
        Refusal::OutOfRange => {
            diagnostics.error(path, format!("`{name}` is out of range"));
        }
        Refusal::NotYet => {
            diagnostics.error(path, format!("`{name}` {}", NotYet::PROBLEM));
        }
        Refusal::NoneOf(names) => {
            let said = if let Found::Text(said) = found { said } else { "" };
            let problem = format!("`{said}` is not one of `{}`", names.join("`, `"));
            diagnostics.error(path, problem).suggest("a value", said, names.iter().copied());
        }
    }
}

/// A type in the words of JSON.
fn in_words(found: Found<'_>) -> &'static str {
    match found {
        Found::Null => "null",
        Found::Bool(_) => "true or false",
        Found::Unsigned(_) | Found::Negative(_) | Found::Float(_) => "a number",
        Found::Text(_) => "a string",
        Found::List => "a list",
        Found::Object => "an object",
    }
}

#[cfg(test)]
mod tests;
