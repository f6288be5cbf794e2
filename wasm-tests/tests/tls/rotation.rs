//! Certificates that change while clients come: new connections see the new one, and nobody sees an error.

use crate::world::{Client, Identity, World, certificate, document, domain, issued, mutual};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use sekisho_cli::local_ca::Issued;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio_rustls::rustls::pki_types::CertificateDer;
use wasm_tests::{Backend, Dynamic, Gateway, Options, eventually};

/// Between two handshakes of a client: the processor is to be left to those that are watched.
const PACE: Duration = Duration::from_millis(5);

/// Clients that come one after the other, until they are told to stop.
struct Steady {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    running: Vec<tokio::task::JoinHandle<()>>,
}

impl Steady {
    fn start(client: &Client, address: SocketAddr, host: &'static str) -> Self {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let come = || {
            let (client, stop, answered) = (client.clone(), Arc::clone(&stop), Arc::clone(&answered));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(client.get(address, host).await.unwrap().status, 200);
                    answered.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(PACE).await;
                }
            })
        };
        let running = (0..4).map(|_| come()).collect();
        Self { stop, answered, running }
    }

    /// Waits for some more of them.
    async fn more(&self) {
        let before = self.answered.load(Ordering::Relaxed);
        eventually("clients come", async || {
            (self.answered.load(Ordering::Relaxed) > before + 20).then_some(())
        })
        .await;
    }

    async fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.running {
            client.await.unwrap();
        }
        self.answered.load(Ordering::Relaxed)
    }
}

/// Waits until new connections see a certificate, and says how long it took.
async fn shown(
    client: &Client,
    address: SocketAddr,
    host: &str,
    certificate: &CertificateDer<'static>,
) -> Duration {
    let begin = Instant::now();
    eventually("the new certificate is shown", async || {
        let seen = client.get(address, host).await.unwrap();
        assert_eq!(seen.status, 200);
        (seen.certificate == *certificate).then_some(())
    })
    .await;
    begin.elapsed()
}

/// Renews a certificate three times under load, with a connection that lives through it.
async fn renewed_under_load(world: &World, address: SocketAddr) {
    let client = Client::new(world);
    let old = client.connect(address, "api.test").await.unwrap();
    let (mut old, connection) =
        http2::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), TokioIo::new(old)).await.unwrap();
    tokio::spawn(connection);
    let steady = Steady::start(&client, address, "api.test");
    let mut times = Vec::new();
    for _ in 0..3 {
        steady.more().await;
        let renewed = issued(&world.server(&["api.test"]));
        times.push(shown(&client, address, "api.test", &renewed).await);
        steady.more().await;
        let request = hyper::Request::get("https://api.test/x").body(Empty::new()).unwrap();
        assert_eq!(old.send_request(request).await.unwrap().status(), 200);
    }
    let answered = steady.stop().await;
    println!("{answered} requests, each on a connection of its own; renewed after {times:?}");
}

fn one_domain(server: &Issued) -> Value {
    document(&json!({ "c": certificate(server) }), &[domain("api.test", "c")])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_needs_no_restart() {
    let world = World::new();
    let server = world.server(&["api.test"]);
    let backend = Backend::start().await;
    let gateway = Gateway::start(&one_domain(&server), &backend, Options::default()).await;
    renewed_under_load(&world, gateway.listener("sekisho_tls").await).await;
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_one_of_a_watched_folder() {
    let world = World::new();
    let server = world.server(&["api.test"]);
    let backend = Backend::start().await;
    let document = crate::apply::here(&one_domain(&server), &backend);
    let dynamic =
        Dynamic::start(env!("CARGO_BIN_EXE_sekisho-as-built"), &document, &Options::default()).await;
    renewed_under_load(&world, dynamic.gateway().listener("sekisho_tls").await).await;
    dynamic.gateway().assert_no_panic().await;
}

/// As Kubernetes mounts a secret: files are links through a folder that is a link, and that one is renamed.
#[tokio::test(flavor = "multi_thread")]
async fn nor_does_a_secret_that_is_mounted() {
    let world = World::new();
    let mount = world.path().join("mount");
    std::fs::create_dir(&mount).unwrap();
    let put = |version: &str| {
        let server = world.server(&["api.test"]);
        let folder = mount.join(version);
        std::fs::create_dir(&folder).unwrap();
        std::fs::copy(&server.certificate, folder.join("tls.crt")).unwrap();
        std::fs::copy(&server.key, folder.join("tls.key")).unwrap();
        std::os::unix::fs::symlink(version, mount.join("..data_tmp")).unwrap();
        std::fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
        issued(&server)
    };
    put("..1");
    let link = |name: &str| {
        std::os::unix::fs::symlink(Path::new("..data").join(name), mount.join(name)).unwrap();
        mount.join(name)
    };
    let server = Issued { certificate: link("tls.crt"), key: link("tls.key") };
    let backend = Backend::start().await;
    let gateway = Gateway::start(&one_domain(&server), &backend, Options::default()).await;
    let address = gateway.listener("sekisho_tls").await;
    let client = Client::new(&world);
    let steady = Steady::start(&client, address, "api.test");
    for version in ["..2", "..3"] {
        steady.more().await;
        let renewed = put(version);
        shown(&client, address, "api.test", &renewed).await;
    }
    steady.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truststore_can_be_replaced() {
    let (world, later) = (World::new(), World::new());
    let server = world.server(&["api.test"]);
    let truststore = world.path().join("truststore.pem");
    std::fs::copy(world.trust(), &truststore).unwrap();
    let document = document(
        &json!({ "c": certificate(&server) }),
        &[mutual("api.test", "c", &format!("file:{}", truststore.display()))],
    );
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let address = gateway.listener("sekisho_tls").await;
    let with = |identity: Identity| Client { identity: Some(identity), ..Client::new(&world) };
    let (ann, bob) = (with(world.client("ann")), with(later.client("bob")));
    assert_eq!(ann.get(address, "api.test").await.unwrap().status, 200);
    assert!(bob.get(address, "api.test").await.is_err());
    let next = world.path().join("next.pem");
    std::fs::copy(later.trust(), &next).unwrap();
    std::fs::rename(next, &truststore).unwrap();
    eventually("the new authority is trusted", async || bob.get(address, "api.test").await.ok()).await;
    assert!(ann.get(address, "api.test").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_together_is_not_shown() {
    let world = World::new();
    let server = world.server(&["api.test"]);
    let good = issued(&server);
    let backend = Backend::start().await;
    let gateway = Gateway::start(&one_domain(&server), &backend, Options::default()).await;
    let address = gateway.listener("sekisho_tls").await;
    let client = Client::new(&world);
    // The key of another, by a rename.
    let other = world.server_aside("api.test");
    std::fs::rename(&other.key, &server.key).unwrap();
    eventually("Envoy has refused it", async || {
        (gateway.admin_stat("sds.certificate_c.key_rotation_failed").await > 0).then_some(())
    })
    .await;
    assert_eq!(client.get(address, "api.test").await.unwrap().certificate, good);
    // And then its certificate too.
    std::fs::rename(&other.certificate, &server.certificate).unwrap();
    shown(&client, address, "api.test", &issued(&server)).await;
}
