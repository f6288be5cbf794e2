//! Parts of the core by the clock: `cargo bench -p sekisho-micro -- routing`. On a machine that does other things the clock says
//! little; `bench/guard` counts instead.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod buckets;
mod head;
mod mapping;
mod routing;
mod token;
mod waf;

use criterion::{BatchSize, Bencher, Criterion, criterion_group, criterion_main};
use sekisho_micro::core::{Core, serialized};
use sekisho_micro::kinds::RESPONSE;
use std::time::Duration;

criterion_group! {
    name = parts;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = head::parsing, routing::selecting, token::checking, buckets::taking, waf::judging, mapping::writing
}
criterion_main!(parts);

/// Whole requests with one of these heads after the other, which must be answered so.
fn requests(bencher: &mut Bencher<'_>, core: &mut Core, heads: &[Vec<u8>], status: u16) {
    let (response, mut next) = (serialized(&RESPONSE), heads.iter().cycle());
    let both = || (next.next().unwrap().clone(), response.clone());
    bencher.iter_batched(
        both,
        |(request, response)| assert_eq!(core.request(request, response), status),
        BatchSize::SmallInput,
    );
}
