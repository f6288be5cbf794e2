//! `sekisho render`: a document as Envoy configuration.
//!
//! [`document`] says what a document asks of Envoy, [`settings`] what the command line says; each other module is one
//! part of Envoy's configuration. Why each setting is as it is stands in `envoy/README.md`.

pub mod access_log;
mod args;
pub mod bootstrap;
pub mod cluster;
pub mod discovery;
pub mod document;
pub mod dynamic;
pub mod envoy_gateway;
mod error;
pub mod filter;
mod folder;
pub mod fragment;
pub mod geoip;
pub mod istio;
pub mod listener;
pub mod local_reply;
pub mod lock;
pub mod metrics;
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

pub use args::Args;
pub use document::Plan;
pub use error::Error;
pub use settings::Settings;

use crate::Ui;
use dynamic::{Delivery, Layout};
use sekisho::gateway::access_log::destination::Destination;
use sekisho::gateway::clusters::Cluster;
use serde_json::Value;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;

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
/// Integrations that need Envoy's own routes; clusters that nobody makes; secrets without a source.
pub fn check(plan: &Plan, settings: &Settings) -> Result<(), Error> {
    if !plan.envoy_routes.is_empty() {
        return Err(Error::EnvoyRoute { at: plan.envoy_routes.clone() });
    }
    if let Some(it) = plan.clusters.iter().find(|it| is_admin(it, settings.admin)) {
        return Err(Error::Admin { cluster: it.name.clone() });
    }
    if settings.metrics_listen.is_some() && settings.admin.port() == 0 {
        return Err(Error::AdminPort);
    }
    if let Some(tracing::Collector::Cluster(name)) = settings.tracing.as_ref().map(|it| &it.collector)
        && tracing::made(name, plan).is_none()
    {
        return Err(Error::Collector { name: name.clone() });
    }
    let mut logs = plan.access_logs.iter().filter_map(Destination::cluster);
    if let Some(name) = logs.find(|name| !plan.clusters.iter().any(|it| it.name == *name)) {
        return Err(Error::LogCollector { name: name.to_owned() });
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

#[cfg(test)]
mod tests {
    use super::{Error, Settings, check, document};
    use serde_json::json;

    /// In a mesh, or in an Envoy of somebody's own, clusters may be there that no document makes.
    #[test]
    fn an_access_log_goes_to_a_cluster_that_is_there() {
        let checked = |destination: &str| {
            let document = json!({ "apis": [{
                "apiId": "a", "protocolType": "HTTP",
                "stages": [{ "stageName": "$default", "accessLogSettings": {
                    "format": "$context.requestId", "destination": destination,
                } }],
            }] });
            let (plan, _) = document::plan(document.to_string().as_bytes(), &|_| None).unwrap();
            check(
                &plan,
                &Settings::new(([127, 0, 0, 1], 0).into(), ([127, 0, 0, 1], 9901).into(), "w".into()),
            )
        };
        for (destination, cluster) in
            [("otlp:collector", "collector"), ("als:logs.internal", "logs.internal")]
        {
            let error = checked(destination).unwrap_err();
            assert!(
                matches!(&error, Error::LogCollector { name } if name == cluster),
                "{destination}: {error}"
            );
        }
        for destination in ["stdout", "file:/x", "otlp:http://127.0.0.1:4317", "als:http://logs:9001"] {
            checked(destination).unwrap();
        }
    }

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
