//! The comparison as people and programs read it.

use super::change::{Access, Change, Kind, Place};
use crate::Error;
use crate::ui::{BOLD, DIM, GREEN, RED, YELLOW, printable};
use serde::Serialize;
use std::fmt::Write;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'c> {
    loosened: usize,
    tightened: usize,
    changes: &'c [Change],
}

/// The comparison as JSON.
///
/// # Errors
/// If it cannot be written, which is a fault of ours.
pub(super) fn json(changes: &[Change]) -> Result<String, Error> {
    let count = |access| changes.iter().filter(|change| change.access == Some(access)).count();
    let report = Report { loosened: count(Access::Loosened), tightened: count(Access::Tightened), changes };
    let text = serde_json::to_string_pretty(&report);
    text.map(|text| text + "\n").map_err(|error| Error::failed("cannot write the comparison").because(error))
}

/// The comparison as text: first what lets more in, then everything by its place.
#[must_use]
pub(super) fn text(changes: &[Change]) -> String {
    let mut text = String::new();
    if changes.is_empty() {
        return "nothing changes for clients\n".to_owned();
    }
    let loosened: Vec<_> = changes.iter().filter(|change| change.is_loosened()).collect();
    if !loosened.is_empty() {
        let things =
            if loosened.len() == 1 { "1 change lets" } else { &format!("{} changes let", loosened.len()) };
        line(&mut text, &format!("{RED}LOOSENED: {things} in whom the gateway kept out, or may{RED:#}"));
        for change in loosened {
            let place = inline(&change.place);
            line(&mut text, &format!("  {RED}!{RED:#} {place}{BOLD}{}{BOLD:#}", printable(&change.subject)));
            details(&mut text, change, "      ");
        }
        text.push('\n');
    }
    let mut place = None;
    for change in changes {
        if place != Some(&change.place) {
            line(&mut text, &format!("{BOLD}{}{BOLD:#}", printable(&heading(&change.place))));
            place = Some(&change.place);
        }
        let (sign, style) = match change.kind {
            Kind::Added => ('+', GREEN),
            Kind::Removed => ('-', RED),
            Kind::Changed => ('~', YELLOW),
        };
        let access = match change.access {
            Some(Access::Loosened) => format!(" {RED}(loosened){RED:#}"),
            Some(Access::Tightened) => format!(" {DIM}(tightened){DIM:#}"),
            None => String::new(),
        };
        line(&mut text, &format!("  {style}{sign}{style:#} {}{access}", printable(&change.subject)));
        // What is loosened was told above.
        if !change.is_loosened() {
            details(&mut text, change, "      ");
        }
    }
    text
}

fn details(text: &mut String, change: &Change, indent: &str) {
    for detail in &change.details {
        line(text, &format!("{indent}{}", printable(detail)));
    }
}

fn heading(place: &Place) -> String {
    let mut parts = Vec::new();
    parts.extend(place.api.iter().map(|api| format!("API `{api}`")));
    parts.extend(place.stage.iter().map(|stage| format!("stage `{stage}`")));
    parts.extend(place.canary.then(|| "its canary".to_owned()));
    if parts.is_empty() { "the gateway".to_owned() } else { parts.join(", ") }
}

fn inline(place: &Place) -> String {
    if *place == Place::default() { String::new() } else { format!("{}: ", printable(&heading(place))) }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
