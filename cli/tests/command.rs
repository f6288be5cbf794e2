//! The real command: exit statuses, streams, colours.

#![allow(clippy::unwrap_used, reason = "the helpers are part of the tests")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

const GOOD: &str = r#"{"apis": [{"apiId": "a", "protocolType": "HTTP", "stages": [{"stageName": "$default"}],
    "routes": [{"routeKey": "GET /users/{id}", "target": "integrations/users"}],
    "integrations": [{"integrationId": "users", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
        "integrationUri": "http://users.internal:8080/v1/{id}", "payloadFormatVersion": "1.0"}]}]}"#;
const BAD: &str = r#"{"apis": [{"apiId": "a"}]}"#;

fn sekisho(args: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A verb that reads nothing may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn validate_reads_stdin_and_says_how_it_ended() {
    let good = sekisho(&["validate", "-"], GOOD);
    assert_eq!((good.status.code(), out(&good)), (Some(0), ""), "{}", err(&good));
    assert!(err(&good).contains("-: good: 1 API, 1 route;"), "{}", err(&good));

    let bad = sekisho(&["validate", "-"], BAD);
    assert_eq!(bad.status.code(), Some(1));
    assert!(err(&bad).starts_with("error: apis[0]: missing field `protocolType`\n  help: "), "{}", err(&bad));
    assert!(err(&bad).ends_with("-: 1 error\n"), "{}", err(&bad));
}

#[test]
fn colours_only_on_a_terminal_or_by_demand() {
    assert!(!err(&sekisho(&["validate", "-"], BAD)).contains('\x1b'));
    assert!(!err(&sekisho(&["--color", "never", "validate", "-"], BAD)).contains('\x1b'));
    assert!(err(&sekisho(&["validate", "-", "--color=always"], BAD)).contains("\x1b["));
}

#[test]
fn a_wrong_call_is_2_and_a_missing_file_is_1() {
    for args in [&[][..], &["validate"], &["no-such-verb"], &["validate", "-", "--no-such-option"]] {
        assert_eq!(sekisho(args, "").status.code(), Some(2), "{args:?}");
    }
    assert_eq!(sekisho(&["explain", "-", "users"], GOOD).status.code(), Some(2));
    let missing = sekisho(&["validate", "no/such/file.json"], "");
    assert_eq!(missing.status.code(), Some(1));
    assert!(err(&missing).starts_with("error: cannot read `no/such/file.json`: "), "{}", err(&missing));
}

#[test]
fn aws_limits_are_listed_without_failing() {
    let routes: Vec<String> =
        (0..301).map(|i| format!(r#"{{"routeKey": "GET /{i}", "target": "integrations/m"}}"#)).collect();
    let document = format!(
        r#"{{"apis": [{{"apiId": "a", "protocolType": "HTTP", "routes": [{}], "stages": [{{"stageName": "$default"}}],
            "integrations": [{{"integrationId": "m", "integrationType": "MOCK", "integrationResponses": [{{"statusCode": 200}}]}}]}}]}}"#,
        routes.join(",")
    );
    let plain = sekisho(&["validate", "-"], &document);
    assert!(!err(&plain).contains("AWS allows"), "{}", err(&plain));
    let listed = sekisho(&["validate", "--aws-limits", "-"], &document);
    assert_eq!(listed.status.code(), Some(0), "{}", err(&listed));
    assert!(
        err(&listed).contains(
            "warning: apis[0].routes: `routes` has 301 elements, more than the 300 that AWS allows"
        ),
        "{}",
        err(&listed)
    );
}

#[test]
fn explain_prints_text_or_json_and_refuses_bad_documents() {
    let text = sekisho(&["explain", "-", "GET /users/7", "-H", "X-A: 1"], GOOD);
    assert_eq!(text.status.code(), Some(0), "{}", err(&text));
    assert!(out(&text).starts_with("> :method: GET\n"), "{}", out(&text));
    assert!(out(&text).contains("> x-a: 1\n"), "{}", out(&text));
    assert!(out(&text).contains("\nroute: GET /users/{id}\n  {id} = 7\n"), "{}", out(&text));
    assert!(
        out(&text).contains("\nforward GET /v1/7 to the cluster `http://users.internal:8080`\n"),
        "{}",
        out(&text)
    );

    let json = sekisho(&["explain", "-", "/users/7", "--json"], GOOD);
    let json: serde_json::Value = serde_json::from_str(out(&json)).unwrap();
    assert_eq!(json["found"]["stage"], "$default", "{json}");
    assert_eq!(json["decision"]["forward"]["cluster"], "http://users.internal:8080", "{json}");

    let refused = sekisho(&["explain", "-", "/nowhere"], GOOD);
    assert_eq!(refused.status.code(), Some(0), "a refusal is what was asked for");
    assert!(
        out(&refused).contains("\nroute: none\n") && out(&refused).contains("\nanswer 404\n"),
        "{}",
        out(&refused)
    );
    let bad = sekisho(&["explain", "-", "/"], BAD);
    assert_eq!((bad.status.code(), out(&bad)), (Some(1), ""));
}

#[test]
fn hash_key_reads_stdin_and_never_prints_the_key() {
    let key = "01234567890123456789";
    let hash = "sha256:4e76ad8354461437c04ef9b9b242540b6406d782ff2c3fb28afdab5b423f88fe\n";
    for stdin in [key, "01234567890123456789\n", "01234567890123456789\r\n"] {
        let output = sekisho(&["hash-key"], stdin);
        assert_eq!((output.status.code(), out(&output), err(&output)), (Some(0), hash, ""));
    }
    assert_eq!(out(&sekisho(&["hash-key", key], "")), hash);
    assert_ne!(
        out(&sekisho(&["hash-key"], "01234567890123456789\n\n")),
        hash,
        "one line end is trimmed, not two"
    );

    for (key, words) in [
        ("Xshort-keyX", "API Key value should be at least 20 characters"),
        (&*"X".repeat(129), "API Key value exceeds maximum size of 128 characters"),
    ] {
        let refused = sekisho(&["hash-key"], key);
        assert_eq!((refused.status.code(), out(&refused)), (Some(1), ""));
        assert!(err(&refused).contains(words) && !err(&refused).contains(key), "{}", err(&refused));
        assert_eq!(sekisho(&["hash-key", "--any-length"], key).status.code(), Some(0));
    }
    assert_eq!(
        sekisho(&["hash-key", "--any-length"], "\n").status.code(),
        Some(1),
        "an empty key opens every door"
    );
}

#[test]
fn schema_is_a_json_schema_and_the_same_each_time() {
    let first = sekisho(&["schema"], "");
    let schema: serde_json::Value = serde_json::from_str(out(&first)).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["title"], "Sekisho gateway");
    assert!(out(&first).starts_with("{\n  \"$schema\""));
    assert_eq!(out(&first), out(&sekisho(&["schema"], "")));
    assert!(out(&sekisho(&["schema", "--markdown"], "")).starts_with("<!-- Made by"));
}

#[test]
fn every_verb_explains_itself_with_examples() {
    let verbs = ["demo", "validate", "explain", "lambda", "schema", "hash-key", "completions"];
    for verb in verbs {
        let help = sekisho(&[verb, "--help"], "");
        assert_eq!(help.status.code(), Some(0), "{verb}");
        assert!(out(&help).contains(&format!("Examples:\n  sekisho {verb}")), "{verb}: {}", out(&help));
    }
    assert!(out(&sekisho(&["--version"], "")).starts_with("sekisho "));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = sekisho(&["completions", shell], "");
        assert!(verbs.iter().all(|verb| out(&script).contains(verb)), "{shell}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .arg("schema")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), err(&output)), (Some(0), ""));
}
