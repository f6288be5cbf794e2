//! Documents with canaries. Their routes are answered by the filter itself, and each answer says which side it is of.

use serde_json::{Value, json};

/// An HTTP API of these stages, each with a canary: settings, without the variables that tell the sides. `/STAGE/x` asks one,
/// `/STAGE/login` one that wants a token. Answers have `x-side`, and `x-version` where there is one.
pub(crate) fn document(version: &str, stages: &[(&str, Value)]) -> Value {
    let stages = stages.iter().map(|(name, settings)| {
        let mut settings = settings.clone();
        settings["stageVariableOverrides"] = json!({ "side": "canary" });
        json!({
            "stageName": name, "stageVariables": { "side": "stable", "version": version },
            "canarySettings": settings,
        })
    });
    json!({
        "trustedHops": 1,
        "accountThrottle": { "rateLimit": 1_000_000, "burstLimit": 1_000_000 },
        "apis": [{
            "apiId": "shop",
            "protocolType": "HTTP",
            "stages": stages.collect::<Vec<_>>(),
            "routes": [
                { "routeKey": "GET /x", "target": "integrations/mock" },
                {
                    "routeKey": "GET /login", "target": "integrations/mock",
                    "authorizationType": "JWT", "authorizerId": "login",
                },
            ],
            "authorizers": [{
                "authorizerId": "login", "authorizerType": "JWT",
                "identitySource": ["$request.header.Authorization"],
                "jwtConfiguration": {
                    "issuer": sekisho_cases::tokens::ISSUER, "audience": ["shop"],
                    "jwks": sekisho_cases::tokens::jwks(),
                },
            }],
            "integrations": [{
                "integrationId": "mock", "integrationType": "MOCK",
                "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
                "integrationResponses": [{ "statusCode": 200, "responseParameters": {
                    "method.response.header.x-side": "stageVariables.side",
                    "method.response.header.x-version": "stageVariables.version",
                } }],
            }],
        }],
    })
}

/// Stage `prod`, so many of whose requests are the canary's.
pub(crate) fn weighted(percent: f64) -> Value {
    document("1", &[("prod", json!({ "percentTraffic": percent }))])
}

/// A request, with more lines in its head, each with its end.
pub(crate) fn get(path: &str, lines: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: h.test\r\n{lines}\r\n")
}
