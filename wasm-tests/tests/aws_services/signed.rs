//! The emulator at one address for all services, as its users have it: it knows them by the signature's scope, so that Envoy signs, for
//! a role that it assumes at the same address.

use crate::aws::{Aws, bytes_of};
use crate::world::{Asks, World, document, route};
use serde_json::{Value, json};
use wasm_tests::{Backend, Gateway, Options, eventually};

const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT00001"),
    ("AWS_SECRET_ACCESS_KEY", "of-the-environment"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
];
const ACCOUNT: &str = "https://sqs.us-east-1.amazonaws.com/123456789012";

#[tokio::test(flavor = "multi_thread")]
async fn an_emulator_at_one_address_knows_services_by_envoys_signature() {
    let Some(aws) = Aws::shared() else { return };
    let queue =
        |name: &str| aws.call("sqs", "create_queue", json!({ "QueueName": name }))["QueueUrl"].clone();
    let (sent, published) = (queue("signed"), queue("signed-topic"));
    let topic = aws.call("sns", "create_topic", json!({ "Name": "signed" }))["TopicArn"].clone();
    let arn = "arn:aws:sqs:us-east-1:123456789012:signed-topic";
    aws.call("sns", "subscribe", json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": arn }));
    aws.call("s3", "create_bucket", json!({ "Bucket": "signed" }));
    aws.call("kinesis", "create_stream", json!({ "StreamName": "signed", "ShardCount": 1 }));
    let attribute = json!([{ "AttributeName": "id", "AttributeType": "S" }]);
    let key = json!([{ "AttributeName": "id", "KeyType": "HASH" }]);
    let table = json!({
        "TableName": "signed", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": attribute, "KeySchema": key,
    });
    aws.call("dynamodb", "create_table", table);
    let missing = "arn:aws:states:us-east-1:123456789012:execution:missing:x";
    let routes = [
        route(
            "POST /sqs",
            "SQS-SendMessage",
            json!({ "QueueUrl": format!("{ACCOUNT}/signed"), "MessageBody": "$request.body" }),
        ),
        route("POST /sns", "SNS-Publish", json!({ "TopicArn": topic, "Message": "$request.body" })),
        route(
            "POST /s3/{key+}",
            "S3-PutObject",
            json!({ "Bucket": "signed", "Key": "$request.path.key", "Body": "$request.body" }),
        ),
        route("GET /s3/{key+}", "S3-GetObject", json!({ "Bucket": "signed", "Key": "$request.path.key" })),
        route(
            "POST /dynamodb",
            "DynamoDB-PutItem",
            json!({ "TableName": "signed", "Item": r#"{"id":{"S":"${request.body.id}"}}"# }),
        ),
        route(
            "POST /kinesis",
            "Kinesis-PutRecord",
            json!({ "StreamName": "signed", "Data": "aGk=", "PartitionKey": "k" }),
        ),
        route(
            "POST /events",
            "EventBridge-PutEvents",
            json!({ "Detail": "$request.body", "DetailType": "t", "Source": "s" }),
        ),
        route("POST /states", "StepFunctions-StopExecution", json!({ "ExecutionArn": missing })),
    ];
    let mut document = document(&routes);
    for integration in document["apis"][0]["integrations"].as_array_mut().unwrap() {
        integration["credentialsArn"] = json!("arn:aws:iam::123456789012:role/gateway");
    }
    for endpoint in document["endpoints"].as_object_mut().unwrap().values_mut() {
        *endpoint = json!(format!("http://{}", aws.address));
    }
    document["endpoints"]["sts"] = json!(format!("http://{}", aws.address));
    let options = Options {
        environment: KEYS.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..Options::default()
    };
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document, &backend, options).await;
    let world = World { aws, gateway, backend };
    // Envoy's first question goes to AWS's own STS, which does not know the test's credentials, or cannot be reached.
    eventually("the role is assumed", async || {
        (world.ask("GET /s3/missing", Asks::default()).await.status == 404).then_some(())
    })
    .await;
    let body = json!({ "id": "7" }).to_string();
    let asks = || Asks { body: body.as_bytes(), ..Asks::default() };
    for (line, status) in [
        ("POST /sqs", 200),
        ("POST /sns", 200),
        ("POST /s3/a%20b/%23%2B%C3%A9", 200),
        ("POST /dynamodb", 200),
        ("POST /kinesis", 200),
        ("POST /events", 200),
        ("POST /states", 400),
    ] {
        let answer = world.ask(line, asks()).await;
        assert_eq!(answer.status, status, "{line}: {}", answer.text());
    }
    let received = |queue: &Value| {
        aws.call("sqs", "receive_message", json!({ "QueueUrl": queue }))["Messages"][0]["Body"].clone()
    };
    assert_eq!(received(&sent), body);
    let said: Value = serde_json::from_str(received(&published).as_str().unwrap()).unwrap();
    assert_eq!(said["Message"], body);
    let object = aws.call("s3", "get_object", json!({ "Bucket": "signed", "Key": "a b/#+é" }));
    assert_eq!(bytes_of(&object["Body"]), body.as_bytes());
    let item =
        aws.call("dynamodb", "get_item", json!({ "TableName": "signed", "Key": { "id": { "S": "7" } } }));
    assert_eq!(item["Item"]["id"]["S"], "7");
    world.gateway.assert_no_panic().await;
}
