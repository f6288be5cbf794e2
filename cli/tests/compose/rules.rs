//! What holds for every service: nobody but this machine reaches it, it may do little, and it is waited for.

use crate::{common, compose, read, words};
use sekisho_cli::demo::parts::{FUNCTION, ISSUER, Image, PARTS, USERS_POSTS};
use serde_json::Value;
use std::collections::BTreeSet;

/// The word that stands for keys of AWS.
const NO_SECRET: [&str; 3] = ["testing", "true", "false"];
/// Whose root can be written to, which the file explains.
const WRITABLE: [&str; 1] = ["dynamodb"];

#[test]
fn services_are_closed_waited_for_and_have_no_secrets() {
    let file = compose();
    let services = file["services"].as_object().unwrap();
    let mut completed = BTreeSet::new();
    for (name, service) in services {
        assert_eq!(words(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(words(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert_eq!(service["read_only"] == true, !WRITABLE.contains(&name.as_str()), "{name}");
        for member in ["privileged", "cap_add", "env_file", "secrets", "pid", "ipc", "devices"] {
            assert!(service[member].is_null(), "{name}: {member}");
        }
        for port in words(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
        }
        for (variable, value) in service["environment"].as_object().into_iter().flatten() {
            let secret = ["SECRET", "PASSWORD", "TOKEN", "KEY"].iter().any(|word| variable.contains(word));
            assert!(!secret || NO_SECRET.contains(&value.as_str().unwrap()), "{name}: {variable}");
        }
        for (other, condition) in service["depends_on"].as_object().into_iter().flatten() {
            let healthy = !services[other]["healthcheck"].is_null();
            match condition["condition"].as_str().unwrap() {
                "service_healthy" => assert!(healthy, "{name}: {other} never says how it is"),
                "service_completed_successfully" => {
                    assert!(!healthy, "{name}: {other} does not end");
                    completed.insert(other.as_str());
                }
                condition => panic!("{name}: {condition}"),
            }
        }
    }
    for (name, service) in services {
        let healthy = !service["healthcheck"].is_null();
        assert_ne!(healthy, completed.contains(name.as_str()), "{name} is watched, or ends");
    }
    assert_eq!(completed.len(), 2);
    let text = read("docker-compose.yml");
    assert!(!text.contains("${"), "nothing comes from who starts it");
}

#[test]
fn images_have_versions_and_mounted_files_are_there() {
    let mut mounted = 0;
    for part in PARTS {
        if let Image::Pulled(image) = part.image {
            let (_, version) = image.rsplit_once(':').unwrap();
            assert!(version.contains(|sign: char| sign.is_ascii_digit()), "{image}");
        }
        for (file, _) in part.files {
            assert!(common::root().join(file).exists(), "{file}");
            mounted += 1;
        }
    }
    assert_eq!(mounted, 7);
    let file = compose();
    let declared: BTreeSet<&str> = file["volumes"].as_object().unwrap().keys().map(String::as_str).collect();
    let used: BTreeSet<&str> =
        PARTS.iter().flat_map(|part| part.volumes.iter().map(|(name, ..)| *name)).collect();
    assert_eq!(declared, used);
}

#[test]
fn the_dockerfile_makes_what_the_file_names() {
    let text = read("envoy/compose/Dockerfile");
    let stages: BTreeSet<&str> = text
        .lines()
        .filter(|line| line.starts_with("FROM "))
        .filter_map(|line| line.split(" AS ").nth(1))
        .collect();
    let built = PARTS.iter().filter_map(|part| match part.image {
        Image::Built(stage) => Some(stage),
        Image::Pulled(_) => None,
    });
    assert_eq!(stages, built.chain(["build"]).collect());

    let manifest = read("Cargo.toml");
    let rust =
        manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"');
    assert!(text.contains(&format!("FROM rust:{rust}-")), "the toolchain is the oldest that is promised");

    // The filter and its configuration are where Envoy looks, and Prometheus asks where Envoy answers.
    let volume = "/etc/sekisho";
    for word in [
        "examples/stack/gateway.json",
        "--listen 0.0.0.0:8080",
        "--admin 127.0.0.1:9901",
        &format!("--wasm {volume}/sekisho.wasm"),
        "--out /out/envoy.yaml",
        r#"CMD ["cp", "/files/sekisho.wasm", "/files/envoy.yaml", "/shared/"]"#,
    ] {
        assert!(text.contains(word), "{word}");
    }
    assert!(read("envoy/observability/prometheus.yml").contains(r#"targets: ["127.0.0.1:9901"]"#));
}

/// The document's hosts are services, and its ports are where these listen.
#[test]
fn the_document_finds_the_services() {
    let text = read("examples/stack/gateway.json");
    let found: BTreeSet<&str> =
        text.split("\"http://").skip(1).map(|rest| rest.split(['/', '"']).next().unwrap()).collect();
    let listening = |part: &sekisho_cli::demo::parts::Part| {
        let (_, listen) = part.places.iter().find(|(name, _)| *name == "listen").unwrap();
        format!("{}:{}", part.name, listen.rsplit_once(':').unwrap().1)
    };
    // AWS's image listens on 8080.
    let known = [listening(&USERS_POSTS), listening(&ISSUER), format!("{}:8080", FUNCTION.name)];
    assert_eq!(found, known.iter().map(String::as_str).collect());

    let functions: Value = serde_json::from_str(&read("examples/stack/functions.json")).unwrap();
    let function = &functions["Functions"][0];
    // The emulator knows its function by this name alone.
    assert_eq!(function["FunctionName"], "function");
    assert!(text.contains(":function:function\""));
    assert_eq!(function["Handler"], FUNCTION.command[0]);
    let Image::Pulled(image) = FUNCTION.image else { panic!("it is AWS's") };
    assert_eq!(function["Runtime"], image.rsplit_once('/').unwrap().1.replace(':', ""));
    let (code, place) = FUNCTION.files[0];
    assert_eq!(place, "/var/task");
    let here = common::root().join("examples/stack").join(function["CodeUri"].as_str().unwrap());
    assert_eq!(here.canonicalize().unwrap(), common::root().join(code).canonicalize().unwrap());
    let variable = |name: &str| {
        FUNCTION.variables.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
    };
    for (name, member) in
        [("AWS_LAMBDA_FUNCTION_TIMEOUT", "Timeout"), ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "MemorySize")]
    {
        assert_eq!(variable(name), Some(function[member].to_string()), "{name}");
    }
    for (name, value) in function["Environment"]["Variables"].as_object().unwrap() {
        assert_eq!(variable(name).as_deref(), value.as_str(), "{name}");
    }
}
