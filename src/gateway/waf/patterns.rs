//! Texts and regular expressions of an input, in one pass or two whatever they are.
//!
//! Texts are looked for together, by an automaton of Aho and Corasick. An expression is asked by itself, where one of the
//! texts stands [without which it cannot fit](required), and ends at its first fit.
//! `docs/adr/0015` tells why, and what the worst costs.

mod pcre;
mod required;
mod texts;

use crate::gateway::config::waf::PositionalConstraint;
use crate::gateway::regex::{Automaton, states};
use std::cell::{Cell, RefCell};
use texts::Texts;

/// How many patterns an input has at most.
const MOST: usize = 2048;

/// Bytes of one expression, read: where it repeats much, a client can make each byte cost a look at all of it.
const LARGEST_EXPRESSION: usize = 32 * 1024;

/// Bytes of the states of one expression.
const EXPRESSION_ROOM: usize = 64 * 1024;

/// Bytes of the states of all expressions of an input: where they take more, all but the last one's are made anew.
const EXPRESSIONS_ROOM: usize = 512 * 1024;

/// The patterns of an input.
#[derive(Debug, Default)]
pub struct Patterns {
    count: usize,
    /// Texts that stand at an end, or both.
    ends: Vec<End>,
    /// Texts that stand anywhere.
    texts: Option<Texts>,
    /// What those tell, by their numbers.
    meanings: Vec<Meaning>,
    /// Texts of expressions.
    hints: Option<Texts>,
    /// The expression of each of those.
    hinted: Vec<usize>,
    /// Expressions, with their numbers.
    expressions: Vec<(usize, Automaton)>,
    /// Those that there is no text for.
    always: Vec<usize>,
    /// Which expressions are to be asked: room that is used again.
    asked: RefCell<Vec<u64>>,
    /// Bytes that the states of expressions take.
    kept: Cell<usize>,
}

/// A text that stands at an end.
#[derive(Debug)]
struct End {
    number: usize,
    text: Box<[u8]>,
    begins: bool,
    ends: bool,
}

/// What a text tells that was found.
#[derive(Debug, Clone, Copy)]
struct Meaning {
    number: usize,
    /// The length that it has, if no letter may stand beside it.
    word: Option<usize>,
}

/// Patterns that are being put together.
#[derive(Debug, Default)]
pub struct Builder {
    patterns: Patterns,
    texts: Vec<Vec<u8>>,
    hints: Vec<Vec<u8>>,
}

/// Which tests of an input held.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Found(Vec<u64>);

// === impl Builder ===

impl Builder {
    /// Adds a text that stands where the constraint says; gives its number.
    #[inline(never)]
    pub fn add_text(&mut self, text: &[u8], constraint: PositionalConstraint) -> usize {
        let number = self.number();
        let (begins, ends, word) = match constraint {
            PositionalConstraint::Exactly => (true, true, None),
            PositionalConstraint::StartsWith => (true, false, None),
            PositionalConstraint::EndsWith => (false, true, None),
            PositionalConstraint::Contains => (false, false, None),
            PositionalConstraint::ContainsWord => (false, false, Some(text.len())),
        };
        if begins || ends || (text.is_empty() && word.is_none()) {
            self.patterns.ends.push(End { number, text: text.into(), begins, ends });
        } else {
            self.texts.push(text.to_vec());
            self.patterns.meanings.push(Meaning { number, word });
        }
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
        let automaton = Automaton::new(states(&[expression], LARGEST_EXPRESSION)?, EXPRESSION_ROOM)?;
        let number = self.number();
        let place = self.patterns.expressions.len();
        self.patterns.expressions.push((number, automaton));
        match required {
            Some(texts) => {
                self.patterns.hinted.extend(texts.iter().map(|_| place));
                self.hints.extend(texts);
            }
            None => self.patterns.always.push(place),
        }
        Ok(number)
    }

    fn number(&mut self) -> usize {
        self.patterns.count += 1;
        self.patterns.count - 1
    }

    /// The automaton.
    ///
    /// # Errors
    /// If it would be too large, in words.
    #[inline(never)]
    pub fn build(self) -> Result<Patterns, String> {
        let Self { mut patterns, texts, hints } = self;
        let count = patterns.count;
        if count > MOST {
            return Err(format!("{count} texts and expressions look at one part, and {MOST} are the most"));
        }
        patterns.texts = Texts::new(&texts, false)?;
        patterns.hints = Texts::new(&hints, true)?;
        patterns.asked = RefCell::new(vec![0; patterns.expressions.len().div_ceil(64)]);
        Ok(patterns)
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
        for end in &self.ends {
            if end.fits(part) {
                found.add(end.number);
            }
        }
        if let Some(texts) = &self.texts {
            texts.each(part, |text, end| self.tell(text, part, end, found));
        }
        if !self.expressions.is_empty() {
            self.scan_expressions(part, found);
        }
    }

    /// Whether a text that ends there has told all.
    fn tell(&self, text: usize, part: &[u8], end: usize, found: &mut Found) -> bool {
        let Some(meaning) = self.meanings.get(text) else { return true };
        let fits = meaning.word.is_none_or(|length| is_word(part, end, length));
        if fits {
            found.add(meaning.number);
        }
        fits
    }

    fn scan_expressions(&self, part: &[u8], found: &mut Found) {
        let mut asked = self.asked.borrow_mut();
        if let Some(hints) = &self.hints {
            hints.each(part, |text, _| {
                let place = self.hinted.get(text).copied().unwrap_or_default();
                if let Some(bits) = asked.get_mut(place / 64) {
                    *bits |= 1 << (place % 64);
                }
                true
            });
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

/// Whether neither side of what ends there has a letter, a digit or `_`.
fn is_word(part: &[u8], end: usize, length: usize) -> bool {
    let of_words = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let before = end.checked_sub(length + 1).and_then(|at| part.get(at));
    !before.is_some_and(of_words) && !part.get(end).is_some_and(of_words)
}

// === impl End ===

impl End {
    fn fits(&self, part: &[u8]) -> bool {
        match (self.begins, self.ends) {
            (true, true) => *part == *self.text,
            (true, false) => part.starts_with(&self.text),
            (false, true) => part.ends_with(&self.text),
            // The empty text is everywhere.
            (false, false) => true,
        }
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
