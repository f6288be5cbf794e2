//! A token that the worker has verified, and one that it has not: all but the verification itself, which Envoy does.

use super::requests;
use criterion::Criterion;
use sekisho::gateway::authorizers::jwt::token::Token;
use sekisho::gateway::authorizers::signature::Algorithm;
use sekisho_micro::core::{Core, serialized};
use sekisho_micro::documents::{routes, with_jwt};
use sekisho_micro::kinds::{authorized, request};
use sekisho_micro::token::token;
use std::hint::black_box;

/// More than a worker remembers, so that none is known when its turn comes again.
const MANY: u32 = 20_000;

pub(crate) fn checking(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("token");
    let text = token(1);
    group.bench_function("parse", |bencher| {
        bencher.iter(|| Token::parse(black_box(&text), &[Algorithm::Rs256]).unwrap().claims.0.len());
    });
    let head = |n| serialized(&authorized(request("/r7/42"), &token(n)));
    let (one, many): (_, Vec<_>) = ([head(1)], (0..MANY).map(head).collect());
    let mut open = Core::new(&routes("HTTP", 10));
    group.bench_function("a request to an open route", |bencher| requests(bencher, &mut open, &one, 200));
    let mut cached = Core::new(&with_jwt(routes("HTTP", 10)));
    group.bench_function("a request, cached", |bencher| requests(bencher, &mut cached, &one, 200));
    let mut cold = Core::new(&with_jwt(routes("HTTP", 10)));
    group.bench_function("a request, not cached", |bencher| requests(bencher, &mut cold, &many, 200));
}
