//! Documents with limits. Their routes are answered by the filter itself: no backend is to be the bottleneck.

use serde_json::{Value, json};

/// An HTTP API whose only route, `GET /limited`, has this limit.
pub(crate) fn limited(rate: f64, burst: u32) -> Value {
    routes(&[("limited", rate, burst)])
}

/// An HTTP API with routes `GET /NAME`, each with its limit. The account's is none of theirs.
pub(crate) fn routes(limits: &[(&str, f64, u32)]) -> Value {
    let mut settings = json!({});
    let mut routes = Vec::new();
    for (name, rate, burst) in limits {
        let key = format!("GET /{name}");
        settings[&key] = json!({ "throttlingRateLimit": rate, "throttlingBurstLimit": burst });
        routes.push(json!({ "routeKey": key, "target": "integrations/mock" }));
    }
    let mut document = api(&json!(routes));
    document["apis"][0]["stages"][0]["routeSettings"] = settings;
    document["accountThrottle"] = json!({ "rateLimit": 1_000_000, "burstLimit": 1_000_000 });
    document
}

/// An HTTP API under `GET /limited`, which no limit but the account's holds back.
pub(crate) fn account(rate: f64, burst: u32) -> Value {
    let mut document = api(&json!([{ "routeKey": "GET /limited", "target": "integrations/mock" }]));
    document["accountThrottle"] = json!({ "rateLimit": rate, "burstLimit": burst });
    document
}

fn api(routes: &Value) -> Value {
    json!({ "apis": [{
        "apiId": "shop",
        "protocolType": "HTTP",
        "stages": [{ "stageName": "$default" }],
        "routes": routes,
        "integrations": [{
            "integrationId": "mock", "integrationType": "MOCK",
            "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
            "integrationResponses": [{ "statusCode": 200 }],
        }],
    }] })
}
