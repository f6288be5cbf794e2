//! Comments, which databases and scripts skip.

use super::{Change, copy_clean, find};
use memchr::memmem;

/// Each `/* ... */` becomes one space, and one that does not end too. A lone `*/` stays.
pub(super) fn replace(input: &[u8], out: &mut Vec<u8>) -> Change {
    let Some(clean) = memmem::find(input, b"/*") else { return Change::None };
    let mut rest = copy_clean(input, clean, out);
    while let Some(start) = memmem::find(rest, b"/*") {
        out.extend_from_slice(rest.get(..start).unwrap_or_default());
        out.push(b' ');
        let inside = rest.get(start + 2..).unwrap_or_default();
        let end = memmem::find(inside, b"*/").map_or(inside.len(), |end| end + 2);
        rest = inside.get(end..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    Change::Written
}

/// The marks of comments go, and what stands between them stays: `/*`, `*/`, `--`, `#`, and HTML's `<!--` and `-->`, as in
/// libmodsecurity.
pub(super) fn remove_marks(input: &[u8], out: &mut Vec<u8>) -> Change {
    let Some(clean) = find(input, |byte| matches!(byte, b'#' | b'*' | b'-')) else { return Change::None };
    // A mark may begin up to three bytes before.
    let mut rest = copy_clean(input, clean.saturating_sub(3), out);
    while let Some((byte, tail)) = rest.split_first() {
        rest = match (byte, tail) {
            (b'<', [b'!', b'-', b'-', behind @ ..]) => behind,
            (b'-', [b'-', b'>', behind @ ..]) => behind,
            (b'/', [b'*', behind @ ..]) | (b'*', [b'/', behind @ ..]) | (b'-', [b'-', behind @ ..]) => behind,
            (b'#', behind) => behind,
            (byte, behind) => {
                out.push(*byte);
                behind
            }
        };
    }
    Change::Written
}
