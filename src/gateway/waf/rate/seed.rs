//! The seed of all origins: made once in a process, kept in shared data, never told.
//!
//! Who knew it could choose addresses or values that share a page, and turn out each other's counts, or that share a slot. All
//! workers have the same, also behind a reload, for they count in the same slots.

use crate::gateway::Env;
use crate::gateway::shared::{LAYOUT, SharedStore};
use siphasher::sip::SipHasher13;

/// The seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed([u8; 16]);

// === impl Seed ===

impl Seed {
    /// Makes the seed if there is none, of bytes that nobody can guess: these go nowhere else.
    pub fn prepare(store: &dyn SharedStore, entropy: impl FnOnce() -> [u8; 16]) -> Self {
        let name = format!("{LAYOUT}/rate/seed");
        let kept = || store.get(&name).and_then(|shared| shared.value.try_into().ok());
        let seed = kept().unwrap_or_else(|| {
            let made = entropy();
            match store.create(&name, &made) {
                Ok(()) => made,
                // Somebody else was faster.
                Err(_) => kept().unwrap_or(made),
            }
        });
        Self(seed)
    }

    /// The seed; where nobody has prepared one, as in `explain`, it is made of the dice.
    pub(super) fn of(env: &Env<'_>) -> Self {
        let [seed @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = env.dice;
        Self::prepare(env.shared, || seed)
    }

    pub(super) fn hasher(self) -> SipHasher13 {
        SipHasher13::new_with_key(&self.0)
    }
}
