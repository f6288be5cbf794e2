//! What all VMs of an Envoy know of a key source, and so: who may ask the issuer, and when.
//!
//! One VM asks ahead, after [`REFRESH`], elected by a lease; an issuer that fails is asked again with [`BACK_OFF`], doubled
//! up to [`MOST_BACK_OFF`]. A key id that nobody knows makes a request ask at once, [`EARLY`] times in a row and then once in
//! [`COOL_DOWN`]: the keys of an issuer that changes them are there when their first token is, and junk buys no storm.
//!
//! The wall clock may jump. A lease or a pause that ends later than one can is none, and keys from the future are as old as
//! the moment when that is seen.

use crate::gateway::Millis;
use crate::gateway::authorizers::jwt::refusal::Refusal;

/// Milliseconds that keys are believed without asking: AWS's two hours.
pub const FRESH: u64 = 2 * 60 * 60 * 1000;
/// Milliseconds after which keys are not believed at all.
pub const STALE: u64 = 24 * 60 * 60 * 1000;
/// Milliseconds after which keys are asked for ahead: half of [`FRESH`], less up to a quarter of that by chance, so that a
/// fleet does not ask as one. An hour is left for an issuer that fails before requests would notice.
pub const REFRESH: u64 = FRESH / 2;
/// Milliseconds that the one who asks has for both questions, 1.5 s each, before another one may ask.
pub const LEASE: u64 = 4_000;
/// Milliseconds that an issuer is left alone after it failed once; half of it to all of it, by chance.
pub const BACK_OFF: u64 = 1_000;
/// Milliseconds that an issuer is left alone at most.
pub const MOST_BACK_OFF: u64 = 30_000;
/// Milliseconds in which unknown key ids earn one more question.
pub const COOL_DOWN: u64 = 5_000;
/// Questions that unknown key ids may ask in a row.
pub const EARLY: u64 = 4;

/// Keys in shared data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edition {
    /// When they were learned.
    pub at: Millis,
    /// The digest of the key set as it came.
    pub digest: [u8; 32],
}

/// What all VMs know of a key source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The keys that there are.
    pub edition: Option<Edition>,
    /// Since when somebody asks.
    asking: Option<Millis>,
    /// When the issuer is asked next.
    next: Millis,
    /// How often in a row it has failed, and how at last.
    failures: u32,
    refusal: Option<Refusal>,
    /// Until when the questions of unknown key ids are paid for.
    early: Millis,
}

/// Names of shared data.
#[derive(Debug)]
pub struct Names {
    /// The ledger, which everybody looks at.
    pub ledger: String,
    /// The key set as it came, which is read when it is another one.
    pub set: String,
}

/// Why a request asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// There are no keys, or nobody asks ahead here.
    Due,
    /// No key has the token's key id.
    UnknownKey,
}

/// Bytes of a ledger.
const BYTES: usize = 8 + 32 + 8 + 8 + 4 + 1 + 8;

// === impl Ledger ===

impl Ledger {
    /// Whether the issuer is to be asked now, by the one who gets the lease.
    #[must_use]
    pub fn is_due(&self, now: Millis) -> bool {
        !self.is_under_way(now) && !self.is_before_next(now)
    }

    /// Whether somebody should have asked and nobody did: a host without ticks.
    #[must_use]
    pub fn is_neglected(&self, now: Millis) -> bool {
        let age = self.edition.map_or(u64::MAX, |edition| now.0.saturating_sub(edition.at.0));
        age >= FRESH && self.is_due(now) && now.0.saturating_sub(self.next.0) >= LEASE
    }

    /// How often in a row the issuer has failed: no more than 32 are told apart.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Takes the lease.
    pub fn take_lease(&mut self, now: Millis) -> bool {
        let due = self.is_due(now);
        if due {
            self.asking = Some(now);
        }
        due
    }

    /// Whether a request may ask. It cannot wait for the answer to another VM, so it asks beside it.
    pub fn begin(&mut self, reason: Reason, now: Millis) -> bool {
        if self.is_under_way(now) {
            return true;
        }
        if self.failures > 0 && self.is_before_next(now) {
            return false;
        }
        let may = match reason {
            Reason::Due => true,
            Reason::UnknownKey => self.take_early(now),
        };
        if may {
            self.asking = Some(now);
        }
        may
    }

    /// The issuer has answered with keys; there they are, unless they could not be put there.
    pub fn succeed(&mut self, edition: Option<Edition>, now: Millis, dice: [u8; 32]) {
        let next = Millis(now.0.saturating_add(REFRESH - share(REFRESH / 4, dice)));
        let edition = edition.or(self.edition);
        *self = Self { edition, asking: None, next, failures: 0, refusal: None, early: self.early };
    }

    /// The issuer has failed. Several VMs that asked at the same time count once.
    pub fn fail(&mut self, refusal: Refusal, now: Millis, dice: [u8; 32]) {
        if self.asking.take().is_none() && self.failures > 0 && self.is_before_next(now) {
            return;
        }
        let pause = BACK_OFF.checked_shl(self.failures).unwrap_or(MOST_BACK_OFF).min(MOST_BACK_OFF);
        self.failures = self.failures.saturating_add(1).min(32);
        self.refusal = Some(refusal);
        self.next = Millis(now.0.saturating_add(pause - share(pause / 2, dice)));
    }

    /// How the issuer failed last.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        self.refusal.unwrap_or(Refusal::Keys)
    }

    /// Whether the keys are from the future.
    #[must_use]
    pub fn is_ahead(&self, now: Millis) -> bool {
        self.edition.is_some_and(|edition| edition.at > now)
    }

    /// Dates keys from the future now, and asks for new ones.
    pub fn redate(&mut self, now: Millis) {
        if let Some(edition) = &mut self.edition
            && edition.at > now
        {
            edition.at = now;
            self.next = now;
        }
    }

    fn is_under_way(&self, now: Millis) -> bool {
        self.asking.is_some_and(|at| now.0.checked_sub(at.0).is_some_and(|age| age < LEASE))
    }

    fn is_before_next(&self, now: Millis) -> bool {
        let longest = if self.failures > 0 { MOST_BACK_OFF } else { REFRESH };
        let left = self.next.0.saturating_sub(now.0);
        left > 0 && left <= longest
    }

    /// A bucket of [`EARLY`] questions, as the time at which it is full again.
    fn take_early(&mut self, now: Millis) -> bool {
        let end = now.0.saturating_add(EARLY * COOL_DOWN);
        let from = if self.early.0 > end { now.0 } else { self.early.0.max(now.0) };
        let paid = from.saturating_add(COOL_DOWN);
        if paid > end {
            return false;
        }
        self.early = Millis(paid);
        true
    }

    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES);
        let (at, digest) = self.edition.map_or((Millis(0), [0; 32]), |edition| (edition.at, edition.digest));
        let refusal = match self.refusal {
            Some(Refusal::Discovery) => 1,
            Some(_) => 2,
            None => 0,
        };
        bytes.extend(at.0.to_le_bytes());
        bytes.extend(digest);
        bytes.extend(self.asking.unwrap_or_default().0.to_le_bytes());
        bytes.extend(self.next.0.to_le_bytes());
        bytes.extend(self.failures.to_le_bytes());
        bytes.push(refusal);
        bytes.extend(self.early.0.to_le_bytes());
        bytes
    }

    /// From bytes; none if they are none of ours.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; BYTES] = bytes.try_into().ok()?;
        let (at, rest) = bytes.split_first_chunk::<8>()?;
        let (digest, rest) = rest.split_first_chunk::<32>()?;
        let (asking, rest) = rest.split_first_chunk::<8>()?;
        let (next, rest) = rest.split_first_chunk::<8>()?;
        let (failures, rest) = rest.split_first_chunk::<4>()?;
        let (refusal, rest) = rest.split_first()?;
        let (early, _) = rest.split_first_chunk::<8>()?;
        let millis = |bytes: &[u8; 8]| Millis(u64::from_le_bytes(*bytes));
        let some = |millis: Millis| (millis.0 > 0).then_some(millis);
        Some(Self {
            edition: some(millis(at)).map(|at| Edition { at, digest: *digest }),
            asking: some(millis(asking)),
            next: millis(next),
            failures: u32::from_le_bytes(*failures),
            refusal: match refusal {
                0 => None,
                1 => Some(Refusal::Discovery),
                _ => Some(Refusal::Keys),
            },
            early: millis(early),
        })
    }
}

/// From nothing to all of a span, by chance.
fn share(span: u64, dice: [u8; 32]) -> u64 {
    let [high, low, ..] = dice;
    span * u64::from(u16::from_be_bytes([high, low])) / u64::from(u16::MAX)
}

#[cfg(test)]
mod tests;
