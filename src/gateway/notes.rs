//! What is checked of a request, told to whoever watches: `sekisho explain`. A client never reads it.
//!
//! A check tells of itself by `env.note(|| Note::failed("audience", format!(…)))`. The closure runs only if somebody
//! watches, and in the filter nobody does: there it is not even compiled in.

use super::Env;
use std::fmt;

/// One check, or one thing that was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is checked, in a word or two: `audience`.
    pub check: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// What was found, and what was wanted. Never a secret, a signature or a whole token.
    pub detail: String,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was checked: this was found.
    Fact,
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
}

/// Somebody who watches.
pub trait Notes: fmt::Debug {
    /// Takes a note.
    fn take(&self, note: Note);
}

// === impl Note ===

impl Note {
    /// Something that was found.
    pub fn fact(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Fact, detail: detail.into() }
    }

    /// A check that holds.
    pub fn passed(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Passed, detail: detail.into() }
    }

    /// A check that does not hold.
    pub fn failed(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Failed, detail: detail.into() }
    }

    /// A check that holds or not.
    pub fn judged(check: &'static str, holds: bool, detail: impl Into<String>) -> Self {
        if holds { Self::passed(check, detail) } else { Self::failed(check, detail) }
    }
}

// === impl Env ===

impl Env<'_> {
    /// Tells of one check.
    #[inline]
    pub fn note(&self, told: impl FnOnce() -> Note) {
        self.notes(|| [told()]);
    }

    /// Tells of several checks.
    #[inline]
    pub fn notes<N: IntoIterator<Item = Note>>(&self, told: impl FnOnce() -> N) {
        // What stands behind this is not in the filter's module, which has nobody to tell.
        if cfg!(not(target_family = "wasm"))
            && let Some(watcher) = self.watcher
        {
            told().into_iter().for_each(|note| watcher.take(note));
        }
    }
}
