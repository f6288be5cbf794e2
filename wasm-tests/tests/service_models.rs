//! What is AWS's is as botocore's models have it: operations of services that integrations call, and the objects of AWS WAF.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho::gateway::integrations::aws_service::subtype::{
    Kind, Parameter, Place, Protocol, SUBTYPES, Subtype,
};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use wasm_tests::Python;

fn parameter(parameter: &Parameter) -> Value {
    let (place, at) = match parameter.place {
        Place::Member(name) => ("member", name),
        Place::Path => ("path", ""),
        Place::Query(name) => ("query", name),
        Place::Header(name) => ("header", name),
        Place::Body => ("body", ""),
    };
    let kind = match parameter.kind {
        Kind::Text => "text",
        Kind::Code => "code",
        Kind::Number => "number",
        Kind::Flag => "flag",
        Kind::Time => "time",
        Kind::Object => "object",
        Kind::List => "list",
        Kind::Attributes => "attributes",
        Kind::Queue => "queue",
        Kind::Bucket => "bucket",
        Kind::Bytes => "bytes",
    };
    json!({ "name": parameter.name, "place": place, "at": at, "kind": kind, "required": parameter.required })
}

fn listed(subtype: &Subtype) -> Value {
    let protocol = match subtype.protocol {
        Protocol::Json { version, target, within } => {
            json!({ "kind": "json", "version": version, "target": target, "within": within })
        }
        Protocol::Query { action, version } => {
            json!({ "kind": "query", "action": action, "version": version })
        }
        Protocol::Rest { method, path } => json!({ "kind": "rest", "method": method, "path": path }),
    };
    let (_, operation) = subtype.name.split_once('-').unwrap();
    let parameters: Vec<Value> = subtype.parameters.iter().map(parameter).collect();
    json!({
        "name": subtype.name, "operation": operation, "protocol": protocol, "parameters": parameters,
        "service": { "name": subtype.service.name, "signingName": subtype.service.signing_name },
    })
}

/// Asks a program among the clients; gives the lines that it answers.
fn answers(python: &Python, script: &str, input: &str) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(script);
    let mut command = python.command("python3");
    let mut client = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    client.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = client.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    let answers = String::from_utf8(output.stdout).unwrap();
    answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn operations_are_those_of_botocore() {
    let Some(python) = Python::with("service models", "botocore", &["botocore==1.44.5"]) else { return };
    let lines: String = SUBTYPES.iter().map(|subtype| format!("{}\n", listed(subtype))).collect();
    let answers = answers(&python, "service_models.py", &lines);
    let wrong: Vec<&Value> = answers.iter().filter(|answer| answer["wrong"] != json!([])).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let compared: u64 = answers.iter().filter_map(|answer| answer["compared"].as_u64()).sum();
    let all: usize = SUBTYPES.iter().map(|subtype| subtype.parameters.len()).sum();
    assert_eq!((answers.len(), compared), (21, all as u64));
    println!("botocore agrees with {} operations and {compared} parameters", answers.len());
}

#[test]
fn what_aws_waf_prints_can_be_read() {
    let Some(python) = Python::with("objects of AWS WAF", "botocore", &["botocore==1.44.5"]) else { return };
    let schema = sekisho::gateway::config::schema().to_string();
    let answer = answers(&python, "waf_model.py", &schema).remove(0);
    assert_eq!(answer["wrong"], json!([]));
    // What is refused, with a reason, though it is AWS's.
    let refused: Vec<_> =
        answer["refused"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    let names: std::collections::BTreeSet<_> =
        refused.iter().filter_map(|path| path.rsplit('.').next()).collect();
    let expected = [
        "ApplicationConfig",
        "DataProtectionConfig",
        "JA3Fingerprint",
        "JA4Fingerprint",
        "ManagedRuleGroupConfigs",
        "MonetizationConfig",
        "Monetize",
    ];
    assert_eq!(names.into_iter().collect::<Vec<_>>(), expected);
    assert!(answer["compared"].as_u64().unwrap() > 600, "{answer}");
    println!("botocore agrees with {} members of {} shapes", answer["compared"], answer["shapes"]);
}
