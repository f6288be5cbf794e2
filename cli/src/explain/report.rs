//! The explanation as values.

use super::answers::{self, By, is_grpc};
use sekisho::gateway::flow::{Bytes, Callout, CalloutReply, Edit, Edits, Flow};
use sekisho::gateway::integrations::http_proxy::CLUSTER_HEADER;
use sekisho::gateway::notes::{Note, Outcome};
use sekisho::gateway::request;
use serde::Serialize;

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

/// One time that the gateway was asked, what it checked, and what it said.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Step {
    pub(super) on: &'static str,
    pub(super) said: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) checks: Vec<Check>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) question: Option<Question>,
}

/// One check, or one thing that was found.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    pub(super) check: &'static str,
    /// Absent if nothing was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) passed: Option<bool>,
    pub(super) detail: String,
}

/// A question of the gateway's that was answered.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Question {
    pub(super) cluster: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) answer: Reply,
}

/// An answer to a question.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Reply {
    /// One that was given by hand.
    ByHand { status: u16, body: String },
    /// The service's own.
    Answered { status: u16, body: String },
    /// The service could not be asked.
    Failed { why: String },
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

// === impl Report ===

impl Report {
    /// Whether the request met a limit or a quota, which depend on other requests.
    pub(super) fn asks_limits(&self) -> bool {
        self.has_check(&["throttle", "quota"])
    }

    /// Whether the request is to a domain that clients must prove themselves to.
    pub(super) fn wants_certificate(&self) -> bool {
        self.has_check(&["mutual TLS"])
    }

    fn has_check(&self, names: &[&str]) -> bool {
        let mut checks = self.steps.iter().flat_map(|step| &step.checks);
        checks.any(|check| names.contains(&check.check))
    }
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
    pub(super) fn new(on: &'static str, flow: &Flow, notes: Vec<Note>) -> Self {
        let said = match flow {
            Flow::Call(callout) => format!("ask the cluster `{}`", callout.cluster),
            Flow::Body(wanted) if wanted.bytes == usize::MAX => "read all of the body".to_owned(),
            Flow::Body(wanted) => format!("read the body, up to {} bytes", wanted.bytes),
            Flow::Forward(_) => "forward".to_owned(),
            Flow::Answer(answer) => format!("answer {}", answer.status),
        };
        Self { on, said, checks: notes.into_iter().map(Check::new).collect(), question: None }
    }
}

// === impl Check ===

impl Check {
    fn new(note: Note) -> Self {
        let passed = match note.outcome {
            Outcome::Fact => None,
            Outcome::Passed => Some(true),
            Outcome::Failed => Some(false),
        };
        Self { check: note.check, passed, detail: note.detail }
    }
}

// === impl Question ===

impl Question {
    pub(super) fn new(callout: &Callout, answer: &answers::Answer) -> Self {
        let answer = match (&answer.reply, answer.by) {
            (CalloutReply::Answered { status, body, .. }, By::Hand) => {
                let body = if body.first() == Some(&0) { bytes_of_protobuf(body) } else { text(body) };
                Reply::ByHand { status: *status, body }
            }
            (CalloutReply::Answered { status, body, .. }, By::Network) => {
                Reply::Answered { status: *status, body: text(body) }
            }
            (CalloutReply::Failed | CalloutReply::TooLarge | CalloutReply::TooMany, _) => {
                Reply::Failed { why: answer.failure.clone().unwrap_or_default() }
            }
        };
        Self {
            cluster: callout.cluster.clone(),
            headers: texts(&callout.headers),
            body: question_text(callout),
            answer,
        }
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
                headers: texts(&callout.headers),
                body: question_text(&callout),
                cluster: callout.cluster,
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
}

/// The body of a question. The notes tell what stands in one of gRPC.
fn question_text(callout: &Callout) -> String {
    if is_grpc(&callout.headers) { bytes_of_protobuf(&callout.body) } else { text(&callout.body) }
}

fn bytes_of_protobuf(body: &[u8]) -> String {
    format!("{} bytes of protobuf", body.len())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn texts(pairs: &[(Bytes, Bytes)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| (text(name), text(value))).collect()
}
