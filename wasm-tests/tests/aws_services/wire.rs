//! Each subtype beside botocore: the request that the gateway sends is the one that the SDK would.

use crate::aws::{Aws, bytes, bytes_of};
use crate::world::{Asks, Route, World, decoded, pairs, route};
use sekisho::gateway::integrations::aws_service::subtype::SUBTYPES;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use wasm_tests::Recorded;

/// The body of the client's request: all 256 bytes.
fn body() -> Vec<u8> {
    (0..=255).collect()
}

/// A call of boto3's, and the subtype that makes it.
type Call = (&'static str, &'static str, &'static str, Value);

const QUEUE_URL: &str = "https://sqs.us-east-1.amazonaws.com/123456789012/orders.fifo";
/// What needs care in one language or another: a form, JSON, a URL, XML.
const ODD: &str = "a b+c&d=e%20f;\"g\"\\'h'<i>/j?k#l~m*(n),é\u{1f980}{o}";

fn calls() -> Vec<Call> {
    let mut all = messages();
    all.extend(events_and_streams());
    all.extend(executions());
    all.extend(tables());
    all.extend(objects());
    all
}

fn messages() -> Vec<Call> {
    let attributes = json!({ "Color": { "DataType": "String", "StringValue": ODD } });
    let trace = json!({ "AWSTraceHeader": { "DataType": "String", "StringValue": "Root=1-5f84c7a1-0" } });
    let sqs = |subtype, call, with| (subtype, "sqs", call, with);
    let sns = |with| ("SNS-Publish", "sns", "publish", with);
    vec![
        sqs("SQS-SendMessage", "send_message", json!({ "QueueUrl": QUEUE_URL, "MessageBody": ODD })),
        sqs(
            "SQS-SendMessage",
            "send_message",
            json!({
                "QueueUrl": QUEUE_URL, "MessageBody": ODD, "DelaySeconds": 7, "MessageAttributes": attributes,
                "MessageSystemAttributes": trace, "MessageDeduplicationId": "once", "MessageGroupId": "group",
            }),
        ),
        sqs("SQS-ReceiveMessage", "receive_message", json!({ "QueueUrl": QUEUE_URL })),
        sqs(
            "SQS-ReceiveMessage",
            "receive_message",
            json!({
                "QueueUrl": QUEUE_URL, "AttributeNames": ["SenderId", "SentTimestamp"], "MessageAttributeNames": ["Color", "Size.*"],
                "MaxNumberOfMessages": 10, "VisibilityTimeout": 0, "WaitTimeSeconds": 20, "ReceiveRequestAttemptId": "once",
            }),
        ),
        sqs(
            "SQS-DeleteMessage",
            "delete_message",
            json!({ "QueueUrl": QUEUE_URL, "ReceiptHandle": "AQEB+/==" }),
        ),
        sqs("SQS-PurgeQueue", "purge_queue", json!({ "QueueUrl": QUEUE_URL })),
        sns(json!({ "TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": ODD })),
        sns(json!({
            "TargetArn": "arn:aws:sns:us-east-1:123456789012:t.fifo", "Message": ODD, "Subject": ODD,
            "MessageAttributes": attributes, "MessageStructure": "json", "MessageGroupId": "g", "MessageDeduplicationId": "d",
        })),
    ]
}

fn events_and_streams() -> Vec<Call> {
    let events = |entry| ("EventBridge-PutEvents", "events", "put_events", json!({ "Entries": [entry] }));
    let kinesis = |with| ("Kinesis-PutRecord", "kinesis", "put_record", with);
    let appconfig = |with| ("AppConfig-GetConfiguration", "appconfig", "get_configuration", with);
    vec![
        events(json!({ "Source": ODD, "DetailType": ODD, "Detail": json!({ "odd": ODD }).to_string() })),
        events(json!({
            "Source": "shop", "DetailType": "sold", "Detail": "{}", "Time": 1_700_000_000, "EventBusName": "bus",
            "Resources": ["arn:one", "arn:two"], "TraceHeader": "Root=1-5f84c7a1-0",
        })),
        kinesis(json!({ "StreamName": "s", "Data": bytes(&body()), "PartitionKey": ODD })),
        kinesis(json!({
            "StreamName": "s", "Data": bytes(b"x"), "PartitionKey": "k", "ExplicitHashKey": "1", "SequenceNumberForOrdering": "2",
        })),
        appconfig(
            json!({ "Application": "app", "Environment": "prod", "Configuration": "flags", "ClientId": "me" }),
        ),
        appconfig(json!({
            "Application": ODD, "Environment": ODD, "Configuration": ODD, "ClientId": ODD, "ClientConfigurationVersion": ODD,
        })),
    ]
}

fn executions() -> Vec<Call> {
    let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:m";
    let all =
        json!({ "stateMachineArn": machine, "name": "once", "input": json!({ "odd": ODD }).to_string() });
    let mut traced = all.clone();
    traced["traceHeader"] = json!("Root=1-5f84c7a1-0");
    let execution = "arn:aws:states:us-east-1:123456789012:execution:m:once";
    let states = |subtype, call, with| (subtype, "stepfunctions", call, with);
    let (start, sync, stop) =
        ("StepFunctions-StartExecution", "StepFunctions-StartSyncExecution", "StepFunctions-StopExecution");
    vec![
        states(start, "start_execution", json!({ "stateMachineArn": machine })),
        states(start, "start_execution", all),
        states(sync, "start_sync_execution", json!({ "stateMachineArn": machine })),
        states(sync, "start_sync_execution", traced),
        states(stop, "stop_execution", json!({ "executionArn": execution })),
        states(stop, "stop_execution", json!({ "executionArn": execution, "cause": ODD, "error": ODD })),
    ]
}

fn tables() -> Vec<Call> {
    let key = json!({ "id": { "S": ODD } });
    let item = json!({
        "id": { "S": ODD }, "n": { "N": "1.50" }, "ok": { "BOOL": false }, "none": { "NULL": true },
        "list": { "L": [{ "M": { "a": { "SS": ["x", "y"] } } }] },
    });
    let with = |members: Value| {
        let mut with = json!({ "TableName": "pets" });
        for (name, member) in members.as_object().unwrap() {
            with[name] = member.clone();
        }
        with
    };
    let written = json!({
        "ConditionExpression": "attribute_not_exists(#i) AND #n < :n", "ExpressionAttributeNames": { "#i": "id", "#n": "n" },
        "ExpressionAttributeValues": { ":n": { "N": "7" } }, "ReturnValues": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL",
        "ReturnItemCollectionMetrics": "SIZE", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    });
    let changed = |name: &str, value: &Value| {
        let mut all = written.clone();
        all[name] = value.clone();
        all
    };
    let mut updated = changed("Key", &key);
    updated["UpdateExpression"] = json!("SET #n = :n");
    let read = json!({
        "IndexName": "by-n", "FilterExpression": "#n > :n", "ProjectionExpression": "#i", "ExpressionAttributeNames": { "#i": "id", "#n": "n" },
        "ExpressionAttributeValues": { ":n": { "N": "7" } }, "Limit": 3, "ExclusiveStartKey": key, "ConsistentRead": true,
        "Select": "SPECIFIC_ATTRIBUTES", "ReturnConsumedCapacity": "INDEXES",
    });
    let (mut queried, mut scanned) = (read.clone(), read);
    queried["KeyConditionExpression"] = json!("#i = :n");
    queried["ScanIndexForward"] = json!(false);
    scanned["Segment"] = json!(0);
    scanned["TotalSegments"] = json!(4);
    let got = json!({
        "Key": key, "ConsistentRead": true, "ProjectionExpression": "#i", "ExpressionAttributeNames": { "#i": "id" },
        "ReturnConsumedCapacity": "TOTAL",
    });
    let call = |subtype, call, members| (subtype, "dynamodb", call, with(members));
    vec![
        call("DynamoDB-GetItem", "get_item", json!({ "Key": key })),
        call("DynamoDB-GetItem", "get_item", got),
        call("DynamoDB-PutItem", "put_item", json!({ "Item": item })),
        call("DynamoDB-PutItem", "put_item", changed("Item", &item)),
        call("DynamoDB-UpdateItem", "update_item", json!({ "Key": key })),
        call("DynamoDB-UpdateItem", "update_item", updated),
        call("DynamoDB-DeleteItem", "delete_item", json!({ "Key": key })),
        call("DynamoDB-DeleteItem", "delete_item", changed("Key", &key)),
        call("DynamoDB-Query", "query", json!({})),
        call("DynamoDB-Query", "query", queried),
        call("DynamoDB-Scan", "scan", json!({})),
        call("DynamoDB-Scan", "scan", scanned),
    ]
}

fn objects() -> Vec<Call> {
    let owner = "123456789012";
    let date = "Wed, 21 Oct 2015 07:28:00 GMT";
    let call = |subtype, call, with| (subtype, "s3", call, with);
    vec![
        call("S3-GetObject", "get_object", json!({ "Bucket": "shop", "Key": "a/b.txt" })),
        call("S3-GetObject", "get_object", json!({ "Bucket": "shop", "Key": "/a//b/" })),
        call(
            "S3-GetObject",
            "get_object",
            json!({
                "Bucket": "shop", "Key": ODD, "Range": "bytes=0-9", "IfMatch": "\"e\"", "IfNoneMatch": "\"f\"", "VersionId": ODD,
                "IfModifiedSince": date, "IfUnmodifiedSince": date, "ResponseCacheControl": "no-cache",
                "ResponseContentDisposition": "attachment; filename=\"a b.txt\"", "ResponseContentType": "text/plain",
                "ExpectedBucketOwner": owner,
            }),
        ),
        call("S3-PutObject", "put_object", json!({ "Bucket": "shop", "Key": "k", "Body": bytes(&body()) })),
        call(
            "S3-PutObject",
            "put_object",
            json!({
                "Bucket": "shop", "Key": ODD, "Body": bytes(&body()), "ContentType": "image/png", "ContentEncoding": "br",
                "ContentDisposition": "inline", "ContentLanguage": "de", "CacheControl": "max-age=60", "IfMatch": "\"e\"",
                "IfNoneMatch": "*", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "key", "StorageClass": "STANDARD_IA",
                "Tagging": "a=b&c=d", "ExpectedBucketOwner": owner,
            }),
        ),
        call("S3-DeleteObject", "delete_object", json!({ "Bucket": "shop", "Key": "k" })),
        call(
            "S3-DeleteObject",
            "delete_object",
            json!({ "Bucket": "shop", "Key": ODD, "VersionId": "v", "IfMatch": "\"e\"", "ExpectedBucketOwner": owner }),
        ),
        call("S3-ListObjects", "list_objects_v2", json!({ "Bucket": "shop", "EncodingType": "url" })),
        call(
            "S3-ListObjects",
            "list_objects_v2",
            json!({
                "Bucket": "shop", "Prefix": ODD, "Delimiter": "/", "MaxKeys": 7, "ContinuationToken": ODD, "StartAfter": ODD,
                "EncodingType": "url", "FetchOwner": true, "ExpectedBucketOwner": owner,
            }),
        ),
    ]
}

/// The `requestParameters` that make a call of boto3's: its arguments, as texts.
fn parameters(service: &str, with: &Value) -> Value {
    let with = with.get("Entries").map_or(with, |entries| &entries[0]);
    let text = |name: &str, value: &Value| match value {
        Value::String(text) => text.clone(),
        _ if service == "s3" && name == "Body" => "$request.body".to_owned(),
        // A stream's data is written in base64 by those who call API Gateway.
        Value::Object(bytes) if bytes.contains_key("$bytes") => bytes["$bytes"].as_str().unwrap().to_owned(),
        _ => value.to_string(),
    };
    let members = with.as_object().unwrap().iter().map(|(name, value)| {
        let (first, rest) = name.split_at(1);
        (format!("{}{rest}", first.to_ascii_uppercase()), Value::from(text(name, value)))
    });
    Value::Object(members.collect())
}

/// Headers that are a matter of the connection, of signing, of traces, or of SDKs' and Envoy's own statistics.
const NOT_COMPARED: [&str; 15] = [
    "host",
    "content-length",
    "user-agent",
    "authorization",
    "date",
    "expect",
    "x-amz-date",
    "x-amz-content-sha256",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "accept-encoding",
    "x-envoy-expected-rq-timeout-ms",
    "transfer-encoding",
    "x-amzn-trace-id",
    "x-envoy-internal",
];

type Headers = BTreeMap<String, String>;

fn compared(headers: impl Iterator<Item = (String, String)>) -> Headers {
    headers.filter(|(name, _)| !NOT_COMPARED.contains(&name.as_str())).collect()
}

/// Asserts that a request is the one botocore would send.
pub(crate) fn assert_same(case: &str, recorded: &Recorded, wire: &Value) {
    let seen = &recorded.seen;
    let (path, query) = seen.path.split_once('?').unwrap_or((&seen.path, ""));
    let sent = bytes_of(&wire["body"]);
    let is_sqs = case.starts_with("SQS-");
    assert_eq!(Value::from(seen.method.as_str()), wire["method"], "{case}");
    // Of a queue's URL the gateway uses the path, as the service's reference shows; botocore names it in the form.
    let wanted = if is_sqs { "/123456789012/orders.fifo" } else { wire["path"].as_str().unwrap() };
    assert_eq!(path, wanted, "{case}");
    assert_eq!(pairs(query), pairs(wire["query"].as_str().unwrap()), "{case}");
    let theirs = wire["headers"].as_object().unwrap().iter();
    let theirs = compared(theirs.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())));
    let ours =
        seen.headers.iter().map(|(name, value)| (name.clone(), String::from_utf8(value.clone()).unwrap()));
    assert_eq!(compared(ours), theirs, "{case}");
    match theirs.get("content-type").map(String::as_str) {
        Some(json) if json.starts_with("application/x-amz-json") => {
            let ours: Value = serde_json::from_slice(&seen.body).unwrap();
            assert_eq!(ours, serde_json::from_slice::<Value>(&sent).unwrap(), "{case}");
        }
        Some(form) if form.starts_with("application/x-www-form-urlencoded") => {
            let form = |body: &[u8]| {
                let mut pairs = pairs(std::str::from_utf8(body).unwrap());
                pairs.retain(|(name, _)| !is_sqs || name != "QueueUrl");
                pairs
            };
            assert_eq!(form(&seen.body), form(&sent), "{case}");
        }
        _ => assert_eq!(seen.body, sent, "{case}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_subtype_sends_what_botocore_would() {
    let Some(aws) = Aws::shared() else { return };
    let calls = calls();
    let keys: Vec<String> = (0..calls.len()).map(|n| format!("POST /{n}")).collect();
    let routes: Vec<Route> = calls
        .iter()
        .zip(&keys)
        .map(|((subtype, service, _, with), key)| route(key, subtype, parameters(service, with)))
        .collect();
    let world = World::recorded(aws, &routes).await;
    let mut compared = BTreeMap::new();
    for ((subtype, service, call, with), key) in calls.iter().zip(&keys) {
        world.backend.forget();
        let case = format!("{subtype} of {with}");
        let answer = world.ask(key, Asks { body: &body(), ..Asks::default() }).await;
        assert_eq!(answer.status, 200, "{case}: {}", answer.text());
        assert_same(&case, &world.backend.only(), &world.aws.wire(service, call, with));
        *compared.entry(*subtype).or_insert(0) += 1;
    }
    println!("{} calls of {} subtypes were compared", calls.len(), compared.len());
    assert_eq!((calls.len(), compared.len()), (41, 21));
    world.gateway.assert_no_panic().await;
}

/// What the table has, the calls have: a parameter that is added to it is compared too.
#[test]
fn every_parameter_is_compared() {
    let mut of_calls = BTreeMap::<_, BTreeSet<_>>::new();
    for (subtype, service, _, with) in calls() {
        let Value::Object(parameters) = parameters(service, &with) else { panic!("{with}") };
        of_calls.entry(subtype).or_default().extend(parameters.into_iter().map(|(name, _)| name));
    }
    let of_table = SUBTYPES.iter().map(|subtype| {
        let names = subtype.parameters.iter().map(|parameter| parameter.name.to_owned());
        (subtype.name, names.collect::<BTreeSet<_>>())
    });
    assert_eq!(of_calls, of_table.collect());
}

/// Where a text means the same in different forms, it is the same.
#[test]
fn a_form_is_read_as_services_read_it() {
    assert_eq!(decoded("a+b%20c%2B%C3%A9"), "a b c+é");
}
