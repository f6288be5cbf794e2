//! The query string as signatures see it: pairs, decoded, and encoded afresh in one way.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};
use std::borrow::Cow;

/// All that is not unreserved (RFC 3986, 2.3).
pub const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where a presigned request carries its signature, the only parameter that is not signed.
pub const SIGNATURE: &[u8] = b"X-Amz-Signature";

/// Every parameter, decoded, in order. What has no `=` has an empty value.
pub fn pairs(query: &[u8]) -> impl Iterator<Item = (Cow<'_, [u8]>, Cow<'_, [u8]>)> {
    query.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        (decode(pair.get(..at).unwrap_or_default()), decode(pair.get(at + 1..).unwrap_or_default()))
    })
}

/// The canonical query string: encoded, sorted by name and then by value, without the signature itself.
pub fn canonical(query: &[u8]) -> String {
    let encode = |bytes: &[u8]| percent_encode(bytes, RESERVED).to_string();
    let signed = pairs(query).filter(|(name, _)| name.as_ref() != SIGNATURE);
    // A blank comes before all that an encoded name may hold, so this is the order by name and then by value.
    let encoded: Vec<_> =
        signed.map(|(name, value)| format!("{} {}", encode(&name), encode(&value))).collect();
    let mut sorted: Vec<_> = encoded.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted.join("&").replace(' ', "=")
}

/// A plus is a space, as AWS's own clients sign it. <https://url.spec.whatwg.org/#urlencoded-parsing>
fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'+') {
        return percent_decode(text).into();
    }
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Cow::Owned(percent_decode(&spaced).collect())
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn a_query_has_one_canonical_form() {
        for (sent, expected) in [
            ("", ""),
            ("&&", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=10&a=1", "a=1&a=10&a=2"),
            ("a", "a="),
            ("a=&=b&=", "=&=b&a="),
            ("a=b=c", "a=b%3Dc"),
            ("a=%2f&a=/", "a=%2F&a=%2F"),
            ("q=a+b&q=a%20b&q=a%2Bb", "q=a%20b&q=a%20b&q=a%2Bb"),
            ("a=%41%7e", "a=A~"),
            ("a=%zz%4", "a=%25zz%254"),
            ("X=1&x=2&a-=3&a=4", "X=1&a=4&a-=3&x=2"),
            ("a=1&X-Amz-Signature=00&b=2", "a=1&b=2"),
            ("a=1&X-Amz-Signatur%65=00&x-amz-signature=1", "a=1&x-amz-signature=1"),
        ] {
            assert_eq!(canonical(sent.as_bytes()), expected, "{sent}");
        }
        assert_eq!(canonical("ሴ=é".as_bytes()), "%E1%88%B4=%C3%A9");
    }
}
