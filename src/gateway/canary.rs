//! Canary releases: which side of a stage serves a request.
//!
//! AWS chooses by weight alone, anew for each request
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/canary-release.html>). Beyond that: by a header, by a cookie, and
//! by a key that keeps a user on one side. The first that says something decides: headers and cookies, then the key, then the
//! weight. The side is chosen before routes are looked at, because deployments hold routes and authorizers; by a claim it is
//! chosen once the token is believed, between sides of one deployment.

pub mod counts;

use super::Env;
use super::compile::Stage;
use super::request::Request;
use crate::gateway::regex::Regex;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::rc::Rc;

/// Bits of a draw: those random bits of a request that none of its ids shows.
const BITS: u32 = 40;

/// A stage's canary.
#[derive(Debug)]
pub struct Canary {
    /// The other side.
    pub side: Rc<Stage>,
    /// Requests that always go there: whichever fits.
    pub matches: Vec<Match>,
    /// What keeps a user on one side.
    pub sticky: Option<StickyKey>,
    /// How many go there.
    pub share: Share,
    /// Tells the stage from all others, so that a user is not among the first everywhere.
    pub salt: Vec<u8>,
}

/// A header or a cookie that chooses the canary.
#[derive(Debug)]
pub struct Match {
    /// Where it stands.
    pub place: Place,
    /// What it must be.
    pub value: Pattern,
}

/// Where a client says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A header, by lower-case name.
    Header(String),
    /// A cookie, by case-sensitive name.
    Cookie(String),
}

/// What a value must be.
#[derive(Debug)]
pub enum Pattern {
    /// This.
    Exact(String),
    /// Something that begins so.
    Prefix(String),
    /// Something that the whole of it matches.
    Regex(Regex),
}

/// What keeps a user on one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StickyKey {
    /// What the client says.
    Sent(Place),
    /// The client's address.
    SourceIp,
    /// A claim of its token: known once the token is believed.
    Claim(String),
}

/// A share of all requests, from none to all, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share(u64);

// === impl Canary ===

impl Canary {
    /// Whether a request that has just arrived goes to the canary. None if its token has to say so.
    #[must_use]
    pub fn takes(&self, request: &Request, env: &Env<'_>) -> Option<bool> {
        if self.matches.iter().any(|it| it.fits(request)) {
            return Some(true);
        }
        let key = match &self.sticky {
            None => None,
            Some(StickyKey::Claim(_)) => return None,
            Some(StickyKey::SourceIp) => Some(Cow::from(request.source_ip.as_bytes())),
            Some(StickyKey::Sent(place)) => place.values(request).next(),
        };
        Some(self.falls(key.as_deref(), env))
    }

    /// Whether a request goes to the canary, of which the token is known now, or that there is none.
    #[must_use]
    pub fn takes_bearer(&self, request: &Request, env: &Env<'_>) -> bool {
        let Some(StickyKey::Claim(name)) = &self.sticky else { return false };
        let claim = request.principal.as_ref().and_then(|principal| principal.claim(name));
        self.falls(claim.map(str::as_bytes), env)
    }

    /// Whether a key falls into the share: always the same key on the same side, and never back while the share only grows.
    /// Without a key the dice say so.
    fn falls(&self, key: Option<&[u8]>, env: &Env<'_>) -> bool {
        let drawn: [u8; 32] = match key.filter(|key| !key.is_empty()) {
            Some(key) => Sha256::new_with_prefix(&self.salt).chain_update(key).finalize().into(),
            None => env.dice,
        };
        self.share.holds(drawn)
    }
}

// === impl Match ===

impl Match {
    fn fits(&self, request: &Request) -> bool {
        self.place.values(request).any(|value| self.value.fits(&value))
    }
}

// === impl Place ===

impl Place {
    /// Its values, one for each time that it is sent.
    fn values<'r>(&'r self, request: &'r Request) -> Box<dyn Iterator<Item = Cow<'r, [u8]>> + 'r> {
        match self {
            Self::Header(name) => Box::new(request.head.all(name.as_bytes()).map(Cow::from)),
            Self::Cookie(name) => {
                let pairs = request.head.all(b"cookie").flat_map(|line| line.split(|byte| *byte == b';'));
                Box::new(pairs.filter_map(move |pair| {
                    let mut parts = pair.splitn(2, |byte| *byte == b'=');
                    let is_named = parts.next()?.trim_ascii() == name.as_bytes();
                    is_named.then(|| parts.next().unwrap_or_default().trim_ascii().into())
                }))
            }
        }
    }
}

// === impl Pattern ===

impl Pattern {
    fn fits(&self, value: &[u8]) -> bool {
        match self {
            Self::Exact(text) => value == text.as_bytes(),
            Self::Prefix(text) => value.starts_with(text.as_bytes()),
            Self::Regex(regex) => std::str::from_utf8(value).is_ok_and(|value| regex.is_match(value)),
        }
    }
}

// === impl Share ===

impl Share {
    /// A share in percent; none if it is not from 0 to 100.
    #[must_use]
    pub fn of_percent(percent: f64) -> Option<Self> {
        const ALL: u64 = 1 << BITS;
        if !(0.0..=100.0).contains(&percent) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to 2 to the 40th"
        )]
        let share = (percent / 100.0 * ALL as f64).round() as u64;
        Some(Self(share.min(ALL)))
    }

    /// Whether a draw is in the share. It looks at the last bits.
    #[must_use]
    pub fn holds(self, drawn: [u8; 32]) -> bool {
        let [.., a, b, c, d, e] = drawn;
        u64::from_be_bytes([0, 0, 0, a, b, c, d, e]) < self.0
    }
}

#[cfg(test)]
mod tests;
