//! Functions of Python under AWS's own runtime client.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod lambda_support;

use lambda_support::Lambda;
use sekisho_cases::skip;
use sekisho_cli::Ui;
use sekisho_cli::lambda::{Functions, Port, Server};
use sekisho_cli::toolchain::lambda_python;
use serde_json::json;
use std::fs;
use std::process::Command;
use tempfile::TempDir;

const APP: &str = r#"
import json, os, sys
print("loaded")
calls = 0

def handler(event, context):
    global calls
    calls += 1
    if event.get("fail"):
        raise KeyError(event["fail"])
    if event.get("wait"):
        import time
        time.sleep(600)
    return {
        "pid": os.getpid(), "calls": calls, "event": event, "function": context.function_name,
        "version": context.function_version, "arn": context.invoked_function_arn, "memory": context.memory_limit_in_mb,
        "request": context.aws_request_id, "remaining": context.get_remaining_time_in_millis(),
        "custom": context.client_context and context.client_context.custom, "table": os.environ["TABLE"],
        "execution": os.environ["AWS_EXECUTION_ENV"], "folder": os.getcwd(), "path": sys.path[0],
    }

def unserializable(event, context):
    return {1, 2}
"#;

const SDK: &str = "
import boto3
client = boto3.client('dynamodb')

def handler(event, context):
    return [client.meta.region_name, client.meta.service_model.service_name]
";

/// Functions of one folder; `None`, and the test is counted as skipped, if there is no Python or PyPI cannot be reached.
fn python(test: &str) -> Option<(TempDir, Lambda)> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("code")).unwrap();
    fs::write(folder.path().join("code/app.py"), APP).unwrap();
    fs::write(folder.path().join("code/broken.py"), "def handler(event, context)\n    pass\n").unwrap();
    fs::write(folder.path().join("code/needy.py"), "import no_such_package\n").unwrap();
    fs::write(folder.path().join("code/sdk.py"), SDK).unwrap();
    let function = |name: &str, handler: &str| {
        json!({
            "FunctionName": name, "Runtime": "python3.12", "Handler": handler, "CodeUri": "code", "Timeout": 2,
            "MemorySize": 256, "Environment": {"Variables": {"TABLE": "users"}}, "Role": "arn:aws:iam::1:role/r",
        })
    };
    let functions = json!({"Functions": [
        function("app", "app.handler"), function("set", "app.unserializable"), function("broken", "broken.handler"),
        function("needy", "needy.handler"), function("absent", "app.absent"),
        function("sdk", "sdk.handler"),
    ]});
    let file = folder.path().join("functions.json");
    fs::write(&file, functions.to_string()).unwrap();

    if let Err(error) = lambda_python(&Ui::new(), "3.12") {
        eprintln!("{error}");
        skip(test, "python3-venv, and PyPI");
        return None;
    }
    let lambda = Lambda::start(Command::new(env!("CARGO_BIN_EXE_sekisho")), &[file.to_str().unwrap()]);
    Some((folder, lambda))
}

#[test]
fn a_function_of_python_runs_under_its_real_client() {
    let Some((folder, lambda)) = python("a_function_of_python_runs_under_its_real_client") else { return };
    let context = [("x-amz-client-context", "eyJjdXN0b20iOnsiYSI6MX19")];
    let first = lambda.invoke_with("app", r#"{"a": "ü"}"#, &context);
    let told = first.json();
    assert_eq!(told["event"], json!({"a": "ü"}));
    assert_eq!((&told["function"], &told["version"]), (&json!("app"), &json!("$LATEST")));
    assert_eq!((&told["memory"], &told["table"]), (&json!("256"), &json!("users")));
    assert_eq!(told["arn"], "arn:aws:lambda:us-east-1:123456789012:function:app");
    assert_eq!(told["request"], first.header("x-amzn-requestid"));
    assert_eq!((&told["custom"], &told["execution"]), (&json!({"a": 1}), &json!("AWS_Lambda_python3.12")));
    assert!((1..=2000).contains(&told["remaining"].as_i64().unwrap()), "{told}");
    let code = folder.path().canonicalize().unwrap().join("code");
    assert_eq!(told["folder"], code.to_str().unwrap());
    assert!(fs::read_dir(&code).unwrap().all(|entry| entry.unwrap().file_name() != "__pycache__"));

    let second = lambda.invoke("app", "{}").json();
    assert_eq!((&second["pid"], &second["calls"]), (&told["pid"], &json!(2)), "the instance is kept");
    lambda.until_it_says("app/1 loaded\napp/1 START RequestId: ");
}

#[test]
fn boto3_is_there_as_on_aws() {
    let Some((_folder, lambda)) = python("boto3_is_there_as_on_aws") else { return };
    assert_eq!(lambda.invoke("sdk", "{}").json(), json!(["us-east-1", "dynamodb"]));
}

#[test]
fn who_serves_functions_learns_that_one_cannot_be_loaded() {
    let Some((folder, _lambda)) = python("who_serves_functions_learns_that_one_cannot_be_loaded") else {
        return;
    };
    let mut functions = Functions::read(folder.path().join("functions.json").to_str().unwrap()).unwrap();
    functions.install(&Ui::new()).unwrap();
    functions.set("TABLE", "posts");
    let server =
        Server::start(Port::bind(0).unwrap(), functions, "eu-west-1".to_owned(), "210987654321".to_owned());
    let ask = |function: &str| {
        let url = format!("http://{}/2015-03-31/functions/{function}/invocations", server.address());
        ureq::post(&url).send("{}").unwrap().body_mut().read_to_string().unwrap()
    };
    let told: serde_json::Value = serde_json::from_str(&ask("app")).unwrap();
    assert_eq!(told["table"], "posts", "what is set stands before what the file lists");
    assert_eq!(told["arn"], "arn:aws:lambda:eu-west-1:210987654321:function:app");
    assert_eq!(server.unloadable(), None);
    assert!(ask("needy").contains("Runtime.ImportModuleError"));
    assert_eq!(server.unloadable(), Some("the function `needy` cannot be loaded: Runtime.ImportModuleError"));
}

#[test]
fn errors_of_python_come_as_from_aws() {
    let Some((_folder, lambda)) = python("errors_of_python_come_as_from_aws") else { return };
    let failed = lambda.invoke("app", r#"{"fail": "name"}"#);
    assert_eq!(failed.function_error(), "KeyError");
    let error = failed.json();
    assert_eq!((&error["errorMessage"], error["requestId"].as_str().unwrap().len()), (&json!("'name'"), 36));
    assert!(error["stackTrace"][0].as_str().unwrap().contains("app.py\", line 10, in handler"), "{error}");
    lambda.until_it_says("app/1 [ERROR] KeyError: 'name'\napp/1 Traceback");
    assert_eq!(lambda.invoke("app", "{}").json()["calls"], 2, "the instance is kept");
    assert_eq!(lambda.invoke("set", "{}").function_error(), "Runtime.MarshalError");

    let late = lambda.invoke("app", r#"{"wait": true}"#);
    assert_eq!(late.function_error(), "Sandbox.Timedout");
    assert!(late.text.contains("Task timed out after 2.00 seconds"), "{}", late.text);
    assert_eq!(lambda.invoke("app", "{}").json()["calls"], 1, "a new instance");
}

#[test]
fn functions_that_cannot_be_loaded_say_why_to_callers_and_people() {
    let Some((_folder, lambda)) = python("functions_that_cannot_be_loaded_say_why") else { return };
    for (function, kind, message, help) in [
        ("needy", "Runtime.ImportModuleError", "No module named 'no_such_package'", "pip install -t"),
        (
            "broken",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'broken'",
            "the line is named above",
        ),
        ("absent", "Runtime.HandlerNotFound", "Handler 'absent' missing on module 'app'", "a function of it"),
    ] {
        let error = lambda.invoke(function, "{}");
        assert_eq!(error.function_error(), kind);
        assert!(error.text.contains(message), "{}", error.text);
        let said = lambda.until_it_says(&format!("error: the function cannot be loaded: {kind}"));
        assert!(said.contains(help), "{said}");
        assert_eq!(lambda.invoke(function, "{}").function_error(), kind, "it is tried anew");
    }
}
