//! Dates of conditions: ISO 8601 as IAM takes it, or seconds since the epoch.

use time::{Date, Month};

/// Seconds since the epoch; a part of a second is dropped.
pub fn seconds(text: &str) -> Option<i64> {
    // A shorter number could be meant as a year.
    if text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
    let midnight = date.midnight().assume_utc().unix_timestamp();
    Some(midnight + time.map_or(Some(0), of_day)?)
}

/// Seconds from midnight in Greenwich: `08:30Z`, `08:30:00.5+02:00`.
fn of_day(time: &str) -> Option<i64> {
    let at = time.find(['Z', '+', '-'])?;
    let (clock, zone) = time.split_at_checked(at)?;
    let east = match zone.split_at_checked(1)? {
        ("Z", "") => 0,
        ("+", offset) => of_clock(offset, 2)?,
        ("-", offset) => -of_clock(offset, 2)?,
        _ => return None,
    };
    let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(clock, rest)| (clock, Some(rest)));
    let parts = match fraction {
        None if !clock.contains(':') => return None,
        None => clock.matches(':').count() + 1,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => 3,
        Some(_) => return None,
    };
    Some(of_clock(clock, parts)? - east)
}

fn of_clock(clock: &str, parts: usize) -> Option<i64> {
    let [hours, minutes, seconds] = match parts {
        2 => {
            let [hours, minutes] = numbers(clock, ':', [2, 2])?;
            [hours, minutes, 0]
        }
        _ => numbers(clock, ':', [2, 2, 2])?,
    };
    let fits = hours < 24 && minutes < 60 && seconds < 60;
    fits.then(|| i64::from(hours) * 3600 + i64::from(minutes) * 60 + i64::from(seconds))
}

/// As many numbers as there are lengths, each of so many digits.
fn numbers<const N: usize>(text: &str, between: char, lengths: [usize; N]) -> Option<[u16; N]> {
    let mut parts = text.split(between);
    let mut numbers = [0; N];
    for (number, length) in numbers.iter_mut().zip(lengths) {
        let part = parts.next()?;
        if part.len() != length || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn dates_are_read_in_every_form_that_iam_takes() {
        for (text, expected) in [
            ("2020-04-21", 1_587_427_200),
            ("2020-04-21T15:08Z", 1_587_481_680),
            ("2020-04-21T15:08:21Z", 1_587_481_701),
            ("2020-04-21T15:08:21.067Z", 1_587_481_701),
            ("2020-04-21T17:08:21+02:00", 1_587_481_701),
            ("2020-04-21T10:38:21-04:30", 1_587_481_701),
            ("1587481701", 1_587_481_701),
            ("2020-02-29", 1_582_934_400),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_date() {
        for text in [
            "",
            "2020",
            "2020-04",
            "20200421",
            "2020-13-01",
            "2021-02-29",
            "2020-04-21T",
            "2020-04-21T15Z",
            "2020-04-21T15:08",
            "2020-04-21T15:08:21",
            "2020-04-21T24:00Z",
            "2020-04-21T15:60Z",
            "2020-04-21T15:08:60Z",
            "2020-04-21T15:08:21.Z",
            "2020-04-21T15:08.5Z",
            "2020-04-21T15:08Z2",
            "2020-04-21T15:08+2",
            "2020-04-21 15:08Z",
            "+2020-04-21",
            "-1587481701",
            "now",
            "99999999999999999999",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
