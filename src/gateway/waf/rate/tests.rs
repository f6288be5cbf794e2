use super::{AggregateKey, Component, Limited, Rate, Spec};
use crate::gateway::head::Head;
use crate::gateway::shared::Memory;
use crate::gateway::testing::{env, head};
use crate::gateway::upkeep::TICK;
use crate::gateway::waf::client::Client;
use crate::gateway::waf::input::Inputs;
use crate::gateway::waf::labels::{LabelMatch, Labels};
use crate::gateway::waf::log::Logging;
use crate::gateway::waf::statement::{Fit, Judge, Statement};
use crate::gateway::waf::view::{Body, View};
use crate::gateway::{Env, Nanos, Worker};
use std::cell::RefCell;

const SECOND: u64 = 1_000_000_000;

fn spec(limit: u64, key: AggregateKey) -> Spec {
    let names = vec!["arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/w/1".to_owned(), "r".to_owned()];
    Spec { names, limit, window: 60, key, scope_down: None }
}

/// What a rule is asked with.
fn judge<T>(address: &str, head: &Head, with: impl FnOnce(&mut Judge<'_, '_>, &Env<'_>) -> T) -> T {
    let (inputs, env) = (Inputs::default(), env());
    let view = View { head, body: Body::NotYet, meaning: None, client: Client::new(address, head) };
    let (mut memo, mut labels) = (inputs.memo(), Labels::default());
    with(&mut Judge { memo: &mut memo, inputs: &inputs, view: &view, labels: &mut labels, env: &env }, &env)
}

/// One Envoy.
#[derive(Default)]
struct World {
    worker: RefCell<Worker>,
    shared: Memory,
    now: u64,
}

impl World {
    fn ask(&self, rate: &Rate, address: &str) -> Fit {
        judge(address, &head("GET", "/", &[], true), |judge, env| {
            rate.fits(
                judge,
                &Env { worker: &self.worker, shared: &self.shared, monotonic: Nanos(self.now), ..*env },
            )
        })
    }

    fn pass(&mut self, time: u64) {
        self.now += time;
        self.worker.borrow_mut().tallies.flush(Nanos(self.now), &self.shared);
    }
}

#[test]
fn requests_above_the_limit_fit_and_those_of_others_do_not() {
    let (world, rate) = (World::default(), Rate::new(spec(10, AggregateKey::Ip)));
    let fits: Vec<Fit> = (0..12).map(|_| world.ask(&rate, "192.0.2.1")).collect();
    assert_eq!(fits, [[Fit::No; 10].as_slice(), &[Fit::Yes; 2]].concat());
    assert_eq!(world.ask(&rate, "192.0.2.2"), Fit::No);
    assert_eq!(world.ask(&rate, ""), Fit::No, "nobody knows who it is");
}

#[test]
fn what_the_scope_leaves_out_is_neither_counted_nor_limited() {
    let none = Statement::Label(LabelMatch::Label("none".to_owned()));
    let (world, rate) =
        (World::default(), Rate::new(Spec { scope_down: Some(none), ..spec(10, AggregateKey::Ip) }));
    assert!((0..30).all(|_| world.ask(&rate, "192.0.2.1") == Fit::No));
    let all = Rate::new(spec(10, AggregateKey::Ip));
    assert!((0..10).all(|_| world.ask(&all, "192.0.2.1") == Fit::No), "the same counts: nothing is in them");
    assert_eq!(world.ask(&all, "192.0.2.1"), Fit::Yes);
    assert_eq!(world.ask(&rate, "192.0.2.1"), Fit::No, "above the limit, and left out");
}

#[test]
fn counts_belong_to_a_rule_its_window_and_its_key() {
    let world = World::default();
    let rate = Rate::new(spec(10, AggregateKey::Ip));
    assert!((0..20).any(|_| world.ask(&rate, "192.0.2.1") == Fit::Yes));
    // A reload: the same rule again.
    let again = Rate::new(spec(10, AggregateKey::Ip));
    assert_eq!(world.ask(&again, "192.0.2.1"), Fit::Yes);
    let name = |name: &str| vec!["arn".to_owned(), name.to_owned()];
    for other in [
        Spec { names: name("r"), ..spec(10, AggregateKey::Ip) },
        Spec { window: 120, ..spec(10, AggregateKey::Ip) },
        spec(10, AggregateKey::Custom(vec![Component::Ip])),
        spec(10, AggregateKey::Constant),
    ] {
        assert_eq!(world.ask(&Rate::new(other), "192.0.2.1"), Fit::No);
    }
}

#[test]
fn another_limit_goes_on_with_the_counts_of_the_last_one() {
    let mut world = World::default();
    let rate = Rate::new(spec(100, AggregateKey::Ip));
    assert!((0..60).all(|_| world.ask(&rate, "192.0.2.1") == Fit::No));
    world.pass(3 * SECOND);
    let rate = Rate::new(spec(50, AggregateKey::Ip));
    assert!((0..8).any(|_| world.ask(&rate, "192.0.2.1") == Fit::Yes), "an eighth of the limit later");
}

#[test]
fn another_worker_knows_whom_one_has_found() {
    let (mut world, rate) = (World::default(), Rate::new(spec(10, AggregateKey::Ip)));
    let other = RefCell::new(Worker::default());
    world.worker.swap(&other);
    world.ask(&rate, "192.0.2.9");
    world.worker.swap(&other);
    assert!((0..12).any(|_| world.ask(&rate, "192.0.2.1") == Fit::Yes));
    world.pass(u64::from(TICK) * 1_000_000);
    world.worker.swap(&other);
    assert_eq!(world.ask(&rate, "192.0.2.1"), Fit::No, "nobody has told it yet");
    world.pass(u64::from(TICK) * 1_000_000);
    assert_eq!(world.ask(&rate, "192.0.2.1"), Fit::Yes, "at its first request here but one");
}

#[test]
fn all_are_one_origin_of_a_constant() {
    let (world, rate) = (World::default(), Rate::new(spec(10, AggregateKey::Constant)));
    let fits = (0..20).filter(|i| world.ask(&rate, &format!("192.0.2.{i}")) == Fit::Yes).count();
    assert_eq!(fits, 10);
}

#[test]
fn what_is_limited_is_told_in_the_words_of_logs() {
    let head = head("GET", "/", &[("x-key", "v")], true);
    let limited = |key| {
        judge("2001:db8::1", &head, |judge, _| Rate::new(spec(10, key)).limited(judge, &Logging::default()))
    };
    let expected = |limit_key, value: Option<&str>| Limited {
        limit_key,
        max_rate_allowed: 10,
        evaluation_window_sec: 60,
        limit_value: value.map(str::to_owned),
        custom_values: Vec::new(),
    };
    assert_eq!(limited(AggregateKey::Ip), expected("IP", Some("2001:db8::1")));
    assert_eq!(limited(AggregateKey::ForwardedIp), expected("FORWARDED_IP", Some("2001:db8::1")));
    assert_eq!(limited(AggregateKey::Constant), expected("CONSTANT", None));
    let custom = limited(AggregateKey::Custom(vec![Component::Header("x-key".into(), Vec::new())]));
    assert_eq!((custom.limit_key, custom.limit_value, custom.custom_values.len()), ("CUSTOMKEYS", None, 1));
}
