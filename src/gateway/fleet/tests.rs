use super::{MOST_QUESTIONS, REMEMBERED};
use crate::gateway::authorizers::software::Software;
use crate::gateway::flow::{Callout, CalloutReply, Flow};
use crate::gateway::head::Head;
use crate::gateway::shared::Memory;
use crate::gateway::testing::{self, body, gateway, head, http, proxy, rest};
use crate::gateway::worker::Worker;
use crate::gateway::{Env, Exchange, Gateway, Millis, Nanos};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Sunday, 2026-11-22T12:00:00Z.
const NOW: u64 = 1_795_348_800_000;
pub(in crate::gateway) const KEY: &str = "key-of-nobody-else-1";
const OTHER: &str = "key-of-nobody-else-2";

/// A gateway, its memory and its clocks.
struct World {
    gateway: Rc<Gateway>,
    worker: RefCell<Worker>,
    shared: Memory,
    wall: Cell<u64>,
    monotonic: Cell<u64>,
    asked: Cell<u8>,
}

impl World {
    fn new(document: &Value) -> Self {
        Self {
            gateway: gateway(document),
            worker: RefCell::default(),
            shared: Memory::default(),
            wall: Cell::new(NOW),
            monotonic: Cell::new(1),
            asked: Cell::new(0),
        }
    }

    fn env(&self) -> Env<'_> {
        self.asked.set(self.asked.get().wrapping_add(1));
        Env {
            wall: Millis(self.wall.get()),
            monotonic: Nanos(self.monotonic.get()),
            dice: [self.asked.get(); 32],
            worker: &self.worker,
            shared: &self.shared,
            signatures: &Software,
            ..testing::env()
        }
    }

    fn begin(&self, key: &str) -> (Exchange, Flow) {
        let mut exchange = Exchange::new(Rc::clone(&self.gateway));
        let head = head("GET", "/x", &[("x-api-key", key)], true);
        let flow = exchange.on_request_headers(Ok(head), &self.env());
        (exchange, flow)
    }

    fn question(&self, key: &str) -> (Exchange, Callout) {
        match self.begin(key) {
            (exchange, Flow::Call(callout)) => (exchange, callout),
            (_, flow) => panic!("{flow:?}"),
        }
    }

    /// Whether the service is asked, and what becomes of the request: status and why.
    fn send(&self, key: &str, reply: &CalloutReply) -> (bool, u16, String) {
        let (mut exchange, flow) = self.begin(key);
        match flow {
            Flow::Call(_) => end(true, exchange.on_callout(reply, &self.env())),
            flow => end(false, flow),
        }
    }

    /// What was counted since this was last asked.
    fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.worker.borrow_mut().counts.drain().filter(|(_, count)| *count > 0).collect()
    }
}

fn end(asked: bool, flow: Flow) -> (bool, u16, String) {
    match flow {
        Flow::Forward(_) => (asked, 200, String::new()),
        Flow::Answer(answer) => (asked, answer.status, answer.details.into_owned()),
        flow => panic!("{flow:?}"),
    }
}

fn passed() -> (bool, u16, String) {
    (true, 200, String::new())
}

fn refused(asked: bool, status: u16, why: &str) -> (bool, u16, String) {
    (asked, status, why.to_owned())
}

/// Two keys in a plan of this quota.
pub(in crate::gateway) fn document(quota: Value, service: Value) -> Value {
    let mut document = http(&["GET /x"], proxy("http://backend.test/", json!({})));
    metered(&mut document, "$default", quota, service);
    document
}

pub(in crate::gateway) fn metered(document: &mut Value, stage: &str, quota: Value, service: Value) {
    let hash = |value: &str| {
        let hex: String = Sha256::digest(value).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{hex}")
    };
    document["apis"][0]["routes"][0]["apiKeyRequired"] = json!(true);
    document["rateLimitService"] = service;
    document["apiKeys"] = json!([
        { "id": "k1", "value": hash(KEY), "enabled": true }, { "id": "k2", "value": hash(OTHER), "enabled": true },
    ]);
    document["usagePlans"] =
        json!([{ "id": "gold", "apiStages": [{ "apiId": "shop", "stage": stage }], "quota": quota }]);
    document["usagePlanKeys"] =
        json!([{ "usagePlanId": "gold", "keyId": "k1" }, { "usagePlanId": "gold", "keyId": "k2" }]);
}

pub(in crate::gateway) fn daily() -> Value {
    json!({ "limit": 50, "period": "DAY", "scope": "FLEET" })
}

pub(in crate::gateway) fn service() -> Value {
    json!({ "uri": "http://ratelimit.test:8081", "engine": "limitador" })
}

fn allowing() -> Value {
    json!({ "uri": "http://ratelimit.test:8081", "failureMode": "allow" })
}

fn answered(status: u16, headers: &[(&str, &str)], body: &[u8]) -> CalloutReply {
    CalloutReply::Answered { status, head: Head::from_pairs(headers, false), body: body.to_vec() }
}

/// A gRPC answer with this code.
pub(in crate::gateway) fn says(code: u8) -> CalloutReply {
    answered(200, &[("content-type", "application/grpc")], &[0, 0, 0, 0, 2, 8, code])
}

#[test]
fn the_question_is_envoys() {
    let weekly = json!({ "limit": 50, "period": "WEEK", "offset": 1, "scope": "FLEET" });
    let (_, callout) = World::new(&document(weekly, service())).question(OTHER);
    let headers: Vec<_> = callout.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(
        headers,
        [
            (&b":method"[..], &b"POST"[..]),
            (b":scheme", b"http"),
            (b":authority", b"ratelimit.test:8081"),
            (b":path", b"/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit"),
            (b"content-type", b"application/grpc"),
            (b"te", b"trailers"),
        ]
    );
    let entries = [("usage_plan", "gold"), ("api_key", "k2"), ("period", "WEEK"), ("window", "2026-11-16")];
    assert_eq!(callout.body, super::message::question("sekisho", &entries));
    assert!(!String::from_utf8_lossy(&callout.body).contains(OTHER), "a key is a secret");
    assert_eq!((callout.timeout_millis, callout.flight.most), (20, MOST_QUESTIONS));
    assert!(callout.cluster.starts_with("http://ratelimit.test:8081#"), "HTTP/2: {}", callout.cluster);

    let named = json!({ "cluster": "outbound|8081||limits", "domain": "shop", "timeoutInMillis": 7 });
    let (_, callout) = World::new(&document(daily(), named)).question(KEY);
    assert_eq!((callout.cluster.as_str(), callout.timeout_millis), ("outbound|8081||limits", 7));
    assert_eq!(callout.body[5..12], *b"\n\x04shop\x12");
}

#[test]
fn each_request_is_a_question_of_its_own_and_all_are_bounded_together() {
    let world = World::new(&document(daily(), service()));
    let flights: Vec<_> = [KEY, KEY, OTHER].map(|key| world.question(key).1.flight).into();
    assert!(flights.iter().all(|flight| flight.group == flights[0].group));
    assert_ne!(flights[0].key, flights[1].key);
    assert_ne!(flights[1].key, flights[2].key);
}

#[test]
fn the_answer_decides() {
    let world = World::new(&document(daily(), service()));
    assert_eq!(world.send(KEY, &says(1)), passed());
    assert_eq!(world.counts(), [("fleet_quota.asked", 1)].into());
    assert_eq!(world.send(KEY, &says(2)), refused(true, 429, "sekisho_quota_exceeded"));
    assert_eq!(world.counts(), [("fleet_quota.asked", 1), ("quota_exceeded", 1)].into());
    let (mut exchange, _) = world.question(OTHER);
    let Flow::Answer(answer) = exchange.on_callout(&says(2), &world.env()) else { panic!("it is over") };
    assert_eq!(body(&answer), r#"{"message":"Limit Exceeded"}"#);
}

/// Everything that is no answer to the letter.
fn unusable() -> Vec<(&'static str, CalloutReply)> {
    let grpc = ("content-type", "application/grpc");
    let good = [0, 0, 0, 0, 2, 8, 1];
    vec![
        ("failed", CalloutReply::Failed),
        ("too many", CalloutReply::TooMany),
        ("Envoy's own", answered(503, &[("content-type", "text/plain")], b"no healthy upstream")),
        ("not 200", answered(503, &[grpc], &good)),
        ("201", answered(201, &[grpc], &good)),
        ("no type", answered(200, &[], &good)),
        ("another type", answered(200, &[("content-type", "application/json")], &good)),
        ("gRPC for browsers", answered(200, &[("content-type", "application/grpc-web")], &good)),
        ("two types", answered(200, &[grpc, grpc], &good)),
        ("trailers alone", answered(200, &[grpc, ("grpc-status", "14")], b"")),
        ("a failure with a message", answered(200, &[grpc, ("grpc-status", "2")], &good)),
        ("a failure, then none", answered(200, &[grpc, ("grpc-status", "2"), ("grpc-status", "0")], &good)),
        ("nothing", answered(200, &[grpc], b"")),
        ("compressed", answered(200, &[grpc], &[1, 0, 0, 0, 2, 8, 1])),
        ("cut off", answered(200, &[grpc], &good[..6])),
        ("UNKNOWN", says(0)),
        ("of another protocol", says(3)),
    ]
}

#[test]
fn what_is_no_answer_to_the_letter_is_none() {
    for (what, reply) in unusable() {
        let world = World::new(&document(daily(), service()));
        assert_eq!(world.send(KEY, &reply), refused(true, 500, "sekisho_usage_unknown"), "{what}");
        assert_eq!(
            world.counts(),
            [("fleet_quota.asked", 1), ("fleet_quota.unanswered", 1)].into(),
            "{what}"
        );

        let world = World::new(&document(daily(), allowing()));
        assert_eq!(world.send(KEY, &reply), passed(), "{what}");
        let counted =
            [("fleet_quota.asked", 1), ("fleet_quota.unanswered", 1), ("fleet_quota.allowed_unanswered", 1)];
        assert_eq!(world.counts(), counted.into(), "{what}");
        assert_eq!(world.send(OTHER, &says(2)), refused(true, 429, "sekisho_quota_exceeded"));
    }
    for media_type in ["application/grpc", "application/grpc+proto", "application/grpc; charset=x"] {
        let reply =
            answered(200, &[("content-type", media_type), ("grpc-status", "0")], &[0, 0, 0, 0, 2, 8, 1]);
        assert_eq!(World::new(&document(daily(), service())).send(KEY, &reply), passed(), "{media_type}");
    }
}

#[test]
fn clients_read_of_an_unknown_usage_what_they_read_of_other_internal_failures() {
    for (protocol, stage, path, words) in [
        ("HTTP", "$default", "/x", r#"{"message":"Internal Server Error"}"#),
        ("REST", "prod", "/prod/x", r#"{"message":"Internal server error"}"#),
    ] {
        let backend = proxy("http://backend.test/", json!({}));
        let mut document =
            if protocol == "HTTP" { http(&["GET /x"], backend) } else { rest(&["GET /x"], backend) };
        metered(&mut document, stage, daily(), service());
        let world = World::new(&document);
        let mut exchange = Exchange::new(Rc::clone(&world.gateway));
        let head = head("GET", path, &[("x-api-key", KEY)], true);
        let _ = exchange.on_request_headers(Ok(head), &world.env());
        let Flow::Answer(answer) = exchange.on_callout(&CalloutReply::Failed, &world.env()) else {
            panic!("{protocol}")
        };
        assert_eq!((answer.status, body(&answer)), (500, words), "{protocol}");
    }
}

#[test]
fn a_quota_in_shadow_refuses_nobody() {
    let shadow = json!({ "limit": 50, "period": "DAY", "scope": "FLEET", "shadow": true });
    let world = World::new(&document(shadow, service()));
    for _ in 0..2 {
        assert_eq!(world.send(KEY, &says(2)), passed());
        assert_eq!(world.counts(), [("fleet_quota.asked", 1), ("shadow_quota_exceeded", 1)].into());
    }
    assert_eq!(world.send(KEY, &CalloutReply::Failed), passed());
    assert_eq!(world.counts(), [("fleet_quota.asked", 1), ("fleet_quota.unanswered", 1)].into());
}

#[test]
fn a_local_limit_refuses_before_the_service_is_asked_and_a_refusal_takes_nothing_from_it() {
    let mut document = document(daily(), service());
    document["usagePlans"][0]["throttle"] = json!({ "rateLimit": 1, "burstLimit": 2 });
    let world = World::new(&document);
    for _ in 0..5 {
        assert_eq!(world.send(KEY, &CalloutReply::Failed), refused(true, 500, "sekisho_usage_unknown"));
    }
    let (mut first, _) = world.question(KEY);
    let (mut second, _) = world.question(KEY);
    assert_eq!(end(true, second.on_callout(&CalloutReply::Failed, &world.env())).1, 500);
    let (mut third, _) = world.question(KEY);
    let throttled = refused(false, 429, "sekisho_throttled_plan");
    assert_eq!(world.send(KEY, &says(1)), throttled, "who waits for the service holds a token");
    assert_eq!(end(true, first.on_callout(&says(1), &world.env())), passed());
    assert_eq!(end(true, third.on_callout(&says(1), &world.env())), passed());
    assert_eq!(world.send(KEY, &says(1)), throttled);
    assert_eq!(world.send(OTHER, &says(1)), passed());
}

#[test]
fn a_key_that_is_over_its_quota_fills_nobodys_time() {
    let world = World::new(&document(daily(), service()));
    let over = |asked| refused(asked, 429, "sekisho_quota_exceeded");
    assert_eq!(world.send(KEY, &says(2)), over(true));
    assert_eq!(world.send(KEY, &says(1)), over(false));
    assert_eq!(world.counts(), [("fleet_quota.asked", 1), ("quota_exceeded", 2)].into());
    assert_eq!(world.send(OTHER, &says(1)), passed(), "another key has a count of its own");
    world.monotonic.set(1 + REMEMBERED.0);
    assert_eq!(world.send(KEY, &says(2)), over(true), "the service is asked again");
    assert_eq!(world.send(KEY, &says(1)), over(false));
    world.wall.set(NOW + 43_200_000);
    assert_eq!(world.send(KEY, &says(1)), passed(), "the next day is another window");
    world.wall.set(NOW);
    let (mut late, _) = World::question(&World::new(&document(daily(), service())), KEY);
    let other = World::new(&document(daily(), service()));
    other.wall.set(NOW + 43_200_000);
    assert_eq!(end(true, late.on_callout(&says(2), &other.env())), over(true));
    assert_eq!(other.send(KEY, &says(1)), passed(), "what was said of yesterday is not said of today");
}

/// Twelve hours before the day ends.
#[test]
fn a_refusal_tells_when_the_window_ends_and_nothing_that_only_the_service_knows() {
    let mut document = document(daily(), service());
    document["apis"][0]["rateLimitHeaders"] = json!(true);
    document["usagePlans"][0]["throttle"] = json!({ "rateLimit": 1, "burstLimit": 2 });
    let world = World::new(&document);
    let told = |reply: Option<&CalloutReply>| {
        let (mut exchange, flow) = world.begin(KEY);
        let flow = reply.map_or(flow, |reply| exchange.on_callout(reply, &world.env()));
        let Flow::Answer(answer) = flow else { panic!("{flow:?}") };
        let limits = answer
            .headers
            .into_iter()
            .filter(|(name, _)| name.starts_with(b"ratelimit") || name.as_ref() == b"retry-after");
        limits.map(|(_, value)| String::from_utf8(value.into_owned()).unwrap()).collect::<Vec<_>>()
    };
    let policy = r#""plan";q=2;w=2"#;
    assert_eq!(told(Some(&CalloutReply::Failed)), [policy], "nobody knows");
    assert_eq!(told(Some(&says(2))), [policy, "43200"]);
    assert_eq!(told(None), [policy, "43200"], "without a question");
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut worker = Worker::default();
    let quota = |n: u32| super::UsedUp { quota: n.into(), first_day: 1 };
    for n in 0..100_000 {
        worker.remember_used_up(quota(n), Nanos(5));
    }
    assert!(worker.used_up(&quota(99_999), Nanos(5)));
    assert!(!worker.used_up(&quota(99_999), Nanos(5 + REMEMBERED.0)));
    assert!(!worker.used_up(&quota(0), Nanos(5)));
}

#[test]
fn a_body_that_a_mapping_reads_comes_after_the_count() {
    let mapping = json!({ "requestParameters": { "overwrite:header.x-a": "$request.body.a" } });
    let mut document = http(&["POST /x"], proxy("http://backend.test/", mapping));
    metered(&mut document, "$default", daily(), service());
    let world = World::new(&document);
    let mut exchange = Exchange::new(Rc::clone(&world.gateway));
    let head = head("POST", "/x", &[("x-api-key", KEY)], false);
    let Flow::Call(callout) = exchange.on_request_headers(Ok(head.clone()), &world.env()) else {
        panic!("asked")
    };
    assert!(callout.then_body, "it is buffered meanwhile");
    assert!(matches!(exchange.on_callout(&says(1), &world.env()), Flow::Body(_)));
    let Flow::Forward(edits) = exchange.on_request_body(br#"{"a":"seen"}"#, true, &world.env()) else {
        panic!("it goes on")
    };
    assert_eq!(testing::first(&testing::apply(&head, edits), "x-a").as_deref(), Some("seen"));
}
