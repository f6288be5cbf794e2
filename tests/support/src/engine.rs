//! The two engines, and in what they differ.

use crate::format::{Answer, File, Request};
use crate::services::Services;
use std::collections::BTreeSet;

/// Something that answers requests as a gateway.
pub trait Engine: Sized {
    /// `native` or `envoy`: the name in reports and in a case's `skip`.
    const NAME: &'static str;
    /// The client's address as this engine sees it.
    const CLIENT: &'static str;

    /// Begins to serve a file's document.
    ///
    /// # Errors
    /// Why it cannot.
    fn start(file: &File) -> Result<Self, String>;

    /// A case begins. An engine that can forgets what it knows.
    fn begin(&mut self) {}

    /// Seconds pass, where the engine can have it so.
    fn pass(&mut self, _seconds: u32) {}

    /// The gateway's wall clock at the next request, in milliseconds.
    fn now_millis(&self) -> u64;

    /// Sends one request.
    ///
    /// # Errors
    /// Why there was no answer.
    fn send(&mut self, turn: &Turn<'_>) -> Result<Observed, String>;

    /// Hosts that this engine's gateway asks of its own accord, so that nobody can tell for which request they were asked.
    fn asks_unasked(&self) -> &BTreeSet<String>;

    /// What the engine wrote, for a failed file.
    fn log(&mut self) -> String {
        String::new()
    }
}

/// One request on its way through an engine.
#[derive(Debug)]
pub struct Turn<'a> {
    /// What the client sends.
    pub request: &'a Request,
    /// What the backend answers if the request reaches it.
    pub answer: &'a Answer,
    /// Who answers the gateway's questions.
    pub services: Services,
    /// Whether a line of an access log is to come.
    pub logs: bool,
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
    /// What services were asked.
    pub asked: Vec<Seen>,
    /// The lines of access logs.
    pub logged: Vec<Vec<u8>>,
}

/// A request as the backend, or a service, saw it.
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

// === impl Seen ===

impl Seen {
    /// Who was asked.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        let host = self.headers.iter().find(|(name, _)| name == "host");
        host.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }
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
    /// In a question that a service sees.
    Service,
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
