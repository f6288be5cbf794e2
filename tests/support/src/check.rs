//! Expected against observed.

use crate::engine::{Engine, Headers, Observed, Side, left_to_the_other};
use crate::format::{Case, ExpectBackend, Matcher};
use regex_lite::Regex;
use std::collections::BTreeMap;

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

/// Compares all that a case expects.
pub fn compare<E: Engine>(case: &Case, observed: &Observed) -> Verdict {
    let mut verdict = Verdict::default();
    let expect = &case.expect;
    verdict.equal("status", &expect.status.to_string(), &observed.status.to_string());
    verdict.headers::<E>(Side::Response, &expect.headers, &observed.headers);
    if let Some(body) = &expect.body {
        verdict.value("body", body, &[&observed.body], E::CLIENT);
    }
    if let Some(json) = &expect.json {
        match serde_json::from_slice::<serde_json::Value>(&observed.body) {
            Ok(value) => verdict.equal("json", &json.to_string(), &value.to_string()),
            Err(error) => verdict.differences.push(format!("json: {error} in {}", shown(&observed.body))),
        }
    }
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
        Some(ExpectBackend::Request(request)) => {
            let [seen] = observed.backend.as_slice() else {
                verdict
                    .differences
                    .push(format!("backend: saw {} requests, expected 1", observed.backend.len()));
                return verdict;
            };
            if let Some(method) = &request.method {
                verdict.equal("backend method", method, &seen.method);
            }
            if let Some(path) = &request.path {
                verdict.equal("backend path", path, &seen.path);
            }
            verdict.headers::<E>(Side::Backend, &request.headers, &seen.headers);
            if let Some(body) = &request.body {
                verdict.equal("backend body", body, &String::from_utf8_lossy(&seen.body));
            }
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

    fn headers<E: Engine>(&mut self, side: Side, expected: &BTreeMap<String, Matcher>, observed: &Headers) {
        for (name, matcher) in expected {
            // That a header is gone can be told in any engine.
            let gone = matches!(matcher, Matcher::Absent);
            if left_to_the_other(E::NAME, side, name) && !(gone && E::NAME == "envoy") {
                self.left += 1;
                continue;
            }
            let values: Vec<&[u8]> =
                observed.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_slice()).collect();
            let what = match side {
                Side::Response => format!("header {name}"),
                Side::Backend => format!("backend header {name}"),
            };
            self.value(&what, matcher, &values, E::CLIENT);
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
