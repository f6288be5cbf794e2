//! The little of DER (X.690) that keys and signatures need: Envoy takes no other form.

/// A positive integer: a leading zero where the first bit would make it negative.
pub(super) fn integer(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number.first().is_some_and(|byte| byte & 0x80 != 0) { &[0x00] } else { &[] };
    element(0x02, &[sign, number])
}

/// A DER element (X.690, 8.1) of a tag and its contents.
pub(super) fn element(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let length: usize = contents.iter().map(|part| part.len()).sum();
    let mut element = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => element.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let used =
                bytes.iter().position(|byte| *byte != 0).and_then(|first| bytes.get(first..)).unwrap_or(&[0]);
            element.push(0x80 | used.len() as u8);
            element.extend(used);
        }
    }
    contents.iter().for_each(|part| element.extend(*part));
    element
}

/// An ECDSA signature: JWS has `r` and `s` side by side (RFC 7518, 3.4), everybody else a sequence of two integers.
#[must_use]
pub fn ecdsa_signature(raw: &[u8]) -> Option<Vec<u8>> {
    if raw.is_empty() || !raw.len().is_multiple_of(2) {
        return None;
    }
    let (r, s) = raw.split_at_checked(raw.len() / 2)?;
    let trimmed = |number: &[u8]| {
        let first = number.iter().position(|byte| *byte != 0)?;
        number.get(first..).map(integer)
    };
    Some(element(0x30, &[&trimmed(r)?, &trimmed(s)?]))
}

#[cfg(test)]
mod tests {
    use super::{ecdsa_signature, element, integer};

    #[test]
    fn lengths_and_signs_are_written_in_the_shortest_form() {
        assert_eq!(integer(&[0x7f]), [0x02, 0x01, 0x7f]);
        assert_eq!(integer(&[0x80]), [0x02, 0x02, 0x00, 0x80]);
        assert_eq!(element(0x04, &[&[0; 127]]).get(..2), Some(&[0x04, 0x7f][..]));
        assert_eq!(element(0x04, &[&[0; 128]]).get(..3), Some(&[0x04, 0x81, 0x80][..]));
        assert_eq!(element(0x04, &[&[0; 256]]).get(..4), Some(&[0x04, 0x82, 0x01, 0x00][..]));
    }

    #[test]
    fn signatures_lose_leading_zeros_and_zero_is_none() {
        assert_eq!(ecdsa_signature(&[0, 1, 0x80, 2]), Some(vec![0x30, 0x08, 2, 1, 1, 2, 3, 0, 0x80, 2]));
        for broken in [&[][..], &[1], &[0, 0, 1, 1], &[1, 1, 0, 0]] {
            assert_eq!(ecdsa_signature(broken), None, "{broken:?}");
        }
    }
}
