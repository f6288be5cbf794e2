//! The rows.

use super::Kind::{Attributes, Code, Flag, List, Number, Object, Text, Time};
use super::Place::{Body, Header, Member, Path, Query};
use super::{Kind, Parameter, Place, Protocol, Subtype};
use crate::gateway::aws::Service;

const fn to(name: &'static str, kind: Kind, place: Place) -> Parameter {
    Parameter { name, place, kind, required: false }
}

const fn of(name: &'static str, kind: Kind) -> Parameter {
    to(name, kind, Member(name))
}

const fn text(name: &'static str) -> Parameter {
    of(name, Text)
}

const fn must(parameter: Parameter) -> Parameter {
    Parameter { required: true, ..parameter }
}

const fn service(name: &'static str) -> Service {
    Service { name, alias: None, signing_name: name }
}

const fn json(version: &'static str, target: &'static str) -> Protocol {
    Protocol::Json { version, target, within: None }
}

const fn sqs(name: &'static str, action: &'static str, parameters: &'static [Parameter]) -> Subtype {
    let protocol = Protocol::Query { action, version: "2012-11-05" };
    Subtype { name, service: service("sqs"), protocol, parameters }
}

const fn dynamodb(name: &'static str, target: &'static str, parameters: &'static [Parameter]) -> Subtype {
    Subtype { name, service: service("dynamodb"), protocol: json("1.0", target), parameters }
}

const fn s3(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    parameters: &'static [Parameter],
) -> Subtype {
    Subtype { name, service: service("s3"), protocol: Protocol::Rest { method, path }, parameters }
}

const QUEUE: Parameter = must(to("QueueUrl", Kind::Queue, Path));
const STATE_MACHINE: Parameter = must(to("StateMachineArn", Text, Member("stateMachineArn")));
const EXECUTION_NAME: Parameter = to("Name", Text, Member("name"));
const INPUT: Parameter = to("Input", Text, Member("input"));
const BUCKET: Parameter = must(to("Bucket", Kind::Bucket, Path));
const KEY: Parameter = must(to("Key", Text, Path));
const OWNER: Parameter = to("ExpectedBucketOwner", Text, Header("x-amz-expected-bucket-owner"));
const IF_MATCH: Parameter = to("IfMatch", Text, Header("if-match"));
const IF_NONE_MATCH: Parameter = to("IfNoneMatch", Text, Header("if-none-match"));
const VERSION_ID: Parameter = to("VersionId", Text, Query("versionId"));
const TABLE: Parameter = must(text("TableName"));
const ITEM_KEY: Parameter = must(of("Key", Object));
const NAMES: Parameter = of("ExpressionAttributeNames", Object);
const VALUES: Parameter = of("ExpressionAttributeValues", Object);
const CONDITION: Parameter = of("ConditionExpression", Code);
const PROJECTION: Parameter = of("ProjectionExpression", Code);
const FILTER: Parameter = of("FilterExpression", Code);
const CONSISTENT: Parameter = of("ConsistentRead", Flag);
const CAPACITY: Parameter = text("ReturnConsumedCapacity");
const METRICS: Parameter = text("ReturnItemCollectionMetrics");
const RETURNS: Parameter = text("ReturnValues");
const RETURNS_ON_FAILURE: Parameter = text("ReturnValuesOnConditionCheckFailure");
const SELECT: Parameter = text("Select");
const START: Parameter = of("ExclusiveStartKey", Object);
const STATES: Service = service("states");
const SYNC_STATES: Service = Service { name: "sync-states", alias: Some("states"), signing_name: "states" };

/// The operations.
pub static SUBTYPES: [Subtype; 21] = [
    Subtype {
        name: "EventBridge-PutEvents",
        service: service("events"),
        protocol: Protocol::Json { version: "1.1", target: "AWSEvents.PutEvents", within: Some("Entries") },
        parameters: &[
            must(text("Detail")),
            must(text("DetailType")),
            must(text("Source")),
            of("Time", Time),
            text("EventBusName"),
            of("Resources", List),
            text("TraceHeader"),
        ],
    },
    sqs(
        "SQS-SendMessage",
        "SendMessage",
        &[
            QUEUE,
            must(text("MessageBody")),
            of("DelaySeconds", Number),
            to("MessageAttributes", Attributes, Member("MessageAttribute")),
            text("MessageDeduplicationId"),
            text("MessageGroupId"),
            to("MessageSystemAttributes", Attributes, Member("MessageSystemAttribute")),
        ],
    ),
    sqs(
        "SQS-ReceiveMessage",
        "ReceiveMessage",
        &[
            QUEUE,
            to("AttributeNames", List, Member("AttributeName")),
            of("MaxNumberOfMessages", Number),
            to("MessageAttributeNames", List, Member("MessageAttributeName")),
            text("ReceiveRequestAttemptId"),
            of("VisibilityTimeout", Number),
            of("WaitTimeSeconds", Number),
        ],
    ),
    sqs("SQS-DeleteMessage", "DeleteMessage", &[QUEUE, must(text("ReceiptHandle"))]),
    sqs("SQS-PurgeQueue", "PurgeQueue", &[QUEUE]),
    Subtype {
        name: "AppConfig-GetConfiguration",
        service: service("appconfig"),
        protocol: Protocol::Rest {
            method: "GET",
            path: "/applications/{Application}/environments/{Environment}/configurations/{Configuration}",
        },
        parameters: &[
            must(to("Application", Text, Path)),
            must(to("Environment", Text, Path)),
            must(to("Configuration", Text, Path)),
            must(to("ClientId", Text, Query("client_id"))),
            to("ClientConfigurationVersion", Text, Query("client_configuration_version")),
        ],
    },
    Subtype {
        name: "Kinesis-PutRecord",
        service: service("kinesis"),
        protocol: json("1.1", "Kinesis_20131202.PutRecord"),
        parameters: &[
            must(text("StreamName")),
            must(text("Data")),
            must(text("PartitionKey")),
            text("SequenceNumberForOrdering"),
            text("ExplicitHashKey"),
        ],
    },
    Subtype {
        name: "StepFunctions-StartExecution",
        service: STATES,
        protocol: json("1.0", "AWSStepFunctions.StartExecution"),
        parameters: &[STATE_MACHINE, EXECUTION_NAME, INPUT],
    },
    Subtype {
        name: "StepFunctions-StartSyncExecution",
        service: SYNC_STATES,
        protocol: json("1.0", "AWSStepFunctions.StartSyncExecution"),
        parameters: &[STATE_MACHINE, EXECUTION_NAME, INPUT, to("TraceHeader", Text, Member("traceHeader"))],
    },
    Subtype {
        name: "StepFunctions-StopExecution",
        service: STATES,
        protocol: json("1.0", "AWSStepFunctions.StopExecution"),
        parameters: &[
            must(to("ExecutionArn", Text, Member("executionArn"))),
            to("Cause", Text, Member("cause")),
            to("Error", Text, Member("error")),
        ],
    },
    dynamodb(
        "DynamoDB-GetItem",
        "DynamoDB_20120810.GetItem",
        &[TABLE, ITEM_KEY, CONSISTENT, PROJECTION, NAMES, CAPACITY],
    ),
    dynamodb(
        "DynamoDB-PutItem",
        "DynamoDB_20120810.PutItem",
        &[
            TABLE,
            must(of("Item", Object)),
            CONDITION,
            NAMES,
            VALUES,
            RETURNS,
            RETURNS_ON_FAILURE,
            CAPACITY,
            METRICS,
        ],
    ),
    dynamodb(
        "DynamoDB-UpdateItem",
        "DynamoDB_20120810.UpdateItem",
        &[
            TABLE,
            ITEM_KEY,
            of("UpdateExpression", Code),
            CONDITION,
            NAMES,
            VALUES,
            RETURNS,
            RETURNS_ON_FAILURE,
            CAPACITY,
            METRICS,
        ],
    ),
    dynamodb(
        "DynamoDB-DeleteItem",
        "DynamoDB_20120810.DeleteItem",
        &[TABLE, ITEM_KEY, CONDITION, NAMES, VALUES, RETURNS, RETURNS_ON_FAILURE, CAPACITY, METRICS],
    ),
    dynamodb(
        "DynamoDB-Query",
        "DynamoDB_20120810.Query",
        &[
            TABLE,
            text("IndexName"),
            of("KeyConditionExpression", Code),
            FILTER,
            PROJECTION,
            NAMES,
            VALUES,
            of("Limit", Number),
            START,
            of("ScanIndexForward", Flag),
            CONSISTENT,
            SELECT,
            CAPACITY,
        ],
    ),
    dynamodb(
        "DynamoDB-Scan",
        "DynamoDB_20120810.Scan",
        &[
            TABLE,
            text("IndexName"),
            FILTER,
            PROJECTION,
            NAMES,
            VALUES,
            of("Limit", Number),
            START,
            CONSISTENT,
            SELECT,
            of("Segment", Number),
            of("TotalSegments", Number),
            CAPACITY,
        ],
    ),
    Subtype {
        name: "SNS-Publish",
        service: service("sns"),
        protocol: Protocol::Query { action: "Publish", version: "2010-03-31" },
        parameters: &[
            text("TopicArn"),
            text("TargetArn"),
            must(text("Message")),
            text("Subject"),
            to("MessageAttributes", Attributes, Member("MessageAttributes.entry")),
            text("MessageStructure"),
            text("MessageGroupId"),
            text("MessageDeduplicationId"),
        ],
    },
    s3(
        "S3-GetObject",
        "GET",
        "/{Bucket}/{Key+}",
        &[
            BUCKET,
            KEY,
            to("Range", Text, Header("range")),
            IF_MATCH,
            IF_NONE_MATCH,
            to("IfModifiedSince", Text, Header("if-modified-since")),
            to("IfUnmodifiedSince", Text, Header("if-unmodified-since")),
            VERSION_ID,
            to("ResponseCacheControl", Text, Query("response-cache-control")),
            to("ResponseContentDisposition", Text, Query("response-content-disposition")),
            to("ResponseContentType", Text, Query("response-content-type")),
            OWNER,
        ],
    ),
    s3(
        "S3-PutObject",
        "PUT",
        "/{Bucket}/{Key+}",
        &[
            BUCKET,
            KEY,
            to("Body", Kind::Bytes, Body),
            to("ContentType", Text, Header("content-type")),
            to("ContentEncoding", Text, Header("content-encoding")),
            to("ContentDisposition", Text, Header("content-disposition")),
            to("ContentLanguage", Text, Header("content-language")),
            to("CacheControl", Text, Header("cache-control")),
            IF_MATCH,
            IF_NONE_MATCH,
            to("ServerSideEncryption", Text, Header("x-amz-server-side-encryption")),
            to("SSEKMSKeyId", Text, Header("x-amz-server-side-encryption-aws-kms-key-id")),
            to("StorageClass", Text, Header("x-amz-storage-class")),
            to("Tagging", Text, Header("x-amz-tagging")),
            OWNER,
        ],
    ),
    s3("S3-DeleteObject", "DELETE", "/{Bucket}/{Key+}", &[BUCKET, KEY, VERSION_ID, IF_MATCH, OWNER]),
    s3(
        "S3-ListObjects",
        "GET",
        "/{Bucket}?list-type=2",
        &[
            BUCKET,
            to("Prefix", Text, Query("prefix")),
            to("Delimiter", Text, Query("delimiter")),
            to("MaxKeys", Number, Query("max-keys")),
            to("ContinuationToken", Text, Query("continuation-token")),
            to("StartAfter", Text, Query("start-after")),
            to("EncodingType", Text, Query("encoding-type")),
            to("FetchOwner", Flag, Query("fetch-owner")),
            OWNER,
        ],
    ),
];
