//! What is shown of a gateway, wherever it is shown: at a terminal, as text, or on the demo's page.

use super::histogram::Quantile;
use super::history::Seen;
use super::page::{Figures, Keys, Place, State};
use clap::ValueEnum;
use serde::Serialize;
use std::cmp::Ordering;

/// What lines are ordered by, the most first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// Requests.
    #[default]
    Requests,
    /// The share of 4xx.
    ClientErrors,
    /// The share of 5xx.
    ServerErrors,
    /// What 99 of 100 requests stayed under.
    P99,
    /// Requests for which no integration was asked.
    Unasked,
    /// API, stage and route, in the order of the alphabet.
    Name,
}

/// All that is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// How many seconds it is about; none if all since Envoy started.
    pub over: Option<f64>,
    /// All lines together.
    pub all: Line,
    /// Stages and routes that had requests.
    pub lines: Vec<Line>,
    /// Reasons and refusals, the most first.
    pub refused: Vec<(String, u64)>,
    /// Limits, and how often they refused or would have.
    pub limits: Vec<(String, u64)>,
    /// Web ACL, rule, rule of a group: allowed, blocked, counted, passed.
    pub rules: Vec<([String; 3], [u64; 4])>,
    /// API, stage, side: requests, 4xx, 5xx.
    pub sides: Vec<([String; 3], [u64; 3])>,
    /// Issuers of tokens.
    #[serde(skip)]
    pub issuers: Vec<(String, Keys)>,
    /// The gateway itself.
    #[serde(skip)]
    pub state: State,
    /// How often Envoy began anew, and how often its document changed, while it was looked at.
    pub restarts: u64,
    /// How often its document changed meanwhile.
    pub changes: u64,
    /// Whether there is more than is kept.
    pub cut: bool,
}

/// A stage or a route.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The API's id.
    pub api: String,
    /// The stage's name.
    pub stage: String,
    /// The route's key; empty for the stage.
    pub route: String,
    /// Requests since Envoy started.
    pub total: u64,
    /// Requests of the time that the report is about, and of these:
    pub requests: u64,
    /// A second.
    pub rate: Option<f64>,
    /// Answered by 400 to 499.
    pub client_errors: u64,
    /// Answered by 500 to 599.
    pub server_errors: u64,
    /// Ended without asking an integration.
    pub unasked: u64,
    /// Half of them took no longer, in milliseconds.
    pub p50: Option<Quantile>,
    /// Nine of ten.
    pub p90: Option<Quantile>,
    /// 99 of 100.
    pub p99: Option<Quantile>,
}

// === impl Report ===

impl Report {
    /// What is shown of what was seen, of stages that have `stage` in `API/STAGE`.
    #[must_use]
    pub fn new(seen: &Seen, sort: Sort, stage: &str) -> Self {
        let over = seen.recent.as_ref().map(|(over, _)| over.as_secs_f64()).filter(|over| *over > 0.0);
        let page = seen.recent.as_ref().map_or(&seen.total, |(_, recent)| recent);
        let is_shown = |api: &str, of: &str| stage.is_empty() || format!("{api}/{of}").contains(stage);
        let (mut lines, mut all, mut total) = (Vec::new(), Figures::default(), 0_u64);
        for (place, ever) in &seen.total.routes {
            if ever.count == 0 || !is_shown(&place.api_id, &place.stage) {
                continue;
            }
            let none = Figures::default();
            let figures = page.routes.get(place).unwrap_or(&none);
            all.add(figures);
            total = total.saturating_add(ever.count);
            lines.push(Line::new(place, figures, ever.count, over));
        }
        lines.sort_by(|a, b| sort.order(a, b));
        Self {
            over,
            all: Line::new(&Place::default(), &all, total, over),
            lines,
            refused: most_first(page.refused.iter().map(|(reason, count)| (reason.clone(), *count))),
            limits: most_first(page.limits.iter().map(|(limit, count)| (limit.clone(), *count))),
            rules: cells(&seen.total.rules, &page.rules, |_| true),
            sides: cells(&seen.total.sides, &page.sides, |[api, stage, _]| is_shown(api, stage)),
            issuers: page.issuers.iter().map(|(source, keys)| (source.clone(), *keys)).collect(),
            state: page.state,
            restarts: seen.restarts,
            changes: seen.changes,
            cut: page.cut,
        }
    }

    /// How often something that is refused or limited happened.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refused.iter().map(|(_, count)| count).sum()
    }

    /// What limits refused: those in shadow refuse nothing.
    #[must_use]
    pub fn throttled(&self) -> u64 {
        let refuses = |limit: &str| limit.starts_with("throttled_") || limit == "quota_exceeded";
        self.limits.iter().filter(|(limit, _)| refuses(limit)).map(|(_, count)| count).sum()
    }

    /// Requests that web ACLs blocked: a rule of `ALL` has all of an ACL's.
    #[must_use]
    pub fn blocked(&self) -> u64 {
        self.rules.iter().filter(|([_, rule, _], _)| rule == "ALL").map(|(_, [_, blocked, ..])| blocked).sum()
    }

    /// The document's digest as the log has it.
    #[must_use]
    pub fn digest(&self) -> Option<String> {
        self.state.digest.map(|digest| format!("{digest:012x}"))
    }
}

/// What happened at least once, the most first.
fn most_first(rows: impl Iterator<Item = (String, u64)>) -> Vec<(String, u64)> {
    let mut rows: Vec<_> = rows.filter(|(_, count)| *count > 0).collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    rows
}

/// Rows of which there was ever anything.
fn cells<const N: usize>(
    ever: &std::collections::BTreeMap<[String; 3], [u64; N]>,
    now: &std::collections::BTreeMap<[String; 3], [u64; N]>,
    is_shown: impl Fn(&[String; 3]) -> bool,
) -> Vec<([String; 3], [u64; N])> {
    let rows = ever.iter().filter(|(key, cells)| cells.iter().any(|count| *count > 0) && is_shown(key));
    rows.map(|(key, _)| (key.clone(), now.get(key).copied().unwrap_or([0; N]))).collect()
}

// === impl Line ===

impl Line {
    #[allow(clippy::cast_precision_loss)] // Far fewer than 2⁵³.
    fn new(place: &Place, figures: &Figures, total: u64, over: Option<f64>) -> Self {
        Self {
            api: place.api_id.clone(),
            stage: place.stage.clone(),
            route: place.route(),
            total,
            requests: figures.count,
            rate: over.map(|over| figures.count as f64 / over),
            client_errors: figures.client_errors,
            server_errors: figures.server_errors,
            unasked: figures.unasked,
            p50: figures.latency.quantile(0.5),
            p90: figures.latency.quantile(0.9),
            p99: figures.latency.quantile(0.99),
        }
    }

    /// How many of a hundred requests; none of none.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn share(&self, of: u64) -> Option<f64> {
        (self.requests > 0).then(|| 100.0 * of as f64 / self.requests as f64)
    }
}

// === impl Sort ===

impl Sort {
    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let all = Self::value_variants();
        let at = all.iter().position(|sort| *sort == self).unwrap_or(0);
        all.get((at + 1) % all.len()).copied().unwrap_or_default()
    }

    /// As it is named on the command line.
    #[must_use]
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Which line is first; what is equal is ordered by name.
    fn order(self, a: &Line, b: &Line) -> Ordering {
        let by = |of: fn(&Line) -> f64| of(b).total_cmp(&of(a));
        let order = match self {
            Self::Requests => b.requests.cmp(&a.requests).then(b.total.cmp(&a.total)),
            Self::ClientErrors => by(|line| line.share(line.client_errors).unwrap_or(-1.0)),
            Self::ServerErrors => by(|line| line.share(line.server_errors).unwrap_or(-1.0)),
            Self::P99 => by(|line| line.p99.map_or(-1.0, Quantile::millis)),
            Self::Unasked => b.unasked.cmp(&a.unasked),
            Self::Name => Ordering::Equal,
        };
        let name = |line: &Line| (line.api.clone(), line.stage.clone(), line.route.clone());
        order.then_with(|| name(a).cmp(&name(b)))
    }
}

// === impl Quantile ===

impl Quantile {
    /// Milliseconds; more than these if it is beyond.
    #[must_use]
    pub fn millis(self) -> f64 {
        match self {
            Self::At(millis) | Self::Beyond(millis) => millis,
        }
    }
}

impl std::fmt::Display for Quantile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let beyond = match self {
            Self::At(_) => "",
            Self::Beyond(_) => ">",
        };
        let text = match self.millis() {
            millis if millis < 99.95 => format!("{beyond}{millis:.1} ms"),
            millis if millis < 9_999.5 => format!("{beyond}{millis:.0} ms"),
            millis => format!("{beyond}{:.1} s", millis / 1000.0),
        };
        f.pad(&text)
    }
}

impl Serialize for Quantile {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}
