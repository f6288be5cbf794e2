//! Expected against observed.

use crate::engine::{Engine, Headers, Observed, Seen, Side, left_to_the_other};
use crate::format::{Expect, ExpectBackend, ExpectRequest, Matcher};
use crate::json;
use regex_lite::Regex;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What comparing gave.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Every difference, a line each.
    pub differences: Vec<String>,
    /// How many values were compared.
    pub compared: usize,
    /// How many were left to the other engine.
    pub left: usize,
}

/// Compares all that is expected of a request.
pub fn compare<E: Engine>(expect: &Expect, observed: &Observed, unasked: &BTreeSet<String>) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.equal("status", &expect.status.to_string(), &observed.status.to_string());
    verdict.headers::<E>("", Side::Response, &expect.headers, &observed.headers);
    if let Some(body) = &expect.body {
        verdict.value("body", body, &[&observed.body], E::CLIENT);
    }
    verdict.json("", expect.json.as_ref(), expect.partial_json.as_ref(), &observed.body);
    match &expect.backend {
        None => {}
        Some(ExpectBackend::None) => {
            verdict.compared += 1;
            for seen in &observed.backend {
                verdict
                    .differences
                    .push(format!("backend: saw {} {}, expected nothing", seen.method, seen.path));
            }
        }
        Some(ExpectBackend::Request(request)) => match observed.backend.as_slice() {
            [seen] => verdict.request::<E>("backend ", Side::Backend, request, seen),
            seen => {
                verdict.differences.push(format!("backend: saw {} requests, expected 1", seen.len()));
            }
        },
    }
    if let Some(asked) = &expect.asked {
        verdict.asked::<E>(asked, &observed.asked, unasked);
    }
    if let Some(line) = &expect.access_log {
        verdict.value("access log", line, &observed.logged, E::CLIENT);
    }
    if let Some(part) = &expect.access_log_json {
        match observed.logged.as_slice() {
            [line] => verdict.json("access log ", None, Some(part), line),
            lines => verdict.differences.push(format!("access log: {} lines, expected 1", lines.len())),
        }
    }
    verdict
}

// === impl Verdict ===

impl Verdict {
    fn equal(&mut self, what: &str, expected: &str, observed: &str) {
        self.compared += 1;
        if expected != observed {
            self.differences.push(format!(
                "{what}: expected {}, got {}",
                shown(expected.as_bytes()),
                shown(observed.as_bytes())
            ));
        }
    }

    /// Every question, in order, but those that may have had another reason.
    fn asked<E: Engine>(&mut self, expected: &[ExpectRequest], seen: &[Seen], unasked: &BTreeSet<String>) {
        let counts = |host: Option<&str>| host.is_none_or(|host| !unasked.contains(host));
        let (expected, left): (Vec<_>, Vec<_>) =
            expected.iter().partition(|question| counts(question.host.as_deref()));
        self.left += left.len();
        let seen: Vec<_> = seen.iter().filter(|seen| counts(seen.host().as_deref())).collect();
        self.compared += 1;
        if expected.len() != seen.len() {
            let shown: Vec<String> = seen
                .iter()
                .map(|seen| format!("{} {}{}", seen.method, seen.host().unwrap_or_default(), seen.path))
                .collect();
            let what = if shown.is_empty() { "nothing".to_owned() } else { shown.join(", ") };
            self.differences.push(format!("asked: {what}, expected {} questions", expected.len()));
            return;
        }
        for (i, (question, seen)) in expected.into_iter().zip(seen).enumerate() {
            self.request::<E>(&format!("asked[{i}] "), Side::Service, question, seen);
        }
    }

    fn request<E: Engine>(&mut self, what: &str, side: Side, expected: &ExpectRequest, seen: &Seen) {
        if let Some(host) = &expected.host {
            self.equal(&format!("{what}host"), host, &seen.host().unwrap_or_default());
        }
        if let Some(method) = &expected.method {
            self.equal(&format!("{what}method"), method, &seen.method);
        }
        if let Some(path) = &expected.path {
            self.equal(&format!("{what}path"), path, &seen.path);
        }
        self.headers::<E>(what, side, &expected.headers, &seen.headers);
        if let Some(body) = &expected.body {
            self.value(&format!("{what}body"), body, &[&seen.body], E::CLIENT);
        }
        self.json(what, expected.json.as_ref(), expected.partial_json.as_ref(), &seen.body);
    }

    fn json(&mut self, what: &str, whole: Option<&Value>, part: Option<&Value>, body: &[u8]) {
        for (expected, partly) in [(whole, false), (part, true)] {
            let Some(expected) = expected else { continue };
            self.compared += 1;
            let difference = match serde_json::from_slice::<Value>(body) {
                Ok(value) => json::difference(expected, &value, partly),
                Err(error) => Some(format!("{error} in {}", shown(body))),
            };
            self.differences.extend(difference.map(|difference| format!("{what}json: {difference}")));
        }
    }

    fn headers<E: Engine>(
        &mut self,
        what: &str,
        side: Side,
        expected: &BTreeMap<String, Matcher>,
        observed: &Headers,
    ) {
        for (name, matcher) in expected {
            // That a header is gone can be told in any engine.
            let gone = matches!(matcher, Matcher::Absent);
            if left_to_the_other(E::NAME, side, name) && !(gone && E::NAME == "envoy") {
                self.left += 1;
                continue;
            }
            let values: Vec<&[u8]> =
                observed.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_slice()).collect();
            self.value(&format!("{what}header {name}"), matcher, &values, E::CLIENT);
        }
    }

    fn value<V: AsRef<[u8]>>(&mut self, what: &str, matcher: &Matcher, values: &[V], client: &str) {
        self.compared += 1;
        let one = || match values {
            [value] => Some(String::from_utf8_lossy(value.as_ref())),
            _ => None,
        };
        let (fits, expected) = match matcher {
            Matcher::Absent => (values.is_empty(), "none".to_owned()),
            Matcher::Text(text) => {
                let text = text.replace("<client>", client);
                (one().is_some_and(|value| value == text), shown(text.as_bytes()))
            }
            Matcher::Pattern(pattern) => {
                let pattern = pattern.replace("<client>", &client.replace('.', "\\."));
                let regex = Regex::new(&pattern).expect("checked when the file was read");
                (one().is_some_and(|value| regex.is_match(&value)), format!("/{pattern}/"))
            }
            Matcher::List(list) => (
                list.len() == values.len()
                    && list
                        .iter()
                        .zip(values)
                        .all(|(text, value)| text.replace("<client>", client).as_bytes() == value.as_ref()),
                format!("{list:?}"),
            ),
        };
        if !fits {
            let got: Vec<String> = values.iter().map(|value| shown(value.as_ref())).collect();
            let got = if got.is_empty() { "none".to_owned() } else { got.join(" and ") };
            self.differences.push(format!("{what}: expected {expected}, got {got}"));
        }
    }
}

fn shown(bytes: &[u8]) -> String {
    let text = format!("`{}`", bytes.escape_ascii());
    match text.char_indices().nth(300) {
        Some((at, _)) => format!("{}… ({} bytes)", &text.chars().take(at).collect::<String>(), bytes.len()),
        None => text,
    }
}

#[cfg(test)]
mod tests;
