//! Instructions of the core for each kind of request, natively, as callgrind counts them: what the interpreter of
//! `tests/module.rs` cannot see is what a processor's own compiler makes of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho_cases::needs;
use sekisho_guard::module::counted;
use sekisho_guard::pinned::{Figures, Tolerance, compare};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const HEAD: &str =
    "Instructions of the core for one request of each kind, natively, once a worker is warm, by callgrind:
`cargo test -p sekisho-guard --test core`. They hold those of the C library's allocator and copying.";

/// What is counted differs a little by the C library, whose allocator is part of it, by what the processor offers its copying,
/// and by the seeds of hash maps, which are new in each run.
const NEAR: Tolerance = Tolerance { more: 4, less: 6 };

#[test]
fn each_kind_of_request_costs_what_is_pinned() {
    needs!("valgrind", "valgrind");
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("dump");
    let mut valgrind = Command::new("valgrind");
    valgrind.args([
        "--quiet",
        "--tool=callgrind",
        "--toggle-collect=*Core::requests",
        "--dump-after=*Core::requests",
    ]);
    let done =
        valgrind.arg(format!("--callgrind-out-file={}", dump.display())).arg(counted()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let told = String::from_utf8(done.stdout).unwrap();
    let costs: Vec<_> = told
        .lines()
        .zip(1..)
        .map(|(line, number)| {
            let (kind, requests) = line.split_once(' ').unwrap();
            let each = collected(&dump, number) / requests.parse::<u64>().unwrap();
            (kind.to_owned(), Figures::from([("instructions".to_owned(), each)]))
        })
        .collect();
    compare("core.txt", HEAD, &costs, &BTreeMap::from([("instructions", NEAR)]));
}

/// What a dump sums up to.
fn collected(dump: &Path, number: u32) -> u64 {
    let path = format!("{}.{number}", dump.display());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let sum = text
        .lines()
        .find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")));
    sum.unwrap_or_else(|| panic!("{path} has no sum")).trim().parse().unwrap()
}
