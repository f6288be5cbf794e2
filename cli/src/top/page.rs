//! What one page of `/stats/prometheus` says of a gateway: `docs/metrics.md` lists the statistics.

mod sample;

use super::histogram::Histogram;
use sample::clean;
use sekisho::gateway::metrics::name::named;
use std::collections::BTreeMap;

/// What a page says. Names are printable ASCII, whatever the page holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Requests by stages, and by routes where they have figures of their own.
    pub routes: BTreeMap<Place, Figures>,
    /// Refusals by their reasons.
    pub refused: BTreeMap<String, u64>,
    /// What limits refused or would have: `throttled_route`, `shadow_quota_exceeded`.
    pub limits: BTreeMap<String, u64>,
    /// Requests by web ACL, rule and rule within a group: allowed, blocked, counted, passed.
    pub rules: BTreeMap<[String; 3], [u64; 4]>,
    /// Requests by API, stage and side of a canary: all, 4xx, 5xx.
    pub sides: BTreeMap<[String; 3], [u64; 3]>,
    /// Issuers' keys.
    pub issuers: BTreeMap<String, Keys>,
    /// The gateway itself.
    pub state: State,
    /// Whether there was more than is kept.
    pub cut: bool,
}

/// Where requests are counted: at a stage, or at one of its routes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The API's id.
    pub api_id: String,
    /// The stage's name.
    pub stage: String,
    /// The route's path; empty for the stage.
    pub resource: String,
    /// The route's method; empty for the stage.
    pub method: String,
}

/// What was counted at a place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Requests; of WebSocket connections too.
    pub count: u64,
    /// Those that were answered by 400 to 499.
    pub client_errors: u64,
    /// Those that were answered by 500 to 599.
    pub server_errors: u64,
    /// Those for which no integration was asked: refused, preflights, MOCK, or their client left before.
    pub unasked: u64,
    /// How long they took.
    pub latency: Histogram,
}

/// What the gateway has of an issuer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keys {
    /// Keys that verify tokens.
    pub keys: u64,
    /// When they were learned, in seconds since 1970; 0 for never.
    pub learned: u64,
    /// Questions in a row that failed.
    pub failures: u64,
}

/// The gateway itself; none where the page does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    /// Seconds since Envoy started.
    pub uptime: Option<u64>,
    /// The first six bytes of the document's SHA-256.
    pub digest: Option<u64>,
    /// When it was loaded, in seconds since 1970.
    pub loaded: Option<u64>,
    /// Documents that the filter refused.
    pub rejected: Option<u64>,
    /// Questions on their way.
    pub in_flight: Option<u64>,
    /// Questions that authorizers and integrations did not answer.
    pub unanswered: Option<u64>,
}

// === impl Page ===

impl Page {
    /// Whether a gateway has told anything.
    pub(super) fn is_gateways(&self) -> bool {
        self.state.digest.is_some() || !self.routes.is_empty()
    }

    /// Whether Envoy began anew after a former page: it counts less than it did, or is younger.
    pub(super) fn went_back(&self, before: &Self) -> bool {
        fn less<K: Ord>(now: &BTreeMap<K, u64>, then: &BTreeMap<K, u64>) -> bool {
            now.iter().any(|(key, now)| then.get(key).is_some_and(|then| now < then))
        }
        fn less_of<K: Ord, const N: usize>(
            now: &BTreeMap<K, [u64; N]>,
            then: &BTreeMap<K, [u64; N]>,
        ) -> bool {
            let pairs = now.iter().filter_map(|(key, now)| Some((now, then.get(key)?)));
            pairs.flat_map(|(now, then)| now.iter().zip(then)).any(|(now, then)| now < then)
        }
        let younger = self.state.uptime.zip(before.state.uptime).is_some_and(|(now, then)| now < then);
        let figures = self.routes.iter().any(|(place, now)| {
            before.routes.get(place).is_some_and(|then| {
                now.count < then.count
                    || now.client_errors < then.client_errors
                    || now.server_errors < then.server_errors
                    || now.unasked < then.unasked
                    || now.latency.went_back(&then.latency)
            })
        });
        younger
            || figures
            || less(&self.refused, &before.refused)
            || less(&self.limits, &before.limits)
            || less_of(&self.rules, &before.rules)
            || less_of(&self.sides, &before.sides)
    }

    /// What was counted since a former page; what is no count stays as it is.
    pub(super) fn since(&self, before: &Self) -> Self {
        fn each<K: Ord + Clone, V: Clone>(
            now: &BTreeMap<K, V>,
            then: &BTreeMap<K, V>,
            since: impl Fn(&V, &V) -> V,
        ) -> BTreeMap<K, V> {
            let row = |(key, now): (&K, &V)| {
                (key.clone(), then.get(key).map_or_else(|| now.clone(), |then| since(now, then)))
            };
            now.iter().map(row).collect()
        }
        fn cells<const N: usize>(now: &[u64; N], then: &[u64; N]) -> [u64; N] {
            let mut since = *now;
            since.iter_mut().zip(then).for_each(|(now, then)| *now = now.saturating_sub(*then));
            since
        }
        let one = |now: &u64, then: &u64| now.saturating_sub(*then);
        Self {
            routes: each(&self.routes, &before.routes, Figures::since),
            refused: each(&self.refused, &before.refused, one),
            limits: each(&self.limits, &before.limits, one),
            rules: each(&self.rules, &before.rules, cells),
            sides: each(&self.sides, &before.sides, cells),
            issuers: self.issuers.clone(),
            state: self.state,
            cut: self.cut,
        }
    }
}

// === impl Place ===

impl Place {
    /// `GET /users/{id}`, `$default`; empty for a stage.
    #[must_use]
    pub fn route(&self) -> String {
        match (self.method.as_str(), self.resource.as_str()) {
            ("", resource) => resource.to_owned(),
            ("ANY", "$default") => "$default".to_owned(),
            (method, resource) => format!("{method} {resource}"),
        }
    }
}

// === impl Figures ===

impl Figures {
    fn since(&self, before: &Self) -> Self {
        Self {
            count: self.count.saturating_sub(before.count),
            client_errors: self.client_errors.saturating_sub(before.client_errors),
            server_errors: self.server_errors.saturating_sub(before.server_errors),
            unasked: self.unasked.saturating_sub(before.unasked),
            latency: self.latency.since(&before.latency),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.client_errors = self.client_errors.saturating_add(other.client_errors);
        self.server_errors = self.server_errors.saturating_add(other.server_errors);
        self.unasked = self.unasked.saturating_add(other.unasked);
        self.latency.add(&other.latency);
    }
}

/// A name of a document as it is told here: the filter escapes names, and what is too long is cut.
#[must_use]
pub fn label(name: &str) -> String {
    let told = named("", &[name], "");
    clean(told.split(';').nth(1).unwrap_or_default())
}
