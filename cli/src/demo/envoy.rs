//! Envoy with a story's document: rendered for the ports and the backend that there are, started, and waited for.

use super::story::Told;
use super::{Args, Error, client};
use crate::process::{Probe, Process};
use crate::render::dynamic::Delivery;
use crate::render::{Settings, bootstrap, discovery, document};
use crate::toolchain::workspace;
use crate::ui::Ui;
use serde_json::Value;
use std::ffi::OsString;
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
    /// `http://127.0.0.1:9901`
    pub(super) admin: String,
}

/// What an Envoy is started from.
pub(super) struct Parts<'a> {
    pub(super) program: &'a Path,
    /// The filter.
    pub(super) module: &'a Path,
    pub(super) story: &'a Told,
    /// Where the story's backend is.
    pub(super) origin: &'a str,
    /// The folder of its files.
    pub(super) files: &'a Path,
}

// === impl Envoy ===

impl Envoy {
    pub(super) fn start(ui: &Ui, args: &Args, parts: &Parts<'_>) -> Result<Self, Error> {
        let bootstrap = write_bootstrap(args, parts)?;
        let step = ui.step("starting Envoy");
        let admin_file = parts.files.join("admin-address");
        let mut options: Vec<OsString> = vec!["--config-path".into(), bootstrap.into()];
        options.extend(["--admin-address-path".into(), admin_file.clone().into()]);
        options.extend(
            ["--use-dynamic-base-id", "--concurrency", "2", "--log-level", "warn"].map(OsString::from),
        );
        let mut process = Process::start("Envoy", parts.program, options, &log(parts.files))?;
        match process.wait_until("starting", START, |_| listening(&admin_file)) {
            Ok((admin, gateway)) => {
                step.done(&format!("it listens on {gateway}"));
                Ok(Self { process, gateway, admin })
            }
            Err(error) => {
                step.fail("it does not serve");
                Err(error.into())
            }
        }
    }
}

/// Its log.
pub(super) fn log(files: &Path) -> PathBuf {
    files.join("envoy.log")
}

fn write_bootstrap(args: &Args, parts: &Parts<'_>) -> Result<PathBuf, Error> {
    let Parts { module, story, origin, files, .. } = parts;
    let path = workspace()?.join(story.document);
    let document = std::fs::read_to_string(&path).map_err(|source| Error::Io {
        path: path.clone(),
        doing: "cannot read it",
        source,
    })?;
    let document_error = |problem| Error::Document { path, problem };
    if !document.contains(story.place) {
        return Err(document_error(format!("nothing is at `{}`", story.place)));
    }
    let document = document.replace(story.place, origin);
    let on = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let settings = Settings::new(on(args.port), on(args.admin_port), module.to_path_buf());
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
    Ok(path)
}

/// Envoy's admin pages and its listener, as soon as both are there.
fn listening(admin_file: &Path) -> Probe<(String, String)> {
    let Ok(admin) = std::fs::read_to_string(admin_file) else {
        return Probe::NotYet("no admin address".to_owned());
    };
    let admin = format!("http://{}", admin.trim());
    match client::get(&format!("{admin}/ready")) {
        Ok((200, _)) => {}
        Ok((status, body)) => return Probe::NotYet(format!("/ready says {status} {}", body.trim())),
        Err(problem) => return Probe::NotYet(problem),
    }
    match client::get(&format!("{admin}/listeners?format=json")).map(|(_, body)| listener(&body)) {
        Ok(Some(gateway)) => Probe::Ready((admin, gateway)),
        Ok(None) => Probe::NotYet("no listener".to_owned()),
        Err(problem) => Probe::NotYet(problem),
    }
}

/// The address of the first listener on Envoy's page.
fn listener(page: &str) -> Option<String> {
    let page: Value = serde_json::from_str(page).ok()?;
    let address = page.pointer("/listener_statuses/0/local_address/socket_address")?;
    let (host, port) = (address.get("address")?.as_str()?, address.get("port_value")?.as_u64()?);
    Some(format!("http://{host}:{port}"))
}
