//! Envoy's access loggers: those of web ACLs' logs, and one for each destination of stages' access logs. The filter leaves a
//! finished line in filter state; a logger writes it, and nothing for a request that has none. Lines bring their end, so that a
//! file's logger writes nothing for what is not there by itself: an expression that looks costs a request a microsecond, and is
//! left to those that would write something.

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
    Some(where_left(STATE, to_stream(settings.waf_log.as_deref(), &format)))
}

/// The execution logs of REST APIs: the lines of a request together.
fn execution_log(plan: &Plan, settings: &Settings) -> Option<Value> {
    if !plan.execution_log {
        return None;
    }
    let lines = "%FILTER_STATE(wasm.sekisho_execution_log:PLAIN)%";
    Some(to_stream(settings.execution_log.as_deref(), lines))
}

/// The logger of a destination.
fn access_log(destination: &Destination, plan: &Plan) -> Value {
    let state = format!("wasm.{}", destination.state());
    let line = format!("%FILTER_STATE({state}:PLAIN)%");
    match destination {
        Destination::Stdout => to_stream(None, &line),
        Destination::File(path) => to_stream(Some(Path::new(path)), &line),
        Destination::Otlp(cluster) => {
            let mut config = service(cluster, plan);
            config.insert("@type".into(), json!(OPEN_TELEMETRY));
            config.insert("body".into(), json!({ "string_value": line }));
            let name = "envoy.access_loggers.open_telemetry";
            where_left(&state, json!({ "name": name, "typed_config": config }))
        }
        Destination::Als(cluster) => {
            let mut common = service(cluster, plan);
            common.insert("transport_api_version".into(), json!("V3"));
            common.insert("filter_state_objects_to_log".into(), json!([state]));
            let config = json!({ "@type": GRPC, "common_config": common });
            where_left(&state, json!({ "name": "envoy.access_loggers.http_grpc", "typed_config": config }))
        }
    }
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

/// A logger that writes to a file, or to standard output: what is not there is nothing, not a hyphen.
fn to_stream(file: Option<&Path>, format: &str) -> Value {
    let format = json!({ "text_format_source": { "inline_string": format }, "omit_empty_values": true });
    match file {
        Some(path) => json!({
            "name": "envoy.access_loggers.file",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                "path": path.to_string_lossy(),
                "log_format": format,
            },
        }),
        None => json!({
            "name": "envoy.access_loggers.stdout",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
                "log_format": format,
            },
        }),
    }
}

/// A logger that writes where the filter has left something.
fn where_left(state: &str, mut logger: Value) -> Value {
    let is_left = json!({
        "name": "envoy.access_loggers.extension_filters.cel",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
            "expression": format!("'{state}' in filter_state"),
        },
    });
    if let Some(logger) = logger.as_object_mut() {
        logger.insert("filter".to_owned(), json!({ "extension_filter": is_left }));
    }
    logger
}
