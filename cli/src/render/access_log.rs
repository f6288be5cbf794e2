//! Envoy's access loggers: those of web ACLs' logs, and one for each destination of stages' access logs. The filter leaves a
//! finished line in filter state; a logger writes it, and nothing for a request that has none.

use super::settings::authority;
use super::{Plan, Settings};
use sekisho::gateway::access_log::destination::Destination;
use serde_json::{Map, Value, json};
use std::path::Path;

/// What collectors know the lines by.
const LOG_NAME: &str = "sekisho_access";
/// Whom a cluster is asked for whose name is no authority, as Istio's are.
const AUTHORITY: &str = "access-log";
const OPEN_TELEMETRY: &str =
    "type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig";
const GRPC: &str = "type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig";

/// The loggers of what the filter leaves.
#[must_use]
pub fn loggers(plan: &Plan, settings: &Settings) -> Vec<Value> {
    let access = plan.access_logs.iter().map(|destination| access_log(destination, plan));
    waf_log(plan, settings).into_iter().chain(execution_log(plan, settings)).chain(access).collect()
}

/// The log of web ACLs: a line for each request of which the filter has left one. What a client sent stands in it escaped; Envoy
/// adds the version of HTTP, and the end.
fn waf_log(plan: &Plan, settings: &Settings) -> Option<Value> {
    if !plan.waf_log {
        return None;
    }
    const STATE: &str = "wasm.sekisho_waf_log";
    let format = format!("%FILTER_STATE({STATE}:PLAIN)%,\"httpVersion\":\"%PROTOCOL%\"}}}}\n");
    let (name, writer) = match &settings.waf_log {
        Some(file) => to_file(file, &format),
        None => to_stdout(&format),
    };
    Some(where_left(STATE, name, &writer))
}

/// The execution logs of REST APIs: the lines of a request together.
fn execution_log(plan: &Plan, settings: &Settings) -> Option<Value> {
    if !plan.execution_log {
        return None;
    }
    const STATE: &str = "wasm.sekisho_execution_log";
    let format = format!("%FILTER_STATE({STATE}:PLAIN)%\n");
    let (name, writer) = match &settings.execution_log {
        Some(file) => to_file(file, &format),
        None => to_stdout(&format),
    };
    Some(where_left(STATE, name, &writer))
}

/// The logger of a destination.
fn access_log(destination: &Destination, plan: &Plan) -> Value {
    let state = format!("wasm.{}", destination.state());
    let line = format!("%FILTER_STATE({state}:PLAIN)%");
    let (name, writer) = match destination {
        Destination::Stdout => to_stdout(&format!("{line}\n")),
        Destination::File(path) => to_file(Path::new(path), &format!("{line}\n")),
        Destination::Otlp(cluster) => {
            let mut config = service(cluster, plan);
            config.insert("@type".into(), json!(OPEN_TELEMETRY));
            config.insert("body".into(), json!({ "string_value": line }));
            ("envoy.access_loggers.open_telemetry", Value::Object(config))
        }
        Destination::Als(cluster) => {
            let mut common = service(cluster, plan);
            common.insert("transport_api_version".into(), json!("V3"));
            common.insert("filter_state_objects_to_log".into(), json!([state]));
            ("envoy.access_loggers.http_grpc", json!({ "@type": GRPC, "common_config": common }))
        }
    };
    where_left(&state, name, &writer)
}

/// A gRPC service that takes lines.
fn service(cluster: &str, plan: &Plan) -> Map<String, Value> {
    // Envoy would say the cluster's name, and no server takes `http://…#…` for an authority.
    let made = plan.clusters.iter().find(|it| it.name == cluster);
    let is_authority = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    let authority = match made {
        Some(made) => authority(&made.host, made.port),
        None if is_authority(cluster) => cluster.to_owned(),
        None => AUTHORITY.to_owned(),
    };
    [
        ("log_name", json!(LOG_NAME)),
        ("grpc_service", json!({ "envoy_grpc": { "cluster_name": cluster, "authority": authority } })),
        // What waits to be sent, at most.
        ("buffer_size_bytes", json!(65_536)),
        ("buffer_flush_interval", json!("1s")),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn to_file(path: &Path, format: &str) -> (&'static str, Value) {
    let writer = json!({
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": path.to_string_lossy(),
        "log_format": { "text_format_source": { "inline_string": format } },
    });
    ("envoy.access_loggers.file", writer)
}

fn to_stdout(format: &str) -> (&'static str, Value) {
    let writer = json!({
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
        "log_format": { "text_format_source": { "inline_string": format } },
    });
    ("envoy.access_loggers.stdout", writer)
}

/// A logger that writes where the filter has left something.
fn where_left(state: &str, name: &str, writer: &Value) -> Value {
    let is_left = json!({
        "name": "envoy.access_loggers.extension_filters.cel",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
            "expression": format!("'{state}' in filter_state"),
        },
    });
    json!({ "name": name, "filter": { "extension_filter": is_left }, "typed_config": writer })
}
