//! More invocations at once than there is room for.

use crate::world::{Failure, Kind, World, document};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::task::JoinSet;
use wasm_tests::raw::{self, Response};
use wasm_tests::{Options, Reply, eventually, raise_open_files};

/// Invocations of a function that a worker has on their way.
pub(crate) const CAP: usize = 1_000;

pub(crate) fn told(response: &Response) -> (u16, &str) {
    (response.status, std::str::from_utf8(&response.body).unwrap())
}

/// Clients that ask at once, each on a connection of its own and by a path of its own.
pub(crate) fn invoke(world: &World, count: usize) -> JoinSet<(usize, Response)> {
    let (address, mut clients) = (world.gateway.address(), JoinSet::new());
    for number in 0..count {
        clients.spawn(async move {
            let request = Kind::HttpV2.get(&format!("/client/{number}"));
            (number, raw::send(address, &request).await.unwrap())
        });
    }
    clients
}

/// Answers each event with its path.
fn echo(event: &[u8]) -> Reply {
    let event: Value = serde_json::from_slice(event).unwrap();
    Reply::returned(json!({ "statusCode": 200, "body": event["rawPath"] }).to_string().as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_invocations_at_once_and_more_lose_nothing_and_mix_nothing_up() {
    raise_open_files();
    for workers in [1, 4] {
        let world = World::start(workers).await;
        world.function.answers(echo);
        for count in [CAP, CAP + CAP / 2] {
            world.function.forget();
            world.function.hold();
            let clients = invoke(&world, count);
            let answered = async || world.gateway.http_stat("downstream_rq_5xx").await;
            let before = answered().await;
            // Every request has gone to the function, or has been refused.
            eventually("none is on its way", async || {
                let refused = answered().await - before;
                (world.function.running() + refused as usize >= count).then_some(())
            })
            .await;
            let running = world.function.running();
            println!("{workers} workers, {count} clients: {running} functions run at once");
            if workers == 1 {
                assert_eq!(running, CAP.min(count));
            }
            world.function.release();
            let responses = clients.join_all().await;
            assert_eq!(responses.len(), count);
            let mut served = BTreeSet::new();
            for (number, response) in &responses {
                if response.status == 200 {
                    assert_eq!(response.text(), format!("/client/{number}"), "an answer of somebody else's");
                    served.insert(*number);
                } else {
                    assert_eq!(told(response), Kind::HttpV2.failure(Failure::Unavailable));
                }
            }
            assert_eq!(served.len(), running, "an invocation was lost");
            assert_eq!(world.function.invoked(), running, "a function was invoked twice");
            world.settled().await;
        }
        assert_eq!(world.gateway.busy_workers().await, workers as usize, "a worker had nothing to do");
        world.unharmed().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_envoys_circuit_breaker_refuses_is_unavailable_and_fills_no_log() {
    const ROOM: u32 = 20;
    raise_open_files();
    let options = Options { circuit_breakers: Some(ROOM), ..Options::default() };
    let world = World::with(&document(), options).await;
    world.function.answers(echo);
    world.function.hold();
    let clients = invoke(&world, 100);
    // As many run as may have connections, as many wait for one, and the others are refused.
    let refused = eventually("none is on its way", async || {
        let refused = world.gateway.http_stat("downstream_rq_5xx").await as usize;
        let waiting = world.gateway.admin("/stats?filter=lambda.*upstream_rq_pending_active$").await;
        let waiting: usize =
            waiting.lines().filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum();
        let running = world.function.running();
        (running == ROOM as usize && running + waiting + refused == 100).then_some(refused)
    })
    .await;
    assert!(refused >= 100 - 2 * ROOM as usize, "only {refused} were refused");
    world.function.release();
    let responses = clients.join_all().await;
    let served =
        responses.iter().filter(|(number, response)| told(response) == (200, &format!("/client/{number}")));
    assert_eq!(served.count(), 100 - refused);
    let unavailable = Kind::HttpV2.failure(Failure::Unavailable);
    assert_eq!(responses.iter().filter(|(_, response)| told(response) == unavailable).count(), refused);
    let overflows = world.gateway.admin("/stats?filter=lambda.*overflow$").await;
    assert!(overflows.lines().any(|line| !line.ends_with(": 0")), "{overflows}");
    world.settled().await;
    world.unharmed().await;
}
