//! What responses tell of limits and quotas: `RateLimit-Policy` and `RateLimit`
//! (<https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/>, version 10), and `Retry-After`
//! (RFC 9110, 10.2.3). An extension: AWS's responses say nothing of them.
//!
//! Told are the usage plan's bucket, the plan's for the method, the route's, and the quota. The account's is not: how much all
//! callers leave each other is none of one caller's business. Nor is the quota that a service counts for a fleet: what is left of
//! it, nobody here knows. Where one of these refuses, `Retry-After` says when to come again.
//!
//! A refusal tells of every policy, but only of the one that refused how it stands: the others were not asked, or have got back
//! what was taken.

use super::Nanos;
use super::admission::LimitKind;
use super::flow::Bytes;
use super::quota::Exhausted;
use super::throttle::bucket::Limit;
use super::throttle::{Refused, Rest};
use std::fmt::Write;

/// The names of policies: constants, and never what a client or a document says.
const NAMES: [&str; 4] = ["plan", "method", "route", "quota"];
/// The place of the quota among them.
const QUOTA: usize = 3;

/// The largest integer of a structured field (RFC 9651, 3.3.1).
const MOST: u64 = 999_999_999_999_999;

const SECOND: u64 = 1_000_000_000;

/// How a request stands with its limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// By place of their names.
    policies: [Option<Policy>; NAMES.len()],
    /// Seconds until a refused request may come again.
    retry_after: Option<u64>,
}

/// One limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Policy {
    /// Requests at once, or in a window.
    size: u64,
    /// Seconds in which they are there again; none where never.
    window: Option<u64>,
    now: Option<Now>,
}

/// What is left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Now {
    left: u64,
    /// Seconds until there is more; none where that is never.
    more: Option<u64>,
}

// === impl Standing ===

impl Standing {
    /// A limit applies.
    pub fn limited(&mut self, kind: LimitKind, limit: Limit) {
        let policy = Policy { size: limit.burst() as u64, window: limit.refill().map(seconds), now: None };
        if let Some(place) = place(kind).and_then(|place| self.policies.get_mut(place)) {
            *place = Some(policy);
        }
    }

    /// A quota of so many requests applies: seconds of its window, and those of them that are left.
    pub fn counted(&mut self, size: u64, (window, _): (u64, u64)) {
        self.policies[QUOTA] = Some(Policy { size, window: Some(window), now: None });
    }

    /// A limit let the request through; this is left.
    pub fn left(&mut self, kind: LimitKind, rest: Rest) {
        let now = Now { left: u64::from(rest.tokens), more: rest.next.map(seconds) };
        if let Some(place) = place(kind) {
            self.stands(place, now);
        }
    }

    /// A limit refused the request.
    pub fn refused(&mut self, kind: LimitKind, refused: Refused, now: Nanos) {
        self.forget();
        let Refused::Empty(due) = refused else { return };
        // At the end of time, there is none due.
        let wait = (due.0 < u64::MAX).then(|| seconds(Nanos(due.0.saturating_sub(now.0))));
        if let Some(place) = place(kind) {
            self.stands(place, Now { left: 0, more: wait });
        }
        self.retry_after = wait;
    }

    /// The quota counted the request, or refused it; so many seconds of its window are left.
    pub fn counted_now(&mut self, counted: Result<u64, Exhausted>, seconds: u64) {
        let seconds = seconds.max(1);
        let left = match counted {
            Ok(left) => left,
            Err(Exhausted::Contended) => return self.forget(),
            Err(Exhausted::UsedUp) => {
                self.used_up(seconds);
                0
            }
        };
        self.stands(QUOTA, Now { left, more: Some(seconds) });
    }

    /// A quota is used up, and so many seconds of its window are left.
    pub fn used_up(&mut self, seconds: u64) {
        self.forget();
        self.retry_after = Some(seconds.max(1));
    }

    /// The headers that tell it; those that would be empty are not there.
    pub fn headers(&self) -> impl Iterator<Item = (Bytes, Bytes)> {
        let policies = self.list(|policy, text| {
            parameter(text, "q", Some(policy.size));
            parameter(text, "w", policy.window);
            true
        });
        let standing = self.list(|policy, text| {
            let Some(now) = policy.now else { return false };
            parameter(text, "r", Some(now.left));
            parameter(text, "t", now.more);
            true
        });
        let retry = self.retry_after.map(|seconds| seconds.min(MOST).to_string()).unwrap_or_default();
        [(&b"ratelimit-policy"[..], policies), (b"ratelimit", standing), (b"retry-after", retry)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.into(), value.into_bytes().into()))
    }

    /// A structured field's list: the policies of which `tell` tells something.
    fn list(&self, tell: impl Fn(&Policy, &mut String) -> bool) -> String {
        let mut text = String::with_capacity(96);
        for (name, policy) in NAMES.iter().zip(&self.policies) {
            let Some(policy) = policy else { continue };
            let before = text.len();
            if before > 0 {
                text.push_str(", ");
            }
            text.push('"');
            text.push_str(name);
            text.push('"');
            if !tell(policy, &mut text) {
                text.truncate(before);
            }
        }
        text
    }

    fn stands(&mut self, place: usize, now: Now) {
        if let Some(Some(policy)) = self.policies.get_mut(place) {
            policy.now = Some(now);
        }
    }

    /// What was taken is put back, or was only asked for.
    pub fn forget(&mut self) {
        for policy in self.policies.iter_mut().flatten() {
            policy.now = None;
        }
    }
}

fn place(kind: LimitKind) -> Option<usize> {
    match kind {
        LimitKind::Plan => Some(0),
        LimitKind::PlanMethod => Some(1),
        LimitKind::Route => Some(2),
        LimitKind::Account => None,
    }
}

/// Whole seconds, rounded up, at least one: who comes earlier comes too early.
fn seconds(time: Nanos) -> u64 {
    time.0.div_ceil(SECOND).max(1)
}

fn parameter(text: &mut String, name: &str, value: Option<u64>) {
    if let Some(value) = value {
        // Writing to a string does not fail.
        let _ = write!(text, ";{name}={}", value.min(MOST));
    }
}

#[cfg(test)]
mod tests;
