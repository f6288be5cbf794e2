//! What one page of `/stats/prometheus` says of a gateway: `docs/metrics.md` lists the statistics.

use super::exposition::Sample;
use super::histogram::Histogram;
use sekisho::gateway::metrics::name::named;
use std::collections::BTreeMap;

/// Rows that are kept of each table: a document has 10,000 statistics at most, and Envoy keeps former documents' until it ends.
const MOST_ROWS: usize = 20_000;
/// Characters that are kept of a label's value.
const MOST_CHARACTERS: usize = 256;

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
    /// How long they took.
    pub latency: Histogram,
    /// How long integrations took, of requests for which one was asked.
    pub integration: Histogram,
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
    /// Whether a line may be of use: whoever reads a page needs no other.
    pub(super) fn wants(line: &str) -> bool {
        line.starts_with("sekisho_") || line.starts_with("envoy_server_uptime")
    }

    /// Whether a gateway has told anything.
    pub(super) fn is_gateways(&self) -> bool {
        self.state.digest.is_some() || !self.routes.is_empty()
    }

    /// Takes a sample; those of no concern are passed over.
    pub(super) fn take(&mut self, sample: &Sample<'_>) {
        let Some(count) = sample.count() else { return };
        if sample.name == "envoy_server_uptime" {
            self.state.uptime = Some(count);
            return;
        }
        let Some(name) = sample.name.strip_prefix("sekisho_") else { return };
        if let Some(metric) = name.strip_prefix("api_") {
            self.take_api(metric, sample, count);
        } else if let Some(action) = name.strip_prefix("waf_") {
            let rule = ["web_acl", "rule", "group_rule"].map(|label| clean(sample.label(label)));
            let actions =
                ["allowed", "blocked", "counted", "passed"].map(|it| format!("{it}_requests_total"));
            self.take_cell(|page| &mut page.rules, rule, &actions, action, count);
        } else if let Some(what) = name.strip_prefix("canary_") {
            let side = ["api_id", "stage", "side"].map(|label| clean(sample.label(label)));
            let kinds = ["requests_total", "4xx_total", "5xx_total"].map(str::to_owned);
            self.take_cell(|page| &mut page.sides, side, &kinds, what, count);
        } else if let Some(what) = name.strip_prefix("jwks_") {
            self.take_keys(what, sample, count);
        } else if name == "refused_requests_total" {
            let reason = clean(sample.label("reason"));
            self.row(|page| &mut page.refused, reason, |known| *known = count);
        } else if let Some(limit) = limit(name) {
            self.row(|page| &mut page.limits, limit.to_owned(), |known| *known = count);
        } else {
            self.state.take(name, count);
        }
    }

    fn take_api(&mut self, metric: &str, sample: &Sample<'_>, count: u64) {
        let [api_id, stage, resource, method] =
            ["api_id", "stage", "resource", "method"].map(|label| clean(sample.label(label)));
        let bound = || sample.label("le").parse::<f64>().ok().filter(|bound| !bound.is_nan());
        self.row(
            |page| &mut page.routes,
            Place { api_id, stage, resource, method },
            |figures| match metric {
                "count_total" => figures.count = count,
                "4xx_total" => figures.client_errors = count,
                "5xx_total" => figures.server_errors = count,
                "latency_milliseconds_bucket" => {
                    bound().into_iter().for_each(|bound| figures.latency.bound(bound, count));
                }
                "integration_latency_milliseconds_bucket" => {
                    bound().into_iter().for_each(|bound| figures.integration.bound(bound, count));
                }
                _ => {}
            },
        );
    }

    fn take_keys(&mut self, what: &str, sample: &Sample<'_>, count: u64) {
        self.row(
            |page| &mut page.issuers,
            clean(sample.label("source")),
            |keys| match what {
                "keys" => keys.keys = count,
                "learned_timestamp_seconds" => keys.learned = count,
                "failures_in_a_row" => keys.failures = count,
                _ => {}
            },
        );
    }

    /// Sets one of several counts of a row.
    fn take_cell<K: Ord, const N: usize>(
        &mut self,
        table: impl Fn(&mut Self) -> &mut BTreeMap<K, [u64; N]>,
        key: K,
        columns: &[String; N],
        column: &str,
        count: u64,
    ) where
        [u64; N]: Default,
    {
        let Some(at) = columns.iter().position(|known| known == column) else { return };
        self.row(table, key, |cells| cells.iter_mut().skip(at).take(1).for_each(|cell| *cell = count));
    }

    fn row<K: Ord, V: Default>(
        &mut self,
        table: impl Fn(&mut Self) -> &mut BTreeMap<K, V>,
        key: K,
        set: impl FnOnce(&mut V),
    ) {
        let rows = table(self);
        if rows.len() < MOST_ROWS || rows.contains_key(&key) {
            set(rows.entry(key).or_default());
        } else {
            self.cut = true;
        }
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
                    || now.latency.went_back(&then.latency)
                    || now.integration.went_back(&then.integration)
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
            latency: self.latency.since(&before.latency),
            integration: self.integration.since(&before.integration),
        }
    }

    /// Requests that were answered without asking an integration: refused, preflights, or by MOCK. Both histograms are brought up
    /// to date at once, so that nobody is missing in one of them.
    #[must_use]
    pub fn unasked(&self) -> u64 {
        self.latency.count().saturating_sub(self.integration.count())
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.client_errors = self.client_errors.saturating_add(other.client_errors);
        self.server_errors = self.server_errors.saturating_add(other.server_errors);
        self.latency.add(&other.latency);
        self.integration.add(&other.integration);
    }
}

// === impl State ===

impl State {
    fn take(&mut self, name: &str, count: u64) {
        let sum = |known: Option<u64>| Some(known.unwrap_or(0).saturating_add(count));
        match name {
            "config_digest" => self.digest = Some(count),
            "config_loaded_timestamp_seconds" => self.loaded = Some(count),
            "config_rejected_total" => self.rejected = Some(count),
            "callouts_in_flight" => self.in_flight = Some(count),
            "callout_failures_authorizer_total" | "callout_failures_integration_total" => {
                self.unanswered = sum(self.unanswered);
            }
            _ => {}
        }
    }
}

/// `throttled_route` of `throttled_route_total`; none of what is no limit's.
fn limit(name: &str) -> Option<&str> {
    let limit = name.strip_suffix("_total")?;
    let bare = limit.strip_prefix("shadow_").unwrap_or(limit);
    let is = bare.starts_with("throttled_") || matches!(bare, "quota_exceeded" | "limit_contended");
    is.then_some(limit)
}

/// A name of a document as it is told here: the filter escapes names, and what is too long is cut.
#[must_use]
pub fn label(name: &str) -> String {
    let told = named("", &[name], "");
    clean(told.split(';').nth(1).unwrap_or_default())
}

/// A label as it may be shown anywhere: what is no printable ASCII is escaped, so that nothing moves a cursor or turns a line
/// round. The filter writes nothing else; another program at the port might.
fn clean(value: &str) -> String {
    let mut clean = String::new();
    for character in value.chars().take(MOST_CHARACTERS) {
        if character.is_ascii_graphic() || character == ' ' {
            clean.push(character);
        } else {
            clean.extend(character.escape_default());
        }
    }
    clean
}
