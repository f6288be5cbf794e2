//! A histogram as Prometheus tells it: how many were at most so long.

/// Most bounds that are kept of one: Envoy has twenty unless told otherwise.
const MOST_BOUNDS: usize = 128;

/// How many took at most so many milliseconds, by rising bounds; the last one is infinite.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histogram(Vec<(f64, u64)>);

/// A share of all took at most this long, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantile {
    /// Somewhere in a bucket: where it would be if the bucket's were evenly spread, as `histogram_quantile` says.
    At(f64),
    /// Longer than the last bound.
    Beyond(f64),
}

// === impl Histogram ===

impl Histogram {
    /// So many more took at most that long.
    pub(super) fn bound(&mut self, most: f64, count: u64) {
        let at = self.0.partition_point(|(known, _)| *known < most);
        match self.0.get_mut(at) {
            Some((known, old)) if known.total_cmp(&most).is_eq() => *old = old.saturating_add(count),
            Some(_) | None => {
                if self.0.len() < MOST_BOUNDS {
                    self.0.insert(at, (most, count));
                }
            }
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.last().map_or(0, |(_, count)| *count)
    }

    /// Whether less is counted than before: somebody has begun anew.
    pub(super) fn went_back(&self, before: &Self) -> bool {
        self.0.iter().zip(&before.0).any(|((_, now), (_, then))| now < then)
    }

    /// What came since.
    pub(super) fn since(&self, before: &Self) -> Self {
        // With other bounds it is another histogram.
        let same = self.0.len() == before.0.len()
            && self.0.iter().zip(&before.0).all(|((now, _), (then, _))| now.total_cmp(then).is_eq());
        if !same {
            return self.clone();
        }
        let pairs = self.0.iter().zip(&before.0);
        Self(pairs.map(|((bound, now), (_, then))| (*bound, now.saturating_sub(*then))).collect())
    }

    /// Both together. Where bounds differ, those of this one hold.
    pub(super) fn add(&mut self, other: &Self) {
        if self.0.is_empty() {
            self.0.clone_from(&other.0);
            return;
        }
        for (bound, count) in &mut self.0 {
            let at = other.0.partition_point(|(known, _)| *known < *bound);
            let known = other.0.get(at).map_or_else(|| other.count(), |(_, known)| *known);
            *count = count.saturating_add(known);
        }
    }

    /// What a share of all, between 0 and 1, stayed under. None of nothing.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // Far fewer than 2⁵³.
    pub fn quantile(&self, share: f64) -> Option<Quantile> {
        let all = self.count();
        if all == 0 {
            return None;
        }
        let rank = share * all as f64;
        let (mut from, mut under) = (0.0, 0_u64);
        for (bound, count) in &self.0 {
            if *count as f64 >= rank && *count > 0 {
                if bound.is_infinite() {
                    return Some(Quantile::Beyond(from));
                }
                let within = count.saturating_sub(under) as f64;
                let part = if within > 0.0 { (rank - under as f64) / within } else { 1.0 };
                return Some(Quantile::At(from + (bound - from) * part));
            }
            (from, under) = (*bound, *count);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Histogram, Quantile};

    fn histogram(counts: &[(f64, u64)]) -> Histogram {
        let mut histogram = Histogram::default();
        // In whatever order.
        counts.iter().rev().for_each(|(bound, count)| histogram.bound(*bound, *count));
        histogram
    }

    #[test]
    fn quantiles_are_those_of_prometheus() {
        let of = histogram(&[(1.0, 50), (5.0, 90), (10.0, 90), (f64::INFINITY, 100)]);
        assert_eq!(of.count(), 100);
        assert_eq!(of.quantile(0.25), Some(Quantile::At(0.5)));
        assert_eq!(of.quantile(0.5), Some(Quantile::At(1.0)));
        assert_eq!(of.quantile(0.7), Some(Quantile::At(3.0)));
        assert_eq!(of.quantile(0.9), Some(Quantile::At(5.0)));
        assert_eq!(of.quantile(0.99), Some(Quantile::Beyond(10.0)));
        assert_eq!(histogram(&[(1.0, 0), (f64::INFINITY, 0)]).quantile(0.5), None);
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn two_can_be_taken_apart_and_put_together() {
        let then = histogram(&[(1.0, 5), (f64::INFINITY, 6)]);
        let now = histogram(&[(1.0, 7), (f64::INFINITY, 10)]);
        let since = now.since(&then);
        assert_eq!(since, histogram(&[(1.0, 2), (f64::INFINITY, 4)]));
        assert!(then.went_back(&now) && !now.went_back(&then) && !now.went_back(&now));
        let mut both = Histogram::default();
        both.add(&then);
        both.add(&since);
        assert_eq!(both, now);
        assert_eq!(now.since(&histogram(&[(2.0, 1), (f64::INFINITY, 1)])), now, "other bounds");
    }

    #[test]
    fn a_histogram_of_too_many_bounds_is_kept_small() {
        let mut hostile = Histogram::default();
        (0..10_000).for_each(|i| hostile.bound(f64::from(i), 1));
        assert_eq!(hostile.0.len(), super::MOST_BOUNDS);
    }
}
