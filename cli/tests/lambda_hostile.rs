//! What runtimes may do to `sekisho lambda` without harm: take too long, die, answer what they were not asked, write a lot.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod lambda_support;

use lambda_support::{Lambda, runs, until};
use sekisho_cases::needs;
use serde_json::json;
use std::process::Command;

#[test]
fn a_function_that_takes_too_long_is_ended_with_all_it_has_started() {
    needs!("python3", "python3");
    let lambda = Lambda::one(&["--timeout", "1"]);
    let first = lambda.invoke("f", "{}").pid();
    let late = lambda.invoke_with("f", r#"{"do": "hang"}"#, &[("x-amz-log-type", "Tail")]);
    assert_eq!(late.function_error(), "Sandbox.Timedout");
    let id = late.header("x-amzn-requestid");
    let message = format!("RequestId: {id} Error: Task timed out after 1.00 seconds");
    assert_eq!(late.json()["errorMessage"], message);
    assert!(
        late.tail().contains(&format!("Z {id} Task timed out after 1.00 seconds\nEND ")),
        "{}",
        late.tail()
    );
    assert!(late.tail().ends_with("\tStatus: timeout\n"), "{}", late.tail());
    assert_ne!(lambda.invoke("f", "{}").pid(), first, "a new one");
    let group = |pid: u64| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(2)?.parse::<u64>().ok())
    };
    until("the child that it forked", || {
        let pids = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u64>().ok());
        !pids.into_iter().any(|pid| group(pid) == Some(first) && runs(pid))
    });
}

#[test]
fn a_process_that_ends_is_an_error_and_is_replaced() {
    needs!("python3", "python3");
    let lambda = Lambda::one(&[]);
    for (event, how) in [
        (r#"{"do": "die", "status": 7}"#, "Runtime exited with error: exit status 7"),
        (r#"{"do": "die", "status": 0}"#, "Runtime exited without providing a reason"),
        (r#"{"do": "crash"}"#, "Runtime exited with error: signal: killed"),
    ] {
        let before = lambda.invoke("f", "{}").pid();
        let died = lambda.invoke_with("f", event, &[("x-amz-log-type", "Tail")]);
        assert_eq!(died.function_error(), "Runtime.ExitError", "{event}");
        let message = died.json()["errorMessage"].as_str().unwrap().to_owned();
        assert!(
            message.starts_with("RequestId: ") && message.ends_with(&format!(" Error: {how}")),
            "{message}"
        );
        assert_eq!(died.tail().contains("\nlast words\n"), event.contains("die"), "{}", died.tail());
        assert_ne!(lambda.invoke("f", "{}").pid(), before);
    }
}

#[test]
fn an_instance_that_dies_while_it_waits_is_replaced_without_an_error() {
    needs!("python3", "python3");
    let lambda = Lambda::one(&["--concurrency", "1"]);
    let pid = lambda.invoke("f", "{}").pid();
    let process = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    // Its end is known when it has been waited for.
    until("its end", || !std::path::Path::new(&format!("/proc/{pid}")).exists());
    assert_ne!(lambda.invoke("f", "{}").pid(), pid);
}

#[test]
fn a_process_that_does_not_start_well_is_told() {
    needs!("python3", "python3");
    let exits = Lambda::one(&["--env", "ON_START=exit"]);
    let error = exits.invoke("f", "{}");
    assert_eq!(error.function_error(), "Runtime.ExitError");
    assert!(error.text.contains("exit status 3"), "{}", error.text);

    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("bootstrap");
    std::fs::copy(lambda_support::bootstrap(), &program).unwrap();
    let code = folder.path().to_str().unwrap();
    let args = ["--name", "f", "--runtime", "provided.al2", "--code", code];
    let gone = Lambda::start(Command::new(env!("CARGO_BIN_EXE_sekisho")), &args);
    assert_eq!(gone.invoke("f", "1").json()["event"], 1, "a folder with a bootstrap");
    std::fs::remove_file(&program).unwrap();
    assert_eq!(gone.invoke("f", r#"{"do": "crash"}"#).function_error(), "Runtime.ExitError");
    let error = gone.invoke("f", "{}").function_error();
    assert!(["Runtime.ExitError", "Runtime.InvalidEntrypoint"].contains(&&*error), "{error}");
}

#[test]
fn a_runtime_may_answer_once_and_only_what_it_was_asked() {
    needs!("python3", "python3");
    let lambda = Lambda::one(&["--concurrency", "1"]);
    let twice = lambda.invoke("f", r#"{"do": "twice"}"#);
    assert_eq!(twice.json()["event"]["do"], "twice", "the first answer counts");
    let after = lambda.invoke("f", "{}");
    assert_eq!(after.pid(), twice.pid());
    assert_eq!(after.json()["earlier"][0][0], 403);
    assert_eq!(after.json()["earlier"][0][1]["errorType"], "InvalidStateTransition");

    let another = lambda.invoke("f", r#"{"do": "another"}"#);
    assert_eq!(another.pid(), twice.pid());
    let refused = json!([400, {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"}]);
    assert_eq!(another.json()["earlier"][0], refused);

    let garbage = lambda.invoke("f", r#"{"do": "garbage"}"#);
    assert_eq!(garbage.json()["statuses"], json!([404, 405, 400, 400, 400, 403, 403, 403]));
    assert_eq!(garbage.pid(), twice.pid());
}

#[test]
fn a_runtime_that_answers_and_hangs_is_ended_and_its_answer_counts() {
    needs!("python3", "python3");
    let lambda = Lambda::one(&["--timeout", "1", "--concurrency", "1"]);
    let answered = lambda.invoke("f", r#"{"do": "answer and hang"}"#);
    assert_eq!(answered.json()["event"]["do"], "answer and hang");
    assert_ne!(lambda.invoke("f", "{}").pid(), answered.pid());
    lambda.until_it_says("did not ask for the next invocation");
}

#[test]
fn fifty_megabytes_of_lines_harm_nobody() {
    needs!("python3", "python3");
    let lambda = Lambda::one(&["--timeout", "120"]);
    let event = json!({"do": "flood", "bytes": 50_000_000}).to_string();
    let flooded = lambda.invoke_with("f", &event, &[("x-amz-log-type", "Tail")]);
    assert_eq!(flooded.tail().len(), 4096);
    assert!(flooded.tail().contains("fff\nEND RequestId: "), "{}", flooded.tail());
    let line = json!({"do": "long line", "bytes": 3_000_000}).to_string();
    assert_eq!(lambda.invoke("f", &line).pid(), flooded.pid());
    assert!(lambda.process.memory() < 100, "{} MB", lambda.process.memory());
}

#[test]
fn sizes_are_bounded_both_ways() {
    needs!("python3", "python3");
    let lambda = Lambda::one(&[]);
    const MOST: usize = 6 * 1024 * 1024;
    let large = |bytes: usize| json!({"do": "large", "bytes": bytes}).to_string();
    let fits = lambda.invoke("f", &large(MOST + 100));
    assert_eq!((fits.status, fits.text.len()), (200, MOST + 100));
    assert_eq!(lambda.invoke("f", "{}").json()["earlier"][0][0], 202);
    let error = lambda.invoke("f", &large(MOST + 101));
    assert_eq!(error.function_error(), "Function.ResponseSizeTooLarge");
    assert!(error.text.contains("exceeded maximum allowed payload size (6291556 bytes)."), "{}", error.text);
    assert_eq!(lambda.invoke("f", "{}").json()["earlier"][0][0], 413, "the runtime goes on");

    let string = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    assert_eq!(
        lambda.invoke("f", &string(MOST)).status,
        200 /* with an error: what it sends back is larger */
    );
    let refused = lambda.invoke("f", &string(MOST + 1));
    assert_eq!((refused.status, refused.header("x-amzn-errortype")), (413, "RequestTooLargeException"));
    let event = [("x-amz-invocation-type", "Event")];
    assert_eq!(lambda.invoke_with("f", &string((1 << 20) + 1), &event).status, 413);
}
