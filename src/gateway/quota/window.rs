//! The calendar of quotas: days, weeks from Sunday and months of UTC, whichever day they begin late.

use crate::gateway::Millis;
use crate::gateway::config::QuotaPeriod;
use time::{Date, Duration, OffsetDateTime};

/// Milliseconds of a day.
const DAY: u64 = 86_400_000;

/// How a quota divides time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    period: QuotaPeriod,
    /// Days that the window begins late.
    offset: u16,
}

// === impl Window ===

impl Window {
    /// Windows of this period, which begin so many days late.
    ///
    /// # Errors
    /// If the offset is not one of the period's.
    pub fn new(period: QuotaPeriod, offset: u32) -> Result<Self, String> {
        let most = match period {
            QuotaPeriod::Day => 0,
            QuotaPeriod::Week => 6,
            QuotaPeriod::Month => 27,
        };
        let offset = u16::try_from(offset).ok().filter(|offset| *offset <= most);
        let offset = offset.ok_or_else(|| match period {
            QuotaPeriod::Day => "a day begins at 00:00 UTC: its offset is 0".to_owned(),
            QuotaPeriod::Week | QuotaPeriod::Month => {
                format!("the offset is from 0 to {most} days in this period")
            }
        })?;
        Ok(Self { period, offset })
    }

    /// The period.
    #[must_use]
    pub fn period(&self) -> QuotaPeriod {
        self.period
    }

    /// The first day of the window that a moment is in, in days since 1970.
    #[must_use]
    pub fn first_day(&self, now: Millis) -> u64 {
        let day = now.0 / DAY;
        let offset = u64::from(self.offset);
        match self.period {
            QuotaPeriod::Day => day,
            // 1970-01-01 was a Thursday: the week before it began on a Sunday, four days earlier.
            QuotaPeriod::Week => {
                let since_sunday = day + 4;
                (since_sunday.saturating_sub(offset) / 7 * 7 + offset).saturating_sub(4)
            }
            QuotaPeriod::Month => Self::first_of_month(day.saturating_sub(offset)) + offset,
        }
    }

    fn first_of_month(day: u64) -> u64 {
        day.saturating_sub(u64::from(date(day).day()) - 1)
    }

    /// Seconds of the window that a moment is in, and those of them that are left, rounded up.
    #[must_use]
    pub fn seconds(&self, now: Millis) -> (u64, u64) {
        let first = self.first_day(now);
        let days = match self.period {
            QuotaPeriod::Day => 1,
            QuotaPeriod::Week => 7,
            QuotaPeriod::Month => {
                let first = first.saturating_sub(u64::from(self.offset));
                // No month has more than 31 days, and none fewer than 28.
                Self::first_of_month(first + 31).saturating_sub(first)
            }
        };
        let left = (first + days).saturating_mul(DAY).saturating_sub(now.0).div_ceil(1000);
        (days * (DAY / 1000), left)
    }

    /// The same as people write it: `2026-11-22`.
    #[must_use]
    pub fn name(&self, now: Millis) -> String {
        let (year, month, day) = date(self.first_day(now)).to_calendar_date();
        format!("{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

/// A day since 1970, in the calendar.
fn date(day: u64) -> Date {
    let days = i64::try_from(day).unwrap_or_default();
    OffsetDateTime::UNIX_EPOCH.date().checked_add(Duration::days(days)).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::{DAY, Window};
    use crate::gateway::Millis;
    use crate::gateway::config::QuotaPeriod::{self, Day, Month, Week};
    use time::UtcDateTime;
    use time::macros::utc_datetime;

    fn window(period: QuotaPeriod, offset: u32, moment: UtcDateTime) -> String {
        let at = Millis(u64::try_from(moment.unix_timestamp()).unwrap() * 1000);
        Window::new(period, offset).unwrap().name(at)
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
        assert_eq!(window(Day, 0, utc_datetime!(1970-01-01 00:00:00)), "1970-01-01");
    }

    #[test]
    fn a_window_ends_where_the_next_begins() {
        const HOUR: u64 = 3600;
        let seconds = |period, offset, moment: UtcDateTime| {
            let at = Millis(u64::try_from(moment.unix_timestamp()).unwrap() * 1000);
            Window::new(period, offset).unwrap().seconds(at)
        };
        assert_eq!(seconds(Day, 0, utc_datetime!(2026-11-22 00:00:00)), (24 * HOUR, 24 * HOUR));
        assert_eq!(seconds(Day, 0, utc_datetime!(2026-11-22 23:59:59)), (24 * HOUR, 1));
        assert_eq!(seconds(Week, 1, utc_datetime!(2026-11-22 12:00:00)), (7 * 24 * HOUR, 12 * HOUR));
        assert_eq!(seconds(Month, 0, utc_datetime!(2028-02-29 12:00:00)), (29 * 24 * HOUR, 12 * HOUR));
        assert_eq!(seconds(Month, 27, utc_datetime!(2026-03-27 23:00:00)), (28 * 24 * HOUR, HOUR));
        assert_eq!(seconds(Month, 0, utc_datetime!(2026-12-31 23:00:00)), (31 * 24 * HOUR, HOUR));
        let day = Window::new(Day, 0).unwrap();
        assert_eq!(day.seconds(Millis(DAY - 1)), (24 * HOUR, 1), "a part of a second is one");
    }

    #[test]
    fn no_moment_is_without_a_window() {
        let far = Millis(u64::MAX);
        for period in [Day, Week, Month] {
            let window = Window::new(period, 0).unwrap();
            assert!(!window.name(far).is_empty());
            let (all, left) = window.seconds(far);
            assert!(left <= all, "{period:?}");
        }
    }

    #[test]
    fn offsets_are_days_of_the_period() {
        for (period, most) in [(Day, 0), (Week, 6), (Month, 27)] {
            assert!(Window::new(period, most).is_ok());
            assert!(Window::new(period, most + 1).is_err());
        }
    }
}
