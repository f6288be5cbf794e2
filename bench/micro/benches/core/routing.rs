//! The route of a path, among few and among many.

use criterion::{BenchmarkId, Criterion};
use sekisho::gateway::config::ProtocolType;
use sekisho::gateway::routes::{RequestPath, RouteKey, Routes};
use std::hint::black_box;

const COUNTS: [usize; 3] = [10, 300, 10_000];

pub(crate) fn selecting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("routing");
    for count in COUNTS {
        let key = |n| RouteKey::parse(&format!("GET /r{n}/{{id}}"), ProtocolType::Http).unwrap();
        let keys: Vec<_> = (0..count).map(key).collect();
        let routes = Routes::build(ProtocolType::Http, &keys).unwrap();
        let path = RequestPath::parse(b"/r7/42", ProtocolType::Http).unwrap();
        group.bench_function(BenchmarkId::new("select", count), |bencher| {
            bencher.iter(|| black_box(&routes).select(b"GET", black_box(&path)).unwrap().route);
        });
        let nowhere = RequestPath::parse(b"/nowhere/42/x", ProtocolType::Http).unwrap();
        group.bench_function(BenchmarkId::new("find none", count), |bencher| {
            bencher.iter(|| black_box(&routes).select(b"GET", black_box(&nowhere)).is_none());
        });
    }
    group.bench_function("parse the path", |bencher| {
        bencher.iter(|| RequestPath::parse(black_box(b"/r7/42"), ProtocolType::Http).unwrap());
    });
}
