//! What may stand in a case file.
//!
//! ```yaml
//! config: { apis: [ ... ] }     # a gateway's document; every host under `.test` is the recording backend, but
//!                               # `dead.test` refuses connections and `slow.test` never answers
//! cases:
//!   - name: a path variable reaches the backend encoded again
//!     skip: { native: the reason, envoy: the reason }             # optional, counted and printed
//!     request: { method: GET, path: "/a%20b", host: "x", headers: [[x, "1"], [x, "2"]], body: "..." }
//!     backend: { status: 200, headers: [[etag, x]], body: ok }    # what the backend answers
//!     expect:
//!       status: 200
//!       headers: { content-type: text/plain, x-gone: null, x-id: /^[0-9a-f]+$/, set-cookie: [a=1, b=2] }
//!       body: ok                                                  # or `json:`, which compares values
//!       backend: { method: GET, path: "/a%20b", headers: { host: backend.test }, body: "" }    # or `none`
//! ```
//!
//! - A header's expectation is a text (there is exactly one such header, and it is this), a `/regular expression/`,
//!   a list (all of them, in order) or `null` (there is none).
//! - `<jwt {"header": {…}, "claims": {…}}>` in a request is a token of [`crate::tokens`], which tells how to break it.
//! - `<a*20000>` anywhere in a request or an expectation stands for twenty thousand times `a`, and `<client>` in an
//!   expectation for the client's address, which differs between the engines.

use regex_lite::Regex;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use std::collections::BTreeMap;

/// A case file: a gateway, and what requests to it give.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The gateway's document.
    pub config: Value,
    /// The cases, in the order in which they run.
    pub cases: Vec<Case>,
}

/// One request and what it must give.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// A sentence: what is true.
    pub name: String,
    /// The engines in which the case cannot run.
    #[serde(default)]
    pub skip: Skip,
    /// What the client sends.
    #[serde(default)]
    pub request: Request,
    /// What the backend answers.
    #[serde(default)]
    pub backend: Answer,
    /// What must come of it.
    pub expect: Expect,
}

/// Why an engine cannot run a case.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// Why not natively.
    pub native: Option<String>,
    /// Why not in Envoy.
    pub envoy: Option<String>,
}

/// What the client sends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The request target, byte for byte.
    pub path: String,
    /// The authority.
    pub host: String,
    /// Headers in order; names may repeat.
    pub headers: Vec<(String, String)>,
    /// The body; `content-length` is added unless `headers` has it.
    pub body: Option<String>,
}

/// What the backend answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers in order; names may repeat.
    pub headers: Vec<(String, String)>,
    /// The body; `content-length` is added.
    pub body: String,
}

/// What must come of a request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The status that the client sees.
    pub status: u16,
    /// Headers that the client sees.
    #[serde(default)]
    pub headers: BTreeMap<String, Matcher>,
    /// The body that the client sees.
    pub body: Option<Matcher>,
    /// The body as a JSON value.
    pub json: Option<Value>,
    /// What the backend sees.
    pub backend: Option<ExpectBackend>,
}

/// What must reach the backend.
#[derive(Debug)]
pub enum ExpectBackend {
    /// Nothing.
    None,
    /// This request, once.
    Request(Box<ExpectRequest>),
}

/// The request that must reach the backend.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectRequest {
    /// Its method.
    pub method: Option<String>,
    /// Its request target, byte for byte.
    pub path: Option<String>,
    /// Its headers; `host` among them.
    #[serde(default)]
    pub headers: BTreeMap<String, Matcher>,
    /// Its body.
    pub body: Option<String>,
}

/// What a value must be.
#[derive(Debug)]
pub enum Matcher {
    /// There is none.
    Absent,
    /// Exactly one, and this.
    Text(String),
    /// Exactly one that matches; the text may hold `<client>`, so it is compiled when it is used.
    Pattern(String),
    /// All of them, in order.
    List(Vec<String>),
}

// === impl File ===

impl File {
    /// Reads a case file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut file: Self = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
        // Counted in another way than it is parsed, so that no case is lost in silence.
        let written = text.lines().filter(|line| line.trim_start().starts_with("- name:")).count();
        if written != file.cases.len() {
            return Err(format!("{written} lines begin a case, but {} were read", file.cases.len()));
        }
        let mut names = std::collections::BTreeSet::new();
        for case in &mut file.cases {
            if !names.insert(case.name.clone()) {
                return Err(format!("two cases are named `{}`", case.name));
            }
            case.prepare().map_err(|problem| format!("case `{}`: {problem}", case.name))?;
        }
        if file.cases.is_empty() {
            return Err("there is no case in it".to_owned());
        }
        Ok(file)
    }
}

// === impl Case ===

impl Case {
    fn prepare(&mut self) -> Result<(), String> {
        self.request.path = expand(&self.request.path);
        for (_, value) in self.request.headers.iter_mut().chain(&mut self.backend.headers) {
            *value = expand(value);
        }
        self.request.body = self.request.body.as_deref().map(expand);
        self.backend.body = expand(&self.backend.body);
        if self.expect.body.is_some() && self.expect.json.is_some() {
            return Err("`body` and `json` say the same thing twice".to_owned());
        }
        check_headers(&self.expect.headers)?;
        if let Some(ExpectBackend::Request(request)) = &mut self.expect.backend {
            check_headers(&request.headers)?;
            if request.method.is_none()
                && request.path.is_none()
                && request.headers.is_empty()
                && request.body.is_none()
            {
                return Err("`expect.backend` expects nothing of the request".to_owned());
            }
            request.path = request.path.as_deref().map(expand);
            request.body = request.body.as_deref().map(expand);
        }
        Ok(())
    }
}

fn check_headers(headers: &BTreeMap<String, Matcher>) -> Result<(), String> {
    for (name, matcher) in headers {
        if name.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(format!("the header `{name}` is not in lower case"));
        }
        if let Matcher::Pattern(pattern) = matcher {
            Regex::new(pattern).map_err(|error| format!("the header `{name}`: {error}"))?;
        }
    }
    Ok(())
}

/// Puts in what `<…>` stands for.
fn expand(text: &str) -> String {
    repeat(&crate::tokens::expand(text))
}

/// Replaces `<a*3>` by `aaa`.
pub(crate) fn repeat(text: &str) -> String {
    let Ok(repeat) = Regex::new(r"<([^<>])\*([0-9]+)>") else { return text.to_owned() };
    repeat
        .replace_all(text, |found: &regex_lite::Captures<'_>| found[1].repeat(found[2].parse().unwrap_or(0)))
        .into_owned()
}

// === impl Request, Answer ===

impl Default for Request {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            host: "api.example.com".to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self { status: 200, headers: Vec::new(), body: "ok".to_owned() }
    }
}

// === impl Matcher, ExpectBackend ===

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Self::Absent),
            Value::String(text) => match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
                Some(pattern) if !pattern.is_empty() => Ok(Self::Pattern(pattern.to_owned())),
                _ => Ok(Self::Text(expand(&text))),
            },
            Value::Array(values) => values
                .into_iter()
                .map(|value| match value {
                    Value::String(text) => Ok(expand(&text)),
                    other => Err(D::Error::custom(format!("{other} is not a text: quote it"))),
                })
                .collect::<Result<_, _>>()
                .map(Self::List),
            other => Err(D::Error::custom(format!("{other} is not a text: quote it"))),
        }
    }
}

impl<'de> Deserialize<'de> for ExpectBackend {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) if text == "none" => Ok(Self::None),
            value @ Value::Object(_) => serde_json::from_value(value)
                .map(|request| Self::Request(Box::new(request)))
                .map_err(D::Error::custom),
            other => Err(D::Error::custom(format!("{other} is neither `none` nor a request"))),
        }
    }
}

#[cfg(test)]
mod tests;
