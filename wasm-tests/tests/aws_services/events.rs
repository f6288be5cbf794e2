//! Events reach the queue of a rule, records their shard.

use crate::aws::{Aws, bytes_of};
use crate::world::{Asks, World, route};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_reaches_the_queue_of_a_rule() {
    let Some(aws) = Aws::shared() else { return };
    let queue = aws.call("sqs", "create_queue", json!({ "QueueName": "sold" }))["QueueUrl"].clone();
    aws.call("events", "create_event_bus", json!({ "Name": "shop" }));
    let pattern = json!({ "source": ["shop.test"], "detail-type": ["sold"] }).to_string();
    aws.call(
        "events",
        "put_rule",
        json!({ "Name": "sold", "EventBusName": "shop", "EventPattern": pattern }),
    );
    let target = json!({ "Id": "queue", "Arn": "arn:aws:sqs:us-east-1:123456789012:sold" });
    aws.call("events", "put_targets", json!({ "Rule": "sold", "EventBusName": "shop", "Targets": [target] }));
    let routes = [route(
        "POST /events/{kind}",
        "EventBridge-PutEvents",
        json!({
            "Detail": "$request.body", "DetailType": "$request.path.kind", "Source": "shop.test", "EventBusName": "shop",
            "Time": "$request.header.x-time", "Resources": r#"["arn:${stageVariables.color}", "${request.header.x-resource}"]"#,
        }),
    )];
    let world = World::emulated(aws, &routes).await;
    let detail = json!({ "id": 7, "text": "é \u{1f980} \"q\" ]}, \"Source\":\"other\"" });
    let body = detail.to_string();
    let headers = &[("x-time", "2026-01-31T12:00:00Z"), ("x-resource", r#"a","b"#)];
    for (kind, arrives) in [("sold", true), ("lost", false)] {
        let answer =
            world.ask(&format!("POST /events/{kind}"), Asks { headers, body: body.as_bytes() }).await;
        let said: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status, &said["FailedEntryCount"]), (200, &json!(0)), "{said}");
        let with = json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10 });
        let received = world.aws.call("sqs", "receive_message", with);
        let messages = received["Messages"].as_array().map_or(&[][..], Vec::as_slice);
        assert_eq!(messages.len(), usize::from(arrives), "{kind}");
        for message in messages {
            let event: Value = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
            assert_eq!(event["detail"], detail);
            assert_eq!(event["id"], said["Entries"][0]["EventId"]);
            let found = (&event["source"], &event["detail-type"], &event["time"]);
            assert_eq!(found, (&json!("shop.test"), &json!("sold"), &json!("2026-01-31T12:00:00Z")));
            assert_eq!(event["resources"], json!(["arn:blue", r#"a","b"#]), "a client adds no resource");
        }
    }
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_reaches_its_shard() {
    let Some(aws) = Aws::shared() else { return };
    aws.call("kinesis", "create_stream", json!({ "StreamName": "clicks", "ShardCount": 2 }));
    let routes = [
        route(
            "POST /clicks",
            "Kinesis-PutRecord",
            json!({
                "StreamName": "clicks", "Data": "$request.body.data", "PartitionKey": "${context.stage}-${request.header.x-user}",
                "ExplicitHashKey": "$request.querystring.hash",
            }),
        ),
        route(
            "POST /missing",
            "Kinesis-PutRecord",
            json!({
                "StreamName": "missing", "Data": "$request.body.data", "PartitionKey": "k",
            }),
        ),
    ];
    let world = World::emulated(aws, &routes).await;
    let data: Vec<u8> = (0..=255).collect();
    let body = json!({ "data": BASE64.encode(&data) }).to_string();
    let asks = || Asks { headers: &[("x-user", "an\"n")], body: body.as_bytes() };
    // A great hash lies in the last shard.
    let answer = world.ask("POST /clicks?hash=340282366920938463463374607431768211454", asks()).await;
    let said: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, &said["ShardId"]), (200, &json!("shardId-000000000001")), "{said}");
    let shard =
        json!({ "StreamName": "clicks", "ShardId": said["ShardId"], "ShardIteratorType": "TRIM_HORIZON" });
    let start = world.aws.call("kinesis", "get_shard_iterator", shard)["ShardIterator"].clone();
    let read = world.aws.call("kinesis", "get_records", json!({ "ShardIterator": start }));
    let records = read["Records"].as_array().unwrap();
    assert_eq!(records.len(), 1, "{read}");
    assert_eq!(bytes_of(&records[0]["Data"]), data);
    assert_eq!(records[0]["PartitionKey"], "$default-an\"n");
    assert_eq!(records[0]["SequenceNumber"], said["SequenceNumber"]);

    let answer = world.ask("POST /missing", asks()).await;
    let said: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, &said["__type"]), (400, &json!("ResourceNotFoundException")), "{said}");
    world.gateway.assert_no_panic().await;
}
