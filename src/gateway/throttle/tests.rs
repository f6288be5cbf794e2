//! The law, under any interleaving: on every window, `admitted ≤ burst + rate × time`; and nearly all of it is used.

use super::bucket::{Bucket, Limit};
use super::lease::{Lease, Leasing};
use super::{At, Holder, Refused, Rest, Taken, Throttle};
use crate::gateway::Nanos;
use crate::gateway::shared::{Conflict, Memory, Shared, SharedStore};
use proptest::prelude::*;
use std::cell::Cell;

const SECOND: u64 = 1_000_000_000;

fn limit(rate: f64, burst: u32) -> Limit {
    Limit::new(rate, burst).unwrap()
}

/// A store on which others write: some of the tries conflict.
#[derive(Debug)]
struct Busy<'a> {
    memory: &'a Memory,
    conflicts: Cell<u32>,
}

impl SharedStore for Busy<'_> {
    fn get(&self, key: &str) -> Option<Shared> {
        self.memory.get(key)
    }

    fn set(&self, key: &str, value: &[u8], seen: Option<u32>) -> Result<(), Conflict> {
        if self.conflicts.get() > 0 {
            self.conflicts.set(self.conflicts.get() - 1);
            return Err(Conflict);
        }
        self.memory.set(key, value, seen)
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<(), Conflict> {
        if self.conflicts.get() > 0 {
            self.conflicts.set(self.conflicts.get() - 1);
            return Err(Conflict);
        }
        self.memory.create(key, value)
    }
}

fn throttle(rate: f64, burst: u32) -> Throttle {
    Throttle::new(limit(rate, burst), false, &["x"])
}

fn at(now: u64, store: &dyn SharedStore) -> At<'_> {
    At { holder: None, now: Nanos(now), store }
}

/// What admission does: claims, and takes.
fn take(throttle: &Throttle, lease: &mut Lease, at: At<'_>) -> Result<Taken, Refused> {
    let claim = throttle.claim(lease, at)?;
    throttle.take(claim, lease, at)
}

/// Judges admissions by a bucket of real numbers that is refilled exactly: it must never be overdrawn.
struct Judge {
    rate: f64,
    burst: f64,
    level: f64,
    at: u64,
    admitted: u64,
}

impl Judge {
    fn new(rate: f64, burst: u32) -> Self {
        Self { rate, burst: burst.into(), level: burst.into(), at: 0, admitted: 0 }
    }

    fn admit(&mut self, now: u64) {
        let filled = self.rate * (now - self.at) as f64 / 1e9;
        self.level = (self.level + filled).min(self.burst) - 1.0;
        self.at = now;
        self.admitted += 1;
        assert!(self.level > -1e-6, "overdrawn by {} at {now} ns", -self.level);
    }
}

/// What a worker does next: after so many nanoseconds, this worker tries, while so many of its writes conflict; perhaps the
/// token is put back.
type Step = (u64, usize, u32, bool);

fn run(rate: f64, burst: u32, steps: &[Step]) -> u64 {
    let memory = Memory::default();
    let throttle = throttle(rate, burst);
    let mut leases = [Lease::default(); 8];
    let mut judge = Judge::new(rate, burst);
    let mut now = 0;
    for (pause, worker, conflicts, puts_back) in steps {
        now += pause;
        let store = Busy { memory: &memory, conflicts: Cell::new(*conflicts) };
        let lease = &mut leases[worker % 8];
        match take(&throttle, lease, at(now, &store)) {
            Ok(taken) if *puts_back => throttle.put_back(taken, lease, at(now, &store)),
            Ok(_) => judge.admit(now),
            Err(Refused::Empty(due)) => assert!(due > Nanos(now)),
            Err(Refused::Contended) => assert!(*conflicts >= 8),
        }
    }
    judge.admitted
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_interleaving_admits_more_than_the_law(
        rate in prop_oneof![Just(0.0), 0.01_f64..10.0, 10.0_f64..50_000.0],
        burst in 0_u32..3_000,
        scale in 1_u64..2_000_000,
        steps in prop::collection::vec((0_u64..100, 0_usize..8, 0_u32..10, prop::bool::weighted(0.1)), 1..1_500),
    ) {
        let steps: Vec<Step> = steps.into_iter().map(|(pause, w, c, p)| (pause * scale / 50, w, c / 2, p)).collect();
        run(rate, burst, &steps);
    }

    #[test]
    fn saturation_uses_nearly_all_of_it(
        rate in 50.0_f64..20_000.0,
        burst in 50_u32..20_000,
        workers in 1_usize..9,
        seed in any::<u64>(),
    ) {
        // Twice what the rate gives, for the time that ten thousand tokens and the burst take, by workers that are not equally
        // busy. Leases expire as long as the bucket is not empty: what that costs is a part of the burst, once.
        let pause = (SECOND as f64 / rate / 2.0) as u64;
        let mut state = seed | 1;
        let steps: Vec<Step> = (0..20_000 + 2 * burst as usize).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let worker = (state >> 33) as usize % workers;
            (pause, worker.min((state >> 50) as usize % 8), 0, false)
        }).collect();
        let admitted = run(rate, burst, &steps) as f64;
        let time = pause as f64 * steps.len() as f64 / 1e9;
        let most = f64::from(burst) + rate * time;
        let most = most.min(steps.len() as f64);
        prop_assert!(admitted >= 0.98 * most, "{admitted} of {most}");
    }
}

#[test]
fn zero_refuses_all_and_fractions_count() {
    let memory = Memory::default();
    for burst in [0, 1, 5_000] {
        let refused = take(&throttle(0.0, burst), &mut Lease::default(), at(100 * SECOND, &memory));
        assert_eq!(refused, Err(Refused::Empty(Nanos(u64::MAX))), "{burst}");
    }
    let (memory, mut lease) = (Memory::default(), Lease::default());
    let rarely = throttle(0.1, 1);
    let admitted = (0..60).filter(|second| take(&rarely, &mut lease, at(second * SECOND, &memory)).is_ok());
    assert_eq!(admitted.collect::<Vec<_>>(), [0, 10, 20, 30, 40, 50]);
}

#[test]
fn workers_that_make_a_bucket_at_the_same_time_make_one() {
    let memory = Memory::default();
    let throttle = throttle(0.001, 3);
    // Both have read that there is none.
    let mut leases = [Lease::default(); 2];
    let claims = [0, 1].map(|worker| throttle.claim(&mut leases[worker], at(0, &memory)).unwrap());
    for (worker, claim) in claims.into_iter().enumerate() {
        assert!(throttle.take(claim, &mut leases[worker], at(0, &memory)).is_ok());
    }
    assert!((throttle.level(at(0, &memory)) - 1.0).abs() < 1e-6);
}

#[test]
fn what_is_no_bucket_refuses() {
    let memory = Memory::default();
    let throttle = throttle(10.0, 10);
    memory.set(&throttle.bucket_name(None), b"odd", None).unwrap();
    assert_eq!(take(&throttle, &mut Lease::default(), at(0, &memory)), Err(Refused::Contended));
}

#[test]
fn each_holder_has_a_bucket_of_its_own() {
    let memory = Memory::default();
    let throttle = throttle(0.001, 1);
    let of = |id, digest| At { holder: Some(Holder { id, digest }), ..at(0, &memory) };
    assert!(take(&throttle, &mut Lease::default(), of("a", 1)).is_ok());
    assert!(take(&throttle, &mut Lease::default(), of("a", 1)).is_err());
    assert!(take(&throttle, &mut Lease::default(), of("b", 2)).is_ok());
    assert!(take(&throttle, &mut Lease::default(), at(0, &memory)).is_ok());
}

#[test]
fn asking_takes_nothing() {
    let (memory, mut lease) = (Memory::default(), Lease::default());
    for throttle in [throttle(0.001, 1), throttle(10_000.0, 5_000)] {
        let full = throttle.level(at(0, &memory));
        for _ in 0..100 {
            assert!(throttle.claim(&mut lease, at(0, &memory)).is_ok());
        }
        assert!((throttle.level(at(0, &memory)) - full).abs() < 1e-6);
    }
}

#[test]
fn a_new_rate_takes_effect_without_a_reset_or_a_gift() {
    let memory = Memory::default();
    let mut lease = Lease::default();
    for _ in 0..10 {
        assert!(take(&throttle(1.0, 10), &mut lease, at(0, &memory)).is_ok());
    }
    let new = throttle(5.0, 100);
    assert!(take(&new, &mut Lease::default(), at(0, &memory)).is_err(), "a larger burst is not a gift");
    let later = at(SECOND / 5 + 1, &memory);
    assert!(take(&new, &mut Lease::default(), later).is_ok(), "the new rate counts");
    let smaller = throttle(5.0, 2);
    let admitted =
        (0..10).filter(|_| take(&smaller, &mut Lease::default(), at(60 * SECOND, &memory)).is_ok());
    assert_eq!(admitted.count(), 2, "a smaller burst cuts what is there");
}

#[test]
fn a_worker_that_knows_an_empty_bucket_asks_again_at_a_new_rate() {
    let (slow, fast) = (throttle(0.001, 1), throttle(1_000.0, 1));
    assert_ne!(slow.lease_key(None), fast.lease_key(None));
    assert_eq!(slow.lease_key(None), throttle(0.001, 1).lease_key(None));
}

#[test]
fn a_clock_that_goes_back_gives_nothing_and_locks_nothing() {
    let bucket = Bucket::full(limit(10.0, 1), Nanos(5 * SECOND));
    let (_, bucket) = bucket.take(limit(10.0, 1), 1, Nanos(5 * SECOND)).unwrap();
    let due = bucket.take(limit(10.0, 1), 1, Nanos(0)).unwrap_err();
    assert_eq!(due, Nanos(5 * SECOND + SECOND / 10));
    assert!(bucket.take(limit(10.0, 1), 1, Nanos(5 * SECOND + SECOND / 10)).is_ok());
}

#[test]
fn what_another_limit_refused_is_put_back_exactly_or_lost() {
    let (memory, mut lease) = (Memory::default(), Lease::default());
    let throttle = throttle(0.001, 3);
    let taken = take(&throttle, &mut lease, at(1, &memory)).unwrap();
    throttle.put_back(taken, &mut lease, at(1, &memory));
    assert!((throttle.level(at(1, &memory)) - 3.0).abs() < 1e-6);
    let taken = take(&throttle, &mut lease, at(2, &memory)).unwrap();
    assert!(take(&throttle, &mut lease, at(2, &memory)).is_ok(), "somebody else takes meanwhile");
    throttle.put_back(taken, &mut lease, at(2, &memory));
    assert!((throttle.level(at(2, &memory)) - 1.0).abs() < 1e-6, "the token is lost, not given");
}

#[test]
fn a_token_of_a_lease_that_ended_is_not_put_back_into_the_next() {
    let (memory, mut lease) = (Memory::default(), Lease::default());
    let throttle = throttle(10_000.0, 5_000);
    let taken = take(&throttle, &mut lease, at(0, &memory)).unwrap();
    // Ten milliseconds later there is another lease.
    assert!(take(&throttle, &mut lease, at(10_000_000, &memory)).is_ok());
    let before = lease;
    throttle.put_back(taken, &mut lease, at(10_000_001, &memory));
    assert_eq!(lease, before);
}

#[test]
fn the_last_tokens_are_not_taken_in_advance() {
    let memory = Memory::default();
    let throttle = throttle(10_000.0, 5_000);
    let (mut stays, mut leaves) = (Lease::default(), Lease::default());
    let mut admitted = 0;
    for _ in 0..2_250 {
        for lease in [&mut stays, &mut leaves] {
            admitted += u32::from(take(&throttle, lease, at(0, &memory)).is_ok());
        }
    }
    assert_eq!(admitted, 4_500);
    // The other one holds nothing of the rest: 5,000, less what leases cost.
    while take(&throttle, &mut stays, at(0, &memory)).is_ok() {
        admitted += 1;
    }
    assert!(admitted >= 4_899, "{admitted}");
}

#[test]
fn leases_are_for_high_rates_only() {
    assert_eq!(Leasing::of(limit(100.0, 50)), None);
    assert_eq!(Leasing::of(limit(0.0, 5_000)), None);
    assert!(Leasing::of(limit(10_000.0, 5_000)).is_some());
}

#[test]
fn leases_ask_the_store_seldom() {
    #[derive(Debug, Default)]
    struct Counted(Memory, Cell<u32>);
    impl SharedStore for Counted {
        fn get(&self, key: &str) -> Option<Shared> {
            self.1.set(self.1.get() + 1);
            self.0.get(key)
        }
        fn set(&self, key: &str, value: &[u8], seen: Option<u32>) -> Result<(), Conflict> {
            self.0.set(key, value, seen)
        }
        fn create(&self, key: &str, value: &[u8]) -> Result<(), Conflict> {
            self.0.create(key, value)
        }
    }
    let store = Counted::default();
    let throttle = throttle(10_000.0, 5_000);
    let mut lease = Lease::default();
    let admitted =
        (0..10_000).filter(|i| take(&throttle, &mut lease, at(i * 100_000, &store)).is_ok()).count();
    assert_eq!(admitted, 10_000);
    assert!(store.1.get() < 600, "{} reads for {admitted} requests", store.1.get());
}

#[test]
fn what_is_left_is_told_to_the_token_where_one_worker_asks() {
    let (store, mut lease) = (Memory::default(), Lease::default());
    let slow = throttle(0.5, 2);
    let mut rest = |now| {
        let taken = take(&slow, &mut lease, at(now, &store)).unwrap();
        slow.rest(taken, &lease)
    };
    assert_eq!(rest(SECOND), Rest { tokens: 1, next: Some(Nanos(2 * SECOND)) });
    assert_eq!(rest(2 * SECOND), Rest { tokens: 0, next: Some(Nanos(SECOND)) }, "half a token is there");

    let (store, mut lease) = (Memory::default(), Lease::default());
    let fast = throttle(10_000.0, 10_000);
    let mut before = 9_900;
    for _ in 0..1_000 {
        let taken = take(&fast, &mut lease, at(SECOND, &store)).unwrap();
        assert!(matches!(taken, Taken::Leased(_)), "it is leased");
        let Rest { tokens, next } = fast.rest(taken, &lease);
        assert_eq!(next, Some(Nanos(100_000)));
        assert!(tokens < before && before - tokens <= 2, "{before} {tokens}");
        before = tokens;
    }
}
