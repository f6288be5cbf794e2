//! The filter: one WebAssembly module, its document, and what happens when it dies.

use super::dynamic::Delivery;
use super::{Plan, Settings};
use serde_json::{Value, json};
use std::path::Path;

/// The filter's name in Envoy's configuration, statistics and extension discovery.
pub const NAME: &str = "sekisho";
/// Where its document stands in the filter as it is discovered: a JSON pointer.
pub const DOCUMENT: &str = "/typed_config/config/configuration/value";
/// The filter's type.
pub const TYPE_URL: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";

/// The filter's configuration.
#[must_use]
pub fn typed_config(plan: &Plan, wasm: &Path) -> Value {
    let mut vm = json!({
        // State is shared by all that have this id: workers, and the configuration before and after a reload.
        "vm_id": format!("sekisho/{}", plan.gateway_id),
        "runtime": "envoy.wasm.runtime.v8",
        "code": { "local": { "filename": wasm.to_string_lossy() } },
    });
    if !plan.environment.is_empty()
        && let Some(vm) = vm.as_object_mut()
    {
        vm.insert("environment_variables".into(), json!({ "host_env_keys": plan.environment }));
    }
    json!({
        "@type": TYPE_URL,
        "config": {
            "name": NAME,
            "vm_config": vm,
            "configuration": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": plan.document,
            },
            // Never FAIL_OPEN: a filter that is gone must not let a request pass.
            "failure_policy": "FAIL_RELOAD",
            "reload_config": { "backoff": { "base_interval": "1s", "max_interval": "10s" } },
            // Bodies are held back, and not only headers, while a request waits.
            "allow_on_headers_stop_iteration": true,
        },
    })
}

/// The filter as an entry of `http_filters`: in place, or from a file that is watched.
#[must_use]
pub fn http_filter(plan: &Plan, settings: &Settings, delivery: Delivery<'_>) -> Value {
    match delivery {
        Delivery::Static => json!({ "name": NAME, "typed_config": typed_config(plan, &settings.wasm) }),
        // No default configuration, and warming: without a good document the answer is an error, never a pass.
        Delivery::Files(layout) => json!({
            "name": NAME,
            "config_discovery": {
                "config_source": layout.ecds().config_source(),
                "type_urls": [TYPE_URL],
                "apply_default_config_without_warming": false,
            },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::typed_config;
    use crate::render::document::{Plan, plan};
    use serde_json::{Value, json};
    use std::path::Path;

    #[test]
    fn the_vm_is_given_the_variables_that_the_document_names_and_no_other() {
        let document = json!({ "apis": [{
            "apiId": "a", "protocolType": "HTTP", "stages": [{ "stageName": "$default" }],
        }] });
        let (mut plan, _) = plan(document.to_string().as_bytes(), &|_| None).unwrap();
        let given = |plan: &Plan| {
            let mut config = typed_config(plan, Path::new("sekisho.wasm"));
            config["config"]["vm_config"]["environment_variables"].take()
        };
        assert_eq!(given(&plan), Value::Null);
        plan.environment = vec!["KEY".to_owned(), "OTHER".to_owned()];
        assert_eq!(given(&plan), json!({ "host_env_keys": ["KEY", "OTHER"] }));
    }
}
