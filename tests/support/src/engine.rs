//! The two engines, and in what they differ.

use crate::format::{Answer, Request};
use serde_json::Value;
use std::time::SystemTime;

/// Something that answers requests as a gateway.
pub trait Engine: Sized {
    /// `native` or `envoy`: the name in reports and in a case's `skip`.
    const NAME: &'static str;
    /// The client's address as this engine sees it.
    const CLIENT: &'static str;

    /// Begins to serve a document.
    ///
    /// # Errors
    /// Why it cannot.
    fn start(config: &Value) -> Result<Self, String>;

    /// The gateway's time, for requests that are signed.
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Sends one request; the backend answers `answer` if the request reaches it.
    ///
    /// # Errors
    /// Why there was no answer.
    fn send(&mut self, request: &Request, answer: &Answer) -> Result<Observed, String>;

    /// What the engine wrote, for a failed file.
    fn log(&mut self) -> String {
        String::new()
    }
}

/// Headers in order, names in lower case.
pub type Headers = Vec<(String, Vec<u8>)>;

/// What came of a request.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// The status that the client saw.
    pub status: u16,
    /// The headers that the client saw.
    pub headers: Headers,
    /// The body that the client saw.
    pub body: Vec<u8>,
    /// What the backend saw.
    pub backend: Vec<Seen>,
}

/// A request as the backend saw it.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Its method.
    pub method: String,
    /// Its request target.
    pub path: String,
    /// Its headers, `host` among them.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
    /// Its trailers.
    pub trailers: Headers,
}

/// Headers that Envoy adds or rewrites outside the filter, so that the native engine cannot know them: an expectation
/// about them is left to Envoy, and the native report counts it.
pub const ENVOY_ONLY: &[(Side, &str, &str)] = &[
    (Side::Response, "date", "Envoy adds it behind the filters"),
    (Side::Response, "server", "Envoy adds it behind the filters"),
    (Side::Response, "connection", "the codec's"),
    (Side::Response, "transfer-encoding", "the codec's"),
    (
        Side::Backend,
        "x-forwarded-proto",
        "Envoy routes by it; behind that its route takes it away from HTTP APIs",
    ),
    (Side::Backend, "x-request-id", "Envoy makes it, where it is not switched off"),
    (Side::Backend, "transfer-encoding", "the codec's"),
];

/// Where a header stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// In the response that the client sees.
    Response,
    /// In the request that the backend sees.
    Backend,
}

/// Request headers of which Envoy keeps one line: it joins repeats with a comma before any filter sees them. The native
/// engine does the same.
pub const JOINED_BY_ENVOY: &[&str] = &[
    "accept",
    "accept-encoding",
    "authorization",
    "cache-control",
    "content-type",
    "origin",
    "referer",
    "user-agent",
    "x-forwarded-for",
];

/// Headers about which Envoy tells something else to a client on its own machine than to any other: an expectation about
/// them is left to the native engine.
pub const NATIVE_ONLY: &[(Side, &str, &str)] = &[(
    Side::Backend,
    "x-forwarded-for",
    "for a client that comes over loopback Envoy appends an address of the machine, not the client's",
)];

/// Whether this engine leaves an expectation about a header to the other one.
#[must_use]
pub fn left_to_the_other(engine: &str, side: Side, name: &str) -> bool {
    let unknown = match engine {
        "native" => ENVOY_ONLY,
        "envoy" => NATIVE_ONLY,
        _ => &[],
    };
    unknown.iter().any(|(s, n, _)| *s == side && *n == name)
}
