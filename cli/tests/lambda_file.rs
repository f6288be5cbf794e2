//! The functions file and the command line of `sekisho lambda`: every problem at once, before anything is started.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use serde_json::json;
use std::net::TcpListener;
use std::process::{Command, Stdio};

/// The exit status and what is said of a call that is refused.
fn refused(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .arg("lambda")
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"", "nothing is served");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn refused_file(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("code")).unwrap();
    std::fs::write(folder.path().join("plain"), "").unwrap();
    let file = folder.path().join("functions.json");
    std::fs::write(&file, text).unwrap();
    let (status, said) = refused(&["--port", "0", file.to_str().unwrap()]);
    assert_eq!(status, Some(1), "{said}");
    said
}

#[test]
fn all_problems_of_a_file_are_told_at_once() {
    let said = refused_file(
        &json!({"Functions": [
            {"FunctionName": "a b", "Runtime": "python3.12", "Handler": "app", "CodeUri": "code", "Timeout": 0},
            {"FunctionName": "b", "Runtime": "nodejs22.x", "Handler": "app.handler", "CodeUri": "code"},
            {"FunctionName": "b", "Runtime": "python3.9", "Handler": "app.handler", "CodeUri": "code"},
            {"FunctionName": "c", "Runtime": "provided.al2023", "CodeUri": "code", "MemorySize": 1},
            {"FunctionName": "d", "Runtime": "provided", "CodeUri": "plain"},
            {"FunctionName": "e", "Runtime": "provided", "CodeUri": "nowhere", "ReservedConcurrentExecutions": 1001},
            {"FunctionName": "f", "Runtime": "provided"},
            {"FunctionName": "g", "Runtime": "provided", "CodeUri": "code", "Code": "code"},
            {"FunctionName": "h", "Runtime": "provided", "CodeUri": "code", "Layers": []},
            {"FunctionName": "i", "Runtime": "provided", "CodeUri": "code",
                "Environment": {"Variables": {"AWS_REGION": "r", "1A": "", "Z": "\u{0}"}}},
            {"Runtime": "provided"},
            {"FunctionName": "k", "Runtime": "provided.\u{1b}[31m", "CodeUri": "code"},
            {"FunctionName": "l", "Runtime": "python3.12", "Handler": "a.b\nc", "CodeUri": "code"},
        ]})
        .to_string(),
    );
    for problem in [
        "Functions[0].FunctionName: `a b` is no name of a function",
        "Functions[0].Timeout: 0 is not within 1 and 900 seconds",
        "Functions[0].Handler: `app` is no handler",
        "Functions[1].Runtime: `nodejs22.x` does not run here",
        "Functions[2].FunctionName: another function is named `b`",
        "Functions[2].Runtime: `python3.9` is not one of `python3.10` and newer",
        "Functions[3].MemorySize: 1 is not within 128 and 10240 megabytes",
        "Functions[3].CodeUri: `",
        "/plain` is no program",
        "Functions[5].CodeUri: `nowhere`: No such file",
        "Functions[5].ReservedConcurrentExecutions: 1001 instances",
        "Functions[6]: neither `CodeUri` nor `Code`",
        "Functions[7]: `CodeUri` and `Code` are the same",
        "Functions[8]: unknown field `Layers`",
        "`AWS_REGION` is reserved",
        "`1A` is no name of a variable",
        "the value of `Z` has a NUL byte",
        "Functions[10]: missing field `FunctionName`",
        r"Functions[11].Runtime: `provided.\u{1b}[31m` does not run here",
        r"Functions[12].Handler: `a.b\nc` is no handler",
    ] {
        assert!(said.contains(problem), "`{problem}` in\n{said}");
    }
}

#[test]
fn a_file_that_is_none_says_what_one_is() {
    for text in ["", "[]", "{}", r#"{"functions": []}"#] {
        let said = refused_file(text);
        assert!(said.contains("a functions file is `{\"Functions\": [{"), "{text}: {said}");
    }
    assert!(refused_file(r#"{"Functions": []}"#).contains("there is no function"));
}

#[test]
fn a_command_line_that_is_wrong_is_2() {
    let bootstrap = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lambda_support/bootstrap.py");
    let one = ["--name", "f", "--runtime", "provided", "--code", bootstrap, "--port", "0"];
    for more in [
        &["--region", "no region"][..],
        &["--account-id", "1"],
        &["--env", "SURELY_NOT_SET_ANYWHERE"],
        &["--timeout", "x"],
    ] {
        assert_eq!(refused(&[&one[..], more].concat()).0, Some(2), "{more:?}");
    }
    assert_eq!(refused(&[]).0, Some(2));
    assert_eq!(refused(&["--name", "f"]).0, Some(2));
    let (status, said) = refused(&[&one[..], &["--env", "AWS_REGION=x"]].concat());
    assert_eq!(status, Some(1));
    assert!(said.contains("`AWS_REGION` is reserved") && said.contains("--region"), "{said}");
}

#[test]
fn a_taken_port_is_told_with_its_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let bootstrap = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lambda_support/bootstrap.py");
    let args = ["--name", "f", "--runtime", "provided", "--code", bootstrap, "--port", &port];
    let (status, said) = refused(&args);
    assert_eq!(status, Some(1));
    assert!(said.contains(&format!("127.0.0.1:{port} is taken")) && said.contains("`--port N`"), "{said}");
}
