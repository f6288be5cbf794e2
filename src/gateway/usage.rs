//! How often keys were used: what AWS's `get-usage` tells, told to the host's statistics. The counts themselves are in shared
//! data, which nobody but the filter can read.
//!
//! Told are keys that were counted since the process began, by whichever worker counted them. Each time it reads what all have
//! counted, and it tells twice: a worker that has read, and is slower to tell than the last one that counts, is corrected by
//! that one's second telling. Names come from the document only, never a key's value.

use super::Env;
use super::Nanos;
use super::api_keys::KeyId;
use super::counts::Counter;
use super::shared::{LAYOUT, SharedStore, unambiguous};
use super::upkeep::TICK;
use super::usage_plans::{Member, UsagePlan};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

/// Keys that are told of, in all workers together. A series costs the host 24 µs once and some memory for ever; each key has
/// two.
pub const MOST_KEYS: u64 = 5_000;
/// Keys that a worker tells of in one tick: no more than some milliseconds, where all of them are new.
const MOST_AT_ONCE: usize = 100;
/// Keys that wait in a worker for being told of.
const MOST_WAITING: usize = 5_000;
/// How often a key is told of behind its last request.
const TELLINGS: u8 = 2;
/// Tries to write how many keys are told of, which other workers write at the same time.
const TRIES: usize = 8;

/// Before the names of all: `PREFIX`, the plan, a dot, the key.
pub const PREFIX: &str = "sekisho.usage.";
/// What may stand in a name as it is: a dot would begin the next part.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// What a worker has to tell.
#[derive(Debug, Default)]
pub struct Usage {
    keys: HashMap<u128, Counted>,
    /// In the order in which they are told of.
    order: VecDeque<u128>,
    /// When something was told last.
    last: Nanos,
}

/// A key that was counted.
#[derive(Debug)]
struct Counted {
    plan: Rc<UsagePlan>,
    key: KeyId,
    /// How often it is still to be told of.
    tellings: u8,
}

/// What is told of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Which key of which plan.
    pub name: String,
    /// Requests that were counted.
    pub used: u64,
    /// The first day of the window in which they were, in days since 1970.
    pub window: u64,
}

/// The name under which a key of a plan is told of. Characters other than letters, digits, `-` and `_` stand as `%2E`.
#[must_use]
pub fn name(plan: &str, key: &str) -> String {
    let escaped = |id| utf8_percent_encode(id, ESCAPED);
    format!("{PREFIX}{}.{}", escaped(plan), escaped(key))
}

/// What is due now. Called more often than the tick, by a second configuration in the same worker, it tells nothing.
pub fn due(env: &Env<'_>) -> Vec<Told> {
    let mut worker = env.worker.borrow_mut();
    if env.monotonic.0.saturating_sub(worker.usage.last.0) < u64::from(TICK / 2) * 1_000_000 {
        return Vec::new();
    }
    worker.usage.last = env.monotonic;
    let mut told = Vec::new();
    for _ in 0..worker.usage.order.len().min(MOST_AT_ONCE) {
        let Some((plan, key)) = worker.usage.next() else { break };
        let Some(quota) = &plan.quota else { continue };
        let Some((window, used)) = quota.count(&key, env.shared) else { continue };
        if is_told(&plan.id, &key, env.shared) {
            told.push(Told { name: name(&plan.id, &key), used, window });
        } else {
            worker.counts.add(Counter::UsageUntold);
        }
    }
    told
}

// === impl Usage ===

impl Usage {
    /// A request of a key was counted; whether it will be told.
    #[must_use]
    pub fn counted(&mut self, member: &Member, quota: u128) -> bool {
        let id = quota ^ member.key.holder().digest;
        if let Some(counted) = self.keys.get_mut(&id) {
            counted.tellings = TELLINGS;
            return true;
        }
        if self.keys.len() >= MOST_WAITING {
            return false;
        }
        let (plan, key) = (Rc::clone(&member.plan), member.key.id.clone());
        self.keys.insert(id, Counted { plan, key, tellings: TELLINGS });
        self.order.push_back(id);
        true
    }

    /// The key that waits longest. It waits again, if it is to be told of again.
    fn next(&mut self) -> Option<(Rc<UsagePlan>, KeyId)> {
        let id = self.order.pop_front()?;
        let counted = self.keys.get_mut(&id)?;
        let next = (Rc::clone(&counted.plan), counted.key.clone());
        counted.tellings = counted.tellings.saturating_sub(1);
        if counted.tellings == 0 {
            self.keys.remove(&id);
        } else {
            self.order.push_back(id);
        }
        Some(next)
    }
}

/// Whether a key is one of those that are told of, or becomes one now. All workers keep to one bound, and to the same keys.
fn is_told(plan: &str, key: &str, store: &dyn SharedStore) -> bool {
    let mark = format!("{LAYOUT}/told/{}", unambiguous(&[plan, key]));
    if store.get(&mark).is_some() {
        return true;
    }
    let all = format!("{LAYOUT}/told");
    for _ in 0..TRIES {
        let seen = store.get(&all);
        let count =
            seen.as_ref().map_or(Some(0), |seen| Some(u64::from_le_bytes(*seen.value.first_chunk()?)));
        let Some(count) = count.filter(|count| *count < MOST_KEYS) else { return false };
        let more = (count + 1).to_le_bytes();
        let written = match seen {
            None => store.create(&all, &more),
            Some(seen) => store.set(&all, &more, Some(seen.version)),
        };
        if written.is_ok() {
            // Where another worker has made the mark meanwhile, one place stays empty.
            let _ = store.create(&mark, b"1");
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
