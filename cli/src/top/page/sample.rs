//! Samples of a page: which are of use, and where each has its place.

use super::{Page, Place, State};
use crate::top::exposition::Sample;
use std::collections::BTreeMap;

/// Rows that are kept of each table: a document has 10,000 statistics at most, and Envoy keeps former documents' until it ends.
const MOST_ROWS: usize = 20_000;
/// Characters that are kept of a label's value.
const MOST_CHARACTERS: usize = 256;

// === impl Page ===

impl Page {
    /// Whether a line may be of use: whoever reads a page needs no other.
    pub(in crate::top) fn wants(line: &str) -> bool {
        line.starts_with("sekisho_") || line.starts_with("envoy_server_uptime")
    }

    /// Takes a sample; those of no concern are passed over.
    pub(in crate::top) fn take(&mut self, sample: &Sample<'_>) {
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
            self.row(|page| &mut page.refused, reason, |known| add(known, count));
        } else if let Some(limit) = limit(name) {
            self.row(|page| &mut page.limits, limit.to_owned(), |known| add(known, count));
        } else {
            self.state.take(name, count);
        }
    }

    /// Statistics of a place may have come by several names: Envoy keeps those of an API's former names until it ends.
    fn take_api(&mut self, metric: &str, sample: &Sample<'_>, count: u64) {
        let [api_id, stage, resource, method] =
            ["api_id", "stage", "resource", "method"].map(|label| clean(sample.label(label)));
        let bound = || sample.label("le").parse::<f64>().ok().filter(|bound| !bound.is_nan());
        self.row(
            |page| &mut page.routes,
            Place { api_id, stage, resource, method },
            |figures| match metric {
                "count_total" => add(&mut figures.count, count),
                "4xx_total" => add(&mut figures.client_errors, count),
                "5xx_total" => add(&mut figures.server_errors, count),
                "unasked_total" => add(&mut figures.unasked, count),
                "latency_milliseconds_bucket" => {
                    bound().into_iter().for_each(|bound| figures.latency.bound(bound, count));
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

    /// Adds to one of several counts of a row.
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
        self.row(table, key, |cells| cells.iter_mut().skip(at).take(1).for_each(|cell| add(cell, count)));
    }

    fn row<K: Ord, V: Default>(
        &mut self,
        table: impl Fn(&mut Self) -> &mut BTreeMap<K, V>,
        key: K,
        change: impl FnOnce(&mut V),
    ) {
        let rows = table(self);
        if rows.len() < MOST_ROWS || rows.contains_key(&key) {
            change(rows.entry(key).or_default());
        } else {
            self.cut = true;
        }
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

/// Lines of one row are added up: what they count has been counted, whatever it was called.
fn add(known: &mut u64, count: u64) {
    *known = known.saturating_add(count);
}

/// `throttled_route` of `throttled_route_total`; none of what is no limit's.
fn limit(name: &str) -> Option<&str> {
    let limit = name.strip_suffix("_total")?;
    let bare = limit.strip_prefix("shadow_").unwrap_or(limit);
    let is = bare.starts_with("throttled_") || matches!(bare, "quota_exceeded" | "limit_contended");
    is.then_some(limit)
}

/// A label as it may be shown anywhere: what is no printable ASCII is escaped, so that nothing moves a cursor or turns a line
/// round. The filter writes nothing else; another program at the port might.
pub(super) fn clean(value: &str) -> String {
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
