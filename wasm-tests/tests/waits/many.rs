//! Many requests that wait at once.

use crate::shapes::{MIB, SMALL, Shape};
use crate::world::{World, assert_passed};
use wasm_tests::client::{Sending, Wire};
use wasm_tests::{Probe, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn ninety_six_requests_that_wait_in_four_workers_get_the_answers_that_are_theirs() {
    let world = World::start(&Probe { concurrency: 4, ..Probe::default() }).await;
    for (says, wanted) in [(403, 0), (200, 96), (403, 0), (200, 96)] {
        world.backend.forget();
        world.callout.forget();
        world.callout_says(says);
        world.callout.hold();
        let sent_on = world.sent_on().await;
        let sendings: Vec<(String, Shape, Sending)> = (0..96)
            .map(|i| {
                let wire = if i % 2 == 0 { Wire::Http1 } else { Wire::Http2 };
                let (shape, path) = (SMALL[i / 2 % SMALL.len()], format!("/call//{i}"));
                let sending = world.send(wire, shape, &path);
                (path, shape, sending)
            })
            .collect();
        world.asked(96).await;
        for (_, _, sending) in &sendings {
            world.waits(sent_on, sending).await;
        }
        world.callout.release();
        for (path, shape, sending) in sendings {
            let response = sending.response().await.unwrap();
            assert_eq!(response.status, says, "{path}");
            if says == 200 {
                let seen = world.backend.seen();
                let its: Vec<_> = seen.iter().filter(|recorded| recorded.seen.path == path).collect();
                assert_eq!(its.len(), 1);
                assert_passed(its[0], shape, &path);
            }
        }
        world.settled().await;
        assert_eq!((world.backend.seen().len(), world.callout.seen().len()), (wanted, 96));
    }
    assert!(world.gateway.busy_workers().await >= 2, "one worker served all");
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_uploads_that_wait_are_left_at_their_clients() {
    for wire in [Wire::Http1, Wire::Http2] {
        let world = World::start(&Probe::default()).await;
        let warm = world.send(wire, Shape::Post, "/forward/").response().await.unwrap();
        assert_eq!(warm.status, 200);
        let before = world.gateway.resident_bytes();
        for says in [403, 200] {
            world.backend.forget();
            world.callout.forget();
            world.callout_says(says);
            world.callout.hold();
            let (sent_on, paused) = (world.sent_on().await, world.paused().await);
            let sendings: Vec<_> = (0..20).map(|_| world.send(wire, Shape::Upload, "/call/")).collect();
            world.asked(20).await;
            eventually("Envoy reads none of them further", async || {
                (world.paused().await >= paused + 20).then_some(())
            })
            .await;
            let grown = world.gateway.resident_bytes().saturating_sub(before);
            println!("{wire:?}: twenty uploads of 5 MiB wait, and Envoy holds {} KiB", grown >> 10);
            assert!(grown < 48 * MIB, "twenty uploads of 5 MiB wait, and Envoy grew by {grown}");
            assert_eq!(world.sent_on().await, sent_on, "bytes of a request that waits went to the backend");
            world.callout.release();
            for sending in sendings {
                assert_eq!(sending.response().await.unwrap().status, says);
            }
            world.settled().await;
            let seen = world.backend.seen();
            assert_eq!(seen.len(), if says == 200 { 20 } else { 0 });
            assert!(seen.iter().all(|recorded| recorded.seen.body == Shape::Upload.body()));
        }
        world.gateway.assert_no_panic().await;
    }
}
