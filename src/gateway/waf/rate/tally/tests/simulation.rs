//! Many clients. In debug builds a sixteenth of them, and of the pages; `--release --ignored` runs the whole.

use super::{PAGES, SECOND, Workers, plan};
use std::collections::HashMap;

/// Numbers that look random, the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        hash(self.0)
    }

    fn below(&mut self, end: u64) -> u64 {
        (u128::from(self.roll()) * u128::from(end) >> 64) as u64
    }
}

/// What a seeded hash makes of a client (splitmix64).
fn hash(client: u64) -> u64 {
    let mut z = client;
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// Who sends requests.
struct Crowd {
    /// Clients below the limit, at up to nine tenths of it.
    clients: u64,
    /// Strangers who come once in a window.
    strangers: u64,
    /// Clients at twice the limit.
    heavy: u64,
    limit: u64,
    window: u64,
    workers: usize,
    pages: u32,
}

/// What became of them.
#[derive(Debug)]
struct Became {
    requests: u64,
    /// Clients below the limit who were refused.
    wrong: usize,
    /// The longest that one at twice the limit was admitted above it, in seconds.
    lag: f64,
    /// Calls of shared data, for each request.
    calls: f64,
    /// Bytes of shared data, and of the worker that has most.
    shared: usize,
    worker: usize,
}

impl Crowd {
    /// One and a half windows.
    fn run(&self) -> Became {
        let mut workers = Workers::new(self.workers, plan(self.limit, self.window, self.pages));
        let (mut dice, start, window) = (Dice(1), 1_000 * SECOND, self.window * SECOND);
        // Each client below the limit has its own rate: from a tenth to nine tenths of the limit in a window.
        let rates: Vec<u64> =
            (0..self.clients).map(|_| (self.limit * (1 + dice.below(9)) / 10).max(1)).collect();
        let chances: u64 = rates.iter().sum();
        let mut by_chance = Vec::with_capacity(chances as usize);
        for (client, rate) in rates.iter().enumerate() {
            by_chance.extend((0..*rate).map(|_| client as u32));
        }
        let each = chances + self.strangers + self.heavy * 2 * self.limit;
        let between = window / each;
        let (mut wrong, mut lag) = (HashMap::<u64, u64>::new(), 0);
        let mut sent = vec![0_u64; self.heavy as usize];
        let mut crossed = vec![0; self.heavy as usize];
        let mut next_stranger = 1 << 40;
        // Clients take turns, so that their counts are exactly their rates in every window; strangers come and go.
        for round in 0..each * 3 / 2 {
            let now = start + round * between;
            let turn = round.wrapping_mul(0x9e37_79b1) % each;
            let worker = dice.below(self.workers as u64) as usize;
            if turn < chances {
                let client = u64::from(by_chance[turn as usize]);
                if workers.request(worker, hash(client), now) {
                    *wrong.entry(client).or_default() += 1;
                }
            } else if turn < chances + self.strangers {
                next_stranger += 1;
                if workers.request(worker, hash(next_stranger), now) {
                    *wrong.entry(next_stranger).or_default() += 1;
                }
            } else {
                let client = (turn - chances - self.strangers) % self.heavy;
                sent[client as usize] += 1;
                if sent[client as usize] == self.limit + 1 {
                    crossed[client as usize] = now;
                }
                let admitted = !workers.request(worker, hash(1 << 50 | client), now);
                if admitted && sent[client as usize] > self.limit {
                    lag = lag.max(now - crossed[client as usize]);
                }
            }
        }
        let shared = (0..self.pages).filter_map(|page| {
            crate::gateway::shared::SharedStore::get(&workers.store.memory, &format!("1/rate/test/{page}"))
        });
        Became {
            requests: each * 3 / 2,
            wrong: wrong.len(),
            lag: lag as f64 / SECOND as f64,
            calls: workers.store.calls.get() as f64 / (each * 3 / 2) as f64,
            shared: shared.map(|shared| shared.value.len()).sum(),
            worker: workers.tallies.iter().map(super::Tallies::size).max().unwrap(),
        }
    }
}

fn check(became: &Became, pages: u32) {
    assert_eq!(became.wrong, 0, "{became:?}");
    assert!(became.lag <= 10.0, "{became:?}");
    assert!(became.shared <= pages as usize * 4096, "{became:?}");
    assert!(became.worker <= pages as usize * 408, "{became:?}");
    assert!(became.calls <= 2.0, "{became:?}");
}

#[test]
fn a_sixteenth_of_a_million_addresses_on_a_sixteenth_of_the_pages() {
    let pages = PAGES / 16;
    let crowd =
        Crowd { clients: 6_250, strangers: 62_500, heavy: 20, limit: 50, window: 300, workers: 8, pages };
    check(&crowd.run(), pages);
}

#[test]
#[ignore = "large: run it with --release"]
fn a_million_addresses_and_a_hundred_thousand_clients() {
    for (limit, window, workers) in [(100, 300, 8), (100, 300, 1), (20, 60, 8), (10, 600, 4), (1_000, 300, 8)]
    {
        let clients = if limit > 500 { 20_000 } else { 100_000 };
        let crowd = Crowd { clients, strangers: 1_000_000, heavy: 100, limit, window, workers, pages: PAGES };
        let (began, became) = (std::time::Instant::now(), crowd.run());
        let each = began.elapsed().as_nanos() / u128::from(became.requests);
        println!(
            "{limit} in {window} s, {workers} workers: {became:?}, {each} ns a request, with the simulation's own"
        );
        check(&became, PAGES);
    }
}
