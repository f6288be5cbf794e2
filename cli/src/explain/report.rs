//! The explanation as values, and as text.

use sekisho::gateway::flow::{Bytes, Edit, Edits, Flow};
use sekisho::gateway::integrations::http_proxy::CLUSTER_HEADER;
use sekisho::gateway::request;
use serde::Serialize;
use std::fmt::Write;

/// What became of a request.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Report {
    pub(super) request: Request,
    pub(super) found: Found,
    pub(super) steps: Vec<Step>,
    pub(super) decision: Decision,
}

/// The request as the gateway saw it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Request {
    pub(super) head: Vec<(String, String)>,
}

/// What the request was matched to, as far as it came.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Found {
    pub(super) api: Option<String>,
    pub(super) stage: Option<String>,
    pub(super) route: Option<String>,
    pub(super) path_parameters: Vec<(String, String)>,
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
    Forward { cluster: Option<String>, method: String, path: String, edits: Vec<HeaderEdit> },
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

// === impl Found ===

impl Found {
    pub(super) fn new(request: &request::Request) -> Self {
        let captures = match (&request.stage, &request.route, &request.path) {
            (Some(stage), Some((route, _)), Some(path)) => stage.table.captures(*route, path),
            _ => None,
        };
        let captures = captures.iter().flat_map(|captures| captures.iter());
        Self {
            api: request.api.as_ref().map(|api| api.id.clone()),
            stage: request.stage.as_ref().map(|stage| stage.name.clone()),
            route: request.route.as_ref().map(|(_, route)| route.key.clone()),
            path_parameters: captures
                .map(|capture| (capture.name.to_owned(), capture.decoded.to_owned()))
                .collect(),
        }
    }
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
                let set = |name: &[u8]| {
                    edits.iter().rev().find_map(|edit| match edit {
                        Edit::Set(set, value) if **set == *name => Some(text(value)),
                        Edit::Set(..) | Edit::Add(..) | Edit::Remove(_) => None,
                    })
                };
                let pseudo = |name: &str| {
                    let sent =
                        || request.head.iter().find(|(sent, _)| sent == name).map(|(_, value)| value.clone());
                    set(name.as_bytes()).or_else(sent).unwrap_or_default()
                };
                let (method, path, cluster) = (pseudo(":method"), pseudo(":path"), set(CLUSTER_HEADER));
                let edits = edits.into_iter().map(HeaderEdit::new).collect();
                Self::Forward { cluster, method, path, edits }
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
        let found = &self.found;
        for (what, found) in [("api", &found.api), ("stage", &found.stage), ("route", &found.route)] {
            put(&mut lines, "", &format!("{what}: {}", found.as_deref().unwrap_or("none")));
        }
        for (name, value) in &found.path_parameters {
            put(&mut lines, "  ", &format!("{{{name}}} = {value}"));
        }
        for step in &self.steps {
            put(&mut lines, "", &format!("on {}: {}", step.on, step.said));
        }
        match &self.decision {
            Decision::Forward { cluster, method, path, edits } => {
                let to = match cluster {
                    Some(cluster) => format!("the cluster `{cluster}`"),
                    None => "where Envoy's own routes lead".to_owned(),
                };
                put(&mut lines, "", &format!("forward {method} {path} to {to}"));
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
