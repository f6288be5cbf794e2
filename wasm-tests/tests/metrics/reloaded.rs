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

/// An issuer whose keys nobody has is told of until a document no longer names it: an alert on its failures ends then.
#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_gone_fails_no_more() {
    const FAILURES: &str = "sekisho_jwks_failures_in_a_row";
    let mut first = document();
    first["apis"][0]["authorizers"] = json!([{
        "authorizerId": "login", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
        "jwtConfiguration": { "issuer": "http://idp.test", "audience": ["shop"], "jwksUri": "http://idp.test/keys" },
    }]);
    first["apis"][0]["routes"][0]["authorizationType"] = "JWT".into();
    first["apis"][0]["routes"][0]["authorizerId"] = "login".into();
    let world = Dynamic::start(COMMAND, &first, &Options { concurrency: 2, ..Options::default() }).await;
    let failures = async || Samples::of(world.gateway(), FAILURES).await;
    eventually("a failure", async || (failures().await.sum(FAILURES) > 0.0).then_some(())).await;
    let said = world.apply(&document()).await;
    assert_eq!(said.code, Some(0), "{}", said.text);
    eventually("no failure", async || (failures().await.sum(FAILURES) == 0.0).then_some(())).await;
    assert_eq!(failures().await.0.len(), 1, "its name stays: Envoy keeps each");
    world.gateway().assert_no_panic().await;
}
