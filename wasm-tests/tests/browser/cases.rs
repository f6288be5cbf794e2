//! The calls that the page makes, and what a script of either origin can read of each.

use sekisho_cases::tokens::token;
use serde_json::{Value, json};

/// What a script reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// A status and a body.
    This(u16, &'static str),
    /// Nothing: the browser keeps it back.
    Nothing,
}

/// What comes of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comes {
    pub(crate) reads: Reads,
    /// How often the backend was asked.
    pub(crate) asked: usize,
    /// Requests that came to the gateway, preflights among them.
    pub(crate) requests: u64,
}

/// A call of a script's.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The path in which the backend finds it.
    pub(crate) name: &'static str,
    /// The API that is called; `shop` is the one that answers addresses.
    api: &'static str,
    path: &'static str,
    init: Value,
    times: usize,
    /// Whether the backend gets the page's cookie.
    pub(crate) cookie: bool,
    /// From the origin that `shop` names, and from another one.
    pub(crate) known: Comes,
    pub(crate) stranger: Comes,
}

use Reads::{Nothing, This};

const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;
const FORBIDDEN: &str = r#"{"message":"Forbidden"}"#;
const TOO_MANY: &str = r#"{"message":"Too Many Requests"}"#;
const NOT_FOUND: &str = r#"{"message":"Not Found"}"#;

fn comes(reads: Reads, asked: usize, requests: u64) -> Comes {
    Comes { reads, asked, requests }
}

impl Call {
    fn new(
        name: &'static str,
        api: &'static str,
        path: &'static str,
        init: Value,
        known: Comes,
        stranger: Comes,
    ) -> Self {
        Self { name, api, path, init, times: 1, cookie: false, known, stranger }
    }

    fn with_cookie(self) -> Self {
        Self { cookie: true, ..self }
    }

    fn twice(self) -> Self {
        Self { times: 2, ..self }
    }

    /// Whether it is of the API that shows a header.
    pub(crate) fn is_shops(&self) -> bool {
        self.api == "shop"
    }

    /// The call as the page makes it.
    pub(crate) fn written(&self, port: u16) -> Value {
        let host =
            if self.api == "shop" { "127.0.0.1".to_owned() } else { format!("{}.localhost", self.api) };
        let url = format!("http://{host}:{port}{}{}", self.path, self.name);
        json!({ "name": self.name, "url": url, "init": self.init, "times": self.times })
    }
}

/// All of them.
pub(crate) fn all() -> Vec<Call> {
    [simple(), preflighted(), credentials(), refusals(), remembered(), without()].concat()
}

/// Requests that any page could make by a form: they come to the backend, whoever reads the answers.
fn simple() -> Vec<Call> {
    let ok = comes(This(200, "ok"), 1, 1);
    let kept_back = comes(Nothing, 1, 1);
    vec![
        Call::new("simple", "shop", "/open/", json!({}), ok, kept_back),
        Call::new("simple-any", "any", "/open/", json!({}), ok, ok),
        Call::new("simple-scheme", "scheme", "/open/", json!({}), ok, ok),
        Call::new("simple-secure", "secure", "/open/", json!({}), kept_back, kept_back),
    ]
}

/// Requests that a browser asks for first. No route but the one that it asks for is there.
fn preflighted() -> Vec<Call> {
    let ok = comes(This(200, "ok"), 1, 2);
    let refused = comes(Nothing, 0, 1);
    let put = |headers: Value| json!({ "method": "PUT", "headers": headers, "body": "{}" });
    let bearer =
        json!({ "headers": { "authorization": format!("Bearer {}", token(&json!({}), &json!({}))) } });
    vec![
        Call::new(
            "put",
            "shop",
            "/open/",
            put(json!({ "x-known": "1", "content-type": "application/json" })),
            ok,
            refused,
        ),
        Call::new("put-header", "shop", "/open/", put(json!({ "x-unknown": "1" })), refused, refused),
        Call::new("delete", "shop", "/open/", json!({ "method": "DELETE" }), refused, refused),
        Call::new("put-any", "any", "/open/", put(json!({ "x-whatever": "1" })), ok, ok),
        // The browser asks without a token, and the authorizer is not.
        Call::new("login", "shop", "/login/", bearer, ok, refused),
        // To an API without a route for it: the answer is the gateway's, and can be read.
        Call::new(
            "patch-no-route",
            "any",
            "/nowhere/",
            json!({ "method": "PATCH" }),
            comes(This(404, NOT_FOUND), 0, 2),
            comes(This(404, NOT_FOUND), 0, 2),
        ),
    ]
}

/// Requests with the cookies of the gateway's host, which are the page's host's too.
fn credentials() -> Vec<Call> {
    let include = || json!({ "credentials": "include" });
    let ok = comes(This(200, "ok"), 1, 1);
    let kept_back = comes(Nothing, 1, 1);
    let put = json!({ "method": "PUT", "credentials": "include", "headers": { "x-known": "1" } });
    vec![
        Call::new("cookie", "shop", "/open/", include(), ok, kept_back).with_cookie(),
        Call::new("no-cookie", "shop", "/open/", json!({ "credentials": "omit" }), ok, kept_back),
        Call::new("cookie-put", "shop", "/open/", put, comes(This(200, "ok"), 1, 2), comes(Nothing, 0, 1))
            .with_cookie(),
        // `*` is nobody in particular, and so nobody whose cookies may be sent.
        Call::new("cookie-any", "any", "/open/", include(), kept_back, kept_back),
        Call::new("cookie-scheme", "scheme", "/open/", include(), ok, ok),
        // The origin may call, but not with cookies.
        Call::new("cookie-plain", "plain", "/open/", include(), kept_back, kept_back),
    ]
}

/// Refusals, which scripts have to understand as well.
fn refusals() -> Vec<Call> {
    let reads = |status, body| comes(This(status, body), 0, 1);
    let kept_back = comes(Nothing, 0, 1);
    let scope =
        json!({ "headers": { "authorization": format!("Bearer {}", token(&json!({}), &json!({}))) } });
    vec![
        Call::new("refused-401", "shop", "/login/", json!({}), reads(401, UNAUTHORIZED), kept_back),
        Call::new("refused-403", "shop", "/scope/", scope, comes(This(403, FORBIDDEN), 0, 2), kept_back),
        Call::new("refused-429", "shop", "/few/", json!({}), reads(429, TOO_MANY), kept_back),
        Call::new("refused-404", "shop", "/nowhere/", json!({}), reads(404, NOT_FOUND), kept_back),
    ]
}

/// What a browser has been told it need not ask again, for as long as `maxAge` says.
fn remembered() -> Vec<Call> {
    let put = || json!({ "method": "PUT", "headers": { "x-known": "1" } });
    let refused = comes(Nothing, 0, 2);
    vec![
        Call::new("remembered", "shop", "/open/", put(), comes(This(200, "ok"), 2, 3), refused).twice(),
        Call::new("forgotten", "plain", "/open/", put(), comes(This(200, "ok"), 2, 4), refused).twice(),
    ]
}

/// A REST API has no CORS of its own: what its backend says passes, and its preflights are requests as any other.
fn without() -> Vec<Call> {
    let kept_back = comes(Nothing, 1, 1);
    let refused = comes(Nothing, 0, 1);
    vec![
        Call::new("rest", "rest", "/prod/open/", json!({}), kept_back, kept_back),
        Call::new("rest-put", "rest", "/prod/open/", json!({ "method": "PUT" }), refused, refused),
    ]
}
