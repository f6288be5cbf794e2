//! Workers that count together. `simulation` has many clients.

mod simulation;

use super::super::page::{Page, SLOTS};
use super::super::plan::{PAGES, fingerprint};
use super::super::room::{Room, WAITING};
use super::{LIMITED, Plan, Tallies};
use crate::gateway::Nanos;
use crate::gateway::shared::{Conflict, Memory, Shared, SharedStore};
use crate::gateway::throttle::LeaseKey;
use crate::gateway::upkeep::TICK;
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

const SECOND: u64 = 1_000_000_000;

/// Shared data in which others write between a read and a write.
#[derive(Debug, Default)]
struct Busy {
    memory: Memory,
    calls: Cell<u64>,
    /// Every so many writes somebody is faster.
    every: Cell<u64>,
    /// Who then counts a request of an origin of its own.
    other: RefCell<Option<(Tallies, Rc<Plan>)>>,
    now: Cell<u64>,
}

impl SharedStore for Busy {
    fn get(&self, key: &str) -> Option<Shared> {
        self.calls.set(self.calls.get() + 1);
        self.memory.get(key)
    }

    fn set(&self, key: &str, value: &[u8], seen: Option<u32>) -> Result<(), Conflict> {
        self.interfere();
        self.memory.set(key, value, seen)
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<(), Conflict> {
        self.interfere();
        self.memory.create(key, value)
    }
}

impl Busy {
    fn interfere(&self) {
        self.calls.set(self.calls.get() + 1);
        let every = self.every.get();
        if every > 0
            && self.calls.get().is_multiple_of(every)
            && let Some((other, plan)) = self.other.borrow_mut().as_mut()
        {
            // Two are handed on at once, where the limit is small.
            for _ in 0..2 {
                other.count(plan, 1, Nanos(self.now.get()), &self.memory);
            }
        }
    }
}

/// A plan with fewer pages than rules have.
fn plan(limit: u64, window: u64, pages: u32) -> Rc<Plan> {
    let mut plan = Plan::new(LeaseKey(u128::from(limit)), "1/rate/test".to_owned(), limit, window, false);
    plan.pages = pages;
    Rc::new(plan)
}

/// Workers of one process, each of which ticks.
struct Workers {
    store: Busy,
    tallies: Vec<Tallies>,
    plan: Rc<Plan>,
    ticked: u64,
}

impl Workers {
    fn new(count: usize, plan: Rc<Plan>) -> Self {
        let tallies = (0..count).map(|_| Tallies::default()).collect();
        Self { store: Busy::default(), tallies, plan, ticked: 0 }
    }

    /// A request at a time; whether it is refused.
    fn request(&mut self, worker: usize, origin: u64, now: u64) -> bool {
        let tick = u64::from(TICK) * 1_000_000;
        while self.ticked + tick <= now {
            self.ticked += tick;
            for tallies in &mut self.tallies {
                tallies.flush(Nanos(self.ticked), &self.store);
            }
        }
        self.store.now.set(now);
        let worker = worker % self.tallies.len();
        self.tallies[worker].count(&self.plan, origin, Nanos(now), &self.store)
    }
}

/// What one counts who forgets nothing: requests in a time that ends now.
#[derive(Default)]
struct Exact(VecDeque<u64>);

impl Exact {
    fn add(&mut self, now: u64) {
        self.0.push_back(now);
    }

    fn since(&self, time: u64) -> u64 {
        self.0.iter().rev().take_while(|then| **then >= time).count() as u64
    }
}

#[test]
fn the_limit_passes_and_no_more_where_one_worker_counts() {
    for limit in [10, 100, 1_000, 20_000] {
        let mut workers = Workers::new(1, plan(limit, 60, 4));
        let refused: Vec<bool> =
            (0..=limit + 2 + limit / 500).map(|i| workers.request(0, 7, 1_000 + i)).collect();
        let first = refused.iter().position(|refused| *refused).unwrap() as u64;
        // Above a thousandth of the limit nobody is asked for one more.
        assert!((limit..=limit + limit / 1000).contains(&first), "{limit}: {first} passed");
        assert!(refused[first as usize..].iter().all(|refused| *refused));
    }
}

/// The same wherever a sub-window of six seconds ends between them: who is near the limit is known to be.
#[test]
fn the_limit_holds_over_sub_windows() {
    for (before, limit) in (1..=100).flat_map(|before| [(before, 10), (before, 100)]).filter(|(b, l)| b <= l)
    {
        let mut workers = Workers::new(1, plan(limit, 60, 4));
        let time = |i: u64| if i < before { 6 * SECOND - 1_000 + i } else { 6 * SECOND + i };
        let refused: Vec<bool> = (0..=limit).map(|i| workers.request(0, 7, time(i))).collect();
        let first = refused.iter().position(|refused| *refused).map(|first| first as u64);
        assert_eq!(first, Some(limit), "{before} of {limit} in the first");
    }
}

#[test]
fn an_origin_is_released_when_its_requests_leave_the_window() {
    let mut workers = Workers::new(1, plan(10, 60, 4));
    // Sub-windows are six seconds: these are all in the first.
    let refused = (0..12).filter(|_| workers.request(0, 7, SECOND)).count();
    assert_eq!(refused, 2);
    assert!(workers.request(0, 7, 60 * SECOND - 1), "in the tenth");
    assert!(
        !workers.request(0, 7, 60 * SECOND),
        "thirteen behind it are gone; this is the second of the new ones"
    );
    // Whoever does not stop is not released: refused requests count.
    let mut workers = Workers::new(1, plan(10, 60, 4));
    let refused = (0..1_000).filter(|i| workers.request(0, 7, i * SECOND)).count();
    assert_eq!(refused, 990);
}

#[test]
fn origins_are_told_apart() {
    let mut workers = Workers::new(2, plan(10, 60, 1));
    for i in 0..100 {
        workers.request(i, 7, SECOND + i as u64);
    }
    assert!(workers.request(0, 7, 2 * SECOND) && workers.request(1, 7, 2 * SECOND));
    for other in [6, 8, 7 + (1 << 40), 7 | 1 << 32] {
        // The third is one with 7 as far as slots tell: 50 bits of 64 tell origins apart, with 1,024 pages.
        let refused = workers.request(0, other, 2 * SECOND + 1) || workers.request(0, other, 2 * SECOND + 2);
        assert_eq!(refused, other == 7 + (1 << 40), "{other}");
    }
}

#[test]
fn one_at_twice_the_limit_is_refused_everywhere_within_ten_seconds() {
    for (workers_count, limit, window) in [
        (1, 10, 60),
        (2, 100, 60),
        (4, 100, 300),
        (8, 100, 300),
        (8, 10, 600),
        (8, 2_000, 120),
        (8, 50_000, 60),
    ] {
        for every in [0, 3] {
            let mut workers = Workers::new(workers_count, plan(limit, window, 64));
            workers.store.every.set(every);
            let other = plan(limit, window, 1);
            workers.store.other.replace(Some((Tallies::default(), other)));
            let between = window * SECOND / (2 * limit);
            let start = 100 * SECOND;
            let passed = (0..3 * limit)
                .filter(|i| !workers.request((i % 7 + i / 7) as usize, 99 << 50 | 5, start + i * between))
                .max()
                .unwrap();
            let lag = (passed + 1).saturating_sub(limit) * between;
            assert!(passed + 1 >= limit, "{limit} in {window}: only {passed} passed");
            assert!(
                lag <= 10 * SECOND.max(between),
                "{workers_count} workers, {limit} in {window}: {lag} ns behind"
            );
        }
    }
}

#[test]
fn all_are_one_origin_where_nothing_tells_them_apart() {
    let plan = Rc::new(Plan::new(LeaseKey(1), "1/rate/all".to_owned(), 1_000, 60, true));
    let mut workers = Workers::new(4, plan);
    let refused = (0..4_000).filter(|i| workers.request(*i as usize, 5, SECOND + i * 1_000_000)).count();
    assert!((2_400..=3_000).contains(&refused), "{refused}");
    assert_eq!(workers.store.get("1/rate/all/0").unwrap().value.len(), 36);
    assert!(workers.store.get("1/rate/all/1").is_none());
}

#[test]
fn requests_are_not_lost_where_writes_collide() {
    let plan = plan(1_000_000, 60, 1);
    let mut workers = Workers::new(8, Rc::clone(&plan));
    workers.store.every.set(3);
    workers.store.other.replace(Some((Tallies::default(), plan)));
    for i in 0..4_000 {
        workers.request(i as usize, 9, 60 * SECOND + i);
    }
    for later in [63, 65] {
        workers.request(0, 2, later * SECOND);
    }
    let page = workers.store.memory.get("1/rate/test/0").unwrap();
    let mut page = Page::read(page.value, SLOTS).unwrap();
    assert_eq!(page.add(fingerprint(9), 10, 0, 1).total, 4_000);
}

#[test]
fn a_store_that_refuses_every_write_refuses_nobody_and_is_not_asked_without_end() {
    #[derive(Debug)]
    struct Broken(Cell<u64>);
    impl SharedStore for Broken {
        fn get(&self, _: &str) -> Option<Shared> {
            self.0.set(self.0.get() + 1);
            Some(Shared { value: vec![1], version: 1 })
        }
        fn set(&self, _: &str, _: &[u8], _: Option<u32>) -> Result<(), Conflict> {
            Err(Conflict)
        }
        fn create(&self, _: &str, _: &[u8]) -> Result<(), Conflict> {
            Err(Conflict)
        }
    }
    let (plan, store, mut tallies) = (plan(10, 60, 1), Broken(Cell::new(0)), Tallies::default());
    for i in 0..100_u64 {
        assert!(!tallies.count(&plan, i % 20, Nanos(i), &store));
    }
    assert!(store.0.get() <= 100 * 16);
}

#[test]
fn a_page_that_is_none_is_begun_anew() {
    let mut workers = Workers::new(1, plan(10, 60, 1));
    workers.store.memory.set("1/rate/test/0", b"something", None).unwrap();
    let refused = (0..12).filter(|_| workers.request(0, 7, SECOND)).count();
    assert_eq!(refused, 2);
}

#[test]
fn a_changed_limit_goes_on_with_the_counts() {
    let mut workers = Workers::new(1, plan(100, 60, 4));
    for _ in 0..100 {
        assert!(!workers.request(0, 7, SECOND));
    }
    workers.request(0, 0, 4 * SECOND);
    workers.plan = plan(50, 60, 4);
    assert!(!workers.request(0, 7, 4 * SECOND), "nothing is known of it yet");
    let refused = (0..20).filter(|_| workers.request(0, 7, 4 * SECOND)).count();
    assert!(refused >= 14, "an eighth of the limit later: {refused}");
    workers.plan = plan(1_000, 60, 4);
    assert!((0..100).all(|_| !workers.request(0, 7, 5 * SECOND)));
}

#[test]
fn a_worker_forgets_limits_that_nobody_asks_about() {
    let mut workers = Workers::new(1, plan(10, 60, PAGES));
    workers.request(0, 7, SECOND);
    let rooms = PAGES as usize * size_of::<Room>();
    assert_eq!(workers.tallies[0].size(), rooms);
    for _ in 0..20 {
        workers.request(0, 7, SECOND);
    }
    let most = rooms + PAGES as usize * LIMITED * size_of::<super::Limited>();
    assert_eq!((workers.tallies[0].size(), most), (most, 417_792));
    workers.tallies[0].flush(Nanos(61 * SECOND), &workers.store);
    assert_eq!(workers.tallies[0].size(), most);
    workers.tallies[0].flush(Nanos(62 * SECOND), &workers.store);
    assert_eq!(workers.tallies[0].size(), 0);
}

#[test]
fn requests_under_no_pressure_ask_nobody() {
    // Each origin's second request in a second or so; the limit is far.
    let mut workers = Workers::new(1, plan(1_000, 300, PAGES));
    for i in 0..20_000_u64 {
        let origin = (i % 10_000).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        assert!(!workers.request(0, origin, SECOND + i * 100_000));
    }
    // 10,000 requests a second in a worker; a page's room is full with eight.
    let calls = workers.store.calls.get() as f64 / 20_000.0;
    assert!(calls < 0.4, "{calls}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whoever is refused has sent more than the limit in the window before, whatever workers, conflicts and times.
    #[test]
    fn nobody_is_refused_below_the_limit(
        limit in 10..60_u64,
        count in prop::sample::select(vec![1_usize, 2, 4, 8]),
        every in 0..4_u64,
        requests in prop::collection::vec((0..8_usize, 0..3_u64, 0..4_u32, 1..2_000_u64), 1..600),
    ) {
        let mut workers = Workers::new(count, plan(limit, 60, 1));
        workers.store.every.set(every);
        workers.store.other.replace(Some((Tallies::default(), plan(limit, 60, 1))));
        let (mut exact, mut now) = ([Exact::default(), Exact::default(), Exact::default()], 70 * SECOND);
        for (worker, origin, rest, millis) in requests {
            // Mostly bursts, and sometimes a rest.
            now += if rest == 0 { millis * 10_000_000 } else { millis * 20_000 };
            exact[origin as usize].add(now);
            let refused = workers.request(worker, 100 + origin, now);
            let sent = exact[origin as usize].since(now.saturating_sub(60 * SECOND));
            prop_assert!(!refused || sent > limit, "refused with {sent} of {limit}");
        }
    }

    /// With one worker the refusals are those of a window that is a sub-window shorter at most.
    #[test]
    fn one_worker_refuses_whoever_is_above_the_limit(
        limit in 10..40_u64,
        requests in prop::collection::vec(1..4_000_u64, 1..500),
    ) {
        let mut workers = Workers::new(1, plan(limit, 60, 1));
        let (mut exact, mut now) = (Exact::default(), 70 * SECOND);
        for millis in requests {
            now += millis * 1_000_000;
            exact.add(now);
            let refused = workers.request(0, 100, now);
            // One that waits beside it is not known until it is handed on: limits of less than 17 know one by one.
            let surely = exact.since(now / (6 * SECOND) * 6 * SECOND - 54 * SECOND);
            let unknown = limit.div_ceil(8) + 1;
            prop_assert!(refused || surely <= limit + unknown, "passed with {surely} of {limit}");
            prop_assert!(!refused || surely > limit);
        }
    }
}

#[test]
fn a_room_is_as_large_as_it_is_said_to_be() {
    assert_eq!((WAITING, size_of::<Room>()), (8, 152));
}
