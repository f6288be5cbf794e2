//! Envoy with a story's document: rendered for the ports and the backend that there are, started, and waited for.

use super::story::Told;
use super::{Args, Error, client};
use crate::local_ca::LocalCa;
use crate::process::{Probe, Process};
use crate::render::dynamic::Delivery;
use crate::render::{Settings, bootstrap, discovery, document, listener};
use crate::toolchain::{target_folder, workspace};
use crate::ui::Ui;
use sekisho::gateway::config::{self, Config};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long Envoy may take to start: it compiles the filter first, and the machine may be busy.
const START: Duration = Duration::from_secs(60);

/// An Envoy that listens.
#[derive(Debug)]
pub(super) struct Envoy {
    pub(super) process: Process,
    /// `http://127.0.0.1:8080`
    pub(super) gateway: String,
    /// `https://localhost:8443`, if it was asked for.
    pub(super) secure: Option<Secure>,
    /// `http://127.0.0.1:9901`
    pub(super) admin: String,
    /// What it serves.
    pub(super) document: Config,
}

/// The gateway by HTTPS.
#[derive(Debug, Clone)]
pub(super) struct Secure {
    /// `https://localhost:8443`
    pub(super) gateway: String,
    /// The authority that clients are told to trust.
    pub(super) authority: PathBuf,
}

/// What an Envoy is started from.
pub(super) struct Parts<'a> {
    pub(super) program: &'a Path,
    /// The filter.
    pub(super) module: &'a Path,
    pub(super) story: &'a Told,
    /// Where the document says that the story's backend is, and where it is.
    pub(super) places: &'a [(&'static str, &'a str)],
    /// The folder of its files.
    pub(super) files: &'a Path,
}

// === impl Envoy ===

impl Envoy {
    pub(super) fn start(ui: &Ui, args: &Args, parts: &Parts<'_>) -> Result<Self, Error> {
        let authority = args.https.then(authority).transpose()?;
        let (bootstrap, document) = write_bootstrap(args, parts, authority.as_ref())?;
        let step = ui.step("starting Envoy");
        let admin_file = parts.files.join("admin-address");
        let mut options = super::parts::ENVOY.arguments(&[("config", &bootstrap.display().to_string())]);
        options.extend(["--admin-address-path".into(), admin_file.clone().into()]);
        let mut process = Process::start("Envoy", parts.program, options, &log(parts.files))?;
        match process.wait_until("starting", START, |_| listening(&admin_file, authority.is_some())) {
            Ok(Listening { admin, plain, tls }) => {
                step.done(&format!("it listens on {plain}"));
                let secure = |ca: LocalCa| {
                    Some(Secure {
                        gateway: format!("https://localhost:{}", tls?),
                        authority: ca.certificate(),
                    })
                };
                Ok(Self { process, gateway: plain, secure: authority.and_then(secure), admin, document })
            }
            Err(error) => {
                step.fail("it does not serve");
                Err(error.into())
            }
        }
    }
}

impl Envoy {
    /// Where its admin pages are.
    pub(super) fn admin_address(&self) -> SocketAddr {
        let address = self.admin.strip_prefix("http://").and_then(|address| address.parse().ok());
        // Envoy writes an address.
        address.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into())
    }
}

/// Its log.
pub(super) fn log(files: &Path) -> PathBuf {
    files.join("envoy.log")
}

/// The demo's own authority. Only who is told so trusts it.
fn authority() -> Result<LocalCa, Error> {
    LocalCa::open(&target_folder()?.join("demo/ca")).map_err(Error::Authority)
}

/// The document with `localhost` as a custom domain, which serves what its first API serves.
fn on_localhost(document: &str, ca: &LocalCa) -> Result<String, Error> {
    let issued = ca.server(&["localhost".to_owned()]).map_err(Error::Authority)?;
    let mut document: Value = serde_json::from_str(document).unwrap_or_default();
    let api = document.pointer("/apis/0/apiId").cloned().unwrap_or_default();
    let stage = document.pointer("/apis/0/stages/0/stageName").cloned().unwrap_or_default();
    if let Some(document) = document.as_object_mut() {
        document.insert(
            "certificates".into(),
            json!({ "demo": { "certificateFile": issued.certificate, "privateKeyFile": issued.key } }),
        );
        document.insert(
            "domainNames".into(),
            json!([{ "domainName": "localhost", "domainNameConfigurations": [{ "certificateArn": "demo" }] }]),
        );
        document.insert(
            "apiMappings".into(),
            json!([{ "domainName": "localhost", "apiId": api, "stage": stage }]),
        );
    }
    Ok(document.to_string())
}

/// The document with figures of each route, for the demo's page.
fn with_figures(document: &str) -> String {
    let mut document: Value = serde_json::from_str(document).unwrap_or_default();
    let apis = document.get_mut("apis").and_then(Value::as_array_mut).into_iter().flatten();
    for stage in apis.filter_map(|api| api.get_mut("stages")?.as_array_mut()).flatten() {
        if let Some(stage) = stage.as_object_mut() {
            let settings = stage.entry("defaultRouteSettings").or_insert_with(|| json!({}));
            if let Some(settings) = settings.as_object_mut() {
                settings.entry("detailedMetricsEnabled").or_insert(true.into());
            }
        }
    }
    document.to_string()
}

fn write_bootstrap(
    args: &Args,
    parts: &Parts<'_>,
    authority: Option<&LocalCa>,
) -> Result<(PathBuf, Config), Error> {
    let Parts { module, story, places, files, .. } = parts;
    let path = workspace()?.join(story.document);
    let mut document = std::fs::read_to_string(&path).map_err(|source| Error::Io {
        path: path.clone(),
        doing: "cannot read it",
        source,
    })?;
    let document_error = |problem| Error::Document { path: path.clone(), problem };
    for (place, origin) in *places {
        if !document.contains(place) {
            return Err(document_error(format!("nothing is at `{place}`")));
        }
        document = document.replace(place, origin);
    }
    let document = with_figures(&document);
    let document = match authority {
        Some(ca) => on_localhost(&document, ca)?,
        None => document,
    };
    let on = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut settings = Settings::new(on(args.port), on(args.admin_port), module.to_path_buf());
    settings.tls_listen = on(args.https_port);
    let config =
        config::load(document.as_bytes()).map_err(|problems| document_error(problems.to_string()))?;
    let environment = |name: &str| std::env::var(name).ok();
    let issuers = discovery::issuers(false, &settings.ca_file, None);
    let (plan, _) = document::plan_with(document.as_bytes(), &environment, &issuers)
        .map_err(|diagnostics| document_error(diagnostics.to_string()))?;
    let text = bootstrap::bootstrap(&plan, &settings, Delivery::Static).to_string();
    let path = files.join("envoy.json");
    std::fs::write(&path, text).map_err(|source| Error::Io {
        path: path.clone(),
        doing: "cannot write it",
        source,
    })?;
    Ok((path, config))
}

struct Listening {
    admin: String,
    plain: String,
    /// Its port.
    tls: Option<u64>,
}

/// Envoy's admin pages and its listeners, as soon as all are there.
fn listening(admin_file: &Path, tls: bool) -> Probe<Listening> {
    let Ok(admin) = std::fs::read_to_string(admin_file) else {
        return Probe::NotYet("no admin address".to_owned());
    };
    let admin = format!("http://{}", admin.trim());
    match client::get(&format!("{admin}/ready")) {
        Ok((200, _)) => {}
        Ok((status, body)) => return Probe::NotYet(format!("/ready says {status} {}", body.trim())),
        Err(problem) => return Probe::NotYet(problem),
    }
    let page = match client::get(&format!("{admin}/listeners?format=json")) {
        Ok((_, page)) => page,
        Err(problem) => return Probe::NotYet(problem),
    };
    let secure = address(&page, listener::TLS).map(|(_, port)| port);
    match address(&page, listener::NAME) {
        Some((host, port)) if secure.is_some() == tls => {
            Probe::Ready(Listening { admin, plain: format!("http://{host}:{port}"), tls: secure })
        }
        Some(_) | None => Probe::NotYet("no listener".to_owned()),
    }
}

/// The address of a listener on Envoy's page.
fn address(page: &str, name: &str) -> Option<(String, u64)> {
    let page: Value = serde_json::from_str(page).ok()?;
    let mut listeners = page.get("listener_statuses")?.as_array()?.iter();
    let listener = listeners.find(|it| it.get("name").and_then(Value::as_str) == Some(name))?;
    let address = listener.pointer("/local_address/socket_address")?;
    Some((address.get("address")?.as_str()?.to_owned(), address.get("port_value")?.as_u64()?))
}
