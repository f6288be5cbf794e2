//! `sekisho render`: a document as Envoy configuration.
//!
//! [`document`] says what a document asks of Envoy, [`settings`] what the command line says; each other module is one
//! part of Envoy's configuration. Why each setting is as it is stands in `envoy/README.md`.

pub mod access_log;
pub mod bootstrap;
pub mod cluster;
pub mod discovery;
pub mod document;
pub mod dynamic;
pub mod envoy_gateway;
pub mod filter;
mod folder;
pub mod fragment;
pub mod geoip;
pub mod istio;
pub mod listener;
pub mod local_reply;
pub mod lock;
pub mod rate_limits;
pub mod route;
pub mod settings;
pub mod signing;
pub mod sts;
pub mod teller;
pub mod tls;
pub mod tracing;
pub mod upstream;
pub mod yaml;

pub use document::Plan;
pub use settings::Settings;

use crate::{Ui, audit};
use dynamic::{Delivery, Layout};
use sekisho::gateway::clusters::Cluster;
use serde_json::Value;
use settings::{SYSTEM_CA_FILE, TLS_LISTEN, address};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Writes the Envoy configuration of a document.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The gateway document; `-` is stdin.
    pub file: String,
    /// Where clients connect.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    pub listen: SocketAddr,
    /// Where clients of custom domains with certificates connect.
    #[arg(long, value_name = "HOST:PORT", default_value = TLS_LISTEN, value_parser = address)]
    pub tls_listen: SocketAddr,
    /// Also HTTP/3, on the same port of UDP. Clients are told of it by its number, or by PORT where they reach it at another.
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    pub http3: Option<u16>,
    /// Envoy's admin interface; it must not be reachable by clients.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9901", value_parser = address)]
    pub admin: SocketAddr,
    /// The filter, a path that Envoy can read.
    #[arg(long, value_name = "PATH", default_value = "sekisho.wasm")]
    pub wasm: PathBuf,
    /// File to write; JSON if its name ends in `.json`. Standard output when absent or `-`.
    #[arg(long, value_name = "FILE", conflicts_with = "dynamic")]
    pub out: Option<PathBuf>,
    /// Only the HTTP filter, and the settings that it needs around it, for an Envoy that you configure yourself.
    #[arg(long, conflicts_with = "dynamic")]
    pub filter: bool,
    /// Only the limits of the rate-limit service that counts quotas of the scope `FLEET`, as its engine reads them: Limitador
    /// or envoyproxy/ratelimit, whichever the document's `rateLimitService.engine` names.
    #[arg(long, conflicts_with_all = ["filter", "dynamic"])]
    pub rate_limits: bool,
    /// A folder of files that a running Envoy watches; `sekisho apply` changes them.
    #[arg(long, value_name = "DIR")]
    pub dynamic: Option<PathBuf>,
    /// Certificate authorities that backends' certificates are checked against.
    #[arg(long, value_name = "FILE", default_value = SYSTEM_CA_FILE)]
    pub ca_file: PathBuf,
    /// Folder of SDS files (`NAME.yaml`) for the document's `sdsSecret` names.
    #[arg(long, value_name = "DIR")]
    pub secrets: Option<PathBuf>,
    /// Envoy refuses work before its heap is larger than this.
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    pub max_heap_mib: u64,
    /// Client connections at a time.
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    pub max_connections: u64,
    /// What one client connection may make Envoy hold. Envoy 1.36 needs the largest body that the filter must have whole
    /// here; later ones take it from the routes.
    #[arg(long, value_name = "KIB", default_value_t = 64)]
    pub connection_buffer_kib: u32,
    /// Asks no issuer of JWT authorizers where its keys are. An issuer with its keys on another host then needs `jwksHosts`
    /// in the document.
    #[arg(long)]
    pub offline: bool,
    /// Prints each request as a JSON line on Envoy's standard output.
    #[arg(long)]
    pub access_log: bool,
    /// MaxMind database of countries, or of cities, for what web ACLs ask of clients' countries; a path that Envoy can read. Its
    /// filter is of Envoy 1.37 and later.
    #[arg(long, value_name = "FILE")]
    pub geoip_db: Option<PathBuf>,
    /// MaxMind database of autonomous systems, likewise.
    #[arg(long, value_name = "FILE")]
    pub geoip_asn_db: Option<PathBuf>,
    /// File of the logs of web ACLs with a logging configuration. Envoy's standard output when absent.
    #[arg(long, value_name = "FILE")]
    pub waf_log: Option<PathBuf>,
    /// Manifests for a mesh.
    #[command(flatten, next_help_heading = "Meshes")]
    pub mesh: istio::Args,
    /// File of the execution logs of REST APIs with a `loggingLevel`. Envoy's standard output when absent.
    #[arg(long, value_name = "FILE")]
    pub execution_log: Option<PathBuf>,
    /// Who takes traces by OpenTelemetry: `otlp:CLUSTER`, a cluster of the document, by gRPC; or `http://HOST:PORT`, by HTTP in
    /// plain text. Without it W3C's `traceparent` passes as it came.
    #[arg(long, value_name = "COLLECTOR", value_parser = tracing::collector, conflicts_with_all = ["filter", "rate_limits", "istio", "envoy_gateway"])]
    pub tracing: Option<tracing::Collector>,
    /// How many requests are traced of those without a trace of their own, in percent.
    #[arg(long, value_name = "PERCENT", default_value = "5", value_parser = tracing::per_million, requires = "tracing")]
    pub tracing_sampling: u32,
    /// Who is told of the files that are written.
    #[command(flatten)]
    pub audit: audit::Args,
}

const EXAMPLES: &str = "\
Examples:
  sekisho render gateway.json --out envoy.yaml
  sekisho render gateway.json --dynamic /etc/sekisho
  sekisho render gateway.json --tls-listen 0.0.0.0:8443 --http3=443
  sekisho render --filter gateway.json
  sekisho render --istio gateway.json --module oci://registry.example/sekisho@sha256:… --out istio.yaml
  sekisho render --rate-limits gateway.json --out limits.yaml";

/// Why nothing was rendered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A whole Envoy cannot be rendered for integrations that leave the choice of the backend to existing routes.
    #[error(
        "{}: `connectionType` is `ENVOY_ROUTE`: the backend is chosen by routes that only your own Envoy has",
        at.join(", ")
    )]
    EnvoyRoute {
        /// The integrations.
        at: Vec<String>,
    },
    /// A backend that is Envoy's own admin interface.
    #[error(
        "the backend `{cluster}` is Envoy's admin interface: clients could read its configuration and stop it"
    )]
    Admin {
        /// The cluster.
        cluster: String,
    },
    /// A secret is named that no file was given for.
    #[error("the SDS secret `{name}` has no source")]
    Secret {
        /// The secret.
        name: String,
    },
    /// No limit of a rate-limit service is asked for.
    #[error("there is nothing to count for a fleet: no usage plan has a quota of the scope `FLEET`")]
    NoFleetQuota,
    /// Each engine reads a file of its own.
    #[error("the document does not say which engine counts")]
    Engine,
    /// Somebody else changes the folder at this moment.
    #[error("{}: another command is at work in this folder: {who}", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
        /// Who holds it, by its own word.
        who: String,
    },
    /// A mesh cannot give what is asked.
    #[error("{what}")]
    Mesh {
        /// What, and why not.
        what: String,
        /// What else to do.
        help: String,
    },
    /// Traces would go to a cluster that nobody makes.
    #[error("--tracing: the document makes no cluster `{name}` that speaks HTTP/2")]
    Collector {
        /// Its name.
        name: String,
    },
    /// The settings cannot be written.
    #[error("the settings cannot be written: {source}")]
    Settings {
        /// Why.
        source: serde_json::Error,
    },
}

/// Carries out the verb.
///
/// # Errors
/// The document is refused, or a file cannot be written.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, crate::Error> {
    let settings = args.settings();
    if let Some(folder) = &args.dynamic {
        return folder::write(args, settings, &Layout::new(folder)?, ui);
    }
    let issuers = discovery::issuers(args.offline, &settings.ca_file, None);
    let (plan, warnings) = document::read(&args.file, &issuers)?;
    ui.diagnostics(&warnings);
    if args.rate_limits {
        write(ui, args.out.as_deref(), &plan.rate_limits.rendering()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.filter {
        write(ui, args.out.as_deref(), &fragment::fragment(&plan, &settings))?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.mesh.istio.is_some() {
        write(ui, args.out.as_deref(), &istio::manifests(&plan, &settings, &args.mesh)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let (Some(gateway), Some(module)) = (&args.mesh.envoy_gateway, &args.mesh.module) {
        write(ui, args.out.as_deref(), &envoy_gateway::policy(&plan, gateway, module)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    check(&plan, &settings)?;
    let bootstrap = bootstrap::bootstrap(&plan, &settings, Delivery::Static);
    write(ui, args.out.as_deref(), &Rendering::new(HEADER, vec![bootstrap]))?;
    Ok(ExitCode::SUCCESS)
}

const HEADER: &str = "An Envoy bootstrap. Rendered by `sekisho render`: change the document, not this file.\n\
                      Why each setting is as it is: envoy/README.md.";

/// What a whole Envoy cannot be rendered for.
///
/// # Errors
/// Integrations that need Envoy's own routes; secrets without a source.
pub fn check(plan: &Plan, settings: &Settings) -> Result<(), Error> {
    if !plan.envoy_routes.is_empty() {
        return Err(Error::EnvoyRoute { at: plan.envoy_routes.clone() });
    }
    if let Some(it) = plan.clusters.iter().find(|it| is_admin(it, settings.admin)) {
        return Err(Error::Admin { cluster: it.name.clone() });
    }
    if let Some(tracing::Collector::Cluster(name)) = settings.tracing.as_ref().map(|it| &it.collector)
        && tracing::made(name, plan).is_none()
    {
        return Err(Error::Collector { name: name.clone() });
    }
    match (cluster::foreign_secrets(plan).chain(plan.tls.foreign_secrets()).next(), &settings.secrets) {
        (Some(name), None) => Err(Error::Secret { name: name.to_owned() }),
        (Some(_) | None, _) => Ok(()),
    }
}

fn is_admin(cluster: &Cluster, admin: SocketAddr) -> bool {
    let here = admin.ip().is_loopback() || admin.ip().is_unspecified();
    let same_host = match cluster.host.parse::<IpAddr>() {
        Ok(ip) => ip == admin.ip() || (here && (ip.is_loopback() || ip.is_unspecified())),
        Err(_) => here && cluster.host == "localhost",
    };
    same_host && cluster.port == admin.port()
}

/// Values, and a text that introduces them.
#[derive(Debug, Clone)]
pub struct Rendering {
    comment: String,
    values: Vec<Value>,
}

// === impl Rendering ===

impl Rendering {
    /// Values, and a text that introduces them.
    #[must_use]
    pub fn new(comment: &str, values: Vec<Value>) -> Self {
        Self { comment: comment.to_owned(), values }
    }

    /// As YAML: comments, then a document for each value.
    #[must_use]
    pub fn yaml(&self) -> String {
        let documents: Vec<String> = self.values.iter().map(yaml::document).collect();
        format!("{}{}", yaml::comment(&self.comment), documents.join("---\n"))
    }

    /// As JSON: the value, or a list of them.
    #[must_use]
    pub fn json(&self) -> String {
        let text = match self.values.as_slice() {
            [value] => format!("{value:#}"),
            values => format!("{:#}", Value::from(values.to_vec())),
        };
        text + "\n"
    }
}

fn write(ui: &Ui, out: Option<&Path>, rendering: &Rendering) -> Result<(), crate::Error> {
    match out {
        Some(path) if path != Path::new("-") => {
            let is_json = path.extension().is_some_and(|extension| extension == "json");
            dynamic::replace(path, &if is_json { rendering.json() } else { rendering.yaml() })?;
            Ok(())
        }
        Some(_) | None => ui.print(&rendering.yaml()),
    }
}

// === impl Error ===

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::EnvoyRoute { .. } => Some(
                "use `sekisho render --filter`, and put the filter into that Envoy's configuration"
                    .to_owned(),
            ),
            Self::Secret { name } => Some(format!(
                "name the folder that holds `{}` with `--secrets DIR`, or use `file` instead of `sdsSecret`",
                cluster::file_name(name)
            )),
            Self::Admin { .. } => Some("change the integration's URI, or `--admin`".to_owned()),
            Self::Mesh { help, .. } => Some(help.clone()),
            Self::Engine => Some(
                "add `\"engine\": \"limitador\"` or `\"engine\": \"ratelimit\"` to `rateLimitService`"
                    .to_owned(),
            ),
            Self::NoFleetQuota => Some("`\"scope\": \"FLEET\"` in its `quota`".to_owned()),
            Self::Collector { .. } => {
                Some("name the collector by its address: `--tracing http://HOST:PORT`; or let an access log go to it, `\"destination\": \"otlp:http://HOST:PORT\"`, which makes such a cluster".to_owned())
            }
            Self::Write { .. } | Self::Busy { .. } | Self::Settings { .. } => None,
        }
    }
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        let failed = Self::failed(error.to_string());
        match error.help() {
            Some(help) => failed.help(help),
            None => failed,
        }
    }
}

// === impl Args ===

impl Args {
    fn settings(&self) -> Settings {
        Settings {
            listen: self.listen,
            tls_listen: self.tls_listen,
            http3: self.http3,
            admin: self.admin,
            wasm: self.wasm.clone(),
            ca_file: self.ca_file.clone(),
            secrets: self.secrets.clone(),
            max_heap_mib: self.max_heap_mib,
            max_connections: self.max_connections,
            connection_buffer_kib: self.connection_buffer_kib,
            access_log: self.access_log,
            geoip_db: self.geoip_db.clone(),
            geoip_asn_db: self.geoip_asn_db.clone(),
            waf_log: self.waf_log.clone(),
            execution_log: self.execution_log.clone(),
            tracing: self
                .tracing
                .clone()
                .map(|collector| tracing::Tracing { collector, sampled_per_million: self.tracing_sampling }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, Settings, check, document};
    use serde_json::json;

    #[test]
    fn envoys_admin_interface_is_nobodys_backend() {
        let checked = |uri: &str| {
            let document = json!({ "apis": [{
                "apiId": "a", "protocolType": "HTTP", "stages": [{ "stageName": "$default" }],
                "routes": [{ "routeKey": "$default", "target": "integrations/i" }],
                "integrations": [{
                    "integrationId": "i", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": uri,
                }],
            }] });
            let (plan, _) = document::plan(document.to_string().as_bytes(), &|_| None).unwrap();
            let address = |port: u16| ([127, 0, 0, 1], port).into();
            check(&plan, &Settings::new(address(8080), address(9901), "sekisho.wasm".into()))
        };
        for uri in
            ["http://127.0.0.1:9901", "http://localhost:9901/x", "http://127.9.9.9:9901", "http://[::1]:9901"]
        {
            assert!(matches!(checked(uri), Err(Error::Admin { .. })), "{uri}");
        }
        for uri in ["http://127.0.0.1:9902", "http://users:9901", "http://192.0.2.1:9901"] {
            assert!(checked(uri).is_ok(), "{uri}");
        }
    }
}
