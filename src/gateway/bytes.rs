//! Looking at many bytes at once. A search by `memchr` looks at four at a time in Wasm, and for three needles at most.

/// Whether any byte is smaller than `least`, which is at most 128.
#[must_use]
pub fn any_below(bytes: &[u8], least: u8) -> bool {
    debug_assert!(least <= 128, "a byte above it would hide one below");
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let (words, rest) = bytes.as_chunks::<8>();
    // A byte borrows from the one above it only if it is smaller itself.
    let has_smaller = |word: &[u8; 8]| {
        let word = u64::from_ne_bytes(*word);
        word.wrapping_sub(ONES * u64::from(least)) & !word & HIGH != 0
    };
    words.iter().any(has_smaller) || rest.iter().any(|byte| *byte < least)
}

#[cfg(test)]
mod tests {
    use super::any_below;

    #[test]
    fn one_small_byte_is_found_wherever_it_stands() {
        for (least, length) in
            [1, 14, 0x2d, 128].into_iter().flat_map(|least| (0..20).map(move |n| (least, n)))
        {
            for large in [least, 0x7f, 0x80, 0xff].into_iter().filter(|large| *large >= least) {
                let mut bytes = vec![large; length];
                assert!(!any_below(&bytes, least), "{length} times {large:#x}");
                for at in 0..length {
                    for small in [0, least - 1] {
                        bytes[at] = small;
                        assert!(any_below(&bytes, least), "{small:#x} at {at} of {length}");
                    }
                    bytes[at] = large;
                }
            }
        }
    }
}
