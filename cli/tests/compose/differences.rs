//! Image, command, variables, mounts and ports: the file's, and the table's.

use crate::{compose, words};
use sekisho_cli::demo::parts::{ENVOY, Image, PARTS, Part};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What the file says of a service and the table does not, and the other way round.
fn differences(file: &Value) -> Vec<String> {
    let services = file["services"].as_object().unwrap();
    let (told, known): (BTreeSet<&str>, BTreeSet<&str>) =
        (services.keys().map(String::as_str).collect(), PARTS.iter().map(|part| part.name).collect());
    let mut found: Vec<String> =
        told.symmetric_difference(&known).map(|name| format!("{name}: only one of the two has it")).collect();
    for part in PARTS {
        let service = &services[part.name];
        for (what, told, known) in compared(part, service) {
            if told != known {
                found.push(format!("{}: {what}: {told:?} in the file, {known:?} in the table", part.name));
            }
        }
    }
    found
}

fn compared(part: &Part, service: &Value) -> Vec<(&'static str, Vec<String>, Vec<String>)> {
    let image = match part.image {
        Image::Pulled(image) => vec![image.to_owned()],
        Image::Built(stage) => vec![
            json!({ "context": ".", "dockerfile": "envoy/compose/Dockerfile", "target": stage }).to_string(),
        ],
    };
    let told_image = match &service["build"] {
        Value::Null => vec![service["image"].as_str().unwrap_or_default().to_owned()],
        build => vec![build.to_string()],
    };
    let command = part.contained().iter().map(|word| word.to_str().unwrap().to_owned()).collect();
    let variables: BTreeMap<&str, &str> = part.variables.iter().copied().collect();
    let told_variables = service["environment"].as_object().into_iter().flatten();
    let told_variables = told_variables.map(|(name, value)| format!("{name}={}", value.as_str().unwrap()));
    let access = |writable: bool| if writable { "" } else { ":ro" };
    let volumes =
        part.volumes.iter().map(|(name, place, writable)| format!("{name}:{place}{}", access(*writable)));
    let mounts = part.files.iter().map(|(file, place)| format!("./{file}:{place}:ro")).chain(volumes);
    let ports = part.ports.iter().map(|(here, there)| format!("127.0.0.1:{here}:{there}"));
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    vec![
        ("image", told_image, image),
        ("command", words(&service["command"]), command),
        (
            "variables",
            sorted(told_variables.collect()),
            sorted(variables.iter().map(|(name, value)| format!("{name}={value}")).collect()),
        ),
        ("mounts", sorted(words(&service["volumes"])), sorted(mounts.collect())),
        ("ports", words(&service["ports"]), ports.collect()),
    ]
}

#[test]
fn the_file_is_what_the_table_says() {
    assert_eq!(differences(&compose()), Vec::<String>::new());
    assert!(ENVOY.image.is_the_envoy_of_the_demo());
}

#[test]
fn every_difference_is_seen() {
    for (pointer, changed) in [
        ("/services/envoy/image", json!("envoyproxy/envoy:latest")),
        ("/services/envoy/command/4", json!("4")),
        ("/services/envoy/ports/0", json!("8080:8080")),
        ("/services/envoy/volumes/0", json!("filter:/etc/sekisho")),
        ("/services/issuer/build/target", json!("users-posts")),
        ("/services/function/environment/USERS_TABLE", json!("others")),
        ("/services/function/volumes/0", json!("./examples/lambda-crud:/var/task:ro")),
        ("/services/grafana/environment/GF_AUTH_ANONYMOUS_ORG_ROLE", json!("Admin")),
        ("/services/prometheus/command/2", json!("--storage.tsdb.retention.time=2d")),
    ] {
        let mut file = compose();
        *file.pointer_mut(pointer).unwrap() = changed;
        assert_eq!(differences(&file).len(), 1, "{pointer}");
    }
    let mut file = compose();
    let services = file["services"].as_object_mut().unwrap();
    services.insert("other".to_owned(), json!({ "image": "other:1" }));
    services["dynamodb"]["environment"] = json!({ "A": "b" });
    services["dynamodb"]["ports"] = json!(["127.0.0.1:8000:8000"]);
    assert_eq!(differences(&file).len(), 3);
}
