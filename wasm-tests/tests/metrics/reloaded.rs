//! What a reload does to what is counted.

use crate::documents::document;
use crate::samples::Samples;
use serde_json::json;
use wasm_tests::{Backend, Dynamic, Options, eventually, raw};

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");

#[tokio::test(flavor = "multi_thread")]
async fn counts_go_on_and_former_names_stay() {
    // Nobody needs to be there: the gateway answers by itself.
    let _backend = Backend::start().await;
    let ask = async |world: &Dynamic, path: &str, status: u16| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: shop.localhost\r\n\r\n");
        assert_eq!(raw::send(world.gateway().address(), request.as_bytes()).await.unwrap().status, status);
    };
    let first = document();
    let mut second = first.clone();
    second["apis"][0]["stages"][3] = json!({ "stageName": "new" });
    let options = Options { concurrency: 2, ..Options::default() };
    let world = Dynamic::start(COMMAND, &first, &options).await;
    let told = async |stage: &str, count: f64| {
        eventually(&format!("{stage} {count}"), async || {
            let told = Samples::of(world.gateway(), "sekisho_api_count_total").await;
            let of_stage = told.0.iter().filter(|((_, labels), _)| labels["stage"] == stage);
            (of_stage.map(|(_, value)| value).sum::<f64>() == count).then_some(())
        })
        .await;
    };
    let digest =
        async || Samples::of(world.gateway(), "sekisho_config_digest").await.sum("sekisho_config_digest");
    ask(&world, "/s_t/nowhere", 404).await;
    ask(&world, "/s-t/nowhere", 404).await;
    told("s_t", 1.0).await;
    told("s-t", 1.0).await;
    let before = digest().await;
    let said = world.apply(&second).await;
    assert_eq!(said.code, Some(0), "{}", said.text);
    ask(&world, "/new/nowhere", 404).await;
    ask(&world, "/s-t/nowhere", 404).await;
    told("new", 1.0).await;
    told("s-t", 2.0).await;
    told("s_t", 1.0).await;
    assert_ne!(digest().await, before);
    let said = world.apply(&first).await;
    assert_eq!(said.code, Some(0), "{}", said.text);
    ask(&world, "/s_t/nowhere", 404).await;
    told("s_t", 2.0).await;
    assert_eq!(digest().await, before, "the same document, the same digest");
    world.gateway().assert_no_panic().await;
}
