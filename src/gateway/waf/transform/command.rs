//! Command lines, without what shells take out of them.

use super::{Change, copy_clean, find};

/// `CMD_LINE`: without `\ " ' ^`; `,` and `;` and white space are one space, and none stands before `/` and `(`; letters are small.
///
/// AWS names spaces, `,` and `;` only; that tabs and ends of lines count as spaces is from ModSecurity.
pub(super) fn any(input: &[u8], out: &mut Vec<u8>) -> Change {
    let special = |byte| {
        matches!(byte, b'A'..=b'Z' | b'\\' | b'"' | b'\'' | b'^' | b',' | b';' | b'\t' | b'\n' | b'\r')
    };
    let Some(clean) = first(find(input, special), before_mark(input)) else { return Change::None };
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
    let special = |byte| matches!(byte, b'A'..=b'Z' | b'\\' | b'"' | b'\'' | b'\t'..=b'\r');
    let Some(clean) = first(find(input, special), loose_space(input)) else { return Change::None };
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
    let special = |byte| matches!(byte, b'A'..=b'Z' | b'\\' | b'"' | b'\'' | b'^' | b'\t'..=b'\r');
    let Some(clean) = first(find(input, special), loose_space(input)) else { return Change::None };
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

fn first(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    one.into_iter().chain(other).min()
}

/// The first space that another, `/` or `(` follows.
fn before_mark(input: &[u8]) -> Option<usize> {
    pairs(input, |byte, next| byte == b' ' && matches!(next, b' ' | b'/' | b'('))
}

/// The first space that another follows, or that stands at an end.
fn loose_space(input: &[u8]) -> Option<usize> {
    if input.first() == Some(&b' ') {
        return Some(0);
    }
    let last = input.len().checked_sub(1).filter(|last| input.get(*last) == Some(&b' '));
    first(memchr::memmem::find(input, b"  "), last)
}

/// The first byte that stands so before the next. Looks at 32 together, as [`find`] does.
fn pairs(input: &[u8], are: impl Fn(u8, u8) -> bool) -> Option<usize> {
    let next = input.get(1..)?;
    for (i, (bytes, next)) in input.chunks(32).zip(next.chunks(32)).enumerate() {
        let mut pairs = bytes.iter().zip(next);
        if pairs.clone().fold(false, |any, (byte, next)| any | are(*byte, *next)) {
            return Some(i * 32 + pairs.position(|(byte, next)| are(*byte, *next))?);
        }
    }
    None
}
