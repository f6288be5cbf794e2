//! As many statistics as there may be.

use crate::samples::Samples;
use serde_json::{Value, json};
use wasm_tests::{Backend, Gateway, Options, eventually, raw};

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
        // 10,000 less the stage's eleven, by six for a route; those that are left over are counted at the stage.
        assert_eq!(told.0.len(), if routes == 1 { 2 } else { 1 + 9_989 / 6 });
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
