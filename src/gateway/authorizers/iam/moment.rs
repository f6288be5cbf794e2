//! When a request says it was signed. `X-Amz-Date` is ISO 8601 in its basic form, to the second and in UTC; a `Date` header
//! may also be written as HTTP writes dates (RFC 9110, 5.6.7).

use std::fmt;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// A second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Since the Unix epoch.
    pub seconds: i64,
}

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

// === impl Moment ===

impl Moment {
    /// `20150830T123600Z`, and nothing else: what was signed is written from the moment again.
    pub fn basic(text: &[u8]) -> Option<Self> {
        let (date, time) = text.split_at_checked(8)?;
        let time = time.strip_prefix(b"T")?.strip_suffix(b"Z")?;
        let [y0, y1, y2, y3, m0, m1, d0, d1] = date.try_into().ok()?;
        let [h0, h1, n0, n1, s0, s1] = time.try_into().ok()?;
        Self::new(
            number(&[y0, y1, y2, y3])?,
            number(&[m0, m1])?,
            number(&[d0, d1])?,
            [number(&[h0, h1])?, number(&[n0, n1])?, number(&[s0, s1])?],
        )
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`; botocore writes the zone as e-mails do, `-0000`.
    pub fn http(text: &[u8]) -> Option<Self> {
        let mut parts = text.split(|byte| *byte == b' ');
        let mut next = || parts.next();
        let (weekday, day, month, year, time, zone) = (next()?, next()?, next()?, next()?, next()?, next()?);
        if next().is_some()
            || weekday.len() != 4
            || !weekday.ends_with(b",")
            || (zone != b"GMT" && zone != b"-0000")
        {
            return None;
        }
        let month = MONTHS.iter().position(|known| *known == month)? + 1;
        let mut clock = time.split(|byte| *byte == b':').map(|part| number(part).filter(|_| part.len() == 2));
        let at = [clock.next()??, clock.next()??, clock.next()??];
        if clock.next().is_some() || day.len() != 2 || year.len() != 4 {
            return None;
        }
        Self::new(number(year)?, u32::try_from(month).ok()?, number(day)?, at)
    }

    fn new(year: u32, month: u32, day: u32, [hour, minute, second]: [u32; 3]) -> Option<Self> {
        let small = |number: u32| u8::try_from(number).ok();
        let month = Month::try_from(small(month)?).ok()?;
        let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, small(day)?).ok()?;
        let time = Time::from_hms(small(hour)?, small(minute)?, small(second)?).ok()?;
        Some(Self { seconds: PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp() })
    }

    /// The day as credential scopes write it: `20150830`.
    pub fn day(self) -> String {
        let mut text = self.to_string();
        text.truncate(8);
        text
    }

    /// So many seconds later.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self { seconds: self.seconds.saturating_add(seconds) }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = OffsetDateTime::from_unix_timestamp(self.seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
        write!(f, "{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", at.hour(), at.minute(), at.second())
    }
}

/// Digits alone: `str::parse` takes a plus sign.
pub fn number(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{Moment, number};

    #[test]
    fn both_ways_to_write_a_date_mean_the_same_moment() {
        let basic = Moment::basic(b"19941106T084937Z").unwrap();
        assert_eq!(Moment::http(b"Sun, 06 Nov 1994 08:49:37 GMT"), Some(basic));
        assert_eq!(Moment::http(b"Sun, 06 Nov 1994 08:49:37 -0000"), Some(basic));
        assert_eq!((basic.seconds, basic.day().as_str()), (784_111_777, "19941106"));
        assert_eq!(basic.to_string(), "19941106T084937Z");
    }

    #[test]
    fn nothing_that_is_almost_a_date_is_one() {
        let bad = [
            "",
            "19941106",
            "19941106T084937",
            "19941106T084937z",
            "19941106T084960Z",
            "19941306T084937Z",
            "19940231T084937Z",
            "+9941106T084937Z",
            "1994-11-06T08:49:37Z",
            "19941106T084937Z ",
            "19941106T084937.5Z",
        ];
        for text in bad {
            assert_eq!(Moment::basic(text.as_bytes()), None, "{text}");
        }
        let bad = [
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT x",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:01 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "",
        ];
        for text in bad {
            assert_eq!(Moment::http(text.as_bytes()), None, "{text}");
        }
        assert_eq!(
            (number(b"+1"), number(b"07"), number(b""), number(b"99999999999")),
            (None, Some(7), None, None)
        );
    }

    #[test]
    fn what_is_read_is_written_back() {
        for seconds in [0, 951_782_400, 1_440_938_160, 1_700_000_000, 253_402_300_799] {
            let text = Moment { seconds }.to_string();
            assert_eq!(Moment::basic(text.as_bytes()), Some(Moment { seconds }), "{text}");
        }
    }
}
