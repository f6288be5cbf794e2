//! Metrics of APIs: counters told on the tick, histograms as requests end. A VM defines each once, because Envoy keeps every
//! definition: what former documents named stays.

use super::counters::add;
use super::host::{self, Counter, Histogram};
use crate::gateway::metrics::counts::{Counted, Times};
use crate::gateway::metrics::{COUNTED, MOST_STATISTICS, Metric, Place, PlaceKey};
use nohash_hasher::IntMap;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

/// Statistics that a VM defines: those of a document, and as many of those before it. What comes after them is counted together.
const MOST_DEFINED: usize = 2 * MOST_STATISTICS;

/// What is defined.
#[derive(Debug)]
pub(super) struct ApiMetrics {
    places: IntMap<PlaceKey, Defined>,
    /// Those of all places that have none.
    shared: Option<Defined>,
    statistics: usize,
}

/// The statistics of a place.
#[derive(Debug)]
struct Defined {
    counters: [Option<Counter>; COUNTED.len()],
    latency: Option<Histogram>,
    integration_latency: Option<Histogram>,
}

// === impl ApiMetrics ===

impl ApiMetrics {
    pub(super) const fn new() -> Self {
        Self { places: HashMap::with_hasher(BuildHasherDefault::new()), shared: None, statistics: 0 }
    }

    /// Defines those of a document that are not yet. While nothing has happened they are 0 and not missing.
    pub(super) fn define<'a>(&mut self, places: impl Iterator<Item = &'a Place>) {
        // Where not all of them can be, every VM chooses the same ones.
        let mut places: Vec<&Place> = places.collect();
        places.sort_unstable_by_key(|place| place.key);
        for place in places {
            if self.places.contains_key(&place.key) {
                continue;
            }
            if place.is_shared() {
                self.share();
                continue;
            }
            if self.statistics + place.statistics() > MOST_DEFINED {
                log::warn!(
                    "sekisho: new stages and routes have no metrics of their own, and are counted together: documents have named {MOST_DEFINED} statistics"
                );
                self.share();
                return;
            }
            self.statistics += place.statistics();
            self.places.insert(place.key, Defined::new(place));
        }
    }

    /// Defines those of all places that have none.
    fn share(&mut self) {
        self.shared.get_or_insert_with(|| Defined::new(&Place::of_others()));
    }

    fn at(&self, place: PlaceKey) -> Option<&Defined> {
        self.places.get(&place).or(self.shared.as_ref())
    }

    /// Adds what happened.
    pub(super) fn tell(&self, counts: impl Iterator<Item = (PlaceKey, Counted)>) {
        for (key, counted) in counts {
            let Some(defined) = self.at(key) else { continue };
            for (counter, (metric, count)) in
                defined.counters.iter().zip(COUNTED.iter().zip(counted.numbers()))
            {
                if let (Some(counter), 1..) = (counter, count) {
                    add(counter, count, metric.name());
                }
            }
        }
    }

    /// Records how long a request took.
    pub(super) fn record(&self, times: &Times) {
        let Some(defined) = self.at(times.place) else { return };
        for (histogram, millis) in
            [(&defined.latency, times.latency), (&defined.integration_latency, times.integration_latency)]
        {
            if let (Some(histogram), Some(millis)) = (histogram, millis)
                && let Err(error) = histogram.record(millis)
            {
                log::warn!("sekisho: {millis} ms of a histogram are lost: {error}");
            }
        }
    }
}

// === impl Defined ===

impl Defined {
    fn new(place: &Place) -> Self {
        let histogram = |metric| {
            let name = place.statistic(metric)?;
            let defined = host::histogram(&name);
            defined.map_err(|error| log::warn!("sekisho: `{name}` cannot be written: {error}")).ok()
        };
        Self {
            counters: COUNTED.map(|metric| super::counters::counter(&place.statistic(metric)?)),
            latency: histogram(Metric::Latency),
            integration_latency: histogram(Metric::IntegrationLatency),
        }
    }
}
