//! Entities of HTML.

use super::digits::hex;
use super::{Change, copy_clean};
use memchr::memchr;

/// A name of up to 16 small letters, as one number: to compare it with all names is to compare numbers.
const fn key(mut name: &[u8]) -> u128 {
    let mut key = 0;
    while let [letter, rest @ ..] = name {
        key = key << 8 | letter.to_ascii_lowercase() as u128;
        name = rest;
    }
    key
}

/// The names that browsers read without `;` too.
const OLD: [(&[u8], u8); 5] = [(b"quot", b'"'), (b"amp", b'&'), (b"lt", b'<'), (b"gt", b'>'), (b"nbsp", 160)];

/// AWS's table of names. AWS prints a backslash beside `apos`; `bsol` is the backslash.
const NAMES: [(u128, u8); 46] = [
    (key(b"quot"), b'"'),
    (key(b"amp"), b'&'),
    (key(b"lt"), b'<'),
    (key(b"gt"), b'>'),
    (key(b"nbsp"), 160),
    (key(b"nonbreakingspace"), 160),
    (key(b"newline"), b'\n'),
    (key(b"tab"), b'\t'),
    (key(b"lcub"), b'{'),
    (key(b"lbrace"), b'{'),
    (key(b"verbar"), b'|'),
    (key(b"vert"), b'|'),
    (key(b"verticalline"), b'|'),
    (key(b"rcub"), b'}'),
    (key(b"rbrace"), b'}'),
    (key(b"excl"), b'!'),
    (key(b"num"), b'#'),
    (key(b"dollar"), b'$'),
    (key(b"percent"), b'%'),
    (key(b"percnt"), b'%'),
    (key(b"apos"), b'\''),
    (key(b"lpar"), b'('),
    (key(b"rpar"), b')'),
    (key(b"ast"), b'*'),
    (key(b"midast"), b'*'),
    (key(b"plus"), b'+'),
    (key(b"comma"), b','),
    (key(b"period"), b'.'),
    (key(b"sol"), b'/'),
    (key(b"colon"), b':'),
    (key(b"semi"), b';'),
    (key(b"equals"), b'='),
    (key(b"quest"), b'?'),
    (key(b"tilde"), b'~'),
    (key(b"diacriticaltilde"), b'~'),
    (key(b"minus"), b'-'),
    (key(b"lsqb"), b'['),
    (key(b"lbrack"), b'['),
    (key(b"bsol"), b'\\'),
    (key(b"rsqb"), b']'),
    (key(b"rbrack"), b']'),
    (key(b"hat"), b'^'),
    (key(b"lowbar"), b'_'),
    (key(b"underbar"), b'_'),
    (key(b"grave"), b'`'),
    (key(b"diacriticalgrave"), b'`'),
];

/// The longest name.
const LONGEST: usize = 16;

/// `HTML_ENTITY_DECODE`: numbers, and AWS's table of names, which are the same in large letters. What is none of them stays.
pub(super) fn decode(input: &[u8], out: &mut Vec<u8>) -> Change {
    let Some(clean) = memchr(b'&', input) else { return Change::None };
    let mut rest = copy_clean(input, clean, out);
    while let Some(start) = memchr(b'&', rest) {
        let (before, entity) = rest.split_at_checked(start).unwrap_or((rest, &[]));
        out.extend_from_slice(before);
        let behind = entity.get(1..).unwrap_or_default();
        let taken = match behind.strip_prefix(b"#") {
            Some([b'x' | b'X', digits @ ..]) => number(digits, 16, out).map(|taken| taken + 2),
            Some(digits) => number(digits, 10, out).map(|taken| taken + 1),
            None => name(behind, out),
        };
        if taken.is_none() {
            out.push(b'&');
        }
        rest = behind.get(taken.unwrap_or(0)..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    Change::Written
}

/// Writes the character of a number, and says how many bytes it took. Zeros before it and a missing `;` change nothing, as in
/// browsers. Up to 255 it is one byte, like AWS's non-breaking space, and UTF-8 beyond; what is no character stays.
fn number(digits: &[u8], base: u32, out: &mut Vec<u8>) -> Option<usize> {
    let (mut code, mut count) = (0_u32, 0);
    for digit in digits.iter().map_while(|digit| hex(*digit).map(u32::from).filter(|digit| *digit < base)) {
        (code, count) = (code.saturating_mul(base).saturating_add(digit), count + 1);
    }
    let character = char::from_u32(code).filter(|_| count > 0)?;
    match u8::try_from(code) {
        Ok(byte) => out.push(byte),
        Err(_) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
    Some(count + usize::from(digits.get(count) == Some(&b';')))
}

/// Writes the character of a name, and says how many bytes it took.
fn name(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let (name, byte) = ended(text).or_else(|| begun(text))?;
    out.push(byte);
    Some(name)
}

/// A name and its `;`.
fn ended(text: &[u8]) -> Option<(usize, u8)> {
    let length = text.iter().take(LONGEST + 1).position(|byte| !byte.is_ascii_alphabetic())?;
    let name = text.get(..length).filter(|_| text.get(length) == Some(&b';')).map(key)?;
    let (_, byte) = NAMES.iter().find(|(other, _)| *other == name)?;
    Some((length + 1, *byte))
}

/// A name without `;`, whatever follows: browsers read `&ltscript` as `<script`.
fn begun(text: &[u8]) -> Option<(usize, u8)> {
    let begins = |name: &[u8]| text.get(..name.len()).is_some_and(|text| text.eq_ignore_ascii_case(name));
    let (name, byte) = OLD.iter().find(|(name, _)| begins(name))?;
    Some((name.len(), *byte))
}
