//! What is known of a request while it lives: its head, its ids, and what it was matched to.

mod ids;

pub use ids::RequestIds;

use super::authorizers::principal::Principal;
use super::client_cert::ClientCert;
use super::compile::{Api, Gateway, Route, Stage};
use super::config::ProtocolType;
use super::cors::Cors;
use super::domains::custom::{Domain, Mapped};
use super::execution_log::Trace;
use super::flow::Bytes;
use super::head::Head;
use super::integrations::Integration;
use super::json_path::JsonBody;
use super::outcome::Outcome;
use super::rate_limit_headers::Standing;
use super::rejection::Rejection;
use super::routes::{Captures, RequestPath};
use super::usage_plans::Member;
use super::waf::action::Header;
use super::waf::record::Verdict;
use super::{Env, Millis, Nanos};
use std::borrow::Cow;
use std::rc::Rc;

/// A request and what it was matched to so far.
#[derive(Debug)]
pub struct Request {
    /// The gateway that the request began with.
    pub gateway: Rc<Gateway>,
    /// The head as the client sent it.
    pub head: Head,
    /// Its ids.
    pub ids: RequestIds,
    /// When it arrived.
    pub arrived: Millis,
    /// The client's IP address, without port; empty where nothing asks for it.
    pub source_ip: String,
    /// The certificate by which the client proved itself; none where nothing asks for it.
    pub client_cert: Option<ClientCert>,
    /// The host it was sent to: lower case, without port.
    pub host: String,
    /// The custom domain of that host, if it is one's.
    pub domain: Option<Rc<Domain>>,
    /// How it came from the domain to the API.
    pub mapped: Option<Mapped>,
    /// The API, once known.
    pub api: Option<Rc<Api>>,
    /// The stage, once known.
    pub stage: Option<Rc<Stage>>,
    /// What its stage's web ACL says, once that has judged it.
    pub verdict: Option<Verdict>,
    /// What rules of its stage's web ACL add for its backend, the last of a name standing.
    pub inserted: Vec<Rc<[Header]>>,
    /// The line of that web ACL's log, until it is written.
    pub waf_log: Option<Vec<u8>>,
    /// The side of a stage with a canary that it went to, until its response is counted.
    pub uncounted_side: Option<Rc<Stage>>,
    /// The path behind the stage, or behind what its way strips, once known.
    pub path: Option<RequestPath>,
    /// The route, once known, and its place in the stage's table.
    pub route: Option<(usize, Rc<Route>)>,
    /// Who it comes from, once it is authorized.
    pub principal: Option<Principal>,
    /// The API key it comes with and its usage plan, where its route requires one.
    pub member: Option<Member>,
    /// How it stands with its limits, where the API tells of them and they were asked.
    pub standing: Option<Box<Standing>>,
    /// Why its authorizer refused it: `$context.authorizer.error`.
    pub authorizer_error: Option<&'static str>,
    /// When it arrived, for measuring.
    pub began: Nanos,
    /// What became of it.
    pub outcome: Outcome,
    /// Its execution log, where its method has one.
    pub trace: Option<Box<Trace>>,
}

/// What went wrong, for gateway responses.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The gateway response type.
    pub response_type: &'static str,
    /// AWS's message, where there is one.
    pub message: Option<Cow<'static, str>>,
    /// The status that is answered.
    pub status: u16,
}

/// Everything that templates and mappings may read.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The request.
    pub request: &'a Request,
    /// What went wrong, in gateway responses.
    pub problem: Option<&'a Problem>,
    /// The request's body as far as it was asked for.
    pub request_body: Option<&'a JsonBody<'a>>,
    /// The backend's response, in response mappings.
    pub response: Option<Response<'a>>,
}

/// A backend's response.
#[derive(Debug, Clone, Copy)]
pub struct Response<'a> {
    /// Its head.
    pub head: &'a Head,
    /// Its status.
    pub status: u16,
    /// Its body, as far as it was asked for.
    pub body: Option<&'a JsonBody<'a>>,
}

// === impl Request ===

impl Request {
    /// Begins with nothing matched.
    #[must_use]
    pub fn new(gateway: Rc<Gateway>, head: Head, env: &Env<'_>) -> Self {
        let ids = RequestIds::new(&head, env);
        let source_ip = ip_of(env.source_address);
        Self {
            gateway,
            head,
            ids,
            arrived: env.wall,
            source_ip,
            client_cert: None,
            host: String::new(),
            domain: None,
            mapped: None,
            api: None,
            stage: None,
            inserted: Vec::new(),
            verdict: None,
            waf_log: None,
            uncounted_side: None,
            path: None,
            route: None,
            principal: None,
            member: None,
            standing: None,
            authorizer_error: None,
            began: env.monotonic,
            outcome: Outcome::default(),
            trace: None,
        }
    }

    /// Wording, statuses and rules of the API. Before it is known, those of the custom domain, or of a REST API: AWS answers a
    /// host that is nobody's with `x-amzn-ErrorType`.
    #[must_use]
    pub fn protocol(&self) -> ProtocolType {
        let of_domain = self.domain.as_ref().map_or(ProtocolType::Rest, |domain| domain.protocol);
        self.api.as_ref().map_or(of_domain, |api| api.protocol)
    }

    /// The method: the client's, or on a REST API that of `X-HTTP-Method-Override`.
    #[must_use]
    pub fn method(&self) -> &[u8] {
        let sent = self.head.first(b":method").unwrap_or_default();
        match self.protocol() {
            ProtocolType::Rest => self.head.only(b"x-http-method-override").unwrap_or(sent),
            ProtocolType::Http | ProtocolType::Websocket => sent,
        }
    }

    /// Whether the client asks for another protocol, as Envoy reads it: `upgrade`, and a `connection` that names it. A superset
    /// of what Envoy takes for an upgrade, so that none is missed.
    #[must_use]
    pub fn asks_upgrade(&self) -> bool {
        let names_upgrade =
            |value: &[u8]| value.windows(7).any(|token| token.eq_ignore_ascii_case(b"upgrade"));
        self.head.first(b"upgrade").is_some() && self.head.all(b"connection").any(names_upgrade)
    }

    /// Whether it has none, and none comes: what follows an upgrade is no body.
    #[must_use]
    pub fn has_no_body(&self) -> bool {
        self.head.end_of_stream || self.asks_upgrade()
    }

    /// Reads the path by the rules of the API's type.
    ///
    /// # Errors
    /// If it cannot be matched safely, or if the query string, which is forwarded as it is, could end the request line.
    pub fn read_path(&self) -> Result<RequestPath, Rejection> {
        let sent = self.head.first(b":path").unwrap_or_default();
        let path = sent.split(|byte| *byte == b'?').next().unwrap_or_default();
        let query = sent.get(path.len()..).unwrap_or_default();
        // RFC 3986 allows less; these are the bytes that two parsers read in two ways. HTTP/2 can carry all of them.
        if query.iter().any(|byte| !(0x21..0x7f).contains(byte) || *byte == b'#') {
            return Err(Rejection::BadPath);
        }
        RequestPath::parse(path, self.protocol()).map_err(|_| Rejection::BadPath)
    }

    /// The query string as sent, without `?`.
    #[must_use]
    pub fn query(&self) -> Option<&[u8]> {
        let path = self.head.first(b":path")?;
        let at = path.iter().position(|byte| *byte == b'?')?;
        path.get(at + 1..)
    }

    /// The path variables, once the route is known.
    #[must_use]
    pub fn captures(&self) -> Option<Captures<'_>> {
        let (route, _) = self.route.as_ref()?;
        self.stage.as_ref()?.table.captures(*route, self.path.as_ref()?)
    }

    /// Whether the route is `$default`.
    #[must_use]
    pub fn is_default_route(&self) -> bool {
        self.route.as_ref().is_some_and(|(_, route)| route.is_default())
    }

    /// A stage variable; AWS takes an unknown one as empty.
    #[must_use]
    pub fn stage_variable(&self, name: &str) -> &str {
        self.stage.as_ref().and_then(|stage| stage.variables.get(name)).map_or("", String::as_str)
    }

    /// The media type that the client accepts, if it names one.
    #[must_use]
    pub fn accept(&self) -> Option<&[u8]> {
        self.head.only(b"accept")
    }

    /// The response headers that tell how it stands with its limits.
    pub fn standing_headers(&self) -> impl Iterator<Item = (Bytes, Bytes)> {
        self.standing.iter().flat_map(|standing| standing.headers())
    }

    /// The headers that rules of its web ACL add for its backend.
    pub fn waf_headers(&self) -> impl Iterator<Item = &Header> {
        self.inserted.iter().flat_map(|headers| headers.iter())
    }

    /// Whether its stage has an access log.
    #[must_use]
    pub fn has_access_log(&self) -> bool {
        self.stage.as_ref().is_some_and(|stage| stage.access_log.is_some())
    }

    /// The integration of its route, once that is known.
    #[must_use]
    pub fn integration(&self) -> Option<&Integration> {
        let (_, route) = self.route.as_ref()?;
        self.stage.as_ref()?.integrations.get(route.integration)
    }

    /// The CORS of its API.
    #[must_use]
    pub fn cors(&self) -> Option<&Cors> {
        self.api.as_ref()?.cors.as_ref()
    }

    /// What browsers are told of CORS.
    pub fn cors_headers(&self) -> impl Iterator<Item = (Bytes, Bytes)> {
        self.cors().map(|cors| cors.headers(self)).into_iter().flatten()
    }

    /// What caches are told: behind what a backend tells them, in one line as Envoy joins several.
    pub fn vary_header<'a>(&self, told: impl IntoIterator<Item = &'a [u8]>) -> Option<(Bytes, Bytes)> {
        self.cors().filter(|cors| cors.varies())?;
        let told: Vec<_> = told.into_iter().chain([b"Origin".as_slice()]).collect();
        Some((b"vary".into(), told.join(&b',').into()))
    }

    /// What every response tells in the gateway's own name: the request's ids, how it stands with its limits, CORS.
    pub fn own_headers(&self) -> impl Iterator<Item = (Bytes, Bytes)> {
        self.ids.headers(self.protocol()).chain(self.standing_headers()).chain(self.cors_headers())
    }

    /// The trace id, which responses of a REST API's backends carry; not those that the gateway makes.
    pub fn trace_header(&self) -> Option<(Bytes, Bytes)> {
        let tells = self.protocol() == ProtocolType::Rest;
        tells.then(|| (b"x-amzn-trace-id".into(), self.ids.trace.clone().into()))
    }

    /// What templates may read before a body or a response is there.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        Facts { request: self, problem: None, request_body: None, response: None }
    }

    /// What a gateway response's template may read.
    #[must_use]
    pub fn with_problem<'a>(&'a self, problem: &'a Problem) -> Facts<'a> {
        Facts { problem: Some(problem), ..self.facts() }
    }
}

// === impl Problem ===

impl Problem {
    /// `$context.error.messageString`: the message as a JSON string, or `null`.
    #[must_use]
    pub fn message_string(&self) -> String {
        serde_json::Value::from(self.message.as_deref()).to_string()
    }
}

/// The address without its port: `192.0.2.1:80` and `[2001:db8::1]:80`, as Envoy writes them.
fn ip_of(address: &[u8]) -> String {
    let end = |end: u8| address.iter().rposition(|byte| *byte == end);
    let ip = match address.split_first() {
        Some((b'[', v6)) => v6.get(..end(b']').unwrap_or(address.len()).saturating_sub(1)),
        _ => address.get(..end(b':').unwrap_or(address.len())),
    };
    std::str::from_utf8(ip.unwrap_or_default()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
