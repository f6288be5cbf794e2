//! What Istio's connection manager is told: the settings that the filter needs, as far as a patch can set them.

use crate::render::{Plan, Settings, access_log, listener};
use serde_json::{Value, json};

/// Settings that say nothing as a patch, or would be wrong as one.
const NOT_PATCHED: [&str; 4] = [
    // `false` unsets nothing: `pathNormalization: NONE` of the mesh does.
    "normalize_path",
    "merge_slashes",
    // Istio has it already, and Envoy refuses it twice.
    "upgrade_configs",
    // Replaced below.
    "forward_client_cert_details",
];

/// The connection manager's patch.
pub(super) fn patch(plan: &Plan, settings: &Settings) -> Value {
    let mut manager = listener::needed(plan);
    if let Some(members) = manager.as_object_mut() {
        members.retain(|name, _| !NOT_PATCHED.contains(&name.as_str()));
        if plan.trusted_hops == 0 {
            members.remove("xff_num_trusted_hops");
        }
        if let Some(options) = members.get_mut("common_http_protocol_options").and_then(Value::as_object_mut)
        {
            // Envoy's default, and its zero.
            options.remove("headers_with_underscores_action");
        }
        // `SANITIZE` is the zero of its type. This one lets no client's header pass either, and Envoy writes the truth.
        members.insert("forward_client_cert_details".into(), json!("SANITIZE_SET"));
        let loggers = access_log::loggers(plan, settings);
        if !loggers.is_empty() {
            members.insert("access_log".into(), loggers.into());
        }
        members.insert(
            "@type".into(),
            json!("type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        );
    }
    manager
}
