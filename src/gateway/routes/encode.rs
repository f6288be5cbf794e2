//! Decoded text → a path that a backend decodes to the same text.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but RFC 3986's `pchar`: unreserved characters, sub-delimiters, `:` and `@`.
const NOT_PCHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Appends one segment, encoded: no `/`, `?`, `#`, `%`, `\` or control character gets through as it is.
///
/// `.` and `..` have no encoding that every backend leaves alone. A captured value is never one of them; a value from
/// elsewhere must be checked with [`is_dot_segment`].
pub fn encode_segment(decoded: &str, out: &mut String) {
    out.extend(utf8_percent_encode(decoded, NOT_PCHAR));
}

/// Appends several segments, such as a greedy capture, each encoded by itself: the `/` between them stay.
pub fn encode_segments(decoded: &str, out: &mut String) {
    for (i, segment) in decoded.split('/').enumerate() {
        if i > 0 {
            out.push('/');
        }
        encode_segment(segment, out);
    }
}

/// Whether a backend may take a segment for `.` or `..`; servlet containers do so for `..;x`.
#[must_use]
pub fn is_dot_segment(decoded: &str) -> bool {
    matches!(decoded.split(';').next(), Some("." | ".."))
}
