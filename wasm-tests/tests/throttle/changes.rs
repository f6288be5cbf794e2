//! Documents that change while limits are used up: what was used stays used, and a new rate counts from now on.

use crate::documents::{keyed, routes};
use crate::law::{Law, used};
use crate::load::{Asked, Clients, alone, get};
use serde_json::Value;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wasm_tests::{Dynamic, Options};

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");
const WORKERS: u32 = 4;
const KEY: &str = "the-only-key-0123456789";

async fn start(document: &Value) -> Dynamic {
    let options = Options { concurrency: WORKERS, ..Options::default() };
    Dynamic::start(COMMAND, document, &options).await
}

async fn apply(world: &Dynamic, document: &Value) {
    let said = world.apply(document).await;
    assert_eq!(said.code, Some(0), "{}", said.text);
}

/// How many of two hundred requests are admitted, on connections to every worker.
async fn admitted(clients: &mut Clients, request: &str) -> usize {
    let asked =
        tokio::task::block_in_place(|| clients.ask(&|number| (number < 200).then(|| request.to_owned())));
    asked.iter().filter(|asked| asked.admitted()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_used_up_stays_used_up() {
    let _alone = alone().await;
    let by_key = format!("GET /keyed HTTP/1.1\r\nhost: h.test\r\nx-api-key: {KEY}\r\n\r\n");
    let document = |version: &str, burst: u32, quota: u64| {
        let mut document = keyed(&[KEY.to_owned()], 1_000, quota);
        let limited = routes(&[("limited", 0.001, burst)]);
        let (api, other) = (&mut document["apis"][0], &limited["apis"][0]);
        api["routes"].as_array_mut().unwrap().push(other["routes"][0].clone());
        api["stages"][0]["routeSettings"] = other["stages"][0]["routeSettings"].clone();
        api["name"] = version.into();
        document
    };
    let world = start(&document("1", 5, 3)).await;
    let mut clients = Clients::connect(world.gateway()).await;
    let mut round = async |what: &str, expected: (usize, usize)| {
        let limited = admitted(&mut clients, &get("/limited")).await;
        let counted = admitted(&mut clients, &by_key).await;
        println!("{what}: {limited} by the bucket, {counted} by the quota");
        assert_eq!((limited, counted), expected, "{what}");
    };
    round("the first document", (5, 3)).await;
    apply(&world, &document("2", 5, 3)).await;
    round("the same limits in another document", (0, 0)).await;
    apply(&world, &document("3", 100, 5)).await;
    round("a larger burst and a larger quota", (0, 2)).await;
    apply(&world, &document("4", 1, 1)).await;
    round("a smaller burst and a smaller quota", (0, 0)).await;
    world.gateway().assert_no_panic().await;
}

/// When a document was applied: it came into force between these.
type Change = (u64, u64);

#[tokio::test(flavor = "multi_thread")]
async fn a_new_rate_takes_effect_under_load_without_a_reset_or_a_gift() {
    let _alone = alone().await;
    const TIME: Duration = Duration::from_millis(1_500);
    let limits = [(200.0, 50), (1_000.0, 400), (100.0, 20)];
    let document = |(rate, burst)| routes(&[("limited", rate, burst)]);
    let world = start(&document(limits[0])).await;
    let mut clients = Clients::connect(world.gateway()).await;
    let began = Instant::now();
    let zero = clients.now();
    let now = || zero + u64::try_from(began.elapsed().as_nanos()).unwrap();
    let stop = AtomicBool::new(false);
    let changes: Mutex<Vec<Change>> = Mutex::default();
    let asked = std::thread::scope(|scope| {
        let load = scope.spawn(|| clients.ask(&|_| (!stop.load(Ordering::SeqCst)).then(|| get("/limited"))));
        let runtime = tokio::runtime::Handle::current();
        tokio::task::block_in_place(|| {
            runtime.block_on(async {
                // The time that a rate is judged by, not one that anything needs.
                tokio::time::sleep(TIME).await;
                for limit in &limits[1..] {
                    let from = now();
                    let said = world.apply(&document(*limit)).await;
                    changes.lock().unwrap().push((from, now()));
                    assert_eq!(said.code, Some(0), "{}", said.text);
                    tokio::time::sleep(TIME).await;
                }
            });
        });
        stop.store(true, Ordering::SeqCst);
        load.join().unwrap()
    });
    let changes = changes.into_inner().unwrap();
    judge(&limits, &changes, &asked);
    world.gateway().assert_no_panic().await;
}

fn judge(limits: &[(f64, u32); 3], changes: &[Change], asked: &[Asked]) {
    let begin = asked.iter().map(|asked| asked.sent).min().unwrap();
    let end = asked.iter().map(|asked| asked.answered).max().unwrap();
    let mut from = begin;
    // Over all of it, whenever a worker changed: the highest rate, and not its burst. The bucket was empty when the limit rose, so
    // filling it anew would be seen as a window of 400; what fills it while a busy machine does not ask is less than half of that.
    let fullest = Law::new(limits[1].0, limits[1].1 / 2).assert_holds(asked);
    println!("{} asked over two changes; fullest window {fullest:.1}", asked.len());
    for (place, (rate, burst)) in limits.iter().enumerate() {
        let to = changes.get(place).map_or(end, |change| change.0);
        let part: Vec<_> =
            asked.iter().filter(|asked| asked.sent >= from && asked.answered <= to).cloned().collect();
        let fullest = Law::new(*rate, *burst).assert_holds(&part);
        // Nothing is left of a burst but at the beginning.
        let left = if place == 0 { *burst } else { 0 };
        let part_used = used(Law::new(*rate, *burst), left, &part);
        println!("{rate} a second, {burst} at once: fullest window {fullest:.1}, used {part_used:?}");
        assert!(part_used.is_some_and(|used| used >= 0.98), "the rate {rate} did not govern: {part_used:?}");
        from = changes.get(place).map_or(end, |change| change.1);
    }
}
