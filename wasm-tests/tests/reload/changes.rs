//! Five kinds of change under a steady load.

use crate::documents::{KINDS, Kind, document};
use crate::load::{Load, backend};
use crate::report::{Change, assert_none_lost, latency};
use crate::{COMMAND, alone, four_workers};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};
use wasm_tests::{Dynamic, product_module};

/// Requests per second that are asked for.
const RATE: u32 = 2_000;
/// Answers per second that a busy machine gives all the same.
const FLOOR: f64 = 300.0;
/// An old answer comes no later than this after the rename, however busy the machine. An idle one takes well under a second;
/// what holds without a clock is that none comes after the command has said that it is done.
const LATEST: Duration = Duration::from_secs(5);

/// When a file got its name.
fn renamed(file: &Path) -> SystemTime {
    let it = file.metadata().unwrap();
    SystemTime::UNIX_EPOCH + Duration::new(it.ctime() as u64, it.ctime_nsec() as u32)
}

async fn change(
    world: &Dynamic,
    load: &Load,
    document: &serde_json::Value,
    kind: Kind,
    made: bool,
) -> Change {
    let began = load.now();
    // Nobody else is asked first: what another Envoy costs this machine is not to be measured.
    let told = world.apply_unasked(document, product_module()).await;
    let said = load.now();
    assert!(told.code == Some(0) && told.text.contains("document new"), "{}", told.text);
    let renamed = load.since(renamed(&world.files().join("ecds/filter.yaml")));
    assert!(renamed < said, "{renamed:?}, {said:?}");
    load.more(u64::from(RATE) / 4).await;
    Change { kind, made, began, renamed, said, until: load.now() }
}

/// `SEKISHO_RELOAD_ROUTES` makes the document larger by so many routes.
#[tokio::test(flavor = "multi_thread")]
async fn five_kinds_of_change_lose_no_request_and_have_reached_every_worker_when_the_command_says_so() {
    let _alone = alone().await;
    let backend = backend().await;
    let routes = std::env::var("SEKISHO_RELOAD_ROUTES").map_or(0, |it| it.parse().unwrap());
    let world = Dynamic::start(COMMAND, &document(backend, None, 0, routes), &four_workers()).await;
    let load = Load::start(world.gateway(), RATE).await;
    load.watch(Kind::Route);
    load.more(u64::from(RATE)).await;
    let quiet = load.now();
    load.more(u64::from(RATE) * 4).await;
    let quiet = [(quiet, load.now())];
    let mut changes = Vec::new();
    for kind in KINDS {
        load.watch(kind);
        load.more(u64::from(RATE) / 4).await;
        for round in 0..2 {
            for made in [true, false] {
                let document = document(backend, made.then_some(kind), round, routes);
                changes.push(change(&world, &load, &document, kind, made).await);
            }
        }
    }
    let (time, asked) = load.finish().await;
    assert_none_lost(&asked);
    let rate = asked.len() as f64 / time.as_secs_f64();
    println!(
        "{} requests in {time:.1?}: {rate:.0} a second, none lost; {} changes",
        asked.len(),
        changes.len()
    );
    for kind in KINDS {
        let of: Vec<Duration> =
            changes.iter().filter(|it| it.kind == kind).map(|it| it.lasted(&asked)).collect();
        let longest = of.iter().max().unwrap();
        println!("{kind:?}: the last old answer came {of:.0?} after the rename");
        // A large document takes as long as its compiling on each worker; how long is what one wants to see.
        assert!(*longest < LATEST || routes > 0, "{kind:?}: {longest:?}");
    }
    let said = changes.iter().map(|it| it.said - it.renamed).max().unwrap();
    println!("the command said so at most {said:.0?} after the rename");
    println!("without a change: {}", latency(&asked, &quiet));
    let during: Vec<_> =
        changes.iter().map(|it| (it.renamed, it.renamed + Duration::from_millis(100))).collect();
    println!("100 ms from each rename: {}", latency(&asked, &during));
    assert!(rate > FLOOR, "{rate} a second are no load");
    world.gateway().assert_no_panic().await;
}
