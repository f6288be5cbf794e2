//! moto as the toolchain installs and starts it: what its clients find, and what is left when it is stopped.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use sekisho_cases::skip;
use sekisho_cli::Ui;
use sekisho_cli::moto::Moto;
use sekisho_cli::process::Tool;
use sekisho_cli::toolchain::moto_python;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

/// Several services, and one that calls another: a state machine that sends a message.
const SCRIPT: &str = r#"
import boto3, json, os, urllib.request
def client(name): return boto3.client(name, region_name="us-east-1")
client("dynamodb").create_table(TableName="table", BillingMode="PAY_PER_REQUEST",
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
client("events").put_rule(Name="rule", EventPattern="{}")
client("kinesis").create_stream(StreamName="stream", ShardCount=1)
client("s3").create_bucket(Bucket="bucket")
url = client("sqs").create_queue(QueueName="queue")["QueueUrl"]
config = json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode()
urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/moto-api/config", config)
send = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True,
    "Parameters": {"QueueUrl": url, "MessageBody": "hello"}}
machine = client("stepfunctions").create_state_machine(name="machine", roleArn="arn:aws:iam::123456789012:role/r",
    definition=json.dumps({"StartAt": "Send", "States": {"Send": send}}))
client("stepfunctions").start_execution(stateMachineArn=machine["stateMachineArn"])
message = client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]["Body"]
print(json.dumps([client("dynamodb").list_tables()["TableNames"], message, client("sts").get_caller_identity()["Account"]]))
"#;

#[test]
fn moto_serves_many_services_and_goes_when_it_is_dropped() {
    let python = match moto_python(&Ui::new()) {
        Ok(python) => python,
        Err(error) => {
            eprintln!("{error}");
            return skip("moto_serves_many_services_and_goes_when_it_is_dropped", "python3-venv, and PyPI");
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let (mut one, other) = std::thread::scope(|scope| {
        let start = |log: &str| Moto::start(&python, &folder.path().join(log)).unwrap();
        let (one, other) = (scope.spawn(move || start("one")), scope.spawn(move || start("other")));
        (one.join().unwrap(), other.join().unwrap())
    });
    one.check().unwrap();
    assert_ne!(one.endpoint(), other.endpoint(), "each has a port of its own");

    let tool = Tool::new("python3", &python).args(["-c", SCRIPT]).environment(one.environment());
    let done = tool.run(|line| eprintln!("{line}")).unwrap();
    assert!(done.status.success());
    assert_eq!(done.text(), r#"[["table"], "hello", "123456789012"]"#);

    for moto in [one, other] {
        let address = moto.endpoint().strip_prefix("http://").unwrap().to_owned();
        drop(moto);
        assert!(TcpStream::connect(&address).is_err(), "{address} still listens");
    }
}

#[test]
fn a_moto_that_does_not_start_says_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let python = folder.path().join("python3");
    std::fs::write(&python, "#!/bin/sh\necho no such module >&2\nexit 3\n").unwrap();
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    let error = Moto::start(&python, &folder.path().join("log")).unwrap_err();
    assert_eq!(error.to_string(), "moto ended by itself (exit status: 3); it said last: no such module");
}
