//! What callgrind counts: requests of each kind through the core. `bench/guard/tests/core.rs` runs it, with
//! `--toggle-collect` and `--dump-after` of [`sekisho_micro::core::Core::requests`], so that each kind has a dump, in the order of
//! the names that this prints.

use sekisho_micro::core::{Core, heads};
use sekisho_micro::kinds;

/// Requests before those that are counted, and those.
const BEFORE: usize = 200;
const COUNTED: usize = 64;

fn main() {
    for kind in kinds::all() {
        let mut core = Core::new(&kind.document);
        for (request, response) in heads(&kind, BEFORE) {
            core.request(request, response);
        }
        let heads = heads(&kind, COUNTED);
        core.requests(&kind, heads);
        println!("{} {COUNTED}", kind.name);
    }
}
