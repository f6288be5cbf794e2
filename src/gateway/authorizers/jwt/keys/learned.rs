//! What a worker knows of a key source: its copy of what all know, and the question that it has on its way.

use super::Stage;
use super::ledger::{Edition, FRESH, LEASE, Ledger, Names, STALE};
use super::question::{Read, key_set};
use crate::gateway::authorizers::jwt::jwks::KeySet;
use crate::gateway::authorizers::jwt::refusal::Refusal;
use crate::gateway::clusters::Endpoint;
use crate::gateway::{Env, Millis};
use std::rc::Rc;

/// How often a change of the ledger is tried while others change it too.
const TRIES: usize = 8;

/// What a worker knows of a key source.
#[derive(Debug, Default)]
pub struct Learned {
    held: Option<Held>,
    /// The ledger as it was seen last; where the host has no shared data, the worker's own.
    pub(super) ledger: Ledger,
    /// The question on its way.
    pub(super) flying: Option<Flying>,
    /// Answers that were taken in.
    pub(super) heard: u64,
    /// What the last whole answer was.
    pub(super) said: Said,
}

/// Keys that a worker holds.
#[derive(Debug)]
pub struct Held {
    /// The keys.
    pub set: Rc<KeySet>,
    /// The digest of the key set as it came.
    pub digest: [u8; 32],
    at: Millis,
}

/// A question on its way.
#[derive(Debug)]
pub(super) struct Flying {
    pub(super) stage: Stage,
    pub(super) at: Endpoint,
    pub(super) begun: Millis,
}

/// How a question ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Said {
    #[default]
    Nothing,
    Keys,
    Failed(Refusal),
}

// === impl Learned ===

impl Learned {
    /// The keys, if they need not be asked for.
    pub(super) fn fresh(&self, now: Millis) -> Option<Rc<KeySet>> {
        self.younger(FRESH, now)
    }

    /// The keys, if they may serve.
    pub(super) fn usable(&self, now: Millis) -> Option<Rc<KeySet>> {
        self.younger(STALE, now)
    }

    fn younger(&self, age: u64, now: Millis) -> Option<Rc<KeySet>> {
        let held = self.held.as_ref()?;
        (now.0.saturating_sub(held.at.0) < age).then(|| Rc::clone(&held.set))
    }

    /// The keys that are held, whatever their age.
    pub(super) fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// The question on its way. One that should long be answered is lost.
    pub(super) fn flying(&self, now: Millis) -> Option<&Flying> {
        let in_time = |flying: &&Flying| now.0.checked_sub(flying.begun.0).is_some_and(|age| age < LEASE);
        self.flying.as_ref().filter(in_time)
    }

    /// Looks at what all know: the small ledger, and the keys if they are others.
    pub(super) fn catch_up(&mut self, names: &Names, env: &Env<'_>) {
        if let Some(ledger) = env.shared.get(&names.ledger).and_then(|seen| Ledger::decode(&seen.value)) {
            self.ledger = ledger;
        }
        let now = env.wall;
        if self.ledger.is_ahead(now) {
            self.update(names, env, |ledger| ledger.redate(now));
        }
        let Some(Edition { at, digest }) = self.ledger.edition else { return };
        if let Some(held) = self.held.as_mut().filter(|held| held.digest == digest) {
            held.at = at;
            return;
        }
        if now.0.saturating_sub(at.0) >= STALE {
            return;
        }
        let Some(shared) = env.shared.get(&names.set) else { return };
        let Some((set, found)) = key_set(&shared.value, self.held()) else { return };
        self.held = Some(Held { set, digest: found, at });
        if found != digest {
            // Two VMs wrote at the same time, each one of the two values. The keys count.
            self.update(names, env, |ledger| {
                if let Some(edition) = ledger.edition.as_mut().filter(|edition| edition.digest == digest) {
                    edition.digest = found;
                }
            });
        }
    }

    /// Takes in an answer, and tells all.
    pub(super) fn take_in(&mut self, read: Read<'_>, names: &Names, env: &Env<'_>) {
        self.heard += 1;
        let begun = self.flying.take().map_or(env.wall, |flying| flying.begun);
        let (now, dice) = (env.wall, env.dice);
        match read {
            Read::At(at) => self.flying = Some(Flying { stage: Stage::Keys, at, begun }),
            Read::Keys(set, digest, body) => {
                self.said = Said::Keys;
                self.held = Some(Held { set, digest, at: now });
                let there = self.ledger.edition.is_some_and(|edition| edition.digest == digest)
                    || env.shared.set(&names.set, body, None).is_ok();
                let edition = there.then_some(Edition { at: now, digest });
                self.update(names, env, |ledger| ledger.succeed(edition, now, dice));
            }
            Read::Nothing(refusal) => {
                self.said = Said::Failed(refusal);
                self.update(names, env, |ledger| ledger.fail(refusal, now, dice));
            }
        }
    }

    /// Takes the lease, if nobody else does at the same time.
    pub(super) fn elect(&mut self, names: &Names, env: &Env<'_>) -> bool {
        self.attempt(names, env, |ledger| ledger.take_lease(env.wall)).unwrap_or_default()
    }

    /// Changes the ledger. If others change it all the time, the change is kept here: what they write is younger.
    pub(super) fn update<T>(
        &mut self,
        names: &Names,
        env: &Env<'_>,
        mut change: impl FnMut(&mut Ledger) -> T,
    ) -> T {
        for _ in 0..TRIES {
            if let Some(result) = self.attempt(names, env, &mut change) {
                return result;
            }
        }
        change(&mut self.ledger)
    }

    fn attempt<T>(
        &mut self,
        names: &Names,
        env: &Env<'_>,
        mut change: impl FnMut(&mut Ledger) -> T,
    ) -> Option<T> {
        let seen = env.shared.get(&names.ledger);
        let old = seen.as_ref().and_then(|seen| Ledger::decode(&seen.value));
        let mut new = old.unwrap_or(self.ledger);
        let result = change(&mut new);
        if old != Some(new) {
            env.shared.set(&names.ledger, &new.encode(), seen.map(|seen| seen.version)).ok()?;
        }
        self.ledger = new;
        Some(result)
    }
}
