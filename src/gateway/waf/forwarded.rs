//! The address of a header in the place of the client's.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-forwarded-ip-address.html>
//!
//! AWS looks at the header as the client sent it. Envoy has appended its own peer to `x-forwarded-for` before any filter
//! sees it, so that the last element would always be that: it is left out, and a client that sent no such header has none. An
//! element is an address and nothing else: with a port, brackets or a zone it is none.

use super::view::View;
use crate::gateway::config::waf::{FallbackBehavior, ForwardedIpPosition};
use std::net::IpAddr;

/// How many elements `ANY` looks at: the last ones.
const MOST_ELEMENTS: usize = 10;

/// What Envoy appends to.
const APPENDED: &[u8] = b"x-forwarded-for";

/// A header that has an address in the place of the client's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarded {
    /// Its name, in lower case.
    pub header: String,
    /// What an element means that is no address.
    pub fallback: FallbackBehavior,
    /// Which of its elements.
    pub position: ForwardedIpPosition,
}

// === impl Forwarded ===

impl Forwarded {
    /// Whether an address fits that stands where the position says. Of several, one that fits suffices; the fallback decides
    /// where none is an address.
    pub fn fits(&self, view: &View<'_>, test: impl Fn(IpAddr) -> bool) -> bool {
        let count = self.count(view);
        let (skipped, looked_at) = match self.position {
            ForwardedIpPosition::First => (0, 1),
            ForwardedIpPosition::Last => (count.saturating_sub(1), 1),
            ForwardedIpPosition::Any => (count.saturating_sub(MOST_ELEMENTS), MOST_ELEMENTS),
        };
        let mut fallback = count > 0 && self.fallback == FallbackBehavior::Match;
        for element in self.elements(view).take(count).skip(skipped).take(looked_at) {
            match address(element) {
                Some(address) if test(address) => return true,
                Some(_) => fallback = false,
                None => {}
            }
        }
        fallback
    }

    /// How many elements the client sent.
    fn count(&self, view: &View<'_>) -> usize {
        let count = self.elements(view).count();
        if self.header.as_bytes() == APPENDED && self.ends_in_peer(view) {
            count.saturating_sub(1)
        } else {
            count
        }
    }

    /// Whether the last element is Envoy's. Where Envoy appends, the address that it trusts is in the header: as its peer
    /// at the end, or so many trusted proxies before. In the place of a peer on the same machine it appends its own address,
    /// which nobody here knows. Other hosts append nothing.
    fn ends_in_peer(&self, view: &View<'_>) -> bool {
        let trusted = view.client.address.map(|address| address.to_canonical());
        trusted.is_some_and(|address| address.is_loopback())
            || (trusted.is_some() && self.elements(view).any(|element| address(element) == trusted))
    }

    fn elements<'v>(&'v self, view: &View<'v>) -> impl Iterator<Item = &'v [u8]> {
        let values = view.head.all(self.header.as_bytes());
        values.flat_map(|value| value.split(|byte| *byte == b','))
    }
}

/// An element's address; IPv4 that is written as IPv6 is IPv4.
fn address(element: &[u8]) -> Option<IpAddr> {
    let address: IpAddr = std::str::from_utf8(element.trim_ascii()).ok()?.parse().ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests;
