//! What Istio generates before any patch: an ingress gateway's listener and a sidecar's inbound one, as
//! `pilot/pkg/networking/core/listener_builder.go` and `gateway.go` (1.29 to 1.31) write them.
//!
//! Routes and clusters stand in the bootstrap in the place of discovery. Of Istio's filters, those that a stock Envoy knows are
//! themselves; `istio.*`, which only Istio's Envoy has, are filters of the same names that do nothing.

use super::merge::Proxy;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The gateway's port in its pod.
pub const GATEWAY_PORT: u64 = 8080;
/// The workload's port.
pub const APP_PORT: u64 = 8080;

/// An ingress gateway: one `Gateway` for every host, and a `VirtualService` that sends `/istio` to a workload.
pub fn gateway(workload: SocketAddr) -> Proxy {
    let cluster = "outbound|80||reviews.default.svc.cluster.local";
    let routes = json!({
        "name": "http.8080",
        "validate_clusters": false,
        "virtual_hosts": [{
            "name": "*:80",
            "domains": ["*"],
            "include_request_attempt_count": true,
            "routes": [{ "name": "istio", "match": { "prefix": "/istio" }, "route": { "cluster": cluster, "timeout": "0s" } }],
        }],
    });
    let mut manager =
        manager("outbound_0.0.0.0_8080", &routes, &["envoy.filters.http.grpc_stats", "istio.alpn"]);
    manager["use_remote_address"] = json!(true);
    manager["forward_client_cert_details"] = json!("SANITIZE_SET");
    let listener = listener("0.0.0.0_8080", &manager);
    Proxy {
        context: "GATEWAY",
        labels: json!({ "istio": "ingressgateway" }),
        listeners: vec![(GATEWAY_PORT, listener)],
        clusters: vec![to(cluster, workload)],
    }
}

/// A workload's sidecar. Its inbound chain is chosen by the port that a client meant, which nothing redirects here.
pub fn sidecar(workload: SocketAddr) -> Proxy {
    let cluster = "inbound|8080||";
    let routes = json!({
        "name": cluster,
        "validate_clusters": false,
        "virtual_hosts": [{
            "name": "inbound|http|8080",
            "domains": ["*"],
            "routes": [{ "name": "default", "match": { "prefix": "/" }, "route": { "cluster": cluster, "timeout": "0s" } }],
        }],
    });
    let mut manager = manager(
        "inbound_0.0.0.0_8080",
        &routes,
        &["istio.metadata_exchange", "envoy.filters.http.grpc_stats"],
    );
    manager["use_remote_address"] = json!(false);
    manager["forward_client_cert_details"] = json!("APPEND_FORWARD");
    Proxy {
        context: "SIDECAR_INBOUND",
        labels: json!({ "app": "reviews" }),
        listeners: vec![(APP_PORT, listener("virtualInbound", &manager))],
        clusters: vec![to(cluster, workload)],
    }
}

/// What the agent starts Envoy with.
pub fn bootstrap() -> Value {
    json!({
        "node": { "id": "router~10.0.0.1~ingress.istio-system~istio-system.svc.cluster.local", "cluster": "istio-ingressgateway" },
        "admin": { "address": here() },
        "stats_config": {
            "use_all_default_tags": false,
            "stats_tags": [{ "tag_name": "cluster_name", "regex": "^cluster\\.((.+?(\\..+?\\.svc\\.cluster\\.local)?)\\.)" }],
            "stats_matcher": { "inclusion_list": { "patterns": [
                { "prefix": "cluster_manager" }, { "prefix": "listener_manager" }, { "prefix": "server" }, { "prefix": "wasm" },
            ] } },
        },
    })
}

fn manager(stat_prefix: &str, routes: &Value, first: &[&str]) -> Value {
    let mut filters: Vec<Value> = first.iter().map(|name| filter(name)).collect();
    filters.extend(
        ["envoy.filters.http.fault", "envoy.filters.http.cors", "istio.stats", "envoy.filters.http.router"]
            .map(filter),
    );
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": stat_prefix,
        "route_config": routes,
        "http_filters": filters,
        "server_name": "istio-envoy",
        "set_current_client_cert_details": { "subject": true, "cert": true, "dns": true, "uri": true },
        "upgrade_configs": [{ "upgrade_type": "websocket" }],
        "normalize_path": true,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "stream_idle_timeout": "0s",
        "request_id_extension": { "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
            "use_request_id_for_trace_sampling": true,
        } },
    })
}

fn filter(name: &str) -> Value {
    let kind = match name {
        "envoy.filters.http.fault" => "fault.v3.HTTPFault",
        "envoy.filters.http.cors" => "cors.v3.Cors",
        "envoy.filters.http.grpc_stats" => "grpc_stats.v3.FilterConfig",
        "envoy.filters.http.router" => "router.v3.Router",
        // A stand-in.
        _ => "header_mutation.v3.HeaderMutation",
    };
    json!({ "name": name, "typed_config": { "@type": format!("type.googleapis.com/envoy.extensions.filters.http.{kind}") } })
}

fn listener(name: &str, manager: &Value) -> Value {
    json!({
        "name": name,
        "address": here(),
        "filter_chains": [{ "name": "0.0.0.0_8080", "filters": [
            { "name": "envoy.filters.network.http_connection_manager", "typed_config": manager },
        ] }],
    })
}

fn here() -> Value {
    json!({ "socket_address": { "address": "127.0.0.1", "port_value": 0 } })
}

fn to(name: &str, workload: SocketAddr) -> Value {
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "10s",
        "load_assignment": { "cluster_name": name, "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": {
            "socket_address": { "address": workload.ip().to_string(), "port_value": workload.port() },
        } } }] }] },
    })
}
