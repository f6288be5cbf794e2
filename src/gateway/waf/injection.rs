//! SQL and scripts that were put into a value, as libinjection tells them.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-sqli-match.html>
//!
//! AWS does not publish how it tells them. `LOW` is libinjection: a value is read as SQL as it stands, and behind a quote
//! that it closes; its first five tokens tell. `HIGH` reads it in more places, and finds more that is none, as AWS warns of.

pub mod tokens;

use crate::gateway::config::waf::SensitivityLevel;
use libinjectionrs::{SqliFlags, SqliState, detect_xss};
use std::borrow::Cow;

/// Bytes of a word, of which libinjection keeps 31. It reads one again at each dot in it: in a time that is quadratic.
const LONGEST_WORD: usize = 256;

/// The places that libinjection leaves out where it is content with one dialect.
const MORE_PLACES: [(SqliFlags, SqliFlags); 3] = [
    (SqliFlags::FLAG_QUOTE_NONE, SqliFlags::FLAG_SQL_MYSQL),
    (SqliFlags::FLAG_QUOTE_SINGLE, SqliFlags::FLAG_SQL_MYSQL),
    (SqliFlags::FLAG_QUOTE_DOUBLE, SqliFlags::FLAG_SQL_ANSI),
];

/// Whether SQL was put into a value.
#[must_use]
pub fn is_sqli(part: &[u8], level: SensitivityLevel) -> bool {
    // One word, as most values are.
    if part.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
        return false;
    }
    let part = without_long_words(part);
    let is_low = is_sqli_somewhere(&part);
    match level {
        SensitivityLevel::Low => is_low,
        SensitivityLevel::High => is_low || is_sqli_elsewhere(&part),
    }
}

fn is_sqli_somewhere(part: &[u8]) -> bool {
    if SqliState::new(part, SqliFlags::FLAG_NONE).detect() {
        return true;
    }
    // The port compares this one word with the letters as they are, where libinjection does not.
    let has_into = part.windows(4).any(|window| window.eq_ignore_ascii_case(b"into"));
    has_into && SqliState::new(&part.to_ascii_uppercase(), SqliFlags::FLAG_NONE).detect()
}

/// In the other dialect, and behind a number: what only continues an expression.
fn is_sqli_elsewhere(part: &[u8]) -> bool {
    let fits = |(quote, dialect)| SqliState::new(part, quote | dialect).is_sqli();
    if MORE_PLACES.into_iter().any(fits) {
        return true;
    }
    let behind_number = [b"1 ", part].concat();
    SqliState::new(&behind_number, SqliFlags::FLAG_NONE).is_sqli()
}

/// The same SQL, with the ends of very long words left out.
fn without_long_words(part: &[u8]) -> Cow<'_, [u8]> {
    let mut length = 0;
    let mut is_long = |byte: &u8| {
        length = if ends_word(*byte) { 0 } else { length + 1 };
        length > LONGEST_WORD
    };
    if !part.iter().any(&mut is_long) {
        return Cow::Borrowed(part);
    }
    length = 0;
    let mut is_short = |byte: &u8| {
        length = if ends_word(*byte) { 0 } else { length + 1 };
        length <= LONGEST_WORD
    };
    Cow::Owned(part.iter().copied().filter(|byte| is_short(byte)).collect())
}

/// What ends a word for libinjection, and nothing else: a byte too many here would leave words as long as they are.
fn ends_word(byte: u8) -> bool {
    b" []{}<>:\\?=@!#~+-*/&|^%(),';\t\n\x0B\x0C\r\"\xA0\0".contains(&byte)
}

/// Whether a script was put into a value.
#[must_use]
pub fn is_xss(part: &[u8]) -> bool {
    // What it tells is a tag, a comment, or an attribute with a value.
    part.iter().any(|byte| matches!(byte, b'<' | b'=')) && detect_xss(part).is_injection()
}

#[cfg(test)]
mod tests;
