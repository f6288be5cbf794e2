//! Quotas: so many requests of a key in a day, a week or a month of UTC.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>
//!
//! A count is kept with the window that it belongs to. Where the clock has gone back to an earlier window, the count goes on:
//! a clock that jumps opens no second quota, and locks nobody out for longer than the present window.

mod window;

pub use window::Window;

use super::Millis;
use super::shared::{LAYOUT, SharedStore, unambiguous};
use super::throttle::digest;
use sha2::{Digest, Sha256};

/// Tries to write a count that others write at the same time; then the request is refused.
const TRIES: usize = 16;

/// A quota: each key has a count of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// Where counts are kept: from configuration only, as all names in shared data.
    name: String,
    /// Tells it from every other quota, in a worker's memory.
    pub digest: u128,
    limit: u64,
    window: Window,
    /// Whether it only counts what it would refuse.
    pub shadow: bool,
}

/// A count, and the window it belongs to: what is kept in 16 bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// The window's first day, in days since 1970.
    window: u64,
    used: u64,
}

/// A quota refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exhausted {
    /// It is used up.
    UsedUp,
    /// Too many others wrote at the same time, or what is kept is no count.
    Contended,
}

// === impl Quota ===

impl Quota {
    /// A quota of the plan of this name.
    #[must_use]
    pub fn new(plan: &str, limit: u64, window: Window, shadow: bool) -> Self {
        let name = format!("{LAYOUT}/quota/{}", unambiguous(&[plan]));
        let digest = digest(Sha256::digest(&name).into());
        Self { name, digest, limit, window, shadow }
    }

    /// Requests of a key in a window.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// How it divides time.
    #[must_use]
    pub fn window(&self) -> Window {
        self.window
    }

    /// Whether a key has a request left: only reads.
    ///
    /// # Errors
    /// If it has none.
    pub fn check(&self, key: &str, now: Millis, store: &dyn SharedStore) -> Result<(), Exhausted> {
        let window = self.window.first_day(now);
        let (_, count) = self.read(key, window, store)?;
        if count.in_window(window).used >= self.limit { Err(Exhausted::UsedUp) } else { Ok(()) }
    }

    /// Counts a request; gives how many are left.
    ///
    /// # Errors
    /// If the quota is used up, or the count cannot be written.
    pub fn take(&self, key: &str, now: Millis, store: &dyn SharedStore) -> Result<u64, Exhausted> {
        let window = self.window.first_day(now);
        let counted = self.change(key, window, store, |count| {
            let count = count.in_window(window);
            if count.used >= self.limit {
                return Err(Exhausted::UsedUp);
            }
            Ok(Count { used: count.used + 1, ..count })
        });
        counted.map(|count| self.limit.saturating_sub(count.used))
    }

    /// Takes a request off again, because something else refused it. It was counted at `then`: in another window there is
    /// nothing to take off.
    pub fn put_back(&self, key: &str, then: Millis, store: &dyn SharedStore) {
        let window = self.window.first_day(then);
        // One that cannot be taken off stays counted: a quota may cost requests, it never gives any.
        let _ = self.change(key, window, store, |count| {
            if count.window != window {
                return Err(Exhausted::UsedUp);
            }
            Ok(Count { used: count.used.saturating_sub(1), ..count })
        });
    }

    /// Requests of a key that were counted in the present window, and those that are left.
    #[must_use]
    pub fn usage(&self, key: &str, now: Millis, store: &dyn SharedStore) -> (u64, u64) {
        // What cannot be read refuses, so nothing is left of it.
        let window = self.window.first_day(now);
        let count = self.read(key, window, store);
        let used = count.map_or(self.limit, |(_, count)| count.in_window(window).used);
        (used, self.limit.saturating_sub(used))
    }

    /// The count of a key as it is kept: the first day of its window, and the requests. None if it cannot be read.
    #[must_use]
    pub fn count(&self, key: &str, store: &dyn SharedStore) -> Option<(u64, u64)> {
        let count = Count::from_bytes(&store.get(&self.count_name(key))?.value)?;
        Some((count.window, count.used))
    }

    /// What a count that was [told](Quota::count) means now: requests in the present window, and those that are left.
    #[must_use]
    pub fn usage_of(&self, (window, used): (u64, u64), now: Millis) -> (u64, u64) {
        let used = Count { window, used }.in_window(self.window.first_day(now)).used;
        (used, self.limit.saturating_sub(used))
    }

    /// The count as it is kept, and its version; a new one where there is none.
    fn read(
        &self,
        key: &str,
        window: u64,
        store: &dyn SharedStore,
    ) -> Result<(Option<u32>, Count), Exhausted> {
        match store.get(&self.count_name(key)) {
            None => Ok((None, Count { window, used: 0 })),
            Some(shared) => {
                let count = Count::from_bytes(&shared.value).ok_or(Exhausted::Contended)?;
                Ok((Some(shared.version), count))
            }
        }
    }

    fn change(
        &self,
        key: &str,
        window: u64,
        store: &dyn SharedStore,
        change: impl Fn(Count) -> Result<Count, Exhausted>,
    ) -> Result<Count, Exhausted> {
        let name = self.count_name(key);
        for _ in 0..TRIES {
            let (seen, count) = self.read(key, window, store)?;
            let changed = change(count)?;
            let bytes = changed.to_bytes();
            let written = match seen {
                None => store.create(&name, &bytes),
                Some(version) => store.set(&name, &bytes, Some(version)),
            };
            if written.is_ok() {
                return Ok(changed);
            }
        }
        Err(Exhausted::Contended)
    }

    fn count_name(&self, key: &str) -> String {
        // Last, so nothing that follows could be taken for a part of it.
        format!("{}//{key}", self.name)
    }
}

// === impl Count ===

impl Count {
    /// The count as a window sees it: a later window begins anew, an earlier one goes on.
    fn in_window(self, window: u64) -> Self {
        if window > self.window { Self { window, used: 0 } } else { Self { window, used: self.used } }
    }

    /// As it is kept.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let (window, used) = bytes.split_at_mut(8);
        window.copy_from_slice(&self.window.to_le_bytes());
        used.copy_from_slice(&self.used.to_le_bytes());
        bytes
    }

    /// As it was kept; none if these are not 16 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (window, used) = bytes.split_first_chunk::<8>()?;
        let used: [u8; 8] = used.try_into().ok()?;
        Some(Self { window: u64::from_le_bytes(*window), used: u64::from_le_bytes(used) })
    }
}

#[cfg(test)]
mod tests {
    use super::{Exhausted, Quota, Window};
    use crate::gateway::Millis;
    use crate::gateway::config::QuotaPeriod::Day;
    use crate::gateway::shared::{Memory, SharedStore};
    use time::UtcDateTime;
    use time::macros::utc_datetime;

    fn at(moment: UtcDateTime) -> Millis {
        Millis(u64::try_from(moment.unix_timestamp()).unwrap() * 1000)
    }

    fn daily(limit: u64) -> Quota {
        Quota::new("x", limit, Window::new(Day, 0).unwrap(), false)
    }

    #[test]
    fn a_quota_admits_its_limit_to_each_key_in_each_window() {
        let store = Memory::default();
        let quota = daily(3);
        let today = at(utc_datetime!(2026-11-22 23:00:00));
        let admitted = (0..10).filter(|_| quota.take("k", today, &store).is_ok()).count();
        assert_eq!((admitted, quota.usage("k", today, &store)), (3, (3, 0)));
        assert_eq!(quota.check("k", today, &store), Err(Exhausted::UsedUp));
        assert_eq!(
            (quota.check("other", today, &store), quota.usage("other", today, &store)),
            (Ok(()), (0, 3))
        );
        let tomorrow = at(utc_datetime!(2026-11-23 00:00:00));
        assert_eq!(quota.usage("k", tomorrow, &store), (0, 3));
        assert_eq!(quota.take("k", tomorrow, &store), Ok(2));
        quota.put_back("k", tomorrow, &store);
        assert_eq!(quota.usage("k", tomorrow, &store), (0, 3));
        assert_eq!(quota.take("k", tomorrow, &store), Ok(2));
        quota.put_back("k", today, &store);
        assert_eq!(
            quota.usage("k", tomorrow, &store),
            (1, 2),
            "what was counted yesterday is not taken off today"
        );
    }

    #[test]
    fn a_new_limit_counts_what_was_counted() {
        let store = Memory::default();
        let now = at(utc_datetime!(2026-11-22 23:00:00));
        assert_eq!(daily(1).take("k", now, &store), Ok(0));
        assert_eq!(daily(1).take("k", now, &store), Err(Exhausted::UsedUp));
        assert_eq!(daily(3).usage("k", now, &store), (1, 2));
    }

    #[test]
    fn a_clock_that_jumps_back_goes_on_counting_and_locks_nobody_out() {
        let store = Memory::default();
        let quota = daily(2);
        let (now, future) = (at(utc_datetime!(2026-11-22 12:00:00)), at(utc_datetime!(2099-01-01 00:00:00)));
        assert_eq!(quota.take("k", now, &store), Ok(1));
        assert_eq!(quota.take("k", future, &store), Ok(1));
        assert_eq!(quota.take("k", now, &store), Ok(0));
        assert_eq!(quota.take("k", now, &store), Err(Exhausted::UsedUp));
        assert_eq!(quota.take("k", at(utc_datetime!(2026-11-23 12:00:00)), &store), Ok(1));
    }

    #[test]
    fn a_count_that_cannot_be_read_refuses() {
        let store = Memory::default();
        let quota = daily(2);
        store.set(&quota.count_name("k"), b"odd", None).unwrap();
        assert_eq!(quota.take("k", Millis(0), &store), Err(Exhausted::Contended));
        assert_eq!(quota.usage("k", Millis(0), &store), (2, 0));
    }
}
