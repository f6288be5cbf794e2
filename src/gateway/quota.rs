//! Quotas: so many requests of a key in a day, a week or a month of UTC.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>
//!
//! A count is kept with the window that it belongs to. Where the clock has gone back to an earlier window, the count goes on:
//! a clock that jumps opens no second quota, and locks nobody out for longer than the present window.
//!
//! `admission` does not ask it yet: a document that has quotas is refused.

use super::Millis;
use super::config::QuotaPeriod;
use super::shared::{LAYOUT, SharedStore};
use time::{Date, Duration, OffsetDateTime};

/// Tries to write a count that others write at the same time; then the request is refused.
const TRIES: usize = 16;

/// A quota of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// Where its count is kept.
    key: String,
    limit: u64,
    period: QuotaPeriod,
    /// Days that the window begins late.
    offset: u16,
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
    /// Too many others wrote at the same time, or the count was never made.
    Contended,
}

// === impl Quota ===

impl Quota {
    /// A quota whose count is kept under a name that comes from configuration only.
    ///
    /// # Errors
    /// If the offset is not one of the period's.
    pub fn new(name: &str, limit: u64, period: QuotaPeriod, offset: u32) -> Result<Self, String> {
        let most = match period {
            QuotaPeriod::Day => 0,
            QuotaPeriod::Week => 6,
            QuotaPeriod::Month => 27,
        };
        let offset = u16::try_from(offset).ok().filter(|offset| *offset <= most);
        let offset = offset.ok_or_else(|| format!("the offset is from 0 to {most} days in this period"))?;
        Ok(Self { key: format!("{LAYOUT}/quota/{name}"), limit, period, offset })
    }

    /// Makes the count where there is none yet: only the configuring VM may.
    pub fn prepare(&self, now: Millis, store: &dyn SharedStore) {
        if store.get(&self.key).is_none() {
            let count = Count { window: self.window(now), used: 0 };
            // A count that cannot be made refuses: see `take`.
            let _ = store.set(&self.key, &count.to_bytes(), None);
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// If the quota is used up, or the count cannot be written.
    pub fn take(&self, now: Millis, store: &dyn SharedStore) -> Result<(), Exhausted> {
        let window = self.window(now);
        for _ in 0..TRIES {
            let shared = store.get(&self.key).ok_or(Exhausted::Contended)?;
            let count = Count::from_bytes(&shared.value).ok_or(Exhausted::Contended)?.in_window(window);
            if count.used >= self.limit {
                return Err(Exhausted::UsedUp);
            }
            let count = Count { used: count.used + 1, ..count };
            if store.set(&self.key, &count.to_bytes(), Some(shared.version)).is_ok() {
                return Ok(());
            }
        }
        Err(Exhausted::Contended)
    }

    /// Takes a request off again, because something else refused it.
    pub fn put_back(&self, now: Millis, store: &dyn SharedStore) {
        let window = self.window(now);
        for _ in 0..TRIES {
            let Some(shared) = store.get(&self.key) else { return };
            let Some(count) = Count::from_bytes(&shared.value) else { return };
            if count.window != window {
                return;
            }
            let count = Count { used: count.used.saturating_sub(1), ..count };
            if store.set(&self.key, &count.to_bytes(), Some(shared.version)).is_ok() {
                return;
            }
        }
    }

    /// Requests that were counted in the present window, and those that are left.
    #[must_use]
    pub fn usage(&self, now: Millis, store: &dyn SharedStore) -> (u64, u64) {
        let count = store.get(&self.key).and_then(|shared| Count::from_bytes(&shared.value));
        let used = count.map_or(0, |count| count.in_window(self.window(now)).used);
        (used, self.limit.saturating_sub(used))
    }

    /// The first day of the window that a moment is in, in days since 1970.
    fn window(&self, now: Millis) -> u64 {
        let day = now.0 / 86_400_000;
        let offset = u64::from(self.offset);
        match self.period {
            QuotaPeriod::Day => day,
            // 1970-01-01 was a Thursday: the week before it began on a Sunday, four days earlier.
            QuotaPeriod::Week => {
                let since_sunday = day + 4;
                (since_sunday.saturating_sub(offset) / 7 * 7 + offset).saturating_sub(4)
            }
            QuotaPeriod::Month => first_of_month(day.saturating_sub(offset)) + offset,
        }
    }
}

/// The first day of the month that a day is in.
fn first_of_month(day: u64) -> u64 {
    let days = i64::try_from(day).unwrap_or_default();
    let date = OffsetDateTime::UNIX_EPOCH.date().checked_add(Duration::days(days)).unwrap_or(Date::MAX);
    day.saturating_sub(u64::from(date.day()) - 1)
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
    use super::{Exhausted, Quota};
    use crate::gateway::Millis;
    use crate::gateway::config::QuotaPeriod::{self, Day, Month, Week};
    use crate::gateway::shared::{Memory, SharedStore};
    use time::UtcDateTime;
    use time::macros::{datetime, utc_datetime};

    fn at(moment: UtcDateTime) -> Millis {
        Millis(u64::try_from(moment.unix_timestamp()).unwrap() * 1000)
    }

    /// The first day of the window of a moment, as a date.
    fn window(period: QuotaPeriod, offset: u32, moment: UtcDateTime) -> String {
        let day = Quota::new("x", 1, period, offset).unwrap().window(at(moment));
        let first = datetime!(1970-01-01 0:00 UTC) + time::Duration::days(i64::try_from(day).unwrap());
        first.date().to_string()
    }

    #[test]
    fn windows_are_days_weeks_from_sunday_and_months_of_utc() {
        assert_eq!(window(Day, 0, utc_datetime!(2026-11-22 23:59:59)), "2026-11-22");
        assert_eq!(window(Week, 0, utc_datetime!(2026-11-22 00:00:00)), "2026-11-22", "a Sunday");
        assert_eq!(window(Week, 0, utc_datetime!(2026-11-21 23:59:59)), "2026-11-15");
        assert_eq!(window(Week, 1, utc_datetime!(2026-11-22 12:00:00)), "2026-11-16", "from Monday");
        assert_eq!(window(Week, 1, utc_datetime!(2026-11-23 00:00:00)), "2026-11-23");
        assert_eq!(window(Month, 0, utc_datetime!(2028-02-29 12:00:00)), "2028-02-01");
        assert_eq!(window(Month, 27, utc_datetime!(2026-03-27 12:00:00)), "2026-02-28");
        assert_eq!(window(Month, 27, utc_datetime!(2026-03-28 00:00:00)), "2026-03-28");
    }

    #[test]
    fn offsets_are_days_of_the_period() {
        for (period, most) in [(Day, 0), (Week, 6), (Month, 27)] {
            assert!(Quota::new("x", 1, period, most).is_ok());
            assert!(Quota::new("x", 1, period, most + 1).is_err());
        }
    }

    #[test]
    fn a_quota_admits_its_limit_in_each_window() {
        let store = Memory::default();
        let quota = Quota::new("x", 3, Day, 0).unwrap();
        let today = at(utc_datetime!(2026-11-22 23:00:00));
        quota.prepare(today, &store);
        let admitted = (0..10).filter(|_| quota.take(today, &store).is_ok()).count();
        assert_eq!((admitted, quota.usage(today, &store)), (3, (3, 0)));
        quota.prepare(today, &store);
        assert_eq!(quota.take(today, &store), Err(Exhausted::UsedUp), "made again, it counts on");
        let tomorrow = at(utc_datetime!(2026-11-23 00:00:00));
        assert_eq!(quota.usage(tomorrow, &store), (0, 3));
        assert_eq!(quota.take(tomorrow, &store), Ok(()));
        quota.put_back(tomorrow, &store);
        assert_eq!(quota.usage(tomorrow, &store), (0, 3));
    }

    #[test]
    fn a_clock_that_jumps_back_goes_on_counting_and_locks_nobody_out() {
        let store = Memory::default();
        let quota = Quota::new("x", 2, Day, 0).unwrap();
        let (now, future) = (at(utc_datetime!(2026-11-22 12:00:00)), at(utc_datetime!(2099-01-01 00:00:00)));
        quota.prepare(now, &store);
        assert_eq!(quota.take(future, &store), Ok(()));
        assert_eq!(quota.take(now, &store), Ok(()));
        assert_eq!(quota.take(now, &store), Err(Exhausted::UsedUp));
        assert_eq!(quota.take(at(utc_datetime!(2026-11-23 12:00:00)), &store), Ok(()));
    }

    #[test]
    fn a_count_that_was_never_made_or_cannot_be_read_refuses() {
        let store = Memory::default();
        let quota = Quota::new("x", 2, Day, 0).unwrap();
        assert_eq!(quota.take(Millis(0), &store), Err(Exhausted::Contended));
        store.set(&quota.key, b"odd", None).unwrap();
        assert_eq!(quota.take(Millis(0), &store), Err(Exhausted::Contended));
    }
}
