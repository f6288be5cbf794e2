//! What the filter counts is in Envoy's statistics: every refusal, and none twice.

use crate::documents::limited;
use crate::gateway;
use crate::load::Asked;
use std::fmt;
use wasm_tests::{Gateway, eventually, raw};

/// What the filter has counted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) refused: u64,
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    pub(crate) conflicts: u64,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { refused, reads, writes, conflicts } = self;
        write!(f, "{refused} refused; shared data: {reads} reads, {writes} writes, {conflicts} conflicts")
    }
}

async fn stat(gateway: &Gateway, name: &str) -> u64 {
    gateway.admin_stat(&format!("wasmcustom.sekisho_{name}_total")).await
}

async fn counted(gateway: &Gateway) -> Counted {
    let kinds = ["plan", "plan_method", "route", "account"].map(|kind| format!("throttled_{kind}"));
    let mut refused = 0;
    for name in kinds.iter().map(String::as_str).chain(["quota_exceeded", "limit_contended"]) {
        refused += stat(gateway, name).await;
    }
    Counted {
        refused,
        reads: stat(gateway, "shared_data_reads").await,
        writes: stat(gateway, "shared_data_writes").await,
        conflicts: stat(gateway, "shared_data_conflicts").await,
    }
}

/// A load, and what the filter counted of it: every refusal, none twice.
pub(crate) async fn counted_of(
    gateway: &Gateway,
    load: impl FnOnce() -> Vec<Asked>,
) -> (Vec<Asked>, Counted) {
    let before = counted(gateway).await;
    let asked = tokio::task::block_in_place(load);
    let refused = asked.iter().filter(|asked| !asked.admitted()).count() as u64;
    let after = eventually("the workers tell what they refused", async || {
        let after = counted(gateway).await;
        (after.refused - before.refused >= refused).then_some(after)
    })
    .await;
    assert_eq!(after.refused - before.refused, refused);
    let counted = Counted {
        refused,
        reads: after.reads - before.reads,
        writes: after.writes - before.writes,
        conflicts: after.conflicts - before.conflicts,
    };
    (asked, counted)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_counted_once_whichever_worker_refused() {
    const REQUESTS: u64 = 64;
    const WORKERS: u32 = 4;
    let (_backend, gateway) = gateway(&limited(0.0, 0), WORKERS).await;
    let there = gateway.admin("/stats?filter=wasmcustom.sekisho_throttled_route_total").await;
    assert_eq!(there.trim(), "wasmcustom.sekisho_throttled_route_total: 0");
    for _ in 0..REQUESTS {
        let response = raw::get(gateway.address(), "/limited").await.unwrap();
        assert_eq!((response.status, response.text().as_str()), (429, r#"{"message":"Too Many Requests"}"#));
    }
    let route = async || stat(&gateway, "throttled_route").await;
    eventually("the workers tell", async || (route().await >= REQUESTS).then_some(())).await;
    assert_eq!(route().await, REQUESTS);
    let counted = counted(&gateway).await;
    assert_eq!((counted.refused, counted.writes, counted.conflicts), (REQUESTS, 0, 0));
    // Who has read that a bucket is empty asks nobody until a token is due, which is never here.
    assert!((1..=u64::from(WORKERS)).contains(&counted.reads), "{counted}");
    let prometheus = gateway.admin("/stats/prometheus?filter=sekisho_throttled").await;
    assert!(prometheus.contains(&format!("\nsekisho_throttled_route_total{{}} {REQUESTS}")), "{prometheus}");
    assert!(prometheus.contains("# TYPE sekisho_throttled_route_total counter"), "{prometheus}");
    gateway.assert_no_panic().await;
}
