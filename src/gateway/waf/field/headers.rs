//! Headers: one by its name, many, and the order of their names.
//!
//! Rules see the headers that a client sent, `host` for `:authority`, and what Envoy told of the client on the way in
//! (`x-forwarded-for` with one address more, `x-forwarded-proto`, `x-request-id`). They do not see pseudo-headers, nor what only
//! the gateway and Envoy may write: a client's own of those never gets to a backend.

use super::{Extent, INSPECTED_BYTES, INSPECTED_ITEMS, Names, forced, with_scope};
use crate::gateway::config::waf::{MatchScope, OversizeHandling};
use crate::gateway::head::Head;
use crate::gateway::integrations::headers::is_internal;

/// The beginning of a list of headers: all that is inspected of it. The header at its end may be cut.
struct Inspected<I> {
    headers: I,
    bytes: usize,
    count: usize,
}

/// Calls with every value of a header, and where it stands several times with all of them joined, as backends read them.
pub fn single(head: &Head, name: &str, room: &mut Vec<u8>, with: &mut dyn FnMut(&[u8])) {
    let wanted = name.as_bytes();
    if wanted.starts_with(b":") || is_internal(wanted) {
        return;
    }
    let authority = || (name == "host").then(|| head.all(b":authority")).into_iter().flatten();
    let values = || authority().chain(head.all(wanted));
    let mut count = 0;
    for value in values() {
        with(value);
        count += 1;
    }
    if count > 1 {
        join(values(), if name == "cookie" { b"; " } else { b"," }, room);
        with(room);
    }
}

/// Calls with names, values or both of these headers.
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
    for (name, value) in Inspected::of(head).filter(|(name, _)| names.take(name)) {
        with_scope(scope, name, value, with);
    }
    Extent::All
}

/// Calls with the names in order, `:` between them. `host` comes first: Envoy does not tell where it stood.
pub fn order(
    head: &Head,
    oversize: OversizeHandling,
    room: &mut Vec<u8>,
    with: &mut dyn FnMut(&[u8]),
) -> Extent {
    if let Some(extent) = forced(oversize, || is_too_much(head)) {
        return extent;
    }
    let names = Inspected::of(head).filter(|(name, value)| !is_of_envoy(name, value)).map(|(name, _)| name);
    join(names, b":", room);
    if !room.is_empty() {
        with(room);
    }
    Extent::All
}

/// The headers that rules see, in order.
fn seen(head: &Head) -> impl Iterator<Item = (&[u8], &[u8])> {
    head.iter().filter_map(|(name, value)| match name {
        b":authority" => Some((&b"host"[..], value)),
        [b':', ..] => None,
        _ if is_internal(name) => None,
        _ => Some((name, value)),
    })
}

/// Whether Envoy wrote it rather than the client: it adds an address to what a client says of others.
fn is_of_envoy(name: &[u8], value: &[u8]) -> bool {
    match name {
        b"x-forwarded-proto" | b"x-request-id" => true,
        b"x-forwarded-for" => !value.contains(&b','),
        _ => false,
    }
}

/// Whether there is more than is inspected.
pub fn is_too_much(head: &Head) -> bool {
    let (count, bytes) = seen(head)
        .fold((0, 0), |(count, bytes), (name, value)| (count + 1, bytes + name.len() + value.len()));
    count > INSPECTED_ITEMS || bytes > INSPECTED_BYTES
}

fn join<'a>(parts: impl Iterator<Item = &'a [u8]>, between: &[u8], room: &mut Vec<u8>) {
    room.clear();
    for (i, part) in parts.enumerate() {
        if i > 0 {
            room.extend_from_slice(between);
        }
        room.extend_from_slice(part);
    }
}

// === impl Inspected ===

impl Inspected<()> {
    fn of(head: &Head) -> impl Iterator<Item = (&[u8], &[u8])> {
        Inspected { headers: seen(head), bytes: INSPECTED_BYTES, count: INSPECTED_ITEMS }
    }
}

impl<'h, I: Iterator<Item = (&'h [u8], &'h [u8])>> Iterator for Inspected<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes == 0 {
            return None;
        }
        self.count = self.count.checked_sub(1)?;
        let (name, value) = self.headers.next()?;
        let mut take = |part: &'h [u8]| {
            let part = part.get(..self.bytes).unwrap_or(part);
            self.bytes -= part.len();
            part
        };
        Some((take(name), take(value)))
    }
}
