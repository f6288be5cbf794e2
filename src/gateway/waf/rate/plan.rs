//! Where requests of a limit are counted, and by which numbers.

use super::page::{PARTS, Page, SLOTS, Standing};
use super::room::{Room, WAITING};
use crate::gateway::Nanos;
use crate::gateway::shared::{Conflict, Shared, SharedStore};
use crate::gateway::throttle::LeaseKey;

/// Pages of a rule, if it tells origins apart: up to 4 MiB in shared data, made when they are first needed.
pub const PAGES: u32 = 1024;
/// The part of what is left of a limit that a worker counts before it hands on.
const SHARE: u64 = 8;
/// The smallest part of a limit that is worth handing on.
const LEAST: u64 = 1024;
/// Tries to write a page that others write at the same time; then it waits on.
pub(super) const TRIES: usize = 8;

/// A limit, as those who count need it.
#[derive(Debug)]
pub struct Plan {
    /// Tells it from every other in a worker's memory.
    pub(super) id: LeaseKey,
    /// Its name in shared data.
    name: String,
    pub(super) limit: u64,
    /// Nanoseconds of a sub-window.
    pub(super) part: u64,
    pub(super) pages: u32,
    /// Slots of a page.
    slots: usize,
}

/// What tells an origin from others of its page: the low bits. No origin has 0.
pub(super) fn fingerprint(origin: u64) -> [u8; 5] {
    let [fingerprint @ .., _, _, _] = origin.to_le_bytes();
    if fingerprint == [0; 5] { [1, 0, 0, 0, 0] } else { fingerprint }
}

/// Writes a value as it was read, or where there was none.
pub(super) fn write(
    name: &str,
    value: &[u8],
    seen: Option<u32>,
    store: &dyn SharedStore,
) -> Result<(), Conflict> {
    match seen {
        None => store.create(name, value),
        Some(_) => store.set(name, value, seen),
    }
}

// === impl Plan ===

impl Plan {
    /// The plan of a limit of requests within a window of seconds.
    #[must_use]
    pub fn new(id: LeaseKey, name: String, limit: u64, window: u64, is_constant: bool) -> Self {
        let part = window.saturating_mul(1_000_000_000 / u64::from(PARTS)).max(1);
        let (pages, slots) = if is_constant { (1, 1) } else { (PAGES, SLOTS) };
        Self { id, name, limit, part, pages, slots }
    }

    /// The sub-window of a time.
    pub(super) fn part_of(&self, now: Nanos) -> u32 {
        u32::try_from(now.0 / self.part).unwrap_or(u32::MAX)
    }

    /// The page of an origin: the high bits.
    pub(super) fn page_of(&self, origin: u64) -> u32 {
        (u128::from(origin) * u128::from(self.pages) >> 64) as u32
    }

    /// How many requests of an origin may wait, of which so many are counted.
    pub(super) fn most_waiting(&self, counted: u64) -> u32 {
        let left = (self.limit + 1).saturating_sub(counted).div_ceil(SHARE);
        u32::try_from(left.max(self.limit / LEAST).max(1)).unwrap_or(u32::MAX)
    }

    /// The name of the news: they are not those of another limit.
    pub(super) fn news_name(&self) -> String {
        format!("{}/above/{}", self.name, self.limit)
    }

    /// Adds what waits to a page in shared data; none if others wrote at the same time again and again.
    pub(super) fn add(
        &self,
        page: u32,
        room: &Room,
        now: Nanos,
        store: &dyn SharedStore,
    ) -> Option<[Standing; WAITING]> {
        let name = format!("{}/{page}", self.name);
        let part = self.part_of(now);
        for _ in 0..TRIES {
            let kept = store.get(&name);
            let seen = kept.as_ref().map(|shared| shared.version);
            let read = |Shared { value, .. }| Page::read(value, self.slots);
            // What is no page is overwritten: there is nothing to be learned from it.
            let mut counts = kept.and_then(read).unwrap_or_else(|| Page::empty(self.slots, part));
            counts.advance(part);
            let mut standings = [Standing::default(); WAITING];
            for (standing, waiting) in standings.iter_mut().zip(&room.waiting) {
                if waiting.count > 0 {
                    *standing = counts.add(fingerprint(waiting.origin), room.part, waiting.count, self.limit);
                }
            }
            if write(&name, counts.as_bytes(), seen, store).is_ok() {
                return Some(standings);
            }
        }
        None
    }
}
