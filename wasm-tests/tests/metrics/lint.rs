//! What `promtool check metrics` has against the filter's metrics: nothing that a filter could change.

use crate::documents::{gateway, send};
use crate::prometheus::promtool;
use crate::samples::Samples;
use sekisho_cases::needs;
use std::collections::BTreeSet;
use wasm_tests::eventually;

/// Envoy gives no metric a help text, and its histograms are of whole numbers, which milliseconds are and seconds are not.
const ENVOYS: [&str; 2] = ["no help text", "use base unit \"seconds\" instead of \"milliseconds\""];

#[tokio::test(flavor = "multi_thread")]
async fn promtool_objects_to_nothing_that_is_ours() {
    needs!("promtool", "prometheus");
    let (_backend, gateway) = gateway().await;
    send(gateway.address()).await;
    eventually("histograms", async || {
        let told = Samples::of(&gateway, "sekisho_api_").await;
        (told.sum("sekisho_api_latency_milliseconds_count") > 0.0).then_some(())
    })
    .await;
    let page = gateway.admin("/stats/prometheus").await;
    let ours = |line: &&str| line.trim_start_matches("# TYPE ").starts_with("sekisho_");
    let page: String = page.lines().filter(ours).flat_map(|line| [line, "\n"]).collect();
    let metrics = page.lines().filter(|line| line.starts_with("# TYPE ")).count();
    assert!(metrics > 40, "{page}");
    let (_, said) = promtool(&["check", "metrics"], page.as_bytes());
    let said: Vec<_> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let others: Vec<_> =
        said.iter().filter(|line| !ENVOYS.iter().any(|known| line.ends_with(known))).collect();
    assert!(others.is_empty(), "{others:#?}");
    // It has read all of them.
    let helpless: BTreeSet<_> = said.iter().filter(|line| line.ends_with(ENVOYS[0])).collect();
    assert_eq!(helpless.len(), metrics, "{said:#?}");
    println!("{metrics} metrics; {} objections to what Envoy gives them", said.len());
}
