//! One quota, however many Envoys: with Redis and a service that counts in it.

use crate::documents::{document, limits, options, request};
use sekisho_cases::needs;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::task::JoinSet;
use wasm_tests::{Backend, Gateway, Options, RateLimitService, Redis, raw};

const LIMIT: usize = 50;

/// Two Envoys of two workers each.
async fn fleet(document: &Value, service: &RateLimitService, backend: &Backend) -> [Gateway; 2] {
    let options = Options { concurrency: 2, ..options(service.address()) };
    let start = || Gateway::start(document, backend, options.clone());
    [start().await, start().await]
}

/// The statuses of as many requests, one after the other.
async fn ask(address: SocketAddr, key: &'static str, times: usize) -> Vec<u16> {
    let mut connection = raw::Raw::connect(address).await.unwrap();
    let mut statuses = Vec::with_capacity(times);
    for _ in 0..times {
        let response = connection.exchange(request(key).as_bytes()).await.unwrap();
        if response.status == 429 {
            assert_eq!(response.text(), r#"{"message":"Limit Exceeded"}"#);
        }
        statuses.push(response.status);
    }
    statuses
}

/// How many passed; all others were refused because of the quota.
fn passed(statuses: &[u16]) -> usize {
    let of = |status: u16| statuses.iter().filter(|found| **found == status).count();
    assert_eq!(of(200) + of(429), statuses.len(), "{statuses:?}");
    of(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_admits_a_quota_once_and_remembers_it_over_restarts() {
    needs!("redis-server", "redis-server");
    let document = document(LIMIT as u64, &json!({}));
    let (redis, backend) = (Redis::start().await, Backend::start().await);
    let mut service = RateLimitService::start(&limits(&document), &redis).await;
    let envoys = fleet(&document, &service, &backend).await;

    // At the same time.
    let mut clients = JoinSet::new();
    for client in 0..16 {
        clients.spawn(ask(envoys[client % 2].address(), "k1", 25));
    }
    assert_eq!(passed(&clients.join_all().await.concat()), LIMIT);
    assert_eq!(backend.seen().len(), LIMIT);

    // In turn.
    let mut statuses = Vec::new();
    for turn in 0..LIMIT + 10 {
        statuses.extend(ask(envoys[turn % 2].address(), "k2", 1).await);
    }
    assert_eq!((passed(&statuses), passed(&statuses[..LIMIT])), (LIMIT, LIMIT));

    // Both Envoys anew, and the service too: what was counted is counted.
    assert_eq!(passed(&ask(envoys[0].address(), "k3", 20).await), 20);
    for envoy in &envoys {
        envoy.assert_no_panic().await;
    }
    drop(envoys);
    service.restart().await;
    let envoys = fleet(&document, &service, &backend).await;
    for envoy in &envoys {
        assert_eq!(passed(&ask(envoy.address(), "k1", 2).await), 0);
        assert_eq!(passed(&ask(envoy.address(), "k2", 2).await), 0);
    }
    let mut clients = JoinSet::new();
    for client in 0..4 {
        clients.spawn(ask(envoys[client % 2].address(), "k3", LIMIT));
    }
    assert_eq!(passed(&clients.join_all().await.concat()), LIMIT - 20);
    assert_eq!(redis.ask("DBSIZE").await.as_deref(), Some(":3"), "a counter for each key");
    let ends = redis.ask("EVAL \"return redis.call('ttl',redis.call('randomkey'))\" 0").await.unwrap();
    let ends: u64 = ends.strip_prefix(':').unwrap().parse().unwrap();
    assert!(
        (7 * 86_400..=7 * 86_400 + 3600).contains(&ends),
        "{ends} s: longer than the week that is counted"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_counts_nobody_guesses() {
    needs!("redis-server", "redis-server");
    let document = document(LIMIT as u64, &json!({}));
    let (redis, backend) = (Redis::start().await, Backend::start().await);
    let mut service = RateLimitService::start(&limits(&document), &redis).await;
    let envoy = Gateway::start(&document, &backend, options(service.address())).await;
    assert_eq!(ask(envoy.address(), "k1", 1).await, [200]);
    // gRPC's own failure, in trailers alone.
    drop(redis);
    assert_eq!(ask(envoy.address(), "k1", 1).await, [500]);
    service.stop();
    assert_eq!(ask(envoy.address(), "k1", 1).await, [500]);
    assert_eq!(backend.seen().len(), 1);
    envoy.assert_no_panic().await;
}
