//! Cookies, as they stand in all `cookie` headers. Their names keep their case.
//!
//! Between `;` stands a cookie, its name before the first `=`, spaces around both taken away. One without `=` is a name to some
//! backends and a value to others: it is looked at as both. A value that begins with `"` is looked at as sent and also as
//! those read it that take everything up to the closing `"`, `;` too.

use super::{Extent, INSPECTED_BYTES, INSPECTED_ITEMS, Names, forced, with_scope};
use crate::gateway::config::waf::{MatchScope, OversizeHandling};
use crate::gateway::head::Head;

const COOKIE: &[u8] = b"cookie";

/// A cookie, and what stands behind it in its header.
struct Cookie<'h> {
    name: &'h [u8],
    value: &'h [u8],
    /// What stands between quotes at the beginning of the value.
    quoted: Option<&'h [u8]>,
}

/// The cookies of a header.
struct Cookies<'h>(&'h [u8]);

/// Calls with names, values or both of these cookies.
pub fn each(
    head: &Head,
    names: &Names,
    scope: MatchScope,
    oversize: OversizeHandling,
    with: &mut dyn FnMut(&[u8]),
) -> Extent {
    if let Some(extent) = forced(oversize, || is_too_much(head)) {
        return extent;
    }
    for cookie in inspected(head).flat_map(Cookies).take(INSPECTED_ITEMS) {
        if names.take(cookie.name) {
            with_scope(scope, cookie.name, cookie.value, with);
            if let (MatchScope::All | MatchScope::Value, Some(quoted)) = (scope, cookie.quoted) {
                with(quoted);
            }
        }
    }
    Extent::All
}

/// The headers as far as they are inspected.
fn inspected(head: &Head) -> impl Iterator<Item = &[u8]> {
    let mut left = INSPECTED_BYTES;
    head.all(COOKIE).map(move |line| {
        let line = line.get(..left).unwrap_or(line);
        left -= line.len();
        line
    })
}

/// Whether there is more than is inspected.
pub fn is_too_much(head: &Head) -> bool {
    let bytes: usize = head.all(COOKIE).map(<[u8]>::len).sum();
    bytes > INSPECTED_BYTES || head.all(COOKIE).flat_map(Cookies).count() > INSPECTED_ITEMS
}

// === impl Cookies ===

impl<'h> Iterator for Cookies<'h> {
    type Item = Cookie<'h>;

    fn next(&mut self) -> Option<Cookie<'h>> {
        while !self.0.is_empty() {
            let line = self.0.trim_ascii_start();
            let end = line.iter().position(|byte| *byte == b';').unwrap_or(line.len());
            let (text, behind) = line.split_at_checked(end)?;
            self.0 = behind.get(1..).unwrap_or_default();
            if !text.is_empty() {
                return Some(Cookie::read(text.trim_ascii_end(), line));
            }
        }
        None
    }
}

// === impl Cookie ===

impl<'h> Cookie<'h> {
    /// Reads the first one of a line.
    fn read(text: &'h [u8], line: &'h [u8]) -> Self {
        let Some(at) = text.iter().position(|byte| *byte == b'=') else {
            return Self { name: text, value: text, quoted: None };
        };
        let name = text.get(..at).unwrap_or_default().trim_ascii_end();
        let value = text.get(at + 1..).unwrap_or_default().trim_ascii_start();
        let from_value = line.get(at + 1..).unwrap_or_default().trim_ascii_start();
        Self { name, value, quoted: quoted(from_value) }
    }
}

/// What stands between the quotes with which a text begins; without a closing one, all of it. The opening quote of a later
/// cookie would close it: nothing is read over and over.
fn quoted(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_prefix(b"\"")?;
    let mut escaped = false;
    let end = text.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    text.get(..end.unwrap_or(text.len()))
}
