//! Leases: a worker takes tokens in advance, so that most requests ask nobody. The bound stays exact.
//!
//! A leased token is spent within the lease's life `e`, or is lost. So what is admitted in a window of `t` was taken from the
//! shared bucket in a window of `t + e`, and with a shared capacity of `burst − rate × e` that is at most
//! `burst − rate × e + rate × (t + e) = burst + rate × t`. Tokens are never put back into the shared bucket: one that was
//! taken long ago and is there again would be counted in the wrong window.

use super::bucket::Limit;
use crate::gateway::Nanos;

/// Longest life of a lease, in nanoseconds.
const LONGEST: f64 = 10_000_000.0;
/// The part of the burst that leases may cost.
const COST: f64 = 0.02;
/// A lease must be worth it: the rate must give this many tokens in its life, some for each of eight workers. With fewer,
/// what idle workers let expire is more than the contention that is saved.
const WORTH: f64 = 64.0;

/// A worker that admits fewer than this in the life of a lease takes what it needs: the rest would expire.
const FEW: u32 = 8;

/// A lease is taken only out of a bucket that holds as many like it: one for each of eight workers. At the limit each token
/// is taken when it is spent: else a worker that is not asked any more, or gets no time from a busy machine, would let expire
/// what the others had to refuse for.
pub(super) const SPARE: f64 = 8.0;

/// How tokens of a limit are leased.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leasing {
    life: u64,
    /// The limit of the shared bucket.
    pub(super) shared: Limit,
}

/// What a worker holds of one bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lease {
    left: u32,
    until: Nanos,
    /// Tokens that the shared bucket held when this lease was taken out of it.
    behind: u32,
    /// When the current measure began, what was admitted in it, and in the one before.
    since: Nanos,
    admitted: u32,
    before: u32,
    /// The bucket was found empty: nothing is there until then.
    empty_until: Nanos,
}

// === impl Leasing ===

impl Leasing {
    /// How a limit is leased; not at all where it would not be worth it.
    #[must_use]
    pub fn of(limit: Limit) -> Option<Self> {
        if limit.rate() <= 0.0 {
            return None;
        }
        let life = LONGEST.min(COST * limit.burst() / limit.rate() * 1e9);
        if limit.rate() * life / 1e9 < WORTH {
            return None;
        }
        let life = life as u64;
        Some(Self { life, shared: limit.less(Nanos(life)) })
    }
}

// === impl Lease ===

impl Lease {
    /// Until when the bucket is known to be empty.
    pub(super) fn refuses(&self, now: Nanos) -> Option<Nanos> {
        (now < self.empty_until).then_some(self.empty_until)
    }

    pub(super) fn refuse_until(&mut self, due: Nanos) {
        self.empty_until = due;
    }

    /// Whether a token is held.
    pub(super) fn can_spend(&self, now: Nanos) -> bool {
        self.left > 0 && now < self.until
    }

    /// Spends a token that is held.
    pub(super) fn spend(&mut self, now: Nanos) -> bool {
        if !self.can_spend(now) {
            return false;
        }
        self.left -= 1;
        self.admitted = self.admitted.saturating_add(1);
        true
    }

    /// When what is held is lost: tells this lease from the next.
    pub(super) fn ends(&self) -> Nanos {
        self.until
    }

    /// A token of the lease that ends then was not needed. It is not one of a later lease: that would lengthen its life.
    pub(super) fn put_back(&mut self, ends: Nanos, now: Nanos) {
        if now < ends && ends == self.until {
            self.left = self.left.saturating_add(1);
            self.admitted = self.admitted.saturating_sub(1);
        }
    }

    /// How many to take: one, and half of what was admitted in the life of a lease before.
    pub(super) fn wanted(&mut self, now: Nanos, leasing: Leasing) -> u32 {
        let passed = now.0.saturating_sub(self.since.0);
        if passed >= leasing.life {
            self.before = if passed < 2 * leasing.life { self.admitted } else { 0 };
            self.since = now;
            self.admitted = 0;
        }
        let usual = self.before.max(self.admitted);
        if usual < FEW { 1 } else { 1 + usual / 2 }
    }

    /// Tokens that are left as far as this worker knows: its own, and those of the bucket when it last looked.
    pub(super) fn known(&self) -> u32 {
        self.left.saturating_add(self.behind)
    }

    /// Holds tokens that were just taken; so many are left behind.
    pub(super) fn begin(&mut self, count: u32, behind: u32, now: Nanos, leasing: Leasing) {
        self.left = count;
        self.behind = behind;
        self.until = Nanos(now.0.saturating_add(leasing.life));
    }
}
