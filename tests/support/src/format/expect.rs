//! What a case expects.

use crate::{json, placeholders};
use regex_lite::Regex;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use std::collections::BTreeMap;

/// What must come of a request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Expect {
    /// The status that the client sees.
    pub status: u16,
    /// Headers that the client sees.
    #[serde(default)]
    pub headers: BTreeMap<String, Matcher>,
    /// The body that the client sees.
    pub body: Option<Matcher>,
    /// The body as a JSON value: [`mod@crate::json`].
    pub json: Option<Value>,
    /// The same, of which the body may have more.
    pub partial_json: Option<Value>,
    /// What the backend sees.
    pub backend: Option<ExpectBackend>,
    /// What services are asked: each question, in order.
    pub asked: Option<Vec<ExpectRequest>>,
    /// The line of the stage's access log; `null` where there is none.
    #[serde(default, deserialize_with = "written")]
    pub access_log: Option<Matcher>,
    /// The line as a JSON value that may have more.
    pub access_log_json: Option<Value>,
}

/// What must reach the backend.
#[derive(Debug)]
pub enum ExpectBackend {
    /// Nothing.
    None,
    /// This request, once.
    Request(Box<ExpectRequest>),
}

/// A request that must reach the backend or a service; what is absent may be anything.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectRequest {
    /// Its authority.
    pub host: Option<String>,
    /// Its method.
    pub method: Option<String>,
    /// Its request target, byte for byte.
    pub path: Option<String>,
    /// Its headers; `host` among them.
    #[serde(default)]
    pub headers: BTreeMap<String, Matcher>,
    /// Its body.
    pub body: Option<Matcher>,
    /// Its body as a JSON value: [`mod@crate::json`].
    pub json: Option<Value>,
    /// The same, of which the body may have more.
    pub partial_json: Option<Value>,
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

// === impl Expect ===

impl Expect {
    /// Whether it says something of the access log.
    #[must_use]
    pub fn looks_at_log(&self) -> bool {
        self.access_log.is_some() || self.access_log_json.is_some()
    }

    /// Whether a line of the access log must come.
    #[must_use]
    pub fn expects_line(&self) -> bool {
        self.looks_at_log() && !matches!(self.access_log, Some(Matcher::Absent))
    }

    pub(super) fn prepare(&mut self) -> Result<(), String> {
        check_headers(&self.headers)?;
        prepare_body(self.body.as_ref(), &mut self.json, &mut self.partial_json)?;
        prepare_body(self.access_log.as_ref(), &mut None, &mut self.access_log_json)?;
        if let Some(ExpectBackend::Request(request)) = &mut self.backend {
            request.prepare()?;
            if request.expects_nothing() {
                return Err("`expect.backend` expects nothing of the request".to_owned());
            }
        }
        for question in self.asked.iter_mut().flatten() {
            question.prepare()?;
            if question.host.is_none() {
                return Err("`expect.asked` says of each question which `host` is asked".to_owned());
            }
        }
        Ok(())
    }
}

// === impl ExpectRequest ===

impl ExpectRequest {
    fn prepare(&mut self) -> Result<(), String> {
        check_headers(&self.headers)?;
        self.path = self.path.as_deref().map(placeholders::text);
        prepare_body(self.body.as_ref(), &mut self.json, &mut self.partial_json)
    }

    fn expects_nothing(&self) -> bool {
        let Self { host, method, path, headers, body, json, partial_json } = self;
        host.is_none()
            && method.is_none()
            && path.is_none()
            && headers.is_empty()
            && body.is_none()
            && json.is_none()
            && partial_json.is_none()
    }
}

/// What is written, `null` too: that is an expectation.
fn written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Matcher>, D::Error> {
    Matcher::deserialize(deserializer).map(Some)
}

fn prepare_body(
    body: Option<&Matcher>,
    whole: &mut Option<Value>,
    part: &mut Option<Value>,
) -> Result<(), String> {
    if [body.is_some(), whole.is_some(), part.is_some()].into_iter().filter(|given| *given).count() > 1 {
        return Err("`body`, `json` and `partialJson` say the same thing twice".to_owned());
    }
    if let Some(Matcher::Pattern(pattern)) = body {
        Regex::new(pattern).map_err(|error| format!("the body: {error}"))?;
    }
    for value in [whole, part].into_iter().flatten() {
        json::check(value)?;
        placeholders::json(value);
    }
    Ok(())
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

// === impl Matcher, ExpectBackend ===

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Self::Absent),
            Value::String(text) => match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
                Some(pattern) if !pattern.is_empty() => Ok(Self::Pattern(pattern.to_owned())),
                _ => Ok(Self::Text(placeholders::text(&text))),
            },
            Value::Array(values) => values
                .into_iter()
                .map(|value| match value {
                    Value::String(text) => Ok(placeholders::text(&text)),
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
