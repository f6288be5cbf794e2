//! CORS of HTTP APIs: who may call from a browser's script, and what the gateway tells browsers of it.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>,
//! <https://fetch.spec.whatwg.org/#http-cors-protocol>
//!
//! Where it is configured, preflights are answered here, before routes and authorizers are looked at: a browser sends no
//! credentials with them. All that a backend says of CORS is replaced.

use super::compile::Scope;
use super::config::CorsConfiguration;
use super::flow::{Answer, Bytes};
use super::integrations::headers::is_header_name;
use super::request::Request;

const METHODS: [&str; 8] = ["*", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
/// Longest origin that is echoed, in bytes: a host has 253.
const LONGEST_ORIGIN: usize = 512;

/// A compiled `corsConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    origins: Vec<Origin>,
    /// What preflights are told beside the origin.
    preflight: Vec<(Bytes, Bytes)>,
    /// What other requests are told beside the origin.
    actual: Vec<(Bytes, Bytes)>,
}

/// Whose scripts may call.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    /// `*`
    Any,
    /// `https://*`, `http://*`: what stands before the host.
    Scheme(String),
    /// `https://shop.example.com`
    Exact(String),
}

// === impl Cors ===

impl Cors {
    /// Compiles a configuration; none if it says nothing. What cannot be goes to the diagnostics.
    #[must_use]
    pub fn compile(written: &CorsConfiguration, scope: &mut Scope<'_>) -> Option<Self> {
        if *written == CorsConfiguration::default() {
            return None;
        }
        let CorsConfiguration {
            allow_credentials,
            allow_headers,
            allow_methods,
            allow_origins,
            expose_headers,
            max_age,
        } = written;
        let mut origins = Vec::new();
        for (i, text) in allow_origins.iter().enumerate() {
            origins.extend(Origin::compile(text, &format!("allowOrigins[{i}]"), scope));
        }
        if allow_origins.is_empty() {
            scope
                .warning("allowOrigins", "no origin is allowed: browsers keep all answers from scripts")
                .help("`[\"https://shop.example.com\"]`, or `[\"*\"]`");
        }
        if *allow_credentials == Some(true) && origins.contains(&Origin::Any) {
            scope
                .error("allowCredentials", "allow-credentials is not supported if 'allow-origin' is *")
                .help("name the origins");
        }
        check_methods(allow_methods, scope);
        check_headers(allow_headers, "allowHeaders", scope);
        check_headers(expose_headers, "exposeHeaders", scope);
        if max_age.is_some_and(|age| !(-1..=86_400).contains(&age)) {
            scope.error("maxAge", format!("{} is not from -1 to 86400", max_age.unwrap_or_default()));
        }
        let credentials = (*allow_credentials == Some(true)).then(|| "true".to_owned());
        let exposed = header(b"access-control-expose-headers", list(expose_headers));
        let credentials = header(b"access-control-allow-credentials", credentials);
        let methods = header(b"access-control-allow-methods", list(allow_methods));
        let headers = header(b"access-control-allow-headers", list(allow_headers));
        let age = header(b"access-control-max-age", max_age.map(|age| age.to_string()));
        let actual: Vec<_> = [credentials, exposed].into_iter().flatten().collect();
        let preflight = actual.iter().cloned().chain([methods, headers, age].into_iter().flatten()).collect();
        Some(Self { origins, preflight, actual })
    }

    /// The answer to a preflight; none if the request is not one.
    #[must_use]
    pub fn preflight(&self, request: &Request) -> Option<Answer> {
        let asks = request.method() == b"OPTIONS"
            && request.head.first(b"origin").is_some()
            && request.head.first(b"access-control-request-method").is_some();
        asks.then(|| Answer {
            status: 204,
            headers: self.told(request, &self.preflight),
            details: "sekisho_preflight".into(),
            ..Answer::default()
        })
    }

    /// What the response to a request that is no preflight tells.
    #[must_use]
    pub fn headers(&self, request: &Request) -> Vec<(Bytes, Bytes)> {
        self.told(request, &self.actual)
    }

    /// Whether responses differ by the origin that asks: caches keep them apart.
    #[must_use]
    pub fn varies(&self) -> bool {
        !self.origins.contains(&Origin::Any)
    }

    fn told(&self, request: &Request, more: &[(Bytes, Bytes)]) -> Vec<(Bytes, Bytes)> {
        let Some(origin) = self.allowed(request) else { return Vec::new() };
        let origin = (b"access-control-allow-origin".into(), origin);
        [origin].into_iter().chain(more.iter().cloned()).collect()
    }

    /// What `access-control-allow-origin` says to this request: `*` or its own origin, if that may call.
    fn allowed(&self, request: &Request) -> Option<Bytes> {
        let sent = std::str::from_utf8(request.head.only(b"origin")?).ok()?;
        if self.origins.contains(&Origin::Any) {
            return Some(b"*".into());
        }
        let fits = self.origins.iter().any(|origin| origin.fits(sent));
        fits.then(|| sent.as_bytes().to_vec().into())
    }
}

/// Whether a header of a response is CORS's, which the gateway alone writes where it is configured.
#[must_use]
pub fn is_cors(name: &[u8]) -> bool {
    name.starts_with(b"access-control-")
}

// === impl Origin ===

impl Origin {
    fn compile(text: &str, at: &str, scope: &mut Scope<'_>) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let (scheme, host) = text.split_once("://").unwrap_or_default();
        if host == "*" && matches!(scheme, "http" | "https") {
            return Some(Self::Scheme(format!("{scheme}://")));
        }
        if is_origin(text) {
            return Some(Self::Exact(text.to_ascii_lowercase()));
        }
        scope.error(at, format!("`{text}` is not an origin")).help(
            "`https://shop.example.com`, with a port where it is not the scheme's own and nothing behind it, `https://*`, \
             `http://*` or `*`; a part of a host cannot be `*`",
        );
        None
    }

    fn fits(&self, sent: &str) -> bool {
        match self {
            Self::Any => true,
            // It is echoed, so it is checked although any is allowed.
            Self::Scheme(prefix) => sent.starts_with(prefix.as_str()) && is_origin(sent),
            Self::Exact(origin) => sent == origin,
        }
    }
}

/// Whether a text is a scheme, a host and perhaps a port, as browsers write them (RFC 6454, 6.2).
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let starts = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let in_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    starts
        && scheme.bytes().all(in_scheme)
        && !host.is_empty()
        && host.bytes().all(in_host)
        && text.len() <= LONGEST_ORIGIN
}

fn check_methods(methods: &[String], scope: &mut Scope<'_>) {
    for (i, method) in methods.iter().enumerate() {
        if !METHODS.contains(&method.as_str()) {
            scope
                .error(&format!("allowMethods[{i}]"), format!("`{method}` is not a method"))
                .help(format!("the methods are {}", METHODS.join(", ")));
        }
    }
}

fn check_headers(names: &[String], member: &str, scope: &mut Scope<'_>) {
    for (i, name) in names.iter().enumerate() {
        // `*` is one by itself.
        if !is_header_name(name) {
            scope.error(&format!("{member}[{i}]"), format!("`{name}` is not the name of a header"));
        }
    }
}

fn list(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| names.join(","))
}

fn header(name: &'static [u8], value: Option<String>) -> Option<(Bytes, Bytes)> {
    value.map(|value| (name.into(), value.into_bytes().into()))
}

#[cfg(test)]
mod tests;
