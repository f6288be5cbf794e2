//! The documents of the [kinds](super::kinds), put together from what each adds.

use super::token::{AUDIENCE, ISSUER, key_set};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The key of an API that the requests send.
pub const API_KEY: &str = "bench-000007-0123456789abcdef";
/// API keys of a document that has any.
const API_KEYS: usize = 10;
const WEB_ACL: &str = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/bench/1";
const REFUSED: &str = "arn:aws:wafv2:eu-central-1:123456789012:regional/ipset/refused/1";
const OFFICE: &str = "arn:aws:wafv2:eu-central-1:123456789012:regional/ipset/office/1";

/// How buckets are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buckets {
    /// Far above any load, and leased: a worker takes tokens in advance.
    Leased,
    /// Far above it too, but in the time that a fiftieth of the burst lasts the rate gives too few tokens to lease.
    Unleased,
    /// Nothing is left after the first request.
    Empty,
}

/// A document with this many routes `GET /r0/{id}`, `GET /r1/{id}`…, of an HTTP API or of a REST API with a stage `prod`.
#[must_use]
pub fn routes(protocol: &str, count: usize) -> Value {
    let stage = if protocol == "REST" { "prod" } else { "$default" };
    let route = |n| json!({ "routeKey": format!("GET /r{n}/{{id}}"), "target": "integrations/up" });
    json!({
        "defaultApiId": "bench",
        "accountThrottle": throttle(Buckets::Leased),
        "apis": [{
            "apiId": "bench", "protocolType": protocol,
            "routes": (0..count).map(route).collect::<Vec<_>>(),
            "integrations": [{
                "integrationId": "up", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                "integrationUri": "http://127.0.0.1:8080/items/{id}",
            }],
            "stages": [{ "stageName": stage }],
        }],
    })
}

/// Adds a JWT authorizer to every route.
#[must_use]
pub fn with_jwt(mut document: Value) -> Value {
    let api = &mut document["apis"][0];
    for route in api["routes"].as_array_mut().unwrap() {
        route["authorizationType"] = json!("JWT");
        route["authorizerId"] = json!("login");
    }
    api["authorizers"] = json!([{
        "authorizerId": "login", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
        "jwtConfiguration": { "issuer": ISSUER, "audience": [AUDIENCE], "jwks": key_set() },
    }]);
    document
}

/// Wants an API key for every route, and adds the buckets of its plan and of the route to the account's.
#[must_use]
pub fn with_key_and_buckets(mut document: Value, buckets: Buckets) -> Value {
    let settings = throttle(buckets);
    document["accountThrottle"] = settings.clone();
    let api = &mut document["apis"][0];
    for route in api["routes"].as_array_mut().unwrap() {
        route["apiKeyRequired"] = json!(true);
    }
    let stage = &mut api["stages"][0];
    stage["defaultRouteSettings"]["throttlingRateLimit"] = settings["rateLimit"].clone();
    stage["defaultRouteSettings"]["throttlingBurstLimit"] = settings["burstLimit"].clone();
    let (api, stage) = (api["apiId"].clone(), api["stages"][0]["stageName"].clone());
    let key = |n: usize| {
        let value = format!("bench-{n:06}-0123456789abcdef");
        json!({ "id": format!("key{n}"), "value": hashed(&value), "enabled": true })
    };
    let member =
        |n: usize| json!({ "usagePlanId": "plan", "keyId": format!("key{n}"), "keyType": "API_KEY" });
    document["apiKeys"] = (0..API_KEYS).map(key).collect();
    document["usagePlans"] =
        json!([{ "id": "plan", "throttle": settings, "apiStages": [{ "apiId": api, "stage": stage }] }]);
    document["usagePlanKeys"] = (0..API_KEYS).map(member).collect();
    document
}

/// The account's bucket, which every request passes, in place of the one that is there.
#[must_use]
pub fn with_account(mut document: Value, buckets: Buckets) -> Value {
    document["accountThrottle"] = throttle(buckets);
    document
}

/// Metrics of each route and not only of the stage.
#[must_use]
pub fn with_metrics_by_route(mut document: Value) -> Value {
    document["apis"][0]["stages"][0]["defaultRouteSettings"]["detailedMetricsEnabled"] = json!(true);
    document
}

/// An access log of the variables of AWS's sample, and how long it took.
#[must_use]
pub fn with_access_log(mut document: Value) -> Value {
    let variables = [
        ("requestId", "requestId"),
        ("ip", "identity.sourceIp"),
        ("requestTime", "requestTime"),
        ("httpMethod", "httpMethod"),
        ("routeKey", "routeKey"),
        ("status", "status"),
        ("protocol", "protocol"),
        ("responseLength", "responseLength"),
        ("responseLatency", "responseLatency"),
        ("integrationLatency", "integrationLatency"),
    ];
    let format = variables.map(|(name, variable)| format!(r#""{name}":"$context.{variable}""#)).join(",");
    document["apis"][0]["stages"][0]["accessLogSettings"] =
        json!({ "format": format!("{{{format}}}"), "destination": "file:/dev/null" });
    document
}

/// A web ACL of ten rules of the kinds that people write, none of which the requests fit.
#[must_use]
pub fn with_ten_rules(document: Value) -> Value {
    with_rules(document, &ten())
}

/// A web ACL of these statements, each of which blocks, or of these managed groups.
#[must_use]
pub fn with_rules(mut document: Value, statements: &[Value]) -> Value {
    let seen = |name: &str| json!({ "SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": name });
    let rule = |(n, statement): (usize, &Value)| {
        let name = format!("rule-{n}");
        let (member, decision) = match statement.get("ManagedRuleGroupStatement") {
            Some(_) => ("OverrideAction", json!({ "None": {} })),
            None => ("Action", json!({ "Block": {} })),
        };
        json!({ "Name": name, "Priority": n, "Statement": statement, "VisibilityConfig": seen(&name), member: decision })
    };
    document["apis"][0]["stages"][0]["webAclArn"] = json!(WEB_ACL);
    document["ipSets"] = json!([
        {
            "Name": "refused", "ARN": REFUSED, "IPAddressVersion": "IPV4",
            "Addresses": (0..250).map(|n| format!("10.{n}.0.0/16")).collect::<Vec<_>>(),
        },
        {
            "Name": "office", "ARN": OFFICE, "IPAddressVersion": "IPV4",
            "Addresses": ["198.51.100.0/24", "203.0.113.128/25"],
        },
    ]);
    document["webAcls"] = json!([{
        "Name": "bench", "ARN": WEB_ACL, "DefaultAction": { "Allow": {} }, "VisibilityConfig": seen("bench"),
        "Rules": statements.iter().enumerate().map(rule).collect::<Vec<_>>(),
    }]);
    document
}

fn throttle(buckets: Buckets) -> Value {
    match buckets {
        Buckets::Leased => json!({ "rateLimit": 1_000_000, "burstLimit": 1_000_000 }),
        Buckets::Unleased => json!({ "rateLimit": 1_000_000, "burstLimit": 3_000 }),
        Buckets::Empty => json!({ "rateLimit": 0.001, "burstLimit": 1 }),
    }
}

fn hashed(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().fold("sha256:".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The rules of `bench/firewall.py`: an address, texts and expressions in paths and headers, a size, SQL, a script.
fn ten() -> Vec<Value> {
    let (none, lower, path) = (&["NONE"], &["LOWERCASE"], json!({ "UriPath": {} }));
    let clean = &["URL_DECODE", "NORMALIZE_PATH"];
    let header = |name: &str| json!({ "SingleHeader": { "Name": name } });
    let (arguments, query) = (json!({ "AllQueryArguments": {} }), json!({ "QueryString": {} }));
    let office = json!({ "NotStatement": { "Statement": { "IPSetReferenceStatement": { "ARN": OFFICE } } } });
    let admin = text(&path, "/admin", "STARTS_WITH", clean);
    let agent = r"^(?:sqlmap|nikto|nmap|masscan|zgrab)(?:/|\s|$)";
    vec![
        json!({ "IPSetReferenceStatement": { "ARN": REFUSED } }),
        regex(&header("user-agent"), agent, lower),
        text(&path, "/wp-admin", "STARTS_WITH", clean),
        regex(&path, r"\.(?:bak|sql|env|git|old)$", &["URL_DECODE", "LOWERCASE"]),
        json!({ "AndStatement": { "Statements": [admin, office] } }),
        json!({ "SizeConstraintStatement": {
            "FieldToMatch": query, "ComparisonOperator": "GT", "Size": 2048, "TextTransformations": steps(none),
        } }),
        json!({ "SqliMatchStatement": {
            "FieldToMatch": arguments, "SensitivityLevel": "LOW", "TextTransformations": steps(&["URL_DECODE"]),
        } }),
        json!({ "XssMatchStatement": {
            "FieldToMatch": arguments, "TextTransformations": steps(&["URL_DECODE", "HTML_ENTITY_DECODE"]),
        } }),
        text(&query, "<script", "CONTAINS", &["URL_DECODE", "LOWERCASE"]),
        text(&header("x-debug"), "on", "EXACTLY", lower),
    ]
}

fn text(field: &Value, sought: &str, constraint: &str, transformations: &[&str]) -> Value {
    json!({ "ByteMatchStatement": {
        "FieldToMatch": field, "SearchString": STANDARD.encode(sought), "PositionalConstraint": constraint,
        "TextTransformations": steps(transformations),
    } })
}

fn regex(field: &Value, expression: &str, transformations: &[&str]) -> Value {
    json!({ "RegexMatchStatement": {
        "FieldToMatch": field, "RegexString": expression, "TextTransformations": steps(transformations),
    } })
}

fn steps(types: &[&str]) -> Value {
    types.iter().enumerate().map(|(n, kind)| json!({ "Priority": n, "Type": kind })).collect()
}
