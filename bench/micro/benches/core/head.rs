//! A head as the host hands it over.

use criterion::{BatchSize, Criterion};
use sekisho::gateway::head::Head;
use sekisho_micro::core::serialized;
use sekisho_micro::kinds::{authorized, request};
use sekisho_micro::token::token;
use std::hint::black_box;

pub(crate) fn parsing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("head");
    let pairs = authorized(request("/r7/42?expand=lines"), &token(1));
    let buffer = serialized(&pairs);
    group.bench_function("parse", |bencher| {
        bencher.iter_batched(
            || buffer.clone(),
            |buffer| Head::parse(buffer, true).unwrap(),
            BatchSize::SmallInput,
        );
    });
    let head = Head::parse(buffer, true).unwrap();
    group.bench_function("find the first of its headers", |bencher| {
        bencher.iter(|| head.only(black_box(b":authority")).unwrap());
    });
    group.bench_function("find the last of its headers", |bencher| {
        bencher.iter(|| head.only(black_box(b"x-forwarded-proto")).unwrap());
    });
    group
        .bench_function("find none", |bencher| bencher.iter(|| head.only(black_box(b"x-api-key")).is_none()));
}
