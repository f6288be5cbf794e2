//! The filter inside a mesh: manifests for Istio's own Envoys, ingress gateways and sidecars.
//!
//! Istio merges a patch as protobuf does: lists grow, and what is `false`, 0 or empty changes nothing that is set
//! (`pkg/proto/merge` of istio/istio). So a patch holds only what can take effect; what cannot is in `docs/istio.md`.
//! Istio reads no patch of the bootstrap since 1.21: that part is a ConfigMap for `sidecar.istio.io/bootstrapOverride`.

mod manager;
mod module;
mod patches;
mod plugin;

pub use module::Module;
pub(super) use plugin::body_reader;

use super::dynamic::Delivery;
use super::{Error, Plan, Rendering, Settings, bootstrap, cluster, sts};
use crate::hash_key::hash;
use clap::ValueEnum;
use serde_json::{Map, Value, json};

/// Whose connections the filter serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Proxy {
    /// Istio's ingress gateway: clients come from outside.
    Gateway,
    /// The Envoy beside a workload: what comes to that workload.
    Sidecar,
}

/// What the command line says of a mesh.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[group(id = "mesh")]
pub struct Args {
    /// Manifests for Istio, in the place of a whole Envoy's configuration.
    #[arg(long, value_name = "PROXY", num_args = 0..=1, require_equals = true, default_missing_value = "gateway")]
    #[arg(conflicts_with_all = ["filter", "dynamic", "rate_limits", "envoy_gateway", "http3", "access_log"])]
    pub istio: Option<Proxy>,
    /// An extension policy for Envoy Gateway, for its `Gateway` NAME.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["filter", "dynamic", "rate_limits"], requires = "module")]
    pub envoy_gateway: Option<String>,
    /// Where a mesh fetches the filter: `oci://REGISTRY/NAME@sha256:…`. When absent it is the file of `--wasm` in the proxy's
    /// container.
    #[arg(long, value_name = "URL")]
    pub module: Option<Module>,
    /// A label of the proxies' pods. `istio=ingressgateway` when absent, for gateways.
    #[arg(long = "selector", value_name = "KEY=VALUE", value_parser = label, requires = "istio")]
    pub labels: Vec<(String, String)>,
    /// Only this port of the proxies' pods, in plain text. All of them when absent.
    #[arg(long, value_name = "PORT", requires = "istio", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// The filter as a `WasmPlugin`, for documents whose requests' bodies are read by nobody but their backends.
    #[arg(long, requires = "istio", requires = "module", conflicts_with = "port")]
    pub wasm_plugin: bool,
}

/// Where manifests go.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Whose connections.
    pub proxy: Proxy,
    /// Labels of the pods.
    pub labels: &'a [(String, String)],
    /// The one port, if it is one.
    pub port: Option<u16>,
}

const HEADER: &str = "\
Sekisho in Istio. Rendered by `sekisho render --istio`: change the document, not this file. docs/istio.md says what is where.

Give the proxies' pods the annotation `sidecar.istio.io/bootstrapOverride` with the ConfigMap's name, and start them again:
Istio reads no patch of the bootstrap.";

/// The manifests.
///
/// # Errors
/// What the document or the command line asks, and Istio cannot give.
pub fn manifests(plan: &Plan, settings: &Settings, args: &Args) -> Result<Rendering, Error> {
    let proxy = args.istio.unwrap_or(Proxy::Gateway);
    let labels = labels(proxy, &args.labels)?;
    let place = Place { proxy, labels: &labels, port: args.port };
    check(plan, settings)?;
    let name = name(plan);
    let mut patches = Vec::new();
    let mut manifests = Vec::new();
    match &args.module {
        Some(module) if args.wasm_plugin => {
            plugin::check(plan)?;
            manifests.push(plugin::wasm_plugin(plan, &place, module, &name)?);
        }
        module => patches.extend(patches::filter(plan, settings, &place, module.as_ref())?),
    }
    patches.extend(patches::around(plan, settings, &place));
    manifests.push(json!({
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": { "name": name },
        "spec": { "workloadSelector": { "labels": place.labels() }, "configPatches": patches },
    }));
    manifests.push(bootstrap_override(plan, &name));
    Ok(Rendering::new(&comment(plan), manifests))
}

/// What stays to be done by hand.
fn comment(plan: &Plan) -> String {
    let mut comment = HEADER.to_owned();
    if !plan.envoy_routes.is_empty() {
        comment.push_str("\n\nIstio's own routes choose the backend of: ");
        comment.push_str(&plan.envoy_routes.join(", "));
        comment.push('.');
    }
    let domains: Vec<&str> =
        plan.tls.chains.iter().flat_map(|chain| &chain.names).map(String::as_str).collect();
    if !domains.is_empty() {
        comment.push_str(
            "\n\nTLS is the `Gateway` resource's: a server for each certificate, with these hosts and no others, and \
             `mode: MUTUAL` where the domain wants certificates: ",
        );
        comment.push_str(&domains.join(", "));
        comment.push('.');
    }
    if !plan.environment.is_empty() {
        comment.push_str("\n\nThe proxies' containers need these variables: ");
        comment.push_str(&plan.environment.join(", "));
        comment.push('.');
    }
    comment
}

/// What no rendering for Istio can hold.
fn check(plan: &Plan, settings: &Settings) -> Result<(), Error> {
    let refuse = |what: &str, help: &str| Err(Error::Mesh { what: what.to_owned(), help: help.to_owned() });
    if settings.geoip_db.is_some() || settings.geoip_asn_db.is_some() {
        return refuse(
            "Istio's Envoy is built without the geoip filter",
            "leave `--geoip-db` and `--geoip-asn-db` out, or run an Envoy of your own in front (`sekisho render`)",
        );
    }
    if !sts::clusters(plan, settings).is_empty() {
        return refuse(
            "the document's `endpoints` name a Security Token Service, and Istio's discovery cannot tell Envoy of another than AWS's",
            "leave `sts` out of `endpoints`, or give the pods credentials of their own (docs/calling-aws.md)",
        );
    }
    match (cluster::foreign_secrets(plan).next(), &settings.secrets) {
        (Some(name), None) => Err(Error::Secret { name: name.to_owned() }),
        (Some(_) | None, _) => Ok(()),
    }
}

fn labels(proxy: Proxy, given: &[(String, String)]) -> Result<Vec<(String, String)>, Error> {
    match (proxy, given) {
        (Proxy::Gateway, []) => Ok(vec![("istio".to_owned(), "ingressgateway".to_owned())]),
        (Proxy::Sidecar, []) => Err(Error::Mesh {
            what: "no workload is named: the filter would be put beside all of the namespace".to_owned(),
            help: "name its pods, such as `--selector app=users`".to_owned(),
        }),
        (Proxy::Gateway | Proxy::Sidecar, given) => Ok(given.to_vec()),
    }
}

/// The manifests' name, as Kubernetes writes names. Another gateway has another one.
pub(super) fn name(plan: &Plan) -> String {
    let id = &plan.gateway_id;
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let ends_well = !id.ends_with('-') && !id.is_empty() && id.len() <= 40;
    if ends_well && id.chars().all(is_plain) {
        return format!("sekisho-{id}");
    }
    let digest: String = hash(id).trim_start_matches("sha256:").chars().take(12).collect();
    format!("sekisho-{digest}")
}

/// What only the bootstrap can hold: tags of the filter's metrics, and secrets that are read from files.
fn bootstrap_override(plan: &Plan, name: &str) -> Value {
    let mut custom = json!({ "stats_config": bootstrap::stats_config() });
    let secrets = cluster::secrets(plan);
    if let (false, Some(custom)) = (secrets.is_empty(), custom.as_object_mut()) {
        custom.insert("static_resources".into(), json!({ "secrets": secrets }));
    }
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": format!("{name}-bootstrap") },
        "data": { "custom_bootstrap.json": format!("{custom:#}\n") },
    })
}

/// Reads `KEY=VALUE`.
fn label(text: &str) -> Result<(String, String), String> {
    let is_part = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        !part.is_empty() && part.chars().all(plain)
    };
    match text.split_once('=') {
        Some((key, value)) if is_part(key) && is_part(value) && value.len() <= 63 => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => Err("expected a label, such as `app=users`".to_owned()),
    }
}

/// The clusters, as a discovery service of Istio's gives them.
pub(super) fn clusters(plan: &Plan, settings: &Settings) -> Vec<Value> {
    let mut clusters = cluster::clusters(plan, settings, Delivery::Static);
    for cluster in clusters.iter_mut().filter_map(Value::as_object_mut) {
        if cluster.contains_key("transport_socket") {
            // Istio offers TLS backends protocols that only its own proxies speak, unless it is told not to.
            cluster.insert(
                "metadata".into(),
                json!({ "filter_metadata": { "istio": { "alpn_override": "false" } } }),
            );
        }
    }
    clusters
}

// === impl Place ===

impl Place<'_> {
    /// The labels as an object.
    pub(super) fn labels(&self) -> Value {
        Value::Object(
            self.labels.iter().map(|(key, value)| (key.clone(), json!(value))).collect::<Map<_, _>>(),
        )
    }

    /// `context` of a match.
    pub(super) fn context(&self) -> &'static str {
        match self.proxy {
            Proxy::Gateway => "GATEWAY",
            Proxy::Sidecar => "SIDECAR_INBOUND",
        }
    }

    /// Istio's name of the one port's routes.
    pub(super) fn routes(&self) -> Option<String> {
        self.port.map(|port| match self.proxy {
            Proxy::Gateway => format!("http.{port}"),
            Proxy::Sidecar => format!("inbound|{port}||"),
        })
    }
}

#[cfg(test)]
mod tests;
