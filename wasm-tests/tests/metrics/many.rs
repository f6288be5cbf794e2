//! As many statistics as there may be.

use crate::samples::{Labels, Samples};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wasm_tests::{Backend, Dynamic, Gateway, Options, eventually, product_module, raw};

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");

fn document(routes: usize) -> Value {
    let routes: Vec<_> = (0..routes)
        .map(|i| json!({ "routeKey": format!("GET /resources/of/many/r{i}"), "target": "integrations/up" }))
        .collect();
    json!({ "apis": [{
        "apiId": "shop", "protocolType": "HTTP", "routes": routes,
        "integrations": [{ "integrationId": "up", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://backend.test/" }],
        "stages": [{ "stageName": "$default", "defaultRouteSettings": { "detailedMetricsEnabled": true } }],
    }] })
}

/// What Envoy has used of its processors, which Linux tells in hundredths of a second.
fn cpu_millis(gateway: &Gateway) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", gateway.pid())).unwrap();
    let after_name: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    [after_name[11], after_name[12]].iter().map(|ticks| ticks.parse::<u64>().unwrap() * 10).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_starts_with_as_many_statistics_as_there_may_be() {
    let backend = Backend::start().await;
    let mut took = Vec::new();
    for routes in [1, 2000] {
        let gateway = Gateway::start(&document(routes), &backend, Options::default()).await;
        took.push((routes, cpu_millis(&gateway), gateway.resident_bytes() >> 20));
        let last = format!("/resources/of/many/r{}", routes - 1);
        for path in ["/resources/of/many/r0", &last] {
            assert_eq!(raw::get(gateway.address(), path).await.unwrap().status, 200);
        }
        let told = eventually("the worker tells", async || {
            let told = Samples::of(&gateway, "sekisho_api_count_total").await;
            (told.sum("sekisho_api_count_total") == 2.0).then_some(told)
        })
        .await;
        // 10,000 less the stage's twelve, by seven for a route; those that are left over are counted at the stage.
        assert_eq!(told.0.len(), if routes == 1 { 2 } else { 1 + 9_988 / 7 });
        let at_stage: f64 = told
            .counted("sekisho_api_count_total")
            .iter()
            .filter(|(labels, _)| !labels.contains_key("resource"))
            .map(|(_, count)| count)
            .sum();
        assert_eq!(at_stage, if routes == 1 { 0.0 } else { 1.0 });
        gateway.assert_no_panic().await;
    }
    println!("routes, milliseconds of CPU until Envoy listens, MiB: {took:?}");
}

/// A document of so many stages of a name, which answers by itself.
fn staged(name: &str, stages: usize) -> Value {
    let stages: Vec<_> = (0..stages).map(|i| json!({ "stageName": format!("{name}{i}") })).collect();
    json!({ "apis": [{ "apiId": "shop", "protocolType": "HTTP", "stages": stages, "routes": [], "integrations": [] }] })
}

async fn ask(gateway: &Gateway, stages: &[&str]) {
    for stage in stages {
        assert_eq!(raw::get(gateway.address(), &format!("/{stage}/x")).await.unwrap().status, 404);
    }
}

/// How often stages were asked; those that have no metrics of their own together, by no name.
async fn counted(gateway: &Gateway, all: f64) -> BTreeMap<String, f64> {
    let name = "sekisho_api_count_total";
    let told = eventually("the workers tell", async || {
        let told = Samples::of(gateway, name).await;
        (told.sum(name) >= all).then_some(told)
    })
    .await;
    let stage = |labels: &Labels| labels.get("stage").cloned().unwrap_or_default();
    told.counted(name).iter().map(|(labels, count)| (stage(labels), *count)).collect()
}

fn expected(counts: &[(&str, f64)]) -> BTreeMap<String, f64> {
    counts.iter().map(|(stage, count)| ((*stage).to_owned(), *count)).collect()
}

/// 10,000 statistics are 833 stages of an HTTP API; 832, and those that the others share.
#[tokio::test(flavor = "multi_thread")]
async fn stages_beyond_the_limit_are_counted_together() {
    let backend = Backend::start().await;
    let options = Options { concurrency: 2, ..Options::default() };
    let gateway = Gateway::start(&staged("s", 1000), &backend, options).await;
    assert!(gateway.whole_log().contains("168 of 1000 stages have no metrics of their own"));
    ask(&gateway, &["s0", "s831", "s832", "s999", "s999"]).await;
    let told = counted(&gateway, 5.0).await;
    assert_eq!(told, expected(&[("s0", 1.0), ("s831", 1.0), ("", 3.0)]));
    let page = Samples::of(&gateway, "sekisho_api_").await;
    assert_eq!(page.get("sekisho_api_4xx_total", &[]), Some(3.0));
    eventually("Envoy merges its histograms", async || {
        let page = Samples::of(&gateway, "sekisho_api_latency").await;
        (page.get("sekisho_api_latency_milliseconds_count", &[]) == Some(3.0)).then_some(())
    })
    .await;
    gateway.assert_no_panic().await;
}

/// Envoy forgets no statistic. What documents name beyond twice the limit is counted together, too.
#[tokio::test(flavor = "multi_thread")]
async fn stages_of_many_documents_are_counted_together_in_the_end() {
    let options = Options { concurrency: 2, ..Options::default() };
    let world = Dynamic::start(COMMAND, &staged("a", 829), &options).await;
    let gateway = world.gateway();
    ask(gateway, &["a0", "a828"]).await;
    let last: Vec<_> = (0..20).map(|i| format!("c{i}")).collect();
    for (name, stages) in [("b", 829), ("c", last.len())] {
        let said = world.apply_unasked(&staged(name, stages), product_module()).await;
        assert_eq!(said.code, Some(0), "{}", said.text);
        if name == "b" {
            ask(gateway, &["b0", "b828"]).await;
        }
    }
    ask(gateway, &last.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let told = counted(gateway, 24.0).await;
    for stage in ["a0", "a828", "b0", "b828"] {
        assert_eq!(told[stage], 1.0, "{stage}");
    }
    // 20,000 less twice 829 stages of twelve is eight more.
    assert_eq!(told.keys().filter(|stage| stage.starts_with('c')).count(), 8, "{told:?}");
    assert_eq!(told[""], 12.0);
    assert!(gateway.whole_log().contains("documents have named 20000 statistics"));
    gateway.assert_no_panic().await;
}
