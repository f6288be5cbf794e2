//! The golden events, read into AWS's own types of Rust: nothing that they know is lost, and nothing else than is named here.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use wasm_tests::lambda_app;

/// What AWS records of its events and these types do not have.
const UNKNOWN: [&str; 3] =
    ["/version", "/requestContext/extendedRequestId", "/requestContext/identity/clientCert"];

#[test]
fn golden_events_are_what_awss_own_types_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/events");
    let events: BTreeMap<String, Value> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let text = std::fs::read(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), serde_json::from_slice(&text).unwrap())
        })
        .collect();
    let lines: String = events.values().map(|event| format!("{event}\n")).collect();
    let mut reader =
        Command::new(lambda_app()).arg("read").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = reader.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = reader.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "an event is refused");
    let understood = String::from_utf8(output.stdout).unwrap();
    let mut met = BTreeSet::new();
    for ((name, event), line) in events.iter().zip(understood.lines()) {
        let mut lost = Vec::new();
        compare(event, &serde_json::from_str(line).unwrap(), "", &mut lost);
        for path in lost {
            let known = UNKNOWN.iter().find(|unknown| path == **unknown);
            met.insert(*known.unwrap_or_else(|| panic!("{name}: {path} is lost, or something else")));
        }
    }
    let (count, read) = (events.len(), understood.lines().count());
    println!("{read} events read");
    assert_eq!((count, read), (28, 28));
    assert_eq!(met, UNKNOWN.into(), "a newer type knows more");
}

/// Adds the paths of what stands in an event and not, or otherwise, in what was understood of it. What is null or empty there may be
/// absent here; names of headers are in any case.
fn compare(told: &Value, understood: &Value, path: &str, lost: &mut Vec<String>) {
    match told {
        Value::Null => {}
        Value::Object(members) if members.is_empty() => {}
        Value::Object(_) if !understood.is_object() => lost.push(path.to_owned()),
        Value::Object(members) => {
            let is_headers = path.to_ascii_lowercase().ends_with("headers");
            for (name, value) in members {
                let found = if is_headers { name.to_ascii_lowercase() } else { name.clone() };
                compare(value, &understood[found], &format!("{path}/{name}"), lost);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            if told != understood {
                lost.push(path.to_owned());
            }
        }
    }
}
