use crate::gateway::compile::Gateway;
use crate::gateway::exchange::Exchange;
use crate::gateway::flow::Flow;
use crate::gateway::notes::{Note, Notes, Outcome};
use crate::gateway::shared::{Conflict, Memory, Shared, SharedStore};
use crate::gateway::testing::{env, gateway, head, proxy, rest};
use crate::gateway::{Env, Millis, Nanos, Worker};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::rc::Rc;

const DAY: u64 = 86_400_000;

/// A store that can refuse to write what has this in its name.
#[derive(Debug, Default)]
struct Store {
    memory: Memory,
    refuses: RefCell<Option<&'static str>>,
    writes: Cell<usize>,
}

impl Store {
    fn refused(&self, key: &str) -> Result<(), Conflict> {
        self.writes.set(self.writes.get() + 1);
        let refuses = self.refuses.borrow();
        if refuses.is_some_and(|part| key.contains(part)) { Err(Conflict) } else { Ok(()) }
    }
}

impl SharedStore for Store {
    fn get(&self, key: &str) -> Option<Shared> {
        self.memory.get(key)
    }

    fn set(&self, key: &str, value: &[u8], seen: Option<u32>) -> Result<(), Conflict> {
        self.refused(key)?;
        self.memory.set(key, value, seen)
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<(), Conflict> {
        self.refused(key)?;
        self.memory.create(key, value)
    }
}

#[derive(Debug, Default)]
struct Trail(RefCell<Vec<Note>>);

impl Notes for Trail {
    fn take(&self, note: Note) {
        self.0.borrow_mut().push(note);
    }
}

/// A gateway with its memory, at a moment.
struct World {
    gateway: Rc<Gateway>,
    worker: RefCell<Worker>,
    store: Store,
    trail: Trail,
    wall: Cell<u64>,
}

impl World {
    fn new(document: &Value) -> Self {
        Self {
            gateway: gateway(document),
            worker: RefCell::default(),
            store: Store::default(),
            trail: Trail::default(),
            wall: Cell::new(20_000 * DAY),
        }
    }

    /// Envoy's details of a refusal, or `ok`.
    fn get(&self, path: &str, key: &str) -> String {
        self.trail.0.borrow_mut().clear();
        let env = Env {
            wall: Millis(self.wall.get()),
            monotonic: Nanos(1),
            worker: &self.worker,
            shared: &self.store,
            watcher: Some(&self.trail),
            ..env()
        };
        let key = [("x-api-key", key)];
        let head = head("GET", path, if key[0].1.is_empty() { &[] } else { &key }, true);
        match Exchange::new(Rc::clone(&self.gateway)).on_request_headers(Ok(head), &env) {
            Flow::Forward(_) => "ok".to_owned(),
            Flow::Answer(answer) => answer.details.into_owned(),
            flow => panic!("{flow:?}"),
        }
    }

    /// What was counted since this was last asked.
    fn counted(&self) -> Vec<(&'static str, u64)> {
        self.worker.borrow_mut().counts.drain().filter(|(_, count)| *count > 0).collect()
    }

    /// What the checks of keys and limits said, of the last request.
    fn notes(&self) -> Vec<String> {
        let notes = self.trail.0.borrow();
        let limits = notes.iter().filter(|note| ["API key", "throttle", "quota"].contains(&note.check));
        let told = limits.map(|note| {
            let outcome = match note.outcome {
                Outcome::Passed => "ok",
                Outcome::Failed => "FAILED",
                Outcome::Fact => "",
            };
            format!("{outcome} {}: {}", note.check, note.detail)
        });
        told.collect()
    }
}

fn hashed(value: &str) -> String {
    Sha256::digest(value).iter().fold("sha256:".to_owned(), |mut hash, byte| {
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

/// A bucket that does not fill up while a test runs.
fn bucket(burst: u32) -> Value {
    json!({ "rateLimit": 0.001, "burstLimit": burst })
}

/// A REST API with `GET /keyed`, which requires a key, and `GET /open`; keys `k1` and `k2` are in the plan `gold`, which has
/// these members more.
fn document(plan: Value) -> Value {
    let mut document = rest(&["GET /keyed", "GET /other", "GET /open"], proxy("http://b", json!({})));
    for route in 0..2 {
        document["apis"][0]["routes"][route]["apiKeyRequired"] = json!(true);
    }
    let keys = ["k1", "k2"].map(|id| json!({ "id": id, "value": hashed(id), "enabled": true }));
    document["apiKeys"] = json!(keys);
    document["usagePlanKeys"] = ["k1", "k2"].map(|id| json!({ "usagePlanId": "gold", "keyId": id })).into();
    let mut gold = json!({ "id": "gold", "apiStages": [{ "apiId": "shop", "stage": "prod" }] });
    for (name, value) in plan.as_object().unwrap() {
        gold[name] = value.clone();
    }
    document["usagePlans"] = json!([gold]);
    document
}

/// All limits that a request can have, with these bursts and this quota.
fn all(plan: u32, method: u32, route: u32, account: u32, quota: u64) -> World {
    let stages = json!([{ "apiId": "shop", "stage": "prod", "throttle": { "/keyed/GET": bucket(method) } }]);
    let quota = json!({ "limit": quota, "period": "DAY" });
    let mut document = document(json!({ "apiStages": stages, "throttle": bucket(plan), "quota": quota }));
    document["apis"][0]["stages"][0]["routeSettings"] =
        json!({ "GET /keyed": { "throttlingRateLimit": 0.001, "throttlingBurstLimit": route } });
    document["accountThrottle"] = bucket(account);
    World::new(&document)
}

#[test]
fn every_limit_refuses_in_its_turn_and_is_counted_by_its_kind() {
    for (bursts, details, counter) in [
        ((1, 1, 1, 1, 1), "sekisho_throttled_plan", "throttled.plan"),
        ((2, 1, 1, 1, 1), "sekisho_throttled_plan_method", "throttled.plan_method"),
        ((2, 2, 1, 1, 1), "sekisho_throttled_route", "throttled.route"),
        ((2, 2, 2, 1, 1), "sekisho_throttled_account", "throttled.account"),
        ((2, 2, 2, 2, 1), "sekisho_quota_exceeded", "quota_exceeded"),
    ] {
        let (plan, method, route, account, quota) = bursts;
        let world = all(plan, method, route, account, quota);
        assert_eq!(world.get("/prod/keyed", "k3"), "sekisho_invalid_api_key", "a key comes before limits");
        assert_eq!(world.get("/prod/keyed", "k1"), "ok");
        assert_eq!(world.counted(), []);
        assert_eq!(world.get("/prod/keyed", "k1"), details);
        assert_eq!(world.counted(), [(counter, 1)]);
        assert_eq!(world.get("/prod/keyed", ""), "sekisho_invalid_api_key");
        assert_eq!(world.counted(), []);
    }
}

#[test]
fn a_refusal_writes_nothing() {
    for world in
        [all(1, 9, 9, 9, 9), all(9, 1, 9, 9, 9), all(9, 9, 1, 9, 9), all(9, 9, 9, 1, 9), all(9, 9, 9, 9, 1)]
    {
        assert_eq!(world.get("/prod/keyed", "k1"), "ok");
        world.store.writes.set(0);
        for _ in 0..3 {
            assert_ne!(world.get("/prod/keyed", "k1"), "ok");
            assert_ne!(world.get("/prod/keyed", "nobody"), "ok");
        }
        assert_eq!(world.store.writes.get(), 0);
    }
}

#[test]
fn a_route_that_requires_no_key_is_under_the_accounts_limit_alone() {
    let world = all(1, 1, 1, 9, 1);
    for left in [9, 8, 7] {
        assert_eq!(world.get("/prod/open", "k1"), "ok");
        let account = format!("ok throttle: the account: 0.001 a second, 9 at once, {left} of 9 tokens left");
        assert_eq!(world.notes(), [account]);
    }
    assert_eq!(world.get("/prod/keyed", "k1"), "ok");
}

#[test]
fn what_was_taken_is_put_back_where_a_later_limit_cannot_be_written() {
    for part in ["/7:account", "/5:route", "/6:method"] {
        let world = all(2, 2, 2, 2, 2);
        *world.store.refuses.borrow_mut() = Some(part);
        for _ in 0..3 {
            assert_eq!(world.get("/prod/keyed", "k1"), "sekisho_limit_contended", "{part}");
            assert_eq!(world.counted(), [("limit_contended", 1)]);
        }
        *world.store.refuses.borrow_mut() = None;
        for _ in 0..2 {
            assert_eq!(
                world.get("/prod/keyed", "k1"),
                "ok",
                "{part}: neither tokens nor the quota are used up"
            );
        }
        assert_eq!(world.get("/prod/keyed", "k1"), "sekisho_throttled_plan");
    }
}

#[test]
fn a_quota_that_cannot_be_written_refuses_and_takes_no_token() {
    let world = all(1, 1, 1, 1, 1);
    *world.store.refuses.borrow_mut() = Some("/quota/");
    assert_eq!(world.get("/prod/keyed", "k1"), "sekisho_limit_contended");
    *world.store.refuses.borrow_mut() = None;
    assert_eq!(world.get("/prod/keyed", "k1"), "ok");
}

#[test]
fn a_day_later_there_is_a_new_quota() {
    let world = all(9, 9, 9, 9, 1);
    assert_eq!(world.get("/prod/keyed", "k1"), "ok");
    world.wall.set(20_001 * DAY - 1);
    assert_eq!(world.get("/prod/keyed", "k1"), "sekisho_quota_exceeded");
    world.wall.set(20_001 * DAY);
    assert_eq!(world.get("/prod/keyed", "k1"), "ok");
    assert_eq!(world.get("/prod/keyed", "k1"), "sekisho_quota_exceeded");
}

#[test]
fn what_is_in_shadow_lets_pass_and_counts() {
    let shadow = |mut limit: Value| {
        limit["shadow"] = json!(true);
        limit
    };
    let stages =
        json!([{ "apiId": "shop", "stage": "prod", "throttle": { "/keyed/GET": shadow(bucket(1)) } }]);
    let quota = json!({ "limit": 1, "period": "DAY", "shadow": true });
    let mut document =
        document(json!({ "apiStages": stages, "throttle": shadow(bucket(1)), "quota": quota }));
    document["apis"][0]["stages"][0]["defaultRouteSettings"] = json!({
        "throttlingRateLimit": 0.001, "throttlingBurstLimit": 1, "throttlingShadow": true,
    });
    document["accountThrottle"] = shadow(bucket(1));
    let world = World::new(&document);
    for _ in 0..4 {
        assert_eq!(world.get("/prod/keyed", "k1"), "ok");
    }
    assert_eq!(
        world.counted(),
        [
            ("shadow_throttled.plan", 3),
            ("shadow_throttled.plan_method", 3),
            ("shadow_throttled.route", 3),
            ("shadow_throttled.account", 3),
            ("shadow_quota_exceeded", 3),
        ]
    );
    assert!(
        world.notes()[1]
            .starts_with("FAILED throttle: the usage plan: 0.001 a second, 1 at once, which only counts")
    );
}

#[test]
fn a_limit_in_shadow_does_not_hide_one_that_is_not() {
    let mut throttle = bucket(1);
    throttle["shadow"] = json!(true);
    let world =
        World::new(&document(json!({ "throttle": throttle, "quota": { "limit": 2, "period": "DAY" } })));
    let told: Vec<_> = (0..3).map(|_| world.get("/prod/keyed", "k1")).collect();
    assert_eq!(told, ["ok", "ok", "sekisho_quota_exceeded"]);
    assert_eq!(world.counted(), [("shadow_throttled.plan", 2), ("quota_exceeded", 1)]);
}

#[test]
fn notes_tell_the_key_by_its_id_and_each_limit_as_it_was_found() {
    let world = all(4, 3, 2, 9, 1);
    assert_eq!(world.get("/prod/keyed", "k1"), "ok");
    let limits = [
        "ok throttle: the usage plan: 0.001 a second, 4 at once, 4 of 4 tokens left",
        "ok throttle: the usage plan's method: 0.001 a second, 3 at once, 3 of 3 tokens left",
        "ok throttle: the route: 0.001 a second, 2 at once, 2 of 2 tokens left",
        "ok throttle: the account: 0.001 a second, 9 at once, 9 of 9 tokens left",
    ];
    let first = ["ok API key: `k1`, by the usage plan `gold`"];
    let last = ["ok quota: 1 used, 0 left of the usage plan `gold`"];
    assert_eq!(world.notes(), [&first[..], &limits, &last].concat());
    world.get("/prod/keyed", "a-secret-that-is-nobodys-key");
    assert_eq!(
        world.notes(),
        ["FAILED API key: it is unknown, not enabled, or in no usage plan of this stage"]
    );
    world.get("/prod/keyed", "");
    assert_eq!(world.notes(), ["FAILED API key: there is not exactly one header `x-api-key`"]);
}
