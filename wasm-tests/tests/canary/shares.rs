//! Shares by weight and by key, with one worker and with several.

use crate::documents::{document, get, weighted};
use crate::load::{Answer, alone, ask, connect};
use crate::statistics::{LEAST, number, p_value};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Instant;
use wasm_tests::raw::Raw;
use wasm_tests::{Backend, Gateway, Options, eventually};

const CONNECTIONS: usize = 32;

/// What a gateway of this document answers to so many requests, connection by connection. What it has counted is the same.
async fn served(
    document: &Value,
    workers: u32,
    total: usize,
    request: &(dyn Fn(usize) -> String + Sync),
) -> Vec<Vec<Answer>> {
    let backend = Backend::start().await;
    let options = Options { concurrency: workers, ..Options::default() };
    let gateway = Gateway::start(document, &backend, options).await;
    let stat = async |name: &str| {
        gateway.admin_stat(&format!("wasmcustom.sekisho_canary;shop;prod;{name}_total")).await
    };
    let there = gateway.admin("/stats?filter=sekisho_canary").await;
    assert_eq!(there.lines().filter(|line| line.ends_with(": 0")).count(), 6, "{there}");

    let mut clients = connect(&gateway, CONNECTIONS).await;
    let answers = tokio::task::block_in_place(|| ask(&mut clients, total, request));
    let answers: Vec<Vec<Answer>> =
        answers.into_iter().map(|all| all.into_iter().map(|(_, answer)| answer).collect()).collect();

    let all = || answers.iter().flatten();
    let canaries = all().filter(|answer| answer.is_canary).count();
    assert_eq!(all().count(), total);
    let counted = async || (stat("stable;requests").await, stat("canary;requests").await);
    let expected = ((total - canaries) as u64, canaries as u64);
    eventually("the workers tell", async || {
        let (stable, canary) = counted().await;
        (stable + canary >= total as u64).then_some(())
    })
    .await;
    assert_eq!(counted().await, expected);
    for errors in ["stable;4xx", "stable;5xx", "canary;4xx", "canary;5xx"] {
        assert_eq!(stat(errors).await, 0, "{errors}");
    }
    gateway.assert_no_panic().await;
    answers
}

fn canaries(answers: &[Vec<Answer>]) -> usize {
    answers.iter().flatten().filter(|answer| answer.is_canary).count()
}

/// How likely it is that answers that follow each other on a connection, which is a worker's, do not depend on each other:
/// a canary behind a canary is as frequent as one behind another.
fn p_of_order(answers: &[Vec<Answer>], share: f64) -> f64 {
    let pairs = || answers.iter().flat_map(|of_connection| of_connection.windows(2));
    let behind_canary = pairs().filter(|pair| pair[0].is_canary).count();
    let both = pairs().filter(|pair| pair[0].is_canary && pair[1].is_canary).count();
    p_value(both, behind_canary, share)
}

/// With so many workers, in all of these percents.
async fn shares_are_right(workers: u32, percents: &[f64]) {
    const TOTAL: usize = 100_000;
    let _alone = alone().await;
    for percent in percents.iter().copied() {
        let share = percent / 100.0;
        let began = Instant::now();
        let answers = served(&weighted(percent), workers, TOTAL, &|_| get("/prod/x", "")).await;
        let hits = canaries(&answers);
        let (p, order) = (p_value(hits, TOTAL, share), p_of_order(&answers, share));
        let got = 100.0 * number(hits) / number(TOTAL);
        println!(
            "{workers} workers, {percent} %: {hits} of {TOTAL} ({got:.3} %), p {p:.3}; order: p {order:.3}; {:.1} s",
            began.elapsed().as_secs_f64()
        );
        assert!(p > LEAST, "{got} % are not {percent} %");
        assert!(order > LEAST, "a draw depends on the one before");

        // Ids are made of the other bits of the same dice: if two workers threw the same, they would give the same ids.
        let ids: HashSet<_> = answers.iter().flatten().map(|answer| &answer.id).collect();
        assert_eq!(ids.len(), TOTAL, "workers throw the same dice");
    }
    for (percent, expected) in [(0.0, 0), (100.0, 10_000)] {
        let answers = served(&weighted(percent), workers, 10_000, &|_| get("/prod/x", "")).await;
        assert_eq!(canaries(&answers), expected, "{percent} %");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_right_with_one_worker() {
    shares_are_right(1, &[10.0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_right_with_four_workers() {
    // One of them is no whole number of percents.
    shares_are_right(4, &[10.0, 33.3]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_users_are_on_the_canary_as_are_to_be() {
    const USERS: usize = 100_000;
    let _alone = alone().await;
    let sticky = json!({ "percentTraffic": 10, "stickyKey": "$request.header.x-user" });
    let user = |number: usize| get("/prod/x", &format!("x-user: user-{number}\r\n"));
    let began = Instant::now();
    let answers = served(&document("1", &[("prod", sticky)]), 4, USERS, &user).await;
    let hits = canaries(&answers);
    let p = p_value(hits, USERS, 0.1);
    println!("{hits} of {USERS} users at 10 %, p {p:.3}; {:.1} s", began.elapsed().as_secs_f64());
    assert!(p > LEAST, "{hits} of {USERS} users are not 10 %");
}

/// Why the load sends no more than two requests before it reads.
#[tokio::test(flavor = "multi_thread")]
async fn envoy_closes_on_who_sends_many_requests_that_the_filter_answers_before_it_reads() {
    let backend = Backend::start().await;
    let gateway = Gateway::start(&weighted(0.0), &backend, Options::default()).await;
    let mut client = Raw::connect(gateway.address()).await.unwrap();
    client.write(get("/prod/x", "").repeat(32).as_bytes()).await.unwrap();
    let answers = client.closed().await.unwrap();
    let answers = String::from_utf8(answers).unwrap().matches("HTTP/1.1 200").count();
    assert!(answers < 32, "all of them are answered");
    assert_eq!(gateway.admin_stat("http1.response_flood").await, 1);
    gateway.assert_no_panic().await;
}
