//! Who verifies which algorithm: the host is asked when the plugin is configured, and Envoy's statistics tell.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho_cases::tokens::{SECRET, SECRET_ENV, jwks, token};
use serde_json::{Value, json};
use wasm_tests::{Backend, Gateway, Options, documents, raw};

fn document(configuration: &Value) -> Value {
    let mut document = documents::http_proxy();
    let api = &mut document["apis"][0];
    let mut jwt = json!({ "issuer": "https://idp.test", "audience": ["shop"] });
    for (name, value) in configuration.as_object().unwrap() {
        jwt[name] = value.clone();
    }
    api["authorizers"] = json!([{
        "authorizerId": "login", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
        "jwtConfiguration": jwt,
    }]);
    api["routes"][0]["authorizationType"] = json!("JWT");
    api["routes"][0]["authorizerId"] = json!("login");
    document
}

async fn status(gateway: &Gateway, algorithm: &str) -> u16 {
    let token = token(&json!({ "alg": algorithm }), &json!({}));
    let request = format!(
        "GET /x HTTP/1.1\r\nhost: h.test\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    raw::send(gateway.address(), request.as_bytes()).await.unwrap().status
}

/// Algorithms verified by the host, and by libraries.
async fn verifiers(gateway: &Gateway) -> (u64, u64) {
    (
        gateway.admin_stat("wasmcustom.sekisho_verifier_host_algorithms").await,
        gateway.admin_stat("wasmcustom.sekisho_verifier_software_algorithms").await,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_statistics_tell_that_the_host_verifies_what_it_can() {
    let backend = Backend::start().await;
    let document = document(&json!({ "jwks": jwks(), "algorithms": ["ES512"] }));
    let gateway = Gateway::start(&document, &backend, Options { concurrency: 2, ..Options::default() }).await;
    assert_eq!(verifiers(&gateway).await, (6, 1), "RS and ES by Envoy, HS256 by a library");
    let prometheus = gateway.admin("/stats/prometheus?filter=sekisho_verifier").await;
    let samples: Vec<_> =
        prometheus.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    println!("{prometheus}");
    assert_eq!(samples.len(), 2, "{prometheus}");
    assert!(
        samples.iter().any(|line| line.starts_with("sekisho_verifier_host_algorithms{} 6")),
        "{prometheus}"
    );
    for algorithm in ["RS256", "RS512", "ES512"] {
        assert_eq!(status(&gateway, algorithm).await, 200, "{algorithm}");
    }
    assert_eq!(status(&gateway, "PS256").await, 401);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_verifies_is_refused_at_load_and_the_log_says_which_filter_can() {
    let backend = Backend::start().await;
    let document = document(&json!({ "jwks": jwks(), "algorithms": ["PS256", "EdDSA"] }));
    let options = Options { default_module: true, ..Options::default() };
    let log = Gateway::try_start(&document, &backend, options).await.expect_err("the document is refused");
    for expected in [
        "jwtConfiguration.algorithms[0]: neither this host nor this filter verifies `PS256`",
        "jwtConfiguration.algorithms[1]: neither this host nor this filter verifies `EdDSA`",
        "cargo wasm --features software-signatures",
    ] {
        assert!(log.contains(expected), "{expected}\n{log}");
    }
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    assert_eq!(verifiers(&gateway).await, (6, 5), "RS and ES by Envoy, PS, EdDSA and HS256 by libraries");
    for algorithm in ["RS256", "PS256", "EdDSA"] {
        assert_eq!(status(&gateway, algorithm).await, 200, "{algorithm}");
    }
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_needed_at_load_and_never_written() {
    let backend = Backend::start().await;
    let secret = |variable: &str| document(&json!({ "algorithms": ["HS256"], "secretEnv": variable }));
    // Set by nobody, and too short.
    for (variable, expected) in [
        ("SEKISHO_TEST_NOT_SET", "the environment variable `SEKISHO_TEST_NOT_SET` is not set, or is empty"),
        (
            "SEKISHO_TEST_SHORT_SECRET",
            "the secret in `SEKISHO_TEST_SHORT_SECRET` has 9 bytes, and HS256 needs 32",
        ),
    ] {
        let log = Gateway::try_start(&secret(variable), &backend, Options::default()).await.err();
        let log = log.expect("the document is refused");
        assert!(log.contains(expected), "{log}");
        assert!(!log.contains("too short"), "the secret is in the log\n{log}");
    }
    let gateway = Gateway::start(&secret(SECRET_ENV), &backend, Options::default()).await;
    assert_eq!((status(&gateway, "HS256").await, status(&gateway, "RS256").await), (200, 401));
    let dump = gateway.admin("/config_dump").await;
    assert!(dump.contains(SECRET_ENV) && !dump.contains(SECRET), "the secret is in the configuration dump");
    assert!(!gateway.log().contains(SECRET));
    gateway.assert_no_panic().await;
}
