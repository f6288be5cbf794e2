//! Base64, hexadecimal digits, and digests.
//!
//! AWS does not say what becomes of a text that is not what shall be decoded. It stays as it is, so that rules see what was sent.

use super::digits::hex2;
use super::{Change, copy_clean};
use md5::Md5;
use sha2::{Digest, Sha256};

/// Base64 (RFC 4648, section 4) from end to end; the padding may be left out. Any other text stays.
pub(super) fn base64(input: &[u8], out: &mut Vec<u8>) -> Change {
    let pads = input.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let digits = input.get(..input.len() - pads).unwrap_or_default();
    let whole = pads == 0 || input.len() % 4 == 0;
    if input.is_empty()
        || !whole
        || digits.len() % 4 == 1
        || digits.iter().any(|digit| base64_digit(*digit).is_none())
    {
        return Change::None;
    }
    base64_digits(digits, out);
    Change::Written
}

/// The same, whatever else stands between: also `=` and what follows it.
pub(super) fn base64_forgiving(input: &[u8], out: &mut Vec<u8>) -> Change {
    if input.is_empty() {
        return Change::None;
    }
    base64_digits(input, out);
    Change::Written
}

/// Writes a byte for each eight bits; those behind the last are dropped.
fn base64_digits(digits: &[u8], out: &mut Vec<u8>) {
    out.reserve(digits.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0_u32, 0);
    for digit in digits.iter().filter_map(|digit| base64_digit(*digit)) {
        (bits, count) = (bits << 6 | u32::from(digit), count + 6);
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
}

const fn base64_digit(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Pairs of hexadecimal digits; a last one alone is dropped, as ModSecurity does. A text with anything else stays.
pub(super) fn hex(input: &[u8], out: &mut Vec<u8>) -> Change {
    if input.is_empty() || !input.iter().all(u8::is_ascii_hexdigit) {
        return Change::None;
    }
    out.extend(input.chunks_exact(2).filter_map(pair));
    Change::Written
}

fn pair(digits: &[u8]) -> Option<u8> {
    match digits {
        [high, low, ..] => hex2(*high, *low),
        _ => None,
    }
}

/// `0x` and pairs of hexadecimal digits, wherever they stand. What follows the last pair stays.
pub(super) fn sql_hex(input: &[u8], out: &mut Vec<u8>) -> Change {
    let mut before = memchr::memchr2_iter(b'x', b'X', input).filter_map(|x| x.checked_sub(1));
    let Some(clean) = before.find(|at| input.get(*at) == Some(&b'0')) else { return Change::None };
    let mut rest = copy_clean(input, clean, out);
    while let Some((byte, tail)) = rest.split_first() {
        rest = match (byte, tail) {
            (b'0', [b'x' | b'X', digits @ ..]) if pair(digits).is_some() => pairs(digits, out),
            (byte, behind) => {
                out.push(*byte);
                behind
            }
        };
    }
    Change::Written
}

/// Writes all pairs at the start, and returns what follows them.
fn pairs<'a>(mut digits: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    while let Some(byte) = pair(digits) {
        out.push(byte);
        digits = digits.get(2..).unwrap_or_default();
    }
    digits
}

/// The MD5 digest, 16 bytes. AWS has it for rules that name files by it; nothing here trusts it.
pub(super) fn md5(input: &[u8], out: &mut Vec<u8>) -> Change {
    out.extend_from_slice(&Md5::digest(input));
    Change::Written
}

/// The SHA-256 digest, 32 bytes.
pub(super) fn sha256(input: &[u8], out: &mut Vec<u8>) -> Change {
    out.extend_from_slice(&Sha256::digest(input));
    Change::Written
}
