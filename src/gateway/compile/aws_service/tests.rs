use crate::gateway::clusters::Cluster;
use crate::gateway::compile::compile;
use crate::gateway::surroundings::Elsewhere;
use crate::gateway::testing::{self, config, http, problems, rest, set};
use serde_json::{Value, json};

const AT: &str = "apis[0].integrations[0]";

fn sending(parameters: Value) -> Value {
    let integration = json!({
        "integrationType": "AWS_PROXY", "integrationSubtype": "SQS-SendMessage", "payloadFormatVersion": "1.0",
        "requestParameters": parameters,
    });
    let mut document = http(&["POST /x"], integration);
    document["apis"][0]["stages"][0]["stageVariables"] = json!({ "region": "eu-west-1", "queue": "orders" });
    document
}

fn good() -> Value {
    sending(
        json!({ "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q", "MessageBody": "$request.body" }),
    )
}

fn spoiled(change: impl FnOnce(&mut Value)) -> String {
    testing::spoiled(good(), change)
}

fn with(name: &str, value: &str) -> String {
    spoiled(|document| document["apis"][0]["integrations"][0]["requestParameters"][name] = json!(value))
}

fn calling(subtype: &str, parameters: Value) -> String {
    let integration = json!({
        "integrationType": "AWS_PROXY", "integrationSubtype": subtype, "requestParameters": parameters,
    });
    problems(&http(&["POST /x"], integration))
}

fn clusters(document: &Value) -> Vec<Cluster> {
    compile(&config(document), &Elsewhere).unwrap().clusters
}

#[test]
fn an_operation_is_named_as_aws_names_it() {
    let named = |name: &str| spoiled(set("/apis/0/integrations/0/integrationSubtype", json!(name)));
    assert_eq!(
        named("SQS-SendMesage"),
        format!(
            "error: {AT}.integrationSubtype: no operation is named `SQS-SendMesage`\n  help: an operation with a similar name exists: `SQS-SendMessage`"
        )
    );
    let unknown = named("EC2-TerminateInstances");
    assert!(unknown.contains("no operation is named `EC2-TerminateInstances`\n  help: the operations are EventBridge-PutEvents, "), "{unknown}");
    let of_proxy = http(
        &["GET /x"],
        json!({ "integrationType": "HTTP_PROXY", "integrationUri": "http://b", "integrationSubtype": "SQS-PurgeQueue" }),
    );
    assert_eq!(
        problems(&of_proxy),
        format!(
            "error: {AT}.integrationSubtype: only `AWS_PROXY` integrations have one\n  help: write `\"integrationType\": \"AWS_PROXY\"`, or remove it"
        )
    );
    let on_rest =
        rest(&["GET /x"], json!({ "integrationType": "AWS_PROXY", "integrationSubtype": "SQS-PurgeQueue" }));
    assert!(problems(&on_rest).starts_with(&format!(
        "error: {AT}.integrationSubtype: only HTTP APIs call services in this way\n  help: "
    )));
}

#[test]
fn what_says_where_a_backend_is_has_no_place() {
    for (member, value) in [
        ("integrationUri", json!("http://b")),
        ("integrationMethod", json!("POST")),
        ("connectionType", json!("VPC_LINK")),
        ("connectionId", json!("l")),
        ("cluster", json!("c")),
        ("tlsConfig", json!({})),
        ("credential", json!({})),
        ("protocolVersion", json!("HTTP2")),
        ("healthCheck", json!({})),
        ("retryPolicy", json!({})),
    ] {
        let found = spoiled(|document| document["apis"][0]["integrations"][0][member] = value);
        let expected = format!(
            "error: {AT}.{member}: an integration with `integrationSubtype` has none\n  help: remove it"
        );
        assert!(found.starts_with(&expected), "{found}");
    }
    assert_eq!(
        spoiled(set("/apis/0/integrations/0/payloadFormatVersion", json!("2.0"))),
        format!(
            "error: {AT}.payloadFormatVersion: services have the format `1.0`\n  help: write `\"1.0\"`, or remove it"
        )
    );
}

#[test]
fn parameters_are_those_of_the_operation() {
    assert_eq!(
        with("MesageGroupId", "a"),
        format!(
            "error: {AT}.requestParameters[\"MesageGroupId\"]: `SQS-SendMessage` takes no `MesageGroupId`\n  help: a parameter with a similar name exists: `MessageGroupId`"
        )
    );
    assert!(
        with("append:header.a", "b")
            .contains("takes no `append:header.a`\n  help: it takes QueueUrl, MessageBody, ")
    );
    assert_eq!(
        with("QueueUrl", ""),
        format!(
            "error: {AT}.requestParameters: `SQS-SendMessage` needs `QueueUrl`\n  help: add `\"QueueUrl\": \"…\"`: the URL of a queue: `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`"
        )
    );
    assert_eq!(with("DelaySeconds", ""), "");
    assert!(with("DelaySeconds", "$request.cookie.a").contains("`$request.cookie.a` is not a source"));
}

#[test]
fn what_no_request_changes_is_checked_at_once() {
    let is_not = |name: &str, value: &str, what: &str| {
        let found = with(name, value);
        let expected = format!("error: {AT}.requestParameters[{name:?}]: `{value}` is not {what}");
        assert!(found.starts_with(&expected), "{found}");
    };
    is_not("DelaySeconds", "5s", "a whole number");
    is_not("QueueUrl", "orders", "the URL of a queue");
    is_not("QueueUrl", "https://sqs.us-east-1.amazonaws.com/123456789012/q?a=b", "the URL of a queue");
    is_not("MessageAttributes", "{}x", "message attributes");
    is_not("MessageAttributes", r#"{"a":{"Value":"b"}}"#, "message attributes");
    assert_eq!(with("DelaySeconds", "5"), "");
    assert_eq!(
        with("QueueUrl", "https://sqs.us-east-1.amazonaws.com/123456789012/${stageVariables.queue}"),
        ""
    );
    assert!(
        calling("S3-GetObject", json!({ "Bucket": "My_Bucket", "Key": "k" }))
            .contains("is not the name of a bucket")
    );
    assert!(
        calling("DynamoDB-Scan", json!({ "TableName": "t", "ConsistentRead": "yes" }))
            .contains("is not `true` or `false`")
    );
    assert!(
        calling("DynamoDB-GetItem", json!({ "TableName": "t", "Key": "[]" }))
            .contains("is not a JSON object")
    );
    let event = json!({ "Detail": "{}", "DetailType": "t", "Source": "s", "Time": "noon" });
    assert!(calling("EventBridge-PutEvents", event).contains("is not a time"));
}

#[test]
fn sources_stand_where_a_json_value_may_stand() {
    for wrong in [
        r#"{"a": x${request.header.b}}"#,
        r#"{"${request.header.b}": 1}"#,
        r#"{"$request.header.b" : 1}"#,
        r#"{"a": ${request.header.b}"#,
        r#"{"a": "${request.header.b"}"#,
        r#"{"a": "\${request.header.b}"}"#,
    ] {
        let found = calling("DynamoDB-GetItem", json!({ "TableName": "t", "Key": wrong }));
        assert!(
            found.starts_with("error: ")
                && found.contains(
                    "requestParameters[\"Key\"]: it is not JSON, or a source stands in the name of a member"
                ),
            "{wrong}: {found}"
        );
    }
    let good = r#"{"a": ${request.body.b}, "c": ["$request.path.d", "x${request.header.e}y\"", 5]}"#;
    assert_eq!(calling("DynamoDB-GetItem", json!({ "TableName": "t", "Key": good })), "");
    for wrong in
        [r#"{"${request.header.b}": "c"}"#, r#" ["${request.header.b}""#, r#"{"a": b${request.header.b}}"#]
    {
        assert!(with("MessageBody", wrong).contains("it is not JSON, or a source stands"), "{wrong}");
    }
    for right in [
        "[${request.header.a}] ${request.header.b}",
        "{${context.requestId}}",
        "[${request.body.a}]",
        "{\"a\": 1",
    ] {
        assert_eq!(with("MessageBody", right), "");
    }
    assert!(
        calling("DynamoDB-GetItem", json!({ "TableName": "t", "Key": r#"{"a": "${request.cookie.b}"}"# }))
            .contains("is not a source")
    );
}

#[test]
fn an_expression_that_a_client_writes_is_warned_of() {
    let found =
        calling("DynamoDB-Scan", json!({ "TableName": "t", "FilterExpression": "a = ${request.header.b}" }));
    assert!(
        found.starts_with(&format!(
            "warning: {AT}.requestParameters[\"FilterExpression\"]: a client writes a part of the expression"
        )),
        "{found}"
    );
    assert_eq!(calling("DynamoDB-Scan", json!({ "TableName": "t", "FilterExpression": "a = :b" })), "");
}

#[test]
fn a_region_is_known_when_the_document_is_loaded() {
    for wrong in ["$request.header.region", "${request.path.r}-1", "Ireland", "$stageVariables.none"] {
        let found = with("Region", wrong);
        assert!(
            found.starts_with(&format!(
                "error: {AT}.requestParameters[\"Region\"]: `{wrong}` is not a region\n  help: "
            )),
            "{found}"
        );
    }
    for right in ["eu-west-1", "$stageVariables.region", "${stageVariables.region}"] {
        assert_eq!(with("Region", right), "");
    }
}

#[test]
fn a_service_lives_at_aws_where_nothing_else_is_said_and_is_signed_for() {
    let [cluster] = clusters(&good()).try_into().unwrap();
    assert_eq!((cluster.host.as_str(), cluster.tls), ("sqs.us-east-1.amazonaws.com", true));
    let signing = cluster.signing.unwrap();
    assert_eq!((signing.service.as_str(), signing.region.as_str(), signing.role), ("sqs", "us-east-1", None));
    let mut elsewhere = good();
    elsewhere["apis"][0]["integrations"][0]["requestParameters"]["Region"] = json!("$stageVariables.region");
    elsewhere["apis"][0]["integrations"][0]["credentialsArn"] = json!("arn:aws:iam::123456789012:role/send");
    let [cluster] = clusters(&elsewhere).try_into().unwrap();
    assert_eq!(cluster.host, "sqs.eu-west-1.amazonaws.com");
    assert_eq!(cluster.signing.unwrap().role.unwrap().arn, "arn:aws:iam::123456789012:role/send");
    let mut here = good();
    here["endpoints"] = json!({ "sqs": "http://127.0.0.1:9324" });
    let [cluster] = clusters(&here).try_into().unwrap();
    assert_eq!((cluster.host.as_str(), cluster.signing), ("127.0.0.1", None));
    for (url, problem) in [("ftp://x", "is not a URL"), ("http://x/?a=b", "has a query string")] {
        let found = spoiled(|document| document["endpoints"] = json!({ "sqs": url }));
        assert!(found.contains(problem), "{found}");
    }
}
