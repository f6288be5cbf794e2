//! Many connections, slow ones, idle ones, and several workers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use serde_json::json;
use std::time::{Duration, Instant};
use wasm_tests::{Backend, Gateway, Options, documents, eventually, raise_open_files, raw};

#[tokio::test(flavor = "multi_thread")]
async fn slow_senders_do_not_keep_others_waiting_and_are_cut_off() {
    let backend = Backend::start().await;
    let options = Options { request_headers_timeout: Some(Duration::from_secs(3)), ..Options::default() };
    let gateway = Gateway::start(&documents::http_proxy(), &backend, options).await;
    let mut slow = Vec::new();
    for _ in 0..500 {
        let mut connection = raw::Raw::connect(gateway.address()).await.unwrap();
        connection.write(b"GET /x HTTP/1.1\r\nhost: h.t").await.unwrap();
        slow.push(connection);
    }
    let start = Instant::now();
    for _ in 0..100 {
        assert_eq!(raw::get(gateway.address(), "/x").await.unwrap().status, 200);
    }
    assert!(start.elapsed() < Duration::from_secs(10), "100 requests took {:?}", start.elapsed());
    for mut connection in slow {
        let told = connection.closed().await.expect("a slow sender is cut off");
        assert!(told.is_empty() || told.starts_with(b"HTTP/1.1 408 "), "{}", told.escape_ascii());
    }
    assert_eq!(backend.seen().len(), 100);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_idle_connections_are_held_while_requests_are_served() {
    let files = raise_open_files();
    let backend = Backend::start().await;
    let gateway = Gateway::start(&documents::http_proxy(), &backend, Options::default()).await;
    let wanted = 10_000.min(usize::try_from(files.saturating_sub(1_000)).unwrap_or(10_000));
    let before = gateway.resident_bytes();
    let mut idle = Vec::with_capacity(wanted);
    for _ in 0..wanted {
        idle.push(raw::Raw::connect(gateway.address()).await.expect("the gateway takes connections"));
    }
    let held = eventually("Envoy holds them", async || {
        let active = gateway.http_stat("downstream_cx_active").await;
        (active >= wanted as u64).then_some(active)
    })
    .await;
    for _ in 0..100 {
        assert_eq!(raw::get(gateway.address(), "/x").await.unwrap().status, 200);
    }
    let each = gateway.resident_bytes().saturating_sub(before) / wanted as u64;
    eprintln!("{held} idle connections, {each} bytes each, of {files} files allowed");
    assert!(
        wanted == 10_000 || std::env::var("CI").as_deref() != Ok("true"),
        "only {files} files may be open"
    );
    assert!(each < 40_960, "{each} bytes for each idle connection");
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_workers_serve_the_same_gateway() {
    let backend = Backend::start().await;
    let options = Options { concurrency: 4, ..Options::default() };
    let gateway = Gateway::start(&documents::http_proxy(), &backend, options).await;
    let address = gateway.address();
    let mut clients = tokio::task::JoinSet::new();
    for i in 0..16 {
        clients.spawn(async move {
            let mut connection = raw::Raw::connect(address).await.unwrap();
            let mut ids = Vec::new();
            for j in 0..50 {
                let request = format!("GET /{i}/{j} HTTP/1.1\r\nhost: h.test\r\n\r\n");
                let response = connection.exchange(request.as_bytes()).await.unwrap();
                assert_eq!(response.status, 200);
                ids.push(response.header("apigw-requestid").expect("each answer has its id"));
            }
            ids
        });
    }
    let mut ids: Vec<String> = clients.join_all().await.into_iter().flatten().collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 800, "every request has an id of its own, whichever worker serves it");
    assert_eq!(backend.seen().len(), 800);
    assert!(gateway.busy_workers().await >= 2, "one worker served all");
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_on_one_connection_are_told_apart() {
    let backend = Backend::start().await;
    let document = documents::http_proxy_with(
        &json!({ "requestParameters": { "overwrite:header.x-id": "$request.path" } }),
    );
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let mut connection = raw::Raw::connect(gateway.address()).await.unwrap();
    let mut pipelined = Vec::new();
    for i in 0..50 {
        pipelined.extend_from_slice(format!("GET /{i} HTTP/1.1\r\nhost: h.test\r\n\r\n").as_bytes());
    }
    connection.write(&pipelined).await.unwrap();
    for _ in 0..50 {
        assert_eq!(connection.response().await.unwrap().status, 200);
    }
    let seen = backend.seen();
    assert_eq!(seen.len(), 50);
    for (i, recorded) in seen.iter().enumerate() {
        assert_eq!(
            (recorded.seen.path.clone(), recorded.header("x-id")),
            (format!("/{i}"), vec![format!("/{i}")])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envoy_of_another_version_is_what_it_is_asked_to_be() {
    // `SEKISHO_ENVOY_VERSION` chooses among 1.36 to 1.40 for all tests; what runs must be that.
    let backend = Backend::start().await;
    let gateway = Gateway::start(&documents::http_proxy(), &backend, Options::default()).await;
    let info = gateway.admin("/server_info").await;
    if let Ok(version) = std::env::var("SEKISHO_ENVOY_VERSION") {
        assert!(info.contains(&format!("/{version}/")), "{info}");
    }
    assert_eq!(raw::get(gateway.address(), "/x").await.unwrap().status, 200);
}
