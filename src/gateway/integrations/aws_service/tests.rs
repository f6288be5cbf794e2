use super::rest::{is_bucket, queue_path};
use super::subtype::{Kind, Place, Protocol, SUBTYPES};
use crate::gateway::exchange::Exchange;
use crate::gateway::flow::{BodyWanted, Callout, CalloutReply, Flow};
use crate::gateway::head::Head;
use crate::gateway::testing::{ask, env, gateway, head, http};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn calling(subtype: &str, parameters: Value) -> Value {
    let integration = json!({
        "integrationType": "AWS_PROXY", "integrationSubtype": subtype, "requestParameters": parameters,
    });
    http(&["POST /x"], integration)
}

/// What becomes of a POST with this body.
fn posted(document: &Value, body: &[u8]) -> Flow {
    let mut exchange = Exchange::new(gateway(document));
    let flow = exchange.on_request_headers(Ok(head("POST", "/x", &[], false)), &env());
    assert_eq!(flow, Flow::Body(BodyWanted { bytes: usize::MAX }));
    exchange.on_request_body(body, true, &env())
}

fn call(flow: Flow) -> Callout {
    match flow {
        Flow::Call(callout) => callout,
        flow => panic!("{flow:?}"),
    }
}

fn status(flow: &Flow) -> u16 {
    match flow {
        Flow::Answer(answer) => answer.status,
        flow => panic!("{flow:?}"),
    }
}

#[test]
fn each_operation_stands_there_once_and_each_parameter_has_one_place() {
    let mut names = BTreeSet::new();
    for subtype in &SUBTYPES {
        assert!(names.insert(subtype.name), "{}", subtype.name);
        let (mut known, mut places) = (BTreeSet::new(), BTreeSet::new());
        for parameter in subtype.parameters {
            let at = format!("{} {}", subtype.name, parameter.name);
            assert!(known.insert(parameter.name), "{at}");
            assert_ne!(parameter.name, "Region", "{at}");
            let fits = match (subtype.protocol, parameter.place) {
                (Protocol::Json { .. }, Place::Member(name)) => places.insert(name),
                (Protocol::Query { .. }, Place::Member(name)) => places.insert(name),
                (Protocol::Query { .. }, Place::Path) => parameter.kind == Kind::Queue && parameter.required,
                (Protocol::Rest { path, .. }, Place::Path) => {
                    let holds = |end: &str| path.contains(&format!("{{{}{end}}}", parameter.name));
                    parameter.required && (holds("") || holds("+"))
                }
                (Protocol::Rest { .. }, Place::Query(name) | Place::Header(name)) => places.insert(name),
                (Protocol::Rest { .. }, Place::Body) => parameter.kind == Kind::Bytes,
                (Protocol::Json { .. }, Place::Path | Place::Query(_) | Place::Header(_) | Place::Body)
                | (Protocol::Query { .. }, Place::Query(_) | Place::Header(_) | Place::Body)
                | (Protocol::Rest { .. }, Place::Member(_)) => false,
            };
            assert!(fits, "{at}");
        }
    }
    assert_eq!(names.len(), 21);
}

#[test]
fn bytes_are_an_object_and_no_text() {
    let object = calling("S3-PutObject", json!({ "Bucket": "bucket", "Key": "k", "Body": "$request.body" }));
    assert_eq!(call(posted(&object, b"\xff\x00\xfe")).body, b"\xff\x00\xfe");
    let record = calling(
        "Kinesis-PutRecord",
        json!({ "StreamName": "s", "PartitionKey": "p", "Data": "${request.body}" }),
    );
    assert_eq!(status(&posted(&record, b"\xff\x00\xfe")), 400);
    assert_eq!(
        call(posted(&record, b"eA==")).body,
        br#"{"StreamName":"s","Data":"eA==","PartitionKey":"p"}"#
    );
}

#[test]
fn a_long_body_is_an_object_and_no_text() {
    let long = vec![b'"'; 2 * 1024 * 1024 + 1];
    let object = calling("S3-PutObject", json!({ "Bucket": "bucket", "Key": "k", "Body": "$request.body" }));
    assert_eq!(call(posted(&object, &long)).body.len(), long.len());
    let event = calling(
        "EventBridge-PutEvents",
        json!({ "Source": "s", "DetailType": "t", "Detail": "$request.body" }),
    );
    assert_eq!(status(&posted(&event, &long)), 413);
    let around = r#"{"Entries":[{"Detail":"","DetailType":"t","Source":"s"}]}"#;
    assert_eq!(call(posted(&event, &long[1..])).body.len(), 2 * (long.len() - 1) + around.len());
}

#[test]
fn a_list_is_read_into_memory_only_so_long() {
    let queue = "https://sqs.us-east-1.amazonaws.com/123456789012/q";
    let document =
        calling("SQS-ReceiveMessage", json!({ "QueueUrl": queue, "AttributeNames": "$request.body" }));
    let list = |bytes: usize| format!("[\"{}\"]", "a".repeat(bytes - 4));
    assert_eq!(status(&posted(&document, list(256 * 1024 + 1).as_bytes())), 400);
    let body = call(posted(&document, list(256 * 1024).as_bytes())).body;
    assert!(body.starts_with(b"Action=ReceiveMessage&Version=2012-11-05&AttributeName.1=aaa"), "{body:?}");
}

#[test]
fn a_body_that_nothing_reads_is_not_waited_for() {
    let document = calling("DynamoDB-Scan", json!({ "TableName": "t" }));
    let mut exchange = Exchange::new(gateway(&document));
    let flow = exchange.on_request_headers(Ok(head("POST", "/x", &[], false)), &env());
    assert_eq!(call(flow).body, br#"{"TableName":"t"}"#);
}

#[test]
fn what_envoy_says_in_a_services_place_is_not_the_services_answer() {
    let document = calling("DynamoDB-Scan", json!({ "TableName": "t" }));
    let told = |code: u16, headers: &[(&str, &str)]| {
        let (mut exchange, flow) = ask(&gateway(&document), "POST", "/x", &[]);
        let _ = call(flow);
        let reply = CalloutReply::Answered {
            status: code,
            head: Head::from_pairs(headers, false),
            body: b"b".to_vec(),
        };
        match exchange.on_callout(&reply, &env()) {
            Flow::Answer(answer) => (answer.status, answer.details.into_owned()),
            flow => panic!("{flow:?}"),
        }
    };
    let id = [("x-amzn-requestid", "r")];
    let own = |code: u16| (code, "sekisho_aws_service".to_owned());
    assert_eq!(
        [told(503, &id), told(504, &id), told(500, &[]), told(200, &[])],
        [own(503), own(504), own(500), own(200)]
    );
    assert_eq!(told(504, &[("x-amz-request-id", "r")]), own(504));
    assert_eq!(told(502, &[]), (503, "sekisho_integration_failure".to_owned()));
    assert_eq!(told(503, &[]), (503, "sekisho_integration_failure".to_owned()));
    assert_eq!(told(504, &[]), (504, "sekisho_integration_timeout".to_owned()));
    assert_eq!(told(199, &id), (503, "sekisho_integration_failure".to_owned()));
    assert_eq!(told(600, &id), (503, "sekisho_integration_failure".to_owned()));
    let unasked = |reply: CalloutReply| {
        let (mut exchange, _) = ask(&gateway(&document), "POST", "/x", &[]);
        match exchange.on_callout(&reply, &env()) {
            Flow::Answer(answer) => (answer.status, answer.details.into_owned()),
            flow => panic!("{flow:?}"),
        }
    };
    assert_eq!(unasked(CalloutReply::TooMany), (503, "sekisho_integration_busy".to_owned()));
    assert_eq!(unasked(CalloutReply::Failed), (503, "sekisho_integration_failure".to_owned()));
}

#[test]
fn a_queue_is_an_account_and_a_name() {
    for (url, path) in [
        ("https://sqs.us-east-1.amazonaws.com/123456789012/q", "/123456789012/q"),
        ("http://localhost:9324/000000000000/a-b_C.fifo", "/000000000000/a-b_C.fifo"),
    ] {
        assert_eq!(queue_path(url).as_deref(), Some(path));
    }
    let long = format!("https://x/123456789012/{}", "a".repeat(81));
    for wrong in [
        "",
        "/123456789012/q",
        "ftp://x/123456789012/q",
        "https://x/12345678901/q",
        "https://x/12345678901a/q",
        "https://x/123456789012/",
        "https://x/123456789012/.fifo",
        "https://x/123456789012/a.b",
        "https://x/123456789012/a/b",
        "https://x/123456789012/a?b",
        "https://x/123456789012/a%2F",
        "https://x//123456789012/a",
        "https://x/a/123456789012/a",
        &long,
    ] {
        assert_eq!(queue_path(wrong), None, "{wrong}");
    }
}

#[test]
fn a_bucket_is_a_label_of_a_host() {
    let (longest, too_long) = ("a".repeat(63), "a".repeat(64));
    for name in ["abc", "a.b-c.1", &longest] {
        assert!(is_bucket(name), "{name}");
    }
    for wrong in ["", "ab", "Abc", "a_b", "-ab", "ab-", ".ab", "ab.", "a..b", "a/b", "é11", &too_long] {
        assert!(!is_bucket(wrong), "{wrong}");
    }
}

proptest! {
    /// A client's value is the value that the service reads, and nothing around it.
    #[test]
    fn a_clients_value_adds_no_structure(text in any::<String>(), other in any::<String>()) {
        let item = "{\"id\":{\"S\":\"<${request.body.a}${request.body.b}>\"},\"bare\":${request.body.c}, \"fixed\":true}";
        let document = calling("DynamoDB-PutItem", json!({ "TableName": "t", "Item": item }));
        let nested = json!({ &*other: [text, null] });
        let sent = json!({ "a": text, "b": other, "c": nested }).to_string();
        let read: Value = serde_json::from_slice(&call(posted(&document, sent.as_bytes())).body).unwrap();
        let expected = json!({ "id": { "S": format!("<{text}{other}>") }, "bare": nested, "fixed": true });
        prop_assert_eq!(read, json!({ "TableName": "t", "Item": expected }));
    }

    /// Neither does one in a form.
    #[test]
    fn a_clients_value_adds_no_field(text in "[^\u{0}]+") {
        let queue = "https://sqs.us-east-1.amazonaws.com/123456789012/q";
        let document = calling("SQS-SendMessage", json!({ "QueueUrl": queue, "MessageBody": "$request.body" }));
        let body = String::from_utf8(call(posted(&document, text.as_bytes())).body).unwrap();
        let fields: Vec<&str> = body.split('&').collect();
        prop_assert_eq!(fields.len(), 3);
        let value = fields[2].strip_prefix("MessageBody=").unwrap();
        prop_assert_eq!(percent_encoding::percent_decode_str(value).decode_utf8().unwrap(), text);
    }
}
