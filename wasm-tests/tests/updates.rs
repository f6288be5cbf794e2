//! Documents that change while requests run: the built module, the command, and four workers under load.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho_cases::Answer;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::task::JoinHandle;
use wasm_tests::raw::{self, Raw};
use wasm_tests::{Backend, Dynamic, Options, eventually, probe_module};

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");

// --- documents

/// Routes `GET /NAME` and `POST /NAME` to backends; each answer says which document it is of.
fn document(version: &str, routes: &[(&str, &Backend)]) -> Value {
    let mut keys = Vec::new();
    let mut integrations = Vec::new();
    for (name, backend) in routes {
        for method in ["GET", "POST"] {
            keys.push(
                json!({ "routeKey": format!("{method} /{name}"), "target": format!("integrations/{name}") }),
            );
        }
        let mut responses = json!({});
        for status in ["200", "404"] {
            responses[status] = json!({ "overwrite:header.x-document": version });
        }
        integrations.push(json!({
            "integrationId": name,
            "integrationType": "HTTP_PROXY",
            "integrationMethod": "ANY",
            "integrationUri": format!("http://{}/{name}", backend.address()),
            "responseParameters": responses,
        }));
    }
    json!({ "apis": [{
        "apiId": "shop",
        "protocolType": "HTTP",
        "stages": [{ "stageName": "$default" }],
        "routes": keys,
        "integrations": integrations,
    }] })
}

fn four_workers() -> Options {
    Options { concurrency: 4, ..Options::default() }
}

// --- load

/// Requests to `/stable` on connections that are kept and on new ones, until it is stopped.
struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    clients: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    fn start(address: SocketAddr) -> Self {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let clients = (0..8).map(|i| {
            let (stop, done) = (stop.clone(), done.clone());
            tokio::spawn(async move {
                let mut client = Client { address, connection: None, keeps: i % 2 == 0 };
                let mut failures = Vec::new();
                while !stop.load(Ordering::SeqCst) {
                    match client.ask("GET /stable HTTP/1.1\r\nhost: h.test\r\n\r\n").await {
                        Ok(response) if response.status == 200 => {}
                        other => failures.push(format!("client {i}: {other:?}")),
                    }
                    done.fetch_add(1, Ordering::SeqCst);
                    // The machine is small, and the change is to be seen, not the load.
                    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                }
                failures
            })
        });
        let clients = clients.collect();
        Self { stop, done, clients }
    }

    /// Waits for some more requests.
    async fn more(&self, requests: u64) {
        let goal = self.done.load(Ordering::SeqCst) + requests;
        eventually("the load goes on", async || (self.done.load(Ordering::SeqCst) >= goal).then_some(()))
            .await;
    }

    /// Stops; none may have failed.
    async fn finish(self) {
        self.more(100).await;
        self.stop.store(true, Ordering::SeqCst);
        let mut failures = Vec::new();
        for client in self.clients {
            failures.extend(client.await.unwrap());
        }
        let done = self.done.load(Ordering::SeqCst);
        println!("{done} requests meanwhile, {} failed", failures.len());
        assert!(failures.is_empty(), "{} of {done} requests failed: {:?}", failures.len(), &failures[..1]);
    }
}

/// A client that keeps its connection until it is told to close it, as clients do.
struct Client {
    address: SocketAddr,
    connection: Option<Raw>,
    keeps: bool,
}

impl Client {
    async fn ask(&mut self, request: &str) -> std::io::Result<raw::Response> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Raw::connect(self.address).await?,
        };
        let response = connection.exchange(request.as_bytes()).await?;
        if self.keeps && response.header("connection").as_deref() != Some("close") {
            self.connection = Some(connection);
        }
        Ok(response)
    }
}

/// Connections that are there before a change; with them, and with new ones, every worker is asked.
struct Everywhere {
    clients: Vec<Client>,
    address: SocketAddr,
}

impl Everywhere {
    async fn connect(world: &Dynamic) -> Self {
        let address = world.gateway().address();
        let connect = async || {
            let mut client = Client { address, connection: None, keeps: true };
            client.ask("GET /stable HTTP/1.1\r\nhost: h.test\r\n\r\n").await.unwrap();
            client
        };
        let clients = world.gateway().everywhere(16, connect).await;
        Self { clients, address }
    }

    /// Asks on every connection, and on as many new ones; every answer must be this.
    async fn answers(&mut self, request: &str, expected: impl Fn(&raw::Response) -> bool) {
        let count = self.clients.len();
        for i in 0..count * 2 {
            let response = if i < count {
                self.clients[i].ask(request).await.unwrap()
            } else {
                raw::send(self.address, request.as_bytes()).await.unwrap()
            };
            assert!(expected(&response), "connection {i} of {}: {request}{response:?}", count * 2);
        }
    }

    async fn serve(&mut self, path: &str, version: &str) {
        self.answers(&get(path), |response| {
            response.status == 200 && response.header("x-document").as_deref() == Some(version)
        })
        .await;
    }

    async fn do_not_know(&mut self, path: &str) {
        self.answers(&get(path), |response| {
            response.status == 404 && response.text() == r#"{"message":"Not Found"}"#
        })
        .await;
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: h.test\r\n\r\n")
}

fn post(path: &str, bytes: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: h.test\r\ncontent-length: {bytes}\r\n\r\n{}", "x".repeat(bytes))
}

// --- changes

#[tokio::test(flavor = "multi_thread")]
async fn routes_backends_and_limits_change_under_load_and_no_request_fails() {
    let (stable, other) = (Backend::start().await, Backend::start().await);
    let first = document("1", &[("stable", &stable)]);
    let world = Dynamic::start(COMMAND, &first, &four_workers()).await;
    let mut everywhere = Everywhere::connect(&world).await;
    everywhere.serve("/stable", "1").await;
    everywhere.do_not_know("/new").await;
    let load = Load::start(world.gateway().address());
    load.more(50).await;
    let mut applied = 0;
    let mut apply = async |document: &Value, clusters: &str| {
        let said = world.apply(document).await;
        assert_eq!(said.code, Some(0), "{}", said.text);
        assert!(said.text.contains(clusters), "`{clusters}` is not in {}", said.text);
        applied += 1;
    };

    // A route comes, and goes; then a backend with routes of its own.
    apply(&document("2", &[("stable", &stable), ("new", &stable)]), "clusters 0 added, 0 removed").await;
    everywhere.serve("/new", "2").await;
    everywhere.serve("/stable", "2").await;
    apply(&document("3", &[("stable", &stable)]), "clusters 0 added, 0 removed").await;
    everywhere.do_not_know("/new").await;
    everywhere.serve("/stable", "3").await;
    let with_other = [("stable", &stable), ("other", &other)];
    apply(&document("4", &with_other), "clusters 1 added, 0 removed").await;
    everywhere.serve("/other", "4").await;
    assert!(!other.seen().is_empty());
    load.more(50).await;

    // The limits of the document, which are Envoy's too.
    let large = post("/stable", 5_000);
    everywhere.answers(&large, |response| response.status == 200).await;
    let mut limited = document("5", &with_other);
    limited["limits"] = json!({ "payloadBytes": 4_000, "headerBytes": 4_000 });
    apply(&limited, "routes and listener new, clusters 0 added, 0 removed").await;
    everywhere.answers(&large, |response| response.status == 413).await;
    everywhere.answers(&post("/stable", 3_000), |response| response.status == 200).await;
    apply(&document("6", &with_other), "clusters 0 added, 0 removed").await;
    everywhere.answers(&large, |response| response.status == 200).await;

    // The backend goes. The same document again is no change.
    let seen = other.seen().len();
    let last = document("7", &[("stable", &stable)]);
    apply(&last, "clusters 0 added").await;
    everywhere.do_not_know("/other").await;
    everywhere.serve("/stable", "7").await;
    assert_eq!(other.seen().len(), seen);
    apply(&last, "").await;
    load.finish().await;
    println!("{applied} documents applied");
    assert_eq!(applied, 7);
    world.gateway().assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_refused_change_nothing_under_load() {
    let stable = Backend::start().await;
    let first = document("1", &[("stable", &stable)]);
    let world = Dynamic::start(COMMAND, &first, &four_workers()).await;
    let mut everywhere = Everywhere::connect(&world).await;
    let load = Load::start(world.gateway().address());
    let filter = world.files().join("ecds/filter.yaml");
    let before = std::fs::read_to_string(&filter).unwrap();

    // By the command: nothing was touched.
    let mut bad = document("2", &[("stable", &stable)]);
    bad["apis"][0]["routes"][0]["target"] = "integrations/missing".into();
    let said = world.apply(&bad).await;
    assert_eq!(said.code, Some(1), "{}", said.text);
    assert!(said.text.contains("apis[0].routes[0].target"), "{}", said.text);
    assert_eq!(std::fs::read_to_string(&filter).unwrap(), before);
    everywhere.serve("/stable", "1").await;

    // By the running filter, which is another one here: what the command wrote is taken back.
    let mut refused = document("3", &[("stable", &stable)]);
    refused["apis"][0]["name"] = "refuse".into();
    let said = world.apply_unasked(&refused, probe_module()).await;
    assert_eq!(said.code, Some(3), "{}", said.text);
    assert!(said.text.contains("the old configuration keeps serving"), "{}", said.text);
    assert_eq!(std::fs::read_to_string(&filter).unwrap(), before, "a restart would find what was refused");
    everywhere.serve("/stable", "1").await;
    load.more(50).await;

    // By the module, past the command: Envoy counts it, and the old one serves.
    let text = before.replace("integrations/stable", "integrations/missing");
    assert_ne!(text, before);
    let discovery = "extension_config_discovery.http_filter.sekisho";
    let failures = async || {
        let page = format!("/stats?filter=^{discovery}\\.(config_fail|update_rejected)$");
        let stats = world.gateway().admin(&page).await;
        let count = |line: &str| line.rsplit(' ').next().and_then(|count| count.parse::<u64>().ok());
        stats.lines().filter_map(count).sum::<u64>()
    };
    let failed = failures().await;
    let put = |text: &str| {
        let beside = filter.with_extension("new");
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(&beside, &filter).unwrap();
    };
    put(&text);
    eventually("Envoy refuses it", async || (failures().await > failed).then_some(())).await;
    everywhere.serve("/stable", "1").await;
    put(&before);

    // And the folder is as good as before.
    let said = world.apply(&document("4", &[("stable", &stable)])).await;
    assert_eq!(said.code, Some(0), "{}", said.text);
    everywhere.serve("/stable", "4").await;
    load.finish().await;
    world.gateway().assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_flight_finish_with_the_document_they_began_with() {
    let (stable, slow) = (Backend::start().await, Backend::start().await);
    let with_slow = |version: &str| document(version, &[("stable", &stable), ("slow", &slow)]);
    let world = Dynamic::start(COMMAND, &with_slow("1"), &four_workers()).await;
    let mut everywhere = Everywhere::connect(&world).await;
    let load = Load::start(world.gateway().address());
    let address = world.gateway().address();
    slow.hold();
    slow.answers(Answer { status: 200, ..Answer::default() });
    let in_flight: Vec<_> = (0..32)
        .map(|i| {
            let request = if i % 2 == 0 { get("/slow") } else { post("/slow", 1_000) };
            tokio::spawn(async move { raw::send(address, request.as_bytes()).await })
        })
        .collect();
    eventually("all are in flight", async || (slow.seen().len() == 32).then_some(())).await;

    // Another document of the same routes, and then one that has neither the route nor the backend.
    let said = world.apply(&with_slow("2")).await;
    assert_eq!(said.code, Some(0), "{}", said.text);
    let said = world.apply(&document("3", &[("stable", &stable)])).await;
    assert_eq!(said.code, Some(0), "{}", said.text);
    assert!(said.text.contains("still serves requests"), "{}", said.text);
    everywhere.do_not_know("/slow").await;
    everywhere.serve("/stable", "3").await;
    assert!(in_flight.iter().all(|request| !request.is_finished()));
    slow.release();
    for request in in_flight {
        let response = request.await.unwrap().unwrap();
        assert_eq!((response.status, response.text().as_str()), (200, "ok"));
        assert_eq!(response.header("x-document").as_deref(), Some("1"), "it ended with another document");
    }
    assert_eq!(slow.seen().len(), 32, "none was sent twice");

    // The backend that served on goes with the next change.
    let said = world.apply(&document("4", &[("stable", &stable)])).await;
    assert!(said.code == Some(0) && said.text.contains("1 removed"), "{}", said.text);
    load.finish().await;
    world.gateway().assert_no_panic().await;
}
