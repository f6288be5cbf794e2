//! The bootstrap: what Envoy reads once, at its start.

use super::dynamic::{Delivery, types};
use super::settings::socket_address;
use super::tls::secret;
use super::{Plan, Settings, cluster, listener, sts, teller};
use sekisho::gateway::metrics::name::expressions;
use serde_json::{Value, json};

/// The bootstrap: everything in it, or the places of the files that are watched.
#[must_use]
pub fn bootstrap(plan: &Plan, settings: &Settings, delivery: Delivery<'_>) -> Value {
    let mut bootstrap = json!({
        "node": { "id": format!("sekisho-{}", plan.gateway_id), "cluster": "sekisho" },
        "admin": {
            "address": socket_address(settings.admin),
            // Envoy can be asked what is wrong when it takes no more clients.
            "ignore_global_conn_limit": true,
        },
        "overload_manager": overload_manager(settings),
        "stats_config": stats_config(),
        "layered_runtime": { "layers": [{ "name": "static", "static_layer": {} }] },
    });
    if let Some(map) = bootstrap.as_object_mut() {
        match delivery {
            Delivery::Static => {
                let told = sts::clusters(plan, settings);
                map.insert("static_resources".into(), static_resources(plan, settings, &told));
                if !told.is_empty() {
                    map.insert(
                        "dynamic_resources".into(),
                        json!({ "cds_config": teller::source(sts::TELLER, "1s") }),
                    );
                }
            }
            Delivery::Files(layout) => {
                map.insert(
                    "dynamic_resources".into(),
                    json!({
                        "cds_config": layout.cds().config_source(),
                        "lds_config": layout.lds().config_source(),
                    }),
                );
            }
        }
    }
    bootstrap
}

fn static_resources(plan: &Plan, settings: &Settings, told: &[Value]) -> Value {
    let mut clusters = cluster::clusters(plan, settings, Delivery::Static);
    if !told.is_empty() {
        clusters.push(teller::teller(sts::TELLER, types::CLUSTER, told));
    }
    clusters.extend(secret::tellers(plan));
    json!({
        "listeners": listener::listeners(plan, settings, Delivery::Static),
        "clusters": clusters,
        "secrets": cluster::secrets(plan),
    })
}

/// Shrink first, then take no more requests, then no more connections.
fn overload_manager(settings: &Settings) -> Value {
    const HEAP: &str = "envoy.resource_monitors.fixed_heap";
    let action = |name: &str, threshold: f64| {
        json!({
            "name": name,
            "triggers": [{ "name": HEAP, "threshold": { "value": threshold } }],
        })
    };
    json!({
        "refresh_interval": "0.25s",
        "resource_monitors": [
            {
                "name": HEAP,
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
                    "max_heap_size_bytes": settings.max_heap_mib.saturating_mul(1 << 20),
                },
            },
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                    "max_active_downstream_connections": settings.max_connections,
                },
            },
        ],
        "actions": [
            action("envoy.overload_actions.shrink_heap", 0.90),
            action("envoy.overload_actions.disable_http_keepalive", 0.92),
            action("envoy.overload_actions.stop_accepting_requests", 0.95),
            action("envoy.overload_actions.stop_accepting_connections", 0.98),
        ],
    })
}

/// Labels of the filter's statistics. Each expression costs when a statistic of the filter is first defined; Envoy does not try
/// them on its own, because all begin with the filter's prefix.
#[must_use]
pub fn stats_config() -> Value {
    let named = expressions("wasmcustom\\.").into_iter();
    let named = named.map(|(label, regex)| json!({ "tag_name": label, "regex": regex }));
    // The filter's `sekisho.usage.PLAN.KEY.used` has no other dot: ids are escaped.
    let tag = |name: &str, before: &str| {
        let regex = format!("^wasmcustom\\.sekisho\\.usage\\.{before}(([^.]*)\\.)");
        json!({ "tag_name": format!("sekisho.{name}"), "regex": regex })
    };
    let tags: Vec<_> = named.chain([tag("plan", ""), tag("key", "[^.]*\\.")]).collect();
    json!({ "stats_tags": tags })
}
