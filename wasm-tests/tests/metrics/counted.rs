//! Exact counts, label set by label set.

use crate::documents::{ANSWER, gateway, send};
use crate::samples::{Labels, Samples, labels};
use std::collections::BTreeMap;
use wasm_tests::eventually;

const SHOP: &str = "Shop \"A.1\"%3B 100%25";

fn stage(name: &str) -> Vec<(&'static str, String)> {
    vec![("api_id", "shop".to_owned()), ("stage", name.to_owned()), ("api_name", SHOP.to_owned())]
}

fn route(method: &str, resource: &str) -> Labels {
    let more = [("method", method.to_owned()), ("resource", resource.to_owned())];
    stage("$default").into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn whole(name: &str) -> Labels {
    stage(name).into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn rest() -> Labels {
    // What of the name is ASCII.
    labels(&[("api_id", "shop-1"), ("stage", "prod"), ("api_name", "Lden")])
}

fn expected(of: &[(Labels, u64)]) -> BTreeMap<Labels, f64> {
    of.iter().map(|(labels, count)| (labels.clone(), f64::from(u32::try_from(*count).unwrap()))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_counted_once_under_its_labels() {
    let (_backend, gateway) = gateway().await;
    let before = Samples::of(&gateway, "sekisho_api_").await;
    let rest_api = [("api_id", "shop-1"), ("stage", "prod"), ("api_name", "Lden")];
    assert_eq!(
        before.get("sekisho_api_count_total", &rest_api),
        Some(0.0),
        "it is there before anything happens"
    );
    send(gateway.address()).await;
    let told = eventually("the workers tell", async || {
        let told = Samples::of(&gateway, "sekisho_api_").await;
        let whole = told.sum("sekisho_api_count_total") >= 103.0
            && told.sum("sekisho_api_latency_milliseconds_count") >= 103.0;
        whole.then_some(told)
    })
    .await;
    let count = expected(&[
        (route("GET", "/users/{id}"), 40),
        (route("ANY", "/v1.0/{proxy+}"), 5),
        (route("GET", "/dead"), 2),
        // What a route does not say itself, the stage says.
        (route("GET", "/limited"), 7),
        // No route's.
        (whole("$default"), 5),
        (whole("default"), 11),
        (whole("s-t"), 4),
        (whole("s_t"), 6),
        (rest(), 9 + 8 + 1 + 5),
    ]);
    assert_eq!(told.counted("sekisho_api_count_total"), count);
    assert_eq!(told.counted("sekisho_api_latency_milliseconds_count"), count);
    assert_eq!(
        told.counted("sekisho_api_4xx_total"),
        expected(&[(whole("$default"), 5), (route("GET", "/limited"), 7), (rest(), 1)])
    );
    assert_eq!(told.counted("sekisho_api_5xx_total"), expected(&[(route("GET", "/dead"), 2), (rest(), 9)]));
    // Only where an integration was asked.
    let asked = expected(&[
        (route("GET", "/users/{id}"), 40),
        (route("ANY", "/v1.0/{proxy+}"), 5),
        (route("GET", "/dead"), 2),
        (whole("default"), 11),
        (whole("s-t"), 4),
        (whole("s_t"), 6),
        (rest(), 5),
    ]);
    assert_eq!(told.counted("sekisho_api_integration_latency_milliseconds_count"), asked);
    assert_eq!(
        told.counted("sekisho_api_unasked_total"),
        expected(&[(route("GET", "/limited"), 7), (whole("$default"), 5), (rest(), 9 + 8 + 1)])
    );
    let message = |text: &str| format!("{{\"message\":\"{text}\"}}").len() as u64;
    assert_eq!(
        told.counted("sekisho_api_data_processed_bytes_total"),
        expected(&[
            (route("GET", "/users/{id}"), 40 * ANSWER),
            (route("ANY", "/v1.0/{proxy+}"), 5 * ANSWER + 2 * 10),
            (route("GET", "/dead"), 2 * message("Service Unavailable")),
            (whole("$default"), 5 * message("Not Found")),
            (route("GET", "/limited"), 7 * message("Too Many Requests")),
            (whole("default"), 11 * ANSWER),
            (whole("s-t"), 4 * ANSWER),
            (whole("s_t"), 6 * ANSWER),
        ])
    );
    let refused = Samples::of(&gateway, "sekisho_refused_").await;
    let reason = |reason| labels(&[("reason", reason)]);
    assert_eq!(
        refused.counted("sekisho_refused_requests_total"),
        expected(&[
            (reason("unknown_route"), 6),
            (reason("unknown_stage"), 10),
            (reason("throttled_route"), 7),
            (reason("integration_failure"), 2),
            (reason("invalid_api_key"), 9),
        ])
    );
    let known = refused.0.keys().filter(|(name, _)| name == "sekisho_refused_requests_total").count();
    assert!(known > 60, "what has not happened is 0 and not missing: {known}");
    gateway.assert_no_panic().await;
}

/// The state of the filter, which all of its VMs tell together.
#[tokio::test(flavor = "multi_thread")]
async fn the_state_is_told() {
    let (_backend, gateway) = gateway().await;
    send(gateway.address()).await;
    let state = eventually("the workers tell", async || {
        let state = Samples::of(&gateway, "sekisho_").await;
        (state.get("sekisho_throttle_leases", &[]) >= Some(1.0)).then_some(state)
    })
    .await;
    assert_eq!(state.get("sekisho_callouts_in_flight", &[]), Some(0.0));
    assert_eq!(state.get("sekisho_cached_tokens", &[]), Some(0.0));
    assert!(state.get("sekisho_config_loaded_timestamp_seconds", &[]).unwrap() > 1.6e9);
    // As `docs/metrics.md` says: the first six bytes of the SHA-256 that the log tells of.
    let log = gateway.whole_log();
    let digest = log.split("serving sha256:").nth(1).unwrap().get(..12).unwrap().to_owned();
    let number = u64::from_str_radix(&digest, 16).unwrap();
    let page = gateway.admin("/stats/prometheus?filter=sekisho_config_digest").await;
    assert!(page.contains(&format!("sekisho_config_digest{{}} {number}\n")), "{number} {page}");
}
