//! The pure parts of the benchmark: its statistics, how goals are judged, its pictures, and the figures of its page. They are
//! Python's, and so are their tests: `python3 -m unittest discover -s bench/tests -t bench`.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use sekisho_cases::needs;
use std::path::Path;
use std::process::Command;

#[test]
fn the_benchmark_counts_right() {
    needs!("python3", "python3");
    let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench");
    let done = Command::new("python3")
        .args(["-B", "-m", "unittest", "discover", "-s", "tests", "-t", "."])
        .current_dir(bench)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}");
    let ran = told.lines().find_map(|line| line.strip_prefix("Ran ")?.split(' ').next()?.parse().ok());
    assert!(ran.is_some_and(|count: u32| count >= 20), "{told}");
}
