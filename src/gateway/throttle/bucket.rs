//! A token bucket, as arithmetic: integers only, rounded so that nothing is given away.

use crate::gateway::Nanos;

/// Parts of a token that are counted.
const UNIT: u64 = 1 << 32;
/// Parts of a unit that rates are counted in: enough for every `f64` from a thousandth up to stand exactly.
const FINE: u128 = 1 << 30;
/// Nanoseconds of a second.
const SECOND: u128 = 1_000_000_000;
/// The largest rate: a million a second is more than an Envoy does.
const MOST_PER_SECOND: f64 = 1_000_000.0;

/// How fast a bucket fills, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// [`FINE`] parts of units per second.
    rate: u128,
    /// Units.
    burst: u64,
}

/// A bucket at a moment: what is kept in 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Units that it held at `at`.
    level: u64,
    at: Nanos,
}

// === impl Limit ===

impl Limit {
    /// Refuses all.
    pub const NONE: Self = Self { rate: 0, burst: 0 };

    /// A limit of so many requests a second, and so many at once. Zero refuses all; fractions count.
    ///
    /// # Errors
    /// If the rate is not a number from 0 to a million.
    pub fn new(rate: f64, burst: u32) -> Result<Self, &'static str> {
        if !(0.0..=MOST_PER_SECOND).contains(&rate) {
            return Err("a rate is a number from 0 to 1,000,000 a second");
        }
        if rate <= 0.0 {
            // Not even what a full bucket would hold: a rate of zero closes a route.
            return Ok(Self::NONE);
        }
        // In range, and cut towards zero: never more than what was written.
        let rate = (rate * UNIT as f64 * FINE as f64) as u128;
        Ok(Self { rate, burst: u64::from(burst) * UNIT })
    }

    /// Requests a second.
    #[must_use]
    pub fn rate(self) -> f64 {
        self.rate as f64 / FINE as f64 / UNIT as f64
    }

    /// Requests at once.
    #[must_use]
    pub fn burst(self) -> f64 {
        self.burst as f64 / UNIT as f64
    }

    /// Both values, and nothing else.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        let (rate, burst) = bytes.split_at_mut(16);
        rate.copy_from_slice(&self.rate.to_le_bytes());
        burst.copy_from_slice(&self.burst.to_le_bytes());
        bytes
    }

    /// The same rate with a smaller burst: smaller by what the rate gives in this time, rounded up.
    #[must_use]
    pub fn less(self, time: Nanos) -> Self {
        Self { rate: self.rate, burst: self.burst.saturating_sub(self.units_in(time).saturating_add(1)) }
    }

    /// How long an empty bucket takes to be full, rounded up; none where it never is.
    #[must_use]
    pub fn refill(self) -> Option<Nanos> {
        self.finite(self.burst)
    }

    /// How long a token takes, rounded up; none where there never is one.
    #[must_use]
    pub fn interval(self) -> Option<Nanos> {
        self.finite(UNIT)
    }

    fn finite(self, units: u64) -> Option<Nanos> {
        Some(Nanos(self.time_of(units))).filter(|time| time.0 < u64::MAX)
    }

    /// What fills in, rounded down.
    fn units_in(self, time: Nanos) -> u64 {
        // What does not fit is more than any bucket holds.
        let units = self.rate.checked_mul(u128::from(time.0)).map(|parts| parts / (SECOND * FINE));
        units.and_then(|units| u64::try_from(units).ok()).unwrap_or(u64::MAX)
    }

    /// How long so many units take, rounded up; for ever at rate zero.
    fn time_of(self, units: u64) -> u64 {
        if self.rate == 0 {
            return u64::MAX;
        }
        // A whole bucket of units, times these, is less than 2^124.
        let time = (u128::from(units) * SECOND * FINE).div_ceil(self.rate);
        u64::try_from(time).unwrap_or(u64::MAX)
    }
}

// === impl Bucket ===

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub fn full(limit: Limit, now: Nanos) -> Self {
        Self { level: limit.burst, at: now }
    }

    /// Takes up to `wanted` whole tokens: how many, and what is left. A clock that goes backwards fills nothing, and a limit
    /// that has changed since counts from now on.
    ///
    /// # Errors
    /// When a token is due, if there is none. Nothing is to be written then: time that has passed is not lost.
    pub fn take(self, limit: Limit, wanted: u32, now: Nanos) -> Result<(u32, Self), Nanos> {
        let level = self.units(limit, now);
        let there = u32::try_from(level / UNIT).unwrap_or(u32::MAX);
        let taken = there.min(wanted);
        if taken == 0 {
            let wait =
                if limit.burst < UNIT { u64::MAX } else { limit.time_of(UNIT.saturating_sub(self.level)) };
            return Err(Nanos(self.at.0.saturating_add(wait).max(now.0.saturating_add(1))));
        }
        let left = level - u64::from(taken) * UNIT;
        Ok((taken, Self { level: left, at: self.at.max(now) }))
    }

    /// Tokens in it now.
    #[must_use]
    pub fn level(self, limit: Limit, now: Nanos) -> f64 {
        self.units(limit, now) as f64 / UNIT as f64
    }

    /// Whole tokens that it held when it was written.
    #[must_use]
    pub fn tokens(self) -> u32 {
        u32::try_from(self.level / UNIT).unwrap_or(u32::MAX)
    }

    /// How long the next token takes from when the bucket was written; none where there never is one, or the bucket is full.
    #[must_use]
    pub fn next(self, limit: Limit) -> Option<Nanos> {
        if self.level >= limit.burst { None } else { limit.finite(UNIT - self.level % UNIT) }
    }

    fn units(self, limit: Limit, now: Nanos) -> u64 {
        let since = Nanos(now.0.saturating_sub(self.at.0));
        self.level.saturating_add(limit.units_in(since)).min(limit.burst)
    }

    /// As it is kept.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let (level, at) = bytes.split_at_mut(8);
        level.copy_from_slice(&self.level.to_le_bytes());
        at.copy_from_slice(&self.at.0.to_le_bytes());
        bytes
    }

    /// As it was kept; none if these are not 16 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (level, at) = bytes.split_first_chunk::<8>()?;
        let at: [u8; 8] = at.try_into().ok()?;
        Some(Self { level: u64::from_le_bytes(*level), at: Nanos(u64::from_le_bytes(at)) })
    }
}
