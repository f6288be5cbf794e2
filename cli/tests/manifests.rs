//! What docs/istio.md and the plain manifests promise, in the command itself and in a real Envoy.
// Helpers of tests are tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod render_support;

use render_support::backend::Backend;
use render_support::client;
use render_support::envoy::{self, Envoy};
use render_support::{cluster, plan, settings};
use sekisho_cli::render::dynamic::Delivery;
use sekisho_cli::render::{Plan, Settings, bootstrap, document, metrics, yaml};
use serde::Deserialize as _;
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Deployment's container and its pod.
fn deployment() -> (Value, Value) {
    let text = std::fs::read_to_string(repository().join("envoy/kubernetes/sekisho.yaml")).unwrap();
    let deployment = serde_yaml_ng::Deserializer::from_str(&text).next().unwrap();
    let deployment = Value::deserialize(deployment).unwrap();
    let pod = deployment["spec"]["template"].clone();
    (pod["spec"]["containers"][0].clone(), pod)
}

fn words(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// A port that is free now: Envoy is told of the admin interface's before it has one.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

struct World {
    envoy: Envoy,
    _folder: tempfile::TempDir,
}

impl World {
    fn start(plan: &Plan, settings: &Settings, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("envoy.yaml");
        let bootstrap = bootstrap::bootstrap(plan, settings, Delivery::Static);
        std::fs::write(&file, yaml::document(&bootstrap)).unwrap();
        Self { envoy: Envoy::start_with(&envoy::binary(), &file, options), _folder: folder }
    }
}

#[test]
fn of_the_admin_interface_only_statistics_are_shown() {
    let settings = Settings { admin: free(), metrics_listen: Some(([127, 0, 0, 1], 0).into()), ..settings() };
    let mut world = World::start(&plan(vec![]), &settings, &["--drain-time-s", "1"]);
    let metrics = world.envoy.wait("the metrics' listener", |envoy| envoy.listening(metrics::NAME));
    for path in ["/stats/prometheus", "/stats/prometheus?filter=server.uptime"] {
        let shown = client::get(metrics, path, &[]);
        assert_eq!(
            (shown.status, shown.body.contains("envoy_server_uptime")),
            (200, true),
            "{path}: {shown:?}"
        );
        assert!(!shown.head.contains("x-envoy-"), "{}", shown.head);
    }
    for path in [
        "/",
        "/config_dump",
        "/stats",
        "/stats/prometheus/",
        "/stats/prometheus/../../config_dump",
        "/stats/prometheus/..%2f..%2fconfig_dump",
        "/stats/prometheus%00",
        "//stats/prometheus",
        "/STATS/PROMETHEUS",
        "/config_dump?/stats/prometheus",
        "http://127.0.0.1/config_dump",
    ] {
        let refused = client::get(metrics, path, &[("x-envoy-original-path", "/stats/prometheus")]);
        assert!(
            matches!(refused.status, 400 | 404) && !refused.body.contains("bootstrap"),
            "{path}: {refused:?}"
        );
    }
    for (method, path) in [
        ("POST", "/quitquitquit"),
        ("POST", "/healthcheck/fail"),
        ("POST", "/stats/prometheus"),
        ("HEAD", "/stats/prometheus"),
        ("PUT", "/stats/prometheus"),
    ] {
        let refused = client::request(metrics, method, path, &[], b"").unwrap();
        assert_eq!(refused.status, 404, "{method} {path}");
    }
    // None of it came through: the interface has counted the two alone.
    let asked = world.envoy.stat("cluster.sekisho%20admin.upstream_rq_total");
    assert_eq!((asked, client::get(world.envoy.admin, "/ready", &[]).status), (2, 200));
}

/// Its cluster has a name that documents cannot say.
#[test]
fn no_document_sends_clients_to_the_admin_interface() {
    let planned = |name: &str| {
        let document = json!({ "apis": [{
            "apiId": "a", "protocolType": "HTTP", "stages": [{ "stageName": "$default" }],
            "routes": [{ "routeKey": "$default", "target": "integrations/i" }],
            "integrations": [{ "integrationId": "i", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                "integrationUri": "http://users", "cluster": name }],
        }] });
        document::plan(document.to_string().as_bytes(), &|_| None).map_err(|problems| problems.to_string())
    };
    assert!(planned("sekisho-admin").is_ok());
    let problems = planned(metrics::ADMIN).unwrap_err();
    assert!(problems.contains("a cluster's name is visible ASCII characters"), "{problems}");
}

/// What Kubernetes runs before it ends a pod lets clients go: their connections are told to close, new ones are still served.
#[test]
fn a_pod_that_is_to_end_says_good_bye() {
    let (container, pod) = deployment();
    let command = words(&container["lifecycle"]["preStop"]["exec"]["command"]);
    let [shell, option, script] = command.as_slice() else { panic!("{command:?}") };
    let (_, seconds) = script.trim_end().rsplit_once("sleep ").expect("it waits");
    let seconds: u64 = seconds.parse().unwrap();
    // The longest authorizer and the longest integration, and then Envoy's own end.
    assert!(seconds > 40 && pod["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap() >= seconds + 5);
    let image = container["image"].as_str().unwrap();
    assert!(!image.contains("distroless"), "there is a shell in {image}");

    // As the container runs it, but for where its files are, and what it says.
    let options = words(&container["args"]);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let drain = options.iter().position(|it| *it == "--drain-time-s").expect("connections are told to close");
    let options = options.get(drain..drain + 4).unwrap();
    assert_eq!(options[2..], ["--drain-strategy", "immediate"], "all of them at once");
    let backend = Backend::start("users");
    let plan = plan(vec![cluster("127.0.0.1", backend.port())]);
    let world = World::start(&plan, &settings(), options);
    let headers = [("x-stub-cluster", plan.clusters[0].name.as_str())];
    let request = format!("GET / HTTP/1.1\r\nhost: a\r\n{}: {}\r\n\r\n", headers[0].0, headers[0].1);
    let mut kept = client::Kept::open(world.envoy.listen);
    let before = kept.send(request.as_bytes()).unwrap();
    assert_eq!((before.status, before.header("connection")), (200, None), "{before:?}");

    let script = script.replace("/127.0.0.1/9901", &format!("/127.0.0.1/{}", world.envoy.admin.port()));
    let script = script.replace(&format!("sleep {seconds}"), "true");
    let done = Command::new(shell).args([option, &script]).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && said.starts_with("HTTP/1.1 200 OK") && said.contains("\nOK\n"),
        "{said}"
    );
    let after = kept.send(request.as_bytes()).unwrap();
    assert_eq!((after.status, after.header("connection")), (200, Some("close")), "{after:?}");
    let other = world.envoy.get("/", &headers);
    assert_eq!(other.status, 200, "a balancer may not know yet");
}

/// The ports of the manifest, and what asks for them.
#[test]
fn a_pod_is_found_by_who_gathers_metrics() {
    let (container, pod) = deployment();
    let port = |name: &str| {
        let ports = container["ports"].as_array().unwrap();
        ports.iter().find(|it| it["name"] == name).and_then(|it| it["containerPort"].as_u64()).unwrap()
    };
    let asked = &pod["metadata"]["annotations"];
    assert_eq!(asked["prometheus.io/port"], port("metrics").to_string());
    assert_eq!(asked["prometheus.io/path"], "/stats/prometheus");
    let map = std::fs::read_to_string(repository().join("envoy/kubernetes/configmap.yaml")).unwrap();
    let map: Value = serde_yaml_ng::from_str(&map).unwrap();
    let bootstrap: Value = serde_yaml_ng::from_str(map["data"]["envoy.yaml"].as_str().unwrap()).unwrap();
    let listeners = bootstrap["static_resources"]["listeners"].as_array().unwrap();
    let listens = |name: &str| {
        let found = listeners.iter().find(|it| it["name"] == name).unwrap();
        found["address"]["socket_address"]["port_value"].as_u64().unwrap()
    };
    assert_eq!((listens("sekisho"), listens(metrics::NAME)), (port("http"), port("metrics")));
    assert_eq!(bootstrap["admin"]["address"]["socket_address"]["address"], "127.0.0.1");
}

/// The first table of docs/istio.md: each command runs as it is written.
#[test]
fn the_commands_of_the_guide_run() {
    let guide = std::fs::read_to_string(repository().join("docs/istio.md")).unwrap();
    let table = guide.lines().skip_while(|line| !line.starts_with("| where |")).skip(2);
    let table = table.take_while(|line| line.starts_with('|')).map(|line| line.split('|').nth(2).unwrap());
    let commands = table.map(|cell| cell.split('`').nth(1).unwrap());
    let module = "oci://registry.example/sekisho@sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    let mut ran = 0;
    for command in commands {
        let words = command.split(' ').map(|word| match word {
            "IMAGE" => module,
            "gateway.json" => "examples/users-posts/gateway.json",
            "sidecar.json" => "envoy/istio/sidecar.json",
            "gateway-api.json" => "envoy/gateway-api/gateway.json",
            word => word,
        });
        let mut words = words.collect::<Vec<_>>().into_iter();
        assert_eq!(words.next(), Some("sekisho"), "{command}");
        let output = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .current_dir(repository())
            .args(words)
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        ran += 1;
    }
    assert_eq!(ran, 5);
}

#[test]
fn metrics_need_a_port_that_is_known() {
    let said = |args: &[&str]| {
        let file = repository().join("examples/users-posts/gateway.json");
        let output = Command::new(env!("CARGO_BIN_EXE_sekisho")).arg("render").arg(file).args(args).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let metrics = ["--metrics-listen", "127.0.0.1:9902"];
    let (code, errors) = said(&[&metrics[..], &["--admin", "127.0.0.1:0"]].concat());
    assert!(code == Some(1) && errors.contains("name its port with `--admin`"), "{errors}");
    let (code, errors) = said(&[&metrics[..], &["--filter"]].concat());
    assert!(code == Some(2) && errors.contains("cannot be used with"), "{errors}");
}
