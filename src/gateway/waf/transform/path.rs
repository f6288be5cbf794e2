//! Paths without doubled slashes, `.` and `..`.

use super::{Change, find};

/// `NORMALIZE_PATH`. A `..` at the start of a relative path stays; above the root of an absolute one there is nothing.
pub(super) fn normalize(input: &[u8], out: &mut Vec<u8>) -> Change {
    if is_normal(input) {
        return Change::None;
    }
    normalize_split(input, |byte| byte == b'/', out);
    Change::Written
}

/// `NORMALIZE_PATH_WIN`: the same, of a path in which backslashes are slashes.
pub(super) fn normalize_windows(input: &[u8], out: &mut Vec<u8>) -> Change {
    if find(input, |byte| byte == b'\\').is_none() && is_normal(input) {
        return Change::None;
    }
    normalize_split(input, |byte| matches!(byte, b'/' | b'\\'), out);
    Change::Written
}

/// Whether no segment can have to go: none begins with a dot, and none but the last is empty.
fn is_normal(path: &[u8]) -> bool {
    !path.starts_with(b".")
        && memchr::memchr_iter(b'/', path).all(|slash| !matches!(path.get(slash + 1), Some(b'/' | b'.')))
}

/// Writes the segments that stay. A `..` takes the last written one back, so that each byte is written and taken back once.
#[inline(never)]
fn normalize_split(path: &[u8], is_slash: fn(u8) -> bool, out: &mut Vec<u8>) {
    let absolute = path.first().is_some_and(|byte| is_slash(*byte));
    let trailing = path.last().is_some_and(|byte| is_slash(*byte));
    out.reserve(path.len());
    out.extend(absolute.then_some(b'/'));
    // What stands before this cannot be taken back.
    let mut fixed = out.len();
    for segment in path.split(|byte| is_slash(*byte)) {
        match segment {
            b"" | b"." => {}
            b".." if out.len() > fixed => {
                let kept = out.get(fixed..).unwrap_or_default().iter().rposition(|byte| *byte == b'/');
                out.truncate(fixed + kept.unwrap_or(0));
            }
            b".." if absolute => {}
            segment => {
                if out.last().is_some_and(|byte| *byte != b'/') {
                    out.push(b'/');
                }
                out.extend_from_slice(segment);
                if segment == b".." {
                    fixed = out.len();
                }
            }
        }
    }
    if trailing && out.last().is_some_and(|byte| *byte != b'/') {
        out.push(b'/');
    }
}
