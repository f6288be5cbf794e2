//! Web ACLs in a real Envoy: what is logged and counted of them, and where clients are said to come from.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod bodies;
mod export;
mod geo;
mod lines;
mod rates;
mod told;

use serde_json::{Value, json};

/// The web ACL of these rules, and an API with it on stage `prod`, beside one stage that has none.
fn document(rules: Value, logging: Value) -> Value {
    const ARN: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/edge/1";
    let logging = match logging {
        Value::Null => json!([]),
        mut logging => {
            logging["ResourceArn"] = ARN.into();
            json!([{ "LoggingConfiguration": logging }])
        }
    };
    json!({
        "webAcls": [{
            "Name": "edge", "Id": "1", "ARN": ARN, "DefaultAction": { "Allow": {} },
            "VisibilityConfig": visible("edge"), "Rules": rules,
        }],
        "loggingConfigurations": logging,
        "apis": [{
            "apiId": "shop", "protocolType": "HTTP",
            "stages": [{ "stageName": "prod", "webAclArn": ARN }, { "stageName": "open" }],
            "integrations": [{
                "integrationId": "it", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                "integrationUri": "http://backend.test/it",
            }],
            "routes": [{ "routeKey": "$default", "target": "integrations/it" }],
        }],
    })
}

fn visible(metric: &str) -> Value {
    json!({ "SampledRequestsEnabled": false, "CloudWatchMetricsEnabled": true, "MetricName": metric })
}

fn rule(name: &str, priority: u32, statement: Value, action: &str) -> Value {
    json!({
        "Name": name, "Priority": priority, "Statement": statement, "Action": { action: {} },
        "VisibilityConfig": visible(name),
    })
}

/// A header that begins so.
fn header(name: &str, text: &str) -> Value {
    use base64::Engine;
    json!({ "ByteMatchStatement": {
        "SearchString": base64::engine::general_purpose::STANDARD.encode(text),
        "FieldToMatch": { "SingleHeader": { "Name": name } },
        "TextTransformations": [{ "Priority": 0, "Type": "NONE" }],
        "PositionalConstraint": "STARTS_WITH",
    } })
}
