//! What each kind of request costs in the built module: instructions of an interpreter, which are the same on every machine,
//! and host calls by their names. Wall times say nothing here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho_guard::machine::{Compiled, Cost, Machine};
use sekisho_guard::module::wasm;
use sekisho_guard::pinned::{Figures, Tolerance, compare};
use sekisho_micro::kinds;
use std::collections::BTreeMap;

/// Requests before anything is counted: caches are filled, tokens are leased, expressions have made their states.
const BEFORE: usize = 200;
/// Requests that are counted. The usual one among them is pinned, and the mean, which holds what comes round: leases.
const COUNTED: usize = 500;

const HEAD: &str = "What one request of each kind costs in the module, once a worker is warm: `cargo test -p sekisho-guard --test module`.
instructions: of Wasm, run for the usual request; not counted are those that only move a value to or from a local, or are one.
mean instructions: of many requests, with what comes round, such as leases. memory asked for: by the host, for what it gives.
The rest are host calls of the usual request by name.";

#[test]
fn each_kind_of_request_costs_what_is_pinned() {
    let compiled = Compiled::new(&wasm());
    let counted: Vec<_> = kinds::all()
        .iter()
        .map(|kind| {
            let mut machine = compiled.machine(kind);
            (0..BEFORE).for_each(|_| drop(machine.request(kind)));
            let costs: Vec<_> = (0..COUNTED).map(|_| machine.request(kind)).collect();
            assert!(costs.iter().all(|cost| cost.status == u32::from(kind.status)), "{}", kind.name);
            let usual = usual(&costs);
            tell(kind.name, usual, &mut machine);
            (kind.name.to_owned(), figures(usual, &costs, machine.memory()))
        })
        .collect();
    let near = Tolerance { more: 3, less: 5 };
    let tolerated =
        BTreeMap::from([("instructions", near), ("mean instructions", near), ("KiB of memory", near)]);
    compare("module.txt", HEAD, &counted, &tolerated);
}

/// What is not pinned, for who asks where it goes.
fn tell(name: &str, usual: &Cost, machine: &mut Machine) {
    println!("{name}: {} instructions to configure; of a request, by callbacks:", machine.configured);
    println!("  {:?}", usual.callbacks);
    let tick = machine.tick();
    println!("  and of the tick after many requests: {}, {:?}", tick.instructions(), tick.calls);
}

/// The median by instructions.
fn usual(costs: &[Cost]) -> &Cost {
    let mut sorted: Vec<_> = costs.iter().collect();
    sorted.sort_by_key(|cost| cost.instructions());
    sorted[costs.len() / 2]
}

fn figures(usual: &Cost, all: &[Cost], memory: usize) -> Figures {
    let mean = all.iter().map(Cost::instructions).sum::<u64>() / all.len() as u64;
    let mut figures = Figures::from([
        ("instructions".to_owned(), usual.instructions()),
        ("mean instructions".to_owned(), mean),
        ("memory asked for".to_owned(), usual.allocations),
        ("KiB of memory".to_owned(), memory as u64 / 1024),
        ("host calls".to_owned(), usual.calls.values().sum()),
    ]);
    figures.extend(usual.calls.iter().map(|(name, count)| ((*name).to_owned(), *count)));
    figures
}
