//! Characters of UTF-8, as `%uHHHH`.

use super::{Change, copy_clean, find};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Every character beyond ASCII becomes `%u` and four digits or, beyond U+FFFF, five or six. NUL stays: to take it out is another
/// transformation's work.
///
/// Overlong forms and surrogates become the code that they spell: a lenient backend reads `C0 AF` as a slash, so a rule must see
/// one, and `URL_DECODE_UNI` shows it. (libmodsecurity writes the first byte of such a form behind its code; that would hide
/// `../../` from a rule.) Bytes that are no UTF-8 at all stay as they are.
pub(super) fn from_utf8(input: &[u8], out: &mut Vec<u8>) -> Change {
    let Some(clean) = find(input, |byte| !byte.is_ascii()) else { return Change::None };
    let mut rest = copy_clean(input, clean, out);
    while let Some((first, tail)) = rest.split_first() {
        match character(*first, tail) {
            Some((code, taken)) => {
                write(code, out);
                rest = tail.get(taken..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    Change::Written
}

/// The code of a character of several bytes, and how many follow the first.
fn character(first: u8, tail: &[u8]) -> Option<(u32, usize)> {
    let (bits, more) = match first {
        0xc0..=0xdf => (first & 0x1f, 1),
        0xe0..=0xef => (first & 0x0f, 2),
        0xf0..=0xf4 => (first & 0x07, 3),
        _ => return None,
    };
    let mut code = u32::from(bits);
    for byte in tail.get(..more)? {
        if byte & 0xc0 != 0x80 {
            return None;
        }
        code = code << 6 | u32::from(byte & 0x3f);
    }
    Some((code, more))
}

/// At least four digits. Two bytes become six and four bytes eight at most: three times as many.
fn write(code: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(b"%u");
    let digits = 4.max(8 - code.leading_zeros() / 4);
    for digit in (0..digits).rev() {
        out.extend(DIGITS.get((code >> (digit * 4) & 15) as usize));
    }
}
