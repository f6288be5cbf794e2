//! Documents with quotas of a fleet, and what a service says.

use sekisho_cases::{Answer, sigv4};
use sekisho_cli::hash_key::hash;
use sekisho_cli::render::document::plan;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::SystemTime;
use wasm_tests::{Options, documents};

/// The ids of the keys; the value of each is [`value`].
const KEYS: [&str; 3] = ["k1", "k2", "k3"];

/// The plan of all keys: a name that has to be quoted wherever it is written.
const PLAN: &str = "it's \"gold\"";

pub(crate) const ACCESS_KEY: &str = "AKIATESTTESTTEST0001";

/// The value of a key.
pub(crate) fn value(id: &str) -> String {
    format!("key-of-a-partner-{id}")
}

/// A REST API, all of whose paths need a key: `/plain`, `/mapped`, where a mapping reads the body, `/signed` and
/// `/signed-mapped`. Each key has so many requests in a week, which began some days ago: no test is run in two of them.
pub(crate) fn document(limit: u64, service: &Value) -> Value {
    let days = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() / 86_400;
    let weekday = days + 4;
    let mut document = documents::rest_proxy_with(&json!({}));
    let api = &mut document["apis"][0];
    let mut mapped = api["integrations"][0].clone();
    mapped["integrationId"] = json!("mapped");
    mapped["integrationUri"] = json!("http://backend.test/mapped");
    mapped["requestParameters"] = json!({ "overwrite:header.x-a": "$request.body.a" });
    api["integrations"].as_array_mut().unwrap().push(mapped);
    let route = |path: &str, integration: &str, authorization: &str| {
        json!({ "routeKey": format!("ANY /{path}"), "target": format!("integrations/{integration}"),
            "apiKeyRequired": true, "authorizationType": authorization })
    };
    api["routes"] = json!([
        route("{proxy+}", "backend", "NONE"),
        route("mapped", "mapped", "NONE"),
        route("signed", "mapped", "AWS_IAM"),
    ]);
    document["apis"][0]["stages"][0]["stageName"] = json!("prod");
    let all = json!({ "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*" });
    document["credentials"] = json!([{
        "accessKeyId": ACCESS_KEY, "secretAccessKeyEnv": sigv4::SECRET_VARIABLE,
        "policy": { "Version": "2012-10-17", "Statement": [all] },
    }]);
    document["rateLimitService"] = json!({
        "uri": "http://ratelimit.test:8081", "timeoutInMillis": 10_000, "engine": "limitador",
    });
    for (name, value) in service.as_object().unwrap() {
        document["rateLimitService"][name] = value.clone();
    }
    let quota = json!({ "limit": limit, "period": "WEEK", "offset": (weekday + 4) % 7, "scope": "FLEET" });
    let key = |id: &str| json!({ "id": id, "value": hash(&value(id)), "enabled": true });
    document["apiKeys"] = KEYS.map(key).into();
    document["usagePlans"] =
        json!([{ "id": PLAN, "quota": quota, "apiStages": [{ "apiId": "proxy", "stage": "prod" }] }]);
    document["usagePlanKeys"] = KEYS.map(|id| json!({ "usagePlanId": PLAN, "keyId": id })).into();
    document
}

/// Limitador's file for a document, as `sekisho render --rate-limits` writes it.
pub(crate) fn limits(document: &Value) -> String {
    let (plan, _) = plan(document.to_string().as_bytes(), &|_| None).unwrap();
    plan.rate_limits.rendering().unwrap().yaml()
}

/// The service is here.
pub(crate) fn options(service: SocketAddr) -> Options {
    let hosts = BTreeMap::from([("ratelimit.test".to_owned(), service)]);
    Options { hosts, ..Options::default() }
}

pub(crate) fn request(key: &str) -> String {
    format!("GET /prod/plain HTTP/1.1\r\nhost: h.test\r\nx-api-key: {}\r\n\r\n", value(key))
}

/// A gRPC answer with this code.
pub(crate) fn says(code: u8) -> Answer {
    grpc(&[0, 0, 0, 0, 2, 8, code])
}

/// A gRPC answer of these bytes, which are ASCII.
pub(crate) fn grpc(body: &[u8]) -> Answer {
    Answer {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/grpc".to_owned())],
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}
