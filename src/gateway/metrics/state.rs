//! What a gateway tells of its own state: why it refused requests, and the keys that it has of issuers.

use super::name::named;
use crate::gateway::rejection::Rejection;
use crate::gateway::{Env, Gateway};
use std::rc::Rc;

/// Key sources that are told of: Envoy keeps each statistic for ever.
pub const MOST_SOURCES: usize = 256;

/// How often requests were refused for each reason, since the shell asked. Reasons are [`Rejection::details`]: constants of ours.
#[derive(Debug, Default)]
pub struct Refusals(Vec<(&'static str, u64)>);

/// What is told of the keys of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysTold {
    /// Which issuer, or the URL of its keys.
    pub source: String,
    /// Keys that can verify a token.
    pub keys: u64,
    /// When they were learned, in seconds since the Unix epoch; 0 if they never were.
    pub learned: u64,
    /// Questions in a row that failed.
    pub failures: u64,
}

// === impl Refusals ===

impl Refusals {
    /// One more.
    pub fn add(&mut self, rejection: Rejection) {
        let reason = rejection.details();
        match self.0.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.0.push((reason, 1)),
        }
    }

    /// The name of each statistic, and how often it happened since this was last asked.
    pub fn drain(&mut self) -> impl Iterator<Item = (Rc<str>, u64)> {
        std::mem::take(&mut self.0).into_iter().map(|(reason, count)| (statistic(reason), count))
    }

    /// The names of all that can happen.
    pub fn names() -> impl Iterator<Item = Rc<str>> {
        Rejection::REASONS.into_iter().map(statistic)
    }
}

fn statistic(reason: &str) -> Rc<str> {
    named("refused", &[reason.strip_prefix("sekisho_").unwrap_or(reason)], "requests_total").into()
}

// === impl KeysTold ===

impl KeysTold {
    /// Each statistic's name, and its value.
    #[must_use]
    pub fn statistics(&self) -> [(String, u64); 3] {
        let name = |metric| named("jwks", &[&self.source], metric);
        [
            (name("keys"), self.keys),
            (name("learned_timestamp_seconds"), self.learned),
            (name("failures_in_a_row"), self.failures),
        ]
    }
}

// === impl Gateway ===

impl Gateway {
    /// What is known of the keys of its issuers, as this worker sees them.
    pub fn keys_told(&self, env: &Env<'_>) -> Vec<KeysTold> {
        let asked = self.keyrings.iter().filter_map(|keyring| keyring.told(env));
        asked.take(MOST_SOURCES).collect()
    }
}
