//! Keys of issuers in a real Envoy of four workers: fetched ahead, changed under load, asked for by junk, and kept when the
//! issuer is dead.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho_cases::tokens::{jwk, token};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::RwLock;
use tokio::task::JoinHandle;
use wasm_tests::raw::{self, Raw};
use wasm_tests::{Backend, Dynamic, Gateway, Options, eventually, product_module};

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");
const WORKERS: u32 = 4;

// --- the issuer

/// An issuer whose keys change, and that can be dead: it then closes every connection without a word.
struct Issuer {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    kids: Mutex<Vec<String>>,
    /// Who has its keys, if it is another one.
    elsewhere: Mutex<Option<String>>,
    dead: AtomicBool,
    connections: AtomicUsize,
    documents: AtomicUsize,
    keys: AtomicUsize,
}

impl Issuer {
    async fn start(kid: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State { kids: Mutex::new(vec![kid.to_owned()]), ..State::default() });
        let answering = Arc::clone(&state);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                answering.connections.fetch_add(1, Ordering::SeqCst);
                if !answering.dead.load(Ordering::SeqCst) {
                    tokio::spawn(answer(stream, address, Arc::clone(&answering)));
                }
            }
        });
        Self { address, state, task }
    }

    fn name(&self) -> String {
        format!("http://{}", self.address)
    }

    fn rotate(&self, kid: &str) {
        *self.state.kids.lock().unwrap() = vec![kid.to_owned()];
    }

    fn dies(&self) {
        self.state.dead.store(true, Ordering::SeqCst);
    }

    fn lives(&self) {
        self.state.dead.store(false, Ordering::SeqCst);
    }

    /// How often it was asked for its discovery document, and for its keys.
    fn asked(&self) -> (usize, usize) {
        (self.state.documents.load(Ordering::SeqCst), self.state.keys.load(Ordering::SeqCst))
    }

    fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    fn token(&self, kid: &str, subject: &str) -> String {
        token(&json!({ "kid": kid }), &json!({ "iss": self.name(), "sub": subject }))
    }

    /// A document with a route for its tokens; answers say which document they are of.
    fn document(&self, backend: &Backend, version: &str) -> Value {
        json!({ "apis": [{
            "apiId": "shop",
            "protocolType": "HTTP",
            "stages": [{ "stageName": "$default" }],
            "routes": [{
                "routeKey": "$default", "target": "integrations/i",
                "authorizationType": "JWT", "authorizerId": "login",
            }],
            "integrations": [{
                "integrationId": "i", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                "integrationUri": format!("http://{}/x", backend.address()),
                "responseParameters": { "200": { "overwrite:header.x-document": version } },
            }],
            "authorizers": [{
                "authorizerId": "login", "authorizerType": "JWT",
                "identitySource": ["$request.header.Authorization"],
                "jwtConfiguration": { "issuer": self.name(), "audience": ["shop"] },
            }],
        }] })
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut stream: TcpStream, address: SocketAddr, state: Arc<State>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => return,
        }
    }
    let body = if request.starts_with(b"GET /.well-known/openid-configuration ") {
        state.documents.fetch_add(1, Ordering::SeqCst);
        let name = format!("http://{address}");
        let at = state.elsewhere.lock().unwrap().clone().unwrap_or_else(|| name.clone());
        json!({ "issuer": name, "jwks_uri": format!("{at}/keys") })
    } else {
        state.keys.fetch_add(1, Ordering::SeqCst);
        let kids = state.kids.lock().unwrap();
        let named = kids.iter().map(|kid| {
            let mut key = jwk();
            key["kid"] = json!(kid);
            key
        });
        json!({ "keys": named.collect::<Vec<_>>() })
    };
    let body = body.to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

// --- requests

fn four_workers() -> Options {
    Options { concurrency: WORKERS, ..Options::default() }
}

fn get(token: &str) -> String {
    format!("GET /x HTTP/1.1\r\nhost: h.test\r\nauthorization: Bearer {token}\r\n\r\n")
}

/// A token of a key that nobody has.
fn junk(issuer: &str, n: u64) -> String {
    use base64::Engine;
    let part = |text: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let header = json!({ "alg": "RS256", "kid": format!("junk-{n}") }).to_string();
    let claims = json!({ "iss": issuer, "aud": "shop", "exp": 4_102_444_800_u64 }).to_string();
    format!("{}.{}.{}", part(header.as_bytes()), part(claims.as_bytes()), part(&[7; 256]))
}

/// Connections to every worker.
async fn everywhere(gateway: &Gateway) -> Vec<Raw> {
    gateway.everywhere(16, async || Raw::connect(gateway.address()).await.unwrap()).await
}

/// Waits until Envoy has the issuer's answers to its first questions.
async fn prefetched(gateway: &Gateway, issuer: &Issuer, answers: u64) {
    let cluster = format!("127.0.0.1_{}", issuer.address.port());
    eventually("the keys are fetched ahead", async || {
        (gateway.upstream_answers(&cluster).await >= answers).then_some(())
    })
    .await;
}

// --- tests

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_fetched_ahead_once_for_all_workers() {
    let (issuer, backend) = (Issuer::start("k1").await, Backend::start().await);
    let gateway = Gateway::start(&issuer.document(&backend, "1"), &backend, four_workers()).await;
    prefetched(&gateway, &issuer, 2).await;
    let before = issuer.asked();
    let mut requests = 0;
    for (i, mut connection) in everywhere(&gateway).await.into_iter().enumerate() {
        let response =
            connection.exchange(get(&issuer.token("k1", &format!("s{i}"))).as_bytes()).await.unwrap();
        assert_eq!(response.status, 200, "{response:?}");
        requests += 1;
    }
    println!(
        "before any request: {before:?} questions; {requests} requests on {WORKERS} workers: {:?}",
        issuer.asked()
    );
    // One VM is elected by compare-and-swap on a value that configuring has written, so there is no race to allow for.
    assert_eq!(before, (1, 1));
    assert_eq!(issuer.asked(), before, "a worker asked for itself");
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_changes_its_keys_under_load_and_no_valid_token_is_refused() {
    const CLIENTS: usize = 16;
    let kids = ["k1", "k2", "k3"];
    let (issuer, backend) = (Issuer::start(kids[0]).await, Backend::start().await);
    let gateway = Gateway::start(&issuer.document(&backend, "1"), &backend, four_workers()).await;
    prefetched(&gateway, &issuer, 2).await;
    let before = issuer.asked();
    // Which key signs now: a request holds it from start to end, so that every token is valid while it is on its way.
    let current = Arc::new(RwLock::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicU64::new(0));
    let address = gateway.address();
    let mut clients = Vec::new();
    for i in 0..CLIENTS {
        let tokens = kids.map(|kid| get(&issuer.token(kid, &format!("client{i}"))));
        let (current, stop, done) = (current.clone(), stop.clone(), done.clone());
        clients.push(tokio::spawn(async move {
            let mut connection = Raw::connect(address).await.unwrap();
            let mut refused = Vec::new();
            while !stop.load(Ordering::SeqCst) {
                let now = current.read().await;
                let response = connection.exchange(tokens[*now].as_bytes()).await.unwrap();
                if response.status != 200 {
                    refused.push(format!("client {i}, key {}: {response:?}", *now));
                }
                drop(now);
                done.fetch_add(1, Ordering::SeqCst);
            }
            refused
        }));
    }
    for (i, kid) in kids.iter().enumerate().skip(1) {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let mut now = current.write().await;
        issuer.rotate(kid);
        *now = i;
        println!(
            "after {} requests: {kid}; questions so far {:?}",
            done.load(Ordering::SeqCst),
            issuer.asked()
        );
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    stop.store(true, Ordering::SeqCst);
    let mut refused = Vec::new();
    for client in clients {
        refused.extend(client.await.unwrap());
    }
    let (done, after) = (done.load(Ordering::SeqCst), issuer.asked());
    println!(
        "{done} requests, {} refused; questions {before:?} before, {after:?} after two changes",
        refused.len()
    );
    assert!(refused.is_empty(), "{} of {done}: {}", refused.len(), refused[0]);
    assert!(done > 500, "{done} requests are no load");
    // At a change every worker may meet the new key before the first of them has an answer.
    let asked = after.1 - before.1;
    assert!((2..=2 * WORKERS as usize).contains(&asked), "{asked} questions for two changes");
    // The old keys are gone.
    for kid in ["k1", "k2"] {
        let response = raw::send(address, get(&issuer.token(kid, "late")).as_bytes()).await.unwrap();
        assert_eq!(response.status, 401, "{kid}");
    }
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_at_full_speed_buys_a_handful_of_questions() {
    const TIME: Duration = Duration::from_secs(8);
    let (issuer, backend) = (Issuer::start("k1").await, Backend::start().await);
    let gateway = Gateway::start(&issuer.document(&backend, "1"), &backend, four_workers()).await;
    prefetched(&gateway, &issuer, 2).await;
    let (before, started, address) = (issuer.asked(), Instant::now(), gateway.address());
    let mut clients = Vec::new();
    for i in 0..16_u64 {
        let name = issuer.name();
        let good = get(&issuer.token("k1", &format!("client{i}")));
        clients.push(tokio::spawn(async move {
            let mut connection = Raw::connect(address).await.unwrap();
            let (mut refused, mut passed) = (0_u64, 0_u64);
            while started.elapsed() < TIME {
                if i % 4 == 0 {
                    let response = connection.exchange(good.as_bytes()).await.unwrap();
                    assert_eq!(response.status, 200, "a good token: {response:?}");
                    passed += 1;
                } else if i % 4 == 1 && refused % 16 == 1 {
                    // A client that does not wait for its answer.
                    connection.write(get(&junk(&name, i << 32 | refused)).as_bytes()).await.unwrap();
                    connection = Raw::connect(address).await.unwrap();
                    refused += 1;
                } else {
                    let request = get(&junk(&name, i << 32 | refused));
                    let response = connection.exchange(request.as_bytes()).await.unwrap();
                    let challenge = response.header("www-authenticate").unwrap();
                    assert!(
                        response.status == 401 && challenge.contains("kid does not match"),
                        "{response:?}"
                    );
                    refused += 1;
                }
            }
            (refused, passed)
        }));
    }
    let (mut refused, mut passed) = (0, 0);
    for client in clients {
        let (junk, good) = client.await.unwrap();
        refused += junk;
        passed += good;
    }
    let after = issuer.asked();
    println!(
        "{refused} junk tokens refused, {passed} good ones passed in {TIME:?}; questions {before:?} → {after:?}"
    );
    assert!(refused > 500 && passed > 100);
    // Four at once and one in five seconds; beside each, every other worker may ask once while it is on its way.
    let rounds = 4 + started.elapsed().as_secs() as usize / 5;
    let asked = after.1 - before.1;
    assert!((1..=rounds * WORKERS as usize).contains(&asked), "{asked} questions in {rounds} rounds");
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_on_another_host_are_asked_for_where_render_found_them_and_nowhere_else() {
    let (issuer, host) = (Issuer::start("k1").await, Issuer::start("k1").await);
    *issuer.state.elsewhere.lock().unwrap() = Some(host.name());
    let backend = Backend::start().await;
    let world = Dynamic::start(COMMAND, &issuer.document(&backend, "1"), &four_workers()).await;
    prefetched(world.gateway(), &host, 1).await;
    let request = get(&issuer.token("k1", "ann"));
    assert_eq!(raw::send(world.gateway().address(), request.as_bytes()).await.unwrap().status, 200);
    println!("rendered: the issuer was asked {:?}, the host of its keys {:?}", issuer.asked(), host.asked());
    assert_eq!((issuer.asked().1, host.asked()), (0, (0, 1)));

    // The discovery document cannot send the gateway to a cluster that is there for something else: a backend.
    *issuer.state.elsewhere.lock().unwrap() = Some(format!("http://{}", backend.address()));
    backend.forget();
    let gateway = Gateway::start(&issuer.document(&backend, "1"), &backend, four_workers()).await;
    let response = raw::send(gateway.address(), request.as_bytes()).await.unwrap();
    let challenge = response.header("www-authenticate").unwrap();
    assert_eq!(response.status, 401);
    assert!(challenge.contains("OIDC discovery endpoint communication error"), "{challenge}");
    assert!(backend.seen().is_empty(), "{:?}", backend.seen());
    gateway.assert_no_panic().await;
}

/// The same module for Envoy's eyes another one: it starts new VMs, which remember nothing.
fn another_module(folder: &std::path::Path) -> std::path::PathBuf {
    let mut module = std::fs::read(product_module()).unwrap();
    // A custom section of four bytes: its name is `new`.
    module.extend([0, 4, 3, b'n', b'e', b'w']);
    let path = folder.join("another.wasm");
    std::fs::write(&path, module).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_outlive_their_issuer_a_new_document_and_new_vms() {
    let (issuer, backend) = (Issuer::start("k1").await, Backend::start().await);
    let world = Dynamic::start(COMMAND, &issuer.document(&backend, "1"), &four_workers()).await;
    prefetched(world.gateway(), &issuer, 2).await;
    let passes = async |version: &str| {
        let mut requests = 0;
        for (i, mut connection) in everywhere(world.gateway()).await.into_iter().enumerate() {
            let token = issuer.token("k1", &format!("{version}.{i}"));
            let response = connection.exchange(get(&token).as_bytes()).await.unwrap();
            let of = response.header("x-document");
            assert_eq!((response.status, of.as_deref()), (200, Some(version)), "{response:?}");
            requests += 1;
        }
        requests
    };
    let mut requests = passes("1").await;
    let asked = issuer.asked();
    issuer.dies();
    requests += passes("1").await;
    let said = world.apply(&issuer.document(&backend, "version-2")).await;
    assert_eq!(said.code, Some(0), "{}", said.text);
    requests += passes("version-2").await;
    // Past the command: Envoy compiles the module for so long that its admin interface may not answer meanwhile.
    let folder = tempfile::tempdir().unwrap();
    let module = another_module(folder.path());
    let filter = world.files().join("ecds/filter.yaml");
    let text = std::fs::read_to_string(&filter).unwrap();
    let new = text.replace("version-2", "version-3");
    let new = new.replace(product_module().to_str().unwrap(), module.to_str().unwrap());
    assert!(new.contains("version-3") && new.contains("another.wasm"), "{new}");
    std::fs::write(filter.with_extension("new"), new).unwrap();
    std::fs::rename(filter.with_extension("new"), &filter).unwrap();
    let mut connections = everywhere(world.gateway()).await;
    let token = issuer.token("k1", "changing");
    eventually("every worker has the new module", async || {
        let mut new = 0;
        for connection in &mut connections {
            let response = connection.exchange(get(&token).as_bytes()).await.unwrap();
            assert_eq!(response.status, 200, "{response:?}");
            requests += 1;
            new += usize::from(response.header("x-document").as_deref() == Some("version-3"));
        }
        (new == connections.len()).then_some(())
    })
    .await;
    requests += passes("version-3").await;
    println!(
        "{requests} requests passed, with a dead issuer, another document and new VMs; {asked:?} questions answered"
    );
    assert_eq!(issuer.asked(), asked);
    world.gateway().assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_dead_from_the_start_is_left_alone_and_found_when_it_lives() {
    let (issuer, backend) = (Issuer::start("k1").await, Backend::start().await);
    issuer.dies();
    let gateway = Gateway::start(&issuer.document(&backend, "1"), &backend, four_workers()).await;
    let request = get(&issuer.token("k1", "ann"));
    let (mut refused, started) = (0, Instant::now());
    while started.elapsed() < Duration::from_secs(3) {
        let response = raw::send(gateway.address(), request.as_bytes()).await.unwrap();
        assert_eq!((response.status, response.text().as_str()), (401, r#"{"message":"Unauthorized"}"#));
        let challenge = response.header("www-authenticate").unwrap();
        assert!(challenge.contains("OIDC discovery endpoint communication error"), "{challenge}");
        refused += 1;
    }
    let connections = issuer.connections();
    println!("{refused} requests refused in 3 s; the dead issuer saw {connections} connections");
    assert!(refused > 50);
    // Pauses of 1, 2 and 4 s, or half of it; at each end every worker may ask before one of them knows that it failed.
    assert!((1..=4 * WORKERS as usize).contains(&connections), "{connections}");
    issuer.lives();
    let began = Instant::now();
    eventually("the issuer is found", async || {
        (raw::send(gateway.address(), request.as_bytes()).await.unwrap().status == 200).then_some(())
    })
    .await;
    println!("found {:?} after it lives; {:?} questions", began.elapsed(), issuer.asked());
    for mut connection in everywhere(&gateway).await {
        assert_eq!(connection.exchange(request.as_bytes()).await.unwrap().status, 200);
    }
    gateway.assert_no_panic().await;
}
