//! A stand-in for the renderer: the least that serves one document over one backend.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;

/// What a document does not say.
#[derive(Debug)]
pub(super) struct Options<'a> {
    /// Where the gateway listens.
    pub(super) listen: SocketAddr,
    /// Where Envoy's admin pages listen.
    pub(super) admin: SocketAddr,
    /// The filter.
    pub(super) wasm: &'a Path,
}

/// Envoy's bootstrap.
pub(super) fn bootstrap(document: &str, options: &Options<'_>) -> Result<String, String> {
    let config: Value = serde_json::from_str(document).map_err(|error| error.to_string())?;
    let uri = config.pointer("/apis/0/integrations/0/integrationUri").and_then(Value::as_str).unwrap_or("");
    let backend = uri.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap_or("");
    let backend: SocketAddr = backend.parse().map_err(|_| format!("`{uri}` names no address"))?;
    let address = |at: SocketAddr| json!({ "socket_address": { "address": at.ip().to_string(), "port_value": at.port() } });
    let any = |name: &str, value: Value| {
        let mut typed = json!({ "@type": format!("type.googleapis.com/{name}") });
        if let (Some(typed), Value::Object(value)) = (typed.as_object_mut(), value) {
            typed.extend(value);
        }
        typed
    };
    let filter = any(
        "envoy.extensions.filters.http.wasm.v3.Wasm",
        json!({ "config": {
            "name": "sekisho",
            "root_id": "sekisho",
            "failure_policy": "FAIL_RELOAD",
            "allow_on_headers_stop_iteration": true,
            "vm_config": {
                "vm_id": "sekisho/default",
                "runtime": "envoy.wasm.runtime.v8",
                "code": { "local": { "filename": options.wasm } }
            },
            "configuration": any("google.protobuf.StringValue", json!({ "value": document }))
        } }),
    );
    let manager = any(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        json!({
            "stat_prefix": "gateway",
            "use_remote_address": true,
            "http_filters": [
                { "name": "sekisho", "typed_config": filter },
                { "name": "router", "typed_config": any("envoy.extensions.filters.http.router.v3.Router", json!({})) }
            ],
            "route_config": { "virtual_hosts": [{
                "name": "all",
                "domains": ["*"],
                "request_headers_to_remove": ["x-sekisho-cluster"],
                "routes": [{ "match": { "prefix": "/" }, "route": { "cluster_header": "x-sekisho-cluster" } }]
            }] }
        }),
    );
    let bootstrap = json!({
        "node": { "id": "sekisho", "cluster": "sekisho" },
        "admin": { "address": address(options.admin) },
        "static_resources": {
            "listeners": [{
                "name": "gateway",
                "address": address(options.listen),
                "enable_reuse_port": false,
                "filter_chains": [{ "filters": [{ "name": "http", "typed_config": manager }] }]
            }],
            "clusters": [{
                "name": format!("http://{backend}"),
                "type": "STATIC",
                "load_assignment": {
                    "cluster_name": "backend",
                    "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address(backend) } }] }]
                }
            }]
        }
    });
    Ok(format!("{bootstrap:#}\n"))
}
