//! A report as plain text, for scripts and where there is no terminal.

use super::report::{Line, Report};
use std::net::SocketAddr;

/// The title of the lines' columns.
const HEAD: [&str; 13] = [
    "API", "STAGE", "ROUTE", "REQUESTS", "PER S", "4XX", "5XX", "4XX%", "5XX%", "P50", "P90", "P99",
    "UNASKED",
];
/// What stands where nothing is known.
pub(super) const NOTHING: &str = "-";

/// All of it. `now` is in seconds since 1970.
pub(super) fn text(report: &Report, of: SocketAddr, now: u64) -> String {
    let mut text = format!("{}\n\n{}", title(report, of, now), lines(report));
    let mut add = |table: String| {
        if !table.is_empty() {
            text.push('\n');
            text.push_str(&table);
        }
    };
    add(counts(["REFUSED", "REQUESTS"], &report.refused));
    add(counts(["LIMIT", "REQUESTS"], &report.limits));
    add(cells(
        ["WEB ACL", "RULE", "OF THE GROUP", "ALLOWED", "BLOCKED", "COUNTED", "PASSED"],
        3,
        &rows(&report.rules),
    ));
    add(cells(["API", "STAGE", "SIDE", "REQUESTS", "4XX", "5XX"], 3, &rows(&report.sides)));
    add(cells(["ISSUER", "KEYS", "LEARNED", "FAILURES"], 1, &issuers(report, now)));
    if report.cut {
        text.push_str("\nthere is more than is shown\n");
    }
    text
}

/// The gateway itself, in a line.
pub(super) fn title(report: &Report, of: SocketAddr, now: u64) -> String {
    let state = &report.state;
    let mut parts = vec![format!("Envoy {of}")];
    parts.extend(state.uptime.map(|seconds| format!("up {}", lasting(seconds))));
    parts.extend(report.digest().map(|digest| {
        let loaded = state.loaded.map_or_else(String::new, |at| format!(" loaded {}", ago(at, now)));
        format!("document {digest}{loaded}")
    }));
    parts.extend(state.rejected.map(|count| format!("documents refused: {count}")));
    parts.extend(state.in_flight.map(|count| format!("callouts in flight: {count}")));
    parts.extend(state.unanswered.map(|count| format!("unanswered: {count}")));
    if report.changes > 0 {
        parts.push(format!("document changed {}×", report.changes));
    }
    if report.restarts > 0 {
        parts.push(format!("Envoy began anew {}×", report.restarts));
    }
    parts.push(match report.over {
        Some(seconds) => format!("of {seconds:.1} s"),
        None => "since Envoy started".to_owned(),
    });
    parts.join(", ")
}

/// Stages and routes, and all of them.
fn lines(report: &Report) -> String {
    let all = Line { api: "all".to_owned(), ..report.all.clone() };
    let rows: Vec<_> = report.lines.iter().chain([&all]).map(row).collect();
    cells(HEAD, 3, &rows)
}

fn row(line: &Line) -> Vec<String> {
    let known = |known: Option<String>| known.unwrap_or_else(|| NOTHING.to_owned());
    vec![
        line.api.clone(),
        line.stage.clone(),
        line.route.clone(),
        line.requests.to_string(),
        known(line.rate.map(|rate| format!("{rate:.1}"))),
        line.client_errors.to_string(),
        line.server_errors.to_string(),
        known(line.share(line.client_errors).map(|share| format!("{share:.1}"))),
        known(line.share(line.server_errors).map(|share| format!("{share:.1}"))),
        known(line.p50.map(|it| it.to_string())),
        known(line.p90.map(|it| it.to_string())),
        known(line.p99.map(|it| it.to_string())),
        line.unasked.to_string(),
    ]
}

fn counts(head: [&str; 2], counts: &[(String, u64)]) -> String {
    let rows: Vec<_> = counts.iter().map(|(name, count)| vec![name.clone(), count.to_string()]).collect();
    cells(head, 1, &rows)
}

pub(super) fn rows<const N: usize>(of: &[([String; 3], [u64; N])]) -> Vec<Vec<String>> {
    let row = |(names, counts): &([String; 3], [u64; N])| {
        names.iter().cloned().chain(counts.iter().map(u64::to_string)).collect()
    };
    of.iter().map(row).collect()
}

/// Issuers, and how their keys are.
pub(super) fn issuers(report: &Report, now: u64) -> Vec<Vec<String>> {
    let row = |(source, keys): &(String, super::page::Keys)| {
        let learned = if keys.learned == 0 { "never".to_owned() } else { ago(keys.learned, now) };
        vec![source.clone(), keys.keys.to_string(), learned, keys.failures.to_string()]
    };
    report.issuers.iter().map(row).collect()
}

/// A table: the first columns are words, the others numbers. Empty if there is no row.
fn cells<const N: usize>(head: [&str; N], words: usize, rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head: Vec<_> = head.iter().map(|&title| title.to_owned()).collect();
    let rows: Vec<_> = std::iter::once(&head).chain(rows).collect();
    let width = |at: usize| {
        rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..N).map(width).collect();
    rows.iter().fold(String::new(), |table, row| {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| {
            if at < words { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        table + cells.collect::<Vec<_>>().join("  ").trim_end() + "\n"
    })
}

/// `12 m ago`.
fn ago(at: u64, now: u64) -> String {
    format!("{} ago", lasting(now.saturating_sub(at)))
}

/// `3 h 20 m`.
fn lasting(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} m"),
        (0, _, _) => format!("{hours} h {} m", minutes % 60),
        (_, _, _) => format!("{days} d {} h", hours % 24),
    }
}
