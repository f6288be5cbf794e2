//! Command lines, without what shells take out of them.

use super::{Change, Class, copy_clean, find_special};

/// `CMD_LINE`: without `\ " ' ^`; `,` and `;` and white space are one space, and none stands before `/` and `(`; letters are small.
///
/// AWS names spaces, `,` and `;` only; that tabs and ends of lines count as spaces is from ModSecurity.
pub(super) fn any(input: &[u8], out: &mut Vec<u8>) -> Change {
    static SPECIAL: Class = Class::of(b"\\\"'^,;\t\n\r", true);
    static AFTER_SPACE: Class = Class::of(b" /(", false);
    let Some(clean) = find_special(input, &SPECIAL, &AFTER_SPACE) else { return Change::None };
    for byte in copy_clean(input, clean, out) {
        match byte {
            b'\\' | b'"' | b'\'' | b'^' => {}
            b' ' | b',' | b';' | b'\t' | b'\r' | b'\n' => space(out),
            b'/' | b'(' => {
                if out.last() == Some(&b' ') {
                    out.pop();
                }
                out.push(*byte);
            }
            byte => out.push(byte.to_ascii_lowercase()),
        }
    }
    Change::Written
}

/// `CMD_LINE_UNIX`: without `\ " '`; white space is one space, and none stands at the ends; letters are small.
///
/// AWS's description is known at second hand only: `docs/compatibility.md`.
pub(super) fn unix(input: &[u8], out: &mut Vec<u8>) -> Change {
    static SPECIAL: Class = Class::of(b"\\\"'\t\n\x0b\x0c\r", true);
    let Some(clean) = find_loose(input, &SPECIAL) else { return Change::None };
    for byte in copy_clean(input, clean, out) {
        match byte {
            b'\\' | b'"' | b'\'' => {}
            b' ' | b'\t'..=b'\r' => space(out),
            byte => out.push(byte.to_ascii_lowercase()),
        }
    }
    strip(out);
    Change::Written
}

/// `CMD_LINE_WIN`: without `" ' ^` and the ends of lines behind a `^`; backslashes stay, but several become one; white space is
/// one space, and none stands at the ends; letters are small.
///
/// AWS's description is known at second hand only: `docs/compatibility.md`.
pub(super) fn windows(input: &[u8], out: &mut Vec<u8>) -> Change {
    static SPECIAL: Class = Class::of(b"\\\"'^\t\n\x0b\x0c\r", true);
    let Some(clean) = find_loose(input, &SPECIAL) else { return Change::None };
    let mut rest = copy_clean(input, clean, out);
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail) {
            (b'^', [b'\r', b'\n', behind @ ..] | [b'\n', behind @ ..]) => rest = behind,
            (b'"' | b'\'' | b'^', _) => {}
            (b'\\', _) => {
                if out.last() != Some(&b'\\') {
                    out.push(b'\\');
                }
            }
            (b' ' | b'\t'..=b'\r', _) => space(out),
            (byte, _) => out.push(byte.to_ascii_lowercase()),
        }
    }
    strip(out);
    Change::Written
}

/// One space, however many are written.
fn space(out: &mut Vec<u8>) {
    if out.last() != Some(&b' ') {
        out.push(b' ');
    }
}

/// No space at the ends. There is one at most at each.
fn strip(out: &mut Vec<u8>) {
    if out.last() == Some(&b' ') {
        out.pop();
    }
    if out.first() == Some(&b' ') {
        out.remove(0);
    }
}

/// The first byte of a kind, or space that another follows or that stands at an end.
fn find_loose(input: &[u8], special: &Class) -> Option<usize> {
    static SPACE: Class = Class::of(b" ", false);
    match input {
        [b' ', ..] => Some(0),
        [before @ .., last] => {
            find_special(input, special, &SPACE).or_else(|| (*last == b' ').then_some(before.len()))
        }
        [] => None,
    }
}
