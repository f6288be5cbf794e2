//! A token of a bucket: one that the worker holds, and one of the store that all workers share.

use criterion::Criterion;
use sekisho::gateway::Nanos;
use sekisho::gateway::shared::Memory;
use sekisho::gateway::throttle::bucket::Limit;
use sekisho::gateway::throttle::lease::Lease;
use sekisho::gateway::throttle::{At, Throttle};

/// Nanoseconds between two requests.
const BETWEEN: u64 = 100_000;

pub(crate) fn taking(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bucket");
    // In the time that a fiftieth of the burst lasts, a rate must give 64 tokens to be leased.
    for (name, burst) in [("leased", 1_000_000), ("unleased", 3_000)] {
        let throttle = Throttle::new(Limit::new(1_000_000.0, burst).unwrap(), false, &["bench"]);
        let (memory, mut lease, mut now) = (Memory::default(), Lease::default(), 0);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                now += BETWEEN;
                let at = At { holder: None, now: Nanos(now), store: &memory };
                let claim = throttle.claim(&mut lease, at).unwrap();
                throttle.take(claim, &mut lease, at).unwrap()
            });
        });
    }
}
