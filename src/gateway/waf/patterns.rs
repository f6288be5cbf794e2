//! Texts and regular expressions of an input, in one pass whatever they are.
//!
//! One automaton looks for all texts at once: those of rules, and for each expression those [without which it cannot
//! fit](required). An expression is asked by itself only where one of its texts stands, and ends at its first fit.
//! `docs/adr/0015` tells why, and what the worst costs.

mod pcre;
mod required;

use crate::gateway::config::waf::PositionalConstraint;
use crate::gateway::regex::{Automaton, states};
use regex_automata::Input;
use regex_automata::hybrid::{LazyStateID, dfa::Cache};
use regex_syntax::hir::{Hir, Look};
use std::cell::{Cell, RefCell};

/// How many patterns an input has at most.
const MOST: usize = 2048;

/// Bytes of all texts of an input, read.
const LARGEST_TEXTS: usize = 8 * 1024 * 1024;

/// Bytes of one expression, read: where it repeats much, a client can make each byte cost a look at all of it.
const LARGEST_EXPRESSION: usize = 64 * 1024;

/// Bytes of an input's states for texts, at most: the smallest room that there is for few of them.
const TEXT_ROOM: std::ops::RangeInclusive<usize> = 64 * 1024..=512 * 1024;

/// Bytes of the states of one expression.
const EXPRESSION_ROOM: usize = 64 * 1024;

/// Bytes of the states of all expressions of an input: where they take more, all but the last one's are made anew.
const EXPRESSIONS_ROOM: usize = 512 * 1024;

/// The patterns of an input.
#[derive(Debug, Default)]
pub struct Patterns {
    count: usize,
    /// All texts.
    texts: Option<Automaton>,
    /// What is known where one of them stands.
    meanings: Vec<Meaning>,
    /// Expressions, with their numbers.
    expressions: Vec<(usize, Automaton)>,
    /// Those that there is no text for.
    always: Vec<usize>,
    /// Which expressions are to be asked: room that is used again.
    asked: RefCell<Vec<u64>>,
    /// Bytes that the states of expressions take.
    kept: Cell<usize>,
}

/// What a text tells that was found.
#[derive(Debug, Clone, Copy)]
enum Meaning {
    /// The pattern of this number fits.
    Fits(usize),
    /// The expression that stands here may fit.
    Ask(usize),
}

/// Patterns that are being put together.
#[derive(Debug, Default)]
pub struct Builder {
    count: usize,
    texts: Vec<Hir>,
    meanings: Vec<Meaning>,
    expressions: Vec<(usize, Automaton)>,
    always: Vec<usize>,
}

/// Which tests of an input held.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Found(Vec<u64>);

/// States that told what they have to tell: the last ones.
#[derive(Default)]
struct Told {
    last: [Option<LazyStateID>; 8],
    next: usize,
}

// === impl Builder ===

impl Builder {
    /// Adds a text that stands where the constraint says; gives its number.
    #[inline(never)]
    pub fn add_text(&mut self, text: &[u8], constraint: PositionalConstraint) -> usize {
        let (before, behind) = match constraint {
            PositionalConstraint::Exactly => (Some(Look::Start), Some(Look::End)),
            PositionalConstraint::StartsWith => (Some(Look::Start), None),
            PositionalConstraint::EndsWith => (None, Some(Look::End)),
            PositionalConstraint::Contains => (None, None),
            PositionalConstraint::ContainsWord => {
                (Some(Look::WordStartHalfAscii), Some(Look::WordEndHalfAscii))
            }
        };
        let pieces = [before.map(Hir::look), Some(Hir::literal(text)), behind.map(Hir::look)];
        let number = self.number();
        self.texts.push(Hir::concat(pieces.into_iter().flatten().collect()));
        self.meanings.push(Meaning::Fits(number));
        number
    }

    /// Adds a regular expression; gives its number.
    ///
    /// # Errors
    /// What cannot be read of it, or is not supported, in words.
    #[inline(never)]
    pub fn add_regex(&mut self, regex: &str) -> Result<usize, String> {
        let expression = pcre::read(regex)?;
        let required = required::required(&expression);
        let is_exact = required.as_ref().is_some_and(|required| required.exact);
        let automaton = if is_exact {
            None
        } else {
            let nfa = states(std::slice::from_ref(&expression), LARGEST_EXPRESSION)?;
            Some(Automaton::new(nfa, EXPRESSION_ROOM)?)
        };
        let number = self.number();
        let place = self.expressions.len();
        match required {
            Some(required) => {
                self.texts.push(required.texts);
                self.meanings.push(if is_exact { Meaning::Fits(number) } else { Meaning::Ask(place) });
            }
            None => self.always.push(place),
        }
        self.expressions.extend(automaton.map(|automaton| (number, automaton)));
        Ok(number)
    }

    fn number(&mut self) -> usize {
        self.count += 1;
        self.count - 1
    }

    /// The automaton.
    ///
    /// # Errors
    /// If it would be too large, in words.
    #[inline(never)]
    pub fn build(self) -> Result<Patterns, String> {
        let Self { count, texts, meanings, expressions, always } = self;
        if count > MOST {
            return Err(format!("{count} texts and expressions look at one part, and {MOST} are the most"));
        }
        let automaton = if texts.is_empty() {
            None
        } else {
            let nfa = states(&texts, LARGEST_TEXTS)?;
            let room = nfa.memory_usage().saturating_mul(32).clamp(*TEXT_ROOM.start(), *TEXT_ROOM.end());
            Some(Automaton::new(nfa, room)?)
        };
        let asked = RefCell::new(vec![0; expressions.len().div_ceil(64)]);
        Ok(Patterns { count, texts: automaton, meanings, expressions, always, asked, kept: Cell::new(0) })
    }
}

// === impl Patterns ===

impl Patterns {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds the numbers of those that fit a part.
    pub fn scan(&self, part: &[u8], found: &mut Found) {
        let mut asked = self.asked.borrow_mut();
        if let Some(texts) = &self.texts {
            texts.with(|cache| self.look_for_texts(texts, cache, part, &mut asked, found));
        }
        for place in &self.always {
            self.ask(*place, part, found);
        }
        for (word, bits) in asked.iter_mut().enumerate() {
            while *bits != 0 {
                self.ask(word * 64 + bits.trailing_zeros() as usize, part, found);
                *bits &= *bits - 1;
            }
        }
    }

    /// Goes over a part once. Nothing here fails: the automaton was not told to give up, and no byte stops it.
    fn look_for_texts(
        &self,
        texts: &Automaton,
        cache: &mut Cache,
        part: &[u8],
        asked: &mut [u64],
        found: &mut Found,
    ) -> Option<()> {
        let mut told = Told::default();
        let mut clears = cache.clear_count();
        let mut state = texts.dfa.start_state_forward(cache, &Input::new(part)).ok()?;
        for byte in part {
            state = texts.dfa.next_state(cache, state, *byte).ok()?;
            if !state.is_tagged() {
                continue;
            }
            if state.is_dead() {
                return Some(());
            }
            if cache.clear_count() != clears {
                // States have other names now.
                (told, clears) = (Told::default(), cache.clear_count());
            }
            if state.is_match() && told.is_new(state) {
                self.tell(texts, cache, state, asked, found);
            }
        }
        state = texts.dfa.next_eoi_state(cache, state).ok()?;
        if state.is_match() {
            self.tell(texts, cache, state, asked, found);
        }
        Some(())
    }

    /// Says what a state tells.
    #[inline(never)]
    fn tell(
        &self,
        texts: &Automaton,
        cache: &Cache,
        state: LazyStateID,
        asked: &mut [u64],
        found: &mut Found,
    ) {
        for i in 0..texts.dfa.match_len(cache, state) {
            match self.meanings.get(texts.dfa.match_pattern(cache, state, i).as_usize()) {
                Some(Meaning::Fits(number)) => found.add(*number),
                Some(Meaning::Ask(place)) => {
                    if let Some(bits) = asked.get_mut(place / 64) {
                        *bits |= 1 << (place % 64);
                    }
                }
                None => {}
            }
        }
    }

    /// Asks an expression, if it did not fit an earlier part.
    fn ask(&self, place: usize, part: &[u8], found: &mut Found) {
        let Some((number, automaton)) = self.expressions.get(place).filter(|(number, _)| !found.has(*number))
        else {
            return;
        };
        let before = automaton.kept();
        if automaton.fits(part) {
            found.add(*number);
        }
        let kept = self.kept.get().saturating_sub(before).saturating_add(automaton.kept());
        self.kept.set(kept);
        if kept > EXPRESSIONS_ROOM {
            for (_, other) in self.expressions.iter().filter(|(other, _)| other != number) {
                other.forget();
            }
            self.kept.set(automaton.kept());
        }
    }
}

// === impl Told ===

impl Told {
    /// Whether a state did not tell yet, as far as is remembered: a text in every byte of a part is told of once.
    fn is_new(&mut self, state: LazyStateID) -> bool {
        let is_new = !self.last.contains(&Some(state));
        if is_new {
            if let Some(place) = self.last.get_mut(self.next) {
                *place = Some(state);
            }
            self.next = (self.next + 1) % self.last.len();
        }
        is_new
    }
}

// === impl Found ===

impl Found {
    /// Adds a test that held.
    pub fn add(&mut self, test: usize) {
        let word = test / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= 1 << (test % 64);
        }
    }

    /// Whether a test held.
    #[must_use]
    pub fn has(&self, test: usize) -> bool {
        self.0.get(test / 64).is_some_and(|bits| bits & (1 << (test % 64)) != 0)
    }
}

#[cfg(test)]
mod tests;
