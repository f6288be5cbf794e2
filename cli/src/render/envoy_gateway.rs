//! The filter as an extension of Envoy Gateway: an `EnvoyExtensionPolicy`.

use super::istio::{Module, body_reader, name};
use super::{Error, Plan, Rendering, filter};
use serde_json::{Value, json};

const HEADER: &str = "\
Sekisho in Envoy Gateway. Rendered by `sekisho render --envoy-gateway`: change the document, not this file.

This is the filter alone, at one `Gateway`. What it needs around it are policies of Envoy Gateway's own: docs/istio.md.";

/// The policy.
///
/// # Errors
/// A document that needs what the policy cannot set.
pub fn policy(plan: &Plan, gateway: &str, module: &Module) -> Result<Rendering, Error> {
    let document: Value =
        serde_json::from_str(&plan.document).map_err(|source| Error::Settings { source })?;
    if let Some(cluster) = plan.clusters.first() {
        return Err(Error::Mesh {
            what: format!("Envoy Gateway has no cluster `{}`, and an EnvoyExtensionPolicy adds none", cluster.name),
            help: "leave the backend to its HTTPRoutes (`connectionType: ENVOY_ROUTE`), or name a cluster that it has (`cluster`); \
                   an EnvoyPatchPolicy adds what `sekisho render --filter` lists"
                .to_owned(),
        });
    }
    if let Some(at) = body_reader(&document, "") {
        return Err(Error::Mesh {
            what: format!(
                "{at}: the filter reads requests' bodies here, which an EnvoyExtensionPolicy lets no filter wait for"
            ),
            help: "put the filter into the Gateway by an EnvoyPatchPolicy with `sekisho render --filter`"
                .to_owned(),
        });
    }
    if !plan.access_logs.is_empty() || plan.execution_log {
        return Err(Error::Mesh {
            what: "a stage of the document has a log, and an EnvoyExtensionPolicy adds no logger that writes its lines"
                .to_owned(),
            help: "leave `accessLogSettings` and `loggingLevel` out, or put the filter into the Gateway by an EnvoyPatchPolicy \
                   with `sekisho render --filter`"
                .to_owned(),
        });
    }
    let mut wasm = json!({
        "name": filter::NAME,
        "rootID": filter::NAME,
        "code": {
            "type": "Image",
            "image": { "url": module.image(), "sha256": module.digest() },
            "pullPolicy": "IfNotPresent",
        },
        "config": document,
        // Requests of a filter that is gone are refused.
        "failOpen": false,
    });
    if let (false, Some(wasm)) = (plan.environment.is_empty(), wasm.as_object_mut()) {
        wasm.insert("env".into(), json!({ "hostKeys": plan.environment }));
    }
    let policy = json!({
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "EnvoyExtensionPolicy",
        "metadata": { "name": name(plan) },
        "spec": {
            "targetRefs": [{ "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway }],
            "wasm": [wasm],
        },
    });
    Ok(Rendering::new(HEADER, vec![policy]))
}
