//! The listeners and their HTTP connection manager: the edge, which trusts clients with nothing.

use super::dynamic::Delivery;
use super::settings::socket_address;
use super::tls::chain::{self, Transport};
use super::{Plan, Settings, access_log, filter, geoip, local_reply, metrics, route, tracing, upstream};
use serde_json::{Value, json};

/// Names of the listeners: plain text, TLS, HTTP/3.
pub const NAME: &str = "sekisho";
/// TLS.
pub const TLS: &str = "sekisho_tls";
/// HTTP/3.
pub const HTTP3: &str = "sekisho_http3";
/// Prefix of the statistics: `http.sekisho.downstream_rq_total`.
pub const STAT_PREFIX: &str = "sekisho";

/// Clients' names that only the gateway may use, in both spellings: CGI makes the same variable of `-` and `_`.
const RESERVED: [&str; 6] =
    ["x-sekisho-", "x_sekisho_", "x-amzn-waf-", "x_amzn_waf_", "x-envoy-", "x_envoy_"];

/// How a client's bytes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    Plain,
    Tls,
    Http3,
}

/// The listeners: plain text always, TLS where custom domains have certificates, and one for metrics where it is asked for.
#[must_use]
pub fn listeners(plan: &Plan, settings: &Settings, delivery: Delivery<'_>) -> Vec<Value> {
    let mut listeners = vec![plain(plan, settings, delivery)];
    if !plan.tls.chains.is_empty() {
        listeners.push(tls(plan, settings, delivery));
        listeners.extend(settings.http3.map(|_| http3(plan, settings, delivery)));
    }
    listeners.extend(metrics::listener(settings));
    listeners
}

fn plain(plan: &Plan, settings: &Settings, delivery: Delivery<'_>) -> Value {
    json!({
        "name": NAME,
        "address": socket_address(settings.listen),
        // Small: a body that waits is held back at the client. A route's `request_body_buffer_limit` raises it.
        "per_connection_buffer_limit_bytes": connection_buffer(settings),
        "filter_chains": [{ "name": "plain", "filters": filters(plan, settings, delivery, Edge::Plain) }],
    })
}

/// A connection that names no custom domain, or no name at all, has no chain: Envoy closes it.
fn tls(plan: &Plan, settings: &Settings, delivery: Delivery<'_>) -> Value {
    let filters = filters(plan, settings, delivery, Edge::Tls);
    json!({
        "name": TLS,
        "address": socket_address(settings.tls_listen),
        "per_connection_buffer_limit_bytes": connection_buffer(settings),
        "listener_filters": [{
            "name": "envoy.filters.listener.tls_inspector",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
            },
        }],
        // A client that says nothing is let go, and finds no chain.
        "listener_filters_timeout": "10s",
        "filter_chains": chain::chains(plan, settings, delivery, Transport::Tcp, &filters),
    })
}

fn http3(plan: &Plan, settings: &Settings, delivery: Delivery<'_>) -> Value {
    let filters = filters(plan, settings, delivery, Edge::Http3);
    let mut address = socket_address(settings.tls_listen);
    if let Some(address) = address.pointer_mut("/socket_address").and_then(Value::as_object_mut) {
        address.insert("protocol".into(), json!("UDP"));
    }
    json!({
        "name": HTTP3,
        "address": address,
        "per_connection_buffer_limit_bytes": connection_buffer(settings),
        "udp_listener_config": { "quic_options": {}, "downstream_socket_config": { "prefer_gro": true } },
        "filter_chains": chain::chains(plan, settings, delivery, Transport::Quic, &filters),
    })
}

fn connection_buffer(settings: &Settings) -> u32 {
    settings.connection_buffer_kib.saturating_mul(1024)
}

/// The connection manager as the one filter of a chain.
fn filters(plan: &Plan, settings: &Settings, delivery: Delivery<'_>, edge: Edge) -> Value {
    json!([{
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": connection_manager(plan, settings, delivery, edge),
    }])
}

fn connection_manager(plan: &Plan, settings: &Settings, delivery: Delivery<'_>, edge: Edge) -> Value {
    let mut manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": STAT_PREFIX,
        "codec_type": match edge {
            Edge::Plain | Edge::Tls => "AUTO",
            Edge::Http3 => "HTTP3",
        },
    });
    let Some(map) = manager.as_object_mut() else { return manager };
    if let Value::Object(needed) = needed(plan) {
        map.extend(needed);
    }
    if let Value::Object(limits) = limits(settings, edge) {
        map.extend(limits);
    }
    let logs: Vec<Value> = settings
        .access_log
        .then(requests_log)
        .into_iter()
        .chain(access_log::loggers(plan, settings))
        .collect();
    if !logs.is_empty() {
        map.insert("access_log".into(), logs.into());
    }
    for (name, value) in tracing::manager(plan, settings).into_iter().flatten() {
        map.insert(name.into(), value);
    }
    let (name, routes) = match delivery {
        Delivery::Static => ("route_config", route::route_config(plan)),
        Delivery::Files(layout) => (
            "rds",
            json!({ "route_config_name": route::NAME, "config_source": layout.rds().config_source() }),
        ),
    };
    map.insert(name.into(), routes);
    let mut filters = Vec::new();
    if edge == Edge::Tls {
        filters.extend(announcement(settings));
    }
    filters.extend(geoip::filter(settings));
    filters.extend([filter::http_filter(plan, settings, delivery), router()]);
    map.insert("http_filters".into(), filters.into());
    manager
}

/// Tells clients of HTTP/3, in every answer. Nobody can be told of a port that the system chooses.
fn announcement(settings: &Settings) -> Option<Value> {
    let port = settings.http3.map(|port| if port == 0 { settings.tls_listen.port() } else { port })?;
    if port == 0 {
        return None;
    }
    Some(upstream::header_mutation(&json!({
        "response_mutations": [{ "append": {
            "header": { "key": "alt-svc", "value": format!("h3=\":{port}\"; ma=86400") },
            // Not a backend's: it is not who is reached here.
            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        } }],
    })))
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

/// Limits of HTTP/2 and HTTP/3, where one connection carries many requests. What Envoy may hold of a stream is its window, not
/// the connection's buffer: it is not smaller.
fn limits(settings: &Settings, edge: Edge) -> Value {
    const LARGEST_WINDOW: u32 = (1 << 31) - 1;
    /// QUIC's, of a stream.
    const LARGEST_STREAM: u32 = 1 << 24;
    const STREAMS: u32 = 100;
    let buffer = connection_buffer(settings);
    let stream = buffer.clamp(65_536, LARGEST_WINDOW);
    let connection = stream.max(1_048_576);
    match edge {
        Edge::Plain | Edge::Tls => json!({
            "http2_protocol_options": {
                "max_concurrent_streams": STREAMS,
                "initial_stream_window_size": stream,
                "initial_connection_window_size": connection,
                // One malformed request is one stream's failure, not that of its neighbours.
                "override_stream_error_on_invalid_http_message": true,
            },
        }),
        Edge::Http3 => json!({
            "http3_protocol_options": {
                "quic_protocol_options": {
                    "max_concurrent_streams": STREAMS,
                    "initial_stream_window_size": stream.min(LARGEST_STREAM),
                    "initial_connection_window_size": connection.min(LARGEST_STREAM),
                },
                "override_stream_error_on_invalid_http_message": true,
            },
        }),
    }
}

/// Room for twice the filter's limit, and for a URL beside it: the filter answers as AWS does, Envoy only bounds what it must
/// hold.
fn header_kib(plan: &Plan) -> u32 {
    let head = plan.header_bytes.div_ceil(1024);
    head.saturating_add(head.max(plan.url_bytes.div_ceil(1024))).clamp(20, 8192)
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

/// Every request as Envoy sees it.
fn requests_log() -> Value {
    json!({
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
    })
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
