//! Real requests: the lines a person would type, and the answers that came.

use super::Error;
use super::envoy::Envoy;
use super::servers::Servers;
use super::story::Request;
use crate::process::Probe;
use crate::ui::Ui;
use serde_json::Value;
use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use ureq::http;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the gateway may take from its listening to its first good answer: functions start when they are asked.
const FIRST_ANSWER: Duration = Duration::from_secs(60);

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
/// The grant by which a program gets a token.
const GRANT: &str = "grant_type=client_credentials&client_id=demo";

/// A client of one gateway.
pub(super) struct Client {
    gateway: String,
    /// The authority of the gateway's certificate, and where it is.
    trusted: Option<(RootCerts, PathBuf)>,
    /// What requests with a token have.
    token: RefCell<Option<String>>,
    /// Placeholders of a story and the ids they stand for.
    ids: RefCell<Vec<(&'static str, Value)>>,
}

/// What a request has beside its method and URL.
struct Sent<'a> {
    /// Its content type and its body.
    body: Option<(&'static str, &'a str)>,
    /// Its token.
    bearer: Option<&'a str>,
}

struct Answer {
    status: http::StatusCode,
    location: Option<String>,
    body: String,
}

// === impl Sent ===

impl Sent<'_> {
    const NOTHING: Self = Self { body: None, bearer: None };
}

// === impl Client ===

impl Client {
    /// A client of Envoy, by HTTPS if there is any; else it asks for this host in the place of the address.
    pub(super) fn new(envoy: &Envoy, host: &'static str) -> Result<Self, Error> {
        let (ids, token) = (RefCell::default(), RefCell::default());
        let Some(secure) = &envoy.secure else {
            let gateway = envoy.gateway.replace("127.0.0.1", host);
            return Ok(Self { gateway, trusted: None, token, ids });
        };
        let path = secure.authority.clone();
        let read = std::fs::read(&path).and_then(|pem| Certificate::from_pem(&pem).map_err(io::Error::other));
        let authority =
            read.map_err(|source| Error::Io { path: path.clone(), doing: "cannot read it", source })?;
        let roots = RootCerts::new_with_certs(&[authority]);
        Ok(Self { gateway: secure.gateway.clone(), trusted: Some((roots, path)), token, ids })
    }

    fn roots(&self) -> Option<&RootCerts> {
        self.trusted.as_ref().map(|(roots, _)| roots)
    }

    /// Waits until requests go all the way: Envoy listens before its workers have the filter.
    pub(super) fn wait(&self, ui: &Ui, servers: &mut Servers, ready: &[&str]) -> Result<(), Error> {
        ready.iter().try_for_each(|path| self.wait_for(ui, servers, path))
    }

    fn wait_for(&self, ui: &Ui, servers: &mut Servers, path: &str) -> Result<(), Error> {
        let url = format!("{}{path}", self.gateway);
        let Servers { envoy, backend, .. } = servers;
        let answered = envoy.process.wait_until("answering a request", FIRST_ANSWER, |_| {
            let answer = send("GET", &url, &Sent::NOTHING, self.roots())
                .map(|answer| (answer.status.as_u16(), answer.body));
            backend.show(ui);
            if let Err(error) = backend.check().and_then(|()| backend.can_answer()) {
                return Probe::Ready(Err(error));
            }
            match answer {
                Ok((200, _)) => Probe::Ready(Ok(())),
                Ok((status, body)) => Probe::NotYet(format!("GET {url} says {status} {}", body.trim())),
                Err(problem) => Probe::NotYet(format!("GET {url}: {problem}")),
            }
        });
        answered?
    }

    /// Gets a token, as a program does, if there is who gives some.
    pub(super) fn sign_in(&self, ui: &Ui, servers: &Servers) -> Result<(), Error> {
        let Some(url) = servers.backend.token_endpoint() else { return Ok(()) };
        ui.say("# get a token of the issuer");
        ui.say(&format!(
            "$ TOKEN=$(curl -s {url} -d '{GRANT}' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')"
        ));
        ui.say("");
        let form = Sent { body: Some((FORM, GRANT)), bearer: None };
        let wrong = |problem| Error::Request { request: format!("POST {url}"), problem, log: String::new() };
        let answer = send("POST", &url, &form, None).map_err(wrong)?;
        let record: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let token = record.get("access_token").and_then(Value::as_str);
        let token = token.ok_or_else(|| wrong(format!("{} and no `access_token`", answer.status)))?;
        self.token.replace(Some(token.to_owned()));
        Ok(())
    }

    /// Makes a request, and shows it and its answer.
    pub(super) fn show(&self, ui: &Ui, request: &Request, servers: &Servers) -> Result<(), Error> {
        let url = format!("{}{}", self.gateway, self.filled(request.path));
        let body = request.body.as_ref().map(|body| self.filled(&body.to_string()));
        ui.say(&format!("# {}", request.about));
        ui.say(&format!(
            "$ {}",
            curl(
                request.method,
                &url,
                body.as_deref(),
                request.bearer,
                self.trusted.as_ref().map(|(_, path)| path.as_path())
            )
        ));
        let wrong = |problem: String| Error::Request {
            request: format!("{} {url}", request.method),
            problem,
            log: servers.envoy.process.tail(),
        };
        let token = self.token.borrow();
        let sent = Sent {
            body: body.as_deref().map(|body| (JSON, body)),
            bearer: token.as_deref().filter(|_| request.bearer),
        };
        let answer = send(request.method, &url, &sent, self.roots());
        servers.backend.show(ui);
        let answer = answer.map_err(wrong)?;
        ui.say(&format!("{}", answer.status));
        if let Some(location) = &answer.location {
            ui.say(&format!("location: {location}"));
        }
        if !answer.body.is_empty() {
            ui.say(&answer.body);
        }
        ui.say("");
        if answer.status.as_u16() != request.status {
            return Err(wrong(format!("the status should be {} and is {}", request.status, answer.status)));
        }
        if let Some(placeholder) = request.gives {
            let record: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            let id = record.get("id").filter(|id| id.is_u64() || id.is_string());
            let id = id.ok_or_else(|| wrong("the answer has no `id`".to_owned()))?;
            self.ids.borrow_mut().push((placeholder, id.clone()));
        }
        Ok(())
    }

    /// A text with ids for placeholders: as a JSON string a placeholder becomes what the id is, a number or a string.
    fn filled(&self, text: &str) -> String {
        self.ids.borrow().iter().fold(text.to_owned(), |text, (placeholder, id)| {
            let json = id.to_string();
            let bare = id.as_str().unwrap_or(&json);
            text.replace(&format!("\"{placeholder}\""), &json).replace(placeholder, bare)
        })
    }
}

/// The line a person would type.
fn curl(method: &str, url: &str, body: Option<&str>, bearer: bool, authority: Option<&Path>) -> String {
    let trusting = authority.map_or_else(String::new, |path| format!("--cacert '{}' ", path.display()));
    let method = if method == "GET" { String::new() } else { format!("-X {method} ") };
    let url = if url.contains('?') { format!("'{url}'") } else { url.to_owned() };
    let bearer = if bearer { " -H \"authorization: Bearer $TOKEN\"" } else { "" };
    match body {
        Some(body) => {
            let body = body.replace('\'', r"'\''");
            format!("curl -i {trusting}{method}{url}{bearer} -H 'content-type: application/json' -d '{body}'")
        }
        None => format!("curl -i {trusting}{method}{url}{bearer}"),
    }
}

/// Status and body of a page.
pub(super) fn get(url: &str) -> Result<(u16, String), String> {
    send("GET", url, &Sent::NOTHING, None).map(|answer| (answer.status.as_u16(), answer.body))
}

fn send(method: &str, url: &str, sent: &Sent<'_>, roots: Option<&RootCerts>) -> Result<Answer, String> {
    // One connection for each request, as curl has. What a proxy variable names is not asked for this machine's own ports.
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(PATIENCE));
    if let Some(roots) = roots {
        let tls = TlsConfig::builder()
            .root_certs(roots.clone())
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
        config = config.tls_config(tls.build());
    }
    let agent: ureq::Agent = config.build().into();
    let request = http::Request::builder().method(method).uri(url);
    let request = match sent.bearer {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    let answered = match sent.body {
        Some((kind, body)) => {
            let request = request.header("content-type", kind).body(body);
            agent.run(request.map_err(|error| error.to_string())?)
        }
        None => agent.run(request.body(()).map_err(|error| error.to_string())?),
    };
    let mut response = answered.map_err(|error| error.to_string())?;
    let location = response.headers().get("location").and_then(|value| value.to_str().ok());
    let location = location.map(str::to_owned);
    let body = response.body_mut().read_to_string().map_err(|error| error.to_string())?;
    Ok(Answer { status: response.status(), location, body })
}
