//! Istio's part: patches of an `EnvoyFilter` applied to what Istio generates, as its `pkg/proto/merge` and
//! `pilot/pkg/networking/core/envoyfilter` (1.29 to 1.31) apply them. Only what is rendered is understood; all else panics.

use serde_json::{Value, json};
use std::path::Path;

/// A proxy as Istio configures it.
pub struct Proxy {
    /// `context` of the patches that are its.
    pub context: &'static str,
    /// Labels of its pod.
    pub labels: Value,
    /// Its listeners, each with the port that it has in a cluster.
    pub listeners: Vec<(u64, Value)>,
    /// Its clusters.
    pub clusters: Vec<Value>,
}

const MANAGER: &str = "envoy.filters.network.http_connection_manager";

/// Merges as protobuf does: lists grow, messages are merged, and what is the zero of its type changes nothing that is set. Of
/// Istio's own is that durations are replaced, which as JSON are strings.
pub fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(from)) => into.extend(from.iter().cloned()),
        (into @ Value::Null, from) => *into = from.clone(),
        (into, from) if !is_zero(from) => *into = from.clone(),
        _ => {}
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        // Names of zeros among the manager's enumerations.
        Value::String(text) => matches!(text.as_str(), "" | "SANITIZE" | "ALLOW" | "OVERWRITE" | "AUTO"),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => false,
    }
}

impl Proxy {
    /// Applies an `EnvoyFilter`; gives the extensions that it adds to Istio's extension discovery.
    pub fn apply(&mut self, filter: &Value) -> Vec<Value> {
        assert_eq!(filter["kind"], "EnvoyFilter");
        assert_eq!(filter["spec"]["workloadSelector"]["labels"], self.labels, "it is for this proxy");
        let patches = filter["spec"]["configPatches"].as_array().unwrap();
        let mine = |patch: &&Value| patch["match"]["context"] == self.context;
        assert!(patches.iter().all(|patch| mine(&patch)), "no patch is for another context");
        let of = |kind: &str| patches.iter().filter(|it| it["applyTo"] == kind).collect::<Vec<_>>();
        for (port, listener) in &mut self.listeners {
            let manager = manager(listener);
            let here = |patch: &&Value| is_here(&patch["match"]["listener"], *port);
            for patch in of("NETWORK_FILTER").into_iter().filter(here) {
                assert_eq!(
                    (&patch["patch"]["operation"], &patch["patch"]["value"]["name"]),
                    (&json!("MERGE"), &json!(MANAGER))
                );
                merge(manager, &patch["patch"]["value"]["typed_config"]);
            }
            let filters: Vec<&Value> = of("HTTP_FILTER").into_iter().filter(here).collect();
            http_filters(manager, &filters);
            let routes = &mut manager["route_config"];
            let name = routes["name"].clone();
            let here = |patch: &&Value| {
                let wanted = &patch["match"]["routeConfiguration"]["name"];
                wanted.is_null() || *wanted == name
            };
            for host in routes["virtual_hosts"].as_array_mut().unwrap() {
                for patch in of("VIRTUAL_HOST").into_iter().filter(here) {
                    assert_eq!(patch["patch"]["operation"], "MERGE");
                    merge(host, &patch["patch"]["value"]);
                }
                for patch in of("HTTP_ROUTE").into_iter().filter(here) {
                    // Without a route to match it becomes the first.
                    assert_eq!(patch["patch"]["operation"], "INSERT_FIRST");
                    host["routes"].as_array_mut().unwrap().insert(0, patch["patch"]["value"].clone());
                }
            }
        }
        let added = |patch: &Value| {
            assert_eq!(patch["patch"]["operation"], "ADD");
            patch["patch"]["value"].clone()
        };
        self.clusters.extend(of("CLUSTER").into_iter().map(added));
        let known =
            ["NETWORK_FILTER", "HTTP_FILTER", "VIRTUAL_HOST", "HTTP_ROUTE", "CLUSTER", "EXTENSION_CONFIG"];
        assert!(
            patches.iter().all(|it| known.contains(&it["applyTo"].as_str().unwrap())),
            "every patch is applied"
        );
        of("EXTENSION_CONFIG").into_iter().map(added).collect()
    }

    /// The bootstrap: what discovery brings stands in it, but the extensions, which come from a file in `folder`.
    pub fn bootstrap(self, extensions: &[Value], custom: &Value, folder: &Path) -> Value {
        let resources: Vec<Value> = extensions
            .iter()
            .map(|extension| {
                let mut resource =
                    json!({ "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig" });
                merge(&mut resource, extension);
                resource
            })
            .collect();
        std::fs::write(
            folder.join("ecds.json"),
            json!({ "version_info": "1", "resources": resources }).to_string(),
        )
        .unwrap();
        let mut bootstrap = super::mesh::bootstrap();
        let mut listeners: Vec<Value> = self.listeners.into_iter().map(|(_, listener)| listener).collect();
        listeners.iter_mut().for_each(|listener| discover(listener, folder));
        bootstrap["static_resources"] = json!({ "listeners": listeners, "clusters": self.clusters });
        // As Envoy merges `--config-yaml`, which Istio's agent gives it.
        merge(&mut bootstrap, custom);
        bootstrap
    }
}

/// Extensions by a file, in the place of Istio's discovery.
fn discover(listener: &mut Value, folder: &Path) {
    for filter in manager(listener)["http_filters"].as_array_mut().unwrap() {
        if let Some(source) = filter.pointer_mut("/config_discovery/config_source") {
            assert_eq!(source["ads"], json!({}));
            *source = json!({ "path_config_source": { "path": folder.join("ecds.json") }, "resource_api_version": "V3" });
        }
    }
}

/// What Istio's agent does to an extension on its way to Envoy: the image that it names is fetched, and a file stands in its place.
pub fn fetched(extension: &mut Value, digest: &str, module: &Path) {
    let code = extension.pointer_mut("/typed_config/config/vm_config/code").unwrap();
    assert_eq!(code["remote"]["sha256"], digest);
    assert!(code["remote"]["http_uri"]["uri"].as_str().unwrap().ends_with(&format!("@sha256:{digest}")));
    *code = json!({ "local": { "filename": module } });
}

/// What istiod makes of a `WasmPlugin`, after the agent fetched its image (`pilot/pkg/model/extensions.go`).
pub fn of_plugin(plugin: &Value, module: &Path) -> Value {
    let spec = &plugin["spec"];
    let hosts: Vec<&Value> =
        spec["vmConfig"]["env"].as_array().into_iter().flatten().map(|it| &it["name"]).collect();
    json!({
        "name": "sekisho",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": plugin["metadata"]["name"],
                "root_id": spec["pluginName"],
                "failure_policy": spec["failStrategy"],
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": spec["pluginConfig"].to_string(),
                },
                "vm_config": {
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": { "local": { "filename": module } },
                    "environment_variables": { "host_env_keys": hosts },
                },
            },
        },
    })
}

/// Puts a plugin of the phase `AUTHN` where Istio does: before all filters but its own first one.
pub fn insert_plugin(proxy: &mut Proxy, port: u64) {
    for (at, listener) in &mut proxy.listeners {
        if *at == port {
            let discovered = json!({ "name": "sekisho", "config_discovery": {
                "config_source": { "ads": {} },
                "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
            } });
            manager(listener)["http_filters"].as_array_mut().unwrap().insert(1, discovered);
        }
    }
}

fn manager(listener: &mut Value) -> &mut Value {
    let filter = listener.pointer_mut("/filter_chains/0/filters/0").unwrap();
    assert_eq!(filter["name"], MANAGER);
    &mut filter["typed_config"]
}

fn is_here(matched: &Value, port: u64) -> bool {
    assert_eq!(matched["filterChain"]["filter"]["name"], MANAGER);
    matched["portNumber"].is_null() || matched["portNumber"] == port
}

/// Filters are put in first, and merged then.
fn http_filters(manager: &mut Value, patches: &[&Value]) {
    let filters = manager["http_filters"].as_array_mut().unwrap();
    let target =
        |patch: &Value| patch["match"]["listener"]["filterChain"]["filter"]["subFilter"]["name"].clone();
    for patch in patches.iter().filter(|patch| patch["patch"]["operation"] == "INSERT_BEFORE") {
        let at = filters.iter().position(|filter| filter["name"] == target(patch)).unwrap();
        filters.insert(at, patch["patch"]["value"].clone());
    }
    for patch in patches.iter().filter(|patch| patch["patch"]["operation"] == "MERGE") {
        let filter = filters.iter_mut().find(|filter| filter["name"] == target(patch)).unwrap();
        merge(&mut filter["typed_config"], &patch["patch"]["value"]["typed_config"]);
    }
}

#[test]
fn merging_is_protobufs() {
    let mut into = json!({ "normalize_path": true, "list": [1], "stays": 3, "inner": { "a": "1s" } });
    merge(
        &mut into,
        &json!({ "normalize_path": false, "generate": false, "list": [2], "stays": 0, "inner": { "a": "2s", "b": true } }),
    );
    let expected = json!({
        "normalize_path": true, "generate": false, "list": [1, 2], "stays": 3, "inner": { "a": "2s", "b": true },
    });
    assert_eq!(into, expected);
}
