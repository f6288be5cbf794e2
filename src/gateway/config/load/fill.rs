//! The one reader of the document: what stands in the text goes to the [`Slot`] that stands for it, and every problem is
//! reported where it is.

use super::super::NotYet;
use super::super::document::{Entry, Found, List, Member, Object, Refusal, Slot, Taken};
use super::place::{Name, Place};
use super::syntax::Walk;
use crate::gateway::diagnostics::Diagnostics;
use crate::gateway::json_once::Once;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Fills a place with what the text says; false if anything of it was wrong. A text that is not JSON, and one in which a name
/// stands twice, is wrong; `syntax` says so in better words.
pub(super) fn fill(text: &[u8], slot: &mut dyn Slot, diagnostics: &mut Diagnostics) -> bool {
    let before = diagnostics.0.len();
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let fill = Fill { slot, place: Place::Root, diagnostics };
    if let Err(error) = fill.deserialize(&mut deserializer).and_then(|()| deserializer.end()) {
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
                *value = Once { exact: false }.visit_seq(seq)?;
                return Ok(());
            }
            Ok(Taken::Whole | Taken::Object(_) | Taken::Ignored) => {}
            Err(refusal) => report(&place, refusal, Found::List, diagnostics),
        }
        Walk { place, diagnostics }.visit_seq(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Self { slot, place, diagnostics } = self;
        match slot.accept(Found::Object) {
            Ok(Taken::Object(object)) => return members(object, &place, diagnostics, map),
            Ok(Taken::Any(value)) => {
                *value = Once { exact: false }.visit_map(map)?;
                return Ok(());
            }
            Ok(Taken::Whole | Taken::List(_) | Taken::Ignored) => {}
            Err(refusal) => report(&place, refusal, Found::Object, diagnostics),
        }
        Walk { place, diagnostics }.visit_map(map)
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

/// Which of at most sixty-four members were there: `#[derive(Document)]` lets no object have more.
#[derive(Default)]
struct There(u64);

impl There {
    fn has(&self, index: usize) -> bool {
        u32::try_from(index)
            .ok()
            .and_then(|index| self.0.checked_shr(index))
            .is_some_and(|bits| bits & 1 == 1)
    }

    /// Whether it was not there before.
    fn add(&mut self, index: usize) -> bool {
        let before = self.0;
        self.0 |= u32::try_from(index).ok().and_then(|index| 1_u64.checked_shl(index)).unwrap_or_default();
        self.0 != before
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
    let (mut wrapped, mut there, mut beside) = (false, There::default(), There::default());
    let mut twice = false;
    while let Some(Name(name)) = map.next_key()? {
        let place = Place::Member(place, &name);
        if let Some(wrapper) = wrapper {
            if name == wrapper.name
                && let Some(slot) = object.wrapped()
            {
                twice |= wrapped;
                wrapped = true;
                map.next_value_seed(Fill { slot, place, diagnostics })?;
                continue;
            }
            if let Some(index) = wrapper.beside.iter().position(|known| *known == name) {
                twice |= !beside.add(index);
                map.next_value_seed(Walk { place, diagnostics })?;
                continue;
            }
        }
        let index = known.iter().position(|member| member.name == name);
        let slot = match index {
            Some(index) => {
                twice |= !there.add(index);
                object.member(index)
            }
            None => match object.entry(&name) {
                Some(Entry::New(slot)) => Some(slot),
                Some(Entry::Known(slot)) => {
                    twice = true;
                    Some(slot)
                }
                None => None,
            },
        };
        match slot {
            Some(slot) => map.next_value_seed(Fill { slot, place, diagnostics })?,
            None => {
                map.next_value_seed(Walk { place, diagnostics })?;
                diagnostics.error(place.path(), format!("unknown field `{name}`")).suggest(
                    "a field",
                    &name,
                    known.iter().map(|member| member.name),
                );
            }
        }
    }
    if twice {
        diagnostics.error(place.path(), "a name stands twice");
    }
    if let (true, Some(wrapper)) = (wrapped, wrapper) {
        if there.0 != 0 {
            diagnostics.error(place.path(), format!("beside `{}` stand other fields", wrapper.name));
        }
        return Ok(());
    }
    for (index, Member { name, required }) in known.iter().enumerate() {
        if *required && !there.has(index) {
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
