//! Usage as it is printed.

use crate::ui::printable;
use sekisho::gateway::Millis;
use serde_json::{Map, Value, json};
use time::{Date, Duration, OffsetDateTime};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// A usage plan.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    id: String,
    /// None where a rate-limit service counts.
    counted: Option<Counted>,
}

/// A plan that this Envoy counts.
#[derive(Debug, PartialEq, Eq)]
struct Counted {
    limit: u64,
    /// First and last day of the present window.
    window: (Date, Date),
    today: Date,
    rows: Vec<Row>,
}

/// A key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) used: u64,
    pub(super) remaining: u64,
}

// === impl Plan ===

impl Plan {
    /// A plan whose window began on a day since 1970, and lasts so many seconds.
    pub(super) fn counted(
        id: &str,
        limit: u64,
        first: u64,
        seconds: u64,
        now: Millis,
        rows: Vec<Row>,
    ) -> Self {
        let last = first.saturating_add(seconds / DAY).saturating_sub(1);
        let window = (date(first), date(last));
        let today = date(now.0 / 1000 / DAY);
        Self { id: id.to_owned(), counted: Some(Counted { limit, window, today, rows }) }
    }

    /// A plan that a rate-limit service counts.
    pub(super) fn elsewhere(id: &str) -> Self {
        Self { id: id.to_owned(), counted: None }
    }

    /// Whether this Envoy has counted nothing.
    pub(super) fn is_unused(&self) -> bool {
        self.counted.as_ref().is_none_or(|counted| counted.rows.is_empty())
    }

    fn lines(&self) -> Vec<[String; 6]> {
        let id = printable(&self.id).into_owned();
        let Some(counted) = &self.counted else {
            let nothing = String::new;
            return vec![[
                id,
                "at the rate-limit service".into(),
                nothing(),
                nothing(),
                nothing(),
                nothing(),
            ]];
        };
        let (first, last) = counted.window;
        let window = if first == last { first.to_string() } else { format!("{first} to {last}") };
        let line = |row: &Row| {
            let key = printable(&row.key).into_owned();
            [
                id.clone(),
                key,
                row.used.to_string(),
                row.remaining.to_string(),
                counted.limit.to_string(),
                window.clone(),
            ]
        };
        counted.rows.iter().map(line).collect()
    }

    /// What AWS's `get-usage` answers. AWS has a pair for each day; here is one for the window so far.
    fn json(&self) -> Value {
        let Some(Counted { window: (first, _), today, rows, .. }) = &self.counted else {
            return json!({ "usagePlanId": self.id, "items": {} });
        };
        let items: Map<_, _> =
            rows.iter().map(|row| (row.key.clone(), json!([[row.used, row.remaining]]))).collect();
        json!({
            "usagePlanId": self.id,
            "startDate": first.to_string(),
            "endDate": today.to_string(),
            "items": items,
        })
    }
}

/// The table; empty if there is no line.
pub(super) fn table(plans: &[Plan]) -> String {
    let lines: Vec<_> = plans.iter().flat_map(Plan::lines).collect();
    if lines.is_empty() {
        return String::new();
    }
    let head = ["PLAN", "KEY", "USED", "REMAINING", "LIMIT", "WINDOW"].map(str::to_owned);
    let lines: Vec<_> = std::iter::once(head).chain(lines).collect();
    let mut widths = [0; 6];
    for line in &lines {
        // A sentence in the place of key and numbers takes the room of all of them.
        let cells = if line[2].is_empty() { 1 } else { line.len() };
        for (width, cell) in widths.iter_mut().zip(line).take(cells) {
            *width = (*width).max(cell.chars().count());
        }
    }
    lines.iter().fold(String::new(), |table, line| table + aligned(line, &widths).trim_end() + "\n")
}

/// Words to the left, numbers to the right.
fn aligned(line: &[String; 6], widths: &[usize; 6]) -> String {
    let cells = line.iter().zip(widths).enumerate().map(|(i, (cell, width))| {
        if (2..5).contains(&i) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    });
    cells.collect::<Vec<_>>().join("  ")
}

/// One object for each plan.
pub(super) fn json(plans: &[Plan]) -> String {
    plans.iter().fold(String::new(), |text, plan| format!("{text}{:#}\n", plan.json()))
}

/// A day since 1970; those that no calendar has are its last.
fn date(day: u64) -> Date {
    let day = i64::try_from(day).ok().and_then(|day| day.checked_mul(86_400)).map(Duration::seconds);
    day.and_then(|day| OffsetDateTime::UNIX_EPOCH.checked_add(day)).map_or(Date::MAX, OffsetDateTime::date)
}
