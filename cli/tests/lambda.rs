//! Functions behind the Invoke API: what callers get. The runtime of these tests is a program that does what its
//! event says.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod lambda_support;

use lambda_support::{Lambda, runs, until};
use sekisho_cases::needs;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

#[test]
fn a_function_answers_and_its_instance_is_kept() {
    needs!("python3", "python3");
    let lambda = Lambda::one(&[]);
    let first = lambda.invoke("f", r#"{"a": [1, "ü"]}"#);
    assert_eq!(first.json()["event"], json!({"a": [1, "ü"]}));
    assert_eq!(first.header("content-type"), "application/json");
    assert_eq!(first.header("x-amz-executed-version"), "$LATEST");
    assert_eq!(first.header("x-amz-log-result"), "");
    let again = lambda.invoke("f", "");
    assert_eq!(again.json()["event"], json!({}), "no payload is an empty object");
    assert_eq!(again.pid(), first.pid());
    for name in ["f:live", "123456789012:function:f", "arn:aws:lambda:eu-west-1:210987654321:function:f:7"] {
        assert_eq!(lambda.invoke(name, "1").pid(), first.pid(), "{name}");
    }
    let said = lambda.until_it_says("REPORT");
    let id = first.header("x-amzn-requestid");
    assert!(said.contains(&format!("f/1 START RequestId: {id} Version: $LATEST\n")), "{said}");
    assert!(
        said.contains(&format!("f/1 END RequestId: {id}\nf/1 REPORT RequestId: {id}\tDuration: ")),
        "{said}"
    );
    assert!(said.contains("\tMax Memory Used: ") && said.contains("\tInit Duration: "), "{said}");
}

#[test]
fn a_runtime_is_told_what_aws_tells() {
    needs!("python3", "python3");
    let lambda = Lambda::one(&["--timeout", "7", "--region", "eu-west-1"]);
    let context =
        [("x-amz-client-context", "eyJjdXN0b20iOnsiYSI6MX19"), ("x-amzn-trace-id", "Root=1-2-3;Sampled=1")];
    let told = lambda.invoke_with("f?Qualifier=live", r#"{"do": "headers"}"#, &context);
    let (headers, now) = (&told.json()["headers"], std::time::SystemTime::now());
    assert_eq!(headers["lambda-runtime-aws-request-id"], told.header("x-amzn-requestid"));
    assert_eq!(
        headers["lambda-runtime-invoked-function-arn"],
        "arn:aws:lambda:eu-west-1:123456789012:function:f:live"
    );
    assert_eq!(headers["lambda-runtime-trace-id"], "Root=1-2-3;Sampled=1");
    assert_eq!(headers["lambda-runtime-client-context"], r#"{"custom":{"a":1}}"#);
    let deadline: u128 = headers["lambda-runtime-deadline-ms"].as_str().unwrap().parse().unwrap();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    assert!((now - 60_000..now + 7_000).contains(&deadline), "{deadline} {now}");
}

#[test]
fn an_instance_sees_what_aws_sets_and_nothing_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("bootstrap");
    // What it was started with, before any interpreter adds to it.
    std::fs::write(&program, "#!/bin/sh\ncat /proc/$$/environ > environment\nexit 3\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    for secret in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL", "TOKEN"] {
        command.env(secret, "secret");
    }
    let one = ["--name", "f", "--runtime", "provided", "--code", folder.path().to_str().unwrap()];
    let more = ["--handler", "a.b", "--env", "AWS_ACCESS_KEY_ID", "--env", "TABLE=users=all"];
    let lambda = Lambda::start(command, &[&one[..], &more].concat());
    assert_eq!(lambda.invoke("f", "{}").function_error(), "Runtime.ExitError");
    let seen = std::fs::read_to_string(folder.path().join("environment")).unwrap();
    let seen: BTreeMap<&str, &str> =
        seen.split_terminator('\0').filter_map(|one| one.split_once('=')).collect();
    let names: Vec<&str> = seen.keys().copied().collect();
    let wanted = [
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "PATH",
        "TABLE",
        "TZ",
        "_HANDLER",
    ];
    assert_eq!(names, wanted);
    assert_eq!((seen["AWS_ACCESS_KEY_ID"], seen["TABLE"]), ("secret", "users=all"));
    assert_eq!((seen["_HANDLER"], seen["TZ"]), ("a.b", ":UTC"));
    let root = folder.path().canonicalize().unwrap();
    assert_eq!(std::path::Path::new(seen["LAMBDA_TASK_ROOT"]), root);
    assert!(seen["AWS_LAMBDA_LOG_STREAM_NAME"].contains("/[$LATEST]"));
    assert!(seen["AWS_LAMBDA_RUNTIME_API"].starts_with("127.0.0.1:"));
}

#[test]
fn an_error_of_the_function_is_passed_on_and_the_instance_is_kept() {
    needs!("python3", "python3");
    let lambda = Lambda::one(&[]);
    let pid = lambda.invoke("f", "{}").pid();
    let error = lambda.invoke_with("f", r#"{"do": "error"}"#, &[("x-amz-log-type", "Tail")]);
    assert_eq!(error.function_error(), "Mine");
    assert_eq!(error.json(), json!({"errorType": "Mine", "errorMessage": "on purpose"}));
    assert!(error.tail().ends_with("\tStatus: error\tError Type: Mine\n"), "{}", error.tail());
    assert_eq!(lambda.invoke("f", "{}").pid(), pid);
}

#[test]
fn a_log_tail_is_that_of_the_invocation_and_what_it_wrote_is_in_it() {
    needs!("python3", "python3");
    let lambda = Lambda::one(&[]);
    let with = |text: &str| {
        let event = json!({"do": "print", "text": text}).to_string();
        lambda.invoke_with("f", &event, &[("x-amz-log-type", "Tail")]).tail()
    };
    assert!(with("one\n").contains("\none\nEND"), "lines");
    let second = with("no line end, \u{1b}[31m and a control sequence");
    assert!(second.starts_with("START ") && !second.contains("one"), "{second}");
    assert!(second.contains("a control sequence\nEND"), "{second}");
    let said = lambda.until_it_says("a control sequence");
    assert!(said.contains(r"f/1 no line end, \u{1b}[31m and"), "{said}");
    assert!(with(&"x".repeat(9000)).len() == 4096, "4 KB at most");
}

#[test]
fn instances_run_at_a_time_up_to_their_number_and_no_further() {
    needs!("python3", "python3");
    let folder = tempfile::tempdir().unwrap();
    let lambda = Lambda::one(&["--concurrency", "4"]);
    let meet = |name: &str| json!({"do": "meet", "folder": folder.path(), "name": name}).to_string();
    let here = |name: &str| folder.path().join(name).exists();
    std::thread::scope(|scope| {
        let names = ["1", "2", "3", "4"];
        let calls = names.map(|name| {
            scope.spawn({
                let (lambda, event) = (&lambda, meet(name));
                move || lambda.invoke("f", &event).pid()
            })
        });
        // Nobody goes before all are there.
        until("four at a time", || names.iter().all(|name| here(name)));
        let busy = lambda.invoke("f", "{}");
        assert_eq!((busy.status, busy.header("x-amzn-errortype")), (429, "TooManyRequestsException"));
        assert_eq!(busy.json()["Reason"], "ReservedFunctionConcurrentInvocationLimitExceeded");
        let event = lambda.invoke_with("f", &meet("later"), &[("x-amz-invocation-type", "Event")]);
        assert_eq!((event.status, event.text.as_str()), (202, ""), "events wait");
        std::fs::write(folder.path().join("go"), "").unwrap();
        let mut pids: Vec<u64> = calls.map(|call| call.join().unwrap()).into();
        until("the event", || here("later"));
        pids.sort_unstable();
        pids.dedup();
        assert_eq!(pids.len(), 4, "each had an instance of its own");
        let later = std::fs::read_to_string(folder.path().join("later")).unwrap();
        assert!(later.is_empty() || pids.contains(&later.parse().unwrap()), "instances are kept");
        assert!(pids.contains(&lambda.invoke("f", "{}").pid()));
    });
}

#[test]
fn requests_that_are_wrong_are_refused_in_aws_words() {
    needs!("python3", "python3");
    let lambda = Lambda::one(&["--concurrency", "0"]);
    for (function, event, headers, status, kind) in [
        ("nobody", "{}", &[][..], 404, "ResourceNotFoundException"),
        ("f", "{", &[], 400, "InvalidRequestContentException"),
        ("f", "{} {}", &[], 400, "InvalidRequestContentException"),
        ("f", "{}", &[("x-amz-invocation-type", "Sometime")], 400, "InvalidParameterValueException"),
        ("f", "{}", &[("x-amz-client-context", "~")], 400, "InvalidRequestContentException"),
        ("f:a?Qualifier=b", "{}", &[], 400, "InvalidParameterValueException"),
        ("f/invocations/x", "{}", &[], 404, "UnknownOperationException"),
        ("f%2F..%2Fg", "{}", &[], 400, "InvalidParameterValueException"),
        ("f", "{}", &[], 429, "TooManyRequestsException"),
        ("f", "{}", &[("x-amz-invocation-type", "Event")], 429, "TooManyRequestsException"),
        ("f", "{}", &[("x-amz-invocation-type", "DryRun")], 204, ""),
        ("f", "{}", &[("origin", "https://a.example")], 403, ""),
        ("f", "{}", &[("sec-fetch-site", "same-origin")], 403, ""),
    ] {
        let answer = lambda.invoke_with(function, event, headers);
        assert_eq!((answer.status, answer.header("x-amzn-errortype")), (status, kind), "{function} {event}");
    }
}

#[test]
fn a_client_that_leaves_does_not_take_the_instance_with_it() {
    needs!("python3", "python3");
    let folder = tempfile::tempdir().unwrap();
    let lambda = Lambda::one(&["--concurrency", "1"]);
    let event = json!({"do": "meet", "folder": folder.path(), "name": "here"}).to_string();
    let mut client = TcpStream::connect(lambda.endpoint().strip_prefix("http://").unwrap()).unwrap();
    write!(
        client,
        "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{event}",
        event.len()
    )
    .unwrap();
    until("the function", || std::fs::read(folder.path().join("here")).is_ok_and(|pid| !pid.is_empty()));
    drop(client);
    std::fs::write(folder.path().join("go"), "").unwrap();
    lambda.until_it_says("REPORT");
    let pid: u64 = std::fs::read_to_string(folder.path().join("here")).unwrap().parse().unwrap();
    let mut answer = lambda.invoke("f", "{}");
    // The line is written before the instance is put back.
    until("its instance", || {
        if answer.status == 429 {
            answer = lambda.invoke("f", "{}");
        }
        answer.status == 200
    });
    assert_eq!(answer.pid(), pid);
}

#[test]
fn nothing_is_left_when_it_ends_or_is_killed() {
    needs!("python3", "python3");
    let ends = Lambda::one(&[]);
    let pid = ends.invoke("f", "{}").pid();
    assert_eq!(ends.process.terminate(), Some(0));
    assert!(!runs(pid));
    let killed = Lambda::one(&[]);
    let pid = killed.invoke("f", "{}").pid();
    killed.process.kill();
    until("its end", || !runs(pid));
}
