//! Questions that several requests share, and those of which only few may be on their way.

use crate::shapes::{SMALL, Shape};
use crate::world::{PROBES_OWN, World, assert_passed};
use wasm_tests::client::{Sending, Wire};
use wasm_tests::{Probe, eventually, raw};

const WIRES: [Wire; 2] = [Wire::Http1, Wire::Http2];
/// How many ask at once.
const CROWD: usize = 24;

/// Who asks: a path of its own, a shape, and what it sends.
type Asker = (String, Shape, Sending);

impl World {
    /// Nothing is known of what was before, and the callout answers nobody yet.
    async fn begin_anew(&self, says: u16) {
        self.settled().await;
        self.backend.forget();
        self.callout.forget();
        self.callout_says(says);
        self.callout.hold();
    }

    /// Sends requests of all small shapes over both protocols, and returns when all of them wait.
    async fn crowd(&self, turns: &str, many: usize) -> Vec<Asker> {
        let askers = (0..many)
            .map(|i| {
                let (shape, path) = (SMALL[i / 2 % SMALL.len()], format!("/{turns}//{i}"));
                let sending = self.send(WIRES[i % 2], shape, &path);
                (path, shape, sending)
            })
            .collect();
        self.waiting(many).await;
        askers
    }

    /// So many requests wait. A worker counts a request before it shows it to the filter, in one go: what it answers after
    /// the count, it answers after that.
    async fn waiting(&self, many: usize) {
        eventually("all of them wait", async || {
            (self.gateway.http_stat("downstream_rq_active").await == many as u64).then_some(())
        })
        .await;
        assert_eq!(raw::get(self.gateway.address(), "/forward//after").await.unwrap().status, 200);
    }

    /// The requests that the backend saw, but for those of [`World::waiting`].
    fn passed(&self) -> Vec<wasm_tests::Recorded> {
        let seen = self.backend.seen().into_iter();
        seen.filter(|recorded| recorded.seen.path != "/forward//after").collect()
    }

    /// Each asker is answered what the callout said, and has passed or not by that.
    async fn assert_answered(&self, askers: Vec<Asker>, says: u16) {
        for (path, shape, sending) in askers {
            let response = sending.response().await.unwrap();
            assert_eq!(response.status, says, "{path} {shape:?}: {response:?}");
            let passed = self.passed();
            let its: Vec<_> = passed.iter().filter(|recorded| recorded.seen.path == path).collect();
            assert_eq!(its.len(), usize::from(says == 200), "{path}");
            its.into_iter().for_each(|its| assert_passed(its, shape, &path));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_worker_that_ask_the_same_ask_it_once_and_all_get_the_answer() {
    let world = World::start(&Probe::default()).await;
    for says in [200, 403, 500, 200] {
        world.begin_anew(says).await;
        let askers = world.crowd("join", CROWD).await;
        assert_eq!((world.callout.seen().len(), world.passed().len()), (1, 0));
        assert!(askers.iter().all(|(_, _, sending)| !sending.is_answered()));
        world.callout.release();
        world.assert_answered(askers, says).await;
        assert_eq!(world.callout.seen().len(), 1, "somebody asked again");
    }
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_ask_the_same_twice_ask_it_twice_together() {
    let world = World::start(&Probe::default()).await;
    world.begin_anew(200).await;
    let askers = world.crowd("join,join", CROWD).await;
    assert_eq!(world.callout.seen().len(), 1);
    world.callout.release();
    world.assert_answered(askers, 200).await;
    assert_eq!(world.callout.seen().len(), 2);
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_worker_asks_for_itself() {
    let world = World::start(&Probe { concurrency: 4, ..Probe::default() }).await;
    for says in [200, 403] {
        world.begin_anew(says).await;
        let askers = world.crowd("join", 4 * CROWD).await;
        world.callout.release();
        world.assert_answered(askers, says).await;
        let asked = world.callout.seen().len();
        println!("{} requests of four workers asked {asked} times", 4 * CROWD);
        // One may come when its worker has been answered, and ask again.
        assert!((1..=8).contains(&asked), "{asked}");
    }
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_takes_the_answer_from_nobody() {
    let world = World::start(&Probe::default()).await;
    let mut ran = 0;
    for says in [200, 403] {
        // The one who asked, those who joined over either protocol, the last one, several.
        for gone in [&[0][..], &[1], &[2], &[CROWD - 1], &[0, 1, 2, 3, 10, CROWD - 1]] {
            world.begin_anew(says).await;
            let askers = world.crowd("join", CROWD).await;
            let (left, stay): (Vec<_>, Vec<_>) =
                askers.into_iter().enumerate().partition(|(i, _)| gone.contains(i));
            assert_eq!(left.len(), gone.len());
            drop(left);
            world.waiting(CROWD - gone.len()).await;
            world.callout.release();
            world.assert_answered(stay.into_iter().map(|(_, asker)| asker).collect(), says).await;
            let passed = if says == 200 { CROWD - gone.len() } else { 0 };
            assert_eq!((world.callout.seen().len(), world.passed().len()), (1, passed), "{gone:?}");
            ran += 1;
        }
    }
    println!("{ran} cases of clients that leave a question to others");
    assert_eq!(ran, 10);
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_have_left_the_next_one_joins_until_the_answer_comes_and_then_asks_again() {
    let world = World::start(&Probe::default()).await;
    for round in 0..10 {
        world.begin_anew(200).await;
        drop(world.crowd("join", CROWD).await);
        world.waiting(0).await;
        let next = world.crowd("join", 1).await;
        assert_eq!(world.callout.seen().len(), 1, "round {round}: it did not join the question on its way");
        world.callout.release();
        world.assert_answered(next, 200).await;
        assert_eq!((world.callout.seen().len(), world.passed().len()), (1, 1), "round {round}");

        world.begin_anew(200).await;
        drop(world.crowd("join", CROWD).await);
        world.waiting(0).await;
        world.callout.release();
        world.settled().await;
        let next = world.send(Wire::Http2, Shape::Post, "/join/").response().await.unwrap();
        assert_eq!((next.status, world.callout.seen().len()), (200, 2), "round {round}: nobody was asked");
    }
    world.gateway.assert_no_panic().await;
}

// --- few at once

/// How many questions of the group may be on their way.
const FEW: usize = 3;

impl World {
    /// One more is answered at once, while the others wait, and asks nobody.
    async fn assert_full(&self) {
        for wire in WIRES {
            for shape in SMALL {
                let response = self.send(wire, shape, "/few:3//more").response().await.unwrap();
                assert_eq!(
                    (response.status, response.text().as_str()),
                    (503, PROBES_OWN),
                    "{wire:?} {shape:?}"
                );
                assert_eq!(response.header("x-probe-answer").as_deref(), Some("call=too-many"));
            }
        }
        assert_eq!((self.callout.seen().len(), self.passed().len()), (FEW, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_question_too_many_is_refused_at_once_and_room_comes_back_with_the_answers() {
    let world = World::start(&Probe::default()).await;
    for round in 0..20 {
        let says = if round % 2 == 0 { 200 } else { 403 };
        world.begin_anew(says).await;
        let askers = world.crowd("few:3", FEW).await;
        world.assert_full().await;
        // Others are none of the group's.
        let other = world.send(Wire::Http1, Shape::Post, "/call//other");
        world.asked(FEW + 1).await;
        world.callout.release();
        assert_eq!(other.response().await.unwrap().status, says, "round {round}");
        world.assert_answered(askers, says).await;
    }
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_whose_clients_have_left_count_until_they_are_answered_and_no_longer() {
    let world = World::start(&Probe::default()).await;
    for round in 0..20 {
        world.begin_anew(200).await;
        let mut askers = world.crowd("few:3", FEW).await;
        // In turn: all, two, one of them.
        let stay = askers.split_off(FEW - round % FEW);
        drop(askers);
        world.waiting(stay.len()).await;
        world.assert_full().await;
        world.callout.release();
        world.assert_answered(stay, 200).await;
        world.settled().await;
    }
    world.begin_anew(200).await;
    let askers = world.crowd("few:3", FEW).await;
    world.assert_full().await;
    world.callout.release();
    world.assert_answered(askers, 200).await;
    world.gateway.assert_no_panic().await;
}
