//! A running Envoy under load: documents come, are refused and go, and no request fails.
// Helpers of tests are tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod render_support;

use render_support::backend::Backend;
use render_support::envoy::{self, Envoy};
use render_support::{client, cluster, plan, settings};
use sekisho::gateway::clusters::Cluster;
use sekisho::gateway::config::InjectedCredential;
use sekisho_cli::Ui;
use sekisho_cli::apply::{self, Error, Options, Outcome};
use sekisho_cli::audit::Who;
use sekisho_cli::render::dynamic::{self, Layout};
use sekisho_cli::render::lock::Held;
use sekisho_cli::render::{Plan, Settings};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A folder, and an Envoy that watches it.
struct World {
    envoy: Envoy,
    layout: Layout,
    settings: Settings,
    _folder: tempfile::TempDir,
}

impl World {
    fn start(first: &Plan) -> Self {
        let binary = envoy::binary();
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path()).unwrap();
        let settings = settings();
        dynamic::write(first, &settings, &layout).unwrap();
        let envoy = Envoy::start(&binary, &layout.bootstrap());
        Self { envoy, layout, settings, _folder: folder }
    }

    fn apply(&self, plan: &Plan) -> Result<Outcome, Error> {
        let options = Options {
            admin: self.envoy.admin,
            timeout: Duration::from_secs(20),
            drain: Duration::from_millis(1500),
        };
        let held = Held::take(&self.layout, &Who::here(None)).unwrap();
        apply::roll_out(plan, &self.settings, &held, &options, &Ui::new(), &mut || Ok(()))
    }

    fn clusters(&self) -> Vec<String> {
        let dump = self.envoy.admin_json("/config_dump?resource=dynamic_active_clusters");
        let names = dump["configs"].as_array().into_iter().flatten();
        let mut names: Vec<String> =
            names.map(|it| it["cluster"]["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }
}

/// Requests to one cluster, one after the other, until it is stopped.
struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    threads: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    fn start(at: SocketAddr, cluster: &str) -> Self {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let threads = (0..4)
            .map(|_| {
                let (stop, done, cluster) = (stop.clone(), done.clone(), cluster.to_owned());
                std::thread::spawn(move || {
                    let mut failures = Vec::new();
                    while !stop.load(Ordering::SeqCst) {
                        match client::try_get(at, "/x", &[("x-stub-cluster", &cluster)]) {
                            Some(response) if response.status == 200 => {}
                            other => failures.push(format!("{other:?}")),
                        }
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                    failures
                })
            })
            .collect();
        let load = Self { stop, done, threads };
        load.more(20);
        load
    }

    /// Waits for some more requests.
    fn more(&self, requests: u64) {
        let goal = self.done.load(Ordering::SeqCst) + requests;
        while self.done.load(Ordering::SeqCst) < goal {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stops, and says how many requests there were; none may have failed.
    fn finish(self) -> u64 {
        self.more(20);
        self.stop.store(true, Ordering::SeqCst);
        let failures: Vec<String> = self.threads.into_iter().flat_map(|it| it.join().unwrap()).collect();
        let done = self.done.load(Ordering::SeqCst);
        assert!(failures.is_empty(), "{} of {done} requests failed: {:?}", failures.len(), &failures[..1]);
        done
    }
}

fn to(backend: &Backend) -> Cluster {
    cluster("127.0.0.1", backend.port())
}

#[test]
fn backends_come_and_go_and_no_request_fails() {
    let (users, posts, orders) = (Backend::start("users"), Backend::start("posts"), Backend::start("orders"));
    let first = plan(vec![to(&users), to(&posts)]);
    let world = World::start(&first);
    let load = Load::start(world.envoy.listen, &to(&users).name);
    let orders_name = to(&orders).name;
    let get = |name: &str| world.envoy.get("/", &[("x-stub-cluster", name)]);
    assert_eq!(get(&orders_name).status, 404);

    let outcome = world.apply(&plan(vec![to(&users), to(&orders)])).unwrap();
    assert_eq!(outcome.added, std::slice::from_ref(&orders_name));
    assert_eq!(outcome.removed, [to(&posts).name]);
    assert!(outcome.filter && !outcome.edge && outcome.kept.is_empty(), "{outcome:?}");
    let response = get(&orders_name);
    assert_eq!((response.status, &response.json()["backend"]), (200, &"orders".into()));
    assert_eq!(get(&to(&posts).name).status, 404);

    // The same again changes nothing; and back.
    let reloads = world.envoy.stat("extension_config_discovery.http_filter.sekisho.config_reload");
    assert_eq!(world.apply(&plan(vec![to(&users), to(&orders)])).unwrap(), Outcome::default());
    assert_eq!(world.envoy.stat("extension_config_discovery.http_filter.sekisho.config_reload"), reloads);
    world.apply(&first).unwrap();
    assert_eq!(get(&to(&posts).name).json()["backend"], "posts");
    let mut names = vec![to(&users).name, to(&posts).name];
    names.sort();
    assert_eq!(world.clusters(), names);
    println!("{} requests", load.finish());
}

#[test]
fn many_updates_under_load() {
    let backends: Vec<Backend> = (0..4).map(|i| Backend::start(&format!("b{i}"))).collect();
    let all = |n: usize| plan(backends[..n].iter().map(to).collect());
    let world = World::start(&all(1));
    let load = Load::start(world.envoy.listen, &to(&backends[0]).name);
    for n in [2, 3, 4, 2, 1] {
        world.apply(&all(n)).unwrap();
        assert_eq!(world.clusters().len(), n);
        let last = to(&backends[n - 1]).name;
        assert_eq!(world.envoy.get("/", &[("x-stub-cluster", &last)]).status, 200);
    }
    println!("{} requests", load.finish());
}

#[test]
fn a_refused_document_changes_nothing() {
    let (users, posts) = (Backend::start("users"), Backend::start("posts"));
    let first = plan(vec![to(&users)]);
    let world = World::start(&first);
    let load = Load::start(world.envoy.listen, &to(&users).name);
    let files =
        || [world.layout.cds(), world.layout.ecds()].map(|it| std::fs::read_to_string(it.path()).unwrap());
    let before = files();
    let mut bad = plan(vec![to(&users), to(&posts)]);
    bad.document = bad.document.replace('{', r#"{"stub-refuses-this":1,"#);
    let error = world.apply(&bad).unwrap_err();
    assert!(matches!(error, Error::Refused { what: "the filter's document", .. }), "{error}");
    assert!(error.is_envoys());
    println!("{error}");
    assert_eq!(files(), before, "a restart would serve the old document");
    load.more(50);
    // The folder is as good as before.
    world.apply(&plan(vec![to(&users), to(&posts)])).unwrap();
    assert_eq!(world.envoy.get("/", &[("x-stub-cluster", &to(&posts).name)]).json()["backend"], "posts");
    println!("{} requests", load.finish());
}

#[test]
fn secrets_are_taken_back_with_a_refused_document() {
    let users = Backend::start("users");
    let folder = tempfile::tempdir().unwrap();
    let credential = |name: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, name).unwrap();
        let file = Some(file.to_str().unwrap().to_owned());
        let credential = Some(InjectedCredential { file, ..InjectedCredential::default() });
        plan(vec![Cluster { credential, ..to(&users) }])
    };
    let old = credential("old");
    let world = World::start(&old);
    let secrets = || {
        let of = |folder: &Path| std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
        let texts = of(&world.layout.secrets()).map(|it| (std::fs::read_to_string(&it).unwrap(), it));
        texts.collect::<BTreeSet<_>>()
    };
    let before = secrets();
    assert_eq!(before.len(), 1);
    let mut bad = credential("new");
    bad.document = bad.document.replacen('{', r#"{"stub-refuses-this":1,"#, 1);
    let error = world.apply(&bad).unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert_eq!(secrets(), before, "no new credential is left");

    // The same name with other words, as a certificate has when its files are others.
    let file = before.first().unwrap().1.clone();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("/old", "/older")).unwrap();
    let spoiled = secrets();
    let mut bad = old.clone();
    bad.document = bad.document.replacen('{', r#"{"stub-refuses-this":2,"#, 1);
    assert!(world.apply(&bad).is_err());
    assert_eq!(secrets(), spoiled, "what was there is there again");
    assert!(world.apply(&old).unwrap().secrets);
    assert_eq!(secrets(), before);
}

#[test]
fn an_envoy_is_asked_before_the_running_one_is_touched() {
    let binary = envoy::binary();
    let mut bad = plan(Vec::new());
    apply::validate(&binary, &bad, &settings()).unwrap();
    bad.document = "stub-refuses-this".into();
    let error = apply::validate(&binary, &bad, &settings()).unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
    assert!(!error.is_envoys());
}

#[test]
fn a_cluster_that_serves_a_long_request_stays() {
    let (users, slow) = (Backend::start("users"), Backend::start("slow"));
    let first = plan(vec![to(&users), to(&slow)]);
    let world = World::start(&first);
    let (listen, name) = (world.envoy.listen, to(&slow).name);
    let long = {
        let name = name.clone();
        std::thread::spawn(move || {
            client::get(listen, "/", &[("x-stub-cluster", &name), ("x-stub-sleep", "6000")])
        })
    };
    while slow.requests() == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let second = plan(vec![to(&users)]);
    let outcome = world.apply(&second).unwrap();
    assert_eq!(outcome.kept, std::slice::from_ref(&name));
    assert!(world.clusters().contains(&name));
    assert_eq!(long.join().unwrap().json()["backend"], "slow");
    let outcome = world.apply(&second).unwrap();
    assert_eq!(outcome.removed, std::slice::from_ref(&name));
    assert!(!world.clusters().contains(&name));
}

#[test]
fn routes_and_listener_change_without_a_failed_request() {
    let users = Backend::start("users");
    let first = plan(vec![to(&users)]);
    let world = World::start(&first);
    let load = Load::start(world.envoy.listen, &to(&users).name);
    let larger = Plan { payload_bytes: 50_000_000, header_bytes: 40_000, ..first };
    let outcome = world.apply(&larger).unwrap();
    assert!(outcome.edge && !outcome.filter, "{outcome:?}");
    println!("{} requests", load.finish());
}

#[test]
fn an_envoy_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path()).unwrap();
    let settings = Settings::new(([127, 0, 0, 1], 0).into(), ([127, 0, 0, 1], 0).into(), "none.wasm".into());
    dynamic::write(&plan(Vec::new()), &settings, &layout).unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = Options { admin: closed, timeout: Duration::from_secs(1), drain: Duration::from_secs(1) };
    let held = Held::take(&layout, &Who::here(None)).unwrap();
    let rolled = apply::roll_out(&plan(Vec::new()), &settings, &held, &options, &Ui::new(), &mut || Ok(()));
    let error = rolled.unwrap_err();
    assert!(error.to_string().starts_with(&format!("Envoy's admin interface at {closed} does not answer")));
}
