//! The demo's story of a function, as people run it: a real Envoy, AWS's own runtime client, moto for DynamoDB.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use common::{Demo, sekisho};
use sekisho_cases::needs;
use sekisho_cases::skip;
use sekisho_cli::Ui;
use sekisho_cli::toolchain::{lambda_python, moto_python};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Whether what comes from PyPI is there; if not, the test is counted as skipped.
fn can_run(test: &str) -> bool {
    let installed = moto_python(&Ui::new()).and_then(|_| lambda_python(&Ui::new(), "3.12"));
    if let Err(error) = installed {
        eprintln!("{error}");
        skip(test, "python3-venv, and PyPI");
        return false;
    }
    true
}

fn example(file: &str) -> PathBuf {
    common::root().join("examples/lambda-crud").join(file)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(example(file)).unwrap()
}

#[test]
fn once_shows_ten_routes_two_kinds_of_404_and_the_functions_log() {
    if !can_run("once_shows_ten_routes_two_kinds_of_404_and_the_functions_log") {
        return;
    }
    let once = ["demo", "lambda-crud", "--port", "0", "--admin-port", "0", "--once"];
    // Neither the user's own account nor their Python has a part in it.
    let output = sekisho()
        .args(once)
        .env("AWS_PROFILE", "none")
        .env("AWS_REGION", "eu-central-1")
        .env("PYTHONPATH", "/nowhere")
        .output()
        .unwrap();
    let (said, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{errors}");
    let statuses: Vec<&str> = said
        .lines()
        .filter(|line| line.len() > 4 && line.as_bytes().iter().take(3).all(u8::is_ascii_digit))
        .filter_map(|line| line.get(..3))
        .collect();
    let wanted = ["201", "201", "200", "200", "200", "200", "200", "200", "204", "204", "404", "404"];
    assert_eq!(statuses, wanted, "{said}");
    assert_eq!(said.matches("$ curl ").count(), 12);
    assert!(said.contains("{\"message\": \"there is no user `"), "{said}");
    assert!(said.contains(r#"{"message":"Not Found"}"#), "{said}");
    assert!(!said.contains("Ctrl-C"), "{said}");
    let routes = errors.lines().filter_map(|line| line.strip_prefix("lambda-crud/1 "));
    let routes: BTreeSet<&str> = routes.filter(|line| line.contains(" /")).collect();
    assert_eq!(routes.len(), 10, "{errors}");
    assert!(errors.contains("Init Duration: "), "{errors}");
}

#[test]
fn a_signal_ends_it_well_and_nothing_is_left() {
    if !can_run("a_signal_ends_it_well_and_nothing_is_left (lambda-crud)") {
        return;
    }
    let demo = Demo::start(&["lambda-crud"]);
    let children = demo.process.children();
    assert!(children.len() >= 3, "Envoy, moto and the function: {children:?}");
    let endpoints = ["gateway", "admin", "lambda", "moto"].map(|name| demo.endpoint(name).to_owned());
    assert_eq!(demo.process.terminate(), Some(0));
    common::all_end(&children);
    for endpoint in endpoints {
        common::nobody_listens(&endpoint);
    }
}

#[test]
fn nothing_is_left_when_it_is_killed() {
    if !can_run("nothing_is_left_when_it_is_killed (lambda-crud)") {
        return;
    }
    let demo = Demo::start(&["lambda-crud"]);
    let (moto, children) = (demo.endpoint("moto").to_owned(), demo.process.children());
    demo.process.kill();
    common::all_end(&children);
    common::nobody_listens(&moto);
}

#[test]
fn the_readme_says_what_is_answered() {
    needs!("curl", "curl");
    if !can_run("the_readme_says_what_is_answered (lambda-crud)") {
        return;
    }
    let demo = Demo::start(&["lambda-crud"]);
    let steps = common::console(&read("README.md"));
    assert_eq!(steps.len(), 16, "every line of the README");
    let mut ids: Vec<(String, String)> = Vec::new();
    for (command, told) in steps {
        let command = ids.iter().fold(command, |text, (told, given)| text.replace(told, given));
        let given = common::shell(&command.replace("http://127.0.0.1:8080", demo.gateway()));
        if let (Some(told), Some(given)) = (id(&told), id(&given))
            && !ids.iter().any(|(known, _)| *known == told)
        {
            ids.push((told, given));
        }
        let given = ids.iter().fold(given, |text, (told, given)| text.replace(given, told));
        assert_eq!(timeless(&given), timeless(&told), "{command}");
    }
    assert_eq!(ids.len(), 2, "a user and a post");
}

/// The id that an answer begins with.
fn id(answer: &str) -> Option<String> {
    answer.strip_prefix("{\"id\": \"")?.split('"').next().map(str::to_owned)
}

/// Python writes a blank behind a name.
fn timeless(text: &str) -> String {
    common::timeless(&text.replace("At\": \"", "At\":\""))
}

#[test]
fn a_story_without_data_keeps_none() {
    let output = sekisho().args(["demo", "lambda-crud", "--keep-data", "/nowhere"]).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(
        errors.contains("the story `lambda-crud` has nothing to keep: its tables are in the memory of moto")
    );
    assert!(errors.contains("leave it out"), "{errors}");
}

#[test]
fn a_missing_python_is_told_before_anything_is_begun() {
    let empty = tempfile::tempdir().unwrap();
    let output = sekisho()
        .args(["demo", "lambda-crud", "--port", "0", "--admin-port", "0", "--once"])
        .env_clear()
        .env("PATH", empty.path())
        .env("CARGO_TARGET_DIR", empty.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    for told in ["needed to run functions of Python, and moto", "apt-get install python3 python3-venv"] {
        assert!(errors.contains(told), "{told}: {errors}");
    }
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "nothing was begun");
}

#[test]
fn the_function_the_gateway_and_the_template_have_the_same_routes() {
    let gateway: Value = serde_json::from_str(&read("gateway.json")).unwrap();
    let routes = gateway.pointer("/apis/0/routes").and_then(Value::as_array).unwrap().iter();
    let routes: BTreeSet<String> =
        routes.map(|route| route.get("routeKey").and_then(Value::as_str).unwrap().to_owned()).collect();
    assert_eq!(routes.len(), 10);

    let template: Value = serde_yaml_ng::from_str(&read("template.yaml")).unwrap();
    let events =
        template.pointer("/Resources/Function/Properties/Events").and_then(Value::as_object).unwrap();
    let property = |event: &Value, name: &str| {
        event.pointer(&format!("/Properties/{name}")).and_then(Value::as_str).unwrap().to_owned()
    };
    let events: BTreeSet<String> = events
        .values()
        .map(|event| format!("{} {}", property(event, "Method"), property(event, "Path")))
        .collect();
    assert_eq!(events, routes);

    let function = read("function/app.py");
    let keys = function.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\": "));
    let keys: BTreeSet<String> =
        keys.map(|(key, _)| key.to_owned()).filter(|key| key.contains(" /")).collect();
    assert_eq!(keys, routes);

    let run: Value = serde_json::from_str(&read("functions.json")).unwrap();
    let (run, deployed) = (run.pointer("/Functions/0").unwrap(), "/Resources/Function/Properties");
    for name in ["Runtime", "Handler", "CodeUri", "Timeout", "MemorySize"] {
        let deployed = template.pointer(&format!("{deployed}/{name}"));
        assert_eq!(run.get(name), deployed, "{name}");
        assert!(deployed.is_some(), "{name}");
    }
    for word in ["sekisho", "moto", "localhost", "127.0.0.1", "endpoint_url"] {
        assert!(!function.to_lowercase().contains(word), "the function is an AWS user's: {word}");
    }
}
