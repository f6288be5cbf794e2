//! Throttling: token buckets that hold exactly, on every window: `admitted ≤ burst + rate × time`, whatever the workers do.
//!
//! AWS calls its limits targets
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html>); ours are ceilings.
//! [`bucket`] is arithmetic, [`lease`] lets a worker take tokens in advance, and [`Throttle`] is one limit: how fast, and
//! where its buckets are kept.
//!
//! A request passes several limits. Each is asked for a [`Claim`] first, which only reads; when all have one, each is
//! [taken](Throttle::take). So a refusal by one takes nothing from the others.

pub mod bucket;
pub mod lease;

use super::Nanos;
use super::shared::{LAYOUT, SharedStore, unambiguous};
use bucket::{Bucket, Limit};
use lease::{Lease, Leasing};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::{Hash, Hasher};

/// Tries to write a bucket that others write at the same time; then the request is refused.
const TRIES: usize = 8;

/// One limit. It has one bucket, or one for each holder: an API key.
#[derive(Debug, Clone, PartialEq)]
pub struct Throttle {
    limit: Limit,
    leasing: Option<Leasing>,
    /// Whether it only counts what it would refuse.
    pub shadow: bool,
    /// Where its buckets are kept: from configuration only, as all names in shared data.
    name: String,
    /// Tells it from every other limit in a worker's memory, and from itself with other values: what a worker remembers of an
    /// empty bucket is not true at another rate.
    digest: u128,
}

/// One of the buckets of a limit: whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder<'a> {
    /// The holder's name in the document.
    pub id: &'a str,
    /// Tells it from every other holder, in a worker's memory.
    pub digest: u128,
}

/// A bucket's lease is remembered under this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseKey(pub u128);

/// Why a limit refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The bucket is empty; a token is due then.
    Empty(Nanos),
    /// Too many others wrote at the same time, or what is kept is no bucket.
    Contended,
}

/// A token that can be had, as far as could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Out of this worker's lease.
    Leased,
    /// Out of the shared bucket.
    Shared(Draft),
}

/// What is to be written to take tokens out of the shared bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draft {
    /// The version that was read; none where there was no bucket.
    seen: Option<u32>,
    before: Bucket,
    after: Bucket,
    tokens: u32,
}

/// A token that was taken, and how to put it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Out of this worker's lease, which ends then.
    Leased(Nanos),
    /// Out of the shared bucket, which was this before and is that after.
    Shared {
        /// Before.
        before: Bucket,
        /// After.
        after: Bucket,
    },
}

/// What is left of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// Whole tokens.
    pub tokens: u32,
    /// How long until there is one more; none where never.
    pub next: Option<Nanos>,
}

/// What a limit is asked with.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// Whose bucket; none where the limit has only one.
    pub holder: Option<Holder<'a>>,
    /// The time.
    pub now: Nanos,
    /// Where buckets are kept.
    pub store: &'a dyn SharedStore,
}

// === impl LeaseKey ===

/// It is made of digests: half of it is as good a hash as any.
impl Hash for LeaseKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0 as u64);
    }
}

impl nohash_hasher::IsEnabled for LeaseKey {}

// === impl Throttle ===

impl Throttle {
    /// A limit, by names that come from configuration only.
    #[must_use]
    pub fn new(limit: Limit, shadow: bool, names: &[&str]) -> Self {
        let name = format!("{LAYOUT}/bucket/{}", unambiguous(names));
        // Names are of configuration only, so no key is needed; a document may have ten thousand limits.
        let mut hasher = SipHasher13::new();
        hasher.write(&limit.to_bytes());
        hasher.write(name.as_bytes());
        let digest = hasher.finish128().as_u128();
        Self { limit, leasing: Leasing::of(limit), shadow, name, digest }
    }

    /// How fast, and how much at once.
    #[must_use]
    pub fn limit(&self) -> Limit {
        self.limit
    }

    /// Where a worker remembers the lease of a bucket.
    #[must_use]
    pub fn lease_key(&self, holder: Option<Holder<'_>>) -> LeaseKey {
        LeaseKey(self.digest ^ holder.map_or(0, |holder| holder.digest))
    }

    /// Whether a token can be had: only reads.
    ///
    /// # Errors
    /// Why there is none.
    pub fn claim(&self, lease: &mut Lease, at: At<'_>) -> Result<Claim, Refused> {
        if self.leasing.is_some() && lease.can_spend(at.now) {
            return Ok(Claim::Leased);
        }
        if let Some(due) = lease.refuses(at.now) {
            return Err(Refused::Empty(due));
        }
        self.draft(lease, at).map(Claim::Shared)
    }

    /// Takes what was claimed.
    ///
    /// # Errors
    /// If others were faster, why there is no token left.
    pub fn take(&self, claim: Claim, lease: &mut Lease, at: At<'_>) -> Result<Taken, Refused> {
        match claim {
            Claim::Leased if lease.spend(at.now) => Ok(Taken::Leased(lease.ends())),
            Claim::Leased => self.draft(lease, at).and_then(|draft| self.take_shared(draft, lease, at)),
            Claim::Shared(draft) => self.take_shared(draft, lease, at),
        }
    }

    /// Puts a token back, because somebody else refused the request. One that is not certain to be exactly undone is lost: a
    /// limit may cost tokens, it never gives any.
    pub fn put_back(&self, taken: Taken, lease: &mut Lease, at: At<'_>) {
        match taken {
            Taken::Leased(ends) => lease.put_back(ends, at.now),
            Taken::Shared { before, after } => {
                let name = self.bucket_name(at.holder);
                if let Some(shared) = at.store.get(&name)
                    && shared.value == after.to_bytes()
                {
                    let _ = at.store.set(&name, &before.to_bytes(), Some(shared.version));
                }
            }
        }
    }

    /// What is left behind a token that was just taken, without asking anybody: exact where it came out of the shared bucket,
    /// else as of when the lease was taken, at most its life ago.
    #[must_use]
    pub fn rest(&self, taken: Taken, lease: &Lease) -> Rest {
        match taken {
            Taken::Leased(_) => Rest { tokens: lease.known(), next: self.limit.interval() },
            Taken::Shared { after, .. } => {
                Rest { tokens: after.tokens(), next: after.next(self.shared_limit()) }
            }
        }
    }

    /// Whole tokens that the shared bucket holds now, for reports.
    #[must_use]
    pub fn level(&self, at: At<'_>) -> f64 {
        let shared = at.store.get(&self.bucket_name(at.holder));
        let full = Bucket::full(self.shared_limit(), at.now);
        let bucket = shared.map_or(Some(full), |shared| Bucket::from_bytes(&shared.value));
        bucket.map_or(0.0, |bucket| bucket.level(self.shared_limit(), at.now))
    }

    /// Whole tokens that the shared bucket can hold, for reports: fewer than the burst where some are kept for leases.
    #[must_use]
    pub fn capacity(&self) -> f64 {
        self.shared_limit().burst()
    }

    /// What taking would write: one token, or a lease.
    fn draft(&self, lease: &mut Lease, at: At<'_>) -> Result<Draft, Refused> {
        let limit = self.shared_limit();
        let wanted = self.leasing.map_or(1, |leasing| lease.wanted(at.now, leasing));
        let (seen, before) = match at.store.get(&self.bucket_name(at.holder)) {
            None => (None, Bucket::full(limit, at.now)),
            Some(shared) => {
                let before = Bucket::from_bytes(&shared.value).ok_or(Refused::Contended)?;
                (Some(shared.version), before)
            }
        };
        // What expires here may be needed elsewhere, so nobody takes in advance of the last.
        let plenty = before.level(limit, at.now) >= f64::from(wanted) * lease::SPARE;
        match before.take(limit, if plenty { wanted } else { 1 }, at.now) {
            Ok((tokens, after)) => Ok(Draft { seen, before, after, tokens }),
            Err(due) => {
                lease.refuse_until(due);
                Err(Refused::Empty(due))
            }
        }
    }

    fn take_shared(&self, mut draft: Draft, lease: &mut Lease, at: At<'_>) -> Result<Taken, Refused> {
        let name = self.bucket_name(at.holder);
        for _ in 0..TRIES {
            let bytes = draft.after.to_bytes();
            let written = match draft.seen {
                None => at.store.create(&name, &bytes),
                seen @ Some(_) => at.store.set(&name, &bytes, seen),
            };
            if written.is_ok() {
                return Ok(self.begin_lease(draft, lease, at.now));
            }
            draft = self.draft(lease, at)?;
        }
        Err(Refused::Contended)
    }

    fn begin_lease(&self, draft: Draft, lease: &mut Lease, now: Nanos) -> Taken {
        if let Some(leasing) = self.leasing {
            lease.begin(draft.tokens, draft.after.tokens(), now, leasing);
            // One of those that were just taken.
            if lease.spend(now) {
                return Taken::Leased(lease.ends());
            }
        }
        Taken::Shared { before: draft.before, after: draft.after }
    }

    fn bucket_name(&self, holder: Option<Holder<'_>>) -> String {
        match holder {
            None => self.name.clone(),
            // Last, so nothing that follows could be taken for a part of it.
            Some(holder) => format!("{}//{}", self.name, holder.id),
        }
    }

    fn shared_limit(&self) -> Limit {
        self.leasing.map_or(self.limit, |leasing| leasing.shared)
    }
}

/// Half of a SHA-256: as good as unique.
#[must_use]
pub fn digest(hash: [u8; 32]) -> u128 {
    hash.first_chunk().map_or(0, |half| u128::from_le_bytes(*half))
}

#[cfg(test)]
mod tests;
