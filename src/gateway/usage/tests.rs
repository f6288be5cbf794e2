use super::{MOST_AT_ONCE, MOST_KEYS, MOST_WAITING, Told, due, name};
use crate::gateway::api_keys::ApiKey;
use crate::gateway::config::QuotaPeriod;
use crate::gateway::quota::{Quota, Window};
use crate::gateway::shared::{Memory, SharedStore};
use crate::gateway::usage_plans::{Member, UsagePlan};
use crate::gateway::{Env, Millis, Nanos, Worker, testing};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

const DAY: u64 = 86_400_000;
/// A tick, in nanoseconds.
const TICK: u64 = 500_000_000;

/// Workers of one Envoy, and the time.
struct World {
    store: Memory,
    workers: Vec<RefCell<Worker>>,
    plan: Rc<UsagePlan>,
    wall: Millis,
    ticks: u64,
}

impl World {
    fn new(workers: usize) -> Self {
        let quota = Quota::new("gold", 1000, Window::new(QuotaPeriod::Day, 0).unwrap(), false);
        Self {
            store: Memory::default(),
            workers: (0..workers).map(|_| RefCell::default()).collect(),
            plan: Rc::new(UsagePlan {
                id: "gold".to_owned(),
                throttle: None,
                quota: Some(quota),
                fleet: None,
            }),
            wall: Millis(20_000 * DAY),
            ticks: 1,
        }
    }

    fn env(&self, worker: usize) -> Env<'_> {
        Env {
            wall: self.wall,
            monotonic: Nanos(self.ticks * TICK),
            worker: &self.workers[worker],
            shared: &self.store,
            ..testing::env()
        }
    }

    /// A request of a key; whether it will be told.
    fn request(&self, worker: usize, key: &str) -> bool {
        let mut hash = [0; 32];
        hash[..key.len()].copy_from_slice(key.as_bytes());
        let key = ApiKey::new(key.into(), Rc::from([0]), hash);
        let member = Member { key, plan: Rc::clone(&self.plan), place: 0 };
        let quota = self.plan.quota.as_ref().unwrap();
        quota.take(&member.key.id, self.wall, &self.store).unwrap();
        self.workers[worker].borrow_mut().usage.counted(&member, quota.digest)
    }

    fn tick(&mut self, worker: usize) -> Vec<Told> {
        self.ticks += 1;
        due(&self.env(worker))
    }

    fn untold(&self, worker: usize) -> u64 {
        let mut worker = self.workers[worker].borrow_mut();
        worker.counts.drain().find(|(name, _)| *name == "usage_untold").unwrap().1
    }
}

fn told(key: &str, used: u64, window: u64) -> Told {
    Told { name: name("gold", key), used, window }
}

#[test]
fn names_tell_ids_apart() {
    assert_eq!(name("gold", "k-1_a"), "sekisho.usage.gold.k-1_a");
    let ids = ["a", "a.b", "b", "a b", "a/b", "a%2Eb", "a%b", "é", "a\nb", "a:b", "A", ""];
    let names: BTreeSet<_> = ids.iter().flat_map(|plan| ids.map(|key| name(plan, key))).collect();
    assert_eq!(names.len(), ids.len() * ids.len());
    for name in names {
        assert_eq!(name.split('.').count(), 4, "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_graphic()), "{name}");
    }
}

#[test]
fn what_all_workers_counted_is_told_twice_by_each_and_then_no_more() {
    let mut world = World::new(2);
    assert_eq!(world.tick(0), []);
    for worker in [0, 0, 1] {
        assert!(world.request(worker, "k"));
    }
    assert_eq!(world.tick(0), [told("k", 3, 20_000)]);
    // It has told 3, and may be slow to do so: the other one corrects it, whenever it comes.
    assert!(world.request(1, "k"));
    assert_eq!(world.tick(1), [told("k", 4, 20_000)]);
    assert_eq!(world.tick(0), [told("k", 4, 20_000)]);
    assert_eq!(world.tick(1), [told("k", 4, 20_000)]);
    assert_eq!((world.tick(0), world.tick(1)), (vec![], vec![]));
    world.wall = Millis(20_001 * DAY);
    assert!(world.request(0, "k"));
    assert_eq!(world.tick(0), [told("k", 1, 20_001)], "a new window, a new count");
}

#[test]
fn two_configurations_in_one_worker_do_not_tell_twice_at_once() {
    let mut world = World::new(1);
    assert!(world.request(0, "k"));
    assert_eq!(world.tick(0).len(), 1);
    assert_eq!(due(&world.env(0)), [], "the other one's tick");
    assert_eq!(world.tick(0).len(), 1);
}

#[test]
fn no_tick_takes_long_and_every_key_comes_to_its_turn() {
    let mut world = World::new(1);
    let keys: Vec<_> = (0..MOST_AT_ONCE * 3 + 1).map(|i| format!("k{i}")).collect();
    for key in &keys {
        assert!(world.request(0, key));
    }
    let mut seen = BTreeSet::new();
    for ticks in 1.. {
        let told = world.tick(0);
        assert!(told.len() <= MOST_AT_ONCE);
        seen.extend(told.into_iter().map(|told| told.name));
        // One that is used all the time keeps nobody waiting.
        assert!(world.request(0, "k0"));
        if seen.len() == keys.len() {
            assert_eq!(ticks, 4);
            break;
        }
    }
}

#[test]
fn what_waits_in_a_worker_is_bounded() {
    let world = World::new(1);
    let taken = (0..MOST_WAITING + 10).filter(|i| world.request(0, &format!("k{i}"))).count();
    assert_eq!(taken, MOST_WAITING);
    assert!(world.request(0, "k0"), "one that waits is not one more");
}

#[test]
fn all_workers_keep_to_one_bound_and_to_the_same_keys() {
    let mut world = World::new(2);
    world.store.set("1/told", &(MOST_KEYS - 1).to_le_bytes(), None).unwrap();
    for key in ["first", "second"] {
        assert!(world.request(0, key));
        assert!(world.request(1, key));
    }
    assert_eq!(world.tick(0), [told("first", 2, 20_000)]);
    assert_eq!(world.tick(1), [told("first", 2, 20_000)]);
    assert_eq!((world.untold(0), world.untold(1)), (1, 1));
}

#[test]
fn a_count_that_cannot_be_read_is_not_told() {
    let mut world = World::new(1);
    assert!(world.request(0, "k"));
    world.store.set("1/quota/4:gold//k", b"odd", None).unwrap();
    assert_eq!(world.tick(0), []);
    world.store.set("1/told", b"odd", None).unwrap();
    assert!(world.request(0, "other"));
    assert_eq!((world.tick(0), world.untold(0)), (vec![], 1), "nor is anything, if the bound cannot be read");
}
