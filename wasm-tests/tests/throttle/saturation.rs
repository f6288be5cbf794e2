//! Many clients, one, two, four and eight workers: the law holds, and nearly all that it allows is used.

use crate::documents::{account, routes};
use crate::law::{Law, on_time, used};
use crate::load::{Asked, Clients, alone, get};
use crate::{Counted, counted_of, gateway};
use std::time::Duration;

const TIME: Duration = Duration::from_millis(2_500);

/// Leases begin at 6,400 a second and 3,200 at once.
const LEASED: (f64, u32) = (6_500.0, 3_250);
const UNLEASED: (f64, u32) = (300.0, 50);
const SELDOM: (f64, u32) = (0.5, 1);

/// Among the requests of a load, those for the limits that let hardly anybody through, and nobody.
const OF: usize = 61;
const SELDOM_AT: usize = 7;
const NEVER_AT: usize = 11;

fn request(path: &str, number: usize) -> String {
    match number % OF {
        SELDOM_AT => get("/seldom"),
        NEVER_AT => get("/never"),
        _ => get(path),
    }
}

fn at(asked: &[Asked], place: usize) -> Vec<Asked> {
    asked.iter().filter(|asked| asked.number % OF == place).cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_law_holds_on_every_window_with_one_two_four_and_eight_workers() {
    let _alone = alone().await;
    let document = routes(&[
        ("leased", LEASED.0, LEASED.1),
        ("unleased", UNLEASED.0, UNLEASED.1),
        ("seldom", SELDOM.0, SELDOM.1),
        ("never", 0.0, 0),
    ]);
    let mut judged = Vec::new();
    for workers in [1, 2, 4, 8] {
        let (_backend, gateway) = gateway(&document, workers).await;
        let mut clients = Clients::connect(&gateway).await;
        let mut all = Vec::new();
        let mut asked_without_pause = 0;
        for (path, (rate, burst)) in [("/leased", LEASED), ("/unleased", UNLEASED)] {
            let load = || clients.ask_for(TIME, &|number| request(path, number));
            let (asked, counted) = counted_of(&gateway, load).await;
            let of_path: Vec<_> = asked
                .iter()
                .filter(|asked| ![SELDOM_AT, NEVER_AT].contains(&(asked.number % OF)))
                .cloned()
                .collect();
            let law = Law::new(rate, burst);
            let used = report(path, workers, law, &of_path, counted);
            judged.push((path, workers, used, on_time(&of_path)));
            let seldom = at(&asked, SELDOM_AT);
            let first = seldom.iter().map(|asked| asked.answered).min().unwrap();
            asked_without_pause += seldom.iter().map(|asked| asked.sent).max().unwrap() - first;
            all.extend(asked);
        }
        let seldom = at(&all, SELDOM_AT);
        let law = Law::new(SELDOM.0, SELDOM.1);
        law.assert_holds(&seldom);
        let admitted = seldom.iter().filter(|asked| asked.admitted()).count();
        println!("/seldom, {workers} workers: {admitted} of {}", seldom.len());
        assert!(
            admitted >= law.allows(asked_without_pause) as usize,
            "a token in two seconds is let through"
        );
        assert!(at(&all, NEVER_AT).iter().all(|asked| asked.status == 429));
        gateway.assert_no_panic().await;
    }
    for (path, workers, used, on_time) in judged {
        match used {
            Some(used) if on_time || path == "/unleased" => {
                assert!(used >= 0.98, "{path}, {workers} workers: {used}");
            }
            // A machine that is busy with something else offers too little of a high limit, or loses leases; of a low one
            // neither.
            Some(_) | None => {
                assert_eq!(path, "/leased", "{workers} workers were never saturated");
                println!(
                    "{path}, {workers} workers: what was used is not judged, because the machine is busy"
                );
            }
        }
    }
}

/// Prints what happened and judges it; gives the part that was used.
fn report(what: &str, workers: u32, law: Law, asked: &[Asked], counted: Counted) -> Option<f64> {
    let admitted = asked.iter().filter(|asked| asked.admitted()).count();
    let begin = asked.iter().map(|asked| asked.sent).min().unwrap();
    let end = asked.iter().map(|asked| asked.answered).max().unwrap();
    let used = used(law, law.burst, asked);
    println!(
        "{what}, {workers} workers: {admitted} admitted of {} in {:.2} s, bound {:.0}; fullest window {:.1} of {}; used {}; {counted}",
        asked.len(),
        (end - begin) as f64 / 1e9,
        law.allows(end - begin),
        law.assert_holds(asked),
        law.burst,
        used.map_or("unknown: not saturated".to_owned(), |used| format!("{:.2} %", used * 100.0)),
    );
    used
}

/// The same load with leases and without: below the limit, and above it. A burst that is a little smaller is not leased.
#[tokio::test(flavor = "multi_thread")]
async fn leases_spare_the_workers_most_of_the_shared_data() {
    let _alone = alone().await;
    const WORKERS: u32 = 8;
    /// Requests a second of a worker for which leases are worth it: fewer take what they need.
    const WORTH: f64 = 1_000.0;
    let mut rows = Vec::new();
    for (what, rate, burst) in [
        ("below the limit, leased", 100_000.0, 50_000),
        ("below the limit, not leased", 100_000.0, 3_150),
        ("above the limit, leased", LEASED.0, LEASED.1),
        ("above the limit, not leased", LEASED.0, 3_150),
    ] {
        let (_backend, gateway) = gateway(&account(rate, burst), WORKERS).await;
        let mut clients = Clients::connect(&gateway).await;
        // Who tells a refusal tells all: with one refusal of every worker nothing is missing.
        let load = || {
            let asked = clients.ask_for(TIME, &|_| get("/limited"));
            [asked, clients.ask_each(&get("/never"))].concat()
        };
        let (asked, counted) = counted_of(&gateway, load).await;
        Law::new(rate, burst).assert_holds(&asked);
        let admitted = asked.iter().filter(|asked| asked.admitted()).count() as f64;
        let each = |count: u64| count as f64 / admitted;
        println!(
            "{what}: {admitted} admitted of {}; for each {:.3} reads, {:.3} writes, {:.4} conflicts",
            asked.len(),
            each(counted.reads),
            each(counted.writes),
            each(counted.conflicts),
        );
        rows.push((admitted / TIME.as_secs_f64(), each(counted.reads), each(counted.conflicts)));
    }
    let ((rate, leased, _), (_, unleased, _)) = (rows[0], rows[1]);
    assert!(unleased >= 0.99, "{unleased}");
    if rate >= WORTH * f64::from(WORKERS) {
        assert!(leased * 2.0 < unleased, "{leased} reads with leases, {unleased} without");
    } else {
        println!("{rate:.0} a second are too few for {WORKERS} workers to lease: the machine is busy");
    }
}
