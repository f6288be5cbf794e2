//! Answers that a worker remembers, each for the time that its authorizer says.
//!
//! What refuses is kept apart from what allows: a flood of tokens that are nobody's pushes out no answer about anybody.

use super::answer::Answer;
use crate::gateway::Millis;
use lru::LruCache;
use std::rc::Rc;

/// Bytes of answers that are remembered, of each kind.
const BYTES: usize = 4 * 1024 * 1024;

/// The answers that a worker remembers.
#[derive(Debug, Default)]
pub struct Answers {
    allowing: Kept,
    refusing: Kept,
}

#[derive(Debug)]
struct Kept {
    by_key: LruCache<[u8; 32], Remembered>,
    bytes: usize,
}

#[derive(Debug)]
struct Remembered {
    answer: Rc<Answer>,
    from: Millis,
    until: Millis,
}

// === impl Answers ===

impl Answers {
    /// The answer under a key, unless it is too old, or from a time that has not come: then the clock was set back, and nobody
    /// knows how old it is.
    pub fn get(&mut self, key: &[u8; 32], now: Millis) -> Option<Rc<Answer>> {
        self.allowing.get(key, now).or_else(|| self.refusing.get(key, now))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.allowing.by_key.len() + self.refusing.by_key.len()
    }

    /// Remembers an answer; those of its kind that were not asked for longest go.
    pub fn remember(&mut self, key: [u8; 32], answer: &Rc<Answer>, allows: bool, now: Millis, seconds: u32) {
        let until = Millis(now.0.saturating_add(u64::from(seconds) * 1000));
        let remembered = Remembered { answer: Rc::clone(answer), from: now, until };
        self.allowing.forget(&key);
        self.refusing.forget(&key);
        if allows { &mut self.allowing } else { &mut self.refusing }.push(key, remembered);
    }
}

// === impl Kept ===

impl Default for Kept {
    fn default() -> Self {
        Self { by_key: LruCache::unbounded(), bytes: 0 }
    }
}

impl Kept {
    fn get(&mut self, key: &[u8; 32], now: Millis) -> Option<Rc<Answer>> {
        let found = self.by_key.get(key)?;
        if (found.from..found.until).contains(&now) {
            return Some(Rc::clone(&found.answer));
        }
        self.forget(key);
        None
    }

    fn forget(&mut self, key: &[u8; 32]) {
        if let Some(old) = self.by_key.pop(key) {
            self.bytes = self.bytes.saturating_sub(old.size());
        }
    }

    fn push(&mut self, key: [u8; 32], remembered: Remembered) {
        self.bytes += remembered.size();
        self.by_key.push(key, remembered);
        while self.bytes > BYTES
            && let Some((_, old)) = self.by_key.pop_lru()
        {
            self.bytes = self.bytes.saturating_sub(old.size());
        }
    }
}

// === impl Remembered ===

impl Remembered {
    /// About what it takes: parsed JSON takes some times its text. With the least of it, there are no more than 4,096.
    fn size(&self) -> usize {
        1024 + 4 * self.answer.size
    }
}

#[cfg(test)]
mod tests {
    use super::{Answers, BYTES};
    use crate::gateway::Millis;
    use crate::gateway::authorizers::lambda::Allowed;
    use crate::gateway::authorizers::lambda::answer::{Answer, Says};
    use std::rc::Rc;

    fn answer(size: usize) -> Rc<Answer> {
        let allowed = Rc::new(Allowed::default());
        Rc::new(Answer { allowed, says: Says::Simple(true), size })
    }

    fn key(i: u32) -> [u8; 32] {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&i.to_be_bytes());
        key
    }

    #[test]
    fn answers_live_as_long_as_they_are_told_and_no_clock_makes_them_younger() {
        let mut answers = Answers::default();
        answers.remember(key(1), &answer(10), true, Millis(10_000), 2);
        assert!(answers.get(&key(1), Millis(10_000)).is_some());
        assert!(answers.get(&key(1), Millis(11_999)).is_some());
        assert!(answers.get(&key(2), Millis(11_999)).is_none());
        assert!(answers.get(&key(1), Millis(12_000)).is_none());
        answers.remember(key(1), &answer(10), true, Millis(10_000), 2);
        assert!(answers.get(&key(1), Millis(9_999)).is_none(), "the clock was set back");
        assert!(answers.get(&key(1), Millis(10_001)).is_none(), "and forward again");
        assert_eq!((answers.allowing.bytes, answers.allowing.by_key.len()), (0, 0));
    }

    #[test]
    fn memory_is_bounded_and_refusals_push_out_nobody_who_is_allowed() {
        let mut answers = Answers::default();
        answers.remember(key(0), &answer(300), true, Millis(0), 3600);
        for i in 1..20_000 {
            answers.remember(key(i), &answer(i as usize % 1000), false, Millis(1), 3600);
            assert!(answers.refusing.bytes <= BYTES, "{i}");
        }
        assert!(answers.refusing.by_key.len() <= BYTES / 1024);
        assert!(answers.get(&key(0), Millis(2)).is_some());
        assert!(answers.get(&key(1), Millis(2)).is_none());
        assert!(answers.get(&key(19_999), Millis(2)).is_some());
        let counted: usize = answers.refusing.by_key.iter().map(|(_, kept)| kept.size()).sum();
        assert_eq!(answers.refusing.bytes, counted);
    }

    #[test]
    fn a_key_has_one_answer() {
        let mut answers = Answers::default();
        answers.remember(key(1), &answer(1), true, Millis(0), 9);
        answers.remember(key(1), &answer(2), false, Millis(0), 9);
        assert_eq!(answers.get(&key(1), Millis(1)).map(|answer| answer.size), Some(2));
        assert_eq!((answers.allowing.bytes, answers.allowing.by_key.len()), (0, 0));
        answers.remember(key(2), &answer(BYTES), true, Millis(0), 9);
        assert_eq!((answers.allowing.bytes, answers.allowing.by_key.len()), (0, 0), "too large to be kept");
    }
}
