//! Throttling: token buckets that hold exactly, on every window: `admitted ≤ burst + rate × time`, whatever the workers do.
//!
//! AWS calls its limits targets
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html>); ours are ceilings.
//! [`bucket`] is arithmetic, [`lease`] lets a worker take tokens in advance, and [`Throttle`] is one limit: who is counted
//! under it, and where its bucket is kept. `admission` does not ask it yet: a document that sets limits is refused.

pub mod bucket;
pub mod lease;

use super::shared::{LAYOUT, SharedStore, unambiguous};
use bucket::{Bucket, Limit};
use lease::{Lease, Leasing};

/// Nanoseconds of a clock that is the same in all workers and never jumps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanos(pub u64);

/// Tries to write a bucket that others write at the same time; then the request is refused.
const TRIES: usize = 8;

/// One limit. Many may be counted under it, each in a bucket of its own: `key` below says where that is kept, and comes from
/// configuration only ([`bucket_key`]).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throttle {
    limit: Limit,
    leasing: Option<Leasing>,
    /// Whether it only counts what it would refuse.
    pub shadow: bool,
}

/// Why a limit refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The bucket is empty; a token is due then.
    Empty(Nanos),
    /// Too many others wrote at the same time, or the bucket was never made.
    Contended,
}

/// A token that was taken, and how to put it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Out of this worker's lease.
    Leased,
    /// Out of the shared bucket, which was this before and is that after.
    Shared {
        /// Before.
        before: Bucket,
        /// After.
        after: Bucket,
    },
}

/// Where a bucket is kept, by names that come from configuration only.
#[must_use]
pub fn bucket_key(names: &[&str]) -> String {
    format!("{LAYOUT}/bucket/{}", unambiguous(names))
}

// === impl Throttle ===

impl Throttle {
    /// A limit, and how it is leased.
    #[must_use]
    pub fn new(limit: Limit, shadow: bool) -> Self {
        Self { limit, leasing: Leasing::of(limit), shadow }
    }

    /// Makes the bucket where there is none yet, full. Only the configuring VM may: creation is not protected by a version,
    /// so a bucket made while others take from it would give tokens away.
    pub fn prepare(&self, key: &str, now: Nanos, store: &dyn SharedStore) {
        if store.get(key).is_none() {
            // A bucket that cannot be made refuses: see `take_shared`.
            let _ = store.set(key, &Bucket::full(self.shared_limit(), now).to_bytes(), None);
        }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// Why there is none.
    pub fn take(
        &self,
        key: &str,
        lease: &mut Lease,
        now: Nanos,
        store: &dyn SharedStore,
    ) -> Result<Taken, Refused> {
        if let Some(due) = lease.refuses(now) {
            return Err(Refused::Empty(due));
        }
        let Some(leasing) = self.leasing else {
            return self.take_shared(key, 1, now, store, lease).map(|(_, taken)| taken);
        };
        if lease.spend(now) {
            return Ok(Taken::Leased);
        }
        let (count, _) = self.take_shared(key, lease.wanted(now, leasing), now, store, lease)?;
        lease.begin(count, now, leasing);
        // One of those that were just taken.
        if lease.spend(now) { Ok(Taken::Leased) } else { Err(Refused::Contended) }
    }

    /// Puts a token back, because another limit refused the request. One that is not certain to be exactly undone is lost:
    /// a limit may cost tokens, it never gives any.
    pub fn put_back(&self, key: &str, taken: Taken, lease: &mut Lease, now: Nanos, store: &dyn SharedStore) {
        match taken {
            Taken::Leased => lease.put_back(now),
            Taken::Shared { before, after } => {
                if let Some(shared) = store.get(key)
                    && shared.value == after.to_bytes()
                {
                    let _ = store.set(key, &before.to_bytes(), Some(shared.version));
                }
            }
        }
    }

    /// Tokens in the shared bucket now, for reports.
    #[must_use]
    pub fn level(&self, key: &str, now: Nanos, store: &dyn SharedStore) -> f64 {
        let bucket = store.get(key).and_then(|shared| Bucket::from_bytes(&shared.value));
        bucket.map_or(0.0, |bucket| bucket.level(self.shared_limit(), now))
    }

    /// Takes up to `wanted` tokens from the shared bucket, at least one.
    fn take_shared(
        &self,
        key: &str,
        wanted: u32,
        now: Nanos,
        store: &dyn SharedStore,
        lease: &mut Lease,
    ) -> Result<(u32, Taken), Refused> {
        let limit = self.shared_limit();
        for _ in 0..TRIES {
            let shared = store.get(key).ok_or(Refused::Contended)?;
            let before = Bucket::from_bytes(&shared.value).ok_or(Refused::Contended)?;
            let (count, after) = match before.take(limit, wanted, now) {
                Ok(taken) => taken,
                Err(due) => {
                    lease.refuse_until(due);
                    return Err(Refused::Empty(due));
                }
            };
            if store.set(key, &after.to_bytes(), Some(shared.version)).is_ok() {
                return Ok((count, Taken::Shared { before, after }));
            }
        }
        Err(Refused::Contended)
    }

    fn shared_limit(&self) -> Limit {
        self.leasing.map_or(self.limit, |leasing| leasing.shared)
    }
}

#[cfg(test)]
mod tests;
