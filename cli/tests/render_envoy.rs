//! What render writes, in a real Envoy: who may say what, and in whose words Envoy answers.
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
use render_support::client::{self, Response};
use render_support::envoy::{self, Envoy};
use render_support::{cluster, plan, settings};
use sekisho::gateway::config::HealthCheck;
use sekisho_cli::render::dynamic::Delivery;
use sekisho_cli::render::{Plan, bootstrap, yaml};
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

struct World {
    envoy: Envoy,
    _folder: tempfile::TempDir,
}

impl World {
    fn start(plan: &Plan) -> Self {
        Self::start_with(plan, |_| {})
    }

    fn start_with(plan: &Plan, edit: impl FnOnce(&mut Value)) -> Self {
        let binary = envoy::binary();
        let mut bootstrap = bootstrap::bootstrap(plan, &settings(), Delivery::Static);
        edit(&mut bootstrap);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("envoy.yaml");
        std::fs::write(&file, yaml::document(&bootstrap)).unwrap();
        Self { envoy: Envoy::start(&binary, &file), _folder: folder }
    }

    /// Waits for an access log line with these words of Envoy's.
    fn logged(&mut self, status: u16, details: &str) {
        self.envoy.wait(&format!("line with {status} and {details}"), |envoy| {
            let log = envoy.log();
            let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let is = |line: &Value| {
                line["status"] == status && line["details"].as_str().is_some_and(|it| it.starts_with(details))
            };
            lines.any(|line| is(&line)).then_some(())
        });
    }
}

fn says(response: &Response, status: u16, message: &str) {
    let expected = (status, json!({ "message": message }), Some("application/json"));
    assert_eq!((response.status, response.json(), response.header("content-type")), expected, "{response:?}");
    assert_eq!(response.header("server"), None, "{response:?}");
}

const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

#[test]
fn the_backend_sees_the_request_and_nothing_of_the_gateway() {
    let backend = Backend::start("users");
    let plan = plan(vec![cluster("127.0.0.1", backend.port())]);
    let name = plan.clusters[0].name.as_str();
    let world = World::start(&plan);
    let response = world.envoy.get(
        "/a//b/%2F../x?q=1",
        &[
            ("x-stub-cluster", name),
            ("x-stub-timeout", "5000"),
            ("x-stub-retry-on", "reset"),
            ("x-stub-max-retries", "1"),
            ("x-sekisho-cluster", "evil"),
            ("X-Sekisho-Other", "evil"),
            ("x_sekisho_other", "evil"),
            ("x-amzn-waf-label", "evil"),
            ("x_amzn_waf_label", "evil"),
            ("x-envoy-retry-on", "evil"),
            ("x-envoy-anything", "evil"),
            ("x_envoy_anything", "evil"),
            ("x-forwarded-client-cert", "evil"),
            ("x-request-id", "mine"),
            ("x_under_score", "1"),
        ],
    );
    let seen = response.json();
    assert_eq!(seen["request"], "GET /a//b/%2F../x?q=1 HTTP/1.1");
    let headers: Vec<&str> = seen["headers"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .filter(|it| !it.starts_with("x-stub"))
        .collect();
    assert_eq!(headers, ["host", "x-forwarded-for", "x-request-id", "x_under_score"]);
    assert_eq!(seen["headers"]["x-request-id"], "mine");
    // The backend's own `server` and no `x-envoy-upstream-service-time`.
    assert_eq!(response.header("server"), Some("backend"));
    assert!(!response.head.contains("x-envoy"), "{response:?}");
}

/// Why routes remove `x-forwarded-proto`, and the filter must not.
#[test]
fn envoy_finds_no_route_without_x_forwarded_proto() {
    let backend = Backend::start("users");
    let plan = plan(vec![cluster("127.0.0.1", backend.port())]);
    let to = ("x-stub-cluster", plan.clusters[0].name.as_str());
    let mut world = World::start(&plan);
    says(&world.envoy.get("/", &[to, ("x-stub", "no-proto")]), 404, "Not Found");
    world.logged(404, "route_not_found");
}

#[test]
fn backends_of_rest_apis_see_x_forwarded_proto() {
    let backend = Backend::start("users");
    let plan = Plan { forwarded_proto: true, ..plan(vec![cluster("127.0.0.1", backend.port())]) };
    let to = ("x-stub-cluster", plan.clusters[0].name.as_str());
    let world = World::start(&plan);
    assert_eq!(world.envoy.get("/", &[to]).json()["headers"]["x-forwarded-proto"], "http");
}

#[test]
fn a_client_cannot_choose_a_cluster() {
    let backend = Backend::start("users");
    let plan = plan(vec![cluster("127.0.0.1", backend.port())]);
    let name = plan.clusters[0].name.as_str();
    let mut world = World::start(&plan);
    // `unrouted`: the filter lets the request go without a cluster.
    let response = world.envoy.get("/", &[("x-stub", "unrouted"), ("x-sekisho-cluster", name)]);
    says(&response, 500, "Internal Server Error");
    world.logged(500, "cluster_not_found");
    assert_eq!(backend.requests(), 0);
}

#[test]
fn even_without_a_filter_a_client_cannot_choose_a_cluster() {
    let backend = Backend::start("users");
    let plan = plan(vec![cluster("127.0.0.1", backend.port())]);
    let name = plan.clusters[0].name.clone();
    let world = World::start_with(&plan, |it| {
        it.pointer_mut(MANAGER).unwrap()["http_filters"].as_array_mut().unwrap().remove(0);
    });
    says(&world.envoy.get("/", &[("x-sekisho-cluster", &name)]), 500, "Internal Server Error");
    says(&world.envoy.get("/", &[("X-SEKISHO-CLUSTER", &name)]), 500, "Internal Server Error");
    assert_eq!(backend.requests(), 0);
}

#[test]
fn envoys_own_answers_are_in_awss_words_and_nobody_elses_are_touched() {
    let backend = Backend::start("users");
    let plan = plan(vec![cluster("127.0.0.1", backend.port()), cluster("127.0.0.1", 1)]);
    let (name, dead) = (plan.clusters[0].name.as_str(), plan.clusters[1].name.as_str());
    let to = ("x-stub-cluster", name);
    let mut world = World::start(&plan);
    let listen = world.envoy.listen;
    let big = "a".repeat(50_000);
    let names: Vec<String> = (0..120).map(|i| format!("x-{i}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let raw = |text: &str| client::raw(listen, text.as_bytes()).unwrap();
    let get = |headers: &[(&str, &str)]| client::get(listen, "/", headers);

    // The codec's: the filter never sees these requests.
    says(&get(&[("x-big", &big)]), 431, "Request Header Fields Too Large");
    world.logged(431, "http1.headers_too_large");
    says(&get(&many), 431, "Request Header Fields Too Large");
    says(&raw("GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n"), 400, "Bad Request");
    world.logged(400, "http1.codec_error");
    says(&raw("nonsense\r\n\r\n"), 400, "Bad Request");
    says(&raw("GET / HTTP/1.0\r\n\r\n"), 426, "Upgrade Required");
    says(
        &raw("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"),
        400,
        "Bad Request",
    );
    // The connection manager's.
    says(&raw("GET / HTTP/1.1\r\n\r\n"), 400, "Bad Request");
    world.logged(400, "missing_host_header");
    // The router's.
    says(&get(&[("x-stub-cluster", dead)]), 503, "Service Unavailable");
    says(&get(&[to, ("x-stub-sleep", "1000"), ("x-stub-timeout", "100")]), 504, "Endpoint request timed out");
    world.logged(504, "response_timeout");
    // A body over the route's limit: 10 MiB, and 1 MiB so that the filter refuses it first.
    let large = vec![b'a'; 12 << 20];
    let response = client::request(listen, "POST", "/", &[to, ("x-stub", "body")], &large).unwrap();
    says(&response, 413, "Request Entity Too Large");

    // The filter's own, also where the status is one of those above.
    says(&get(&[]), 404, "Not Found");
    says(&get(&[("x-stub", "forbid")]), 403, "Forbidden");
    says(&get(&[("x-stub", "internal")]), 500, "Internal server error");
    world.logged(500, "sekisho_internal");
    // The backend's own.
    for status in ["400", "404", "413", "500", "503", "504"] {
        let response = get(&[to, ("x-stub-status", status)]);
        assert_eq!(response.status.to_string(), status);
        assert_eq!(response.json()["backend"], "users");
    }
}

#[test]
fn a_body_that_the_filter_needs_whole_may_be_as_large_as_the_document_says() {
    let backend = Backend::start("users");
    let plan = plan(vec![cluster("127.0.0.1", backend.port())]);
    let headers = [("x-stub-cluster", plan.clusters[0].name.as_str()), ("x-stub", "body")];
    let world = World::start_with(&plan, |it| {
        // Envoy 1.36 looks at the connection's limit alone.
        if envoy::is_oldest(&envoy::binary()) {
            it["static_resources"]["listeners"][0]["per_connection_buffer_limit_bytes"] = json!(11 << 20);
        }
    });
    for size in [1, 70_000, 2_000_000, 10_485_760] {
        let response = client::request(world.envoy.listen, "POST", "/", &headers, &vec![b'a'; size]).unwrap();
        assert_eq!((response.status, &response.json()["bytes"]), (200, &json!(size)));
    }
}

#[test]
fn a_filter_that_died_refuses_and_comes_back() {
    let backend = Backend::start("users");
    let plan = plan(vec![cluster("127.0.0.1", backend.port())]);
    let to = ("x-stub-cluster", plan.clusters[0].name.as_str());
    let mut world = World::start(&plan);
    says(&world.envoy.get("/", &[("x-stub", "trap")]), 503, "Service Unavailable");
    world.envoy.wait("a filter", |envoy| {
        let answers: Vec<u16> = (0..20).map(|_| envoy.get("/", &[to]).status).collect();
        // Never anything but the backend's answer and a refusal.
        assert!(answers.iter().all(|status| matches!(status, 200 | 503)), "{answers:?}");
        answers.iter().all(|status| *status == 200).then_some(())
    });
}

#[test]
fn waiting_ends() {
    let plan = plan(Vec::new());
    let mut world = World::start_with(&plan, |it| {
        let manager = it.pointer_mut(MANAGER).unwrap();
        manager["stream_idle_timeout"] = json!("0.5s");
        manager["request_headers_timeout"] = json!("0.5s");
    });
    let listen = world.envoy.listen;
    // The filter waits for something that never comes.
    says(&world.envoy.get("/", &[("x-stub", "wait")]), 504, "Endpoint request timed out");
    world.logged(504, "stream_idle_timeout");
    // The body never comes.
    let text = "POST / HTTP/1.1\r\nhost: a\r\nx-stub: body\r\ncontent-length: 9\r\n\r\n";
    says(&client::raw(listen, text.as_bytes()).unwrap(), 408, "Request Timeout");
    world.logged(408, "stream_idle_timeout");
    // The head never ends.
    says(&client::raw(listen, b"GET / HTTP/1.1\r\nhost: a\r\n").unwrap(), 408, "Request Timeout");
    world.logged(408, "request_header_timeout");
}

#[test]
fn a_websocket_outlives_the_integrations_timeout() {
    let backend = Backend::start("chat");
    let plan = plan(vec![cluster("127.0.0.1", backend.port())]);
    let world = World::start(&plan);
    let mut stream = TcpStream::connect(world.envoy.listen).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let head = format!(
        "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: a\r\n\
         sec-websocket-version: 13\r\nx-stub-cluster: {}\r\nx-stub-timeout: 300\r\n\r\n",
        plan.clusters[0].name
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut read = |until: &str| {
        use std::io::Read as _;
        let (mut text, mut byte) = (Vec::new(), [0]);
        while !text.ends_with(until.as_bytes()) && stream.read(&mut byte).unwrap() > 0 {
            text.push(byte[0]);
        }
        stream.write_all(b"again").unwrap();
        String::from_utf8(text).unwrap()
    };
    assert!(read("hello").starts_with("HTTP/1.1 101 "));
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(1) {
        assert_eq!(read("again"), "again");
    }
}

#[test]
fn names_ipv6_and_health_checks() {
    let backend = Backend::start("users");
    let mut checked = cluster("localhost", backend.port());
    checked.name = "checked".into();
    checked.health_check = Some(HealthCheck { path: Some("/healthz".into()), interval_millis: Some(100) });
    let mut silent = checked.clone();
    (silent.name, silent.port) = ("silent".into(), 1);
    let plan = plan(vec![cluster("localhost", backend.port()), checked, silent]);
    let mut world = World::start(&plan);
    let response = world.envoy.get("/", &[("x-stub-cluster", &plan.clusters[0].name)]);
    assert_eq!(response.json()["backend"], "users");
    world.envoy.wait("health checks", |_| (backend.requests() > 3).then_some(()));
    assert_eq!(world.envoy.stat("cluster.checked.membership_healthy"), 1);
    // One host of one: sick, and asked all the same, so that its own failure is what the log says.
    says(&world.envoy.get("/", &[("x-stub-cluster", "silent")]), 503, "Service Unavailable");
    world.logged(503, "upstream_reset_before_response_started");
}

#[test]
fn one_host_that_fails_is_never_taken_out() {
    let backend = Backend::start("users");
    let plan = plan(vec![cluster("127.0.0.1", backend.port())]);
    let to = ("x-stub-cluster", plan.clusters[0].name.as_str());
    let world = World::start(&plan);
    for _ in 0..20 {
        assert_eq!(world.envoy.get("/", &[to, ("x-stub-status", "503")]).json()["backend"], "users");
    }
    assert_eq!(world.envoy.get("/", &[to]).status, 200);
}

#[test]
fn retries_are_the_filters_choice() {
    let backend = Backend::start("users");
    let plan = plan(vec![cluster("127.0.0.1", backend.port())]);
    let to = ("x-stub-cluster", plan.clusters[0].name.as_str());
    let world = World::start(&plan);
    world.envoy.get("/", &[to, ("x-stub-status", "503")]);
    assert_eq!(backend.requests(), 1);
    world
        .envoy
        .get("/", &[to, ("x-stub-status", "503"), ("x-stub-retry-on", "5xx"), ("x-stub-max-retries", "2")]);
    assert_eq!(backend.requests(), 4);
}
