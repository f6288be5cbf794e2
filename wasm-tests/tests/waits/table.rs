//! Every wait with every shape of request.

use crate::outcomes::{Outcome, WAITS, Wait};
use crate::shapes::{MIB, SHAPES, Shape};
use crate::world::{World, assert_matches, assert_passed};
use std::sync::Arc;
use std::time::Instant;
use wasm_tests::client::Wire;
use wasm_tests::{Probe, eventually};

impl World {
    async fn run(&self, wire: Wire, wait: &Wait, shape: Shape) {
        self.settled().await;
        self.backend.forget();
        self.callout.forget();
        self.callout_says(wait.says);
        let expected = (wait.outcome)(shape, wire);
        let too_large = matches!(expected, Outcome::Refused { status: 413, .. });
        if wait.slow {
            self.callout.hold();
        }
        let (sent_on, paused) = (self.sent_on().await, self.paused().await);

        let parts = shape.parts();
        let response = if shape.is_dribbled() {
            let mut sending = self.begin(wire, shape, wait.path);
            self.part(&sending, &parts[0]).await;
            // A wanted body is asked about only when it is there.
            let early = wait.slow && (wait.path.starts_with("/call") || wait.path.starts_with("/body:"));
            if early {
                self.waits(sent_on, &sending).await;
            }
            self.part(&sending, &parts[1]).await;
            if early {
                self.waits(sent_on, &sending).await;
                self.callout.release();
            }
            self.part(&sending, &parts[2]).await;
            sending.end(shape.trailers());
            if wait.slow && !early {
                self.waits(sent_on, &sending).await;
                self.callout.release();
            }
            sending.response().await
        } else {
            let before = self.received().await;
            let sending = self.send(wire, shape, wait.path);
            if wait.slow && !too_large {
                self.asked(1).await;
                if shape.is_upload() {
                    eventually("Envoy stops reading", async || (self.paused().await > paused).then_some(()))
                        .await;
                    let held = self.received().await - before;
                    assert!(held < 3 * MIB, "Envoy has taken {held} bytes of one that waits");
                } else {
                    let bytes = shape.body().len() as u64;
                    eventually("Envoy has it", async || {
                        (self.received().await >= before + bytes).then_some(())
                    })
                    .await;
                }
                self.waits(sent_on, &sending).await;
                self.callout.release();
            }
            sending.response().await
        };
        self.callout.release();
        let response = response.unwrap_or_else(|error| panic!("no answer: {error}"));

        match expected {
            Outcome::Refused { status, body } => {
                assert_eq!((response.status, response.text().as_str()), (status, body));
                self.settled().await;
                assert_eq!(self.backend.seen().len(), 0, "the backend saw a request that is refused");
                assert_eq!(self.sent_on().await, sent_on, "bytes went to the backend");
            }
            Outcome::Passes { request, response: seen } => {
                assert_eq!((response.status, response.text().as_str()), (200, "ok"));
                assert_matches(&response.header("x-probe-seen").unwrap_or_default(), &join(&request, seen));
                assert_passed(&self.backend.only(), shape, wait.path);
                let told = self.backend.only().header("x-probe-request");
                assert_matches(&told.concat(), &request);
            }
        }
        for asked in self.callout.seen() {
            assert_eq!((asked.seen.body.as_slice(), asked.ended), (b"question".as_slice(), true));
        }
    }
}

fn join(request: &str, response: &str) -> String {
    if request.is_empty() { response.to_owned() } else { format!("{request} {response}") }
}

/// Every wait with every shape. The failures are told together.
async fn run_table(wire: Wire, concurrency: u32) {
    let world = Arc::new(World::start(&Probe { concurrency, ..Probe::default() }).await);
    let start = Instant::now();
    let (mut ran, mut failures) = (0, Vec::new());
    for wait in WAITS {
        for shape in SHAPES {
            let case = format!("{shape:?} waits for {}: {} of {wire:?}", wait.name, wait.path);
            let its_world = world.clone();
            let run = async {
                tokio::task::spawn_local(async move { its_world.run(wire, wait, shape).await }).await
            };
            let done = tokio::task::LocalSet::new().run_until(run).await;
            ran += 1;
            if let Err(error) = done {
                let why = error.into_panic();
                let text = why.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let why = text.or_else(|| why.downcast_ref::<String>().cloned());
                let why = why.unwrap_or_else(|| "an assertion without a text".to_owned());
                eprintln!("FAILED {case}: {why}");
                failures.push(case);
                world.callout.release();
            }
        }
    }
    println!("{ran} cases of waiting, {wire:?}, {concurrency} workers, {:?}", start.elapsed());
    assert!(failures.is_empty(), "{} of {ran} cases failed\n{}", failures.len(), world.gateway.log());
    assert_eq!(ran, WAITS.len() * SHAPES.len());
    assert_eq!(ran, 200, "a wait or a shape was added or is gone: say how many there are");
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wait_with_every_shape_of_request_over_http_1() {
    run_table(Wire::Http1, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wait_with_every_shape_of_request_over_http_2() {
    run_table(Wire::Http2, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wait_with_every_shape_of_request_over_http_1_with_four_workers() {
    run_table(Wire::Http1, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wait_with_every_shape_of_request_over_http_2_with_four_workers() {
    run_table(Wire::Http2, 4).await;
}
