//! Clients that leave.

use crate::shapes::{MIB, Shape};
use crate::world::World;
use wasm_tests::client::{Length, Sending, Wire};
use wasm_tests::{Probe, eventually, raw};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_while_its_request_waits_leaves_nothing_behind() {
    let mut ran = 0;
    for concurrency in [1, 4] {
        let world = World::start(&Probe { concurrency, ..Probe::default() }).await;
        for wire in [Wire::Http1, Wire::Http2] {
            for path in ["/call/", "/callbody,body/", "/body:5,call/"] {
                for shape in [Shape::Get, Shape::Post, Shape::ChunkedWithTrailers, Shape::Upload] {
                    if shape == Shape::Upload && path == "/callbody,body/" {
                        // Too large to be kept: it is answered 413 and does not wait.
                        continue;
                    }
                    world.settled().await;
                    // Of a client of HTTP/1 that it does not read, Envoy learns only later that it is gone.
                    let unread = shape == Shape::Upload && wire == Wire::Http1;
                    world.backend.forget();
                    world.callout.forget();
                    world.callout_says(if unread { 403 } else { 200 });
                    world.callout.hold();
                    let sent_on = world.sent_on().await;
                    let sendings: Vec<_> = (0..5).map(|_| world.send(wire, shape, path)).collect();
                    world.asked(5).await;
                    drop(sendings);
                    if !unread {
                        eventually("Envoy knows that they are gone", async || {
                            (world.gateway.http_stat("downstream_rq_active").await == 0).then_some(())
                        })
                        .await;
                    }
                    world.callout.release();
                    world.settled().await;
                    assert_eq!(world.backend.seen().len(), 0, "{wire:?} {path} {shape:?}");
                    assert_eq!(world.sent_on().await, sent_on, "{wire:?} {path} {shape:?}");
                    world.callout_says(200);
                    let next = world.send(wire, Shape::Post, "/callbody,body/").response().await.unwrap();
                    assert_eq!(next.status, 200, "{wire:?} {path} {shape:?}");
                    ran += 1;
                }
            }
        }
        world.gateway.assert_no_panic().await;
    }
    println!("{ran} cases of clients that leave");
    assert_eq!(ran, 44);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_whose_client_has_left_unseen_never_comes_to_its_end_at_the_backend() {
    let world = World::start(&Probe::default()).await;
    world.callout_says(200);
    world.callout.hold();
    let paused = world.paused().await;
    let sending = world.send(Wire::Http1, Shape::Upload, "/call/");
    world.asked(1).await;
    eventually("Envoy stops reading", async || (world.paused().await > paused).then_some(())).await;
    drop(sending);
    world.callout.release();
    world.settled().await;
    assert!(world.backend.seen().iter().all(|recorded| !recorded.ended), "a cut body was taken for whole");
    eventually("the backend's request is broken off", async || {
        world.backend.seen().iter().all(|recorded| recorded.broken).then_some(())
    })
    .await;
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_while_its_body_is_awaited_leaves_nothing_behind() {
    let world = World::start(&Probe::default()).await;
    let mut ran = 0;
    for wire in [Wire::Http1, Wire::Http2] {
        for path in ["/body/", "/body,call,body/", "/body:90,call/"] {
            world.backend.forget();
            let sending = Sending::begin(wire, world.gateway.address(), "POST", path, Length::Unknown);
            world.part(&sending, &[b'x'; 80]).await;
            assert!(!sending.is_answered());
            drop(sending);
            world.settled().await;
            assert_eq!((world.backend.seen().len(), world.callout.seen().len()), (0, 0), "{wire:?} {path}");
            ran += 1;
        }
    }
    println!("{ran} cases of clients that leave half of a body");
    assert_eq!(ran, 6);
    assert_eq!(raw::get(world.gateway.address(), "/call/").await.unwrap().status, 200);
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_clients_that_leave_cost_no_memory() {
    let world = World::start(&Probe::default()).await;
    let round = async || {
        world.callout.forget();
        world.callout.hold();
        let sendings: Vec<_> = (0..100).map(|_| world.send(Wire::Http1, Shape::Post, "/call/")).collect();
        world.asked(100).await;
        drop(sendings);
        eventually("Envoy knows that they are gone", async || {
            (world.gateway.http_stat("downstream_rq_active").await == 0).then_some(())
        })
        .await;
        world.callout.release();
        world.settled().await;
    };
    round().await;
    round().await;
    let before = world.gateway.resident_bytes();
    for _ in 0..10 {
        round().await;
    }
    let grown = world.gateway.resident_bytes().saturating_sub(before);
    println!("a thousand clients left, and Envoy grew by {} KiB", grown >> 10);
    assert!(grown < 8 * MIB, "a thousand clients left, and Envoy grew by {grown}");
    assert_eq!(world.backend.seen().len(), 0);
    world.gateway.assert_no_panic().await;
}
