//! A document with five things that can be changed, each for itself.

use serde_json::{Value, json};
use std::net::SocketAddr;

/// What can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A route gets another integration.
    Route,
    /// A canary's share goes from none to all.
    Canary,
    /// A key is added, and disabled.
    Key,
    /// A throttle lets everybody through, or nobody.
    Throttle,
    /// A stage is promoted to another deployment, and rolled back.
    Stage,
}

pub(crate) const KINDS: [Kind; 5] = [Kind::Route, Kind::Canary, Kind::Key, Kind::Throttle, Kind::Stage];

/// A key that there always is, and one that comes and goes.
const KEYS: [&str; 2] = ["the-key-of-a-partner-that-stays-000", "the-key-of-a-partner-that-comes-000"];

/// Requests that no change shall touch.
pub(crate) const STABLE: [(&str, &str); 2] = [
    ("GET /stable HTTP/1.1\r\nhost: h.test\r\n\r\n", "200 stable"),
    (
        "GET /keyed HTTP/1.1\r\nhost: h.test\r\nx-api-key: the-key-of-a-partner-that-stays-000\r\n\r\n",
        "200 keyed",
    ),
];

// === impl Kind ===

impl Kind {
    /// A request that sees the change.
    pub(crate) fn request(self) -> String {
        let path = match self {
            Self::Route => "/moved",
            Self::Canary => "/canary/x",
            Self::Key => {
                return format!("GET /keyed HTTP/1.1\r\nhost: h.test\r\nx-api-key: {}\r\n\r\n", KEYS[1]);
            }
            Self::Throttle => "/limited",
            Self::Stage => "/released/x",
        };
        format!("GET {path} HTTP/1.1\r\nhost: h.test\r\n\r\n")
    }

    /// Its answers: without the change, and with it.
    pub(crate) fn answers(self) -> [&'static str; 2] {
        match self {
            Self::Route | Self::Canary | Self::Stage => ["200 one", "200 two"],
            Self::Key => ["403", "200 keyed"],
            Self::Throttle => ["200 limited", "429"],
        }
    }
}

/// The document, with one change made or none; `padding` routes more make it large. A key that has gone is disabled the first
/// time, and missing the second.
pub(crate) fn document(backend: SocketAddr, changed: Option<Kind>, round: usize, padding: usize) -> Value {
    let one_or_two = |kind| if changed == Some(kind) { "two" } else { "one" };
    let integration = |name: &str| {
        json!({
            "integrationId": name, "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
            "integrationUri": format!("http://{backend}/{name}"),
            "responseParameters": { "200": { "overwrite:header.x-answer": name } },
        })
    };
    let route = |path: &str, to: &str| json!({ "routeKey": format!("GET {path}"), "target": format!("integrations/{to}") });
    let mut routes = vec![
        route("/stable", "stable"),
        route("/moved", one_or_two(Kind::Route)),
        route("/limited", "limited"),
    ];
    let mut keyed = route("/keyed", "keyed");
    keyed["apiKeyRequired"] = true.into();
    routes.push(keyed);
    routes.extend((0..padding).map(|n| route(&format!("/padding/{n}/of/{{many}}/routes"), "stable")));
    let deployment = |id: &str, name: &str| json!({ "deploymentId": id, "routes": [route("/x", name)], "integrations": [integration(name)] });
    let rate = if changed == Some(Kind::Throttle) { 0 } else { 1_000_000 };
    let share = if changed == Some(Kind::Canary) { 100 } else { 0 };
    let released = if changed == Some(Kind::Stage) { "d2" } else { "d1" };
    let mut keys = vec![json!({ "id": "stays", "name": "stays", "value": KEYS[0], "enabled": true })];
    if changed == Some(Kind::Key) || round == 0 {
        keys.push(json!({ "id": "comes", "name": "comes", "value": KEYS[1], "enabled": changed == Some(Kind::Key) }));
    }
    let plan_key = |key: &Value| json!({ "usagePlanId": "plan", "keyId": key["id"], "keyType": "API_KEY" });
    let plan_keys: Vec<Value> = keys.iter().map(plan_key).collect();
    json!({
        "defaultApiId": "shop",
        "accountThrottle": { "rateLimit": 1_000_000, "burstLimit": 1_000_000 },
        "apis": [{
            "apiId": "shop", "protocolType": "HTTP",
            "stages": [
                { "stageName": "$default", "routeSettings": {
                    "GET /limited": { "throttlingRateLimit": rate, "throttlingBurstLimit": rate } } },
                { "stageName": "canary", "deploymentId": "d1",
                  "canarySettings": { "percentTraffic": share, "deploymentId": "d2" } },
                { "stageName": "released", "deploymentId": released },
            ],
            "routes": routes,
            "integrations": (["stable", "one", "two", "keyed", "limited"].map(integration)),
            "deployments": [deployment("d1", "one"), deployment("d2", "two")],
        }],
        "apiKeys": keys,
        "usagePlans": [{
            "id": "plan", "name": "plan", "apiStages": [{ "apiId": "shop", "stage": "$default" }],
            "throttle": { "rateLimit": 1_000_000, "burstLimit": 1_000_000 },
        }],
        "usagePlanKeys": plan_keys,
    })
}
