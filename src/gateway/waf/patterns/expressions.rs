//! The expressions of a web ACL, each once, whatever looks for it.

use super::texts::Texts;
use super::{pcre, required};
use crate::gateway::regex::{Automaton, states};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// Bytes of one expression, read: where it repeats much, a client can make each byte cost a look at all of it.
const LARGEST: usize = 32 * 1024;

/// Bytes of the states of one expression.
const ROOM_OF_ONE: usize = 64 * 1024;

/// Bytes of the states of all: where they take more, all but the last one's are made anew.
pub(super) const ROOM: usize = 1024 * 1024;

/// Expressions, and the texts without which they cannot fit.
#[derive(Debug, Default)]
pub struct Expressions {
    automata: Vec<Automaton>,
    hints: Option<Texts>,
    /// The place of the expression of each of those.
    hinted: Vec<u32>,
    /// Which of them are to be asked of a part: room that is used again.
    stand: RefCell<Set>,
    /// Bytes that their states take.
    kept: Cell<usize>,
}

/// Expressions that are being put together.
#[derive(Debug, Default)]
pub struct Library {
    known: BTreeMap<String, Known>,
    automata: Vec<Automaton>,
    hints: Vec<Vec<u8>>,
    hinted: Vec<u32>,
}

/// An expression that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Its place.
    pub place: usize,
    /// Whether there is no text for it.
    pub always: bool,
    /// Bytes that are rare, one of which is in each of its texts, if there are such.
    pub rare: Option<Bytes>,
}

/// Some bytes.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Bytes([u64; 4]);

/// Numbers that are small: those below 64 take no room of their own.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Set {
    first: u64,
    more: Vec<u64>,
}

// === impl Library ===

impl Library {
    /// Reads an expression, if it is new.
    #[inline(never)]
    pub(super) fn add(&mut self, regex: &str) -> Result<Known, String> {
        if let Some(known) = self.known.get(regex) {
            return Ok(*known);
        }
        let expression = pcre::read(regex)?;
        let texts = required::required(&expression);
        let automaton = Automaton::new(states(&[expression], LARGEST)?, ROOM_OF_ONE)?;
        let rare = texts.as_deref().and_then(Bytes::rare);
        let known = Known { place: self.automata.len(), always: texts.is_none(), rare };
        self.automata.push(automaton);
        for text in texts.into_iter().flatten() {
            self.hints.push(text);
            self.hinted.push(u32::try_from(known.place).unwrap_or(u32::MAX));
        }
        self.known.insert(regex.to_owned(), known);
        Ok(known)
    }

    /// The expressions.
    ///
    /// # Errors
    /// If they would be too large, in words.
    #[inline(never)]
    pub fn build(self) -> Result<Expressions, String> {
        let Self { known: _, automata, hints, hinted } = self;
        let hints = Texts::new(&hints, true)?;
        Ok(Expressions { automata, hints, hinted, ..Expressions::default() })
    }
}

// === impl Expressions ===

impl Expressions {
    /// Calls with the place of each of these whose text stands in a part.
    pub(super) fn each_hinted(&self, part: &[u8], these: &Set, mut call: impl FnMut(usize)) {
        let Some(hints) = &self.hints else { return };
        let mut stand = self.stand.borrow_mut();
        let mut any = false;
        hints.each(part, |text, _| {
            if let Some(place) =
                self.hinted.get(text).map(|place| *place as usize).filter(|it| these.has(*it))
            {
                stand.add(place);
                any = true;
            }
            true
        });
        if any {
            stand.drain(&mut call);
        }
    }

    /// Whether an expression fits a part.
    pub(super) fn fits(&self, place: usize, part: &[u8]) -> bool {
        let Some(automaton) = self.automata.get(place) else { return false };
        let before = automaton.kept();
        let fits = automaton.fits(part);
        let kept = self.kept.get().saturating_sub(before).saturating_add(automaton.kept());
        self.kept.set(kept);
        if kept > ROOM {
            let others = self.automata.iter().enumerate().filter(|(other, _)| *other != place);
            others.for_each(|(_, other)| other.forget());
            self.kept.set(automaton.kept());
        }
        fits
    }

    /// Bytes that the states take, as they are and as they were added up.
    #[cfg(test)]
    pub(super) fn kept(&self) -> (usize, usize) {
        (self.automata.iter().map(Automaton::kept).sum(), self.kept.get())
    }
}

// === impl Bytes ===

impl Bytes {
    /// The rarest byte of each text; none if one has none that is rare.
    fn rare(texts: &[Vec<u8>]) -> Option<Self> {
        texts.iter().try_fold(Self::default(), |all, text| Some(all.and(Self::of(required::rarest(text)?))))
    }

    fn of(byte: u8) -> Self {
        let word = usize::from(byte / 64);
        Self(std::array::from_fn(|i| if i == word { 1 << (byte % 64) } else { 0 }))
    }

    /// Those of both.
    pub(super) fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| {
            self.0.get(i).copied().unwrap_or(0) | other.0.get(i).copied().unwrap_or(0)
        }))
    }

    fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte / 64)).is_some_and(|bits| bits & (1 << (byte % 64)) != 0)
    }

    /// Whether one of them is in a part.
    pub(super) fn are_in(&self, part: &[u8]) -> bool {
        part.iter().any(|byte| self.has(*byte))
    }
}

// === impl Set ===

impl Set {
    pub(super) fn add(&mut self, number: usize) {
        let bit = 1 << (number % 64);
        let Some(word) = (number / 64).checked_sub(1) else {
            self.first |= bit;
            return;
        };
        if self.more.len() <= word {
            self.more.resize(word + 1, 0);
        }
        if let Some(bits) = self.more.get_mut(word) {
            *bits |= bit;
        }
    }

    pub(super) fn has(&self, number: usize) -> bool {
        let bits = match (number / 64).checked_sub(1) {
            None => self.first,
            Some(word) => self.more.get(word).copied().unwrap_or(0),
        };
        bits & (1 << (number % 64)) != 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first == 0 && self.more.is_empty()
    }

    /// Calls with each, and keeps none.
    fn drain(&mut self, call: &mut dyn FnMut(usize)) {
        for (word, bits) in std::iter::once(&mut self.first).chain(&mut self.more).enumerate() {
            while *bits != 0 {
                call(word * 64 + bits.trailing_zeros() as usize);
                *bits &= *bits - 1;
            }
        }
    }

    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.more.capacity()
    }
}
