//! A web ACL before upgrades.

use super::ends::{Server, document, gateway, nothing_is_left, receive, refused, try_connect};
use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use wasm_tests::Options;

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_passes_the_rules_or_is_blocked_and_messages_are_none_of_theirs() {
    const ARN: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/chat/1";
    let seen = |name: &str| json!({ "SampledRequestsEnabled": false, "CloudWatchMetricsEnabled": true, "MetricName": name });
    let contains = |field, text| {
        json!({ "ByteMatchStatement": {
            "SearchString": text, "FieldToMatch": field, "PositionalConstraint": "CONTAINS",
            "TextTransformations": [{ "Priority": 0, "Type": "NONE" }],
        } })
    };
    let insert = json!({ "Count": { "CustomRequestHandling": { "InsertHeaders": [{ "Name": "Room", "Value": "one" }] } } });
    // base64 of `evil` and of `room=1`.
    let rules = json!([
        { "Name": "body", "Priority": 0, "Statement": contains(json!({ "Body": {} }), "ZXZpbA=="), "Action": { "Block": {} }, "VisibilityConfig": seen("body") },
        { "Name": "header", "Priority": 1, "Statement": contains(json!({ "SingleHeader": { "Name": "origin" } }), "ZXZpbA=="), "Action": { "Block": {} }, "VisibilityConfig": seen("header") },
        { "Name": "room", "Priority": 2, "Statement": contains(json!({ "QueryString": {} }), "cm9vbT0x"), "Action": insert, "VisibilityConfig": seen("room") },
    ]);
    let mut document = document(&json!({}));
    document["apis"][0]["stages"][0]["webAclArn"] = ARN.into();
    document["webAcls"] = json!([{
        "Name": "chat", "ARN": ARN, "DefaultAction": { "Allow": {} }, "VisibilityConfig": seen("chat"), "Rules": rules,
    }]);
    let server = Server::start().await;
    let gateway = gateway(&server, &document, Options::default()).await;
    let response = refused(&gateway, "/echo", &[("origin", "https://evil.example")]).await;
    assert_eq!(response.status(), 403);
    assert!(server.told().heads.is_empty(), "nobody behind the rules saw it");
    let (mut client, _) = try_connect(&gateway, "/echo?room=1", &[("x-amzn-waf-room", "two")]).await.unwrap();
    let (_, sent) = server.told().heads.remove(0);
    assert_eq!(sent["x-amzn-waf-room"], "one");
    client.send(Message::text("evil")).await.unwrap();
    assert_eq!(receive(&mut client).await, Message::text("evil"));
    drop(client);
    nothing_is_left(&gateway).await;
    gateway.assert_no_panic().await;
}
