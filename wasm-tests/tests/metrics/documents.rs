//! A document with something of everything, and a load that is known to the last request.

use sekisho_cases::Answer;
use serde_json::{Value, json};
use std::net::SocketAddr;
use wasm_tests::{Backend, Gateway, Options, raw};

/// Ids and names in which a dot, a hyphen or a dollar is all that differs.
pub fn document() -> Value {
    let up = |uri: &str| {
        json!([{ "integrationId": "up", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": uri },
               { "integrationId": "dead", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://dead.test/" }])
    };
    let routes = json!([
        { "routeKey": "GET /users/{id}", "target": "integrations/up" },
        { "routeKey": "ANY /v1.0/{proxy+}", "target": "integrations/up" },
        { "routeKey": "GET /limited", "target": "integrations/up" },
        { "routeKey": "GET /dead", "target": "integrations/dead" },
    ]);
    let detailed = json!({ "detailedMetricsEnabled": true });
    let none = json!({ "throttlingRateLimit": 0, "throttlingBurstLimit": 0 });
    json!({
        "defaultApiId": "shop",
        "apis": [
            {
                "apiId": "shop", "name": "Shop \"A.1\"; 100%", "protocolType": "HTTP", "routes": routes,
                "integrations": up("http://backend.test/"),
                "stages": [
                    { "stageName": "$default", "defaultRouteSettings": detailed,
                      "routeSettings": { "GET /limited": none } },
                    { "stageName": "default" }, { "stageName": "s-t" }, { "stageName": "s_t" },
                ],
            },
            {
                "apiId": "shop-1", "name": "Läden", "protocolType": "REST",
                "routes": [{ "routeKey": "GET /users/{id}", "target": "integrations/up", "apiKeyRequired": true },
                           { "routeKey": "POST /users", "target": "integrations/up" },
                           { "routeKey": "GET /mock", "target": "integrations/mock" }],
                "integrations": [
                    { "integrationId": "up", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://backend.test/" },
                    { "integrationId": "mock", "integrationType": "MOCK", "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
                      "integrationResponses": [{ "statusCode": 200 }] },
                ],
                "gatewayResponses": [{ "responseType": "INVALID_API_KEY", "statusCode": "500" }],
                "stages": [{ "stageName": "prod" }],
            },
        ],
    })
}

/// A gateway of that document with four workers, and its backend.
pub async fn gateway() -> (Backend, Gateway) {
    let backend = Backend::start().await;
    backend.answers(Answer { status: 200, body: "twenty bytes, no more".to_owned(), ..Answer::default() });
    let options = Options { concurrency: 4, ..Options::default() };
    let gateway = Gateway::start(&document(), &backend, options).await;
    (backend, gateway)
}

/// Bytes of the backend's answer.
pub const ANSWER: u64 = 21;

/// How often each is sent: the host, the path, and what is answered.
pub const LOAD: [(u64, &str, &str, u16); 12] = [
    (40, "shop.localhost", "/users/7", 200),
    (3, "shop.localhost", "/v1.0/a/b?c=d", 200),
    (5, "shop.localhost", "/nowhere", 404),
    (7, "shop.localhost", "/limited", 429),
    (2, "shop.localhost", "/dead", 503),
    (11, "shop.localhost", "/default/users/7", 200),
    (4, "shop.localhost", "/s-t/users/7", 200),
    (6, "shop.localhost", "/s_t/users/7", 200),
    (9, "shop-1.localhost", "/prod/users/7", 500),
    (8, "shop-1.localhost", "/prod/mock", 200),
    (1, "shop-1.localhost", "/prod/nowhere", 403),
    // No stage of anybody's.
    (10, "shop-1.localhost", "/other/users/7", 403),
];

/// Sends the load, each request on a connection of its own, so that all workers have some.
pub async fn send(address: SocketAddr) {
    for (times, host, path, status) in LOAD {
        for _ in 0..times {
            let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n");
            let response = raw::send(address, request.as_bytes()).await.unwrap();
            assert_eq!(response.status, status, "{host}{path}: {}", response.text());
        }
    }
    for _ in 0..5 {
        let request =
            b"POST /prod/users HTTP/1.1\r\nhost: shop-1.localhost\r\ncontent-length: 10\r\n\r\n0123456789";
        assert_eq!(raw::send(address, request).await.unwrap().status, 200);
    }
    for _ in 0..2 {
        let request =
            b"POST /v1.0/x HTTP/1.1\r\nhost: shop.localhost\r\ncontent-length: 10\r\n\r\n0123456789";
        assert_eq!(raw::send(address, request).await.unwrap().status, 200);
    }
}
