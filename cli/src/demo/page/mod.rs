//! The demo's page: the API, its routes, what each needs, and live figures, at a port of 127.0.0.1.
//!
//! One HTML file and two JSON documents, which the page asks for: what the gateway's document says, and what Envoy has counted.
//! Whoever makes a browser ask under another name for 127.0.0.1 is refused by the `Host` line, and no other page may read or
//! frame anything of it.

mod description;

use crate::top::Source;
use crate::top::history::{History, Seen};
use crate::top::report::{Report, Sort};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

pub use description::describe;

const HTML: &str = include_str!("page.html");
/// How long an answer of Envoy's is good: however many look at the page, Envoy is asked no more often.
const FRESH: Duration = Duration::from_millis(500);
/// How long threads may take to end whose work nobody waits for.
const GRACE: Duration = Duration::from_millis(50);

/// A page that is served; dropping it ends that.
#[derive(Debug)]
pub struct Page {
    /// None only while it is dropped.
    runtime: Option<Runtime>,
    address: SocketAddr,
}

/// What is served.
struct Site {
    address: SocketAddr,
    policy: HeaderValue,
    description: String,
    source: Source,
    known: Mutex<Known>,
}

/// What Envoy has said, and what became of its last answer.
#[derive(Default)]
struct Known {
    history: History,
    last: Option<(Instant, String)>,
}

// === impl Page ===

impl Page {
    /// Serves it on a port of 127.0.0.1, 0 for a free one: what [`describe`] gives, and what Envoy says.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub fn start(port: u16, description: &Value, source: Source) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))?;
        let address = listener.local_addr()?;
        let policy = HeaderValue::from_str(&policy()).map_err(std::io::Error::other)?;
        let description = description.to_string();
        let site = Arc::new(Site { address, policy, description, source, known: Mutex::default() });
        let router = Router::new()
            .route("/", get(html))
            .route("/description", get(told))
            .route("/figures", get(figures))
            .layer(from_fn_with_state(Arc::clone(&site), guard))
            .with_state(site);
        runtime.spawn(async move {
            // It fails only where a port cannot be listened on, and it is.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { runtime: Some(runtime), address })
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(GRACE);
        }
    }
}

/// What a browser may do for the page: its own script and style, by their digests, and questions to its own origin.
fn policy() -> String {
    let digest = |tag: &str| {
        let inside = HTML.split_once(&format!("<{tag}>")).map_or("", |(_, rest)| rest);
        let inside = inside.split_once(&format!("</{tag}>")).map_or("", |(inside, _)| inside);
        format!("'sha256-{}'", STANDARD.encode(Sha256::digest(inside)))
    };
    format!(
        "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'",
        digest("script"),
        digest("style")
    )
}

/// Refuses who does not ask for this page by its own name, and says on each answer what a browser may do with it.
async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let mut response = if !is_ours(request.headers(), site.address.port()) {
        (StatusCode::FORBIDDEN, "this page is at 127.0.0.1 alone\n").into_response()
    } else if request.method() == Method::GET || request.method() == Method::HEAD {
        next.run(request).await
    } else {
        (StatusCode::METHOD_NOT_ALLOWED, "this page is only looked at\n").into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, site.policy.clone());
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

/// Whether the one `Host` line names this machine by an address or name that no stranger's name server can give.
fn is_ours(headers: &HeaderMap, port: u16) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    ["127.0.0.1", "localhost"].iter().any(|name| host.as_bytes() == format!("{name}:{port}").as_bytes())
}

async fn html() -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], HTML).into_response()
}

async fn told(State(site): State<Arc<Site>>) -> Response {
    json_text(site.description.clone())
}

async fn figures(State(site): State<Arc<Site>>) -> Response {
    match tokio::task::spawn_blocking(move || site.figures()).await {
        Ok(text) => json_text(text),
        Err(_ended) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

fn json_text(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

// === impl Site ===

impl Site {
    /// What Envoy has counted since it started, and lately; or why it is not known.
    fn figures(&self) -> String {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some((then, text)) = &known.last
            && now.duration_since(*then) < FRESH
        {
            return text.clone();
        }
        let text = match self.source.ask() {
            Ok(page) => {
                let seen = known.history.take(now, page);
                let recent = seen.recent.as_ref().map(|_| Report::new(&seen, Sort::Name, ""));
                let total = Report::new(&Seen { recent: None, ..seen }, Sort::Name, "");
                json!({ "total": total, "recent": recent }).to_string()
            }
            Err(error) => json!({ "problem": error.to_string() }).to_string(),
        };
        known.last = Some((now, text.clone()));
        text
    }
}

#[cfg(test)]
mod tests;
