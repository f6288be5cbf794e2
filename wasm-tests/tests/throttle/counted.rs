//! What is refused is in Envoy's statistics: every refusal, and none twice.

use crate::documents::limited;
use wasm_tests::{Backend, Gateway, Options, eventually, raw};

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_counted_once_whichever_worker_refused() {
    const REQUESTS: u64 = 64;
    const WORKERS: u32 = 4;
    let backend = Backend::start().await;
    let options = Options { concurrency: WORKERS, ..Options::default() };
    let gateway = Gateway::start(&limited(0.0, 0), &backend, options).await;
    let stat = async |name: &str| gateway.admin_stat(&format!("wasmcustom.sekisho_{name}")).await;
    assert_eq!(gateway.admin("/stats?filter=wasmcustom.sekisho_throttled_route").await.lines().count(), 1);
    for _ in 0..REQUESTS {
        let response = raw::get(gateway.address(), "/limited").await.unwrap();
        assert_eq!((response.status, response.text().as_str()), (429, r#"{"message":"Too Many Requests"}"#));
    }
    eventually("the workers tell", async || (stat("throttled_route").await >= REQUESTS).then_some(())).await;
    assert_eq!(stat("throttled_route").await, REQUESTS);
    // Who has read that a bucket is empty asks nobody until a token is due, which is never here.
    let reads = stat("shared_data_reads").await;
    assert!((1..=u64::from(WORKERS)).contains(&reads), "{reads} reads by {WORKERS} workers");
    assert_eq!((stat("throttled_account").await, stat("shared_data_conflicts").await), (0, 0));
    let prometheus = gateway.admin("/stats/prometheus?filter=sekisho_throttled").await;
    assert!(prometheus.contains(&format!("\nsekisho_throttled_route{{}} {REQUESTS}")), "{prometheus}");
    assert!(prometheus.contains("# TYPE sekisho_throttled_route counter"), "{prometheus}");
    gateway.assert_no_panic().await;
}
