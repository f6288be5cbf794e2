//! The filter as a `WasmPlugin`: for documents that need nothing which it cannot set.

use super::{Module, Place, Proxy};
use crate::render::{Error, Plan, filter};
use serde_json::{Value, json};

/// The plugin. Istio puts it before its own authentication. It names no port: Istio matches none with a gateway's listeners, which
/// would then be without the filter.
pub(super) fn wasm_plugin(
    plan: &Plan,
    place: &Place<'_>,
    module: &Module,
    name: &str,
) -> Result<Value, Error> {
    let document: Value =
        serde_json::from_str(&plan.document).map_err(|source| Error::Settings { source })?;
    let mut spec = json!({
        "selector": { "matchLabels": place.labels() },
        "url": module.url(),
        "sha256": module.digest(),
        "imagePullPolicy": "IfNotPresent",
        "pluginName": filter::NAME,
        "phase": "AUTHN",
        "failStrategy": "FAIL_RELOAD",
        "pluginConfig": document,
    });
    if let Some(spec) = spec.as_object_mut() {
        if !plan.environment.is_empty() {
            let variable = |name: &String| json!({ "name": name, "valueFrom": "HOST" });
            let variables: Vec<Value> = plan.environment.iter().map(variable).collect();
            spec.insert("vmConfig".into(), json!({ "env": variables }));
        }
        let mode = match place.proxy {
            // To Istio, what comes to a gateway leaves it as a client.
            Proxy::Gateway => "CLIENT",
            Proxy::Sidecar => "SERVER",
        };
        spec.insert("match".into(), json!([{ "mode": mode }]));
    }
    Ok(json!({
        "apiVersion": "extensions.istio.io/v1alpha1",
        "kind": "WasmPlugin",
        "metadata": { "name": name },
        "spec": spec,
    }))
}

/// A plugin cannot set `allow_on_headers_stop_iteration`: a request whose body the filter asks for would wait for ever.
pub(super) fn check(plan: &Plan) -> Result<(), Error> {
    let document: Value =
        serde_json::from_str(&plan.document).map_err(|source| Error::Settings { source })?;
    match body_reader(&document, "") {
        None => Ok(()),
        Some(at) => Err(Error::Mesh {
            what: format!(
                "{at}: the filter reads requests' bodies here, which a WasmPlugin lets no filter wait for"
            ),
            help: "leave `--wasm-plugin` out: an EnvoyFilter can".to_owned(),
        }),
    }
}

/// Where a document may want a body. Web ACLs count as a whole, what they look at is theirs.
pub(in crate::render) fn body_reader(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let text = value.as_str();
            let reads = match name.as_str() {
                "integrationType" => matches!(text, Some("AWS" | "AWS_PROXY")),
                "authorizationType" => text == Some("AWS_IAM"),
                "webAcls" => value.as_array().is_some_and(|acls| !acls.is_empty()),
                _ => text.is_some_and(|text| text.contains("request.body")),
            };
            if reads { Some(path) } else { body_reader(value, &path) }
        }),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(i, item)| body_reader(item, &format!("{path}[{i}]")))
        }
        Value::String(text) => text.contains("request.body").then(|| path.to_owned()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}
