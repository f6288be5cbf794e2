//! What is published reaches a queue that listens.

use crate::aws::Aws;
use crate::world::{Asks, World, element, route};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_who_subscribed() {
    let Some(aws) = Aws::shared() else { return };
    let queue = aws.call("sqs", "create_queue", json!({ "QueueName": "news" }))["QueueUrl"].clone();
    let topic = aws.call("sns", "create_topic", json!({ "Name": "news" }))["TopicArn"].clone();
    let arn = "arn:aws:sqs:us-east-1:123456789012:news";
    aws.call("sns", "subscribe", json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": arn }));
    let routes = [
        route(
            "POST /news",
            "SNS-Publish",
            json!({
                "TopicArn": topic, "Message": "$request.body", "Subject": "${stageVariables.color} ${request.header.x-about}",
                "MessageAttributes": r#"{"About":{"DataType":"String","StringValue":"${request.header.x-about}"}}"#,
            }),
        ),
        route(
            "POST /missing",
            "SNS-Publish",
            json!({
                "TopicArn": "arn:aws:sns:us-east-1:123456789012:missing", "Message": "$request.body",
            }),
        ),
    ];
    let world = World::emulated(aws, &routes).await;
    const TEXT: &str = "a+b&Message=other&TopicArn=x=y;%26é\u{1f980}\r\n<x>";
    let asks = || Asks { headers: &[("x-about", "cats & dogs")], body: TEXT.as_bytes() };
    let answer = world.ask("POST /news", asks()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let received =
        world.aws.call("sqs", "receive_message", json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10 }));
    let messages = received["Messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1);
    let said: Value = serde_json::from_str(messages[0]["Body"].as_str().unwrap()).unwrap();
    assert_eq!((&said["Message"], &said["Subject"]), (&json!(TEXT), &json!("blue cats & dogs")));
    assert_eq!(said["MessageAttributes"]["About"]["Value"], "cats & dogs");
    assert_eq!(said["MessageId"], element(&answer.text(), "MessageId"));

    let answer = world.ask("POST /missing", asks()).await;
    assert_eq!((answer.status, element(&answer.text(), "Code").as_str()), (404, "NotFound"));
    world.gateway.assert_no_panic().await;
}
