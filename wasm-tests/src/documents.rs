//! Gateway documents that several tests use.

use serde_json::{Value, json};

/// An HTTP API whose every path goes to the same path of the backend.
#[must_use]
pub fn http_proxy() -> Value {
    http_proxy_with(&json!({}))
}

/// The same, with members added to the integration.
#[must_use]
pub fn http_proxy_with(members: &Value) -> Value {
    json!({ "apis": [{
        "apiId": "proxy",
        "protocolType": "HTTP",
        "stages": [{ "stageName": "$default" }],
        "routes": [{ "routeKey": "$default", "target": "integrations/backend" }],
        "integrations": [integration(members)],
    }] })
}

/// A REST API, stage `prod`, whose every path goes to the same path of the backend.
#[must_use]
pub fn rest_proxy_with(members: &Value) -> Value {
    let mut integration = integration(members);
    integration["integrationUri"] = "http://backend.test/{proxy}".into();
    json!({ "apis": [{
        "apiId": "proxy",
        "protocolType": "REST",
        "stages": [{ "stageName": "prod" }],
        "routes": [{ "routeKey": "ANY /{proxy+}", "target": "integrations/backend" }],
        "integrations": [integration],
    }] })
}

fn integration(members: &Value) -> Value {
    let mut integration = json!({
        "integrationId": "backend",
        "integrationType": "HTTP_PROXY",
        "integrationMethod": "ANY",
        "integrationUri": "http://backend.test",
    });
    for (name, value) in members.as_object().expect("the members are an object") {
        integration[name] = value.clone();
    }
    integration
}
