//! Requests that have a text where rules look for it.

use crate::gateway::head::Head;
use serde_json::{Map, Value, json};
use std::fmt::{self, Debug, Formatter, Write as _};

/// What an honest client sends.
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36";

/// A request.
pub struct Request {
    method: String,
    path: String,
    host: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

// === impl Request ===

impl Debug for Request {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let headers = self.headers.iter().filter(|(name, _)| name != "user-agent");
        let headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
        let body = self.body.escape_ascii();
        write!(formatter, "{} {} {} {headers:?} {body}", self.method, self.host, self.path)
    }
}

impl Request {
    pub fn get(path: &str) -> Self {
        let headers = vec![("user-agent".to_owned(), AGENT.to_owned())];
        let (method, host) = ("GET".to_owned(), "api.example.com".to_owned());
        Self { method, path: path.to_owned(), host, headers, body: Vec::new() }
    }

    /// One that is written out: `{get: /path, headers: {…}}`; a header without a value is not sent.
    pub fn read(written: &Map<String, Value>) -> Self {
        let mut request = Self::get(written["get"].as_str().unwrap());
        for (name, value) in written["headers"].as_object().unwrap() {
            request.headers.retain(|(known, _)| known != name);
            request.headers.extend(value.as_str().map(|value| (name.clone(), value.to_owned())));
        }
        request
    }

    /// Requests with a text in fields of one part, in each form that clients give it there.
    pub fn with(text: &str, fields: &[String]) -> Vec<Self> {
        let has = |field: &str| fields.iter().any(|known| known == field);
        match fields.first().map(String::as_str) {
            Some("AllQueryArguments") => vec![Self::get(&format!("/x?q={}", encoded(text, b"")))],
            Some("QueryString") => vec![Self::get(&format!("/x?{}", encoded(text, b"&=[]/")))],
            Some("UriPath") => {
                vec![Self::get(&format!("/{}", encoded(text.strip_prefix('/').unwrap_or(text), b"/")))]
            }
            Some("Cookies") => {
                vec![Self::get("/x").header("cookie", &format!("a=1; q={}", encoded(text, b"")))]
            }
            Some("Headers") => vec![Self::get("/x").header("x-test", text)],
            Some("Body") => {
                assert!(has("JsonBody"));
                vec![
                    Self::post("application/x-www-form-urlencoded", &format!("a=1&q={}", encoded(text, b""))),
                    Self::json(text),
                    Self::post("text/plain", text),
                ]
            }
            Some("JsonBody") => vec![Self::json(text)],
            Some("Method") => vec![Self { method: text.to_owned(), ..Self::get("/x") }],
            Some("SingleHeader host") => vec![Self { host: text.to_owned(), ..Self::get("/x") }],
            Some(other) => {
                let name = other.strip_prefix("SingleHeader ").unwrap();
                let mut request = Self::get("/x");
                request.headers.retain(|(known, _)| known != name);
                vec![request.header(name, text)]
            }
            None => Vec::new(),
        }
    }

    /// One whose field has just the size, and one with a byte more, which alone is too large.
    pub fn sized(field: &str, size: u64) -> [(Self, bool); 2] {
        [(0, false), (1, true)].map(|(more, shall_fire)| {
            let text = "x".repeat(usize::try_from(size).unwrap() + more);
            let request = match field {
                "QueryString" => Self::get(&format!("/?{text}")),
                "UriPath" => Self::get(&format!("/{}", &text[1..])),
                "Body" => Self::post("text/plain", &text),
                _ => Self::get("/").header(field.strip_prefix("SingleHeader ").unwrap(), &text),
            };
            (request, shall_fire)
        })
    }

    fn json(text: &str) -> Self {
        Self::post("application/json", &json!({ "a": 1, "q": text }).to_string())
    }

    fn post(content_type: &str, body: &str) -> Self {
        let mut request = Self::get("/x").header("content-type", content_type);
        request.method = "POST".to_owned();
        request.body = body.as_bytes().to_vec();
        request
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn head(&self) -> Head {
        let fixed = [(":method", &self.method), (":path", &self.path), (":authority", &self.host)];
        let fixed = fixed.map(|(name, value)| (name, value.as_str()));
        let rest = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Head::from_pairs(&fixed.into_iter().chain(rest).collect::<Vec<_>>(), self.body.is_empty())
    }
}

/// Percent-encoded, but for letters, digits, and what is let stand.
fn encoded(text: &str, stays: &[u8]) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || stays.contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
    }
    out
}
