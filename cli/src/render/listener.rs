//! The listener and its HTTP connection manager: the edge, which trusts clients with nothing.

use super::dynamic::Delivery;
use super::settings::socket_address;
use super::{Plan, Settings, filter, local_reply, route};
use serde_json::{Value, json};

/// The listener's name.
pub const NAME: &str = "sekisho";
/// Prefix of the statistics: `http.sekisho.downstream_rq_total`.
pub const STAT_PREFIX: &str = "sekisho";

/// Clients' names that only the gateway may use, in both spellings: CGI makes the same variable of `-` and `_`.
const RESERVED: [&str; 6] =
    ["x-sekisho-", "x_sekisho_", "x-amzn-waf-", "x_amzn_waf_", "x-envoy-", "x_envoy_"];

/// The listener.
#[must_use]
pub fn listener(plan: &Plan, settings: &Settings, delivery: Delivery<'_>) -> Value {
    json!({
        "name": NAME,
        "address": socket_address(settings.listen),
        // Small: a body that waits is held back at the client. A route's `request_body_buffer_limit` raises it.
        "per_connection_buffer_limit_bytes": settings.connection_buffer_kib.saturating_mul(1024),
        // One chain for plain text. Custom domains will add one for each certificate.
        "filter_chains": [{
            "name": "plain",
            "filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": connection_manager(plan, settings, delivery),
            }],
        }],
    })
}

fn connection_manager(plan: &Plan, settings: &Settings, delivery: Delivery<'_>) -> Value {
    let mut manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": STAT_PREFIX,
        "codec_type": "AUTO",
    });
    let Some(map) = manager.as_object_mut() else { return manager };
    if let Value::Object(needed) = needed(plan) {
        map.extend(needed);
    }
    if let Value::Object(limits) = limits(settings) {
        map.extend(limits);
    }
    if settings.access_log {
        map.insert("access_log".into(), access_log());
    }
    let (name, routes) = match delivery {
        Delivery::Static => ("route_config", route::route_config(plan)),
        Delivery::Files(layout) => (
            "rds",
            json!({ "route_config_name": route::NAME, "config_source": layout.rds().config_source() }),
        ),
    };
    map.insert(name.into(), routes);
    map.insert("http_filters".into(), json!([filter::http_filter(plan, settings, delivery), router()]));
    manager
}

/// Settings without which the filter would decide on what a client forged, or Envoy would answer in its place.
#[must_use]
pub fn needed(plan: &Plan) -> Value {
    let mut needed = json!({
        "use_remote_address": true,
        "xff_num_trusted_hops": plan.trusted_hops,
        "internal_address_config": { "unix_sockets": false },
        "normalize_path": false,
        "merge_slashes": false,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "server_header_transformation": "PASS_THROUGH",
        "generate_request_id": false,
        "preserve_external_request_id": true,
        "forward_client_cert_details": "SANITIZE",
        "max_request_headers_kb": header_kib(plan),
        "common_http_protocol_options": {
            "idle_timeout": "310s",
            "max_headers_count": 100,
            "headers_with_underscores_action": "ALLOW",
        },
        "request_headers_timeout": "10s",
        "stream_idle_timeout": "60s",
        "request_timeout": format!("{}s", upload_seconds(plan)),
        "early_header_mutation_extensions": [early_removals()],
        "upgrade_configs": [{ "upgrade_type": "websocket" }],
        "local_reply_config": local_reply::local_reply_config(),
    });
    if plan.client_cert
        && let Some(needed) = needed.as_object_mut()
    {
        // In the place of whatever the client sent, and only where it presented a certificate. The filter lets it pass to nobody.
        needed.insert("forward_client_cert_details".into(), "SANITIZE_SET".into());
        needed.insert("set_current_client_cert_details".into(), json!({ "cert": true }));
    }
    needed
}

/// Limits of HTTP/2, where one connection carries many requests. What Envoy may hold of a stream is its window, not the
/// connection's buffer: it is not smaller.
fn limits(settings: &Settings) -> Value {
    const LARGEST_WINDOW: u32 = (1 << 31) - 1;
    let buffer = settings.connection_buffer_kib.saturating_mul(1024);
    let stream = buffer.clamp(65_536, LARGEST_WINDOW);
    json!({
        "http2_protocol_options": {
            "max_concurrent_streams": 100,
            "initial_stream_window_size": stream,
            "initial_connection_window_size": stream.max(1_048_576),
            // One malformed request is one stream's failure, not that of its neighbours.
            "override_stream_error_on_invalid_http_message": true,
        },
    })
}

/// Room for twice the filter's limit: the filter answers as AWS does, Envoy only bounds what it must hold.
fn header_kib(plan: &Plan) -> u32 {
    plan.header_bytes.div_ceil(1024).saturating_mul(2).clamp(20, 8192)
}

/// Time for the largest body at 64 KiB a second, and never less than five minutes.
fn upload_seconds(plan: &Plan) -> u64 {
    plan.payload_bytes.div_ceil(65_536).max(300)
}

fn early_removals() -> Value {
    let removals: Vec<Value> = RESERVED
        .iter()
        .map(|prefix| json!({ "remove_on_match": { "key_matcher": { "prefix": prefix, "ignore_case": true } } }))
        .collect();
    json!({
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            "mutations": removals,
        },
    })
}

fn access_log() -> Value {
    json!([{
        "name": "envoy.access_loggers.stdout",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
            "log_format": { "json_format": {
                "time": "%START_TIME%",
                "method": "%REQ(:METHOD)%",
                "path": "%REQ(:PATH)%",
                "status": "%RESPONSE_CODE%",
                "details": "%RESPONSE_CODE_DETAILS%",
                "flags": "%RESPONSE_FLAGS%",
                "cluster": "%UPSTREAM_CLUSTER_RAW%",
                "millis": "%DURATION%",
            } },
        },
    }])
}

fn router() -> Value {
    json!({
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
            "suppress_envoy_headers": true,
        },
    })
}
