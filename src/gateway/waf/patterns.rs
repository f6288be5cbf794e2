//! Texts and regular expressions of an input, in one pass or two whatever they are.
//!
//! Texts are looked for together, by an automaton of Aho and Corasick. An expression is asked by itself, where one of the
//! texts stands [without which it cannot fit](required), and ends at its first fit.
//! `docs/adr/0015` tells why, and what the worst costs.

mod expressions;
mod pcre;
mod required;
mod texts;

use crate::gateway::config::waf::PositionalConstraint;
use expressions::{Bytes, Set};
pub use expressions::{Expressions, Library};
use std::ops::Range;
use texts::Texts;

/// How many patterns an input has at most.
const MOST: usize = 2048;

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
    /// Places of expressions, and their numbers.
    asked: Vec<(usize, usize)>,
    /// Those that are asked where one of their texts stands.
    hinted: Set,
    /// Bytes one of which is where one of those texts is, if all have such.
    rare: Option<Bytes>,
    /// Those that there is no text for.
    always: Vec<usize>,
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
}

/// Which tests of an input held.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Found(Set);

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
    pub fn add_regex(&mut self, regex: &str, library: &mut Library) -> Result<usize, String> {
        let known = library.add(regex)?;
        let number = self.number();
        self.patterns.asked.push((known.place, number));
        if !known.always {
            let rare =
                if self.patterns.hinted.is_empty() { Some(Bytes::default()) } else { self.patterns.rare };
            self.patterns.rare = rare.zip(known.rare).map(|(all, more)| all.and(more));
            self.patterns.hinted.add(known.place);
        } else if !self.patterns.always.contains(&known.place) {
            self.patterns.always.push(known.place);
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
        let Self { mut patterns, texts } = self;
        let count = patterns.count;
        if count > MOST {
            return Err(format!("{count} texts and expressions look at one part, and {MOST} are the most"));
        }
        patterns.texts = Texts::new(&texts, false)?;
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
    pub fn scan(&self, part: &[u8], expressions: &Expressions, found: &mut Found) {
        for end in &self.ends {
            if end.fits(part) {
                found.add(end.number);
            }
        }
        if let Some(texts) = &self.texts {
            texts.each(part, |text, end| self.tell(text, part, end, found));
        }
        for place in &self.always {
            self.ask(*place, part, expressions, found);
        }
        if !self.hinted.is_empty() && self.rare.is_none_or(|rare| rare.are_in(part)) {
            expressions.each_hinted(part, &self.hinted, |place| self.ask(place, part, expressions, found));
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

    /// Asks an expression, if it did not fit an earlier part.
    fn ask(&self, place: usize, part: &[u8], expressions: &Expressions, found: &mut Found) {
        let asked = self.asked.iter().filter(|(known, _)| *known == place);
        let numbers = asked.map(|(_, number)| *number);
        if numbers.clone().all(|number| found.has(number)) || !expressions.fits(place, part) {
            return;
        }
        numbers.for_each(|number| found.add(number));
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
        self.0.add(test);
    }

    /// Whether a test held.
    #[must_use]
    pub fn has(&self, test: usize) -> bool {
        self.0.has(test)
    }

    /// Whether one of these tests held.
    #[must_use]
    pub fn has_one(&self, tests: Range<usize>) -> bool {
        !self.0.is_empty() && tests.into_iter().any(|test| self.0.has(test))
    }
}

#[cfg(test)]
mod tests;
