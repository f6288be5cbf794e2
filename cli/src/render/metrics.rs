//! A listener for those who gather metrics: of Envoy's admin interface it shows the statistics, and nothing else.

use super::Settings;
use super::settings::socket_address;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Its name.
pub const NAME: &str = "sekisho_metrics";
/// The only path that it serves, for GET alone: the admin interface can also stop Envoy, and show its configuration.
const PATH: &str = "/stats/prometheus";
/// The admin interface as a cluster. With its blank it is no name that a document can give to an integration or a log.
pub const ADMIN: &str = "sekisho admin";
/// Connections, and requests, at a time: Envoy's main thread answers them.
const MOST: u32 = 32;

/// The listener, if there is one.
#[must_use]
pub fn listener(settings: &Settings) -> Option<Value> {
    let limit = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit",
        "stat_prefix": NAME,
        "max_connections": MOST,
    });
    Some(json!({
        "name": NAME,
        "address": socket_address(settings.metrics_listen?),
        // Metrics matter most when there is no room for more clients. It has a limit of its own.
        "ignore_global_conn_limit": true,
        "per_connection_buffer_limit_bytes": 65_536,
        "filter_chains": [{ "filters": [
            { "name": "envoy.filters.network.connection_limit", "typed_config": limit },
            { "name": "envoy.filters.network.http_connection_manager", "typed_config": manager() },
        ] }],
    }))
}

fn manager() -> Value {
    let is_get = json!({ "name": ":method", "string_match": { "exact": "GET" } });
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": NAME,
        "codec_type": "AUTO",
        "use_remote_address": true,
        "internal_address_config": { "unix_sockets": false },
        "generate_request_id": false,
        "max_request_headers_kb": 16,
        "common_http_protocol_options": { "idle_timeout": "120s", "max_headers_count": 100 },
        "http2_protocol_options": {
            "max_concurrent_streams": 4,
            "initial_stream_window_size": 65_536,
            "initial_connection_window_size": 65_536,
        },
        "request_headers_timeout": "10s",
        "request_timeout": "10s",
        "stream_idle_timeout": "30s",
        // Whatever else is asked for is not there: 404.
        "route_config": { "name": NAME, "virtual_hosts": [{
            "name": NAME,
            "domains": ["*"],
            "routes": [{
                "match": { "path": PATH, "headers": [is_get] },
                "route": { "cluster": ADMIN, "timeout": "30s" },
            }],
        }] },
        "http_filters": [{
            "name": "envoy.filters.http.router",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                "suppress_envoy_headers": true,
            },
        }],
    })
}

/// The admin interface, for the listener alone.
#[must_use]
pub fn cluster(settings: &Settings) -> Option<Value> {
    settings.metrics_listen?;
    let threshold = json!({
        "max_connections": MOST,
        "max_pending_requests": MOST,
        "max_requests": MOST,
    });
    Some(json!({
        "name": ADMIN,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": ADMIN,
            "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": socket_address(reached(settings.admin)) } }] }],
        },
        "circuit_breakers": { "thresholds": [threshold] },
    }))
}

/// Where an interface is reached that may be at every address.
fn reached(admin: SocketAddr) -> SocketAddr {
    let ip = match admin.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, admin.port())
}
