//! What a worker has counted and not handed on yet, and whom it knows to be above the limit: room of a fixed size.
//!
//! Requests are handed on page by page: when a page's room here is full, when an origin has taken an eighth of what its limit
//! leaves it, and on the tick when they have waited. Whoever hands on learns what all workers have counted of the same
//! origins.

use super::news::{ITEMS, Item, News};
use super::page::PARTS;
use super::plan::{Plan, TRIES, write};
use super::room::Room;
use super::seed::Seed;
use crate::gateway::shared::{Shared, SharedStore};
use crate::gateway::throttle::LeaseKey;
use crate::gateway::{Env, Nanos};
use nohash_hasher::IntMap;
use std::rc::Rc;

/// Origins of a page that a worker knows to be above the limit: 16,384 in all, AWS limits 10,000.
const LIMITED: usize = 16;
/// Nanoseconds that a request waits at most before a tick hands it on.
const LAG: u64 = 2_000_000_000;
/// Pages of a rule that are handed on in one tick: a millisecond. Four ticks reach all.
const MOST_AT_ONCE: u32 = 256;

/// What a worker counts, by limit.
#[derive(Debug, Default)]
pub struct Tallies {
    seed: Option<Seed>,
    tallies: IntMap<LeaseKey, Tally>,
}

/// What a worker counts of one limit.
#[derive(Debug)]
struct Tally {
    plan: Rc<Plan>,
    rooms: Vec<Room>,
    /// Made for the first that is above the limit.
    limited: Vec<[Limited; LIMITED]>,
    /// Who was found to be above the limit and is not told of yet; and how much news this worker has heard.
    news: Vec<Item>,
    heard: u32,
    /// The page that the next tick begins with.
    next: u32,
    /// When it was last asked.
    used: Nanos,
}

/// An origin that is above the limit.
#[derive(Debug, Clone, Copy, Default)]
struct Limited {
    /// None is 0.
    origin: u64,
    /// The sub-window in which it is no longer.
    until: u32,
}

// === impl Tallies ===

impl Tallies {
    /// The seed of origins, which this worker asks for once.
    pub(super) fn seed(&mut self, env: &Env<'_>) -> Seed {
        *self.seed.get_or_insert_with(|| Seed::of(env))
    }

    /// Counts a request, and tells whether its origin is above the limit.
    pub fn count(&mut self, plan: &Rc<Plan>, origin: u64, now: Nanos, store: &dyn SharedStore) -> bool {
        let tally = self.tallies.entry(plan.id).or_insert_with(|| Tally::new(Rc::clone(plan)));
        tally.used = now;
        tally.count(origin.max(1), now, store)
    }

    /// Hands on what has waited. Limits that nobody asked about for a whole window are forgotten.
    pub fn flush(&mut self, now: Nanos, store: &dyn SharedStore) {
        for tally in self.tallies.values_mut() {
            tally.flush(now, store);
        }
        self.tallies.retain(|_, tally| tally.is_needed(now));
    }

    /// Bytes that it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        self.tallies.values().map(Tally::size).sum()
    }
}

// === impl Tally ===

impl Tally {
    fn new(plan: Rc<Plan>) -> Self {
        let rooms = vec![Room::default(); plan.pages as usize];
        Self { plan, rooms, limited: Vec::new(), news: Vec::new(), heard: 0, next: 0, used: Nanos(0) }
    }

    fn size(&self) -> usize {
        size_of_val(self.rooms.as_slice()) + size_of_val(self.limited.as_slice())
    }

    fn is_needed(&self, now: Nanos) -> bool {
        let idle = now.0.saturating_sub(self.used.0);
        idle <= self.plan.part.saturating_mul(u64::from(PARTS))
            || self.rooms.iter().any(|room| room.since.is_some())
    }

    fn count(&mut self, origin: u64, now: Nanos, store: &dyn SharedStore) -> bool {
        let (page, part) = (self.plan.page_of(origin), self.plan.part_of(now));
        self.turn(page, now, store);
        let until = self.limited_until(page, origin);
        let is_limited = until.is_some_and(|until| until > part);
        // One who was above the limit is looked up before he is let through again.
        let is_unsure = until.is_some() && !is_limited;
        let waits_too_long = self.wait(page, origin, is_limited, now, store);
        if !is_unsure && !waits_too_long {
            return is_limited;
        }
        self.hand_on(page, now, store);
        self.limited_until(page, origin).is_some_and(|until| until > part)
    }

    /// Begins a new sub-window in a page's room: what waits of the last one is handed on as of that.
    fn turn(&mut self, page: u32, now: Nanos, store: &dyn SharedStore) {
        let part = self.plan.part_of(now);
        let Some(room) = self.rooms.get(page as usize) else { return };
        if room.part == part {
            return;
        }
        if room.since.is_some() {
            self.hand_on(page, now, store);
        }
        if let Some(room) = self.rooms.get_mut(page as usize) {
            room.begin(part);
        }
    }

    /// Lets a request wait; tells whether it has company enough to be handed on.
    fn wait(
        &mut self,
        page: u32,
        origin: u64,
        is_limited: bool,
        now: Nanos,
        store: &dyn SharedStore,
    ) -> bool {
        if self.rooms.get(page as usize).is_some_and(|room| room.is_full_for(origin)) {
            self.hand_on(page, now, store);
        }
        let most = if is_limited { u32::MAX } else { self.plan.most_waiting(0).max(2) };
        let Some(room) = self.rooms.get_mut(page as usize) else { return false };
        // If the page could not be written, there is no room, and the request is not counted.
        let Some(waiting) = room.place(origin, most) else { return false };
        waiting.count = waiting.count.saturating_add(1);
        let is_many = waiting.count >= waiting.most;
        let since = *room.since.get_or_insert(now);
        // Ticks do not come where there is no root, and not in time where too much is to be handed on.
        is_many || now.0.saturating_sub(since.0) > 2 * LAG
    }

    /// Adds what waits of a page to what all have counted, and learns who is above the limit.
    fn hand_on(&mut self, page: u32, now: Nanos, store: &dyn SharedStore) {
        let Some(room) = self.rooms.get(page as usize).copied() else { return };
        let Some(standings) = self.plan.add(page, &room, now, store) else { return };
        for (waiting, standing) in room.waiting.iter().zip(standings) {
            if waiting.count > 0 && standing.total > self.plan.limit {
                let item = Item { origin: waiting.origin, until: standing.fits_in };
                if self.limit(item) && self.news.len() < ITEMS {
                    self.news.push(item);
                }
            } else if waiting.count > 0 && !self.limited.is_empty() {
                self.release(page, waiting.origin);
            }
        }
        if let Some(room) = self.rooms.get_mut(page as usize) {
            room.settle(&standings, &self.plan);
        }
    }

    fn limited_until(&self, page: u32, origin: u64) -> Option<u32> {
        let limited = self.limited.get(page as usize)?;
        limited.iter().find(|limited| limited.origin == origin).map(|limited| limited.until)
    }

    /// An origin is above the limit: in the place of the one who is so for the shortest time. Tells whether that is new.
    fn limit(&mut self, Item { origin, until }: Item) -> bool {
        if self.limited.is_empty() {
            self.limited = vec![[Limited::default(); LIMITED]; self.plan.pages as usize];
        }
        let Some(limited) = self.limited.get_mut(self.plan.page_of(origin) as usize) else { return false };
        let place = match limited.iter().position(|limited| limited.origin == origin) {
            Some(at) => limited.get_mut(at),
            None => limited.iter_mut().min_by_key(|limited| limited.until),
        };
        let Some(place) = place else { return false };
        let is_new = place.origin != origin || place.until < until;
        if is_new {
            *place = Limited { origin, until };
        }
        is_new
    }

    fn release(&mut self, page: u32, origin: u64) {
        let Some(limited) = self.limited.get_mut(page as usize) else { return };
        for limited in limited.iter_mut().filter(|limited| limited.origin == origin) {
            *limited = Limited::default();
        }
    }

    fn flush(&mut self, now: Nanos, store: &dyn SharedStore) {
        self.hand_on_what_waited(now, store);
        self.share_news(now, store);
    }

    /// Hears who was found to be above the limit, and tells of those whom this worker has found.
    fn share_news(&mut self, now: Nanos, store: &dyn SharedStore) {
        let (name, part) = (self.plan.news_name(), self.plan.part_of(now));
        for _ in 0..TRIES {
            let (kept, seen) = match store.get(&name) {
                Some(Shared { value, version }) => (Some(value), Some(version)),
                None => (None, None),
            };
            let mut news = News::read(kept);
            for item in news.since(self.heard).filter(|item| item.until > part) {
                self.limit(item);
            }
            self.heard = news.count();
            if self.news.is_empty() {
                return;
            }
            for item in &self.news {
                news.add(*item);
            }
            if write(&name, news.as_bytes(), seen, store).is_ok() {
                self.heard = news.count();
                self.news = Vec::new();
                return;
            }
        }
    }

    fn hand_on_what_waited(&mut self, now: Nanos, store: &dyn SharedStore) {
        let mut handed_on = 0;
        for _ in 0..self.plan.pages {
            if handed_on >= MOST_AT_ONCE {
                return;
            }
            let page = self.next;
            self.next = (page + 1) % self.plan.pages;
            let since = self.rooms.get(page as usize).and_then(|room| room.since);
            if since.is_some_and(|since| now.0.saturating_sub(since.0) >= LAG) {
                self.hand_on(page, now, store);
                handed_on += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;
