//! Routes: the filter has decided, the router obeys.

use super::Plan;
use sekisho::gateway::integrations::http_proxy::ROUTE_TIMEOUT_MILLIS;
use sekisho::gateway::integrations::retry::{DEFAULT_RETRIES, default_on};
use serde_json::{Value, json};

/// The route configuration's name.
pub const NAME: &str = "sekisho";
/// The request header by which the filter names a cluster.
pub const CLUSTER_HEADER: &str = "x-sekisho-cluster";
/// The request header by which the filter says that the integration has a retry policy of its own, or none.
const MAX_RETRIES_HEADER: &str = "x-envoy-max-retries";

/// A stream that says nothing, once it is at its backend.
const IDLE: &str = "300s";
/// AWS's WebSocket connections: ten minutes of silence, two hours in all.
const UPGRADE_IDLE: &str = "600s";
const UPGRADE_LIFE: &str = "7200s";

/// One virtual host for every name: hosts are the filter's business.
#[must_use]
pub fn route_config(plan: &Plan) -> Value {
    json!({
        "name": NAME,
        "virtual_hosts": [{
            "name": NAME,
            "domains": ["*"],
            "request_headers_to_remove": removed(plan),
            "request_body_buffer_limit": body_buffer_bytes(plan),
            "routes": routes(plan),
        }],
        // A cluster that is missing is the request's failure, not the configuration's.
        "validate_clusters": false,
    })
}

/// The routes, in order.
#[must_use]
pub fn routes(plan: &Plan) -> Vec<Value> {
    let mut routes = to_clusters(plan);
    routes.push(unrouted(plan));
    routes
}

/// The routes of requests that the filter has given a cluster.
#[must_use]
pub fn to_clusters(plan: &Plan) -> Vec<Value> {
    vec![upgrade(plan), retries(plan), integration(plan)]
}

/// What the backend must not see.
fn removed(plan: &Plan) -> Vec<&'static str> {
    let mut names = vec![
        CLUSTER_HEADER,
        "x-envoy-internal",
        "x-envoy-external-address",
        "x-envoy-expected-rq-timeout-ms",
    ];
    // Not by the filter: Envoy finds no route for a request without it.
    if !plan.forwarded_proto {
        names.push("x-forwarded-proto");
    }
    names
}

/// The filter buffers a body where an integration needs it whole, and refuses a larger one itself: Envoy's limit is
/// above the filter's by what one read can bring.
fn body_buffer_bytes(plan: &Plan) -> u64 {
    plan.payload_bytes.saturating_add(1 << 20)
}

fn upgrade(plan: &Plan) -> Value {
    let limits = json!({ "idle_timeout": UPGRADE_IDLE, "max_stream_duration": { "max_stream_duration": UPGRADE_LIFE } });
    cluster_route(plan, "upgrade", &[CLUSTER_HEADER, "upgrade"], limits)
}

/// The filter says what is repeated. Envoy adds a header's conditions to those of the route, so this one has none.
fn retries(plan: &Plan) -> Value {
    cluster_route(plan, "retries", &[CLUSTER_HEADER, MAX_RETRIES_HEADER], json!({ "idle_timeout": IDLE }))
}

/// Everything else, with the default retries: headers that say so would cost each request more.
fn integration(plan: &Plan) -> Value {
    let policy =
        json!({ "retry_back_off": back_off(), "retry_on": default_on(), "num_retries": DEFAULT_RETRIES });
    let limits = json!({ "idle_timeout": IDLE, "retry_policy": policy });
    cluster_route(plan, "integration", &[CLUSTER_HEADER], limits)
}

/// Longest integration of AWS; the filter shortens it for each request.
fn timeout() -> String {
    format!("{}s", ROUTE_TIMEOUT_MILLIS.strip_suffix("000").unwrap_or("30"))
}

/// No header can set it.
fn back_off() -> Value {
    json!({ "base_interval": "0.025s", "max_interval": "0.250s" })
}

/// Without the header there is no cluster, so a request that the filter let go without one is refused with 500. It is no
/// `direct_response`, because bodies that the filter waits for are buffered under this route, and Envoy ignores
/// `request_body_buffer_limit` on a direct response.
fn unrouted(plan: &Plan) -> Value {
    cluster_route(plan, "unrouted", &[], json!({}))
}

fn cluster_route(plan: &Plan, name: &str, headers: &[&str], limits: Value) -> Value {
    let headers: Vec<Value> =
        headers.iter().map(|name| json!({ "name": name, "present_match": true })).collect();
    let matched = if headers.is_empty() {
        json!({ "prefix": "/" })
    } else {
        json!({ "prefix": "/", "headers": headers })
    };
    let mut action = json!({
        "cluster_header": CLUSTER_HEADER,
        "cluster_not_found_response_code": "INTERNAL_SERVER_ERROR",
        "timeout": timeout(),
        "retry_policy": { "retry_back_off": back_off() },
    });
    if let (Some(action), Value::Object(limits)) = (action.as_object_mut(), limits) {
        action.extend(limits);
    }
    json!({
        "name": name,
        "match": matched,
        "request_body_buffer_limit": body_buffer_bytes(plan),
        "route": action,
    })
}
