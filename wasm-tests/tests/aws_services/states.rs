//! Executions start, run to their end while the client waits, and stop. State machines are run by moto's interpreter, which
//! does not keep why one was stopped: what is sent of that is compared with botocore's request.

use crate::aws::Aws;
use crate::world::{Asks, World, route};
use serde_json::{Value, json};

fn machine(aws: &Aws, name: &str, kind: &str, state: &Value) -> String {
    let definition = json!({ "StartAt": "Only", "States": { "Only": state } }).to_string();
    let with = json!({
        "name": name, "type": kind, "definition": definition, "roleArn": "arn:aws:iam::123456789012:role/states",
    });
    let made = aws.call("stepfunctions", "create_state_machine", with);
    made["stateMachineArn"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_start_run_and_stop() {
    let Some(aws) = Aws::shared() else { return };
    let waits = machine(aws, "waits", "STANDARD", &json!({ "Type": "Wait", "Seconds": 600, "End": true }));
    let echo = json!({ "Type": "Pass", "Parameters": { "got.$": "$", "by": "echo" }, "End": true });
    let echoes = machine(aws, "echoes", "EXPRESS", &echo);
    let missing = "arn:aws:states:us-east-1:123456789012:stateMachine:missing";
    let routes = [
        route(
            "POST /start/{name}",
            "StepFunctions-StartExecution",
            json!({
                "StateMachineArn": waits, "Name": "$request.path.name",
                "Input": r#"{"order":"${request.body.id}","by":"${request.header.x-by}","raw":${request.body.lines}}"#,
            }),
        ),
        route(
            "POST /stop",
            "StepFunctions-StopExecution",
            json!({
                "ExecutionArn": "$request.body.arn", "Cause": "$request.header.x-by", "Error": "Stopped.${stageVariables.color}",
            }),
        ),
        route(
            "POST /sync/{name}",
            "StepFunctions-StartSyncExecution",
            json!({
                "StateMachineArn": echoes, "Name": "$request.path.name", "Input": "$request.body",
            }),
        ),
        route(
            "POST /missing",
            "StepFunctions-StartExecution",
            json!({ "StateMachineArn": missing, "Input": "{}" }),
        ),
    ];
    let world = World::emulated(aws, &routes).await;
    let ask = async |line: &str, body: &Value| {
        let body = body.to_string();
        let headers = &[("x-by", r#"ann","admin":"yes"#)];
        let answer = world.ask(line, Asks { headers, body: body.as_bytes() }).await;
        (answer.status, serde_json::from_slice::<Value>(&answer.body).unwrap())
    };
    let (status, started) = ask("POST /start/first", &json!({ "id": 7, "lines": [{ "n": 1 }] })).await;
    assert_eq!(status, 200, "{started}");
    let arn = &started["executionArn"];
    let described = world.aws.call("stepfunctions", "describe_execution", json!({ "executionArn": arn }));
    assert_eq!((&described["name"], &described["status"]), (&json!("first"), &json!("RUNNING")));
    let input: Value = serde_json::from_str(described["input"].as_str().unwrap()).unwrap();
    assert_eq!(input, json!({ "order": "7", "by": r#"ann","admin":"yes"#, "raw": [{ "n": 1 }] }));

    let (status, stopped) = ask("POST /stop", &json!({ "arn": arn })).await;
    assert_eq!(status, 200, "{stopped}");
    let described = world.aws.call("stepfunctions", "describe_execution", json!({ "executionArn": arn }));
    assert_eq!(described["status"], "ABORTED");

    let (status, ran) = ask("POST /sync/second", &json!({ "deep": ["\u{1f980}"] })).await;
    assert_eq!((status, &ran["status"]), (200, &json!("SUCCEEDED")), "{ran}");
    let output: Value = serde_json::from_str(ran["output"].as_str().unwrap()).unwrap();
    assert_eq!(output, json!({ "got": { "deep": ["\u{1f980}"] }, "by": "echo" }));

    let (status, refused) = ask("POST /missing", &json!({})).await;
    assert_eq!((status, &refused["__type"]), (400, &json!("StateMachineDoesNotExist")), "{refused}");
    world.gateway.assert_no_panic().await;
}
