//! The service and Envoy: started in order, waited for, stopped in order.

use super::story::Story;
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
use tempfile::TempDir;

/// How long a server may take to start: Envoy compiles the filter first, and the machine may be busy.
const START: Duration = Duration::from_secs(60);

/// What runs. Fields are dropped in this order: Envoy ends before the service it asks, and the files go last.
#[derive(Debug)]
pub(super) struct Servers {
    pub(super) envoy: Process,
    service: Process,
    /// `http://127.0.0.1:8080`
    pub(super) gateway: String,
    /// `http://127.0.0.1:9901`
    pub(super) admin: String,
    files: TempDir,
}

// === impl Servers ===

impl Servers {
    pub(super) fn start(
        ui: &Ui,
        args: &Args,
        envoy: &Path,
        module: &Path,
        service: &Path,
    ) -> Result<Self, Error> {
        let files = tempfile::Builder::new().prefix("sekisho-demo-").tempdir().map_err(|source| {
            Error::Io { path: std::env::temp_dir(), doing: "cannot make a folder in it", source }
        })?;
        let data = args.keep_data.clone().unwrap_or_else(|| files.path().join("data"));
        let (service, origin) = start_service(ui, args.story, service, &data, files.path())?;

        let bootstrap = write_bootstrap(args, &origin, module, files.path())?;
        let step = ui.step("starting Envoy");
        let admin_file = files.path().join("admin-address");
        let mut options: Vec<OsString> = vec!["--config-path".into(), bootstrap.into()];
        options.extend(["--admin-address-path".into(), admin_file.clone().into()]);
        options.extend(
            ["--use-dynamic-base-id", "--concurrency", "2", "--log-level", "warn"].map(OsString::from),
        );
        let mut envoy = Process::start("Envoy", envoy, options, &envoy_log(&files))?;
        let started = envoy.wait_until("starting", START, |_| listening(&admin_file));
        match started {
            Ok((admin, gateway)) => {
                step.done(&format!("it listens on {gateway}"));
                Ok(Self { envoy, service, gateway, admin, files })
            }
            Err(error) => {
                step.fail("it does not serve");
                Err(error.into())
            }
        }
    }

    /// Whether both run and nobody asked to stop.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        self.service.check()?;
        Ok(self.envoy.check()?)
    }

    /// Whether both run.
    pub(super) fn check_running(&mut self) -> Result<(), Error> {
        match self.check() {
            Err(Error::Process(crate::process::Error::Interrupted)) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) fn envoy_log(&self) -> PathBuf {
        envoy_log(&self.files)
    }

    pub(super) fn stop(self, ui: &Ui) {
        let step = ui.step("stopping Envoy and the service");
        drop(self);
        step.done("stopped");
    }
}

fn envoy_log(files: &TempDir) -> PathBuf {
    files.path().join("envoy.log")
}

/// Starts the service on a free port and reads its address from what it says.
fn start_service(
    ui: &Ui,
    story: Story,
    program: &Path,
    data: &Path,
    files: &Path,
) -> Result<(Process, String), Error> {
    let step = ui.step(&format!("starting the service `{}`", story.service()));
    let mut args: Vec<OsString> = ["--listen", "127.0.0.1:0", "--data"].map(OsString::from).into();
    args.push(data.into());
    let mut service = Process::start("the service", program, args, &files.join("service.log"))?;
    let origin = service.wait_until("starting", START, |service| {
        let log = service.log();
        // The last piece may be a line that is not complete yet.
        let mut lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        match lines.find_map(|line| line.trim().strip_prefix("listening on ")) {
            Some(origin) => Probe::Ready(origin.to_owned()),
            None => Probe::NotYet(String::new()),
        }
    });
    match origin {
        Ok(origin) => {
            step.done(&format!("it listens on {origin}"));
            Ok((service, origin))
        }
        Err(error) => {
            step.fail("it does not serve");
            Err(error.into())
        }
    }
}

fn write_bootstrap(args: &Args, origin: &str, module: &Path, files: &Path) -> Result<PathBuf, Error> {
    let path = workspace()?.join(args.story.document());
    let document = std::fs::read_to_string(&path).map_err(|source| Error::Io {
        path: path.clone(),
        doing: "cannot read it",
        source,
    })?;
    let document_error = |problem| Error::Document { path, problem };
    if !document.contains(args.story.origin()) {
        return Err(document_error(format!("no integration is at `{}`", args.story.origin())));
    }
    let document = document.replace(args.story.origin(), origin);
    let on = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let settings = Settings::new(on(args.port), on(args.admin_port), module.to_owned());
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
