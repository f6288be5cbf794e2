//! Queues: what a client sends is what boto3 finds, and the other way round.

use crate::aws::Aws;
use crate::world::{Asks, Route, World, element, route};
use serde_json::{Value, json};

const ACCOUNT: &str = "https://sqs.us-east-1.amazonaws.com/123456789012";

/// A queue of boto3's, and its URL as documents have it.
fn queue(aws: &Aws, name: &str) -> (Value, String) {
    let fifo = name.ends_with(".fifo");
    let attributes = if fifo { json!({ "FifoQueue": "true" }) } else { json!({}) };
    let made = aws.call("sqs", "create_queue", json!({ "QueueName": name, "Attributes": attributes }));
    (made["QueueUrl"].clone(), format!("{ACCOUNT}/{name}"))
}

/// The messages of a queue, which stay in it.
fn messages(aws: &Aws, queue: &Value) -> Vec<Value> {
    let with = json!({
        "QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0, "AttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
    });
    let mut received = aws.call("sqs", "receive_message", with);
    match received["Messages"].take() {
        Value::Array(messages) => messages,
        _ => Vec::new(),
    }
}

/// The only message of a queue, which is deleted.
fn only(aws: &Aws, queue: &Value) -> Value {
    let mut messages = messages(aws, queue);
    assert_eq!(messages.len(), 1, "{messages:?}");
    let message = messages.remove(0);
    let with = json!({ "QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"] });
    aws.call("sqs", "delete_message", with);
    message
}

fn count(aws: &Aws, queue: &Value, attribute: &str) -> String {
    let asked = json!({ "QueueUrl": queue, "AttributeNames": [attribute] });
    let attributes = aws.call("sqs", "get_queue_attributes", asked);
    attributes["Attributes"][attribute].as_str().unwrap().to_owned()
}

fn send(key: &str, queue: &str, body: &str) -> Route {
    route(key, "SQS-SendMessage", json!({ "QueueUrl": queue, "MessageBody": body }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_made_of_what_a_request_has() {
    let Some(aws) = Aws::shared() else { return };
    let (plain, url) = queue(aws, "sources");
    let routes = [
        send("POST /body", &url, "$request.body"),
        send("POST /member", &url, "$request.body.order.lines[1].name"),
        send("POST /object", &url, "$request.body.order"),
        send("POST /header", &url, "$request.header.X-Text"),
        send("POST /query", &url, "$request.querystring.text"),
        send("POST /path/{text}", &url, "$request.path.text"),
        send("POST /greedy/{text+}", &url, "$request.path.text"),
        send("POST /context", &url, "$context.routeKey"),
        send("POST /stage", &url, "$stageVariables.color"),
        send("POST /static", &url, "static text"),
        send(
            "POST /mixed/{a}",
            &url,
            "${request.path.a}-${request.header.x-text}-${stageVariables.color}: ${context.httpMethod}",
        ),
    ];
    let world = World::emulated(aws, &routes).await;
    const ODD: &str = "a+b&Action=DeleteQueue&QueueUrl=x=y;\"q\"'s'<x>%26é\u{1f980} \\ /../";
    let order = json!({ "order": { "lines": [{ "name": "no" }, { "name": ODD }] } }).to_string();
    let inner = json!({ "lines": [{ "name": "no" }, { "name": ODD }] });
    let headers: &[(&str, &str)] = &[("x-text", ODD)];
    for (line, body, expected) in [
        ("POST /body", ODD, ODD),
        ("POST /member", &order, ODD),
        ("POST /object", &order, ""),
        ("POST /header", "", ODD),
        ("POST /query?text=a%26Action%3DDeleteQueue%2B%25+b%C3%A9", "", "a&Action=DeleteQueue+% bé"),
        ("POST /query?text=1&text=2", "", "1,2"),
        ("POST /path/a%26Action=x%2By", "", "a&Action=x+y"),
        ("POST /greedy/a/b%20c", "", "a/b c"),
        ("POST /context", "", "POST /context"),
        ("POST /stage", "", "blue"),
        ("POST /static", "", "static text"),
        ("POST /mixed/p", "", &format!("p-{ODD}-blue: POST")),
    ] {
        let answer = world.ask(line, Asks { headers, body: body.as_bytes() }).await;
        assert_eq!(answer.status, 200, "{line}: {}", answer.text());
        let message = only(world.aws, &plain);
        let text = message["Body"].as_str().unwrap();
        if line == "POST /object" {
            assert_eq!(serde_json::from_str::<Value>(text).unwrap(), inner);
        } else {
            assert_eq!(text, expected, "{line}");
        }
        assert_eq!(message["MessageId"], element(&answer.text(), "MessageId"), "{line}: {}", answer.text());
    }
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_attributes_a_delay_and_a_place_in_its_group() {
    let Some(aws) = Aws::shared() else { return };
    let (plain, url) = queue(aws, "attributes");
    let (fifo, fifo_url) = queue(aws, "orders.fifo");
    let attributes = r#"{"Color":{"DataType":"String","StringValue":"${stageVariables.color}"},"From":{"DataType":"String","StringValue":"${request.header.x-from}"},"Raw":{"DataType":"Binary","BinaryValue":"AP8="}}"#;
    let routes = [
        route(
            "POST /attributes",
            "SQS-SendMessage",
            json!({
                "QueueUrl": url, "MessageBody": "$request.body", "MessageAttributes": attributes,
                "MessageSystemAttributes": r#"{"AWSTraceHeader":{"DataType":"String","StringValue":"Root=1-5f84c7a1-0"}}"#,
            }),
        ),
        route(
            "POST /later",
            "SQS-SendMessage",
            json!({
                "QueueUrl": url, "MessageBody": "later", "DelaySeconds": "$request.querystring.seconds",
            }),
        ),
        route(
            "POST /groups/{group}",
            "SQS-SendMessage",
            json!({
                "QueueUrl": fifo_url, "MessageBody": "$request.body.text", "MessageGroupId": "$request.path.group",
                "MessageDeduplicationId": "$request.header.x-once",
            }),
        ),
    ];
    let world = World::emulated(aws, &routes).await;
    let asks = Asks { headers: &[("x-from", "an \"odd\" {one}")], body: b"hi" };
    assert_eq!(world.ask("POST /attributes", asks).await.status, 200);
    let message = only(world.aws, &plain);
    let found = &message["MessageAttributes"];
    assert_eq!(found["Color"]["StringValue"], "blue", "{message}");
    assert_eq!(found["From"]["StringValue"], "an \"odd\" {one}", "{message}");
    assert_eq!(crate::aws::bytes_of(&found["Raw"]["BinaryValue"]), [0, 255]);
    assert_eq!(message["Attributes"]["AWSTraceHeader"], "Root=1-5f84c7a1-0");

    assert_eq!(world.ask("POST /later?seconds=900", Asks::default()).await.status, 200);
    assert_eq!(messages(world.aws, &plain).len(), 0);
    assert_eq!(count(world.aws, &plain, "ApproximateNumberOfMessagesDelayed"), "1");

    for (group, once, text) in [("a", "1", "first"), ("a", "1", "again"), ("b", "2", "second")] {
        let body = json!({ "text": text }).to_string();
        let asks = Asks { headers: &[("x-once", once)], body: body.as_bytes() };
        let answer = world.ask(&format!("POST /groups/{group}"), asks).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let found: Vec<_> = messages(world.aws, &fifo)
        .into_iter()
        .map(|message| {
            let attributes = &message["Attributes"];
            (
                message["Body"].clone(),
                attributes["MessageGroupId"].clone(),
                attributes["MessageDeduplicationId"].clone(),
            )
        })
        .collect();
    let expected = [("first", "a", "1"), ("second", "b", "2")]
        .map(|(body, group, once)| (json!(body), json!(group), json!(once)));
    assert_eq!(found, expected, "the second was sent once");
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_receives_deletes_and_purges() {
    let Some(aws) = Aws::shared() else { return };
    let (plain, url) = queue(aws, "receipts");
    let (empty, empty_url) = queue(aws, "empty");
    let routes = [
        route(
            "GET /messages",
            "SQS-ReceiveMessage",
            json!({
                "QueueUrl": url, "MaxNumberOfMessages": "$request.querystring.max", "VisibilityTimeout": "600",
                "AttributeNames": r#"["SentTimestamp"]"#, "MessageAttributeNames": r#"["Color"]"#, "WaitTimeSeconds": "0",
            }),
        ),
        route("GET /none", "SQS-ReceiveMessage", json!({ "QueueUrl": empty_url })),
        route(
            "DELETE /messages",
            "SQS-DeleteMessage",
            json!({ "QueueUrl": url, "ReceiptHandle": "$request.header.x-handle" }),
        ),
        route("DELETE /queue", "SQS-PurgeQueue", json!({ "QueueUrl": empty_url })),
    ];
    let color = json!({ "Color": { "DataType": "String", "StringValue": "red" } });
    for body in ["<one> & \"two\"", "other"] {
        aws.call(
            "sqs",
            "send_message",
            json!({ "QueueUrl": plain, "MessageBody": body, "MessageAttributes": color }),
        );
        aws.call("sqs", "send_message", json!({ "QueueUrl": empty, "MessageBody": body }));
    }
    let world = World::emulated(aws, &routes).await;

    let answer = world.ask("GET /messages?max=1", Asks::default()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header("content-type").is_some_and(|kind| kind.contains("xml")), "{:?}", answer.headers);
    let text = answer.text();
    assert_eq!(text.matches("<Message>").count(), 1, "{text}");
    assert_eq!(element(&text, "Body"), "&lt;one&gt; &amp; &quot;two&quot;");
    assert!(text.contains("SentTimestamp") && text.contains("<StringValue>red</StringValue>"), "{text}");
    assert_eq!(count(world.aws, &plain, "ApproximateNumberOfMessagesNotVisible"), "1");

    let handle = element(&text, "ReceiptHandle");
    let asks = Asks { headers: &[("x-handle", &handle)], ..Asks::default() };
    let answer = world.ask("DELETE /messages", asks).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(count(world.aws, &plain, "ApproximateNumberOfMessagesNotVisible"), "0");
    assert_eq!(only(world.aws, &plain)["Body"], "other");

    assert_eq!(count(world.aws, &empty, "ApproximateNumberOfMessages"), "2");
    let answer = world.ask("DELETE /queue", Asks::default()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(count(world.aws, &empty, "ApproximateNumberOfMessages"), "0");
    let answer = world.ask("GET /none", Asks::default()).await;
    assert_eq!((answer.status, answer.text().matches("<Message>").count()), (200, 0));
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_refuses_is_told_as_it_says_it() {
    let Some(aws) = Aws::shared() else { return };
    let (plain, url) = queue(aws, "refusals");
    let routes = [
        send("POST /missing", &format!("{ACCOUNT}/missing"), "hi"),
        route(
            "POST /late",
            "SQS-SendMessage",
            json!({ "QueueUrl": url, "MessageBody": "hi", "DelaySeconds": "901" }),
        ),
        route(
            "POST /handle",
            "SQS-DeleteMessage",
            json!({ "QueueUrl": url, "ReceiptHandle": "$request.header.x-handle" }),
        ),
        send("POST /chosen", "$request.header.x-queue", "hi"),
    ];
    let world = World::emulated(aws, &routes).await;
    for (line, headers, code) in [
        ("POST /missing", &[][..], "AWS.SimpleQueueService.NonExistentQueue"),
        ("POST /late", &[], "InvalidParameterValue"),
        ("POST /handle", &[("x-handle", "no handle")], "ReceiptHandleIsInvalid"),
    ] {
        let answer = world.ask(line, Asks { headers, ..Asks::default() }).await;
        assert_eq!((answer.status, element(&answer.text(), "Code").as_str()), (400, code), "{line}");
    }
    assert_eq!(messages(world.aws, &plain).len(), 0);
    // A client that may choose the queue does not choose the host.
    for queue in [url, "https://evil.test/123456789012/refusals".to_owned()] {
        let asks = Asks { headers: &[("x-queue", &queue)], ..Asks::default() };
        let answer = world.ask("POST /chosen", asks).await;
        assert_eq!(answer.status, 200, "{queue}: {}", answer.text());
        only(world.aws, &plain);
    }
    assert_eq!(world.backend.seen().len(), 0, "every other host of the tests is the backend");
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_is_the_documents_to_choose() {
    let Some(aws) = Aws::shared() else { return };
    let (here, url) = queue(aws, "regions");
    let there = aws.call_in("eu-west-1", "sqs", "create_queue", json!({ "QueueName": "regions" }));
    let parameters = json!({ "QueueUrl": url, "MessageBody": "hi", "Region": "eu-west-1" });
    let world = World::emulated(aws, &[route("POST /there", "SQS-SendMessage", parameters)]).await;
    let answer = world.ask("POST /there", Asks::default()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(messages(world.aws, &here).len(), 0);
    let received =
        world.aws.call_in("eu-west-1", "sqs", "receive_message", json!({ "QueueUrl": there["QueueUrl"] }));
    assert_eq!(received["Messages"][0]["Body"], "hi");
    world.gateway.assert_no_panic().await;
}
