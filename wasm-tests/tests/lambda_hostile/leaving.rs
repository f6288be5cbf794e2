//! Clients that do not wait for their functions.

use crate::many::{CAP, invoke, told};
use crate::world::{KINDS, Kind, World};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use wasm_tests::{Reply, eventually, raise_open_files};

/// Sends so many requests, and gives the connections when all of the functions run.
async fn run(world: &World, count: usize) -> Vec<TcpStream> {
    let mut clients = Vec::with_capacity(count);
    for i in 0..count {
        let mut stream = TcpStream::connect(world.gateway.address()).await.unwrap();
        stream.write_all(&KINDS[i % 3].post("text/plain", b"a body")).await.unwrap();
        clients.push(stream);
    }
    eventually("all functions run", async || (world.function.running() == count).then_some(())).await;
    clients
}

async fn gone(world: &World) {
    eventually("Envoy knows that they are gone", async || {
        (world.gateway.http_stat("downstream_rq_active").await == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invocations_of_clients_that_left_count_until_they_end_and_no_longer() {
    raise_open_files();
    let world = World::start(1).await;
    world.function.says(Reply::returned(br#"{"statusCode":200,"body":"ran"}"#));
    world.function.hold();
    let clients = run(&world, CAP).await;
    drop(clients);
    gone(&world).await;
    // Lambda runs them still: a client that leaves again and again buys no more of them than one that waits.
    let refused = world.send(&Kind::HttpV2.get("/x")).await;
    assert_eq!(told(&refused), Kind::HttpV2.failure(crate::world::Failure::Unavailable));
    assert_eq!(world.function.running(), CAP);
    world.function.release();
    world.settled().await;
    world.function.forget();
    world.function.hold();
    let clients = invoke(&world, CAP);
    eventually("there is room for as many again", async || (world.function.running() == CAP).then_some(()))
        .await;
    world.function.release();
    assert!(clients.join_all().await.iter().all(|(_, response)| told(response) == (200, "ran")));
    world.unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_clients_that_leave_their_functions_cost_no_memory() {
    let world = World::start(1).await;
    let round = async || {
        world.function.hold();
        drop(run(&world, 100).await);
        gone(&world).await;
        world.function.release();
        world.settled().await;
    };
    round().await;
    round().await;
    let before = world.gateway.resident_bytes();
    for _ in 0..10 {
        round().await;
    }
    let grown = world.gateway.resident_bytes().saturating_sub(before);
    println!("a thousand clients left their functions, and Envoy grew by {} KiB", grown >> 10);
    assert!(grown < 8 << 20, "a thousand clients left their functions, and Envoy grew by {grown}");
    world.unharmed().await;
}
