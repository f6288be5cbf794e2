//! The calendar of quotas: days, weeks from Sunday and months of UTC, whichever day they begin late.

use crate::gateway::Millis;
use crate::gateway::config::QuotaPeriod;
use time::{Date, Duration, OffsetDateTime};

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
        let day = now.0 / 86_400_000;
        let offset = u64::from(self.offset);
        match self.period {
            QuotaPeriod::Day => day,
            // 1970-01-01 was a Thursday: the week before it began on a Sunday, four days earlier.
            QuotaPeriod::Week => {
                let since_sunday = day + 4;
                (since_sunday.saturating_sub(offset) / 7 * 7 + offset).saturating_sub(4)
            }
            QuotaPeriod::Month => {
                let late = day.saturating_sub(offset);
                late.saturating_sub(u64::from(date(late).day()) - 1) + offset
            }
        }
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
    use super::Window;
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
    fn no_moment_is_without_a_window() {
        for period in [Day, Week, Month] {
            assert!(!Window::new(period, 0).unwrap().name(Millis(u64::MAX)).is_empty());
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
