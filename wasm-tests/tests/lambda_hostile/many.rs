//! To come.
use crate::world::{Client, KINDS, World};
use serde_json::{Map, Value, json};
use wasm_tests::Reply;
use wasm_tests::client::Wire;

#[tokio::test(flavor = "multi_thread")]
async fn explore() {
    let world = World::start(1).await;
    for wire in [Wire::Http1, Wire::Http2] {
        for (count, size) in [
            (10, 1000),
            (990, 10),
            (999, 0),
            (1000, 0),
            (60, 1000),
            (1, 60_000),
            (1, 61_000),
            (1, 70_000),
            (200_000, 5),
        ] {
            let headers: Map<String, Value> =
                (0..count).map(|i| (format!("x-{i}"), Value::from("a".repeat(size)))).collect();
            let multi: Map<String, Value> = if count == 200_000 {
                (0..count).map(|i| (format!("x-{i}"), json!(["b"]))).collect()
            } else {
                Map::new()
            };
            let mut out = json!({ "statusCode": 200, "headers": headers });
            if !multi.is_empty() {
                out["multiValueHeaders"] = multi.into();
            }
            let out = out.to_string().into_bytes();
            world.function.says(Reply::returned(&out));
            for kind in KINDS {
                let mut client = Client::connect(wire, &world).await;
                let t = std::time::Instant::now();
                let r = client.get(kind, "/x").await;
                println!(
                    "{wire:?} {kind:?} {count}x{size} ({} KB): {:?} in {:?} rss {}",
                    out.len() >> 10,
                    r.map(|r| (r.status, r.headers.len())).map_err(|e| e),
                    t.elapsed(),
                    world.gateway.resident_bytes() >> 20
                );
                let again = client.get(kind, "/x").await;
                println!("   again {:?}", again.map(|r| r.status));
            }
        }
    }
    world.unharmed().await;
}
