//! What a request may cost: allocations and host calls of one forwarded request, pinned.
//!
//! A number that falls is written down here; one that rises needs a reason. Instructions of the same request, by callgrind:
//! `docs/performance.md`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho::gateway::authorizers::software::Software;
use sekisho::gateway::config::load;
use sekisho::gateway::config::waf::Rule;
use sekisho::gateway::connection::PlainText;
use sekisho::gateway::exchange::{Exchange, Origin};
use sekisho::gateway::flow::{Flow, ResponseFlow};
use sekisho::gateway::head::Head;
use sekisho::gateway::outcome::{Ending, Observation};
use sekisho::gateway::shared::Memory;
use sekisho::gateway::surroundings::Elsewhere;
use sekisho::gateway::waf::client::Client;
use sekisho::gateway::waf::view::{Body, View};
use sekisho::gateway::waf::{Decision, managed};
use sekisho::gateway::{Env, Gateway, Millis, Nanos, Worker, compile};
use sekisho_cases::allocations;
use sekisho_cases::tokens::{ISSUER, jwk, token};
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::rc::Rc;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

/// What one request costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cost {
    allocations: usize,
    /// Changes to the request's head, each a host call.
    request_edits: usize,
    /// Changes to the response's head.
    response_edits: usize,
    /// What is told when it is over, and what the host is asked for it: histograms and filter state, each a host call.
    told: usize,
}

#[test]
fn a_plain_route_of_an_http_api() {
    let gateway = gateway("HTTP", "GET /orders/{id}", "$default", "http://backend:8080/v1/orders/{id}");
    let cost = cost(&gateway, "/orders/42?expand=lines");
    assert_eq!(cost, Cost { allocations: 14, request_edits: 6, response_edits: 1, told: 2 });
}

#[test]
fn a_plain_route_of_a_rest_api() {
    let gateway = gateway("REST", "GET /orders/{id}", "prod", "http://backend:8080/v1/orders/{id}");
    let cost = cost(&gateway, "/prod/orders/42?expand=lines");
    assert_eq!(cost, Cost { allocations: 27, request_edits: 6, response_edits: 8, told: 2 });
}

/// Metrics by route add nothing to the plain route's, which has its stage's.
#[test]
fn a_route_with_metrics_of_its_own() {
    let cost = cost(&observed(false), "/orders/42?expand=lines");
    assert_eq!(cost, Cost { allocations: 14, request_edits: 6, response_edits: 1, told: 2 });
}

/// An access log of AWS's usual format adds its line, and the time in it.
#[test]
fn a_route_with_metrics_and_an_access_log() {
    let cost = cost(&observed(true), "/orders/42?expand=lines");
    assert_eq!(cost, Cost { allocations: 16, request_edits: 6, response_edits: 1, told: 3 });
}

/// What a token adds that this worker has verified before, and one that it has not; the rest is the plain route's.
#[test]
fn a_route_with_a_jwt_authorizer() {
    let document = json!({ "apis": [{
        "apiId": "shop", "protocolType": "HTTP",
        "routes": [{
            "routeKey": "GET /orders/{id}", "target": "integrations/up", "authorizationType": "JWT",
            "authorizerId": "login", "authorizationScopes": ["read"],
        }],
        "authorizers": [{
            "authorizerId": "login", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
            "jwtConfiguration": { "issuer": ISSUER, "audience": ["shop"], "jwks": { "keys": [jwk()] } },
        }],
        "integrations": [{
            "integrationId": "up", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
            "integrationUri": "http://backend:8080/v1/orders/{id}",
        }],
        "stages": [{ "stageName": "$default" }],
    }] });
    let config = load(document.to_string().as_bytes()).unwrap();
    let gateway = Rc::new(compile(&config, &Elsewhere).unwrap().gateway);
    let claims = json!({ "scope": "read write", "email": "ann@example.com", "groups": ["a", "b"], "iat": 1_600_000_000 });
    let authorization = format!("Bearer {}", token(&json!({}), &claims));
    let (worker, shared) = (RefCell::default(), Memory::default());
    let cost = || {
        let mut pairs = request("/orders/42?expand=lines");
        pairs.iter_mut().find(|(name, _)| *name == "authorization").unwrap().1 = &authorization;
        let (head, answer) = (Head::from_pairs(&pairs, true), Head::from_pairs(&RESPONSE, false));
        let before = allocations::count();
        drop(forwarded(&gateway, head, answer, &worker, &shared));
        allocations::count() - before
    };
    let first = cost();
    assert_eq!((0..SEVERAL).map(|_| cost()).min(), Some(14), "a plain route costs as many");
    println!("{first} allocations the first time, a verification by a library among them");
}

/// Reading and compiling a document costs each of its API keys the same, however many there are.
#[test]
fn a_key_of_a_document_costs_what_any_other_costs() {
    let cost = |keys: usize| {
        let list = |item: &dyn Fn(usize) -> String| (0..keys).map(item).collect::<Vec<_>>().join(",");
        let key = |i| format!(r#"{{"id": "k{i:06}", "value": "sha256:{i:064x}", "enabled": true}}"#);
        let member = |i| format!(r#"{{"usagePlanId": "gold", "keyId": "k{i:06}", "keyType": "API_KEY"}}"#);
        let document = format!(
            r#"{{"apis": [{{
                "apiId": "shop", "protocolType": "REST",
                "routes": [{{"routeKey": "GET /x", "target": "integrations/up", "apiKeyRequired": true}}],
                "integrations": [{{"integrationId": "up", "integrationType": "HTTP_PROXY",
                                   "integrationMethod": "GET", "integrationUri": "http://backend:8080/"}}],
                "stages": [{{"stageName": "prod"}}]
            }}],
            "usagePlans": [{{"id": "gold", "apiStages": [{{"apiId": "shop", "stage": "prod"}}]}}],
            "apiKeys": [{}], "usagePlanKeys": [{}]}}"#,
            list(&key),
            list(&member)
        );
        let before = allocations::count();
        let gateway = compile(&load(document.as_bytes()).unwrap(), &Elsewhere).unwrap().gateway;
        assert_eq!(gateway.usage.keys.iter().count(), keys);
        allocations::count() - before
    };
    let (few, many, most) = (cost(1_000), cost(10_000), cost(100_000));
    let each = |keys: usize, more: usize| more as f64 / keys as f64;
    let (at_ten, at_hundred) = (each(9_000, many - few), each(90_000, most - many));
    println!(
        "allocations of a key: {at_ten:.2} among ten thousand, {at_hundred:.2} among a hundred thousand"
    );
    // A place's path has one digit more, with which it may outgrow its room, wherever it is made: that is all that may grow.
    assert!(at_hundred < at_ten + 5.0, "{at_ten} {at_hundred}");
}

/// An API key and three buckets of which the worker holds tokens add nothing to the plain route.
#[test]
fn a_route_with_an_api_key_and_leased_buckets() {
    let (worker, shared) = (RefCell::default(), Memory::default());
    let gateway = limited();
    let cost = || {
        let mut pairs = request("/orders/42?expand=lines");
        pairs.push(("x-api-key", KEY));
        let (head, answer) = (Head::from_pairs(&pairs, true), Head::from_pairs(&RESPONSE, false));
        let before = allocations::count();
        drop(forwarded(&gateway, head, answer, &worker, &shared));
        allocations::count() - before
    };
    let all: Vec<_> = (0..1000).map(|_| cost()).collect();
    let leased = all.iter().filter(|allocations| **allocations == 14).count();
    assert!(leased > 900, "as many as a plain route, where tokens are held: {all:?}");
}

/// A web ACL that finds nothing, of all managed groups and rules of a document's own, adds nothing to the plain route. What
/// libinjection takes room for, of values that are more than a word, is left out: groups ask it of what looks like SQL.
#[test]
fn a_route_behind_a_web_acl() {
    let (gateway, (worker, shared)) = (guarded(), (RefCell::default(), Memory::default()));
    let path = "/orders/42?expand=lines&sort=-created";
    let all: Vec<_> = (0..SEVERAL).map(|_| one(&gateway, path, &worker, &shared).allocations).collect();
    // Expressions whose texts stand in a request make the states that they need once.
    assert_eq!(all.iter().min(), Some(&14), "as many as a plain route: {all:?}");
}

/// Bodies that are made to cost much cost in proportion to their length, behind all managed groups.
#[test]
fn a_hostile_body() {
    let pieces: BTreeMap<String, String> =
        serde_json::from_str(include_str!("../bench/waf/hostile.json")).unwrap();
    let acl = Rc::clone(guarded().api("shop").unwrap().stage("$default").unwrap().web_acl.as_ref().unwrap());
    let (worker, shared) = (RefCell::default(), Memory::default());
    let env = env(&worker, &shared);
    let head = Head::from_pairs(&request("/orders/42"), false);
    let milliseconds = |piece: &str, length: usize| {
        let text = piece.repeat(length / piece.len());
        let body = Body::Seen { bytes: text.as_bytes(), more: false };
        let one = || {
            let view = View { head: &head, body, meaning: None, client: Client::new("203.0.113.7", &head) };
            assert!(matches!(black_box(acl.begin(&view, &env)), Decision::Done(_)));
        };
        // Some states of expressions are made by the first.
        one();
        let rounds = 64 * 1024 / length;
        let begun = used();
        (0..rounds).for_each(|_| one());
        (used() - begun) / rounds as f64
    };
    for (name, piece) in &pieces {
        let (quarter, whole) = (milliseconds(piece, 4096), milliseconds(piece, 16 * 1024));
        println!("{name}: {quarter:.3} ms for 4 KiB, {whole:.3} ms for 16 KiB");
        assert!(whole < 10.0 * quarter.max(0.5), "{name} costs more than in proportion");
    }
}

/// Milliseconds of CPU that this thread used, as Linux tells at ticks: on a shared machine clocks say nothing.
fn used() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    told.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e6
}

fn guarded() -> Rc<Gateway> {
    let arn = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/all/1";
    let seen =
        json!({ "SampledRequestsEnabled": false, "CloudWatchMetricsEnabled": true, "MetricName": "m" });
    let looking = |field: &str, steps: &[&str]| {
        let step = |(i, step): (usize, &&str)| json!({ "Priority": i, "Type": step });
        let steps: Vec<_> = steps.iter().enumerate().map(step).collect();
        json!({ "FieldToMatch": { field: {} }, "TextTransformations": steps })
    };
    let mut regex = looking("UriPath", &["URL_DECODE", "LOWERCASE"]);
    regex["RegexString"] = json!(r"\.(?:bak|sql|env)$");
    let mut size = looking("QueryString", &["NONE"]);
    size["ComparisonOperator"] = json!("GT");
    size["Size"] = json!(2048);
    let own = [
        json!({ "RegexMatchStatement": regex }),
        json!({ "SizeConstraintStatement": size }),
        json!({ "XssMatchStatement": looking("AllQueryArguments", &["URL_DECODE", "HTML_ENTITY_DECODE"]) }),
    ];
    let managed = |name| {
        let count = |rule: &Rule| json!({ "Name": rule.name, "ActionToUse": { "Count": {} } });
        // None of their rules ends it.
        let counts: Vec<_> = managed::load(name).unwrap().rules.iter().map(count).collect();
        json!({ "ManagedRuleGroupStatement": {
            "VendorName": "Sekisho", "Name": name, "RuleActionOverrides": counts,
        } })
    };
    // `IpReputation` has no patterns, but addresses that a document brings.
    let groups = managed::names().filter(|name| *name != "IpReputation").map(managed);
    let rule = |(i, statement): (usize, serde_json::Value)| {
        let (member, value) = match statement.get("ManagedRuleGroupStatement") {
            Some(_) => ("OverrideAction", json!({ "None": {} })),
            None => ("Action", json!({ "Block": {} })),
        };
        json!({
            "Name": format!("rule-{i}"), "Priority": i, "Statement": statement, "VisibilityConfig": seen, member: value,
        })
    };
    let rules: Vec<_> = own.into_iter().chain(groups).enumerate().map(rule).collect();
    let document = json!({
        "apis": [{
            "apiId": "shop", "protocolType": "HTTP",
            "routes": [{ "routeKey": "GET /orders/{id}", "target": "integrations/up" }],
            "integrations": [{
                "integrationId": "up", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                "integrationUri": "http://backend:8080/v1/orders/{id}",
            }],
            "stages": [{ "stageName": "$default", "webAclArn": arn }],
        }],
        "webAcls": [{
            "Name": "all", "ARN": arn, "DefaultAction": { "Allow": {} }, "VisibilityConfig": seen, "Rules": rules,
        }],
    });
    Rc::new(compile(&load(document.to_string().as_bytes()).unwrap(), &Elsewhere).unwrap().gateway)
}

/// Its refusals alone add where they would be kept; every step adds texts.
#[test]
fn a_method_with_an_execution_log() {
    let told = |level: &str| {
        let document = json!({ "apis": [{
            "apiId": "shop", "protocolType": "REST",
            "routes": [{ "routeKey": "GET /orders/{id}", "target": "integrations/up" }],
            "integrations": [{
                "integrationId": "up", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                "integrationUri": "http://backend:8080/v1/orders/{id}",
            }],
            "stages": [{ "stageName": "prod", "defaultRouteSettings": { "loggingLevel": level } }],
        }] });
        let gateway = compile(&load(document.to_string().as_bytes()).unwrap(), &Elsewhere).unwrap().gateway;
        let cost = cost(&Rc::new(gateway), "/prod/orders/42?expand=lines");
        (cost.allocations, cost.told)
    };
    assert_eq!(told("OFF"), (27, 2));
    assert_eq!(told("ERROR"), (29, 2));
    assert_eq!(told("INFO"), (120, 3));
}

/// A route with metrics of its own, and an access log where one is asked for.
fn observed(has_access_log: bool) -> Rc<Gateway> {
    let variables = [
        ("requestId", "requestId"),
        ("ip", "identity.sourceIp"),
        ("requestTime", "requestTime"),
        ("httpMethod", "httpMethod"),
        ("routeKey", "routeKey"),
        ("status", "status"),
        ("protocol", "protocol"),
        ("responseLength", "responseLength"),
        ("responseLatency", "responseLatency"),
        ("integrationLatency", "integrationLatency"),
    ];
    let format = variables.map(|(name, variable)| format!(r#""{name}":"$context.{variable}""#)).join(",");
    let format = format!("{{{format}}}");
    let mut stage = json!({
        "stageName": "$default", "defaultRouteSettings": { "detailedMetricsEnabled": true },
    });
    if has_access_log {
        stage["accessLogSettings"] = json!({ "format": format, "destination": "file:/dev/null" });
    }
    let document = json!({ "apis": [{
        "apiId": "shop", "protocolType": "HTTP",
        "routes": [{ "routeKey": "GET /orders/{id}", "target": "integrations/up" }],
        "integrations": [{
            "integrationId": "up", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
            "integrationUri": "http://backend:8080/v1/orders/{id}",
        }],
        "stages": [stage],
    }] });
    Rc::new(compile(&load(document.to_string().as_bytes()).unwrap(), &Elsewhere).unwrap().gateway)
}

const KEY: &str = "0123456789abcdef0123";

fn limited() -> Rc<Gateway> {
    let plenty = json!({ "rateLimit": 1_000_000, "burstLimit": 1_000_000 });
    let document = json!({
        "accountThrottle": plenty,
        "apis": [{
            "apiId": "shop", "protocolType": "HTTP",
            "routes": [{ "routeKey": "GET /orders/{id}", "target": "integrations/up", "apiKeyRequired": true }],
            "integrations": [{
                "integrationId": "up", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                "integrationUri": "http://backend:8080/v1/orders/{id}",
            }],
            "stages": [{
                "stageName": "$default",
                "defaultRouteSettings": { "throttlingRateLimit": 1_000_000, "throttlingBurstLimit": 1_000_000 },
            }],
        }],
        "apiKeys": [{
            "id": "k", "enabled": true,
            "value": "sha256:1bd8fd47297046f993e608e398d5905b00a33e163c6b1172dd38887fed05ed6a",
        }],
        "usagePlans": [{
            "id": "plan", "throttle": plenty, "apiStages": [{ "apiId": "shop", "stage": "$default" }],
        }],
        "usagePlanKeys": [{ "usagePlanId": "plan", "keyId": "k" }],
    });
    Rc::new(compile(&load(document.to_string().as_bytes()).unwrap(), &Elsewhere).unwrap().gateway)
}

fn gateway(protocol: &str, route: &str, stage: &str, uri: &str) -> Rc<Gateway> {
    let document = format!(
        r#"{{"apis": [{{
            "apiId": "shop", "protocolType": "{protocol}",
            "routes": [{{"routeKey": "{route}", "target": "integrations/up"}}],
            "integrations": [{{"integrationId": "up", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                               "integrationUri": "{uri}"}}],
            "stages": [{{"stageName": "{stage}"}}]
        }}]}}"#
    );
    Rc::new(compile(&load(document.as_bytes()).unwrap(), &Elsewhere).unwrap().gateway)
}

/// Equal requests until one is admitted by tokens that the worker holds: those that ask the shared bucket are not counted,
/// and neither is what the first one leaves behind.
const SEVERAL: usize = 32;

fn cost(gateway: &Rc<Gateway>, path: &str) -> Cost {
    let (worker, shared) = (RefCell::default(), Memory::default());
    let costs = (0..SEVERAL).map(|_| one(gateway, path, &worker, &shared));
    costs.min_by_key(|cost| cost.allocations).unwrap()
}

fn one(gateway: &Rc<Gateway>, path: &str, worker: &RefCell<Worker>, shared: &Memory) -> Cost {
    let head = Head::from_pairs(&request(path), true);
    let answer = Head::from_pairs(&RESPONSE, false);
    let before = allocations::count();
    let (exchange, cost) = forwarded(gateway, head, answer, worker, shared);
    drop(exchange);
    Cost { allocations: allocations::count() - before, ..cost }
}

/// A request that is over, of which the host knows nothing, however often it is asked.
#[derive(Debug, Default)]
struct Bodiless {
    asked: Cell<usize>,
}

impl Ending for Bodiless {
    fn response_bytes(&self) -> u64 {
        0
    }

    fn request_bytes(&self) -> u64 {
        0
    }

    fn tls_version(&self) -> Vec<u8> {
        self.asked.update(|asked| asked + 1);
        Vec::new()
    }

    fn broke_off(&self) -> bool {
        false
    }

    fn status(&self) -> u16 {
        self.asked.update(|asked| asked + 1);
        0
    }
}

/// One request through the core: its head, its backend's answer, its end. Not inlined, so that a profiler finds it.
#[inline(never)]
fn forwarded(
    gateway: &Rc<Gateway>,
    head: Head,
    answer: Head,
    worker: &RefCell<Worker>,
    shared: &Memory,
) -> (Exchange, Cost) {
    let env = env(worker, shared);
    let mut exchange = Exchange::new(Rc::clone(gateway));
    let Flow::Forward(request) = exchange.on_request_headers(Ok(head), &env) else {
        panic!("the request does not go on")
    };
    let request_edits = black_box(request).0.len();
    let ResponseFlow::Continue(response) = exchange.on_response_headers(Ok(answer), Origin::Upstream, &env)
    else {
        panic!("the response does not go on")
    };
    let response_edits = black_box(response).0.len();
    // What is counted of it is added to numbers that are there.
    let host = Bodiless::default();
    let observation = black_box(over(&mut exchange, &host, env.monotonic, worker));
    let times = observation.times.unwrap();
    let told = [
        times.latency.is_some(),
        times.integration_latency.is_some(),
        observation.access_log.is_some(),
        observation.execution_log.is_some(),
    ];
    let told = host.asked.get() + told.into_iter().filter(|is_told| *is_told).count();
    (exchange, Cost { allocations: 0, request_edits, response_edits, told })
}

/// The end of one request, by itself for a profiler.
#[inline(never)]
fn over(exchange: &mut Exchange, host: &Bodiless, now: Nanos, worker: &RefCell<Worker>) -> Observation {
    exchange.on_log(host, now, worker)
}

fn env<'a>(worker: &'a RefCell<Worker>, shared: &'a Memory) -> Env<'a> {
    Env {
        wall: Millis(1_700_000_000_000),
        monotonic: Nanos(0),
        dice: [0xab; 32],
        source_address: b"203.0.113.7:40000",
        client_cert_digest: b"",
        connection: &PlainText,
        worker,
        shared,
        signatures: &Software,
        watcher: None,
    }
}

/// A browser's request as Envoy hands it to the filter: pseudo-headers, fourteen headers, and Envoy's own two.
fn request(path: &str) -> Vec<(&str, &str)> {
    vec![
        (":authority", "shop.example.com"),
        (":path", path),
        (":method", "GET"),
        (":scheme", "https"),
        ("accept", "application/json, text/plain, */*"),
        ("accept-encoding", "gzip, deflate, br"),
        ("accept-language", "en-GB,en;q=0.9,ja;q=0.8"),
        ("cache-control", "no-cache"),
        ("origin", "https://app.example.com"),
        ("pragma", "no-cache"),
        ("referer", "https://app.example.com/orders/42"),
        ("sec-ch-ua-mobile", "?0"),
        ("sec-ch-ua-platform", "\"Linux\""),
        ("sec-fetch-dest", "empty"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-site", "same-site"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"),
        ("authorization", "Bearer 0123456789abcdef0123456789abcdef"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-proto", "https"),
    ]
}

const RESPONSE: [(&str, &str); 5] = [
    (":status", "200"),
    ("content-type", "application/json"),
    ("content-length", "9"),
    ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("server", "backend"),
];
