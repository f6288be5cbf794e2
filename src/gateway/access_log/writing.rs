//! Values of lines: whatever a client sends, they are visible ASCII, and end where the format ends them.

use super::MOST_OF_VALUE;
use crate::gateway::context::ended::Told;

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a JSON string, or in text: what ends the field there, if anything does beside a double quote.
    Text {
        /// Bytes that are written as escapes; 0 for none.
        stops: [u8; 2],
    },
    /// In text, and brings double quotes of its own.
    Quoted,
    /// In the place of a value of JSON.
    Value,
    /// In an element, or in an attribute.
    Xml,
}

/// What a line says of what has no value, as AWS does.
const MISSING: &[u8] = b"-";
/// More digits than a reader of JSON takes for an exact number.
const MOST_DIGITS: usize = 15;

/// What is written as it is in a JSON string: visible ASCII but for its quote and its escape.
#[expect(clippy::indexing_slicing, reason = "a byte is less than 256, and only compilers run it")]
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        plain[byte as usize] = !matches!(byte, b'"' | b'\\');
        byte += 1;
    }
    plain
};

/// Writes a value.
pub(super) fn value(line: &mut Vec<u8>, value: Option<Told<'_>>, place: Place) {
    match (value, place) {
        (None, Place::Value) => quoted(line, "-"),
        (None, Place::Text { .. } | Place::Quoted | Place::Xml) => line.extend_from_slice(MISSING),
        (Some(Told::Number(number)), Place::Text { .. } | Place::Quoted | Place::Value | Place::Xml) => {
            digits(line, number);
        }
        (Some(Told::Text(text)), Place::Text { stops }) => escaped(line, &text, stops),
        (Some(Told::Text(text)), Place::Quoted) => quoted(line, &text),
        (Some(Told::Text(text)), Place::Value) if is_scalar(&text) => line.extend_from_slice(text.as_bytes()),
        (Some(Told::Text(text)), Place::Value) => quoted(line, &text),
        (Some(Told::Text(text)), Place::Xml) => xml(line, &text),
    }
}

/// Whether a text is a value of JSON that every reader reads alike: a number that is not too long, or a literal.
fn is_scalar(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let all_digits = |text: &str| {
        (1..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_number = all_digits(whole) && all_digits(fraction) && (whole == "0" || !whole.starts_with('0'));
    is_number || matches!(text, "true" | "false" | "null")
}

/// As much of a value as a line has, and whether that is all.
pub(super) fn cut(text: &str) -> (&str, bool) {
    if text.len() <= MOST_OF_VALUE {
        return (text, true);
    }
    // A character has at most four bytes.
    let start = (MOST_OF_VALUE - 3..=MOST_OF_VALUE).rev().find_map(|end| text.get(..end));
    (start.unwrap_or_default(), false)
}

fn quoted(line: &mut Vec<u8>, text: &str) {
    line.push(b'"');
    escaped(line, text, [0; 2]);
    line.push(b'"');
}

/// Writes a text with the escapes of JSON.
fn escaped(line: &mut Vec<u8>, text: &str, stops: [u8; 2]) {
    let (shown, is_all) = cut(text);
    let is_plain = |byte: &u8| PLAIN.get(usize::from(*byte)).copied().unwrap_or_default();
    let stops_none = stops == [0; 2] || !shown.bytes().any(|byte| stops.contains(&byte));
    if shown.as_bytes().iter().all(is_plain) && stops_none {
        line.extend_from_slice(shown.as_bytes());
    } else {
        shown.chars().for_each(|char| escape(line, char, stops));
    }
    if !is_all {
        line.extend_from_slice(b"...");
    }
}

fn escape(line: &mut Vec<u8>, char: char, stops: [u8; 2]) {
    let byte = u8::try_from(char).unwrap_or_default();
    match char {
        '"' | '\\' => line.extend_from_slice(&[b'\\', byte]),
        ' '..='~' if !stops.contains(&byte) => line.push(byte),
        _ => {
            for unit in char.encode_utf16(&mut [0; 2]) {
                line.extend_from_slice(b"\\u");
                let digits = unit.to_be_bytes().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
                line.extend(digits.map(|digit| if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
            }
        }
    }
}

/// Writes a text as character data. What XML 1.0 cannot carry is U+FFFD.
fn xml(line: &mut Vec<u8>, text: &str) {
    let (shown, is_all) = cut(text);
    for char in shown.chars() {
        match char {
            '&' | '<' | '>' | '"' | '\'' => reference(line, char),
            ' '..='~' => line.push(u8::try_from(char).unwrap_or_default()),
            '\u{fffe}' | '\u{ffff}' => reference(line, char::REPLACEMENT_CHARACTER),
            _ if char.is_control() => reference(line, char::REPLACEMENT_CHARACTER),
            _ => reference(line, char),
        }
    }
    if !is_all {
        line.extend_from_slice(b"...");
    }
}

fn reference(line: &mut Vec<u8>, char: char) {
    line.extend_from_slice(b"&#");
    digits(line, u64::from(u32::from(char)));
    line.push(b';');
}

fn digits(line: &mut Vec<u8>, number: u64) {
    // As many as the largest has.
    let mut digits = [b'0'; 20];
    let (mut start, mut rest) = (digits.len(), number);
    for (at, digit) in digits.iter_mut().enumerate().rev() {
        *digit += u8::try_from(rest % 10).unwrap_or_default();
        (start, rest) = (at, rest / 10);
        if rest == 0 {
            break;
        }
    }
    line.extend_from_slice(digits.get(start..).unwrap_or_default());
}
