//! Waits that end before their time: by Envoy's clock, or by a panic.

use crate::shapes::{SMALL, Shape};
use crate::world::World;
use std::time::{Duration, Instant};
use wasm_tests::client::Wire;
use wasm_tests::{Probe, eventually, raw};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_after_envoy_gave_up_is_dropped() {
    let probe = Probe { stream_idle_timeout: Duration::from_secs(1), ..Probe::default() };
    let world = World::start(&probe).await;
    world.callout.hold();
    for (wire, shape) in [(Wire::Http1, Shape::Get), (Wire::Http1, Shape::Post), (Wire::Http2, Shape::Post)] {
        world.callout.forget();
        let response = world.send(wire, shape, "/call/").response().await.unwrap();
        assert!(matches!(response.status, 408 | 504), "{shape:?}: {}", response.status);
    }
    world.callout.release();
    world.settled().await;
    assert_eq!(world.backend.seen().len(), 0);
    assert_eq!(raw::get(world.gateway.address(), "/call/").await.unwrap().status, 200);
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_downs_its_worker_for_a_moment_and_releases_no_request_that_waits() {
    for concurrency in [1, 4] {
        let idle = Duration::from_secs(4);
        let world = World::start(&Probe { concurrency, stream_idle_timeout: idle, ..Probe::default() }).await;
        let address = world.gateway.address();
        world.callout.hold();
        // Some in every worker.
        let waiting: Vec<_> = (0..16 * concurrency as usize)
            .map(|i| {
                let wire = if i % 2 == 0 { Wire::Http1 } else { Wire::Http2 };
                world.send(wire, SMALL[i % SMALL.len()], "/call/")
            })
            .collect();
        world.asked(waiting.len()).await;

        let mut connection = raw::Raw::connect(address).await.unwrap();
        let panic = Instant::now();
        let answer = connection.exchange(b"GET /panic/ HTTP/1.1\r\nhost: h.test\r\n\r\n").await.unwrap();
        assert_eq!(answer.status, 503);
        // The same connection is the same worker.
        let mut meanwhile = 0;
        let recovered = eventually("the worker serves again", async || {
            let request = b"GET /forward/ HTTP/1.1\r\nhost: h.test\r\n\r\n";
            match connection.exchange(request).await.map(|response| response.status) {
                Ok(200) => Some(panic.elapsed()),
                Ok(status) => {
                    assert_eq!(status, 503);
                    meanwhile += 1;
                    None
                }
                Err(_) => {
                    connection = raw::Raw::connect(address).await.unwrap();
                    None
                }
            }
        })
        .await;
        println!("{concurrency} workers: served again after {recovered:?} and {meanwhile} answers of 503");
        assert!(recovered < Duration::from_secs(5), "{recovered:?}");
        let mut statuses = Vec::new();
        for sending in waiting {
            let response = sending.response().await.unwrap();
            assert!(matches!(response.status, 408 | 503 | 504), "{}", response.status);
            statuses.push(response.status);
        }
        world.callout.release();
        world.settled().await;
        let leaked = world.backend.seen().into_iter().filter(|seen| seen.seen.path == "/call/").count();
        assert_eq!(leaked, 0, "a panic released a request that waits: {statuses:?}");
        for _ in 0..16 * concurrency {
            assert_eq!(raw::get(address, "/call/").await.unwrap().status, 200, "after a panic");
        }
        let reloads = world.gateway.admin("/stats?filter=wasm.*vm_reload_success").await;
        assert!(reloads.lines().any(|line| line.ends_with(": 1")), "{reloads}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_over_a_response_is_503_and_the_worker_comes_back() {
    let world = World::start(&Probe::default()).await;
    let response = raw::get(world.gateway.address(), "/forward/panic/").await.unwrap();
    assert_eq!(response.status, 503);
    assert_eq!(response.header("x-probe-seen"), None);
    eventually("the worker serves again", async || {
        (raw::get(world.gateway.address(), "/forward/").await.ok()?.status == 200).then_some(())
    })
    .await;
}
