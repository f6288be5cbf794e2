//! Requests that need keys, on several workers of one Envoy.

use super::ledger::{COOL_DOWN, EARLY, FRESH, STALE};
use crate::gateway::authorizers::jwt::keys::{Found, Keyring, Step};
use crate::gateway::authorizers::jwt::refusal::Refusal;
use crate::gateway::authorizers::signature::Algorithm::Rs256;
use crate::gateway::flow::{Callout, CalloutReply};
use crate::gateway::head::Head;
use crate::gateway::shared::Memory;
use crate::gateway::testing::{self, gateway};
use crate::gateway::worker::Worker;
use crate::gateway::{Env, Gateway, Millis};
use sekisho_cases::tokens::{ISSUER, jwk};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

const NOW: u64 = 1_700_000_000_000;
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Workers of one Envoy, its shared data, its clock, and an issuer that they ask.
pub struct World {
    pub gateway: Rc<Gateway>,
    pub workers: Vec<RefCell<Worker>>,
    pub shared: Memory,
    pub wall: Cell<u64>,
    pub kids: RefCell<Vec<&'static str>>,
    pub alive: Cell<bool>,
    pub asked: RefCell<Vec<String>>,
}

impl World {
    pub fn new(workers: usize) -> Self {
        let mut document = testing::http(&["GET /x"], testing::proxy("http://b.test/x", json!({})));
        let api = &mut document["apis"][0];
        api["authorizers"] = json!([{
            "authorizerId": "login", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
            "jwtConfiguration": { "issuer": ISSUER, "audience": ["shop"] },
        }]);
        api["routes"][0]["authorizationType"] = json!("JWT");
        api["routes"][0]["authorizerId"] = json!("login");
        let world = Self {
            gateway: gateway(&document),
            workers: (0..workers).map(|_| RefCell::default()).collect(),
            shared: Memory::default(),
            wall: Cell::new(NOW),
            kids: RefCell::new(vec!["k1"]),
            alive: Cell::new(true),
            asked: RefCell::default(),
        };
        world.gateway.prepare(&world.shared);
        world
    }

    pub fn keyring(&self) -> &Keyring {
        &self.gateway.keyrings[0]
    }

    pub fn env(&self, worker: usize) -> Env<'_> {
        let base = testing::env();
        Env { wall: Millis(self.wall.get()), worker: &self.workers[worker], shared: &self.shared, ..base }
    }

    pub fn later(&self, millis: u64) {
        self.wall.set(self.wall.get() + millis);
    }

    /// The issuer's answer to a question.
    pub fn reply(&self, callout: &Callout) -> CalloutReply {
        let path = callout.headers.iter().find(|(name, _)| name.as_ref() == b":path").unwrap();
        let path = String::from_utf8_lossy(&path.1).into_owned();
        self.asked.borrow_mut().push(path.clone());
        if !self.alive.get() {
            return CalloutReply::Answered {
                status: 503,
                head: Head::default(),
                body: b"upstream connect error".to_vec(),
            };
        }
        let body = if path == DISCOVERY {
            json!({ "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys") })
        } else {
            let keys = self.kids.borrow().iter().map(|kid| named(kid)).collect::<Vec<_>>();
            json!({ "keys": keys })
        };
        CalloutReply::Answered { status: 200, head: Head::default(), body: body.to_string().into_bytes() }
    }

    pub fn asked(&self) -> usize {
        self.asked.take().len()
    }

    /// What a request with a key id finds at last on a worker.
    pub fn request(&self, worker: usize, kid: &str) -> Result<bool, Refusal> {
        let keyring = self.keyring();
        let mut found = keyring.find(kid, Rs256, &self.env(worker));
        loop {
            match found? {
                Found::Keys(keys) => return Ok(keys.has(kid, Rs256)),
                Found::Ask(callout, step) => {
                    found = keyring.finish(step, kid, Rs256, &self.reply(&callout), &self.env(worker));
                }
            }
        }
    }

    /// A tick of every VM, whose questions are answered at once.
    pub fn tick(&self) {
        for worker in 0..self.workers.len() {
            for (callout, chore) in self.gateway.upkeep(&self.env(worker)) {
                let mut next = Some((callout, chore));
                while let Some((callout, chore)) = next {
                    next = self.gateway.on_upkeep(chore, &self.reply(&callout), &self.env(worker));
                }
            }
        }
    }

    fn find(&self, worker: usize, kid: &str) -> Result<Found, Refusal> {
        self.keyring().find(kid, Rs256, &self.env(worker))
    }

    fn finish(&self, worker: usize, kid: &str, step: Step, reply: &CalloutReply) -> Result<Found, Refusal> {
        self.keyring().finish(step, kid, Rs256, reply, &self.env(worker))
    }
}

fn named(kid: &str) -> Value {
    let mut key = jwk();
    key["kid"] = json!(kid);
    key
}

fn question(found: Result<Found, Refusal>) -> (Callout, Step) {
    match found {
        Ok(Found::Ask(callout, step)) => (callout, step),
        other => panic!("nothing is asked: {other:?}"),
    }
}

#[test]
fn what_one_worker_learned_the_others_do_not_ask() {
    let world = World::new(4);
    assert_eq!(world.request(2, "k1"), Ok(true));
    assert_eq!(world.asked(), 2);
    for worker in 0..4 {
        assert_eq!(world.request(worker, "k1"), Ok(true));
    }
    assert_eq!(world.asked(), 0);
    // Nor does a VM that is new, or one of a new configuration.
    let reloaded = World { shared: world.shared, ..World::new(1) };
    reloaded.alive.set(false);
    assert_eq!((reloaded.request(0, "k1"), reloaded.asked()), (Ok(true), 0));
}

#[test]
fn a_key_that_is_new_seconds_after_the_last_question_is_asked_for_at_once() {
    let world = World::new(4);
    world.tick();
    assert_eq!(world.asked(), 2);
    for kid in ["k2", "k3"] {
        world.later(3_000);
        *world.kids.borrow_mut() = vec![kid];
        for worker in 0..4 {
            assert_eq!(world.request(worker, kid), Ok(true), "{kid} on {worker}");
        }
        assert_eq!(world.asked(), 2, "{kid}: the first one asks, the others look");
    }
    assert_eq!(world.request(0, "k1"), Ok(false), "the old key is gone");
}

#[test]
fn junk_buys_a_handful_of_questions_and_good_tokens_pass() {
    let world = World::new(4);
    world.tick();
    world.asked();
    for i in 0..10_000 {
        assert_eq!(world.request(i % 4, &format!("junk{i}")), Ok(false));
        assert_eq!(world.request(i % 4, "k1"), Ok(true));
        world.later(1);
    }
    let rounds = EARLY + 10_000 / COOL_DOWN - 1;
    assert_eq!(world.asked() as u64, 2 * rounds);
}

#[test]
fn requests_that_wait_for_one_answer_read_it_once() {
    let world = World::new(1);
    let waiting: Vec<_> = (0..100).map(|_| question(world.find(0, "k1"))).collect();
    let key = waiting[0].0.flight.key;
    assert!(waiting.iter().all(|(callout, _)| callout.flight.key == key));
    let document = world.reply(&waiting[0].0);
    let waiting: Vec<_> =
        waiting.iter().map(|(_, step)| question(world.finish(0, "k1", *step, &document))).collect();
    let keys = world.reply(&waiting[0].0);
    // One who comes now joins the second question.
    let (late, late_step) = question(world.find(0, "k1"));
    assert_eq!(late.flight.key, waiting[0].0.flight.key);
    let mut sets = Vec::new();
    let steps = waiting.iter().map(|(_, step)| *step).chain([late_step]);
    for (i, step) in steps.enumerate() {
        // Whoever read it a second time would find nothing in this.
        let reply = if i == 0 { &keys } else { &CalloutReply::Failed };
        match world.finish(0, "k1", step, reply) {
            Ok(Found::Keys(keys)) => sets.push(keys),
            other => panic!("{i}: {other:?}"),
        }
    }
    assert!(sets.iter().all(|set| Rc::ptr_eq(set, &sets[0])));
    assert_eq!(sets.len(), 101);
}

#[test]
fn one_who_joined_an_older_question_may_ask_once_more() {
    let world = World::new(1);
    world.tick();
    world.asked();
    let (first, first_step) = question(world.find(0, "junk"));
    let document = world.reply(&first);
    let (second, second_step) = question(world.finish(0, "junk", first_step, &document));
    let old_keys = world.reply(&second);
    // The issuer has answered, the keys change, and a token of the new one joins those who wait.
    *world.kids.borrow_mut() = vec!["k2"];
    let (_, joined) = question(world.find(0, "k2"));
    assert!(matches!(world.finish(0, "junk", second_step, &old_keys), Ok(Found::Keys(_))), "it is final");
    let (callout, step) = question(world.finish(0, "k2", joined, &old_keys));
    let (callout, step) = question(world.finish(0, "k2", step, &world.reply(&callout)));
    match world.finish(0, "k2", step, &world.reply(&callout)) {
        Ok(Found::Keys(keys)) => assert!(keys.has("k2", Rs256)),
        other => panic!("{other:?}"),
    }
    // And not for ever.
    let (_, joined) = question(world.find(0, "junk2"));
    let again = world.finish(0, "junk2", joined, &CalloutReply::Failed);
    assert!(matches!(again, Ok(Found::Keys(_))), "{again:?}");
}

#[test]
fn keys_serve_for_a_day_while_the_issuer_fails_and_no_longer() {
    let world = World::new(2);
    world.tick();
    world.alive.set(false);
    let mut refusals = Vec::new();
    while world.wall.get() < NOW + STALE + FRESH {
        world.tick();
        for worker in 0..2 {
            if let Err(refusal) = world.request(worker, "k1") {
                refusals.push((world.wall.get() - NOW, refusal));
            }
        }
        world.later(60_000);
    }
    assert_eq!(refusals.first(), Some(&(STALE, Refusal::Discovery)), "AWS's words");
    assert_eq!(refusals.len() as u64, 2 * FRESH / 60_000);
    world.alive.set(true);
    world.later(60_000);
    world.tick();
    assert_eq!(world.request(1, "k1"), Ok(true));
}

#[test]
fn a_dead_issuer_is_not_asked_by_every_request() {
    let world = World::new(4);
    world.alive.set(false);
    for i in 0..1_000 {
        assert_eq!(world.request(i % 4, "k1"), Err(Refusal::Discovery));
        world.later(10);
    }
    // Pauses of 1, 2, 4 and 8 s, the shorter for chance, in 10 s.
    let asked = world.asked();
    assert!((3..=5).contains(&asked), "{asked}");
    world.alive.set(true);
    world.later(30_000);
    assert_eq!(world.request(0, "k1"), Ok(true));
}

#[test]
fn a_discovery_document_chooses_among_the_hosts_of_keys_and_no_others() {
    let source = |hosts: &[&str]| {
        let mut document = testing::http(&["GET /x"], testing::proxy("http://b.test/x", json!({})));
        let api = &mut document["apis"][0];
        api["authorizers"] = json!([{
            "authorizerId": "login", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
            "jwtConfiguration": { "issuer": ISSUER, "audience": ["shop"], "jwksHosts": hosts },
        }]);
        World { gateway: gateway(&document), ..World::new(1) }
    };
    let mut ran = 0;
    for (jwks_uri, hosts, allowed) in [
        ("https://idp.test/keys", &[][..], true),
        ("https://keys.test/v3", &[], false),
        ("https://keys.test/v3", &["https://keys.test"], true),
        ("https://keys.test:8443/v3", &["https://keys.test"], false),
        ("http://keys.test:443/v3", &["https://keys.test"], false),
        ("https://keys.test:443@b.test/v3", &["https://keys.test"], false),
        // A backend: its cluster exists.
        ("http://b.test/delete?everything", &["https://keys.test"], false),
        ("file:///etc/passwd", &[], false),
        ("", &[], false),
    ] {
        let world = source(hosts);
        let (_, step) = question(world.find(0, "k1"));
        let body = json!({ "issuer": ISSUER, "jwks_uri": jwks_uri }).to_string().into_bytes();
        let found =
            world.finish(0, "k1", step, &CalloutReply::Answered { status: 200, head: Head::default(), body });
        match (&found, allowed) {
            (Ok(Found::Ask(callout, _)), true) => {
                assert!(jwks_uri.starts_with(callout.cluster.trim_end_matches(":443")), "{jwks_uri}");
            }
            (Err(Refusal::Discovery), false) => {}
            _ => panic!("{jwks_uri} with {hosts:?}: {found:?}"),
        }
        ran += 1;
    }
    assert_eq!(ran, 9);
    for odd in ["https://keys.test/", "https://keys.test/v3", "keys.test", "https://keys.test?x"] {
        let document = json!({ "jwksHosts": [odd] });
        let problems = super::super::tests::problems_of(&document);
        assert!(problems.contains("jwtConfiguration.jwksHosts[0]: "), "{odd}: {problems}");
    }
}

#[test]
fn a_host_without_ticks_asks_for_requests() {
    let world = World::new(1);
    assert_eq!(world.request(0, "k1"), Ok(true));
    assert_eq!(world.asked(), 2);
    world.later(FRESH);
    assert_eq!(world.request(0, "k1"), Ok(true));
    assert_eq!(world.asked(), 2);
}

#[test]
fn what_is_in_shared_data_and_is_no_key_set_is_left_alone() {
    use crate::gateway::shared::SharedStore;
    let world = World::new(2);
    world.tick();
    world.asked();
    let names = &world.keyring().names;
    // One of two writers at the same time wrote the set, the other one the ledger: the set counts, and the ledger is mended.
    let other = json!({ "keys": [named("k9")] }).to_string();
    world.shared.set(&names.set, other.as_bytes(), None).unwrap();
    let fresh = World { shared: world.shared, ..World::new(3) };
    assert_eq!((fresh.request(0, "k9"), fresh.asked()), (Ok(true), 0));
    let names = &fresh.keyring().names;
    let before = fresh.shared.get(&names.ledger).unwrap();
    assert_eq!(fresh.request(1, "k9"), Ok(true));
    assert_eq!(fresh.shared.get(&names.ledger).unwrap(), before, "it is mended once");
    // Rubbish is neither keys nor a ledger.
    fresh.shared.set(&names.set, b"rubbish", None).unwrap();
    fresh.shared.set(&names.ledger, b"rubbish", None).unwrap();
    assert_eq!((fresh.request(2, "k1"), fresh.asked()), (Ok(true), 2));
    assert_eq!((fresh.request(1, "k1"), fresh.asked()), (Ok(true), 0));
}
