//! What a place in the document takes: the port between the document's types and the one reader that fills them
//! ([`load`](super::load)). `#[derive(Document)]` makes it for a struct and an enum; those of Rust's own types stand here.
//!
//! Every reader that serde would derive is code of its own, and Envoy compiles all of the module at each start. Here a type
//! is a table, and the reader meets each place as a `dyn` [`Slot`].

use serde_json::Value;
use std::collections::{BTreeMap, btree_map};

/// A value as it is met in the text; what a list or an object holds follows.
#[derive(Debug, Clone, Copy)]
pub enum Found<'t> {
    /// `null`: absent to AWS's tools.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number from 0.
    Unsigned(u64),
    /// A whole number below 0.
    Negative(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(&'t str),
    /// A list begins.
    List,
    /// An object begins.
    Object,
}

/// What a place did with a value.
pub enum Taken<'s> {
    /// It has it.
    Whole,
    /// Its elements go here.
    List(&'s mut dyn List),
    /// Its members go here.
    Object(&'s mut dyn Object),
    /// Whatever it holds goes here.
    Any(&'s mut Value),
    /// Whatever it holds is forgotten.
    Ignored,
}

/// Why a place takes a value not. None of them repeats the value: a secret may stand in the wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Another type is expected: `a string`.
    Expected(&'static str),
    /// A number that its type cannot hold.
    OutOfRange,
    /// None of these texts.
    NoneOf(&'static [&'static str]),
    /// A member that AWS honours and Sekisho does not.
    NotYet,
}

/// A place in the document that takes a value.
pub trait Slot {
    /// The place before anything is in it: what an optional member is when it is absent.
    fn blank() -> Self
    where
        Self: Sized;

    /// Takes a value.
    ///
    /// # Errors
    /// If it is none for this place.
    fn accept(&mut self, found: Found<'_>) -> Result<Taken<'_>, Refusal>;
}

/// A place that takes a list.
pub trait List {
    /// The place of one more element.
    fn push(&mut self) -> &mut dyn Slot;
}

/// A member that an object may have.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Its name in the document.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
}

/// What a command of AWS's prints around an object.
#[derive(Debug, Clone, Copy)]
pub struct Wrapper {
    /// The member that holds the object.
    pub name: &'static str,
    /// Members that stand beside it, and mean nothing here.
    pub beside: &'static [&'static str],
}

/// The place of a map's member.
pub enum Entry<'s> {
    /// No member had this name before.
    New(&'s mut dyn Slot),
    /// There is one of this name.
    Known(&'s mut dyn Slot),
}

/// A place that takes an object: a struct, whose members are known, or a map.
pub trait Object {
    /// The members of a struct; none of a map.
    fn members(&self) -> &'static [Member] {
        &[]
    }

    /// The place of a struct's member, by its index in [`members`](Self::members).
    fn member(&mut self, _: usize) -> Option<&mut dyn Slot> {
        None
    }

    /// The place of a map's member; `None` of a struct.
    fn entry(&mut self, _: &str) -> Option<Entry<'_>> {
        None
    }

    /// What may stand around it.
    fn wrapper(&self) -> Option<Wrapper> {
        None
    }

    /// Its place in there.
    fn wrapped(&mut self) -> Option<&mut dyn Slot> {
        None
    }
}

/// Which of some texts was found.
///
/// # Errors
/// If it is none of them.
pub fn choose(found: &Found<'_>, names: &'static [&'static str]) -> Result<usize, Refusal> {
    let Found::Text(text) = found else { return Err(Refusal::Expected("a string")) };
    names.iter().position(|name| name == text).ok_or(Refusal::NoneOf(names))
}

// === Rust's own types ===

impl Slot for bool {
    fn blank() -> Self {
        false
    }

    fn accept(&mut self, found: Found<'_>) -> Result<Taken<'_>, Refusal> {
        let Found::Bool(found) = found else { return Err(Refusal::Expected("true or false")) };
        *self = found;
        Ok(Taken::Whole)
    }
}

impl Slot for String {
    fn blank() -> Self {
        Self::new()
    }

    fn accept(&mut self, found: Found<'_>) -> Result<Taken<'_>, Refusal> {
        let Found::Text(found) = found else { return Err(Refusal::Expected("a string")) };
        found.clone_into(self);
        Ok(Taken::Whole)
    }
}

/// A whole number of any type.
fn whole<T: TryFrom<u64> + TryFrom<i64>>(found: Found<'_>) -> Result<T, Refusal> {
    match found {
        Found::Unsigned(found) => T::try_from(found).map_err(|_| Refusal::OutOfRange),
        Found::Negative(found) => T::try_from(found).map_err(|_| Refusal::OutOfRange),
        _ => Err(Refusal::Expected("a whole number")),
    }
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {$(
        impl Slot for $number {
            fn blank() -> Self {
                0
            }

            fn accept(&mut self, found: Found<'_>) -> Result<Taken<'_>, Refusal> {
                *self = whole(found)?;
                Ok(Taken::Whole)
            }
        }
    )*};
}

whole_numbers!(u16, u32, u64, i64);

impl Slot for f64 {
    fn blank() -> Self {
        0.0
    }

    // Above 2^53 a whole number is rounded, as JSON's readers do.
    #[allow(clippy::cast_precision_loss)]
    fn accept(&mut self, found: Found<'_>) -> Result<Taken<'_>, Refusal> {
        *self = match found {
            Found::Unsigned(found) => found as f64,
            Found::Negative(found) => found as f64,
            Found::Float(found) => found,
            _ => return Err(Refusal::Expected("a number")),
        };
        Ok(Taken::Whole)
    }
}

impl Slot for Value {
    fn blank() -> Self {
        Self::Null
    }

    fn accept(&mut self, found: Found<'_>) -> Result<Taken<'_>, Refusal> {
        *self = match found {
            Found::Null => Self::Null,
            Found::Bool(found) => found.into(),
            Found::Unsigned(found) => found.into(),
            Found::Negative(found) => found.into(),
            Found::Float(found) => found.into(),
            Found::Text(found) => found.into(),
            Found::List | Found::Object => return Ok(Taken::Any(self)),
        };
        Ok(Taken::Whole)
    }
}

impl<T: Slot> Slot for Option<T> {
    fn blank() -> Self {
        None
    }

    fn accept(&mut self, found: Found<'_>) -> Result<Taken<'_>, Refusal> {
        match found {
            Found::Null => Ok(Taken::Whole),
            found => self.insert(T::blank()).accept(found),
        }
    }
}

impl<T: Slot> Slot for Box<T> {
    fn blank() -> Self {
        Self::new(T::blank())
    }

    fn accept(&mut self, found: Found<'_>) -> Result<Taken<'_>, Refusal> {
        self.as_mut().accept(found)
    }
}

impl<T: Slot> Slot for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }

    fn accept(&mut self, found: Found<'_>) -> Result<Taken<'_>, Refusal> {
        match found {
            Found::List => Ok(Taken::List(self)),
            _ => Err(Refusal::Expected("a list")),
        }
    }
}

impl<T: Slot> List for Vec<T> {
    // The element was pushed one line above.
    #[allow(clippy::indexing_slicing)]
    fn push(&mut self) -> &mut dyn Slot {
        let at = self.len();
        Self::push(self, T::blank());
        &mut self[at]
    }
}

impl<T: Slot> Slot for BTreeMap<String, T> {
    fn blank() -> Self {
        Self::new()
    }

    fn accept(&mut self, found: Found<'_>) -> Result<Taken<'_>, Refusal> {
        match found {
            Found::Object => Ok(Taken::Object(self)),
            _ => Err(Refusal::Expected("an object")),
        }
    }
}

impl<T: Slot> Object for BTreeMap<String, T> {
    fn entry(&mut self, name: &str) -> Option<Entry<'_>> {
        Some(match self.entry(name.to_owned()) {
            btree_map::Entry::Vacant(entry) => Entry::New(entry.insert(T::blank())),
            btree_map::Entry::Occupied(entry) => Entry::Known(entry.into_mut()),
        })
    }
}

#[cfg(test)]
mod tests;
