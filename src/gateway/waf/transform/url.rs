//! Percent-decoding.
//!
//! What is no valid code stays as it is, and what follows it is looked at: `%%41` becomes `%A`. `+` becomes a space.

use super::digits::{hex2, narrow};
use super::{Change, copy_clean};
use memchr::memchr2;

/// `%HH`.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> Change {
    decode_with(input, out, |_| None)
}

/// `%HH`, and Microsoft's `%uHHHH`.
pub(super) fn decode_uni(input: &[u8], out: &mut Vec<u8>) -> Change {
    decode_with(input, out, unicode)
}

/// Decodes once: what comes out is not looked at again. `unicode` knows the code behind a `%`, and how long it is.
#[inline(never)]
fn decode_with(input: &[u8], out: &mut Vec<u8>, unicode: fn(&[u8]) -> Option<u8>) -> Change {
    let Some(clean) = memchr2(b'%', b'+', input) else { return Change::None };
    let mut rest = copy_clean(input, clean, out);
    while let Some((byte, tail)) = rest.split_first() {
        let (byte, taken) = match (byte, tail) {
            (b'+', _) => (b' ', 0),
            (b'%', [high, low, ..]) => match (hex2(*high, *low), unicode(tail)) {
                (Some(code), _) => (code, 2),
                (None, Some(code)) => (code, 5),
                (None, None) => (b'%', 0),
            },
            (byte, _) => (*byte, 0),
        };
        out.push(byte);
        rest = tail.get(taken..).unwrap_or_default();
    }
    Change::Written
}

/// The byte of `uHHHH`.
fn unicode(code: &[u8]) -> Option<u8> {
    match code {
        [b'u' | b'U', a, b, c, d, ..] => Some(narrow(hex2(*a, *b)?, hex2(*c, *d)?)),
        _ => None,
    }
}
