//! The explanation as text.

use super::report::{Check, Decision, HeaderEdit, Question, Reply, Report};
use std::fmt::Write;

// === impl Report ===

impl Report {
    pub(super) fn text(&self) -> String {
        let mut lines = String::new();
        for (name, value) in &self.request.head {
            put(&mut lines, "> ", &format!("{name}: {value}"));
        }
        let found = &self.found;
        for (what, found) in [("api", &found.api), ("stage", &found.stage), ("route", &found.route)] {
            put(&mut lines, "", &format!("{what}: {}", found.as_deref().unwrap_or("none")));
        }
        for (name, value) in &found.path_parameters {
            put(&mut lines, "  ", &format!("{{{name}}} = {value}"));
        }
        for step in &self.steps {
            put(&mut lines, "", &format!("on {}: {}", step.on, step.said));
            put_checks(&mut lines, &step.checks);
            if let Some(question) = &step.question {
                put_question(&mut lines, question);
            }
        }
        put_decision(&mut lines, &self.decision);
        lines
    }
}

fn put_checks(lines: &mut String, checks: &[Check]) {
    let width = checks.iter().map(|check| check.check.len()).max().unwrap_or_default();
    for Check { check, passed, detail } in checks {
        let outcome = match passed {
            None => "      ",
            Some(true) => "ok    ",
            Some(false) => "FAILED",
        };
        put(lines, "  ", &format!("{outcome}  {check:width$}  {detail}"));
    }
}

fn put_question(lines: &mut String, question: &Question) {
    put_message(lines, &question.headers, &question.body);
    match &question.answer {
        Reply::ByHand { status, body } | Reply::Answered { status, body } => {
            put(lines, "  < ", &status.to_string());
            body.lines().for_each(|line| put(lines, "  < ", line));
        }
        Reply::Failed { why } => put(lines, "  < ", &format!("no answer: {why}")),
    }
}

fn put_decision(lines: &mut String, decision: &Decision) {
    match decision {
        Decision::Forward { cluster, method, path, edits } => {
            let to = match cluster {
                Some(cluster) => format!("the cluster `{cluster}`"),
                None => "where Envoy's own routes lead".to_owned(),
            };
            put(lines, "", &format!("forward {method} {path} to {to}"));
            for edit in edits {
                let edit = match edit {
                    HeaderEdit::Remove(name) => format!("remove {name}"),
                    HeaderEdit::Set(name, value) => format!("set    {name}: {value}"),
                    HeaderEdit::Add(name, value) => format!("add    {name}: {value}"),
                };
                put(lines, "  ", &edit);
            }
        }
        Decision::Answer { status, headers, body, details } => {
            put(lines, "", &format!("answer {status}"));
            put_message(lines, headers, body);
            if !details.is_empty() {
                put(lines, "  details: ", details);
            }
        }
        Decision::Call { cluster, headers, body, timeout_millis } => {
            put(lines, "", &format!("ask `{cluster}` and wait at most {timeout_millis} ms"));
            put_message(lines, headers, body);
        }
        Decision::Body { bytes } => {
            put(lines, "", &format!("wait for {bytes} bytes of a body that has ended"));
        }
    }
}

fn put_message(lines: &mut String, headers: &[(String, String)], body: &str) {
    for (name, value) in headers {
        put(lines, "  ", &format!("{name}: {value}"));
    }
    for line in body.lines() {
        put(lines, "  | ", line);
    }
}

/// Adds a line. Control characters of a request are shown, not sent to the terminal.
fn put(lines: &mut String, before: &str, line: &str) {
    let line: String = line
        .chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect();
    // Writing to a string cannot fail.
    let _ = writeln!(lines, "{before}{line}");
}
