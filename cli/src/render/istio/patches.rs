//! Patches of an `EnvoyFilter`.

use super::{Module, Place, manager};
use crate::render::filter;
use crate::render::{Error, Plan, Settings, route};
use serde_json::{Value, json};

const MANAGER: &str = "envoy.filters.network.http_connection_manager";
const ROUTER: &str = "envoy.filters.http.router";
const ROUTER_TYPE: &str = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";

/// The filter, and its place before the router. It comes by extension discovery, because only there Istio fetches images; Envoy
/// waits for it, and answers nobody before it is there.
pub(super) fn filter(
    plan: &Plan,
    settings: &Settings,
    place: &Place<'_>,
    module: Option<&Module>,
) -> Result<[Value; 2], Error> {
    let mut config = filter::typed_config(plan, &settings.wasm);
    match module {
        Some(module) => {
            if let Some(code) = config.pointer_mut("/config/vm_config/code") {
                *code = remote(module);
            }
        }
        None if settings.wasm.is_absolute() => {}
        None => {
            return Err(Error::Mesh {
                what: "the proxies do not know where the filter is".to_owned(),
                help: "name its image with `--module oci://…@sha256:…` (`sekisho image`), or with `--wasm` an absolute path in the \
                       proxies' containers"
                    .to_owned(),
            });
        }
    }
    let discovered = json!({
        "name": filter::NAME,
        "config_discovery": {
            "config_source": { "ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3" },
            "type_urls": [filter::TYPE_URL],
        },
    });
    Ok([
        json!({
            "applyTo": "EXTENSION_CONFIG",
            "match": { "context": place.context() },
            "patch": { "operation": "ADD", "value": { "name": filter::NAME, "typed_config": config } },
        }),
        json!({
            "applyTo": "HTTP_FILTER",
            "match": router(place),
            "patch": { "operation": "INSERT_BEFORE", "value": discovered },
        }),
    ])
}

/// Istio's agent fetches the image and puts a file in its place before Envoy sees this: the cluster is never asked.
fn remote(module: &Module) -> Value {
    json!({ "remote": {
        "http_uri": { "uri": module.url(), "timeout": "30s", "cluster": "_" },
        "sha256": module.digest(),
    } })
}

/// What the filter needs around it.
pub(super) fn around(plan: &Plan, settings: &Settings, place: &Place<'_>) -> Vec<Value> {
    let mut patches = vec![
        json!({
            "applyTo": "NETWORK_FILTER",
            "match": listener(place, &json!({ "name": MANAGER })),
            "patch": { "operation": "MERGE", "value": { "name": MANAGER, "typed_config": manager::patch(plan, settings) } },
        }),
        json!({
            "applyTo": "HTTP_FILTER",
            "match": router(place),
            "patch": { "operation": "MERGE", "value": {
                "name": ROUTER,
                "typed_config": { "@type": ROUTER_TYPE, "suppress_envoy_headers": true },
            } },
        }),
        json!({
            "applyTo": "VIRTUAL_HOST",
            "match": routes(place),
            "patch": { "operation": "MERGE", "value": virtual_host(plan) },
        }),
    ];
    // The last route refuses what the filter did not route; with `ENVOY_ROUTE` Istio's own routes follow instead.
    let ours = if plan.envoy_routes.is_empty() { route::routes(plan) } else { route::to_clusters(plan) };
    // Each becomes the first: the first comes last.
    patches.extend(ours.into_iter().rev().map(|route| {
        json!({
            "applyTo": "HTTP_ROUTE",
            "match": routes(place),
            "patch": { "operation": "INSERT_FIRST", "value": route },
        })
    }));
    patches.extend(super::clusters(plan, settings).into_iter().map(|cluster| {
        json!({
            "applyTo": "CLUSTER",
            "match": { "context": place.context() },
            "patch": { "operation": "ADD", "value": cluster },
        })
    }));
    patches
}

/// What every route of a virtual host has, Istio's own too.
fn virtual_host(plan: &Plan) -> Value {
    let config = route::route_config(plan);
    let host = config.pointer("/virtual_hosts/0");
    let member = |name: &str| Some((name.to_owned(), host?.get(name)?.clone()));
    let mut patch: Value =
        ["request_headers_to_remove", "request_body_buffer_limit"].into_iter().filter_map(member).collect();
    if let Some(removed) = patch.pointer_mut("/request_headers_to_remove").and_then(Value::as_array_mut) {
        // Istio has Envoy count its attempts in each request.
        removed.push(json!("x-envoy-attempt-count"));
    }
    patch
}

fn router(place: &Place<'_>) -> Value {
    listener(place, &json!({ "name": MANAGER, "subFilter": { "name": ROUTER } }))
}

fn listener(place: &Place<'_>, filter: &Value) -> Value {
    let mut listener = json!({ "filterChain": { "filter": filter } });
    if let (Some(port), Some(listener)) = (place.port, listener.as_object_mut()) {
        listener.insert("portNumber".into(), json!(port));
    }
    json!({ "context": place.context(), "listener": listener })
}

fn routes(place: &Place<'_>) -> Value {
    match place.routes() {
        Some(name) => json!({ "context": place.context(), "routeConfiguration": { "name": name } }),
        None => json!({ "context": place.context() }),
    }
}
