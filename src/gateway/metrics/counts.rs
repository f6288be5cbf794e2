//! What a worker counts of APIs, until the shell hands it to the host on its tick.

use super::{COUNTED, MOST_STATISTICS, Metric, PlaceKey};
use crate::gateway::Worker;
use crate::gateway::outcome::Over;
use crate::gateway::request::Request;
use nohash_hasher::IntMap;
use std::cell::RefCell;

/// What happened at places since the shell asked. There are no more than documents name.
#[derive(Debug, Default)]
pub struct ApiCounts(IntMap<PlaceKey, Counted>);

/// How often each of [`COUNTED`] happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted([u64; COUNTED.len()]);

/// How long a request took, for the histograms of its place, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The place.
    pub place: PlaceKey,
    /// All of it; none of a WebSocket connection, which lives as long as it likes.
    pub latency: Option<u64>,
    /// Its integration; none where none was asked, or none answered.
    pub integration_latency: Option<u64>,
}

// === impl ApiCounts ===

impl ApiCounts {
    /// What is counted at a place.
    pub fn at(&mut self, place: PlaceKey) -> Option<&mut Counted> {
        if self.0.len() >= MOST_STATISTICS && !self.0.contains_key(&place) {
            return None;
        }
        Some(self.0.entry(place).or_default())
    }

    /// Adds to one number of a place.
    pub fn add(&mut self, place: PlaceKey, metric: Metric, more: u64) {
        if let Some(counted) = self.at(place) {
            counted.add(metric, more);
        }
    }

    /// What happened since this was last asked.
    pub fn drain(&mut self) -> impl Iterator<Item = (PlaceKey, Counted)> {
        self.0.drain()
    }
}

// === impl Counted ===

impl Counted {
    /// Adds to one of the numbers; what is measured is not counted.
    pub fn add(&mut self, metric: Metric, more: u64) {
        // They are numbered in the order of `COUNTED`, and behind them what is measured.
        if let Some(count) = self.0.get_mut(metric as usize) {
            *count = count.saturating_add(more);
        }
    }

    /// Each number, in the order of [`COUNTED`].
    #[must_use]
    pub fn numbers(&self) -> [u64; COUNTED.len()] {
        self.0
    }
}

/// Counts a request that is over. What never reached a stage is nobody's.
pub(in crate::gateway) fn count(over: &Over<'_>, worker: &RefCell<Worker>) -> Option<Times> {
    let Over { request, ending, .. } = *over;
    let places = &request.stage.as_ref()?.places;
    let place = places.of(request.route.as_ref().map(|(route, _)| *route));
    let outcome = &request.outcome;
    let is_connection = outcome.status == 101;
    let apis = &mut worker.borrow_mut().apis;
    if let Some(counted) = apis.at(place.key) {
        // A connection was counted when it was made.
        if !is_connection {
            counted.add(Metric::Count, 1);
        }
        match outcome.status {
            400..=499 => counted.add(Metric::FourXx, 1),
            500..=599 => counted.add(Metric::FiveXx, 1),
            _ => {}
        }
        if outcome.integration.is_none() {
            counted.add(Metric::Unasked, 1);
        }
        if place.tells_data() {
            let bytes = ending.request_bytes().saturating_add(ending.response_bytes());
            counted.add(Metric::DataProcessed, bytes);
        }
    }
    if places.stage().tells_connections()
        && let Some(metric) = refused_connection(request)
    {
        apis.add(places.stage().key, metric, 1);
    }
    let latency = (!is_connection).then(|| over.millis());
    let integration_latency = outcome.integration.as_ref().and_then(|integrated| integrated.millis());
    Some(Times { place: place.key, latency, integration_latency })
}

/// Counts a WebSocket connection that is made: when it is, and not when it ends.
pub(in crate::gateway) fn connected(request: &Request, worker: &RefCell<Worker>) {
    let Some(stage) = &request.stage else { return };
    let place = stage.places.of(request.route.as_ref().map(|(route, _)| *route));
    let apis = &mut worker.borrow_mut().apis;
    apis.add(place.key, Metric::Count, 1);
    apis.add(stage.places.stage().key, Metric::ConnectCount, 1);
}

/// Whose fault it is that a WebSocket connection was not made.
fn refused_connection(request: &Request) -> Option<Metric> {
    let outcome = &request.outcome;
    if outcome.status < 400 || !request.asks_upgrade() {
        return None;
    }
    match &outcome.integration {
        None if outcome.status < 500 => Some(Metric::ClientError),
        None => Some(Metric::ExecutionError),
        Some(integrated) if integrated.status.is_some_and(|status| status >= 400) => {
            Some(Metric::IntegrationError)
        }
        Some(_) => Some(Metric::ExecutionError),
    }
}
