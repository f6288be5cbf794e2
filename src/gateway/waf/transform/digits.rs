//! Digits of codes, and what a code of a character becomes.

/// The value of a hexadecimal digit.
pub(super) const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The value of two.
pub(super) const fn hex2(high: u8, low: u8) -> Option<u8> {
    match (hex(high), hex(low)) {
        (Some(high), Some(low)) => Some(high << 4 | low),
        _ => None,
    }
}

/// The one byte that a 16-bit code becomes: its low byte, but full-width ASCII (U+FF01 to U+FF5E) becomes ASCII.
pub(super) const fn narrow(high: u8, low: u8) -> u8 {
    match (high, low) {
        (0xff, 0x01..=0x5e) => low + 0x20,
        _ => low,
    }
}

/// Up to three octal digits at the start: the value, of which one byte counts, and how many digits.
pub(super) fn octal(digits: &[u8]) -> (u16, usize) {
    let mut value = 0;
    for (i, digit) in digits.iter().take(3).enumerate() {
        match digit {
            b'0'..=b'7' => value = value << 3 | u16::from(digit - b'0'),
            _ => return (value, i),
        }
    }
    (value, digits.len().min(3))
}
