//! Escapes behind a backslash: of C, of JavaScript, and of CSS.

use super::digits::{hex, hex2, narrow, octal};
use super::{Change, copy_clean, is_space};
use memchr::memchr;

/// What an escape is, without its backslash.
enum Escape {
    /// This byte; so many bytes are taken.
    Byte(u8, usize),
    /// Nothing; so many bytes are taken.
    Nothing(usize),
    /// None: the backslash stays.
    None,
}

/// `ESCAPE_SEQ_DECODE`: the escapes of ANSI C. AWS has what is none of them stay; libmodsecurity drops the backslash there.
pub(super) fn c(input: &[u8], out: &mut Vec<u8>) -> Change {
    decode(input, out, |code| match code {
        [b'x' | b'X', high, low, ..] => hex2(*high, *low).map_or(Escape::None, |byte| Escape::Byte(byte, 3)),
        [b'0'..=b'7', ..] => {
            let (value, taken) = octal(code);
            Escape::Byte(value.to_le_bytes()[0], taken)
        }
        [sign @ (b'\\' | b'?' | b'\'' | b'"'), ..] => Escape::Byte(*sign, 1),
        [letter, ..] => control(*letter).map_or(Escape::None, |byte| Escape::Byte(byte, 1)),
        [] => Escape::None,
    })
}

/// `JS_DECODE`: numbers and control characters; behind any other backslash, the character alone.
pub(super) fn js(input: &[u8], out: &mut Vec<u8>) -> Change {
    decode(input, out, |code| match (js_number(code), code) {
        (Some((byte, taken)), _) => Escape::Byte(byte, taken),
        (None, [letter, ..]) => Escape::Byte(control(*letter).unwrap_or(*letter), 1),
        (None, []) => Escape::None,
    })
}

/// `JS_DECODE_EXT`: numbers and escaped `\ / ' "`. All other backslashes stay, so that paths of Windows do.
///
/// AWS's description is known at second hand only: `docs/compatibility.md`.
pub(super) fn js_numbers(input: &[u8], out: &mut Vec<u8>) -> Change {
    decode(input, out, |code| match (js_number(code), code) {
        (Some((byte, taken)), _) => Escape::Byte(byte, taken),
        (None, [sign @ (b'\\' | b'/' | b'\'' | b'"'), ..]) => Escape::Byte(*sign, 1),
        (None, _) => Escape::None,
    })
}

/// `CSS_DECODE`: up to six hexadecimal digits and one white space behind them; behind any other backslash, the character alone,
/// and none at all if the line or the text ends there.
pub(super) fn css(input: &[u8], out: &mut Vec<u8>) -> Change {
    decode(input, out, |code| {
        let (mut value, mut digits) = (0_u32, 0);
        for digit in code.iter().take(6).map_while(|digit| hex(*digit)) {
            (value, digits) = (value << 4 | u32::from(digit), digits + 1);
        }
        match code {
            _ if digits > 0 => {
                let [_, above, high, low] = value.to_be_bytes();
                let byte = if above == 0 { narrow(high, low) } else { low };
                let space = code.get(digits).is_some_and(|byte| is_space(*byte));
                Escape::Byte(byte, digits + usize::from(space))
            }
            [b'\n', ..] => Escape::Nothing(1),
            [byte, ..] => Escape::Byte(*byte, 1),
            [] => Escape::Nothing(0),
        }
    })
}

/// Decodes once: what comes out is not looked at again.
#[inline(never)]
fn decode(input: &[u8], out: &mut Vec<u8>, escape: fn(&[u8]) -> Escape) -> Change {
    let Some(clean) = memchr(b'\\', input) else { return Change::None };
    let mut rest = copy_clean(input, clean, out);
    while let Some((byte, tail)) = rest.split_first() {
        let taken = match if *byte == b'\\' { escape(tail) } else { Escape::None } {
            Escape::Byte(byte, taken) => {
                out.push(byte);
                taken
            }
            Escape::Nothing(taken) => taken,
            Escape::None => {
                out.push(*byte);
                0
            }
        };
        rest = tail.get(taken..).unwrap_or_default();
    }
    Change::Written
}

/// `uHHHH`, `xHH`, and up to three octal digits, of which the third does not count if it were more than a byte.
fn js_number(code: &[u8]) -> Option<(u8, usize)> {
    match code {
        [b'u', a, b, c, d, ..] => Some((narrow(hex2(*a, *b)?, hex2(*c, *d)?), 5)),
        [b'x', high, low, ..] => Some((hex2(*high, *low)?, 3)),
        [b'0'..=b'7', ..] => {
            let (value, taken) = octal(code);
            u8::try_from(value).map_or_else(|_| Some(((value >> 3) as u8, 2)), |byte| Some((byte, taken)))
        }
        _ => None,
    }
}

/// The control character that a letter stands for.
const fn control(letter: u8) -> Option<u8> {
    match letter {
        b'a' => Some(7),
        b'b' => Some(8),
        b'f' => Some(12),
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        b'v' => Some(11),
        _ => None,
    }
}
