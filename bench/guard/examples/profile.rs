//! Prints which functions of the module the instructions of a request go to.
//!
//! ```console
//! $ CARGO_PROFILE_RELEASE_STRIP=none cargo wasm --target-dir target/names
//! $ SEKISHO_WASM=target/names/wasm32-wasip1/release/sekisho.wasm cargo run -p sekisho-guard --example profile -- everything
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use sekisho_guard::machine::Compiled;
use sekisho_guard::module::wasm;
use sekisho_guard::profile::instrument;
use sekisho_micro::kinds;

/// As in the test.
const BEFORE: u64 = 200;
const COUNTED: u64 = 100;
/// Functions that are told.
const TOLD: usize = 60;

fn main() {
    let (wanted, mut kinds) = (std::env::args().nth(1), kinds::all());
    let names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
    kinds.retain(|kind| Some(kind.name) == wanted.as_deref());
    let kind = kinds.first().unwrap_or_else(|| panic!("one of: {}", names.join(" ")));
    let (wasm, names) = instrument(&wasm());
    let mut machine = Compiled::profiled(&wasm).machine(kind);
    (0..BEFORE).for_each(|_| drop(machine.request(kind)));
    drop(machine.profile());
    let cost = (0..COUNTED).map(|_| machine.request(kind).instructions()).sum::<u64>() / COUNTED;
    let profile = machine.profile();
    let mut spent: Vec<_> = profile.spent.into_iter().collect();
    spent.sort_by_key(|(_, spent)| std::cmp::Reverse(spent.own));
    println!("{}: {cost} instructions a request, calls and what wrappers add apart", kind.name);
    println!("{:>9} {:>6} {:>9} {:>7}", "own", "%", "with all", "calls");
    for (function, spent) in spent.iter().take(TOLD) {
        let each = |n: u64| n as f64 / COUNTED as f64;
        let unnamed = format!("function {function}");
        let name = names.get(function).unwrap_or(&unnamed);
        let share = each(spent.own) * 100.0 / cost as f64;
        println!(
            "{:>9.0} {share:>6.1} {:>9.0} {:>7.1}  {name}",
            each(spent.own),
            each(spent.all),
            each(spent.calls)
        );
    }
}
