//! Documents with limits. Their routes are answered by the filter itself: no backend is to be the bottleneck.

use serde_json::{Value, json};

/// An HTTP API whose only route, `GET /limited`, has this limit.
pub(crate) fn limited(rate: f64, burst: u32) -> Value {
    json!({ "apis": [{
        "apiId": "shop",
        "protocolType": "HTTP",
        "stages": [{
            "stageName": "$default",
            "routeSettings": { "GET /limited": { "throttlingRateLimit": rate, "throttlingBurstLimit": burst } },
        }],
        "routes": [{ "routeKey": "GET /limited", "target": "integrations/mock" }],
        "integrations": [mock()],
    }] })
}

fn mock() -> Value {
    json!({
        "integrationId": "mock", "integrationType": "MOCK",
        "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
        "integrationResponses": [{ "statusCode": 200 }],
    })
}
