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

/// An HTTP API whose route `GET /limited` no limit but the account's holds back. `GET /never` lets nobody through.
pub(crate) fn account(rate: f64, burst: u32) -> Value {
    let mut document = routes(&[("never", 0.0, 0)]);
    let limited = json!({ "routeKey": "GET /limited", "target": "integrations/mock" });
    document["apis"][0]["routes"].as_array_mut().unwrap().push(limited);
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

/// An API whose route `GET /keyed` requires one of these keys, which are written as they are. Each has this
/// quota, a bucket of this burst that fills hardly at all, and the name `kN`.
pub(crate) fn keyed(keys: &[String], burst: u32, quota: u64) -> Value {
    let mut document =
        api(&json!([{ "routeKey": "GET /keyed", "target": "integrations/mock", "apiKeyRequired": true }]));
    document["accountThrottle"] = json!({ "rateLimit": 1_000_000, "burstLimit": 1_000_000 });
    let id = |place: usize| format!("k{place}");
    document["apiKeys"] = keys
        .iter()
        .enumerate()
        .map(|(place, key)| json!({ "id": id(place), "name": id(place), "value": key, "enabled": true }))
        .collect();
    document["usagePlans"] = json!([{
        "id": "plan", "name": "plan", "apiStages": [{ "apiId": "shop", "stage": "$default" }],
        "throttle": { "rateLimit": 0.001, "burstLimit": burst },
        "quota": { "limit": quota, "period": "MONTH" },
    }]);
    document["usagePlanKeys"] = (0..keys.len())
        .map(|place| json!({ "usagePlanId": "plan", "keyId": id(place), "keyType": "API_KEY" }))
        .collect();
    document
}
