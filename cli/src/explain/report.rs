//! The explanation as values, and as text.

use sekisho::gateway::flow::{Bytes, Edit, Edits, Flow};
use serde::Serialize;
use std::fmt::Write;

/// What became of a request.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Report {
    pub(super) request: Request,
    pub(super) steps: Vec<Step>,
    pub(super) decision: Decision,
}

/// The request as the gateway saw it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Request {
    pub(super) head: Vec<(String, String)>,
}

/// One time that the gateway was asked, and what it said.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Step {
    on: &'static str,
    said: String,
}

/// What became of the request in the end.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Decision {
    /// It goes to a backend.
    Forward { method: String, path: String, edits: Vec<HeaderEdit> },
    /// The gateway answers.
    Answer { status: u16, headers: Vec<(String, String)>, body: String, details: String },
    /// The gateway would ask a service first.
    Call { cluster: String, headers: Vec<(String, String)>, body: String, timeout_millis: u32 },
    /// The gateway waits for a body that has ended.
    Body { bytes: usize },
}

/// One change to the request's head.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum HeaderEdit {
    Remove(String),
    Set(String, String),
    Add(String, String),
}

// === impl Step ===

impl Step {
    pub(super) fn new(on: &'static str, flow: &Flow) -> Self {
        let said = match flow {
            Flow::Call(callout) => format!("ask the cluster `{}`", callout.cluster),
            Flow::Body(wanted) => format!("read the body, up to {} bytes", wanted.bytes),
            Flow::Forward(_) => "forward".to_owned(),
            Flow::Answer(answer) => format!("answer {}", answer.status),
        };
        Self { on, said }
    }
}

// === impl Decision ===

impl Decision {
    pub(super) fn new(flow: Flow, request: &Request) -> Self {
        match flow {
            Flow::Forward(Edits(edits)) => {
                let pseudo = |name: &str| {
                    let set = edits.iter().rev().find_map(|edit| match edit {
                        Edit::Set(set, value) if **set == *name.as_bytes() => Some(text(value)),
                        Edit::Set(..) | Edit::Add(..) | Edit::Remove(_) => None,
                    });
                    let sent =
                        || request.head.iter().find(|(sent, _)| sent == name).map(|(_, value)| value.clone());
                    set.or_else(sent).unwrap_or_default()
                };
                let (method, path) = (pseudo(":method"), pseudo(":path"));
                let edits = edits.into_iter().map(HeaderEdit::new).collect();
                Self::Forward { method, path, edits }
            }
            Flow::Answer(answer) => Self::Answer {
                status: answer.status,
                headers: texts(&answer.headers),
                body: text(&answer.body),
                details: answer.details.into_owned(),
            },
            Flow::Call(callout) => Self::Call {
                cluster: callout.cluster,
                headers: texts(&callout.headers),
                body: text(&callout.body),
                timeout_millis: callout.timeout_millis,
            },
            Flow::Body(wanted) => Self::Body { bytes: wanted.bytes },
        }
    }
}

// === impl HeaderEdit ===

impl HeaderEdit {
    fn new(edit: Edit) -> Self {
        match edit {
            Edit::Remove(name) => Self::Remove(text(&name)),
            Edit::Set(name, value) => Self::Set(text(&name), text(&value)),
            Edit::Add(name, value) => Self::Add(text(&name), text(&value)),
        }
    }
}

// === impl Report ===

impl Report {
    pub(super) fn json(&self) -> String {
        // Values of this crate's own types always have a JSON form.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    pub(super) fn text(&self) -> String {
        let mut lines = String::new();
        for (name, value) in &self.request.head {
            put(&mut lines, "> ", &format!("{name}: {value}"));
        }
        for step in &self.steps {
            put(&mut lines, "", &format!("on {}: {}", step.on, step.said));
        }
        match &self.decision {
            Decision::Forward { method, path, edits } => {
                put(&mut lines, "", &format!("forward {method} {path}"));
                for edit in edits {
                    let edit = match edit {
                        HeaderEdit::Remove(name) => format!("remove {name}"),
                        HeaderEdit::Set(name, value) => format!("set    {name}: {value}"),
                        HeaderEdit::Add(name, value) => format!("add    {name}: {value}"),
                    };
                    put(&mut lines, "  ", &edit);
                }
            }
            Decision::Answer { status, headers, body, details } => {
                put(&mut lines, "", &format!("answer {status}"));
                put_message(&mut lines, headers, body);
                if !details.is_empty() {
                    put(&mut lines, "  details: ", details);
                }
            }
            Decision::Call { cluster, headers, body, timeout_millis } => {
                put(&mut lines, "", &format!("ask `{cluster}` and wait at most {timeout_millis} ms"));
                put_message(&mut lines, headers, body);
            }
            Decision::Body { bytes } => {
                put(&mut lines, "", &format!("wait for {bytes} bytes of a body that has ended"));
            }
        }
        lines
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

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn texts(pairs: &[(Bytes, Bytes)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| (text(name), text(value))).collect()
}
