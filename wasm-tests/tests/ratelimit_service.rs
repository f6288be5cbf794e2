//! The rate-limit service of the tests, asked by Envoy's own filter: what fails here is no fault of the gateway's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use sekisho_cases::needs;
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use tokio::task::JoinSet;
use wasm_tests::client::http2;
use wasm_tests::{Backend, Gateway, Options, RateLimitService, Redis, raw};

/// A hundred a day for each key of a plan.
const LIMITS: &str = r#"
- namespace: sekisho
  name: gold
  max_value: 100
  seconds: 86400
  conditions:
    - descriptors[0].usage_plan == 'gold'
    - descriptors[0]['period'] == 'DAY'
  variables:
    - descriptors[0]['api_key']
    - descriptors[0]['window']
"#;

/// An Envoy that asks a service before the backend, which says yes to everything. Plan, key and window are what the request's headers say.
async fn envoy(service: SocketAddr, backend: &Backend) -> Gateway {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("envoy.json");
    fs::write(&file, bootstrap(service, backend.address()).to_string()).unwrap();
    Gateway::run(&file, folder, &Options::default()).await.unwrap_or_else(|problem| panic!("{problem}"))
}

fn bootstrap(service: SocketAddr, backend: SocketAddr) -> Value {
    let kind = |name: &str| format!("type.googleapis.com/envoy.{name}");
    let socket = |place: SocketAddr| json!({ "socket_address": { "address": place.ip(), "port_value": place.port() } });
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let ask = json!({
        "name": "envoy.filters.http.ratelimit",
        "typed_config": {
            "@type": kind("extensions.filters.http.ratelimit.v3.RateLimit"),
            "domain": "sekisho",
            "timeout": "5s",
            "failure_mode_deny": true,
            "status_on_error": { "code": 503 },
            "rate_limit_service": { "grpc_service": { "envoy_grpc": { "cluster_name": "ratelimit" } }, "transport_api_version": "V3" },
        },
    });
    let router = json!({ "name": "envoy.filters.http.router", "typed_config": { "@type": kind("extensions.filters.http.router.v3.Router") } });
    let entry = |key: &str| json!({ "request_headers": { "header_name": format!("x-{key}"), "descriptor_key": key } });
    let period = json!({ "generic_key": { "descriptor_key": "period", "descriptor_value": "DAY" } });
    let descriptor = json!({ "actions": [entry("usage_plan"), entry("api_key"), period, entry("window")] });
    let route =
        json!({ "match": { "prefix": "/" }, "route": { "cluster": "backend", "rate_limits": [descriptor] } });
    let manager = json!({
        "@type": kind("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "all",
        "http_filters": [ask, router],
        "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [route] }] },
    });
    let cluster = |name: &str, place: SocketAddr| {
        let endpoint = json!({ "endpoint": { "address": socket(place) } });
        let load = json!({ "cluster_name": name, "endpoints": [{ "lb_endpoints": [endpoint] }] });
        json!({ "name": name, "connect_timeout": "1s", "load_assignment": load })
    };
    let mut asked = cluster("ratelimit", service);
    asked["typed_extension_protocol_options"]["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"] = json!({
        "@type": kind("extensions.upstreams.http.v3.HttpProtocolOptions"),
        "explicit_http_config": { "http2_protocol_options": {} },
    });
    json!({
        "admin": { "address": socket(anywhere) },
        "static_resources": {
            "listeners": [{
                "name": "sekisho",
                "address": socket(anywhere),
                "filter_chains": [{ "filters": [{ "name": "http", "typed_config": manager }] }],
            }],
            "clusters": [cluster("backend", backend), asked],
        },
    })
}

fn request(plan: &str, key: &str, window: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nhost: h.test\r\nx-usage_plan: {plan}\r\nx-api_key: {key}\r\nx-window: {window}\r\n\r\n"
    )
}

/// The statuses of as many requests, one after the other.
async fn ask(address: SocketAddr, request: String, times: usize) -> Vec<u16> {
    let mut connection = raw::Raw::connect(address).await.unwrap();
    let mut statuses = Vec::with_capacity(times);
    for _ in 0..times {
        statuses.push(connection.exchange(request.as_bytes()).await.unwrap().status);
    }
    statuses
}

fn count(statuses: &[u16]) -> (usize, usize) {
    let of = |status: u16| statuses.iter().filter(|found| **found == status).count();
    assert_eq!(of(200) + of(429), statuses.len(), "{statuses:?}");
    (of(200), of(429))
}

#[tokio::test(flavor = "multi_thread")]
async fn services_on_one_redis_count_one_quota_exactly() {
    needs!("redis-server", "redis-server");
    let redis = Redis::start().await;
    let backend = Backend::start().await;
    let services =
        [RateLimitService::start(LIMITS, &redis).await, RateLimitService::start(LIMITS, &redis).await];
    let fleet = [envoy(services[0].address(), &backend).await, envoy(services[1].address(), &backend).await];
    let mut clients = JoinSet::new();
    for client in 0..8 {
        clients.spawn(ask(fleet[client % 2].address(), request("gold", "k1", "2026-11-23"), 125));
    }
    let statuses = clients.join_all().await.concat();
    assert_eq!(count(&statuses), (100, 900));
    assert_eq!(backend.seen().len(), 100);

    // Another key, or another window, has counts of its own; another plan has no limit.
    for (plan, key, window) in [("gold", "k2", "2026-11-23"), ("gold", "k1", "2026-11-24")] {
        assert_eq!(
            count(&ask(fleet[0].address(), request(plan, key, window), 101).await),
            (100, 1),
            "{key} {window}"
        );
    }
    assert_eq!(count(&ask(fleet[0].address(), request("silver", "k1", "2026-11-23"), 101).await), (101, 0));
    assert_eq!(redis.ask("DBSIZE").await.as_deref(), Some(":3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_survive_a_restart_of_the_service_and_end_with_their_window() {
    needs!("redis-server", "redis-server");
    let redis = Redis::start().await;
    let backend = Backend::start().await;
    let mut service = RateLimitService::start(LIMITS, &redis).await;
    let envoy = envoy(service.address(), &backend).await;
    let request = request("gold", "k1", "2026-11-23");
    assert_eq!(count(&ask(envoy.address(), request.clone(), 40).await), (40, 0));

    service.stop();
    assert_eq!(ask(envoy.address(), request.clone(), 1).await, [503]);
    service.restart().await;
    assert_eq!(count(&ask(envoy.address(), request.clone(), 61).await), (60, 1));

    let ends = redis.ask("EVAL \"return redis.call('ttl',redis.call('randomkey'))\" 0").await.unwrap();
    let ends: u32 = ends.strip_prefix(':').unwrap().parse().unwrap();
    assert!((86_300..=86_400).contains(&ends), "{ends} s");
    redis.ask("FLUSHALL").await.unwrap();
    assert_eq!(count(&ask(envoy.address(), request.clone(), 1).await), (1, 0));

    // It does not guess.
    drop(redis);
    assert_eq!(ask(envoy.address(), request, 1).await, [503]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_can_count_by_itself() {
    let backend = Backend::start().await;
    let service = RateLimitService::start_in_memory(LIMITS).await;
    let envoy = envoy(service.address(), &backend).await;
    let mut clients = JoinSet::new();
    for _ in 0..4 {
        clients.spawn(ask(envoy.address(), request("gold", "k1", "2026-11-23"), 50));
    }
    assert_eq!(count(&clients.join_all().await.concat()), (100, 100));
}

/// A field of protobuf that is bytes, text or a message, of up to 127 bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
}

/// The message of gRPC that asks for hits of `gold`'s key `k1`.
fn asking_for(hits: u8) -> Bytes {
    let entries = [("usage_plan", "gold"), ("api_key", "k1"), ("period", "DAY"), ("window", "2026-11-23")];
    let entries = entries
        .map(|(key, value)| field(1, &[field(1, key.as_bytes()), field(2, value.as_bytes())].concat()));
    let message = [field(1, b"sekisho"), field(2, &entries.concat()), vec![3 << 3, hits]].concat();
    Bytes::from([&[0, 0, 0, 0, u8::try_from(message.len()).unwrap()], message.as_slice()].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn hits_that_do_not_fit_are_not_counted() {
    let service = RateLimitService::start_in_memory(LIMITS).await;
    let mut client = http2(service.address()).await;
    let path = "envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";
    // None is one; then 99 are left.
    for (hits, code) in [(0, 1), (60, 1), (60, 2), (40, 2), (39, 1), (1, 2)] {
        let request = Request::post(format!("http://{}/{path}", service.address()))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Full::new(asking_for(hits)).boxed())
            .unwrap();
        let answer = client.send_request(request).await.unwrap().into_body().collect().await.unwrap();
        assert_eq!(answer.trailers().unwrap()["grpc-status"], "0");
        assert_eq!(answer.to_bytes().as_ref(), [0, 0, 0, 0, 2, 1 << 3, code], "{hits} hits");
    }
}
