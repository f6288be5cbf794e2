//! What the law stands on: facts of the host, seen with the probe (`docs/host-facts.md`).

use crate::load::{Clients, alone, get};
use rustix::time::{ClockId, clock_gettime};
use std::collections::HashSet;
use wasm_tests::{Backend, Gateway, Probe};

const WORKERS: u32 = 4;

async fn probe() -> (Backend, Gateway) {
    let backend = Backend::start().await;
    let probe = Probe { concurrency: WORKERS, ..Probe::default() };
    let gateway = Gateway::start_probe(&backend, &backend, &probe).await;
    (backend, gateway)
}

/// The value of `NAME=` in what the probe has seen.
fn seen<'a>(answer: &'a str, name: &str) -> &'a str {
    let line =
        answer.lines().find_map(|line| line.strip_prefix("x-probe-answer: ")).expect("the probe answers");
    line.split(' ').find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).expect("it was seen")
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_create_a_shared_value_at_the_same_time_exactly_one_does() {
    let _alone = alone().await;
    const VALUES: usize = 200;
    /// Four requests of each of two threads, on connections to several workers.
    const CREATORS: usize = 8;
    let (_backend, gateway) = probe().await;
    let mut clients = Clients::connect(&gateway).await;
    let answers = tokio::task::block_in_place(|| {
        clients.ask(&|number| {
            (number < VALUES * CREATORS).then(|| get(&format!("/create:v{},answer:200/", number / CREATORS)))
        })
    });
    let mut created = HashSet::new();
    for asked in &answers {
        match seen(&asked.head, "create") {
            "true,true" => assert!(created.insert(asked.number / CREATORS), "{asked:?} was created twice"),
            "false,false" => {}
            other => panic!("{other}: {asked:?}"),
        }
    }
    println!("{} of {} requests by {WORKERS} workers created {VALUES} values", created.len(), answers.len());
    assert_eq!((answers.len(), created.len()), (VALUES * CREATORS, VALUES));
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_monotonic_clock_is_the_machines_in_every_vm() {
    let _alone = alone().await;
    const REQUESTS: usize = 1_000;
    let now = || {
        let time = clock_gettime(ClockId::Monotonic);
        u64::try_from(time.tv_sec).unwrap() * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap()
    };
    let (_backend, gateway) = probe().await;
    let mut clients = Clients::connect(&gateway).await;
    // The difference of two clocks is between these.
    let before = clients.now();
    let there = now();
    let (least, most) = (there - clients.now(), there - before);
    let answers = tokio::task::block_in_place(|| {
        clients.ask(&|number| (number < REQUESTS).then(|| get("/clock,answer:200/")))
    });
    assert_eq!(answers.len(), REQUESTS);
    let mut widest = 0;
    for asked in answers {
        let clock: u64 = seen(&asked.head, "clock").parse().unwrap();
        let (sent, answered) = (asked.sent + least, asked.answered + most);
        assert!((sent..=answered).contains(&clock), "{clock} is not from {sent} to {answered}");
        widest = widest.max(answered - sent);
    }
    println!("{REQUESTS} requests to {WORKERS} workers, each at a moment of at most {} µs", widest / 1_000);
    gateway.assert_no_panic().await;
}
