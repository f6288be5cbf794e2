//! Letters, white space and NUL.

use super::{Change, Class, copy_clean, find, find_special, is_space};
use memchr::memchr;

/// The non-breaking space of Latin-1; in UTF-8 it is the second of two bytes.
const NBSP: u8 = 160;

/// ASCII letters become small.
pub(super) fn lowercase(input: &[u8], out: &mut Vec<u8>) -> Change {
    let Some(clean) = find(input, |byte| byte.is_ascii_uppercase()) else { return Change::None };
    out.extend_from_slice(input);
    out.get_mut(clean..).unwrap_or_default().make_ascii_lowercase();
    Change::Written
}

/// ASCII letters become large.
pub(super) fn uppercase(input: &[u8], out: &mut Vec<u8>) -> Change {
    let Some(clean) = find(input, |byte| byte.is_ascii_lowercase()) else { return Change::None };
    out.extend_from_slice(input);
    out.get_mut(clean..).unwrap_or_default().make_ascii_uppercase();
    Change::Written
}

/// White space becomes spaces, and runs of spaces one. The byte 160 counts wherever it stands, as AWS says: in the middle of a
/// character of UTF-8 too.
pub(super) fn compress_white_space(input: &[u8], out: &mut Vec<u8>) -> Change {
    static OTHER: Class = Class::of(b"\t\n\x0b\x0c\r\xa0", false);
    static SPACE: Class = Class::of(b" ", false);
    let Some(clean) = find_special(input, &OTHER, &SPACE) else { return Change::None };
    let rest = copy_clean(input, clean, out);
    let mut space = out.last() == Some(&b' ');
    for byte in rest {
        let before = space;
        space = is_space(*byte) || *byte == NBSP;
        match (space, before) {
            (false, _) => out.push(*byte),
            (true, false) => out.push(b' '),
            (true, true) => {}
        }
    }
    Change::Written
}

/// White space goes. Of a non-breaking space in UTF-8 the byte before it goes too, which would be left alone otherwise.
pub(super) fn remove_white_space(input: &[u8], out: &mut Vec<u8>) -> Change {
    let Some(clean) = find(input, |byte| is_space(byte) || byte == NBSP) else { return Change::None };
    for byte in copy_clean(input, clean, out) {
        match *byte {
            NBSP => {
                if out.last() == Some(&0xc2) {
                    out.pop();
                }
            }
            byte if is_space(byte) => {}
            byte => out.push(byte),
        }
    }
    Change::Written
}

/// White space at both ends goes.
pub(super) fn trim(input: &[u8]) -> Change {
    within(input, start(input), end(input))
}

/// White space before it goes.
pub(super) fn trim_left(input: &[u8]) -> Change {
    within(input, start(input), input.len())
}

/// White space behind it goes.
pub(super) fn trim_right(input: &[u8]) -> Change {
    within(input, 0, end(input))
}

fn start(input: &[u8]) -> usize {
    input.iter().position(|byte| !is_space(*byte)).unwrap_or(input.len())
}

fn end(input: &[u8]) -> usize {
    input.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1)
}

fn within(input: &[u8], start: usize, end: usize) -> Change {
    if start == 0 && end == input.len() { Change::None } else { Change::Within(start..end.max(start)) }
}

/// NUL goes.
pub(super) fn remove_nulls(input: &[u8], out: &mut Vec<u8>) -> Change {
    let Some(clean) = memchr(0, input) else { return Change::None };
    let rest = copy_clean(input, clean, out);
    out.extend(rest.iter().filter(|byte| **byte != 0));
    Change::Written
}

/// NUL becomes a space.
pub(super) fn replace_nulls(input: &[u8], out: &mut Vec<u8>) -> Change {
    let Some(clean) = memchr(0, input) else { return Change::None };
    let rest = copy_clean(input, clean, out);
    out.extend(rest.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }));
    Change::Written
}
